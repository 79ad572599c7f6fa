"""When things happen at the practice: on working days, and less often in a shock year."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block, Occurrences
from riskstrat.simulation.timeline import Days, Floats, Mask
from riskstrat.windows import days_between

__all__ = ["on_working_days", "recurring", "struck", "visits"]

_EPOCH = date(1970, 1, 1)
_SHOCK_DAYS = 365
_WEEK = 7
_SATURDAY = 5
_WEEKDAY_OF_DAY_0 = 3
"""Day 0 was a Thursday; Monday is 0."""


def struck(block: Block, day: Days) -> Mask:
    """Which days lie in the district's shock year; none when it has none."""
    if block.setting.shock is None:
        return np.zeros(len(day), dtype=bool)
    since = day - days_between(_EPOCH, block.setting.shock)
    found: Mask = (since >= 0) & (since < _SHOCK_DAYS)
    return found


def on_working_days(day: Days, drawn: Floats) -> Days:
    """The same days, or a working day of the next week for a Saturday or Sunday.

    Examples
    --------
    >>> on_working_days(np.array([1, 2, 3, 4]), np.array([0.0, 0.0, 0.99, 0.0]))  # from a Friday
    array([1, 4, 8, 4])
    """
    weekday = (day + _WEEKDAY_OF_DAY_0) % _WEEK
    wait = _WEEK - weekday + np.floor(drawn * _SATURDAY).astype(np.int64)
    return np.where(weekday >= _SATURDAY, day + wait, day)


def visits(block: Block, process: str, yearly_rate: Any, kept_in_shock: float = 1.0) -> Occurrences:
    """Visits that come at rates from month to month, on working days.

    Parameters
    ----------
    process : str
        Key of the random numbers.
    yearly_rate : array_like
        Broadcast to shape (people, months).
    kept_in_shock : float
        Share of the visits that take place although it is a shock year.
    """
    found = block.occurrences(process, yearly_rate)
    day = on_working_days(found.day, found.draws.uniform("working day"))
    away = struck(block, found.day) & ~found.draws.chance("comes all the same", kept_in_shock)
    seen = (day < block.stop[found.row]) & ~away
    return Occurrences(found.row, day, found.month, found.draws).keep(seen)


def recurring(
    first: Days, interval: Days, start: Days, stop: Days
) -> tuple[npt.NDArray[np.int64], Days]:
    """What recurs at fixed intervals: ``first``, ``first + interval``... in ``[start, stop)``.

    Returns
    -------
    tuple of ndarray
        Position of what recurs, and the day, ordered by both.

    Examples
    --------
    >>> recurring(np.array([0, 5]), np.array([10, 2]), np.array([1, 0]), np.array([31, 8]))
    (array([0, 0, 0, 1, 1]), array([10, 20, 30,  5,  7]))
    """
    begin = np.maximum(-((first - start) // interval), 0)
    end = -((first - stop) // interval)
    counts = np.maximum(end - begin, 0)
    which = np.repeat(np.arange(len(first)), counts)
    number = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    return which, first[which] + (begin[which] + number) * interval[which]
