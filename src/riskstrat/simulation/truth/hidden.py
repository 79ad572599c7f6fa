"""Paths of what the record does not say before the index date: stays that were not told.

A path has a value of the multiplier, drawn from what the record says about it, and stays that may
have begun without having been told. Its weight is how well it agrees with what was told.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from riskstrat.compiled import compiled
from riskstrat.simulation.keyed import uniform_of
from riskstrat.simulation.lives.rules import (
    ADMISSION_DECAY,
    ADMISSION_EXCESS,
    ATTENDANCE_POWER,
    DEATH_DECAY,
    DEATH_EXCESS,
    LONG_AGO,
    MOST_NIGHTS,
)
from riskstrat.simulation.timeline import Floats
from riskstrat.simulation.truth.ahead import KEYS_PER_DAY, Draw, State
from riskstrat.simulation.truth.record import NOTHING, ON_ARRIVAL, TOLD, Daily, Known, Told

__all__ = [
    "IMPOSSIBLE",
    "Common",
    "common_path",
    "could_hide",
    "fatal_exposure",
    "first_hidden",
    "nights_left",
    "walk",
]

IMPOSSIBLE = -1e9
"""Log weight of a path that does not agree with the record."""


class Common(NamedTuple):
    """The path on which nothing happened but what was told, up to the day `until`.

    Parameters
    ----------
    until : int
        First day on which every path goes its own way.
    state : State
        On that day.
    rate : ndarray of float
        Daily rate of admission with multiplier 1, one element per day from entry; 0 in hospital.
    hidden : ndarray of float
        The part of it that could not have been told if it had happened; ``most_hidden`` is its sum.
    death : ndarray of float
        Daily rate of death outside hospital.
    exposure, attendance_exposure : float
        Sums of rates over the days without an event, less what could have happened untold.
    event_rates, attendance_rates : ndarray of float
        The rates on days with an event.
    """

    until: int
    state: State
    rate: Floats
    hidden: Floats
    death: Floats
    most_hidden: float
    exposure: float
    attendance_exposure: float
    event_rates: Floats
    attendance_rates: Floats


@compiled
def could_hide(untold_share: float, lasts: Floats, age: int, day: int, known: Known) -> float:
    """Probability that an admission on a day would not have been told by the index date."""
    if day >= known.arrivals:
        return 1.0
    longest = known.untold - day
    if longest > MOST_NIGHTS:
        return 0.0
    return untold_share * (lasts[age, longest] if longest > 0 else 1.0)


@compiled
def fatal_exposure(daily: Daily, days: int) -> float:
    """Sum of the rates, with multiplier 1, of admissions that would have ended in death.

    What somebody survived says a little of the multiplier even when no stay is known: an admission
    is fatal in hospital, or by the excess of deaths after discharge.
    """
    found = 0.0
    for day in range(days):
        later = daily.death[day] * DEATH_EXCESS / (1.0 - DEATH_DECAY)
        fatal = daily.fatality[day] + (1.0 - daily.fatality[day]) * min(later, 1.0)
        found += daily.admission[day] * fatal
    return found


@compiled
def common_path(
    daily: Daily, told: Told, entry: int, known: Known, lasts: Floats, untold_share: float
) -> Common:
    """Go along what was told of one person, until paths begin to differ.

    Parameters
    ----------
    lasts : ndarray of float, shape (ages, nights)
        Probability that a stay lasts at least so many nights.
    untold_share : float
        Share of admissions that the emergency department does not tell of.
    """
    start, until = max(entry, known.since), max(entry, known.arrivals)
    rate, hidden, death = np.zeros((3, known.index_date - entry))
    events = np.empty(int((told.admitted == TOLD).sum()))
    visits = np.empty(int(told.attended.sum()))
    event = visit = 0
    exposure, attendance_exposure = fatal_exposure(daily, start - entry), 0.0
    discharged, excess, death_excess = LONG_AGO, 0.0, 0.0
    for day in range(start, until):
        here = day - entry
        if told.admitted[here] == ON_ARRIVAL:
            until = day
            break
        if day <= discharged:
            continue
        now = daily.admission[here] * (1.0 + excess)
        if told.admitted[here] == TOLD:
            events[event] = now
            event += 1
            discharged, excess, death_excess = told.end[here], ADMISSION_EXCESS, DEATH_EXCESS
            continue
        rate[here] = now
        death[here] = daily.death[here] * (1.0 + death_excess)
        hidden[here] = now * could_hide(untold_share, lasts, daily.age[here], day, known)
        exposure += now - hidden[here]
        if told.attended[here]:
            visits[visit] = daily.attendance[here]
            visit += 1
        else:
            attendance_exposure += daily.attendance[here]
        excess *= ADMISSION_DECAY
        death_excess *= DEATH_DECAY
    state = State(discharged, excess, death_excess, 0.0)
    return Common(
        until, state, rate, hidden, death, hidden.sum(), exposure, attendance_exposure,
        events[:event],
        visits[:visit],
    )  # fmt: skip


@compiled
def first_hidden(common: Common, multiplier: float, share: float) -> int:
    """Position of the first day with a stay that was not told; -1 if there is none."""
    left = -np.log(share) / multiplier
    if left >= common.most_hidden:
        return -1
    for here in range(len(common.hidden)):
        left -= common.hidden[here]
        if left < 0.0:
            return here
    return -1


@compiled
def _taken_back(
    common: Common, daily: Daily, told: Told, here: int, until: int, multiplier: float
) -> float:
    """Minus the log probability of the common path from a position on."""
    found = 0.0
    power = multiplier**ATTENDANCE_POWER
    for day in range(here, until):
        if common.rate[day] > 0.0:
            found += multiplier * (common.rate[day] - common.hidden[day]) + common.death[day]
            if told.attended[day]:
                found -= np.log(-np.expm1(-power * daily.attendance[day]))
            else:
                found += power * daily.attendance[day]
    return found


@compiled
def nights_left(lasts: Floats, age: int, at_least: int, share: float) -> int:
    """Nights of a stay that is known to last at least so many."""
    target = share * lasts[age, max(at_least, 0)]
    nights = max(at_least, 0)
    while nights < MOST_NIGHTS and lasts[age, nights + 1] > target:
        nights += 1
    return nights


@compiled
def walk(
    daily: Daily, told: Told, common: Common, entry: int, known: Known, lasts: Floats,
    untold_share: float, multiplier: float, draw: Draw,
) -> tuple[State, float]:  # fmt: skip
    """One path from where it leaves the common one to the index date, and its log weight."""
    first = first_hidden(
        common, multiplier, uniform_of(draw.hidden, draw.person, draw.index_date, draw.path)
    )
    state, weight, start = common.state, 0.0, common.until
    if first >= 0:
        if told.attended[first]:
            return state, IMPOSSIBLE
        start = entry + first
        weight = _taken_back(common, daily, told, first, common.until - entry, multiplier)
        state = _hidden_stay(daily, first, start, known, lasts, draw)
        start += 1
    for day in range(start, known.index_date):
        state, likely = _day_of_path(
            daily, told, day - entry, day, state, known, lasts, untold_share, multiplier, draw
        )
        weight += likely
        if weight <= IMPOSSIBLE:
            break
    if state.discharged < known.index_date:
        weight += np.log(1.0 - state.fatality)
        state = State(state.discharged, state.admission_excess, state.death_excess, 0.0)
    return state, weight


@compiled
def _hidden_stay(
    daily: Daily, here: int, day: int, known: Known, lasts: Floats, draw: Draw
) -> State:
    share = uniform_of(draw.nights, draw.person, day, draw.path + draw.index_date * KEYS_PER_DAY)
    at_least = known.untold - day
    end = day + nights_left(lasts, daily.age[here], at_least, share)
    return State(end, ADMISSION_EXCESS, DEATH_EXCESS, daily.fatality[here])


@compiled
def _day_of_path(
    daily: Daily, told: Told, here: int, day: int, state: State, known: Known, lasts: Floats,
    untold_share: float, multiplier: float, draw: Draw,
) -> tuple[State, float]:  # fmt: skip
    """One day of a path: the state after it, and the log probability of what was told of it."""
    admitted, attended = told.admitted[here], told.attended[here]
    if day <= state.discharged:
        seen = admitted != NOTHING or attended
        return state, IMPOSSIBLE if seen else 0.0
    likely = np.log(1.0 - state.fatality)
    none = np.exp(-multiplier * daily.admission[here] * (1.0 + state.admission_excess))
    if admitted == TOLD:
        stay = State(told.end[here], ADMISSION_EXCESS, DEATH_EXCESS, 0.0)
        return stay, likely + np.log(1.0 - none)
    if admitted == ON_ARRIVAL:
        stay = _hidden_stay(daily, here, day, known, lasts, draw)
        return stay, likely + np.log(1.0 - none)
    hides = (1.0 - none) * could_hide(untold_share, lasts, daily.age[here], day, known)
    if not attended:
        total = none + hides
        share = uniform_of(
            draw.hidden, draw.person, day, draw.path + draw.index_date * KEYS_PER_DAY
        )
        likely += np.log(total)
        if share * total < hides:
            return _hidden_stay(daily, here, day, known, lasts, draw), likely
    else:
        likely += np.log(none)
    if day < known.arrivals:
        visiting = multiplier**ATTENDANCE_POWER * daily.attendance[here]
        likely += np.log(-np.expm1(-visiting)) if attended else -visiting
    likely -= daily.death[here] * (1.0 + state.death_excess)
    excess = state.admission_excess * ADMISSION_DECAY
    return State(state.discharged, excess, state.death_excess * DEATH_DECAY, 0.0), likely
