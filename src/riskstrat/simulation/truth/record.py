"""One person's record as it is told on an index date, day by day before it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from riskstrat.compiled import compiled
from riskstrat.simulation.lives.rates import Rates
from riskstrat.simulation.lives.rules import STEP, age_of, rates_of
from riskstrat.simulation.timeline import NEVER, Days, Floats

__all__ = [
    "NOTHING",
    "ON_ARRIVAL",
    "TOLD",
    "Daily",
    "Known",
    "Told",
    "daily_rates",
    "factor_on",
    "known_onsets",
    "told_days",
]

NOTHING, TOLD, ON_ARRIVAL = 0, 1, 2
"""What is known of an admission on a day: none; the whole stay; only that it began, because the
emergency department told of it and the ward has not yet."""


class Known(NamedTuple):
    """What feeds have told by an index date, as days.

    Parameters
    ----------
    index_date : int
        The index date.
    untold : int
        First day of the first month whose hospital stays are not told: a stay is known if it ended
        before.
    arrivals : int
        First day whose attendances at emergency departments are not told.
    conditions : int
        First day whose diagnoses are not told.
    since : int
        First day of the look-back: of what happened before, only diagnoses are known, and that the
        person survived it.
    """

    index_date: int
    untold: int
    arrivals: int
    conditions: int
    since: int


class Daily(NamedTuple):
    """Rates of one person on every day from entry to the index date, one element per day.

    Daily rates with multiplier 1 of somebody long out of hospital; fatality of an admission; age.
    """

    admission: Floats
    attendance: Floats
    death: Floats
    fatality: Floats
    age: Days


class Told(NamedTuple):
    """What was told of one person's every day from entry to the index date.

    ``admitted`` is :data:`NOTHING`, :data:`TOLD` or :data:`ON_ARRIVAL`; ``end`` the last day of a
    stay that is told; ``attended`` whether an attendance without admission is told.
    """

    admitted: Days
    end: Days
    attended: Days


@compiled
def factor_on(programmes: Any, day: int, known: int) -> float:
    """What programmes that a person had entered by a day `known` multiply the rate by on a day."""
    factor = 1.0
    for row in range(len(programmes[0])):
        if programmes[0][row] <= day < programmes[1][row] and programmes[0][row] <= known:
            factor *= programmes[2][row]
    return factor


@compiled
def known_onsets(onset: Days, conditions: int) -> Days:
    """The onsets that are known when diagnoses before a day are told."""
    found = onset.copy()
    for condition in range(len(onset)):
        if onset[condition] >= conditions:
            found[condition] = NEVER
    return found


@compiled
def _next_change(onset: Days, day: int) -> int:
    """The first day after `day` on which a diagnosis begins to count."""
    found = NEVER
    for condition in range(len(onset)):
        if day < onset[condition] + 1 < found:
            found = onset[condition] + 1
    return found


@compiled
def daily_rates(rates: Rates, person: Any, onset: Days, programmes: Any, index: int) -> Daily:
    """Rates of one person on every day from entry to the index date.

    Parameters
    ----------
    person : tuple
        birth, entry, female, decile, alone, moves, next_decile, care_home.
    """
    birth, entry, female, decile, alone, moves, next_decile, care_home = person
    admission, attendance, death, fatality = np.empty((4, index - entry))
    age = np.empty(index - entry, np.int64)
    next_step = changed = entry
    now = 0
    base = (0.0, 0.0, 0.0, 0.0)
    for day in range(entry, index):
        if day in (next_step, changed):
            if day == next_step:
                next_step = day + STEP
                now = age_of(birth, day)
            home = decile if day < moves else next_decile
            base = rates_of(rates, female, home, now, alone, care_home < day, onset, day)
            changed = _next_change(onset, day)
        season, here = day - rates.first_day, day - entry
        factor = factor_on(programmes, day, index)
        admission[here] = base[0] * rates.season[0, season] * factor
        attendance[here] = base[1] * rates.season[1, season]
        death[here] = base[2] * rates.season[2, season]
        fatality[here] = base[3]
        age[here] = now
    return Daily(admission, attendance, death, fatality, age)


@compiled
def told_days(record: Any, entry: int, known: Known) -> Told:
    """What of one person's stays and attendances was told by the index date.

    Parameters
    ----------
    record : tuple
        Start, end and way in (1 = through the emergency department) of every admission, and days
        of attendances; what had not been told is passed over.
    """
    starts, ends, through, attendances = record
    admitted, end, attended = np.zeros((3, known.index_date - entry), np.int64)
    for stay in range(len(starts)):
        if starts[stay] >= known.index_date:
            break
        here = starts[stay] - entry
        if ends[stay] < known.untold:
            admitted[here] = TOLD
            end[here] = ends[stay]
        elif through[stay] == 1 and starts[stay] < known.arrivals:
            admitted[here] = ON_ARRIVAL
    for visit in range(len(attendances)):
        if attendances[visit] < known.arrivals:
            attended[attendances[visit] - entry] = 1
    return Told(admitted, end, attended)
