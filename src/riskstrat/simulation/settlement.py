"""People as they are found: those who lived through the years before the period.

Drawn by age alone, the old would be sicker than any real district's, who have lost their sickest
already; admissions and deaths would then fall from year to year. So everybody lives through some
years that nobody observes, under the same rates, and the survivors make the district.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from riskstrat.simulation.history import live
from riskstrat.simulation.households import no_households
from riskstrat.simulation.people import People, build_people
from riskstrat.simulation.timeline import NEVER, Period

__all__ = ["settle"]

_YEARS_BEFORE = 8
_DAYS_BEFORE = _YEARS_BEFORE * 364
"""Whole steps of 28 days."""
_STEP = 28
_MARGIN = 1.25
"""People drawn per person wanted; about one in eight does not survive the years before."""
_MARGIN_COUNT = 50


def settle(rng: np.random.Generator, count: int, period: Period) -> People:
    """Draw people, let the years before the period pass, and keep `count` survivors."""
    drawn = build_people(rng, int(count * _MARGIN) + _MARGIN_COUNT, period)
    before = Period(period.first - _DAYS_BEFORE, period.first - 1)
    young = replace(
        drawn,
        entry=np.maximum(drawn.birth, before.first),
        leave=np.full(len(drawn), NEVER),
    )
    history = live(rng, young, no_households(len(drawn)), before, step=_STEP)
    survivors = np.flatnonzero(history.death == NEVER)
    return drawn.take(survivors[:count])
