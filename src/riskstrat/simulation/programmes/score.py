"""The risk that a service could work out from what it had been told: the score of programmes.

The multiplier of the rate of admission has a Gamma distribution on entry. Admissions are Poisson
given the rate, so what was told of a person makes it Gamma again, with as many admissions more and
as much hazard more, and the risk of the year ahead has a closed form.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riskstrat.compiled import compiled
from riskstrat.simulation.block import Block
from riskstrat.simulation.feeds.calendar import HOSPITAL
from riskstrat.simulation.lives.rates import Rates
from riskstrat.simulation.lives.rules import (
    ADMISSION_DECAY,
    ADMISSION_EXCESS,
    DAYS_PER_YEAR,
    LONG_AGO,
    STEP,
    age_of,
    rates_of,
)
from riskstrat.simulation.people.people import GRID, prior
from riskstrat.simulation.timeline import Days, Floats, ages

__all__ = ["risks", "told_until"]

_WINDOW_DAYS = 365
_LONGEST_LAG_DAYS = 92
"""Hospital records are told sooner than so many days after the discharge."""


def told_until(day: int) -> int:
    """First day whose discharges after emergency admission had not all been told before `day`."""
    before = np.arange(day - _LONGEST_LAG_DAYS, day)
    return int(before[HOSPITAL.told(before) >= day][0])


def risks(block: Block, rates: Rates, days: Days) -> Floats:
    """Risk of emergency admission within a year, given what had been told before each day.

    The conditions begun before the day count as they stand; no further one is foreseen. The
    attendances that the emergency care feed tells sooner are not used.

    Parameters
    ----------
    block : Block
    rates : Rates
    days : ndarray of day numbers, ascending

    Returns
    -------
    ndarray of float, shape (people, days)
        From 0 to 1; of no meaning where the person is not there on the day.
    """
    until = np.array([told_until(int(day)) for day in days])
    people, admissions = block.people, block.lives.admissions
    first = np.searchsorted(admissions.row, np.arange(len(people) + 1))
    whole = np.stack(
        [
            people.birth,
            people.entry,
            people.female.astype(np.int64),
            people.decile,
            people.alone.astype(np.int64),
            people.moves,
            people.next_decile,
            block.lives.care_home,
        ],
        axis=1,
    )
    found = np.zeros((4, len(people), len(days)))
    stays = (first, admissions.start, admissions.end)
    _follow(rates, whole, block.lives.onset, stays, (days, until), found)
    shape, rate = _gamma(ages(people.birth, people.entry))
    count, past, ahead, _ = found
    rate_now = rate[:, None] + past
    risk: Floats = 1 - (rate_now / (rate_now + ahead)) ** (shape[:, None] + count)
    return risk


def _gamma(age: Floats) -> tuple[Floats, Floats]:
    """Shape and rate of the Gamma with the mean and variance of the multiplier at an age."""
    weights = prior()[age.astype(np.int64)]
    mean = weights @ GRID
    variance = weights @ GRID**2 - mean**2
    return mean**2 / variance, mean / variance


@compiled
def _follow(  # noqa: PLR0913 - a compiled loop takes arrays, not objects
    rates: Rates, people: Any, onsets: Any, stays: Any, when: Any, found: Any
) -> None:
    """Into `found`: told admissions, their hazard, the hazard ahead, the last told discharge.

    A stay is told with its discharge: until then its days look like days at home (`untold`).
    """
    days, until = when
    first, starts, ends = stays
    for row in range(len(people)):
        entry = people[row, 1]
        stay, discharged, before = first[row], LONG_AGO, LONG_AGO
        hazard, excess, rate = 0.0, 0.0, 0.0
        untold, untold_excess = 0.0, 0.0
        told = np.searchsorted(until, entry, side="right")
        scored = np.searchsorted(days, entry)
        found[3, row, :told] = LONG_AGO
        for day in range(entry, days[-1] + 1):
            while told < len(days) and until[told] <= day:
                inside = discharged >= until[told]
                found[0, row, told] = stay - first[row] - int(inside)
                found[1, row, told] = untold if inside else hazard
                found[3, row, told] = before if inside else discharged
                told += 1
            if scored < len(days) and days[scored] == day:
                ahead = _years_ahead(day - found[3, row, scored])
                found[2, row, scored] = _rate(rates, people[row], onsets[row], day) * ahead
                scored += 1
            if (day - entry) % STEP == 0:
                rate = _rate(rates, people[row], onsets[row], day)
            daily = rate * rates.season[0, day - rates.first_day]
            if day > discharged:
                hazard += daily * (1.0 + excess)
                excess *= ADMISSION_DECAY
            else:
                untold += daily * (1.0 + untold_excess)
                untold_excess *= ADMISSION_DECAY
            if stay < first[row + 1] and starts[stay] == day:
                before, untold, untold_excess = discharged, hazard, excess
                discharged, excess = ends[stay], ADMISSION_EXCESS
                stay += 1


@compiled
def _rate(rates: Rates, person: Any, onset: Any, day: int) -> float:
    """Rate of emergency admission a year on a day, long out of hospital, with multiplier 1."""
    birth, _, female, decile, alone, moves, next_decile, care_home = person
    home = decile if day < moves else next_decile
    age = age_of(birth, day)
    rate: float = rates_of(rates, female, home, age, alone, care_home < day, onset, day)[0]
    return rate


@compiled
def _years_ahead(since_discharge: float) -> float:
    """A year, and what the excess after the last discharge adds to it."""
    left: float = ADMISSION_EXCESS * ADMISSION_DECAY ** max(since_discharge, 0.0)
    years: float = (_WINDOW_DAYS + left / (1.0 - ADMISSION_DECAY)) / DAYS_PER_YEAR
    return years
