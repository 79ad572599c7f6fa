"""What is asked of the simulator, refused before any work when it cannot be."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from riskstrat.errors import UsageError
from riskstrat.simulation.feeds.files import FORMATS
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.timeline import Days, Period, day_number
from riskstrat.study import LONGEST_DAYS

__all__ = ["FEWEST_PEOPLE", "LAST_DAY", "MOST_PEOPLE", "MOST_YEARS", "Plan", "shock_of"]

FEWEST_PEOPLE = 100
MOST_PEOPLE = 1_200_000
MOST_YEARS = 20
LAST_DAY = date(2024, 12, 31)
"""Every district is observed up to this day."""
_SHOCK_YEAR, _SHOCK_MONTH = 3, 3
"""A shock strikes on 1 March of the third year."""
_MOST_INTERACTIONS = 10.0
_MOST_WORKERS = 64


@dataclass(frozen=True)
class Plan:
    """Size, time and form of a district.

    Parameters
    ----------
    people, years : int
    setting : Setting
    truth_dates : tuple of date, optional
        Each 1 January of the period when not given.
    truth_people : int
    truth_history : int, optional
        Days of look-back of a further best achievable risk.
    file_format : str
    workers : int
    """

    people: int
    years: int = 6
    setting: Setting = field(default_factory=Setting)
    truth_dates: tuple[date, ...] | None = None
    truth_people: int = 50_000
    truth_history: int | None = None
    file_format: str = "parquet"
    workers: int = 2

    @property
    def first_day(self) -> date:
        """First day of the period."""
        return date(LAST_DAY.year - self.years + 1, 1, 1)

    @property
    def period(self) -> Period:
        """The days that are observed."""
        return Period.of(self.first_day, LAST_DAY)

    @property
    def truth_days(self) -> Days:
        """The days on which true risks are worked out, ascending."""
        if self.truth_dates is None:
            return np.array(self.period.year_starts())
        return np.unique(np.array([day_number(day) for day in self.truth_dates], np.int64))

    def require_possible(self) -> None:
        """Refuse what cannot be.

        Raises
        ------
        UsageError
            With everything that is wrong.
        """
        checks = [
            (
                _whole(self.people, FEWEST_PEOPLE, MOST_PEOPLE),
                f"{FEWEST_PEOPLE:,} to {MOST_PEOPLE:,} people, got {_told(self.people)}",
            ),
            (
                _whole(self.years, 1, MOST_YEARS),
                f"1 to {MOST_YEARS} years, got {_told(self.years)}",
            ),
            (
                _whole(self.truth_people, 0, MOST_PEOPLE),
                f"0 to {MOST_PEOPLE:,} people with true risks, got {_told(self.truth_people)}",
            ),
            (
                self.truth_history is None or _whole(self.truth_history, 1, LONGEST_DAYS),
                f"1 to {LONGEST_DAYS:,} days of look-back, got {_told(self.truth_history)}",
            ),
            (self.file_format in FORMATS, f"a file format, one of: {', '.join(FORMATS)}"),
            (_whole(self.workers, 1, _MOST_WORKERS), f"1 to {_MOST_WORKERS} workers"),
            (
                math.isfinite(self.setting.interactions)
                and 0 <= self.setting.interactions <= _MOST_INTERACTIONS,
                f"'interactions' from 0 to {_MOST_INTERACTIONS:g}",
            ),
        ]
        wrong = [said for is_possible, said in checks if not is_possible]
        if not wrong and (outside := self._outside()):
            wrong = [f"dates from {self.first_day} to the day after {LAST_DAY}, got {outside}"]
        if wrong:
            raise UsageError(f"expected {'; '.join(wrong)}.")

    def _outside(self) -> str:
        """Dates that the simulated lives do not cover."""
        last = self.period.last + 1
        shock = () if self.setting.shock is None else (self.setting.shock,)
        found = [
            day.isoformat()
            for day in (*(self.truth_dates or ()), *shock)
            if not self.period.first <= day_number(day) <= last
        ]
        return ", ".join(found)


def shock_of(years: int) -> date:
    """The first day of a shock year in a period of so many years.

    Raises
    ------
    UsageError
        When the period has no third year.
    """
    if years < _SHOCK_YEAR:
        raise UsageError(f"expected at least {_SHOCK_YEAR} years for a shock, got {years}.")
    return date(LAST_DAY.year - years + _SHOCK_YEAR, _SHOCK_MONTH, 1)


def _whole(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _told(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else type(value).__name__
