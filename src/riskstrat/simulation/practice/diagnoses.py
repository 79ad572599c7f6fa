"""Problems of the practice record: each condition coded once, its reviews, and falls that recur."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.practice.entries import Entries, Kind, noted
from riskstrat.simulation.practice.visits import on_working_days, recurring, struck, visits
from riskstrat.simulation.timeline import Days, Floats

__all__ = ["HISTORY_DAYS", "problems"]

HISTORY_DAYS = 7305
"""How far records reach back before the period: 20 years, about when practices came to keep them on
computers. What began earlier was coded while records were moved."""
_MOVING_DAYS = 3 * 365

_REVIEWED = (
    *("hypertension", "diabetes", "chd", "heart_failure", "atrial_fibrillation", "stroke_tia"),
    *("copd", "asthma", "ckd", "cancer", "dementia", "depression", "epilepsy", "osteoporosis"),
    *("connective_tissue", "psychosis_bipolar", "pvd", "learning_disability", "parkinsons"),
)
"""Conditions with a yearly review (Quality and Outcomes Framework), and two like them."""
_YEAR = 365
_REVIEW_SPREAD_DAYS = 120
_REVIEWS_DONE = (0.12, 0.80)
"""Share of yearly reviews that are coded, of other conditions and of those above."""
_REVIEWS_IN_SHOCK = 0.6

_FALL_AGES = (50, 65, 75, 85, 95)
_FALLS = (0.06, 0.10, 0.18, 0.30, 0.42)
"""Further falls a year that are told to the practice, of people who have fallen: most are not."""


def problems(block: Block) -> Iterator[Entries]:
    """Every condition on the day it began, its reviews, and further falls."""
    row, condition = np.nonzero(block.lives.onset < block.stop[:, None])
    yield _codings(block, row, condition)
    yield _reviews(block, row, condition)
    fallen = visits(block, "gp fall", block.has("fall") * np.interp(block.age, _FALL_AGES, _FALLS))
    yield noted("recurrent_fall", fallen.row, fallen.day, fallen.draws)


def _codings(block: Block, row: npt.NDArray[np.int64], condition: npt.NDArray[np.int64]) -> Entries:
    onset = block.lives.onset[row, condition]
    draws = block.draws("gp diagnosis", row, onset, condition)
    earliest = block.period.first - HISTORY_DAYS
    moved = earliest + draws.integers("moved", 0, _MOVING_DAYS)
    day = np.where(onset >= earliest, onset, moved)
    return _coded(Kind.DIAGNOSIS, row, day, condition, draws.bits("entry"))


def _reviews(block: Block, row: npt.NDArray[np.int64], condition: npt.NDArray[np.int64]) -> Entries:
    onset = block.lives.onset[row, condition]
    every = np.full(len(row), _YEAR)
    which, due = recurring(onset + _YEAR, every, block.people.entry[row], block.stop[row])
    row, condition = row[which], condition[which]
    draws = block.draws("gp review", row, due, condition)
    late = due + draws.integers("late", 0, _REVIEW_SPREAD_DAYS)
    day = on_working_days(late, draws.uniform("working day"))
    done = _done()[condition] * np.where(struck(block, day), _REVIEWS_IN_SHOCK, 1.0)
    kept = draws.chance("done", done) & (day < block.stop[row])
    coded = _coded(Kind.OBSERVATION, row, day, condition, draws.bits("entry"))
    return coded.take(np.flatnonzero(kept))


@cache
def _done() -> Floats:
    """Share of yearly reviews that are coded, by condition."""
    reviewed = np.isin(column("conditions", "condition"), _REVIEWED)
    return np.where(reviewed, _REVIEWS_DONE[1], _REVIEWS_DONE[0])


def _coded(
    kind: Kind,
    row: npt.NDArray[np.int64],
    day: Days,
    condition: npt.NDArray[np.int64],
    key: npt.NDArray[np.uint64],
) -> Entries:
    """Entries under the concept of a condition, which is its position."""
    none = np.full(len(row), np.nan)
    return Entries(np.full(len(row), kind, np.int64), row, day, condition, none, key)
