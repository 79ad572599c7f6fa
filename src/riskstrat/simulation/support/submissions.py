"""Submissions of monthly and quarterly feeds: which rows each tells, and what stands beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.columns import Choice, DaysOf, take_rows
from riskstrat.simulation.feeds.calendar import Calendar
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.timeline import Days, Mask, month_starts, months

__all__ = ["Told", "feed_rows", "submission_columns", "told_on", "told_periods"]

_FILE_TYPES = ("Primary", "Refresh")
_TABLES = 8
"""More than the tables that one submission has."""
_JANUARY_1970 = 838
"""Number of that month: months are numbered from April 1900 = 1 (NHS England, unique month id)."""


@dataclass(frozen=True)
class Told:
    """Rows of submissions.

    Parameters
    ----------
    calendar : Calendar
        When the feed tells.
    which : ndarray of int
        Position of what the row tells.
    day : ndarray of day numbers
        A day of the month or quarter that the row tells of.
    refreshed : ndarray of bool
        Stands in the refreshed submission.
    """

    calendar: Calendar
    which: npt.NDArray[np.int64]
    day: Days
    refreshed: Mask

    def __len__(self) -> int:
        return len(self.which)

    def take(self, rows: npt.NDArray[Any]) -> Told:
        """Some of the rows: a mask, or positions."""
        return Told(self.calendar, self.which[rows], self.day[rows], self.refreshed[rows])

    def and_refreshed(self, again: Mask) -> Told:
        """The same rows, and some of them again in the refreshed submission."""
        rows = np.concatenate([np.arange(len(self)), np.flatnonzero(again)])
        both = self.take(rows)
        return Told(self.calendar, both.which, both.day, np.arange(len(rows)) >= len(self))

    def submitted(self) -> Days:
        """Day of the submission."""
        later = self.calendar.refreshed(self.day)
        return np.where(self.refreshed, later, self.calendar.told(self.day))

    def number(self, table: int) -> npt.NDArray[np.int64]:
        """A number that tells rows of different months, submissions and tables apart."""
        return (months(self.day) * 2 + self.refreshed) * _TABLES + table


def told_periods(calendar: Calendar, first: Days, last: Days) -> Told:
    """A row for every month or quarter from that of the first to that of the last day."""
    low, high = (months(day) // calendar.months for day in (first, last))
    count = np.maximum(high - low + 1, 0)
    which = np.repeat(np.arange(len(first)), count)
    later = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    day = month_starts((low[which] + later) * calendar.months)
    return Told(calendar, which, day, np.zeros(len(which), bool))


def told_on(calendar: Calendar, day: Days) -> Told:
    """A row for each day, in the submission of its month or quarter."""
    return Told(calendar, np.arange(len(day)), day, np.zeros(len(day), bool))


def submission_columns(told: Told, provider: str) -> dict[str, Any]:
    """What stands beside every row: provider, submission, month, type, first, last, submitted."""
    month = months(told.day)
    unique, position = np.unique(month * 2 + told.refreshed, return_inverse=True)
    names = [f"{provider}{_month_id(number // 2)}{'PR'[number % 2]}" for number in unique.tolist()]
    return {
        "provider": provider,
        "submission": Choice(names, position),
        "month": Choice([_month_id(number // 2) for number in unique.tolist()], position),
        "type": Choice(_FILE_TYPES, told.refreshed.astype(np.int64)),
        "first": DaysOf(told.calendar.period_start(told.day)),
        "last": DaysOf(told.calendar.period_end(told.day)),
        "submitted": DaysOf(told.submitted()),
    }


def _month_id(month: int) -> str:
    return str(month + _JANUARY_1970)


def feed_rows(file: str, columns: Mapping[str, Any], draws: Draws, twice: float = 0.0) -> FeedRows:
    """Rows of a file, some of them told twice, word by word.

    Parameters
    ----------
    draws : Draws
        Random numbers of each row; their person is the one the row is about.
    twice : float
        Share of rows that stand in the file a second time.
    """
    order = draws.bits(f"order {file}")
    again = np.flatnonzero(draws.chance(f"twice {file}", twice))
    if not len(again):
        return FeedRows(file, columns, draws.person, order)
    rows = np.concatenate([np.arange(len(order)), again])
    order = np.concatenate([order, ~order[again]])
    taken = {name: take_rows(values, rows) for name, values in columns.items()}
    return FeedRows(file, taken, draws.person[rows], order)
