"""How fast things happen: yearly rates of emergency admission and death.

References
----------
Liley J. et al. (2024), SPARRA version 4, npj Digital Medicine, doi:10.1038/s41746-024-01250-1:
emergency admission within twelve months by age, repeat admissions, deaths without an admission.
Office for National Statistics, National life tables, England and Wales, 2020 to 2022: mortality by
age. Barnett K. et al. (2012), Lancet, doi:10.1016/S0140-6736(12)60240-2: multimorbidity.
The knots were set by trial so that simulated districts meet the bands asserted in
``tests/spec/simulation``; they are the outcome of no data set.
"""

from __future__ import annotations

import numpy as np

from riskstrat.simulation.catalogue import condition_index, numbers
from riskstrat.simulation.people import MIDDLE_DECILE, People
from riskstrat.simulation.timeline import Days, Floats, Mask, ages

__all__ = ["admission_rate", "case_fatality", "death_rate", "length_of_stay", "since_discharge"]

_AGES = (0, 2, 6, 15, 20, 30, 40, 50, 60, 65, 70, 75, 80, 85, 90, 95)
_ADMISSION_RATE = (
    *(0.140, 0.100, 0.043, 0.041, 0.045, 0.044, 0.043, 0.045, 0.045),
    *(0.054, 0.070, 0.102, 0.143, 0.212, 0.420, 0.600),
)
"""Emergency admissions a year of a person with none of the conditions, of average deprivation,
long out of hospital."""

_DEATH_AGES = (0, 20, 40, 50, 60, 65, 70, 75, 80, 85, 90, 95, 100)
_DEATH_RATE = (
    *(0.0002, 0.0002, 0.0006, 0.0010, 0.0022, 0.0030, 0.0042),
    *(0.0066, 0.0115, 0.0205, 0.0370, 0.0620, 0.1000),
)
"""Deaths a year outside hospital of a person with none of the conditions."""

_FATALITY_AGES = (20, 40, 55, 65, 75, 85, 95)
_FATALITY = (0.002, 0.007, 0.020, 0.035, 0.056, 0.088, 0.142)
"""Share of emergency admissions that end in death, by age, without counting conditions."""
_SERIOUS_FATALITY = 0.6
"""Added to the factor on it for cancer and for dementia."""
_MOST_FATALITY = 0.6

_DEPRIVATION_AGES = (40, 65)
_DEPRIVATION = (0.055, 0.025)
"""Added to the log rate per decile towards the most deprived; it shrinks with age."""

_EFFECT_AGES = (50, 90)
_EFFECT = (1.2, 0.65)
"""Factor on the log rates of conditions: what a condition adds falls with age."""

_MALE_ADMISSION = 0.06
_MALE_DEATH = 0.28
_LIVES_ALONE = 0.12
_CARE_HOME_ADMISSION = 0.15
_CARE_HOME_DEATH = 0.8

_DISCHARGE_ADMISSION = (3.4, 60.0)
_DISCHARGE_DEATH = (4.5, 60.0)
"""Height and days of the exponentially falling excess after a discharge."""

_ZERO_DAY_AGES = (20, 65, 85)
_ZERO_DAY = (0.50, 0.34, 0.22)
"""Share of emergency admissions without a night in hospital, about one third of all."""
_NIGHTS_AGES = (10, 40, 65, 75, 85)
_NIGHTS = (2.0, 3.5, 7.5, 9.0, 10.5)
"""Mean nights of the others."""
_NIGHTS_SIGMA = 1.0
_MOST_NIGHTS = 150


def admission_rate(people: People, day: int, alone: Mask, care_home: Mask) -> Floats:
    """Emergency admissions a year on a day, before season, multiplier and recent discharge."""
    age = ages(people.birth, day)
    log_rate = np.log(np.interp(age, _AGES, _ADMISSION_RATE))
    log_rate += np.interp(age, _EFFECT_AGES, _EFFECT) * _effects(people, day, "admission_log_rate")
    slope = np.interp(age, _DEPRIVATION_AGES, _DEPRIVATION)
    log_rate += slope * (MIDDLE_DECILE - people.decile)
    log_rate += np.where(people.female, -_MALE_ADMISSION, _MALE_ADMISSION)
    log_rate += _LIVES_ALONE * alone + _CARE_HOME_ADMISSION * care_home
    rate: Floats = np.exp(log_rate)
    return rate


def death_rate(people: People, day: int, care_home: Mask) -> Floats:
    """Deaths a year outside hospital on a day, before recent discharge."""
    age = ages(people.birth, day)
    log_rate = np.log(np.interp(age, _DEATH_AGES, _DEATH_RATE))
    log_rate += np.interp(age, _EFFECT_AGES, _EFFECT) * _effects(people, day, "death_log_rate")
    log_rate += np.where(people.female, -_MALE_DEATH, _MALE_DEATH)
    rate: Floats = np.exp(log_rate + _CARE_HOME_DEATH * care_home)
    return rate


def _effects(people: People, day: int, name: str) -> Floats:
    """Sum over conditions, in a fixed order: a matrix product may differ between threads."""
    begun = people.has_condition(day)
    total = np.zeros(len(people))
    for number, effect in enumerate(numbers("conditions", name)):
        total += effect * begun[:, number]
    return total


def since_discharge(days: Days, *, of_death: bool = False) -> Floats:
    """Factor on a rate, by days since the last discharge."""
    height, scale = _DISCHARGE_DEATH if of_death else _DISCHARGE_ADMISSION
    factor: Floats = 1 + height * np.exp(-np.maximum(days, 0) / scale)
    return factor


def case_fatality(age: Floats, conditions: Mask) -> Floats:
    """Probability that an emergency admission ends in death."""
    base = np.interp(age, _FATALITY_AGES, _FATALITY)
    serious = conditions[:, [condition_index(name) for name in ("cancer", "dementia")]]
    excess = 1 + _SERIOUS_FATALITY * serious.sum(axis=1)
    share: Floats = np.minimum(base * excess, _MOST_FATALITY)
    return share


def length_of_stay(rng: np.random.Generator, age: Floats) -> Days:
    """Nights in hospital: about a third have none, the others are log-normal."""
    mean = np.interp(age, _NIGHTS_AGES, _NIGHTS)
    nights = rng.lognormal(np.log(mean) - _NIGHTS_SIGMA**2 / 2, _NIGHTS_SIGMA)
    none = rng.random(len(age)) < np.interp(age, _ZERO_DAY_AGES, _ZERO_DAY)
    stay: Days = np.clip(np.round(nights), 1, _MOST_NIGHTS).astype(np.int64)
    return np.where(none, 0, stay)
