"""The compiled loops: what happens to a person, day by day.

Every random number is keyed by process, person and day (:mod:`~riskstrat.simulation.keyed`), so a
person's life depends on nobody else and on nothing later.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from riskstrat.compiled import compiled
from riskstrat.simulation.keyed import uniform_of
from riskstrat.simulation.lives.rates import Rates
from riskstrat.simulation.lives.rules import (
    ADMISSION_DECAY,
    ADMISSION_EXCESS,
    ATTENDANCE_POWER,
    DAYS_PER_YEAR,
    DEATH_DECAY,
    DEATH_EXCESS,
    LONG_AGO,
    STEP,
    age_of,
    care_home_rate,
    chosen,
    nights_in_hospital,
    onset_rates,
    rates_of,
)
from riskstrat.simulation.timeline import NEVER, Days, Floats

__all__ = ["Person", "Streams", "live_person"]

HALF_YEAR = 182
"""Days in which at most one condition begins before the period."""
MOST_ATTEMPTS = 60
"""Lives drawn before one that ended too early is taken all the same."""
KEYS_PER_ATTEMPT = 1000
CHILDHOOD = -1
"""The day that stands in the keys of everything before the period."""


class Streams(NamedTuple):
    """Streams of random numbers, one per decision."""

    onset: np.uint64
    which: np.uint64
    within: np.uint64
    childhood: np.uint64
    admission: np.uint64
    attendance: np.uint64
    death: np.uint64
    night: np.uint64
    nights: np.uint64
    fatal: np.uint64
    care_home: np.uint64


class Person(NamedTuple):
    """One person, as whole numbers; ``multiplier`` is the unrecorded one."""

    number: int
    birth: int
    entry: int
    female: int
    decile: int
    alone: int
    moves: int
    next_decile: int
    multiplier: float


@compiled
def _happens(stream: np.uint64, person: int, day: int, rate: float) -> bool:
    """Whether an event with a daily rate happens on a day."""
    return bool(uniform_of(stream, person, day, 0) < -np.expm1(-rate))


@compiled
def _condition_begins(
    rates: Rates, streams: Streams, person: Person, decile: int, age: int, onset: Days,
    weights: Floats, day: int, length: int, keyed_day: int, number: int,
) -> int:  # fmt: skip
    """Perhaps begin a condition within some days; returns the day it begins, else NEVER."""
    total = onset_rates(rates, person.female, decile, age, onset, weights)
    drawn = uniform_of(streams.onset, person.number, keyed_day, number)
    if drawn >= -np.expm1(-total * length / DAYS_PER_YEAR):
        return NEVER
    which = chosen(weights, uniform_of(streams.which, person.number, keyed_day, number))
    within = uniform_of(streams.within, person.number, keyed_day, number)
    onset[which] = day + int(within * length)
    return int(onset[which])


@compiled
def _moves_in(
    rates: Rates, streams: Streams, person: int, age: int, dementia: bool, since: int,
    length: int, keyed_day: int, number: int,
) -> bool:  # fmt: skip
    """Whether somebody moves into a care home within some days."""
    rate = care_home_rate(rates, age, dementia, since) * length / DAYS_PER_YEAR
    return rate > 0.0 and uniform_of(streams.care_home, person, keyed_day, number) < rate


@compiled
def _grow_up(rates: Rates, streams: Streams, person: Person, onset: Days, weights: Floats) -> int:
    """Conditions and care home of somebody found alive at entry; returns the care-home day.

    Lives are drawn until one reaches its entry, so that the old have lost their sickest already.
    """
    care_home = NEVER
    for attempt in range(MOST_ATTEMPTS):
        onset[:] = NEVER
        care_home = NEVER
        alive = True
        for day in range(person.birth, person.entry, HALF_YEAR):
            number = attempt * KEYS_PER_ATTEMPT + (day - person.birth) // HALF_YEAR
            length = min(HALF_YEAR, person.entry - day)
            age = age_of(person.birth, day)
            _condition_begins(
                rates, streams, person, person.decile, age, onset, weights, day, length,
                CHILDHOOD, number,
            )  # fmt: skip
            dementia = onset[rates.dementia] < day
            if care_home == NEVER and _moves_in(
                rates, streams, person.number, age, dementia, 0, length, CHILDHOOD, number
            ):
                care_home = day + length // 2
            admission, _, death, fatality = rates_of(
                rates, person.female, person.decile, age, person.alone, care_home < day, onset, day
            )
            dying = (death + admission * fatality) * length / DAYS_PER_YEAR
            if uniform_of(streams.childhood, person.number, CHILDHOOD, number) < -np.expm1(-dying):
                alive = False
                break
        if alive:
            break
    return care_home


@compiled
def _stay(
    rates: Rates, streams: Streams, person: int, day: int, age: int, fatality: float
) -> tuple[int, bool]:
    """The last day of an admission, and whether it ends in death."""
    nights = nights_in_hospital(
        rates,
        age,
        uniform_of(streams.night, person, day, 0),
        uniform_of(streams.nights, person, day, 0),
        uniform_of(streams.nights, person, day, 1),
    )
    return day + nights, uniform_of(streams.fatal, person, day, 0) < fatality


@compiled
def _factor(programmes: Any, day: int) -> float:
    """What programmes multiply the rate of admission by on a day."""
    factor = 1.0
    for row in range(len(programmes[0])):
        if programmes[0][row] <= day < programmes[1][row]:
            factor *= programmes[2][row]
    return factor


@compiled
def _write(stays: Any, count: int, start: int, end: int, fatal: bool) -> int:
    """Write a stay where there is room; returns how many there are now."""
    if count < stays.shape[1]:
        stays[0, count], stays[1, count], stays[2, count] = start, end, fatal
    return count + 1


@compiled
def _decile(person: Person, day: int) -> int:
    return person.decile if day < person.moves else person.next_decile


@compiled
def _fortnight(
    rates: Rates, streams: Streams, person: Person, age: int, onset: Days, weights: Floats,
    day: int, since: int, care_home: int,
) -> tuple[int, int]:  # fmt: skip
    """Perhaps begin a condition, or move into a care home.

    Returns
    -------
    changed, care_home : int
        The first day on which the condition counts, and the care-home day.
    """
    begins = _condition_begins(
        rates, streams, person, _decile(person, day), age, onset, weights, day, STEP, day, 0
    )
    dementia = onset[rates.dementia] < day
    if care_home == NEVER and _moves_in(
        rates, streams, person.number, age, dementia, since, STEP, day, 0
    ):
        care_home = day
    return begins + 1, care_home


@compiled
def _base(
    rates: Rates, person: Person, age: int, care_home: int, onset: Days, day: int
) -> tuple[float, float, float, float]:
    """Rates of a person on a day, long out of hospital."""
    decile, home = _decile(person, day), care_home < day
    return rates_of(rates, person.female, decile, age, person.alone, home, onset, day)


@compiled
def live_person(  # noqa: C901 - one loop over days, in the order in which things happen
    rates: Rates, streams: Streams, person: Person, until: int, programmes: Any, onset: Days,
    weights: Floats, stays: Any, visits: Days,
) -> tuple[int, int, int, int]:  # fmt: skip
    """Let one person live until a day, from entry.

    Returns
    -------
    death, care_home, admitted, attended : int
        Day of death and of moving into a care home, else NEVER; how many admissions and attendances
        there were, of which as many were written as there was room for.
    """
    number, power, enrolled = person.number, person.multiplier**ATTENDANCE_POWER, len(programmes[0])
    care_home = _grow_up(rates, streams, person, onset, weights)
    discharged, excess, death_excess, admitted, attended = LONG_AGO, 0.0, 0.0, 0, 0
    changed, age, base = NEVER, 0, (0.0, 0.0, 0.0, 0.0)
    for day in range(person.entry, until + 1):
        step = (day - person.entry) % STEP == 0
        if step or day == changed:
            if step:
                age = age_of(person.birth, day)
                changed, care_home = _fortnight(
                    rates, streams, person, age, onset, weights, day, day - discharged, care_home
                )
            base = _base(rates, person, age, care_home, onset, day)
        if day <= discharged:
            continue
        season = day - rates.first_day
        rate = base[0] * (1.0 + excess) * rates.season[0, season] * person.multiplier
        if enrolled > 0:
            rate *= _factor(programmes, day)
        if _happens(streams.admission, number, day, rate):
            discharged, fatal = _stay(rates, streams, number, day, age, base[3])
            admitted = _write(stays, admitted, day, discharged, fatal)
            if fatal:
                return discharged, care_home, admitted, attended
            excess, death_excess = ADMISSION_EXCESS, DEATH_EXCESS
            continue
        if _happens(streams.attendance, number, day, base[1] * rates.season[1, season] * power):
            if attended < len(visits):
                visits[attended] = day
            attended += 1
        rate = base[2] * (1.0 + death_excess) * rates.season[2, season]
        if _happens(streams.death, number, day, rate):
            return day, care_home, admitted, attended
        excess *= ADMISSION_DECAY
        death_excess *= DEATH_DECAY
    return NEVER, care_home, admitted, attended
