"""Some of the people of a district with everything that happened to them: the unit of work."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.simulation.catalogue import condition_index, numbers
from riskstrat.simulation.keyed import Draws, Keyed, uniform_of
from riskstrat.simulation.lives.lives import Lives
from riskstrat.simulation.lives.programme import Enrolments, Programme
from riskstrat.simulation.people.people import People
from riskstrat.simulation.people.places import District
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask, Period, ages
from riskstrat.windows import DAYS_PER_YEAR

__all__ = ["Block", "Occurrences"]


@dataclass(frozen=True)
class Occurrences:
    """Events of one process, ordered by person and month.

    Parameters
    ----------
    row : ndarray of int
        Position of the person in the block.
    day : ndarray of day numbers
    month : ndarray of int
        Position of the month in :attr:`Block.months`.
    draws : Draws
        Random numbers of these events.
    """

    row: npt.NDArray[np.int64]
    day: Days
    month: npt.NDArray[np.int64]
    draws: Draws

    def __len__(self) -> int:
        return len(self.row)

    def keep(self, kept: npt.NDArray[Any]) -> Occurrences:
        """Some of the events."""
        draws = self.draws
        kept_draws = Draws(draws.process, draws.person[kept], draws.day[kept], draws.number[kept])
        return Occurrences(self.row[kept], self.day[kept], self.month[kept], kept_draws)


@dataclass(frozen=True)
class Block:
    """People, what happened to them, and the days on which services see them.

    Services see a person from :attr:`People.entry` until :attr:`stop`. What a service does on a day
    may depend on what happened before that day, and on nothing later.
    """

    keyed: Keyed
    setting: Setting
    district: District
    period: Period
    people: People
    lives: Lives
    programmes: tuple[Programme, ...] = ()
    enrolments: Enrolments = field(default_factory=Enrolments.nobody)

    @cached_property
    def stop(self) -> Days:
        """First day on which each person is no longer seen."""
        gone = np.minimum(self.lives.death, self.people.leave)
        return np.minimum(gone, self.period.last + 1)

    @cached_property
    def died(self) -> Days:
        """Day of death of those who die in the district and the period; else NEVER."""
        seen = (self.lives.death <= self.period.last) & (self.lives.death <= self.people.leave)
        return np.where(seen, self.lives.death, NEVER)

    @cached_property
    def left(self) -> Days:
        """Day of moving away in the period; else NEVER."""
        seen = (self.people.leave <= self.period.last) & (self.people.leave < self.lives.death)
        return np.where(seen, self.people.leave, NEVER)

    @cached_property
    def months(self) -> Days:
        """First day of each month of the period, and of the one after it."""
        return self.period.month_starts()

    @cached_property
    def age(self) -> Floats:
        """Age at the beginning of each month; shape (people, months)."""
        return ages(self.people.birth[:, None], self.months[None, :-1])

    @cached_property
    def count(self) -> npt.NDArray[np.int64]:
        """Long-term conditions at the beginning of each month; shape (people, months)."""
        long_term = numbers("conditions", "ltc") == 1
        return self._begun(np.flatnonzero(long_term))

    def has(self, *conditions: str) -> Mask:
        """Whether any of some conditions had begun before each month; shape (people, months)."""
        found: Mask = self._begun(np.array([condition_index(name) for name in conditions])) > 0
        return found

    def had(self, condition: str, row: Days, day: Days) -> Mask:
        """Whether some people had a condition before some days."""
        found: Mask = self.lives.onset[row, condition_index(condition)] < day
        return found

    def _begun(self, conditions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        count = np.zeros((len(self.people), len(self.months) - 1), np.int64)
        for condition in conditions:
            count += self.lives.onset[:, condition, None] < self.months[None, :-1]
        return count

    def occurrences(
        self, process: str, yearly_rate: Any, start: Days | None = None, stop: Days | None = None
    ) -> Occurrences:
        """Events that come at rates which change from month to month.

        Parameters
        ----------
        process : str
            Name of the process: the key of its random numbers.
        yearly_rate : array_like
            Broadcast to shape (people, months); from what happened before each month.
        start, stop : ndarray of day numbers, optional
            Events lie in ``[start, stop)``; by default while services see the person.

        Returns
        -------
        Occurrences
            A later `stop` adds events and changes none.
        """
        shape = (len(self.people), len(self.months) - 1)
        rate = np.ascontiguousarray(np.broadcast_to(yearly_rate, shape), np.float64)
        first = self.people.entry if start is None else np.maximum(start, self.people.entry)
        last = self.stop if stop is None else np.minimum(stop, self.stop)
        found = self.keyed.process(process)
        streams = (found.stream("how many"), found.stream("when"))
        row, day, month, number = _occurrences(
            *streams, self.people.number, self.months, rate / DAYS_PER_YEAR, first, last
        )
        return Occurrences(row, day, month, found.draws(self.people.number[row], day, number))

    def draws(self, process: str, row: Days, day: Any = 0, number: Any = 0) -> Draws:
        """Random numbers of events that did not come from :meth:`occurrences`."""
        return self.keyed.process(process).draws(self.people.number[row], day, number)


_MOST_A_MONTH = 400


@compiled
def _how_many(mean: float, drawn: float) -> int:
    """A Poisson number with a mean, by inversion of a uniform number."""
    probability = np.exp(-mean)
    below = probability
    number = 0
    while drawn > below and number < _MOST_A_MONTH:
        number += 1
        probability *= mean / number
        below += probability
    return number


@compiled
def _occurrences(  # noqa: PLR0913 - a compiled loop takes arrays, not objects
    how_many: np.uint64,
    when: np.uint64,
    person: Days,
    months: Days,
    daily_rate: Floats,
    first: Days,
    last: Days,
) -> tuple[Days, Days, Days, Days]:
    """Poisson counts month by month, and a day for each event."""
    room = 1024
    found = np.empty((4, room), np.int64)
    count = 0
    for row in range(len(person)):
        for month in range(len(months) - 1):
            begin, end = months[month], months[month + 1]
            if end <= first[row] or begin >= last[row]:
                continue
            drawn = uniform_of(how_many, person[row], begin, 0)
            for event in range(_how_many(daily_rate[row, month] * (end - begin), drawn)):
                day = begin + int(uniform_of(when, person[row], begin, event) * (end - begin))
                if day < first[row] or day >= last[row]:
                    continue
                if count == room:
                    room *= 2
                    larger = np.empty((4, room), np.int64)
                    larger[:, :count] = found[:, :count]
                    found = larger
                found[0, count] = row
                found[1, count] = day
                found[2, count] = month
                found[3, count] = event
                count += 1
    return found[0, :count], found[1, :count], found[2, :count], found[3, :count]
