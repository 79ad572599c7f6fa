"""When each feed tells what happened: fixed days, so that what is known on a day is certain.

Nothing that follows a hospital stay is told before the stay itself: community, council and
voluntary feeds arrive later than the hospital's for the same month. So what is known of a person on
an index date is exactly what these calendars say, and the best achievable risk can be worked out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskstrat.simulation.timeline import NEVER, Days, month_starts, months

__all__ = [
    "COMMUNITY",
    "COUNCIL",
    "EMERGENCY_CARE",
    "GP",
    "HOSPITAL",
    "HOUSING",
    "MENTAL_HEALTH",
    "NATIONAL_REGISTER",
    "VOLUNTARY",
    "Calendar",
]


@dataclass(frozen=True)
class Calendar:
    """The days on which one feed is submitted.

    Parameters
    ----------
    feed : str
        Name of the feed, which is the ``source`` of its rows.
    lag_days : int
        Days from what happened to its record; after the end of the month or quarter if it is told
        by month or quarter.
    months : int
        0 = told day by day, 1 = month by month, 3 = quarter by quarter.
    refresh_months : int
        A second, corrected submission comes so many months after the first; 0 = none.
    history_days : int
        How far the feed reaches back before the period.
    """

    feed: str
    lag_days: int
    months: int = 0
    refresh_months: int = 0
    history_days: int = 0

    def told(self, days: Days) -> Days:
        """The day on which what happened on these days is first told; NEVER stays NEVER."""
        return self._told(days, 0)

    def refreshed(self, days: Days) -> Days:
        """The day of the second submission."""
        return self._told(days, self.refresh_months)

    def period_start(self, days: Days) -> Days:
        """First day of the month or quarter that the submission tells of; daily: the day."""
        happened = np.where(days == NEVER, 0, days)
        if not self.months:
            return happened
        return month_starts(months(happened) // self.months * self.months)

    def period_end(self, days: Days) -> Days:
        """Last day of the month or quarter that the submission tells of; daily: the day."""
        happened = np.where(days == NEVER, 0, days)
        if not self.months:
            return happened
        return month_starts((months(happened) // self.months + 1) * self.months) - 1

    def _told(self, days: Days, later: int) -> Days:
        happened = np.where(days == NEVER, 0, days)
        if self.months:
            number = (months(happened) // self.months + 1) * self.months + later
            happened = month_starts(number) - 1
        return np.where(days == NEVER, NEVER, happened + self.lag_days)


HOSPITAL = Calendar("hospital", 20, months=1, refresh_months=1)
"""Inpatient and outpatient records (SUS): the 20th of the next month, corrected a month later."""
EMERGENCY_CARE = Calendar("hospital", 2)
"""Emergency care data set: daily."""
GP = Calendar("gp", 1, history_days=7305)
"""Practice record and practice list: daily. They reach back twenty years: older diagnoses were
entered when records became electronic."""
NATIONAL_REGISTER = Calendar("national_register", 1)
"""NHS numbers that were merged: daily."""
COMMUNITY = Calendar("community", 25, months=1, refresh_months=1)
MENTAL_HEALTH = Calendar("mental_health", 25, months=1, refresh_months=1)
COUNCIL = Calendar("council", 28, months=3)
"""Client-level data of adult social care: each quarter."""
HOUSING = Calendar("housing", 28, months=1)
VOLUNTARY = Calendar("voluntary", 28, months=1)
