"""Where a monthly rate steps up or down and stays there: medians, so that one odd month is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["FACTOR", "WINDOW_MONTHS", "Step", "find_steps"]

WINDOW_MONTHS = 6
"""Months on either side of a step whose medians are compared."""

FACTOR = 2.0
"""A rate that changes by more than this factor has stepped."""

CLEAR_OF_CHANCE = 6.0
"""Difference of the sums of two halves in standard errors of a Poisson count, from which it is no
chance. Thousands of series are looked at in every month, and rows of one person come in clusters;
at 3 some would be found in any district (judgement)."""

_PSEUDO_ROWS = 1.0
"""Added to both medians of a month, so that a rate may begin at, or fall to, nothing."""

Rates = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """A lasting change of one series.

    Parameters
    ----------
    series : int
        Number of the series.
    month : int
        Number of the first month after the step.
    before, after : float
        Median monthly count on either side, at the usual number of registered people.
    """

    series: int
    month: int
    before: float
    after: float


def find_steps(
    counts: Rates,
    people: Rates,
    *,
    others: Rates | None = None,
    fewest: float,
    margin: int = WINDOW_MONTHS,
) -> list[Step]:
    """The clearest step of each series that has one.

    Parameters
    ----------
    counts : ndarray of shape (n_series, n_months)
        What happened in each month.
    people : ndarray of shape (n_months,)
        How many people it could happen to; above 0.
    others : ndarray of shape (n_series, n_months), optional
        Monthly rate per person elsewhere. A step counts only if it is one beside these as well,
        so that seasons and what happens everywhere are none.
    fewest : float
        Monthly count that the larger side must reach.
    margin : int
        Months there must be on either side.

    Returns
    -------
    list of Step
        In the order of the series.

    Examples
    --------
    >>> counts = np.array([[40.0] * 8 + [100.0] * 8, [40.0] * 16])
    >>> find_steps(counts, np.full(16, 1000.0), fewest=20)
    [Step(series=0, month=8, before=40.0, after=100.0)]
    """
    months = counts.shape[1]
    splits = np.arange(margin, months - margin + 1)
    if len(counts) == 0 or len(splits) == 0:
        return []
    usual = float(np.median(people))
    own = counts * (usual / people)
    before, after = _halves(own, splits)
    change = _log_change(before, after)
    lasting = _lasting(own, splits)
    elsewhere = _log_change(*_halves(others * usual, splits)) if others is not None else 0.0
    always = _lasting(others * usual, splits) if others is not None else 0.0
    clear = _errors_apart(own, splits, elsewhere)
    smallest = np.min(
        [_towards(change, x) for x in (change, lasting, change - elsewhere, lasting - always)],
        axis=0,
    )
    is_step = (
        (smallest > np.log(FACTOR))
        & (np.maximum(before, after) >= fewest)
        & (clear >= CLEAR_OF_CHANCE)
    )
    best = np.where(is_step, clear, -1.0).argmax(axis=1)
    return [
        Step(int(i), int(splits[best[i]]), float(before[i, best[i]]), float(after[i, best[i]]))
        for i in np.flatnonzero(is_step.any(axis=1))
    ]


def _halves(rates: Rates, splits: npt.NDArray[np.int64]) -> tuple[Rates, Rates]:
    """Median of the months before and after each split, as many as a window has."""
    medians = np.median(sliding_window_view(rates, WINDOW_MONTHS, axis=1), axis=2)
    return medians[:, splits - WINDOW_MONTHS], medians[:, splits]


def _log_change(before: Rates, after: Rates) -> Rates:
    change: Rates = np.log((after + _PSEUDO_ROWS) / (before + _PSEUDO_ROWS))
    return change


def _lasting(rates: Rates, splits: npt.NDArray[np.int64]) -> Rates:
    """Change of the median of every month before each split to that of every month after."""
    before = [np.median(rates[:, :split], axis=1) for split in splits]
    after = [np.median(rates[:, split:], axis=1) for split in splits]
    return _log_change(np.stack(before, axis=1), np.stack(after, axis=1))


def _errors_apart(rates: Rates, splits: npt.NDArray[np.int64], elsewhere: Rates | float) -> Rates:
    """Difference of the sums of two windows, in standard errors, beside the change elsewhere."""
    sums = sliding_window_view(rates, WINDOW_MONTHS, axis=1).sum(axis=2)
    before, after = sums[:, splits - WINDOW_MONTHS] * np.exp(elsewhere), sums[:, splits]
    apart: Rates = np.abs(after - before) / np.sqrt(np.maximum(after + before, 1.0))
    return apart


def _towards(change: Rates, other: Rates) -> Rates:
    """`other` as far as it goes the same way as `change`."""
    return np.sign(change) * other
