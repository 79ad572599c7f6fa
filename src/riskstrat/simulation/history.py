"""What happens to people, week by week: emergency admissions, deaths, care homes.

Only the rate of emergency admission depends on the unrecorded multiplier. Death outside hospital
competes with admission; an admission may end in death.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.catalogue import condition_index
from riskstrat.simulation.households import Households, enters_care_home
from riskstrat.simulation.people import People
from riskstrat.simulation.rates import (
    admission_rate,
    case_fatality,
    death_rate,
    length_of_stay,
    since_discharge,
)
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask, Period, ages, winter
from riskstrat.windows import DAYS_PER_YEAR

__all__ = ["Admissions", "History", "live"]

_WEEK = 7
_DAYS_BETWEEN_UPDATES = 28
"""Age, conditions and care home change the rates every four weeks."""
_MOST_ADMISSIONS_A_YEAR = 10.0
"""Highest rate of one person, however frail and however soon after a discharge."""
_LONG_AGO = -(2**30)
_WINTER_EXCESS = 0.05
"""Half the difference between winter and summer in the rate of emergency admission."""


@dataclass(frozen=True)
class Admissions:
    """Emergency admissions in order of the days they began, one position each."""

    person: npt.NDArray[np.int64]
    start: Days
    end: Days
    died: Mask


@dataclass(frozen=True)
class History:
    """What happened: admissions, and per person death, leaving and entering a care home.

    Parameters
    ----------
    yearly_rate : dict of int to ndarray
        Per 1 January, everybody's true rate of emergency admission; 0 for those not at risk.
    """

    admissions: Admissions
    death: Days
    leave: Days
    care_home: Days
    yearly_rate: dict[int, Floats]

    @property
    def exit(self) -> Days:
        """The day observation ends: death or leaving, else :data:`NEVER`."""
        return np.minimum(self.death, self.leave)


def live(
    rng: np.random.Generator,
    people: People,
    households: Households,
    period: Period,
    *,
    step: int = _WEEK,
) -> History:
    """Let people live from the first to the last day.

    Parameters
    ----------
    rng : numpy Generator
    people : People
    households : Households
    period : Period
    step : int
        Days in which at most one admission or death of a person begins; divides 28.
    """
    lives = _Lives(rng, people, households, period)
    for number, day in enumerate(range(period.first, period.last + 1, step)):
        if number * step % _DAYS_BETWEEN_UPDATES == 0:
            lives.update(day)
        lives.advance(day, step)
    return lives.history()


@dataclass
class _Lives:
    """State of everybody while the weeks pass."""

    rng: np.random.Generator
    people: People
    households: Households
    period: Period
    found: list[Admissions] = field(default_factory=list)
    yearly_rate: dict[int, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.people)
        self.death = np.full(count, NEVER)
        self.leave = np.where(self.people.leave <= self.period.last, self.people.leave, NEVER)
        self.discharged = np.full(count, _LONG_AGO)
        self.care_home = np.where(self.households.care_home_at_entry, self.people.entry, NEVER)

    def update(self, day: int) -> None:
        """Rates of everybody for the coming weeks."""
        care_home = self.care_home <= day
        base = admission_rate(self.people, day, self.households.alone, care_home)
        self.admission = base * self.people.multiplier
        self.dying = death_rate(self.people, day, care_home)
        for start in self.period.year_starts():
            if day <= start < day + _DAYS_BETWEEN_UPDATES:
                self.yearly_rate[start] = self._rate_on(np.full(len(self.people), start))

    def _rate_on(self, day: Days) -> Floats:
        at_risk = (self.people.entry <= day) & (day < self.leave) & (day < self.death)
        season = 1 + _WINTER_EXCESS * winter(day)
        rate = at_risk * self.admission * season * since_discharge(day - self.discharged)
        capped: Floats = np.minimum(rate, _MOST_ADMISSIONS_A_YEAR)
        return capped

    def advance(self, first: int, step: int) -> None:
        """Some days: at most one admission a person, else perhaps death at home."""
        count = len(self.people)
        day = first + self.rng.integers(0, step, count)
        at_home = (day > self.discharged) & (day <= self.period.last)
        years = at_home * step / DAYS_PER_YEAR
        admitted = self.rng.random(count) < -np.expm1(-self._rate_on(day) * years)
        alive = (self.people.entry <= day) & (day < self.leave) & (day < self.death)
        dying = self.dying * since_discharge(day - self.discharged, of_death=True)
        dies = alive & ~admitted & (self.rng.random(count) < -np.expm1(-dying * years))
        self.death[dies] = day[dies]
        self._admit(np.flatnonzero(admitted), day[admitted])

    def _admit(self, person: npt.NDArray[np.int64], start: Days) -> None:
        age = ages(self.people.birth[person], start)
        end = start + length_of_stay(self.rng, age)
        conditions = self.people.onset[person] <= start[:, None]
        died = self.rng.random(len(person)) < case_fatality(age, conditions)
        dementia = conditions[:, condition_index("dementia")]
        moves = enters_care_home(self.rng, age, dementia) & ~died & (end <= self.period.last)
        known_death = died & (end <= self.period.last)
        self.death[person[known_death]] = end[known_death]
        self.leave[person] = np.where(
            self.leave[person] <= end, np.minimum(end + 1, NEVER), self.leave[person]
        )
        self.care_home[person] = np.where(
            moves, np.minimum(self.care_home[person], end), self.care_home[person]
        )
        self.discharged[person] = end
        self.found.append(Admissions(person, start, end, died))

    def history(self) -> History:
        """Everything that happened up to the last day."""
        admissions = Admissions(
            *(
                np.concatenate([getattr(part, name) for part in self.found])
                for name in ("person", "start", "end", "died")
            )
        )
        exits = np.minimum(self.death, self.leave)
        return History(
            admissions=admissions,
            death=self.death,
            leave=np.where(
                (self.leave > self.period.last) | (self.death < self.leave), NEVER, self.leave
            ),
            care_home=np.where(self.care_home < exits, self.care_home, NEVER),
            yearly_rate=self.yearly_rate,
        )
