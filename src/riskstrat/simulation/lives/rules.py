"""The rules of a life, compiled: rates from the state of a person, stays in hospital.

They are shared by the loop that lets people live and by the truth, which works out what a record
says about them: neither repeats a rule.
"""

from __future__ import annotations

import numpy as np

from riskstrat.compiled import compiled
from riskstrat.simulation.lives.rates import LIVES_ALONE, OLDEST, Rates
from riskstrat.simulation.people.places import MIDDLE_DECILE
from riskstrat.simulation.timeline import NEVER, Days, Floats
from riskstrat.windows import DAYS_PER_YEAR

__all__ = [
    "ADMISSION_DECAY",
    "ADMISSION_EXCESS",
    "ATTENDANCE_POWER",
    "DAYS_PER_YEAR",
    "DEATH_DECAY",
    "DEATH_EXCESS",
    "LONG_AGO",
    "MOST_NIGHTS",
    "NIGHTS_SIGMA",
    "STEP",
    "age_of",
    "care_home_rate",
    "chosen",
    "nights_in_hospital",
    "onset_rates",
    "rates_of",
]

STEP = 14
"""Days in which at most one condition begins; ages count anew at every step."""

ADMISSION_EXCESS, ADMISSION_DECAY = 3.6, np.exp(-1 / 60.0)
DEATH_EXCESS, DEATH_DECAY = 4.5, np.exp(-1 / 60.0)
"""Height after a discharge, and what is left of it a day later, of the excess on two rates."""
HIGHEST = 3.6
"""Rates of emergency admission a year, before season and multiplier, approach but never pass it."""
FEWER, MORE = -4.0, 6.0
"""How many conditions fewer and more than usual at an age change the rate of further ones."""
LIVES_ALONE_ADMISSION = 0.12
CARE_HOME_ADMISSION = 0.15
CARE_HOME_DEATH = 0.8
SERIOUS_FATALITY = 0.6
MOST_FATALITY = 0.6
ATTENDANCE_POWER = 0.5
"""Attendances depend on the square root of the multiplier, admissions on the multiplier."""
NIGHTS_SIGMA = 1.0
MOST_NIGHTS = 120
CARE_HOME_WITH_DEMENTIA = 4.0
AFTER_DISCHARGE = (60, 180)
CARE_HOME_AFTER_DISCHARGE = 5.0
"""Many who move into a care home do so some months after a stay in hospital. Never sooner than 60
days, when the stay itself has been told: the move then says nothing about untold admissions."""
LONG_AGO = -(2**30)


@compiled
def onset_rates(
    rates: Rates, female: int, decile: int, age: int, onset: Days, out: Floats
) -> float:
    """Rates of the conditions that a person has not got, into `out`; returns their sum."""
    table = rates.onset[female, decile - 1, age]
    count = 0
    total = 0.0
    for condition in range(len(out)):
        if onset[condition] == NEVER:
            out[condition] = table[condition]
            total += table[condition]
        else:
            out[condition] = 0.0
            count += 1
    more = min(max(count - rates.usual_count[age], FEWER), MORE)
    factor = np.exp(rates.cluster * more)
    for condition in range(len(out)):
        out[condition] *= factor
    return float(total * factor)


@compiled
def chosen(weights: Floats, share: float) -> int:
    """The position at which the running sum of weights passes a share of their sum."""
    total = 0.0
    for weight in weights:
        total += weight
    target = share * total
    running = 0.0
    last = 0
    for position in range(len(weights)):
        if weights[position] > 0.0:
            running += weights[position]
            last = position
            if running > target:
                break
    return last


@compiled
def _effects(rates: Rates, alone: int, onset: Days, day: int) -> tuple[float, float, int]:
    """What conditions begun before a day add to two log rates, and how many there are."""
    admission = 0.0
    death = 0.0
    count = 0
    for condition in range(len(onset)):
        if onset[condition] < day:
            admission += rates.condition_admission[condition]
            death += rates.condition_death[condition]
            count += 1
    for pair in range(len(rates.pair)):
        other = rates.pair[pair, 1]
        both = alone == 1 if other == LIVES_ALONE else onset[other] < day
        if both and onset[rates.pair[pair, 0]] < day:
            admission += rates.pair_admission[pair]
    return admission, death, count


@compiled
def rates_of(
    rates: Rates,
    female: int,
    decile: int,
    age: int,
    alone: int,
    care_home: bool,
    onset: Days,
    day: int,
) -> tuple[float, float, float, float]:
    """Yearly rates of admission, attendance and death, and the fatality of an admission.

    Of a person with the conditions begun before `day`, long out of hospital, with multiplier 1.
    """
    admission, death, count = _effects(rates, alone, onset, day)
    effect = rates.admission_effect[age]
    poorer = MIDDLE_DECILE - decile
    male = 1.0 - 2.0 * female
    log_admission = rates.admission[age] + effect * admission + rates.deprivation[age] * poorer
    log_admission += male * rates.male_admission + LIVES_ALONE_ADMISSION * alone
    log_death = rates.death[age] + effect * death + male * rates.male_death
    if care_home:
        log_admission += CARE_HOME_ADMISSION
        log_death += CARE_HOME_DEATH
    log_attendance = rates.attendance[age] + rates.attendance_deprivation * poorer
    log_attendance += rates.attendance_per_condition * count
    fatality = rates.fatality[age]
    serious = 1.0
    for position in range(len(rates.serious)):
        if onset[rates.serious[position]] < day:
            serious += SERIOUS_FATALITY
    raw = np.exp(log_admission)
    return (
        HIGHEST * (1.0 - np.exp(-raw / HIGHEST)),
        np.exp(log_attendance),
        np.exp(log_death),
        min(fatality * serious, MOST_FATALITY),
    )


@compiled
def age_of(birth: int, day: int) -> int:
    """Completed years, at most those that the tables have."""
    return min(max(int((day - birth) / DAYS_PER_YEAR), 0), OLDEST - 1)


@compiled
def nights_in_hospital(rates: Rates, age: int, none: float, first: float, second: float) -> int:
    """Nights of an admission, from three uniform numbers."""
    if none < rates.zero_day[age]:
        return 0
    normal = np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second)
    mean = np.log(rates.nights[age]) - NIGHTS_SIGMA * NIGHTS_SIGMA / 2
    return min(max(int(np.rint(np.exp(mean + NIGHTS_SIGMA * normal))), 1), MOST_NIGHTS)


@compiled
def care_home_rate(rates: Rates, age: int, dementia: bool, since_discharge: int) -> float:
    """Moves into a care home a year."""
    rate = rates.care_home[age]
    if dementia:
        rate *= CARE_HOME_WITH_DEMENTIA
    if AFTER_DISCHARGE[0] <= since_discharge < AFTER_DISCHARGE[1]:
        rate *= CARE_HOME_AFTER_DISCHARGE
    return float(rate)
