"""How fast things happen to people: yearly rates as tables that the compiled loops look up.

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

from datetime import date
from typing import NamedTuple

import numpy as np

from riskstrat.simulation.catalogue import column, condition_index, numbers
from riskstrat.simulation.people.places import MIDDLE_DECILE
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.timeline import Days, Floats, winter
from riskstrat.windows import DAYS_PER_YEAR, days_between

__all__ = ["LIVES_ALONE", "OLDEST", "Rates", "build_rates"]

OLDEST = 111
"""Number of ages in every table; older people count as aged 110."""
LIVES_ALONE = -1
"""Stands for living alone among the pairs of conditions that act together."""
_DECILES = 10
_EPOCH = date(1970, 1, 1)
_AGES: Floats = np.arange(OLDEST, dtype=np.float64) + 0.5

_ADMISSION_AGES = (0, 2, 6, 15, 20, 30, 40, 50, 60, 65, 70, 75, 80, 85, 90, 95)
_ADMISSION = (
    *(0.140, 0.100, 0.042, 0.040, 0.042, 0.043, 0.040, 0.037, 0.030),
    *(0.030, 0.031, 0.040, 0.058, 0.089, 0.185, 0.30),
)
"""Emergency admissions a year of a person with none of the conditions, of average deprivation,
long out of hospital."""

_ATTENDANCE_AGES = (10, 30, 50, 65, 75, 85, 95)
_ATTENDANCE = (0.27, 0.24, 0.175, 0.165, 0.205, 0.29, 0.35)
"""Attendances a year at an emergency department that do not lead to admission."""
_ATTENDANCE_PER_CONDITION = 0.05
_ATTENDANCE_DEPRIVATION = 0.05

_DEATH_AGES = (0, 20, 40, 50, 60, 65, 70, 75, 80, 85, 90, 95, 100)
_DEATH = (
    *(0.0002, 0.0002, 0.0006, 0.0010, 0.0021, 0.0030, 0.0036),
    *(0.0044, 0.0053, 0.0086, 0.0188, 0.0340, 0.0570),
)
"""Deaths a year outside hospital of a person with none of the conditions."""

_MORTALITY_AGES = (0, 30, 50, 60, 65, 70, 75, 80, 85, 90, 95, 105)
_MORTALITY = (0.0003, 0.0007, 0.003, 0.007, 0.012, 0.019, 0.031, 0.053, 0.095, 0.165, 0.26, 0.45)
"""Deaths a year at an age (ONS, National life tables 2020 to 2022, both sexes, rounded)."""
_SHARE_IN_HOSPITAL = 0.5
"""Rough share of deaths that follow an emergency admission."""

_FATALITY_AGES = (20, 40, 55, 65, 75, 85, 95)
_FATALITY = (0.002, 0.008, 0.022, 0.038, 0.058, 0.090, 0.155)
"""Share of emergency admissions that end in death, by age, without counting conditions."""
SERIOUS = ("cancer", "dementia")
_DEPRIVATION_AGES = (40, 65)
_DEPRIVATION = (0.06, 0.03)
"""Added to the log rate per decile towards the most deprived; it shrinks with age."""

_EFFECT_AGES = (50, 90)
_EFFECT = (1.2, 0.58)
"""Factor on the log rates of conditions: what a condition adds falls with age."""
_MALE_ADMISSION = 0.10
_MALE_DEATH = 0.42
_CLUSTER = 0.16
"""Added to the log rate of every onset per condition more than is usual at an age."""

_ZERO_DAY_AGES = (20, 65, 85)
_ZERO_DAY = (0.49, 0.32, 0.18)
"""Share of emergency admissions without a night in hospital, about one third of all."""
_NIGHTS_AGES = (10, 40, 65, 75, 85)
_NIGHTS = (2.0, 3.5, 7.5, 9.0, 10.5)
"""Mean nights of the others (log-normal)."""

_CARE_HOME_AGES = (60, 70, 80, 85, 92, 100)
_CARE_HOME = (0.0, 0.0009, 0.0032, 0.0066, 0.0135, 0.024)
"""Moves into a care home for good, a year, by age, of people without dementia."""

_WINTER_EXCESS = 0.05
"""Half the difference between winter and summer in the rate of emergency admission."""
_WEEKDAYS = (1.00, 1.03, 1.02, 1.01, 1.10, 0.94, 0.90)
"""Emergency admissions by day of the week from Thursday (day 0 was one): most on Mondays."""
_SHOCK_DAYS = 365
_SHOCK = {"admission": 0.78, "attendance": 0.65, "death": 1.25}
"""Factors on rates in a shock year: people stay away, and more of them die."""


class Rates(NamedTuple):
    """Tables for the compiled loops. Rates are per year; ages are completed years.

    ``onset`` has shape (2 sexes, 10 deciles, ages, conditions), 1 = female; ``season`` has one row
    per process (admission, attendance, death) and a column per day from ``first_day``.
    """

    onset: Floats
    usual_count: Floats
    cluster: float
    admission: Floats
    admission_effect: Floats
    condition_admission: Floats
    pair: Days
    pair_admission: Floats
    deprivation: Floats
    attendance: Floats
    attendance_deprivation: float
    attendance_per_condition: float
    death: Floats
    condition_death: Floats
    male_admission: float
    male_death: float
    fatality: Floats
    serious: Days
    zero_day: Floats
    nights: Floats
    care_home: Floats
    dementia: int
    season: Floats
    first_day: int


def build_rates(setting: Setting, first_day: int, last_day: int) -> Rates:
    """Tables of a district for the days from `first_day` to `last_day`."""
    onset = _onsets()
    return Rates(
        onset=onset,
        usual_count=_usual_count(),
        cluster=_CLUSTER,
        admission=np.log(np.interp(_AGES, _ADMISSION_AGES, _ADMISSION)),
        admission_effect=np.interp(_AGES, _EFFECT_AGES, _EFFECT),
        condition_admission=numbers("conditions", "admission_log_rate"),
        pair=_pairs(),
        pair_admission=setting.interactions * numbers("interactions", "admission_log_rate"),
        deprivation=np.interp(_AGES, _DEPRIVATION_AGES, _DEPRIVATION),
        attendance=np.log(np.interp(_AGES, _ATTENDANCE_AGES, _ATTENDANCE)),
        attendance_deprivation=_ATTENDANCE_DEPRIVATION,
        attendance_per_condition=_ATTENDANCE_PER_CONDITION,
        death=np.log(np.interp(_AGES, _DEATH_AGES, _DEATH)),
        condition_death=numbers("conditions", "death_log_rate"),
        male_admission=_MALE_ADMISSION,
        male_death=_MALE_DEATH,
        fatality=np.interp(_AGES, _FATALITY_AGES, _FATALITY),
        serious=np.array([condition_index(name) for name in SERIOUS]),
        zero_day=np.interp(_AGES, _ZERO_DAY_AGES, _ZERO_DAY),
        nights=np.interp(_AGES, _NIGHTS_AGES, _NIGHTS),
        care_home=np.interp(_AGES, _CARE_HOME_AGES, _CARE_HOME, left=0.0),
        dementia=condition_index("dementia"),
        season=_seasons(setting, first_day, last_day),
        first_day=first_day,
    )


def _prevalence(age: Floats) -> Floats:
    """Share of people of average deprivation with each condition; shape (ages, conditions)."""
    median, spread, share = (
        numbers("conditions", name) for name in ("median_age", "spread_years", "share")
    )
    result: Floats = share / (1 + np.exp(-(age[:, None] - median) / spread))
    return result


def _onsets() -> Floats:
    """Yearly rates that give the prevalences: new cases among those who have none yet."""
    half = 0.5
    share = _prevalence(_AGES)
    rise = np.maximum(_prevalence(_AGES + half) - _prevalence(_AGES - half), 0)
    rate = rise / (1 - share) + share * _excess_mortality()
    factor = numbers("conditions", "female_factor")
    women = np.where(np.arange(2)[:, None] == 1, factor, 1.0) * (2 / (1 + factor))
    steps = MIDDLE_DECILE - (1 + np.arange(_DECILES))
    place = np.exp(steps[:, None] * numbers("conditions", "deprivation"))
    result = women[:, None, None, :] * place[None, :, None, :] * rate[None, None, :, :]
    return np.ascontiguousarray(result)


def _excess_mortality() -> Floats:
    """Deaths a year, of people with each condition, beyond those of others of their age.

    So many more must fall ill for a prevalence among the living to be as it is.
    """
    mortality = np.interp(_AGES, _MORTALITY_AGES, _MORTALITY)[:, None]
    effect = np.interp(_AGES, _EFFECT_AGES, _EFFECT)[:, None]
    log_rate = (1 - _SHARE_IN_HOSPITAL) * numbers("conditions", "death_log_rate")
    log_rate = log_rate + _SHARE_IN_HOSPITAL * numbers("conditions", "admission_log_rate")
    result: Floats = mortality * np.expm1(effect * log_rate)
    return result


def _usual_count() -> Floats:
    count: Floats = _prevalence(_AGES).sum(axis=1)
    return count


def _pairs() -> Days:
    first = [condition_index(name) for name in column("interactions", "condition")]
    second = [
        LIVES_ALONE if name == "lives_alone" else condition_index(name)
        for name in column("interactions", "with")
    ]
    return np.array([first, second]).T.copy()


def _seasons(setting: Setting, first_day: int, last_day: int) -> Floats:
    day = np.arange(first_day, last_day + 1)
    cold = winter(day)
    weekday = np.array(_WEEKDAYS)[day % len(_WEEKDAYS)]
    seasons = np.stack([(1 + _WINTER_EXCESS * cold) * weekday, np.ones(len(day)), 1 + 0.08 * cold])
    if setting.shock is not None:
        since = day - days_between(_EPOCH, setting.shock)
        struck = (since >= 0) & (since < _SHOCK_DAYS)
        for row, factor in enumerate(_SHOCK.values()):
            seasons[row] *= np.where(struck, factor, 1.0)
    return seasons / DAYS_PER_YEAR
