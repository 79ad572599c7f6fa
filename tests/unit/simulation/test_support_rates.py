"""How many people get support: near published shares, in a district large enough to see them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from riskstrat.simulation.block import Block
from riskstrat.simulation.blocks import Blocks
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.support.spells import Spells
from riskstrat.simulation.support.starts import spells_of
from riskstrat.simulation.timeline import Mask, Period, ages

PERIOD = Period.of(date(2020, 1, 1), date(2023, 12, 31))
PEOPLE = 8000
LONG_TERM = ("home_care", "direct_payment", "day_care", "residential_care", "nursing_care")
MENTAL_HEALTH = (
    "mental_health_team",
    "older_peoples_mental_health",
    "memory_clinic",
    "mental_health_crisis",
)


@pytest.fixture(scope="module")
def block() -> Block:
    return Blocks.of(PEOPLE, 11, PERIOD, Setting()).block(np.arange(PEOPLE))


@pytest.fixture(scope="module")
def spells(block: Block) -> Spells:
    return spells_of(block)


def _share(block: Block, spells: Spells, oldest: tuple[int, int], *, referred: bool) -> float:
    """Share of the people of an age, at the beginning of a year, with a spell in that year."""
    had = seen = 0
    for first, last in zip(PERIOD.year_starts(), [*PERIOD.year_starts()[1:], None], strict=True):
        after = PERIOD.last + 1 if last is None else last
        age = ages(block.people.birth, first)
        here: Mask = (block.people.entry <= first) & (block.stop > first)
        here &= (age >= oldest[0]) & (age < oldest[1])
        found = (spells.asked >= first) if referred else (spells.end > first)
        found &= (spells.asked if referred else spells.start) < after
        own = np.zeros(PEOPLE, bool)
        own[spells.row[found]] = True
        had, seen = had + int((own & here).sum()), seen + int(here.sum())
    return had / seen


@pytest.mark.parametrize(
    ("services", "oldest", "referred", "low", "high"),
    [
        pytest.param(LONG_TERM, (65, 130), False, 0.040, 0.068, id="long-term support, 5.3 %"),
        pytest.param(LONG_TERM, (18, 65), False, 0.003, 0.011, id="under 65, about 0.8 %"),
        pytest.param(("community_nursing",), (65, 130), True, 0.09, 0.14, id="nursing, 10 to 12 %"),
        pytest.param(MENTAL_HEALTH, (18, 130), True, 0.028, 0.046, id="mental health, 3 to 4 %"),
        pytest.param(("social_prescribing",), (0, 130), True, 0.007, 0.014, id="link workers, 1 %"),
    ],
)
def test_as_many_people_get_support_in_a_year_as_is_published(
    block, spells, services, oldest, referred, low, high
):
    """SALT and CLD 2023 to 2025, CSDS and MHSDS activity: orders of magnitude, all rounded."""
    own = spells.of_services(*services)
    assert low < _share(block, own, oldest, referred=referred) < high


def test_reablement_mostly_follows_a_stay_in_hospital(block, spells):
    """4 to 8 % of discharges of people aged 75 or over."""
    stays = block.lives.admissions
    age = ages(block.people.birth[stays.row], stays.end)
    home = ~stays.died & (stays.end < block.stop[stays.row])
    reablement = spells.of_services("reablement")
    asked = {*zip(reablement.row.tolist(), reablement.asked.tolist(), strict=True)}
    ends = [*zip(stays.row[home].tolist(), stays.end[home].tolist(), strict=True)]
    led = np.array([any((row, end + day) in asked for day in range(8)) for row, end in ends])
    assert 0.04 < led[age[home] >= 75].mean() < 0.085
    after = {(row, end + day) for row, end in ends for day in range(8)}
    assert len(asked & after) / len(asked) > 0.6
