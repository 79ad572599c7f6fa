"""Who lives in the district: age, sex, area, practice, conditions and the unrecorded multiplier."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.catalogue import numbers
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask, Period, ages
from riskstrat.windows import DAYS_PER_YEAR

__all__ = [
    "ETHNIC_CATEGORIES",
    "MIDDLE_DECILE",
    "PUBLISHED_TEST_KEY",
    "People",
    "build_people",
    "synthetic_nhs_numbers",
]

PUBLISHED_TEST_KEY = b"riskstrat published test key: not a secret, for tests and trials only"
"""The key that linkage uses when none is given: linked or simulated, a person has one pseudonym."""
_PSEUDONYM_LENGTH = 32

_AGE_BANDS = (0, 18, 25, 45, 65, 70, 75, 80, 85, 90, 95, 100)
_AGE_SHARES = (0.184, 0.074, 0.226, 0.265, 0.067, 0.064, 0.052, 0.034, 0.022, 0.009, 0.003)
"""Age structure of Norfolk and Waveney, 25 % aged 65 or over (ONS Census 2021, rounded)."""

_FEMALE_AGES = (65, 95)
_FEMALE_SHARE = (0.49, 0.70)
"""Share of women: about half of younger people, more among the oldest (ONS Census 2021)."""
_SURVIVAL = (1.0, 1.0, 0.998, 0.975, 0.93, 0.89, 0.83, 0.71, 0.55, 0.36, 0.20)
"""Rough share of each band who survive the years before the period: so many more are drawn."""

_ARRIVALS_A_YEAR = 0.024
"""People who are born or move in during a year, per resident; about as many as die or leave."""
_SHARE_BORN = 0.38
"""Of these, the share who are newborn."""

_LEAVING_AGES = (0, 18, 25, 35, 60, 100)
_LEAVING_RATE = (0.010, 0.030, 0.030, 0.015, 0.007, 0.006)
"""Moves out of the district per person-year, by age."""

_PEOPLE_PER_AREA = 1500
"""Mean population of a lower-layer super output area (ONS)."""
_MIN_AREAS = 10
_PEOPLE_PER_PRACTICE = 5000
_MIN_PRACTICES = 3
_USUAL_PRACTICE_SHARE = 0.8
_DECILE_SHARES = (0.10, 0.09, 0.09, 0.11, 0.13, 0.13, 0.12, 0.10, 0.08, 0.05)
MIDDLE_DECILE = 5.5
"""Between the fifth and the sixth decile: average deprivation."""
_EARLIER_ONSET_YEARS = 1.3
"""Years earlier that a condition begins per decile of deprivation: 10 to 15 years between the most
and the least deprived (Barnett et al. 2012, doi:10.1016/S0140-6736(12)60240-2)."""
_SHARED_LIABILITY = 0.45
"""Square root of the correlation between the liabilities to any two conditions."""

_VARIANCE_AGES = (20, 45, 65, 80, 90)
_VARIANCE = (2.3, 2.1, 1.4, 0.75, 0.5)
"""Variance of the multiplier by age: it falls with age, else risk in the over-80s would be
predicted better than published models do (AUROC 0.69 to 0.74)."""

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
    """Everybody who is ever registered in the district, one position per person.

    Parameters
    ----------
    patient_id : ndarray of str
        Keyed hash of an NHS number of the 999 range, which is never issued.
    birth, entry, registered, leave : ndarray of day numbers
        Birth; first day in the observed period; first day registered; day of moving away.
    female : ndarray of bool
    area, decile, practice : ndarray of int
        Number of the area, its deprivation decile (1 = most deprived), number of the practice.
    ethnicity : ndarray of int
        Position in the NHS ethnic categories; -1 = not recorded.
    onset : ndarray of day numbers, shape (people, conditions)
    multiplier : ndarray of float
        What the record does not say about the rate of emergency admission: drawn from a Gamma
        with mean 1; among those found alive at the start the mean is lower, most so in the old.
    contact_rate : ndarray of float
        Mean 1: how readily the person goes to the practice; says nothing about admissions.
    """

    patient_id: npt.NDArray[np.str_]
    birth: Days
    entry: Days
    registered: Days
    leave: Days
    female: Mask
    area: npt.NDArray[np.int64]
    decile: npt.NDArray[np.int64]
    practice: npt.NDArray[np.int64]
    ethnicity: npt.NDArray[np.int64]
    onset: Days
    multiplier: Floats
    contact_rate: Floats

    def __len__(self) -> int:
        return len(self.birth)

    def take(self, rows: Days) -> People:
        """The people at these positions."""
        return People(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def has_condition(self, day: int) -> Mask:
        """Which conditions have begun by a day; shape (people, conditions)."""
        begun: Mask = self.onset <= day
        return begun


def build_people(rng: np.random.Generator, count: int, period: Period) -> People:
    """Draw the people of a district."""
    birth, entry = _births_and_entries(rng, count, period)
    entry_age = ages(birth, entry)
    female = rng.random(count) < np.interp(entry_age, _FEMALE_AGES, _FEMALE_SHARE)
    area, decile, practice = _places(rng, count)
    variance = np.interp(entry_age, _VARIANCE_AGES, _VARIANCE)
    return People(
        patient_id=_pseudonyms(rng, count),
        birth=birth,
        entry=entry,
        registered=_registered(rng, birth, entry, period),
        leave=_leaving(rng, entry, entry_age),
        female=female,
        area=area,
        decile=decile,
        practice=practice,
        ethnicity=_ethnicity(rng, count),
        onset=_onsets(rng, birth, female, decile),
        multiplier=rng.gamma(1 / variance, variance),
        contact_rate=rng.lognormal(-(_CONTACT_SIGMA**2) / 2, _CONTACT_SIGMA, count),
    )


def synthetic_nhs_numbers() -> npt.NDArray[np.int64]:
    """The valid numbers of 999 000 0000 to 999 999 9999, a range that is never issued.

    The tenth digit checks the others modulo 11 (NHS Data Dictionary, NHS number).
    """
    stems = 999_000_000 + np.arange(1_000_000)
    weighted = sum(stems // 10 ** (9 - place) % 10 * (11 - place) for place in range(1, 10))
    check = (11 - weighted % 11) % 11
    valid = check < 10  # noqa: PLR2004 - a check digit of 10 is never issued
    numbers_found: npt.NDArray[np.int64] = (stems * 10 + check)[valid]
    return numbers_found


def _pseudonyms(rng: np.random.Generator, count: int) -> npt.NDArray[np.str_]:
    numbers_drawn = rng.permutation(synthetic_nhs_numbers())[:count]
    return np.array(
        [
            hmac.digest(PUBLISHED_TEST_KEY, str(number).encode(), "sha256").hex()
            for number in numbers_drawn
        ],
        dtype=f"<U{_PSEUDONYM_LENGTH}",
    )


def _births_and_entries(rng: np.random.Generator, count: int, period: Period) -> tuple[Days, Days]:
    shares = np.array(_AGE_SHARES) / np.array(_SURVIVAL)
    band = rng.choice(len(shares), count, p=shares / shares.sum())
    low, high = np.array(_AGE_BANDS)[band], np.array(_AGE_BANDS)[band + 1]
    age = low + rng.random(count) * (high - low)
    arrivals = _ARRIVALS_A_YEAR * period.years
    arrives = rng.random(count) < arrivals / (1 + arrivals)
    when = rng.integers(period.first, period.last + 1, count)
    entry = np.where(arrives, when, period.first)
    born = arrives & (rng.random(count) < _SHARE_BORN)
    birth = np.where(born, entry, entry - np.floor(age * DAYS_PER_YEAR).astype(np.int64))
    return birth, entry


def _registered(rng: np.random.Generator, birth: Days, entry: Days, period: Period) -> Days:
    """Residents registered up to 20 years before the period, but not before birth."""
    earlier = period.first - rng.integers(200, 20 * 365, len(birth))
    return np.where(entry > period.first, entry, np.maximum(birth, earlier))


def _leaving(rng: np.random.Generator, entry: Days, age: Floats) -> Days:
    rate = np.interp(age, _LEAVING_AGES, _LEAVING_RATE)
    stay = rng.exponential(DAYS_PER_YEAR / rate)
    leave: Days = np.minimum(entry + 30 + np.floor(stay), NEVER).astype(np.int64)
    return leave


def _places(rng: np.random.Generator, count: int) -> tuple[Days, Days, Days]:
    """Area, decile and practice of each person; neighbouring deciles share practices."""
    areas = max(_MIN_AREAS, round(count / _PEOPLE_PER_AREA))
    practices = max(_MIN_PRACTICES, round(count / _PEOPLE_PER_PRACTICE))
    middle = (np.arange(areas) + 0.5) / areas
    deciles = 1 + np.searchsorted(np.cumsum(_DECILE_SHARES), middle)
    usual = np.arange(areas) * practices // areas
    area = rng.integers(0, areas, count)
    elsewhere = rng.random(count) >= _USUAL_PRACTICE_SHARE
    practice = np.where(elsewhere, rng.integers(0, practices, count), usual[area])
    return area, np.minimum(deciles, 10)[area], practice


def _ethnicity(rng: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
    shares = np.array(_ETHNIC_SHARES) / sum(_ETHNIC_SHARES)
    drawn = rng.choice(len(ETHNIC_CATEGORIES), count, p=shares)
    return np.where(rng.random(count) < _NO_ETHNICITY, -1, drawn)


def _onsets(rng: np.random.Generator, birth: Days, female: Mask, decile: Days) -> Days:
    """First day of every condition: logistic in age, earlier where deprived, correlated."""
    median, spread, share, factor = (
        numbers("conditions", name)
        for name in ("median_age", "spread_years", "share", "female_factor")
    )
    shape = (len(birth), len(share))
    shared = _SHARED_LIABILITY * rng.standard_normal((shape[0], 1))
    own = np.sqrt(1 - _SHARED_LIABILITY**2) * rng.standard_normal(shape)
    position = _normal_share(shared + own)
    limit = share * np.where(female[:, None], factor, 1.0) * (2 / (1 + factor))
    earlier = _EARLIER_ONSET_YEARS * (MIDDLE_DECILE - decile)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        age = median - earlier + spread * np.log(position / (limit - position))
    happens = (position < limit) & (age < 110)  # noqa: PLR2004 - nobody lives to 110
    day = birth[:, None] + np.floor(np.where(happens, np.maximum(age, 0), 0) * DAYS_PER_YEAR)
    return np.where(happens, day, NEVER).astype(np.int64)


def _normal_share(values: Floats) -> Floats:
    """Share of a standard normal below each value, by rank-free logistic approximation."""
    share: Floats = 1 / (1 + np.exp(-values * (1.5976 + 0.070566 * values**2)))
    return share
