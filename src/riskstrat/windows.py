"""The only place with date arithmetic: half-open windows around an index date.

Lookback is ``[index - days, index)`` and prediction is ``[index + gap, index + gap + days)``. The
same two rules exist here for Python dates and as SQL fragments, so that no query writes its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = [
    "DAYS_PER_YEAR",
    "PredictionWindow",
    "add_days",
    "after_sql",
    "age_sql",
    "age_years",
    "before_sql",
    "days_between",
    "days_sql",
    "every",
    "lookback_sql",
    "minutes_later_sql",
    "prediction_sql",
    "submitted_sql",
]

DAYS_PER_YEAR = 365.25
"""Mean length of a year in days (Julian year), for describing spans; never for a window."""

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)?")
_EVERY = re.compile(r"(\d+)\s*(day|week|month|year)s?")


@dataclass(frozen=True)
class PredictionWindow:
    """The days after an index date in which an outcome counts.

    Parameters
    ----------
    days : int
        Length of the window in days.
    gap : int
        Days between the index date and the first day of the window.
    """

    days: int
    gap: int = 0

    def contains(self, index_date: date, day: date) -> bool:
        """Whether `day` lies in ``[index + gap, index + gap + days)``.

        Examples
        --------
        >>> window = PredictionWindow(days=365)
        >>> window.contains(date(2023, 1, 1), date(2023, 1, 1))
        True
        >>> window.contains(date(2023, 1, 1), date(2024, 1, 1))
        False
        """
        return self.gap <= days_between(index_date, day) < self.gap + self.days

    def end(self, index_date: date) -> date:
        """First day after the window."""
        return add_days(index_date, self.gap + self.days)


def add_days(day: date, days: int) -> date:
    """`day` moved by a number of days (negative: back)."""
    return day + timedelta(days=days)


def days_between(start: date, end: date) -> int:
    """Whole days from `start` to `end`; negative when `end` is earlier."""
    return (end - start).days


def age_years(birth_month: date, day: date) -> int:
    """Completed years at `day` of somebody born in the month that starts on `birth_month`.

    Examples
    --------
    >>> age_years(date(1940, 6, 1), date(2020, 5, 31))
    79
    >>> age_years(date(1940, 6, 1), date(2020, 6, 1))
    80
    """
    return day.year - birth_month.year - ((day.month, day.day) < (birth_month.month, 1))


def every(first: date, last: date, step: str) -> Iterator[date]:
    """Index dates from `first` to `last`, inclusive, `step` apart.

    Parameters
    ----------
    first, last : date
        First and last possible date.
    step : str
        A count and a unit: ``"7 days"``, ``"2 weeks"``, ``"1 month"``, ``"1 year"``.

    Raises
    ------
    ValueError
        When `step` is not of that form, or a monthly series starts after the 28th of a month.

    Examples
    --------
    >>> [day.isoformat() for day in every(date(2023, 11, 1), date(2024, 2, 1), "1 month")]
    ['2023-11-01', '2023-12-01', '2024-01-01', '2024-02-01']
    """
    match = _EVERY.fullmatch(step.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError("expected a step such as '7 days', '1 month' or '1 year'")
    count, unit = int(match[1]), match[2]
    if unit in {"month", "year"} and first.day > 28:  # noqa: PLR2004 - the shortest month
        raise ValueError("expected a first date on or before the 28th for monthly or yearly steps")
    day, number = first, 0
    while day <= last:
        yield day
        number += count
        day = _moved(first, number, unit)


def _moved(first: date, number: int, unit: str) -> date:
    if unit in {"day", "week"}:
        return add_days(first, number * (7 if unit == "week" else 1))
    months = first.month - 1 + number * (12 if unit == "year" else 1)
    return date(first.year + months // 12, months % 12 + 1, first.day)


def _column(name: str) -> str:
    if _COLUMN.fullmatch(name) is None:
        raise ValueError("expected a column name, optionally with a table alias")
    return name


def before_sql(column: str, index: str = "index_date") -> str:
    """SQL: `column` is before the index date.

    Examples
    --------
    >>> before_sql("e.event_date", "k.index_date")
    "date_diff('day', e.event_date, k.index_date) > 0"
    """
    return f"{days_sql(_column(column), _column(index))} > 0"


def days_sql(start: str, end: str) -> str:
    """SQL: whole days from one SQL expression to another; negative when `end` is earlier.

    Examples
    --------
    >>> days_sql("e.event_date", "e.index_date")
    "date_diff('day', e.event_date, e.index_date)"
    """
    return f"date_diff('day', {start}, {end})"


def lookback_sql(column: str, days: int, index: str = "index_date") -> str:
    """SQL: `column` lies in ``[index - days, index)``.

    Examples
    --------
    >>> lookback_sql("event_date", 90)
    "date_diff('day', event_date, index_date) between 1 and 90"
    """
    return f"{days_sql(_column(column), _column(index))} between 1 and {int(days)}"


def prediction_sql(column: str, window: PredictionWindow, index: str = "index_date") -> str:
    """SQL: `column` lies in ``[index + gap, index + gap + days)``.

    Examples
    --------
    >>> prediction_sql("start_date", PredictionWindow(days=365))
    "date_diff('day', index_date, start_date) between 0 and 364"
    """
    last = window.gap + window.days - 1
    elapsed = days_sql(_column(index), _column(column))
    return f"{elapsed} between {window.gap} and {last}"


def after_sql(column: str, days: int) -> str:
    """SQL: the date a number of days after `column` (negative: before).

    Examples
    --------
    >>> after_sql("s.end_date", 1)
    's.end_date + 1'
    """
    return f"{_column(column)} {'-' if days < 0 else '+'} {abs(int(days))}"


def age_sql(birth_month: str = "birth_month", day: str = "index_date") -> str:
    """SQL: completed years at `day`, the same rule as :func:`age_years`.

    ``birth_month`` is the first of a month, so a birthday has passed once that month has begun.
    """
    b, d = _column(birth_month), _column(day)
    months = f"(year({d}) - year({b})) * 12 + month({d}) - month({b})"
    return f"cast(floor(({months}) / 12.0) as integer)"


_PERIOD_ENDS = {
    "daily": "{day}",
    "monthly": "last_day({day})",
    "quarterly": "last_day(cast(date_trunc('quarter', {day}) as date) + 89)",
}
"""SQL of the last day of the period in which something is told. The first day of a quarter and 89
days is always in its last month (quarters have 90 to 92 days). DuckDB's functions: only linking
uses them."""


def submitted_sql(day: str, told: str, lag_days: int) -> str:
    """SQL: when what happened on `day` is submitted: so many days after its day, month or quarter.

    Parameters
    ----------
    day : str
        SQL of a date.
    told : str
        ``daily``, ``monthly`` or ``quarterly``.
    lag_days : int

    Examples
    --------
    >>> submitted_sql("end_date", "monthly", 20)
    'last_day(end_date) + 20'
    """
    return f"{_PERIOD_ENDS[told].format(day=day)} + {int(lag_days)}"


def minutes_later_sql(day: str, time: str, minutes: str) -> str:
    """SQL: the day on which it is so many minutes after a time of day; null if one is not known.

    DuckDB's functions: only linking uses them.

    Parameters
    ----------
    day, time, minutes : str
        Columns with a date, a time of day and a whole number.

    Examples
    --------
    >>> minutes_later_sql("arrival_date", "start_time", "minutes")
    'cast(arrival_date + start_time + to_minutes(minutes) as date)'
    """
    moment = f"{_column(day)} + {_column(time)}"
    return f"cast({moment} + to_minutes({_column(minutes)}) as date)"
