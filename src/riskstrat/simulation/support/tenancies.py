"""Council tenancies, rent arrears and housing support."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.people.places import MIDDLE_DECILE
from riskstrat.simulation.support.spells import Spells, ended, one_at_a_time
from riskstrat.simulation.support.state import SOCIAL_RENTED, State
from riskstrat.simulation.timeline import NEVER, Days, Mask, ages
from riskstrat.windows import DAYS_PER_YEAR

__all__ = ["Arrears", "Tenancies", "arrears_of", "supported", "tenancies_of"]

_ADULT = 18
_TENANT = 0.75
"""Share of adults in social-rented homes who hold the tenancy."""
_OTHERS = 0.01
"""Share of other adults who hold one, such as leaseholders of the council."""
_YEARS_BEFORE = 8.0
"""Mean length of a tenancy at the beginning of the period (English Housing Survey, about twelve
years for social renters; less for those who are young)."""
_AGAIN = 0.7
"""Share of tenants who have a tenancy at the next address in the district."""
_ARREARS_A_YEAR, _ARREARS_DEPRIVATION = 0.12, 0.05
_ARREARS_DAYS, _ARREARS_SIGMA = 120, 0.8


@dataclass(frozen=True)
class Tenancies:
    """Tenancies, ordered by person and start; those of one person do not overlap.

    Parameters
    ----------
    row : ndarray of int
        Position of the person in the block.
    number : ndarray of int
        0 = the first of the person, 1 = the next one.
    start, known, end : ndarray of day numbers
        First day; first day in the period; day it ended, NEVER = not ended.
    """

    row: npt.NDArray[np.int64]
    number: npt.NDArray[np.int64]
    start: Days
    known: Days
    end: Days

    def __len__(self) -> int:
        return len(self.row)

    def take(self, rows: npt.NDArray[Any]) -> Tenancies:
        """Some of the tenancies: a mask, or positions."""
        parts = (self.row, self.number, self.start, self.known, self.end)
        return Tenancies(*(part[rows] for part in parts))

    def draws(self, block: Block) -> Draws:
        """Random numbers of each tenancy."""
        return block.draws("tenancy", self.row, 0, self.number)

    def on(self, row: npt.NDArray[np.int64], day: Days) -> npt.NDArray[np.int64]:
        """Position of the tenancy that each of some people had on a day; -1 = none."""
        if not len(self):
            return np.full(len(row), -1)
        place = np.searchsorted(self.row * NEVER + self.known, row * NEVER + day, "right") - 1
        found = np.maximum(place, 0)
        inside = (place >= 0) & (self.row[found] == row) & (day < self.end[found])
        return np.where(inside, found, -1)


@dataclass(frozen=True)
class Arrears:
    """Times in which rent was owed, ordered by tenancy and start."""

    tenancy: npt.NDArray[np.int64]
    start: Days
    end: Days

    def on(self, tenancy: npt.NDArray[np.int64], day: Days) -> Mask:
        """Whether rent of some tenancies was owed on some days."""
        if not len(self.tenancy):
            return np.zeros(len(tenancy), bool)
        keys = self.tenancy * NEVER + self.start
        place = np.searchsorted(keys, tenancy * NEVER + day, "right") - 1
        found = np.maximum(place, 0)
        owed: Mask = (place >= 0) & (self.tenancy[found] == tenancy) & (day < self.end[found])
        return owed


def tenancies_of(block: Block) -> Tenancies:
    """Tenancies of a block: the first of each tenant, and the next after a move."""
    people, everybody = block.people, np.arange(len(block.people))
    draws = block.draws("tenancy", everybody)
    share = np.where(people.tenure == SOCIAL_RENTED, _TENANT, _OTHERS)
    holds = draws.chance("holds", share)
    lived = np.floor(draws.exponential("lived", _YEARS_BEFORE) * DAYS_PER_YEAR).astype(np.int64)
    grown = people.birth + np.ceil(_ADULT * DAYS_PER_YEAR).astype(np.int64)
    before = np.minimum(np.maximum(people.entry - lived, grown), people.entry)
    start = np.where(people.entry == block.period.first, before, people.entry)
    first = _tenancies(block, everybody[holds], start[holds], 0)
    moving = holds & draws.chance("again", _AGAIN) & (people.moves < block.stop)
    second = _tenancies(block, everybody[moving], people.moves[moving], 1)
    joined = [
        np.concatenate([getattr(part, name) for part in (first, second)])
        for name in ("row", "number", "start", "known", "end")
    ]
    both = Tenancies(*joined)
    return both.take(np.lexsort((both.number, both.row)))


def _tenancies(block: Block, row: npt.NDArray[np.int64], start: Days, number: int) -> Tenancies:
    people, care_home = block.people, block.lives.care_home[row]
    known = np.maximum(start, people.entry[row])
    moves = people.moves[row] if number == 0 else np.full(len(row), NEVER)
    end = ended(block, np.minimum(moves, care_home), block.stop[row])
    kept = (known < np.minimum(end, block.stop[row])) & (ages(people.birth[row], known) >= _ADULT)
    return Tenancies(row, np.full(len(row), number), start, known, end).take(kept)


def arrears_of(block: Block, tenancies: Tenancies, state: State) -> Arrears:
    """Times in which rent was owed, within tenancies."""
    rate = np.zeros(state.age.shape)
    held = np.unique(tenancies.row)
    rate[held] = _ARREARS_A_YEAR * np.exp(
        _ARREARS_DEPRIVATION * (MIDDLE_DECILE - state.decile[held])
    )
    found = block.occurrences("rent arrears", rate)
    found = found.keep(np.lexsort((found.day, found.row)))
    length = _ARREARS_DAYS * np.exp(_ARREARS_SIGMA * found.draws.normal("length"))
    tenancy = tenancies.on(found.row, found.day)
    natural = found.day + 1 + np.floor(length).astype(np.int64)
    end = np.minimum(np.where(natural <= block.period.last, natural, NEVER), tenancies.end[tenancy])
    owed = tenancy >= 0
    tenancy, day, end = tenancy[owed], found.day[owed], end[owed]
    kept = one_at_a_time(tenancy, day, end)
    return Arrears(tenancy[kept], day[kept], end[kept])


def supported(
    block: Block, tenancies: Tenancies, spells: Spells
) -> tuple[Spells, npt.NDArray[np.int64]]:
    """Spells of housing support that lie in a tenancy, cut at its end, and that tenancy."""
    begun = spells.begun()
    known = np.maximum(begun.start, block.people.entry[begun.row])
    tenancy = tenancies.on(begun.row, known)
    own, tenancy = begun.take(tenancy >= 0), tenancy[tenancy >= 0]
    end = np.minimum(own.end, tenancies.end[tenancy])
    return Spells(own.service, own.row, own.asked, own.start, end), tenancy
