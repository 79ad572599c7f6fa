"""Repairs and adaptations of council homes."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block, Occurrences
from riskstrat.simulation.support.state import State
from riskstrat.simulation.support.tenancies import Tenancies
from riskstrat.simulation.timeline import NEVER, Days, Floats

__all__ = ["CATEGORIES", "PRIORITIES", "Repairs", "repairs_of"]

_REPAIRS_A_YEAR = 2.0
"""Reported repairs of a tenancy a year (two to four responsive repairs per social home)."""
_ADAPTATIONS_A_YEAR = 0.008
_ADAPTATION_FACTORS = {
    "mobility_problems": 3.0,
    "fall": 2.0,
    "activity_limitation": 3.0,
    "care_requirement": 2.0,
}
_OLD, _OLD_FACTOR = 65, 3.0
_KINDS = (
    ("plumbing", 0.22),
    ("heating and hot water", 0.18),
    ("electrics", 0.13),
    ("doors and windows", 0.14),
    ("damp and mould", 0.10),
    ("kitchen and bathroom", 0.09),
    ("roof and gutters", 0.06),
    ("stairs and handrails", 0.03),
    ("other", 0.05),
)
_ADAPTATIONS = (
    ("adaptation: grab rails", 0.50),
    ("adaptation: level access shower", 0.28),
    ("adaptation: stairlift", 0.14),
    ("adaptation: ramp", 0.08),
)
CATEGORIES = tuple(name for name, _ in (*_KINDS, *_ADAPTATIONS))
"""What is repaired or adapted; adaptations come last."""
PRIORITIES = ("emergency", "urgent", "routine")
_PRIORITY_SHARES = (0.12, 0.28, 0.60)
_DAYS_TO_COMPLETION = (1.0, 6.0, 28.0)
_ADAPTATION_DAYS = 75.0
_DAYS_SIGMA = 0.7
_POUNDS, _ADAPTATION_POUNDS, _POUNDS_SIGMA = 130.0, 2500.0, 0.8


@dataclass(frozen=True)
class Repairs:
    """Repairs and adaptations.

    Parameters
    ----------
    tenancy : ndarray of int
        Position of the tenancy.
    reported, completed : ndarray of day numbers
        NEVER = not completed in the period, or cancelled as the tenancy ended.
    category, priority : ndarray of int
        Positions in :data:`CATEGORIES` and :data:`PRIORITIES`.
    pounds : ndarray of float
    reference : ndarray of uint64
        Random bits: the name of the repair.
    number : ndarray of int
        Tells repairs apart that one tenant reports on one day.
    """

    tenancy: npt.NDArray[np.int64]
    reported: Days
    completed: Days
    category: npt.NDArray[np.int64]
    priority: npt.NDArray[np.int64]
    pounds: Floats
    reference: npt.NDArray[np.uint64]
    number: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.tenancy)

    @property
    def is_adaptation(self) -> npt.NDArray[np.bool_]:
        """Which are adaptations."""
        adapted: npt.NDArray[np.bool_] = self.category >= len(_KINDS)
        return adapted


def repairs_of(block: Block, tenancies: Tenancies, state: State) -> Repairs:
    """Repairs, then adaptations, that people report during a tenancy."""
    held = np.zeros(state.age.shape)
    held[np.unique(tenancies.row)] = 1.0
    found = block.occurrences("housing repair", held * _REPAIRS_A_YEAR)
    adapted = block.occurrences("housing adaptation", held * _adaptation_rate(state))
    parts = [
        _repairs(block, tenancies, found, adapted=False),
        _repairs(block, tenancies, adapted, adapted=True),
    ]
    joined = (
        np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Repairs)
    )
    return Repairs(*joined)


def _adaptation_rate(state: State) -> Floats:
    rate = np.where(state.age >= _OLD, _OLD_FACTOR, 1.0) * _ADAPTATIONS_A_YEAR
    for condition, factor in _ADAPTATION_FACTORS.items():
        rate *= np.where(state.had(condition), factor, 1.0)
    return rate


def _repairs(block: Block, tenancies: Tenancies, found: Occurrences, *, adapted: bool) -> Repairs:
    tenancy = tenancies.on(found.row, found.day)
    found, tenancy = found.keep(tenancy >= 0), tenancy[tenancy >= 0]
    draws = found.draws
    kinds = _ADAPTATIONS if adapted else _KINDS
    category = draws.choice("category", [share for _, share in kinds]) + adapted * len(_KINDS)
    priority = draws.choice("priority", _PRIORITY_SHARES)
    if adapted:
        priority[:] = PRIORITIES.index("routine")
    usual = np.where(adapted, _ADAPTATION_DAYS, np.array(_DAYS_TO_COMPLETION)[priority])
    days = np.floor(usual * np.exp(_DAYS_SIGMA * draws.normal("days"))).astype(np.int64)
    completed = found.day + days
    over = np.minimum(tenancies.end[tenancy], block.stop[found.row])
    pounds = (_ADAPTATION_POUNDS if adapted else _POUNDS) * np.exp(
        _POUNDS_SIGMA * draws.normal("pounds")
    )
    return Repairs(
        tenancy=tenancy,
        reported=found.day,
        completed=np.where(completed < over, completed, NEVER),
        category=category,
        priority=priority,
        pounds=np.rint(pounds),
        reference=draws.bits("repair"),
        number=2 * draws.number + adapted,
    )
