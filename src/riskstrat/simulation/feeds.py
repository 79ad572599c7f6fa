"""The feeds of a district: which days each covers, and how late each tells what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskstrat.simulation.timeline import NEVER, Days, month_starts, months

__all__ = [
    "COMMUNITY",
    "COUNCIL",
    "EMERGENCY_CARE",
    "FEEDS",
    "GP",
    "GP_HISTORY_DAYS",
    "HOSPITAL",
    "REGISTER",
    "VOLUNTARY",
    "Feed",
]

GP_HISTORY_DAYS = 7305
"""The practice record reaches back twenty years: older diagnoses were entered when records became
electronic."""

_MONTHS_A_QUARTER = 3


@dataclass(frozen=True)
class Feed:
    """One feed.

    Parameters
    ----------
    name : str
    lag_days : int
        Shortest time from what happened to its record.
    spread_days : int
        Records arrive up to this much later, evenly spread.
    quarterly : bool
        Records arrive after the end of the calendar quarter, `lag_days` later.
    """

    name: str
    lag_days: int
    spread_days: int = 0
    quarterly: bool = False

    def recorded(self, rng: np.random.Generator, days: Days) -> Days:
        """When what happened on these days became known; NEVER stays NEVER."""
        happened = np.where(days == NEVER, 0, days)
        if self.quarterly:
            quarter = months(happened) // _MONTHS_A_QUARTER
            happened = month_starts((quarter + 1) * _MONTHS_A_QUARTER)
        late = rng.integers(0, self.spread_days + 1, len(days))
        return np.where(days == NEVER, NEVER, happened + self.lag_days + late)


HOSPITAL = Feed("hospital", 30, 30)
"""Inpatient and outpatient records: 30 to 60 days after discharge (SUS, one to two months)."""
EMERGENCY_CARE = Feed("hospital", 3, 7)
"""Emergency care data set: within days."""
GP = Feed("gp", 1)
REGISTER = Feed("gp", 5, 25)
"""Practice list: joining and leaving, told monthly."""
COMMUNITY = Feed("community", 15, 10)
COUNCIL = Feed("council", 21, 0, quarterly=True)
"""Client-level data of adult social care: each quarter."""
VOLUNTARY = Feed("voluntary", 20, 20)

FEEDS = ("hospital", "gp", "community", "council", "voluntary")
"""Names of the feeds in the manifest."""
