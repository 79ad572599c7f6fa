"""Where people are registered and live, from when until when, and when the practice tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.feeds.calendar import GP
from riskstrat.simulation.ledger import Recorded
from riskstrat.simulation.timeline import NEVER, Days

__all__ = ["Spells", "end_told", "ends", "registrations", "residences"]

_LEAVING_TOLD = (20, 120)
"""Days until a practice hears that somebody moved away: when the next one asks for the record."""
_DEATH_TOLD = (2, 30)
_DEATH_TOLD_LATE = (60, 250)
_LATE_SHARE = 0.06
"""Days until a death is told, mostly and for a few: coroners' cases, deaths elsewhere (assumption
after ONS, delays in registering deaths)."""


@dataclass(frozen=True)
class Spells:
    """Spells of registration or residence.

    Parameters
    ----------
    row : ndarray of int
        Position of the person in the block.
    start, end : ndarray of day numbers
        First day, and the day after the last one; NEVER = lasts beyond the period.
    told : Recorded
        When the beginning and the end are told.
    """

    row: Days
    start: Days
    end: Days
    told: Recorded

    def __len__(self) -> int:
        return len(self.row)

    def take(self, chosen: Days) -> Spells:
        """Some of the spells."""
        told = Recorded(self.told.start[chosen], self.told.end[chosen])
        return Spells(self.row[chosen], self.start[chosen], self.end[chosen], told)


def ends(block: Block) -> Days:
    """Day on which each person died or moved away in the period; else NEVER."""
    return np.minimum(block.died, block.left)


def end_told(block: Block) -> Days:
    """Day on which a death or a move out of the district is told; NEVER if there was none."""
    draws = block.draws("end of registration", np.arange(len(block.people)))
    late = draws.chance("late", _LATE_SHARE)
    soon, later = (
        draws.integers("known", low, high + 1) for low, high in (_DEATH_TOLD, _DEATH_TOLD_LATE)
    )
    low, high = _LEAVING_TOLD
    leaving = draws.integers("known", low, high + 1)
    lag = np.where(block.died < NEVER, np.where(late, later, soon), leaving)
    end = ends(block)
    return np.where(end == NEVER, NEVER, end + lag)


def registrations(block: Block) -> Spells:
    """With one practice, and with another from the day of a move within the district."""
    people = block.people
    moved = np.where(people.moves < block.stop, people.moves, NEVER)
    row = np.arange(len(people))
    movers = row[moved < NEVER]
    start = np.concatenate([people.registered, moved[movers]])
    end = np.concatenate([np.minimum(moved, ends(block)), ends(block)[movers]])
    return _spells(block, np.concatenate([row, movers]), start, end)


def residences(block: Block) -> Spells:
    """At each address: moves within the district and into a care home begin another."""
    people, end = block.people, ends(block)
    days = (people.moves, block.lives.care_home)
    changes = [np.where(day < block.stop, day, NEVER) for day in days]
    edges = [people.registered, np.minimum(*changes), np.maximum(*changes), end]
    row, start, stop = [], [], []
    for first, last in pairwise(edges):
        begins, stops = np.maximum(first, people.registered), np.minimum(last, end)
        kept = np.flatnonzero(begins < stops)
        row.append(kept)
        start.append(begins[kept])
        stop.append(stops[kept])
    return _spells(block, *(np.concatenate(parts) for parts in (row, start, stop)))


def _spells(block: Block, row: Days, start: Days, end: Days) -> Spells:
    last = end == ends(block)[row]
    told = np.where(last, end_told(block)[row], GP.told(end))
    return Spells(row, start, end, Recorded(GP.told(start), told))
