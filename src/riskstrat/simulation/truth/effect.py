"""What programmes truly did: the same people with the same random numbers, with and without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from riskstrat.simulation.blocks import BLOCK_PEOPLE, Blocks
from riskstrat.simulation.columns import Choice
from riskstrat.simulation.lives.lives import Lives
from riskstrat.simulation.people.identity import pseudonyms
from riskstrat.simulation.programmes.enrolment import Selected
from riskstrat.simulation.programmes.rule import ProgrammeRule
from riskstrat.simulation.timeline import Days, Mask, dates

__all__ = ["ARMS", "Happened", "effects", "enrolments_table", "happened"]

ARMS = ("enrolled", "held_out")
_WINDOW_DAYS = 365


@dataclass(frozen=True)
class Happened:
    """What happened to some people in twelve months each.

    Parameters
    ----------
    admissions : int
        Emergency admissions that began in the twelve months.
    bed_days : int
        Nights in hospital after emergency admission, within the twelve months.
    admitted, deaths : int
        People admitted at least once; people who died.
    """

    admissions: int = 0
    bed_days: int = 0
    admitted: int = 0
    deaths: int = 0

    def __add__(self, other: Happened) -> Happened:
        return Happened(
            *(first + second for first, second in zip(_values(self), _values(other), strict=True))
        )


def _values(happened: Happened) -> tuple[int, ...]:
    return tuple(asdict(happened).values())


def happened(lives: Lives, row: Days, start: Days) -> Happened:
    """What happened in the 365 days from a day on, to people of a block.

    Parameters
    ----------
    lives : Lives
    row, start : ndarray
        Position of each person, each once, and first day of the twelve months.
    """
    first = np.full(len(lives.death), np.iinfo(np.int32).max)
    first[row] = start
    stays = lives.admissions
    begin = first[stays.row]
    began = (stays.start >= begin) & (stays.start < begin + _WINDOW_DAYS)
    nights = np.minimum(stays.end, begin + _WINDOW_DAYS) - np.maximum(stays.start, begin)
    death = lives.death[row]
    return Happened(
        admissions=int(began.sum()),
        bed_days=int(np.maximum(nights, 0).sum()),
        admitted=len(np.unique(stays.row[began])),
        deaths=int(((death >= start) & (death < start + _WINDOW_DAYS)).sum()),
    )


def effects(
    blocks: Blocks, rules: Sequence[ProgrammeRule], selected: Selected
) -> list[dict[str, Any]]:
    """What each programme was planted to do and what it did, as ``programmes.json`` has it.

    Of the people of each arm, from the day each was first chosen: what happened in the twelve
    months before and after, and what would have happened after without the programme (with every
    other programme as it was). The difference is the effect; before and after differ also
    because people are chosen when they are at their worst.

    Parameters
    ----------
    blocks : Blocks
    rules : sequence of ProgrammeRule
    selected : Selected
    """
    return [
        {
            "name": rule.name,
            "service": rule.service,
            "rule": rule.rule,
            "effect": rule.effect,
            "arms": {
                arm: _arm(blocks, selected, place, selected.held_out == (arm == "held_out"))
                for arm in ARMS
            },
        }
        for place, rule in enumerate(rules)
    ]


def _arm(blocks: Blocks, selected: Selected, place: int, in_arm: Mask) -> dict[str, Any]:
    chosen = np.flatnonzero(in_arm & (selected.programme == place))
    person, first = np.unique(selected.person[chosen], return_index=True)
    start = selected.start[chosen][first]
    acting, without = selected.enrolments(), selected.enrolments(leave_out=place)
    periods = {name: Happened() for name in ("year_before", "with", "without")}
    for some in (slice(low, low + BLOCK_PEOPLE) for low in range(0, len(person), BLOCK_PEOPLE)):
        row = np.arange(len(person[some]))
        lives = blocks.block(person[some], acting).lives
        other = blocks.block(person[some], without).lives
        periods["year_before"] += happened(lives, row, start[some] - _WINDOW_DAYS)
        periods["with"] += happened(lives, row, start[some])
        periods["without"] += happened(other, row, start[some])
    return {"people": len(person), **{name: asdict(found) for name, found in periods.items()}}


def enrolments_table(
    blocks: Blocks, rules: Sequence[ProgrammeRule], selected: Selected
) -> pa.Table:
    """One row per person chosen: programme, arm, days, score; ordered by day and choice."""
    number = blocks.nhs_number[selected.person]
    return pa.table(
        {
            "person": selected.person.astype(np.int32),
            "patient_id": pa.array(pseudonyms(number, selected.person), pa.string()),
            "programme": Choice([rule.name for rule in rules], selected.programme).arrow(),
            "arm": Choice(ARMS, selected.held_out.astype(np.int64)).arrow(),
            "start_date": dates(selected.start),
            "stop_date": dates(selected.stop),
            "effect": selected.factor,
            "score": selected.score,
        }
    )
