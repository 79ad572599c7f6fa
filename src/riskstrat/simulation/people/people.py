"""Who lives in the district: age, sex, home, practice, and what no record says."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.stats import gamma

from riskstrat.simulation.keyed import Draws, Keyed
from riskstrat.simulation.people.households import Home, draw_home
from riskstrat.simulation.people.places import District
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask, Period, ages
from riskstrat.windows import DAYS_PER_YEAR

__all__ = ["ETHNIC_CATEGORIES", "GRID", "People", "build_people", "prior"]

_AGE_BANDS = (0, 18, 25, 45, 65, 70, 75, 80, 85, 90, 95, 100)
_AGE_SHARES = (0.184, 0.074, 0.226, 0.265, 0.067, 0.064, 0.052, 0.034, 0.022, 0.009, 0.003)
"""Age structure of Norfolk and Waveney, 25 % aged 65 or over (ONS Census 2021, rounded)."""
_FEMALE_AGES = (65, 95)
_FEMALE_SHARE = (0.49, 0.70)
"""Share of women: about half of younger people, more among the oldest (ONS Census 2021)."""

_ARRIVALS_A_YEAR = 0.024
"""People who are born or move in during a year, per resident; about as many as die or leave."""
_SHARE_BORN = 0.38
"""Of these, the share who are newborn."""
_ARRIVAL_AGES = (0.5, 18, 25, 35, 60, 75, 95)
_ARRIVAL_SHARES = (0.16, 0.16, 0.26, 0.24, 0.12, 0.06)
"""Ages of the others, mostly young."""
_LEAVING_AGES = (0, 18, 25, 35, 60, 100)
_LEAVING_RATE = (0.010, 0.030, 0.030, 0.015, 0.007, 0.006)
"""Moves out of the district per person-year, by age."""
_SHORTEST_STAY = 30
_MOVES_A_YEAR = 0.03
"""Moves to another address and practice in the district per person-year."""
_REGISTERED_DAYS = (200, 20 * 365)

GRID: Floats = np.geomspace(0.01, 14.0, 40)
"""The values that the unrecorded multiplier may have."""
_VARIANCE_AGES = (20, 45, 65, 80, 90)
_VARIANCE = (1.6, 1.4, 0.95, 0.52, 0.35)
"""Variance of the multiplier by age: it falls with age, else risk in the over-80s would be
predicted better than published models do (AUROC 0.69 to 0.74)."""
_MEAN_AGES = (50, 65, 75, 85, 95)
_MEAN = (1.0, 0.96, 0.87, 0.74, 0.60)
"""Mean among people alive at an age: those with higher multipliers have died already."""
_OLDEST = 120

_CONTACT_SIGMA = 0.6
"""Spread of the logarithm of how readily people go to their practice."""

ETHNIC_CATEGORIES = ("A", "B", "C", "D", "F", "G", "H", "J", "K", "L", "M", "N", "R", "S", "Z")
_ETHNIC_SHARES = (82.5, 0.5, 4.6, 0.3, 0.4, 0.3, 0.8, 0.2, 0.2, 0.6, 0.1, 0.8, 0.4, 0.4, 7.9)
"""NHS Data Dictionary categories, most of them White British (ONS Census 2021, rounded); Z = not
stated."""
_NO_ETHNICITY = 0.03
"""Share of people without any category."""


@dataclass(frozen=True)
class People:
    """Some of the people who are ever registered in the district, one position per person.

    Parameters
    ----------
    number : ndarray of int
        Number of the person in the district: the key of everything random about them.
    nhs_number : ndarray of int
        0 = none.
    birth, entry, registered, leave : ndarray of day numbers
        Birth; first day in the observed period; first day registered; day of moving away.
    female : ndarray of bool
    area, decile, practice : ndarray of int
        Number of the area, its deprivation decile (1 = most deprived), number of the practice.
    moves, next_area, next_decile, next_practice : ndarray of int
        Day of moving within the district, and where to.
    ethnicity : ndarray of int
        Position in the NHS ethnic categories; -1 = not recorded.
    alone, carer : ndarray of bool
    tenure : ndarray of int
        Position in :data:`~riskstrat.simulation.people.households.TENURES`.
    multiplier : ndarray of int
        Position in :data:`GRID`: what the record does not say about the rates of emergency
        admission and attendance.
    contact_rate : ndarray of float
        Mean 1: how readily the person goes to the practice; says nothing about admissions.
    """

    number: Days
    nhs_number: Days
    birth: Days
    entry: Days
    registered: Days
    leave: Days
    female: Mask
    area: Days
    decile: Days
    practice: Days
    moves: Days
    next_area: Days
    next_decile: Days
    next_practice: Days
    ethnicity: npt.NDArray[np.int64]
    alone: Mask
    carer: Mask
    tenure: npt.NDArray[np.int64]
    multiplier: npt.NDArray[np.int64]
    contact_rate: Floats

    def __len__(self) -> int:
        return len(self.number)

    def take(self, rows: npt.NDArray[np.int64]) -> People:
        """The people at these positions."""
        return People(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def decile_on(self, row: Days, day: Days) -> Days:
        """Deprivation decile of the home of some people on some days."""
        return np.where(day < self.moves[row], self.decile[row], self.next_decile[row])

    def practice_on(self, row: Days, day: Days) -> Days:
        """Practice of some people on some days."""
        return np.where(day < self.moves[row], self.practice[row], self.next_practice[row])

    def area_on(self, row: Days, day: Days) -> Days:
        """Area of the home of some people on some days."""
        return np.where(day < self.moves[row], self.area[row], self.next_area[row])


def build_people(
    keyed: Keyed, district: District, number: Days, nhs_number: Days, period: Period
) -> People:
    """Draw some people of a district.

    Parameters
    ----------
    number, nhs_number : ndarray of int
        Who: numbers in the district, and the NHS numbers these people have.
    """
    draws = keyed.process("person").draws(number)
    birth, entry = _births_and_entries(draws, period)
    age = ages(birth, entry)
    female = draws.chance("female", np.interp(age, _FEMALE_AGES, _FEMALE_SHARE))
    area = district.draw_area(draws)
    decile = district.deciles[area]
    moving = keyed.process("move").draws(number)
    next_area = district.draw_near(moving, area)
    home: Home = draw_home(draws, age, female, decile)
    return People(
        number=number,
        nhs_number=nhs_number,
        birth=birth,
        entry=entry,
        registered=_registered(draws, birth, entry, period),
        leave=_until(draws.exponential("leaves", _years(age)), entry),
        female=female,
        area=area,
        decile=decile,
        practice=district.draw_practice(draws, area),
        moves=_until(moving.exponential("when", 1 / _MOVES_A_YEAR), entry),
        next_area=next_area,
        next_decile=district.deciles[next_area],
        next_practice=district.draw_practice(moving, next_area),
        ethnicity=_ethnicity(draws),
        alone=home.alone,
        carer=home.carer,
        tenure=home.tenure,
        multiplier=draws.choice("multiplier", prior()[age.astype(np.int64)]),
        contact_rate=np.exp(_CONTACT_SIGMA * draws.normal("contact") - _CONTACT_SIGMA**2 / 2),
    )


@cache
def prior() -> Floats:
    """Probability of each value of :data:`GRID` on entry, by completed years of age.

    Returns
    -------
    ndarray of float, shape (120, 40)
        Gamma probabilities between the geometric middles of the grid.
    """
    age = np.arange(_OLDEST)[:, None]
    mean = np.interp(age, _MEAN_AGES, _MEAN)
    variance = np.interp(age, _VARIANCE_AGES, _VARIANCE)
    middles = np.sqrt(GRID[1:] * GRID[:-1])
    below = gamma.cdf(middles / mean, 1 / variance, scale=variance)
    return np.diff(below, axis=1, prepend=0.0, append=1.0)


def _births_and_entries(draws: Draws, period: Period) -> tuple[Days, Days]:
    arrivals = _ARRIVALS_A_YEAR * period.years
    arrives = draws.chance("arrives", arrivals / (1 + arrivals))
    born = arrives & draws.chance("born", _SHARE_BORN)
    age = np.where(
        arrives,
        _age(draws, "arriving", _ARRIVAL_AGES, _ARRIVAL_SHARES),
        _age(draws, "resident", _AGE_BANDS, _AGE_SHARES),
    )
    when = draws.integers("entry", period.first, period.last + 1)
    entry = np.where(arrives, when, period.first)
    return np.where(born, entry, entry - np.floor(age * DAYS_PER_YEAR).astype(np.int64)), entry


def _age(draws: Draws, who: str, bands: tuple[float, ...], shares: tuple[float, ...]) -> Floats:
    band = draws.choice(f"{who} band", np.array(shares))
    low, high = np.array(bands)[band], np.array(bands)[band + 1]
    age: Floats = low + draws.uniform(f"{who} age") * (high - low)
    return age


def _registered(draws: Draws, birth: Days, entry: Days, period: Period) -> Days:
    """Residents registered up to 20 years before the period, but not before birth."""
    earlier = period.first - draws.integers("registered", *_REGISTERED_DAYS)
    return np.where(entry > period.first, entry, np.maximum(birth, earlier))


def _years(age: Floats) -> Floats:
    years: Floats = 1 / np.interp(age, _LEAVING_AGES, _LEAVING_RATE)
    return years


def _until(years: Floats, entry: Days) -> Days:
    day = entry + _SHORTEST_STAY + np.floor(years * DAYS_PER_YEAR)
    return np.minimum(day, NEVER).astype(np.int64)


def _ethnicity(draws: Draws) -> npt.NDArray[np.int64]:
    drawn = draws.choice("ethnicity", np.array(_ETHNIC_SHARES))
    return np.where(draws.chance("no ethnicity", _NO_ETHNICITY), -1, drawn)
