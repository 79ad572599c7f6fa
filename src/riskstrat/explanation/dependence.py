"""How a feature's contribution goes with its own value, and with what else: bins, never a person.

A contribution is a function of all features. Seen over many people it divides into what goes with
the feature's own value and a rest that goes with the others: the mark of an interaction. What is
drawn stands for groups of at least :data:`FEWEST_IN_BIN` different people: no figure is one
person's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "FEWEST_IN_BIN",
    "Bins",
    "Partner",
    "ValueGroup",
    "cells",
    "dependence",
    "explained_share",
    "find_partner",
    "value_bins",
]

FEWEST_IN_BIN = 20
"""Different people a bin has at least [judgement]: its quartiles then lie between several people,
and it is above every rule of small numbers in use."""

DRAWN_CUTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Shares of rows at which drawn bins begin [judgement]: tenths, and the upper tail where the risk
is; more labels cannot be read side by side."""

OWN_CUTS = tuple(cut / 64 for cut in range(1, 64))
"""The same for own values when the rest is measured [judgement]: with fewer, steps of the trees
within one group would count as an interaction."""

PARTNER_CUTS = (0.25, 0.5, 0.75)
"""The same for each of two features when a partner is sought."""

MISSING = -1

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Bins:
    """Rows by value.

    Parameters
    ----------
    of : ndarray of intp, shape (n,)
        Bin of each row; -1 where the value is missing.
    lower, upper : tuple of float or None
        Least and greatest value of each bin; None at the open ends, where it would be one person's.
    """

    of: Ints
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]


@dataclass(frozen=True)
class ValueGroup:
    """The contributions of the rows of one bin.

    Parameters
    ----------
    lower, upper : float or None
        Of the values; both None for rows without a value.
    is_missing : bool
    rows, people : int
    mean, low, high : float
        Mean and quartiles of the contributions, log-odds.
    """

    lower: float | None
    upper: float | None
    is_missing: bool
    rows: int
    people: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Partner:
    """The feature that goes most with the rest of another's contribution.

    Parameters
    ----------
    column : int
    share : float
        Share of the variance of the rest, 0 to 1, adjusted for the number of groups.
    """

    column: int
    share: float


def value_bins(values: npt.NDArray[np.float32], patient: Ints) -> Bins:
    """Bins of values, each of at least :data:`FEWEST_IN_BIN` different people.

    Each value is a bin where they are few; otherwise bins begin at :data:`DRAWN_CUTS`. Bins of too
    few people are joined with the next higher one, the last with the one before it.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
        NaN for missing.
    patient : ndarray of intp, shape (n,)
        Number of the person of each row.

    Returns
    -------
    Bins
        No bin when all known values together are of too few people.
    """
    first = cells(values, DRAWN_CUTS)
    joined = np.full(len(values), MISSING, dtype=np.intp)
    number, waiting = 0, np.zeros(len(values), dtype=bool)
    for cell in range(first.max(initial=MISSING) + 1):
        waiting |= first == cell
        joined[first == cell] = number
        if len(np.unique(patient[waiting])) >= FEWEST_IN_BIN:
            number, waiting = number + 1, np.zeros(len(values), dtype=bool)
    if waiting.any():
        joined[waiting] = number - 1  # MISSING when there is no bin before it
    ranges = [_range(values[joined == place]) for place in range(number)]
    lower = tuple(
        low if low == high or place > 0 else None for place, (low, high) in enumerate(ranges)
    )
    upper = tuple(
        high if low == high or place < number - 1 else None
        for place, (low, high) in enumerate(ranges)
    )
    return Bins(joined, lower, upper)


def _range(values: npt.NDArray[np.float32]) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def cells(values: npt.NDArray[np.float32], cuts: Sequence[float]) -> Ints:
    """Each row's group of values: every value where they are few, else groups between the cuts.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
    cuts : sequence of float
        Shares of the known rows, rising, at which a new group begins.

    Returns
    -------
    ndarray of intp, shape (n,)
        From 0, in the order of the values; -1 where the value is missing.

    Examples
    --------
    >>> cells(np.array([3, 1, np.nan, 2, 4], dtype=np.float32), [0.5])
    array([ 1,  0, -1,  0,  1])
    """
    is_known = ~np.isnan(values)
    of = np.full(len(values), MISSING, dtype=np.intp)
    known = np.sort(values[is_known])
    if not known.size:
        return of
    begins = np.unique(known)
    if len(begins) > len(cuts) + 1:
        ranks = np.floor(np.asarray(cuts) * len(known)).astype(np.intp)
        begins = np.unique(known[[0, *ranks]])
    of[is_known] = np.searchsorted(begins, values[is_known], side="right") - 1
    return of


def dependence(
    values: npt.NDArray[np.float32], contributions: Floats, patient: Ints
) -> list[ValueGroup]:
    """Mean and quartiles of one feature's contributions by its own value.

    Parameters
    ----------
    values : ndarray of float32, shape (n,)
    contributions : ndarray of float64, shape (n,)
        Of the same feature, log-odds.
    patient : ndarray of intp, shape (n,)

    Returns
    -------
    list of ValueGroup
        In the order of the values; rows without a value last, where they are of enough people.
    """
    bins = value_bins(values, patient)
    groups = [
        _group(bins.of == place, contributions, patient, between)
        for place, between in enumerate(zip(bins.lower, bins.upper, strict=True))
    ]
    unknown = np.isnan(values)
    if len(np.unique(patient[unknown])) >= FEWEST_IN_BIN:
        groups.append(_group(unknown, contributions, patient, (None, None), is_missing=True))
    return groups


def _group(
    rows: npt.NDArray[np.bool_],
    contributions: Floats,
    patient: Ints,
    between: tuple[float | None, float | None],
    *,
    is_missing: bool = False,
) -> ValueGroup:
    found = contributions[rows]
    low, high = np.percentile(found, [25, 75])
    return ValueGroup(
        *between,
        is_missing,
        rows=int(rows.sum()),
        people=len(np.unique(patient[rows])),
        mean=float(found.mean()),
        low=float(low),
        high=float(high),
    )


def explained_share(amounts: Floats, of: Ints) -> tuple[float, Floats]:
    """How much of the variance of amounts goes with the group of a row, and what is left.

    Parameters
    ----------
    amounts : ndarray of float64, shape (n,)
    of : ndarray of intp, shape (n,)
        Group of each row, -1 for one of its own.

    Returns
    -------
    share : float
        Variance between the groups over all variance; 1 when nothing varies.
    rest : ndarray of float64, shape (n,)
        Each amount minus the mean of its group.
    """
    counts = np.bincount(of + 1)
    means = np.bincount(of + 1, weights=amounts) / np.maximum(counts, 1)
    rest = amounts - means[of + 1]
    total = float(np.square(amounts - amounts.mean()).sum())
    share = 1.0 - float(np.square(rest).sum()) / total if total > 0 else 1.0
    return share, rest


def find_partner(rest: Floats, own: Ints, others: Sequence[Ints]) -> Partner | None:
    """The feature that goes most with what a contribution has beside its own value.

    For each other feature rows are grouped by own value and by the other's value together; its
    share is the part of the variance of the rest between these groups (R squared, adjusted for
    their number). Features that go together can stand for one another: the partner is the best of
    them, no proof that the trees use that one.

    Parameters
    ----------
    rest : ndarray of float64, shape (n,)
        As :func:`explained_share` leaves it.
    own : ndarray of intp, shape (n,)
        :func:`cells` of the feature's own value.
    others : sequence of ndarray of intp, shape (n,)
        :func:`cells` of every other feature.

    Returns
    -------
    Partner or None
        None when no other feature goes with the rest.
    """
    total = float(np.square(rest).sum())
    if not others or total <= 0:
        return None
    shares = [_adjusted_share(rest, own, other, total) for other in others]
    best = int(np.argmax(shares))
    return Partner(best, shares[best]) if shares[best] > 0 else None


def _adjusted_share(rest: Floats, own: Ints, other: Ints, total: float) -> float:
    both = (own + 1) * (other.max() + 2) + other + 1
    counts = np.bincount(both)
    sums = np.bincount(both, weights=rest)
    is_used = counts > 0
    between = float(np.sum(sums[is_used] ** 2 / counts[is_used]))
    spare = len(rest) - int(is_used.sum())
    return 1.0 - (1.0 - between / total) * (len(rest) - 1) / spare if spare > 0 else 0.0
