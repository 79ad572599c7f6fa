"""What people tell of themselves: smoking, alcohol, language, marriage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from riskstrat.simulation.block import Block, Occurrences
from riskstrat.simulation.practice.entries import Entries, noted
from riskstrat.simulation.practice.seen import Seen
from riskstrat.simulation.practice.visits import visits
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask, ages
from riskstrat.windows import DAYS_PER_YEAR

__all__ = ["lifestyle"]

_ADULT = 18
_MOST_COUNTED = 4
_NOTED_IN_SHOCK = 0.6
_SMOKING_NOTED = (0.18, 0.13)
_ALCOHOL_NOTED = (0.11, 0.07)
"""Notes a year of an adult without conditions, and added per condition (at most four)."""

_DECILES = (1, 10)
_EVER_SMOKED = (0.58, 0.38)
"""In the most and the least deprived decile (Annual Population Survey, rounded)."""
_STARTED_AGES = (15, 23)
_SMOKED_YEARS = (34.0, 15.0)
"""Mean years until smokers stop, in the most and the least deprived decile."""
_SMOKED_WITH_COPD = 0.85
"""Share of those said never to have smoked who, once they have COPD, are said to have."""

_DRINKS = 0.80
_LOG_UNITS = (1.7, 0.9)
"""Mean and spread of the logarithm of units a week of those who drink (Health Survey for England
2019, rounded)."""
_MOST_UNITS = 35.0
_MISUSED_UNITS = (75.0, 15.0)
"""Mean and spread of units a week with alcohol misuse; without it there are at most those above."""

_SPEAKS_ENGLISH = 0.95
_MARRYING_AGE = 27
_MARRIED = 0.62


def lifestyle(block: Block) -> Iterator[Entries]:
    """Smoking and alcohol from time to time, and what is asked at registration."""
    smoking = visits(block, "gp smoking", _rate(block, _SMOKING_NOTED), _NOTED_IN_SHOCK)
    yield from _smoking(Seen(block, smoking))
    drinking = visits(block, "gp alcohol", _rate(block, _ALCOHOL_NOTED), _NOTED_IN_SHOCK)
    yield from _drinking(Seen(block, drinking))
    yield from _registration(block)


def _rate(block: Block, noted_a_year: tuple[float, float]) -> Floats:
    alone, more = noted_a_year
    rate = alone + more * np.minimum(block.count, _MOST_COUNTED)
    return np.where(block.age >= _ADULT, rate, 0.0)


def _smoking(seen: Seen) -> Iterator[Entries]:
    row, day = seen.visit.row, seen.visit.day
    started, stopped, blamed = (part[row] for part in _smokers(seen.block))
    smokes = (day >= started) & (day < stopped)
    smoked = (day >= stopped) | (seen.has("copd") & blamed & (day < started))
    for name, told in (
        ("smoker", smokes),
        ("ex_smoker", smoked),
        ("never_smoked", ~smokes & ~smoked),
    ):
        visit = seen.visit.keep(told)
        yield noted(name, visit.row, visit.day, visit.draws)


def _smokers(block: Block) -> tuple[Days, Days, Mask]:
    """Days on which people begin and stop to smoke, and who is said to have smoked with COPD."""
    draws = block.draws("gp smoker", np.arange(len(block.people)))
    decile = block.people.decile
    ever = draws.chance("ever", np.interp(decile, _DECILES, _EVER_SMOKED))
    age = draws.integers("started", *_STARTED_AGES)
    years = draws.exponential("smoked", np.interp(decile, _DECILES, _SMOKED_YEARS))
    started = np.where(ever, block.people.birth + _days(age), NEVER)
    stopped = np.where(ever, started + _days(years), NEVER)
    return started, stopped, draws.chance("with copd", _SMOKED_WITH_COPD)


def _days(years: Any) -> Days:
    days: Days = np.floor(years * DAYS_PER_YEAR).astype(np.int64)
    return days


def _drinking(seen: Seen) -> Iterator[Entries]:
    misuses = seen.has("alcohol")
    draws = seen.block.draws("gp drinker", np.arange(len(seen.block.people)))
    drinks = draws.chance("drinks", _DRINKS)[seen.visit.row] | misuses
    none = seen.visit.keep(~drinks)
    yield noted("non_drinker", none.row, none.day, none.draws)
    some = seen.visit.keep(drinks)
    yield noted("alcohol_units", some.row, some.day, some.draws, _units(seen.keep(drinks)))


def _units(seen: Seen) -> Floats:
    level, noise = seen.level("alcohol"), seen.noise("alcohol")
    mean, spread = _LOG_UNITS
    usual = np.clip(np.exp(mean + spread * (0.9 * level + 0.4 * noise)), 1, _MOST_UNITS)
    mean, spread = _MISUSED_UNITS
    misused = np.maximum(mean + spread * (0.8 * level + 0.6 * noise), _MOST_UNITS)
    value: Floats = np.where(seen.has("alcohol"), misused, usual)
    return value


def _registration(block: Block) -> Iterator[Entries]:
    """What new patients are asked, on the day they register; people born here are not."""
    everybody = np.arange(len(block.people))
    day = block.people.registered
    asked = Occurrences(everybody, day, everybody, block.draws("gp registration", everybody))
    yield from _smoking(Seen(block, asked.keep(_aged(block, _ADULT))))
    married = asked.draws.chance("married", _MARRIED) & _aged(block, _MARRYING_AGE)
    single = _aged(block, _ADULT) & ~_aged(block, _MARRYING_AGE)
    english = asked.draws.chance("english", _SPEAKS_ENGLISH) & (day > block.people.birth)
    for name, told in (("married", married), ("single", single), ("english_spoken", english)):
        new = asked.keep(told)
        yield noted(name, new.row, new.day, new.draws)


def _aged(block: Block, age: int) -> Mask:
    """Who had reached an age on registering."""
    found: Mask = ages(block.people.birth, block.people.registered) >= age
    return found
