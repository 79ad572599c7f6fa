"""How people live: alone, with a carer, in which tenure."""

from __future__ import annotations

import numpy as np
import pytest

from riskstrat.simulation.keyed import Keyed
from riskstrat.simulation.people.households import TENURES, draw_home

PEOPLE = 40_000


def home(age: float, *, female: bool = True, decile: int = 5):
    draws = Keyed(1).process("person").draws(np.arange(PEOPLE))
    return draw_home(draws, np.full(PEOPLE, age), np.full(PEOPLE, female), np.full(PEOPLE, decile))


@pytest.mark.parametrize(
    ("age", "female", "share"),
    [(17.9, True, 0), (18, True, 0.12), (64.9, False, 0.12), (65, True, 0.363), (65, False, 0.227)],
)
def test_living_alone_at_the_boundary_ages(age, female, share) -> None:
    """ONS Census 2021 at 65 and over."""
    assert home(age, female=female).alone.mean() == pytest.approx(share, abs=0.008)


def test_more_people_have_a_carer_the_older_they_are() -> None:
    shares = [home(age).carer.mean() for age in (20, 65, 85)]
    assert shares == pytest.approx([0.02, 0.10, 0.28], abs=0.008)


def test_social_renting_is_for_deprived_areas() -> None:
    poor, rich = (home(40, decile=decile).tenure for decile in (1, 10))
    social = TENURES.index("social_rented")
    assert (poor == social).mean() == pytest.approx(0.33, abs=0.01)
    assert (rich == social).mean() == pytest.approx(0.01, abs=0.003)
    assert TENURES[np.bincount(rich).argmax()] == "owned"
