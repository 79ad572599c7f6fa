"""The year after an index date, on one path: the probability of an admission and of death first.

No path draws the outcome: it draws the conditions to come and adds up probabilities.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from riskstrat.compiled import compiled
from riskstrat.simulation.keyed import uniform_of
from riskstrat.simulation.lives.rates import Rates
from riskstrat.simulation.lives.rules import (
    ADMISSION_DECAY,
    DAYS_PER_YEAR,
    DEATH_DECAY,
    STEP,
    age_of,
    care_home_rate,
    chosen,
    onset_rates,
    rates_of,
)
from riskstrat.simulation.timeline import NEVER, Days, Floats
from riskstrat.simulation.truth.record import factor_on

__all__ = ["KEYS_PER_DAY", "Draw", "State", "ahead"]

WINDOW = 365
"""Days after the index date in which an admission counts."""
WEEK = 7
LITTLE = 0.02
"""Excess after a discharge that still changes enough from week to week to be followed."""
NOTHING_LEFT = 1e-4
"""Excess that changes a risk by less than any test could tell."""
KEYS_PER_DAY = 1024
"""Random numbers of one person and day that one index date may use: more than it has paths."""
NEW_CONDITION_DAYS = 28
"""Days after the index date in which at most one condition begins."""
NOTHING_BEGINS, AT_ONCE, NEXT_TIME = 0, 1, 2


class Draw(NamedTuple):
    """Random numbers of one path: streams, and the key that tells paths apart."""

    hidden: np.uint64
    nights: np.uint64
    onset: np.uint64
    which: np.uint64
    person: int
    index_date: int
    path: int


class State(NamedTuple):
    """Where somebody is: the last day in hospital, and the excess that is left since."""

    discharged: int
    admission_excess: float
    death_excess: float
    fatality: float


@compiled
def ahead(
    rates: Rates, person: Any, onset: Days, programmes: Any, index: int, state: State,
    multiplier: float, draw: Draw, seasons: Floats, weights: Floats,
) -> tuple[float, float]:  # fmt: skip
    """Probability of an admission before death, and of death first, in the year ahead.

    Parameters
    ----------
    onset : ndarray of int
        Onsets known on the index date; receives those that this path draws.
    seasons : ndarray of float, shape (3, days + 1)
        Running sums of the daily season factors.
    """
    birth, _, female, decile, alone, moves, next_decile, care_home = person
    home = decile if index < moves else next_decile
    start, alive, admitted, died = index, 1.0, 0.0, 0.0
    excess, death_excess = state.admission_excess, state.death_excess
    if state.discharged >= index:
        start, alive, died = state.discharged + 1, 1.0 - state.fatality, state.fatality
    base, falling_ill, before, waits = (0.0, 0.0, 0.0, 0.0), 0.0, -1, False
    for begin in range(start, index + WINDOW, NEW_CONDITION_DAYS):
        age = age_of(birth, begin)
        if age != before:
            falling_ill = onset_rates(rates, female, home, age, onset, weights)
        begins = _condition_begins(falling_ill, begin, draw)
        if begins != NOTHING_BEGINS:
            _begin_one(rates.onset[female, home - 1, age], onset, begin, begins, draw, weights)
        moved = False
        if care_home == NEVER and rates.care_home[age] > 0.0:
            moved = _moves_in(rates, age, onset, begin, state.discharged, draw)
        if begins != NOTHING_BEGINS or waits or moved or age != before:
            care_home = begin - 1 if moved else care_home
            base = rates_of(rates, female, home, age, alone, care_home < begin, onset, begin)
            falling_ill = onset_rates(rates, female, home, age, onset, weights)
        before, waits = age, begins == NEXT_TIME
        stop = min(begin + NEW_CONDITION_DAYS, index + WINDOW)
        factor = multiplier * factor_on(programmes, begin, index)
        first, dead, excess, death_excess = _weeks(
            seasons, base, factor, begin - rates.first_day, stop - begin, excess, death_excess
        )
        admitted += alive * first
        died += alive * dead
        alive *= 1.0 - first - dead
    return admitted, died


@compiled
def _weeks(
    seasons: Floats, base: Any, factor: float, season: int, days: int, excess: float,
    death_excess: float,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Probability of an admission and of death first on some days, and what excess is left.

    Taken week by week while the excess after a discharge falls, else all at once.
    """
    admitted = died = 0.0
    alive = 1.0
    last = season + days
    while season < last:
        length = min(WEEK if excess > LITTLE else NEW_CONDITION_DAYS, last - season)
        lapse = (length - 1) / 2.0
        risk = base[0] * factor * (seasons[0, season + length] - seasons[0, season])
        dying = base[2] * (seasons[2, season + length] - seasons[2, season])
        if excess > NOTHING_LEFT:
            risk *= 1.0 + excess * ADMISSION_DECAY**lapse
            dying *= 1.0 + death_excess * DEATH_DECAY**lapse
            excess *= ADMISSION_DECAY**length
            death_excess *= DEATH_DECAY**length
        ends = alive * -np.expm1(-risk - dying)
        admitted += ends * risk / (risk + dying)
        died += ends * dying / (risk + dying)
        alive -= ends
        season += length
    return admitted, died, excess, death_excess


@compiled
def _condition_begins(total: float, day: int, draw: Draw) -> int:
    """Whether a condition begins in the four weeks from a day on, as often as in two fortnights.

    Returns
    -------
    int
        :data:`NOTHING_BEGINS`; else it counts at once or from the next time on, half of each, so
        that on average it counts from the middle of the four weeks, as it would.
    """
    fortnights = NEW_CONDITION_DAYS / STEP
    begins = min(fortnights * -np.expm1(-total * STEP / DAYS_PER_YEAR), 1.0)
    drawn = uniform_of(draw.onset, draw.person, day, draw.path + draw.index_date * KEYS_PER_DAY)
    if drawn >= begins:
        return NOTHING_BEGINS
    return AT_ONCE if drawn < begins / 2 else NEXT_TIME


@compiled
def _begin_one(
    table: Floats, onset: Days, day: int, begins: int, draw: Draw, weights: Floats
) -> None:
    """Begin one of the conditions that a person has not got."""
    for condition in range(len(weights)):
        weights[condition] = table[condition] if onset[condition] == NEVER else 0.0
    share = uniform_of(draw.which, draw.person, day, draw.path + draw.index_date * KEYS_PER_DAY)
    onset[chosen(weights, share)] = day - 1 if begins == AT_ONCE else day


@compiled
def _moves_in(rates: Rates, age: int, onset: Days, day: int, discharged: int, draw: Draw) -> bool:
    """Whether somebody moves into a care home in the four weeks from a day on."""
    moving = care_home_rate(rates, age, onset[rates.dementia] < day, day - discharged)
    number = draw.path + draw.index_date * KEYS_PER_DAY
    drawn = uniform_of(draw.which, draw.person, -day, number)
    return drawn < moving * NEW_CONDITION_DAYS / DAYS_PER_YEAR
