"""Put facts into the order in which rules are applied, without sorting what is in order already.

The facts of a row are counted into their kinds. Records are kept by person and day, so those of a
kind mostly come from the earliest to the latest: they are put down from the back, and only what
then is out of order is moved. Facts that come in any order give the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskstrat.compiled import compiled
from riskstrat.features.packing import DAY_BITS, FACT_BITS, FACT_MASK, Ints, Keys, Reals, Valued

__all__ = ["SortedFacts"]

_GAPS = (301, 132, 57, 23, 10, 4, 1)
"""Gaps of a sort by insertion that is quick for long runs in any order too (Ciura M, Best
increments for the average case of Shellsort, FCT 2001)."""

_MOVES_PER_FACT = 8
"""Facts that are further out of order than this are sorted from scratch."""


@dataclass(frozen=True)
class SortedFacts:
    """Facts in the order in which rules are applied: by row, kind, and then the latest first.

    Parameters
    ----------
    plain : ndarray of int64
        Packed facts without an amount.
    valued : ndarray of int64
        Packed facts with an amount: of several on a day the latest first, then the highest.
    amounts : ndarray of float64
    """

    plain: Keys
    valued: Keys
    amounts: Reals

    @classmethod
    def of(cls, plain: Keys, valued: Valued, rows: int) -> SortedFacts:
        """Sort facts.

        Parameters
        ----------
        plain : ndarray of int64
            Packed facts without an amount by row, in any order within it; sorted in place.
        valued : tuple of ndarray
            Packed facts with an amount, in any order.
        rows : int
            Number of rows of the matrix.
        """
        kinds = 1 + max(_highest_kind(plain), _highest_kind(valued[0]))
        _order_plain(plain, kinds)
        order = _by_row(valued[0], rows)
        _order_valued(*valued, kinds, order)
        return cls(plain, valued[0][order], valued[1][order])


@compiled
def _highest_kind(keys: Keys) -> int:
    highest = 0
    for key in keys:
        highest = max(highest, (key >> DAY_BITS) & FACT_MASK)
    return highest


@compiled
def _by_row(keys: Keys, rows: int) -> Ints:
    """Places of facts by row, as they came within a row."""
    ends = np.zeros(rows + 1, np.int64)
    for key in keys:
        ends[(key >> (DAY_BITS + FACT_BITS)) + 1] += 1
    ends = np.cumsum(ends)
    order = np.empty(len(keys), np.int32)
    for place in range(len(keys)):
        row = keys[place] >> (DAY_BITS + FACT_BITS)
        order[ends[row]] = place
        ends[row] += 1
    return order


@compiled
def _order_plain(keys: Keys, kinds: int) -> None:
    """Sort packed facts that stand by row, in place."""
    counts, found = np.zeros(kinds, np.int32), np.empty(kinds, np.int32)
    held = np.empty(0, np.int64)
    start, total = 0, len(keys)
    while start < total:
        row, end, number = keys[start] >> (DAY_BITS + FACT_BITS), start, 0
        while end < total and keys[end] >> (DAY_BITS + FACT_BITS) == row:
            number = _count(keys[end], counts, found, number)
            end += 1
        if end - start > len(held):
            held = np.empty(2 * (end - start), np.int64)
        held[: end - start] = keys[start:end]
        _sum_up(counts, found, number)
        for i in range(end - start):
            kind = (held[i] >> DAY_BITS) & FACT_MASK
            counts[kind] -= 1
            keys[start + counts[kind]] = held[i]
        for i in range(number):
            counts[found[i]] = 0
        _insert(keys, start, end)
        start = end


@compiled
def _order_valued(keys: Keys, amounts: Reals, minutes: Ints, kinds: int, order: Ints) -> None:
    """Sort places of facts that stand by row, in place."""
    counts, found = np.zeros(kinds, np.int32), np.empty(kinds, np.int32)
    held = np.empty(0, np.int32)
    start, total = 0, len(keys)
    while start < total:
        row, end, number = keys[order[start]] >> (DAY_BITS + FACT_BITS), start, 0
        while end < total and keys[order[end]] >> (DAY_BITS + FACT_BITS) == row:
            number = _count(keys[order[end]], counts, found, number)
            end += 1
        if end - start > len(held):
            held = np.empty(2 * (end - start), np.int32)
        held[: end - start] = order[start:end]
        _sum_up(counts, found, number)
        for i in range(end - start):
            kind = (keys[held[i]] >> DAY_BITS) & FACT_MASK
            counts[kind] -= 1
            order[start + counts[kind]] = held[i]
        for i in range(number):
            counts[found[i]] = 0
        _insert_places(order, start, end, keys, amounts, minutes)
        start = end


@compiled
def _count(key: int, counts: Ints, found: Ints, number: int) -> int:
    """Count a fact into its kind; how many kinds were found so far."""
    kind = (key >> DAY_BITS) & FACT_MASK
    if counts[kind] == 0:
        found[number] = kind
        number += 1
    counts[kind] += 1
    return number


@compiled
def _sum_up(counts: Ints, found: Ints, number: int) -> None:
    """Put the kinds in order and turn the count of each into where its facts end."""
    found[:number].sort()
    end = 0
    for i in range(number):
        end += counts[found[i]]
        counts[found[i]] = end


@compiled
def _insert(keys: Keys, start: int, end: int) -> None:
    """Sort what is nearly in order."""
    moves = _MOVES_PER_FACT * (end - start)
    for i in range(start + 1, end):
        key, at = keys[i], i
        while at > start and keys[at - 1] > key:
            keys[at] = keys[at - 1]
            at -= 1
        keys[at] = key
        moves -= i - at
        if moves < 0:
            keys[start:end].sort()
            return


@compiled
def _insert_places(  # noqa: PLR0913 - a row, and what its facts are compared by
    order: Ints, start: int, end: int, keys: Keys, amounts: Reals, minutes: Ints
) -> None:
    """Sort the places of the facts of a row."""
    for gap in _GAPS:
        for i in range(start + gap, end):
            place, at = order[i], i
            while at - gap >= start and _is_before(place, order[at - gap], keys, amounts, minutes):
                order[at] = order[at - gap]
                at -= gap
            order[at] = place


@compiled
def _is_before(one: int, other: int, keys: Keys, amounts: Reals, minutes: Ints) -> bool:
    if keys[one] != keys[other]:
        return bool(keys[one] < keys[other])
    if minutes[one] != minutes[other]:
        return bool(minutes[one] > minutes[other])
    return bool(amounts[one] > amounts[other])
