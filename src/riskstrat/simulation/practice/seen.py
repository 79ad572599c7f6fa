"""People as the practice sees them at a visit: age, conditions so far, and levels of their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from riskstrat.simulation.block import Block, Occurrences
from riskstrat.simulation.catalogue import condition_index
from riskstrat.simulation.timeline import Floats, Mask, ages
from riskstrat.windows import DAYS_PER_YEAR

__all__ = ["Seen", "levels"]


@dataclass(frozen=True)
class Seen:
    """The people of some visits, one position per visit.

    Parameters
    ----------
    block : Block
    visit : Occurrences
    """

    block: Block
    visit: Occurrences

    def __len__(self) -> int:
        return len(self.visit)

    @cached_property
    def age(self) -> Floats:
        """Age on the day."""
        return ages(self.block.people.birth[self.visit.row], self.visit.day)

    @cached_property
    def female(self) -> Mask:
        """Whether women."""
        return self.block.people.female[self.visit.row]

    def has(self, *conditions: str) -> Mask:
        """Whether any of some conditions began before the day."""
        found = np.zeros(len(self), dtype=bool)
        for name in conditions:
            found |= self.block.had(name, self.visit.row, self.visit.day)
        return found

    def years_with(self, condition: str) -> Floats:
        """Years since a condition began; 0 without it."""
        onset = self.block.lives.onset[self.visit.row, condition_index(condition)]
        years: Floats = np.maximum(self.visit.day - onset, 0) / DAYS_PER_YEAR
        return years

    def level(self, name: str) -> Floats:
        """The person's own level of something, in standard deviations."""
        return levels(self.block, name)[self.visit.row]

    def noise(self, name: str) -> Floats:
        """What differs from visit to visit, in standard deviations."""
        return self.visit.draws.normal(name)

    def keep(self, kept: Mask) -> Seen:
        """Some of the visits."""
        return Seen(self.block, self.visit.keep(kept))


def levels(block: Block, name: str) -> Floats:
    """Everybody's own level of something, in standard deviations."""
    return block.draws("gp level", np.arange(len(block.people))).normal(name)
