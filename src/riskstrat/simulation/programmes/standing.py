"""How everybody stands on the days on which programmes take people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.lives.rates import Rates
from riskstrat.simulation.people.people import GRID
from riskstrat.simulation.programmes.score import risks
from riskstrat.simulation.timeline import Days, Mask

__all__ = ["Standing", "standing_of"]


@dataclass(frozen=True)
class Standing:
    """People on some days; every two-dimensional array has shape (people, days).

    Parameters
    ----------
    days : ndarray of day numbers, ascending
    birth : ndarray of day numbers
    frailty : ndarray of float
        Logarithm of the multiplier that no record holds.
    there : ndarray of bool
        Alive and registered in the district at the beginning of the day, and not in hospital.
    practice : ndarray of int
    score : ndarray of float
        See :func:`~riskstrat.simulation.programmes.score.risks`.
    """

    days: Days
    birth: Days
    frailty: npt.NDArray[np.float32]
    there: Mask
    practice: npt.NDArray[np.int16]
    score: npt.NDArray[np.float32]

    @classmethod
    def joined(cls, parts: list[Standing]) -> Standing:
        """Everybody, from blocks in the order of their numbers."""
        rows = ("birth", "frailty", "there", "practice", "score")
        whole: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in rows
        }
        return cls(days=parts[0].days, **whole)

    def update(self, number: Days, part: Standing) -> None:
        """Put in how some people stand now that another life is known of them."""
        self.there[number] = part.there
        self.score[number] = part.score


def standing_of(block: Block, rates: Rates, days: Days) -> Standing:
    """How the people of a block stand on some days (ascending)."""
    people = block.people
    row = np.arange(len(people))[:, None]
    return Standing(
        days=days,
        birth=people.birth,
        frailty=np.log(GRID[people.multiplier]).astype(np.float32),
        there=_there(block, days),
        practice=people.practice_on(row, days[None, :]).astype(np.int16),
        score=risks(block, rates, days).astype(np.float32),
    )


def _there(block: Block, days: Days) -> Mask:
    people, lives = block.people, block.lives
    day = days[None, :]
    seen: Mask = (people.entry[:, None] <= day) & (day < people.leave[:, None])
    seen &= lives.death[:, None] >= day
    stays = lives.admissions
    for column, on_day in enumerate(days):
        inside = (stays.start < on_day) & (on_day <= stays.end)
        seen[stays.row[inside], column] = False
    return seen
