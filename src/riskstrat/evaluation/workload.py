"""What a list of a given length holds: people listed, admissions found, people missed.

A list is made for each index date apart, as in use: the people with the highest score, ties broken
by pseudonym. 'Found' means people with at least one admission in the window before death; it is
never multiplied by a cost, because people with a high risk have several admissions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.errors import UsageError
from riskstrat.evaluation.intervals import (
    LEVEL,
    NOWHERE,
    Estimate,
    cluster_variance,
    normal_interval,
    proportion,
)
from riskstrat.evaluation.observed import Floats, Observed

__all__ = ["Missed", "Workload", "capacity_words", "listed", "missed", "workload"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Missed:
    """Share of the people admitted who are not on the list (false-negative rate).

    Parameters
    ----------
    observed : Estimate
        Seen in follow-up.
    expected : float
        What the risks themselves imply: sum of risk below the cut over sum of risk. NaN for a
        score that is not a risk. A group of low risk is missed more often by any list.
    difference : Estimate
        Observed minus expected: only this speaks against the model.
    """

    observed: Estimate
    expected: float
    difference: Estimate


@dataclass(frozen=True)
class Workload:
    """One list length.

    Parameters
    ----------
    lists : int
        Index dates, each with its own list.
    rows, people : int
        Entries on the lists, and different people among them.
    events : int
        Entries with the outcome seen, unweighted.
    found : float
        Estimated people listed with at least one admission (entries times `ppv`).
    expected : float
        The same as the risks expect; NaN for a score that is not a risk.
    ppv : Estimate
        Share of the people listed who were admitted.
    sensitivity : Estimate
        Share of all people admitted who were listed.
    reviewed_per_found : float
        People reviewed for each person found (1 / `ppv`); infinite when nobody was found.
    cut : float
        Lowest score on any of the lists.
    missed : Missed
    """

    lists: int
    rows: int
    people: int
    events: int
    found: float
    expected: float
    ppv: Estimate
    sensitivity: Estimate
    reviewed_per_found: float
    cut: float
    missed: Missed


def capacity_words(capacity: float) -> str:
    """How a list length is written.

    Examples
    --------
    >>> capacity_words(0.005), capacity_words(40)
    ('highest 0.5%', 'highest 40')
    """
    return f"highest {capacity * 100:g}%" if capacity < 1 else f"highest {capacity:,.0f}"


def listed(score: npt.ArrayLike, keys: pd.DataFrame, capacity: float, *, pooled: bool) -> Mask:
    """Who is on the list of each index date.

    Parameters
    ----------
    score : array-like, shape (n,)
        Highest first; a missing score (NaN) comes last.
    keys : DataFrame
        ``patient_id`` and ``index_date`` of each row.
    capacity : float
        Below 1 a share of the people at that index date (rounded, at least one person); from 1 on
        a number of people per list.
    pooled : bool
        One list over all rows: for an event study, where every row has its own index date.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    UsageError
        When the capacity is not positive.
    """
    if not capacity > 0:
        raise UsageError("expected a positive capacity: a share below 1, or a number of people.")
    values = np.asarray(score, dtype=np.float64)
    values = np.where(np.isnan(values), -np.inf, values)
    tie = pd.factorize(keys["patient_id"], sort=True)[0]
    dates = keys["index_date"].to_numpy("M8[s]").astype(np.int64)
    group = np.zeros(len(values), dtype=np.int64) if pooled else dates
    order = np.lexsort((dates, tie, -values, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=group[order][:1] - 1))
    sizes = np.diff(np.append(starts, len(order)))
    lengths = _lengths(sizes, capacity)
    position = np.arange(len(order)) - np.repeat(starts, sizes)
    chosen = np.zeros(len(order), dtype=bool)
    chosen[order] = position < np.repeat(lengths, sizes)
    return chosen


def _lengths(sizes: npt.NDArray[np.intp], capacity: float) -> npt.NDArray[np.int64]:
    if capacity >= 1:
        return np.minimum(sizes, int(capacity))
    return np.asarray(np.maximum(np.floor(sizes * capacity + 0.5), 1), dtype=np.int64)


def workload(
    observed: Observed, score: npt.ArrayLike, chosen: Mask, *, is_risk: bool, lists: int = 1
) -> Workload:
    """Judge one list length.

    Parameters
    ----------
    observed : Observed
        n rows.
    score : array-like, shape (n,)
    chosen : ndarray of bool, shape (n,)
        From :func:`listed`.
    is_risk : bool
        Whether the score is a probability, so that an expectation exists.
    lists : int
        Number of lists `chosen` holds.
    """
    values = np.asarray(score, dtype=np.float64)
    on_list = observed.take(chosen)
    share = proportion(on_list)
    rows = int(chosen.sum())
    mean_risk = _mean(values[chosen], on_list.weight) if is_risk else NOWHERE
    missing = missed(observed, values if is_risk else None, chosen)
    return Workload(
        lists=lists,
        rows=rows,
        people=on_list.people,
        events=on_list.events,
        found=rows * share.value,
        expected=rows * mean_risk,
        ppv=share,
        sensitivity=_complement(missing.observed),
        reviewed_per_found=1 / share.value if share.value > 0 else float("inf"),
        cut=float(np.nanmin(values[chosen])) if np.isfinite(values[chosen]).any() else NOWHERE,
        missed=missing,
    )


def missed(observed: Observed, risk: Floats | None, chosen: Mask, level: float = LEVEL) -> Missed:
    """False-negative rate, beside the one the risks themselves imply.

    Parameters
    ----------
    observed : Observed
        n rows: everybody, or one subgroup.
    risk : ndarray, shape (n,), or None
        Calibrated risks; None when the list was made from something else.
    chosen : ndarray of bool, shape (n,)
        Who is on the list of everybody.
    level : float
        Level of the intervals.
    """
    admitted = observed.event > 0
    among = observed.take(admitted & (observed.weight > 0))
    left_out = ~chosen[admitted & (observed.weight > 0)]
    seen = proportion(among.with_event(left_out), level)
    if risk is None or np.isnan(seen.value):
        return Missed(seen, NOWHERE, Estimate(NOWHERE))
    off = (~chosen).astype(np.float64)
    expected = _mean(off, observed.weight * risk)
    actual = observed.weight * observed.event
    implied = observed.weight * risk
    influence = actual * (off - seen.value) / actual.sum()
    influence -= implied * (off - expected) / implied.sum()
    variance = cluster_variance(influence, observed.patient)
    return Missed(seen, expected, normal_interval(seen.value - expected, variance, level))


def _mean(values: Floats, weights: Floats) -> float:
    total = weights.sum()
    return float(weights @ values / total) if total > 0 else NOWHERE


def _complement(share: Estimate) -> Estimate:
    return Estimate(1 - share.value, 1 - share.high, 1 - share.low)
