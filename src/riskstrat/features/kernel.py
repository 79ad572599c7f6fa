"""From facts to values: compiled loops over sorted facts, one pass for every rule and window.

A fact is (row, fact, day): something of a kind that was known of the person of a matrix row, that
many days before the index date; some have an amount. Facts are packed into one integer each and
sorted, so that those of a row and kind stand together, the latest first. Sorting also makes every
sum run in one order, so that the same facts give the same bits on every engine and any number of
threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from riskstrat.compiled import compiled
from riskstrat.features.ordering import SortedFacts
from riskstrat.features.packing import (
    DAY_BITS,
    DAY_MASK,
    FACT_BITS,
    FACT_MASK,
    FactDays,
    Ints,
    Keys,
    Reals,
    Values,
)

__all__ = ["How", "Rules", "apply_facts"]

_LATEST_TOLD = 32_767
"""The days to a fact are kept in two bytes; a fact older than 89 years reads as this old."""

_DAYS_PER_YEAR = 365.25


class How(IntEnum):
    """How the facts of a kind within a window become a value; see :mod:`riskstrat.features.rules`.

    The numbers are used by the compiled loops.
    """

    COUNT = 0
    DAYS = 1
    ANY = 2
    SINCE = 3
    FIRST = 4
    LONGEST = 5
    POINTS = 6
    CHANGE = 7
    VALUE = 8
    LATEST = 9
    LOWEST = 10
    HIGHEST = 11
    TOTAL = 12
    SLOPE = 13
    FALL = 14
    NIGHTS = 15


_COUNT, _DAYS, _ANY, _SINCE = int(How.COUNT), int(How.DAYS), int(How.ANY), int(How.SINCE)
_FIRST, _LONGEST, _POINTS = int(How.FIRST), int(How.LONGEST), int(How.POINTS)
_CHANGE, _VALUE, _LATEST = int(How.CHANGE), int(How.VALUE), int(How.LATEST)
_LOWEST, _HIGHEST, _TOTAL = int(How.LOWEST), int(How.HIGHEST), int(How.TOTAL)
_SLOPE, _FALL, _NIGHTS = int(How.SLOPE), int(How.FALL), int(How.NIGHTS)


@dataclass(frozen=True)
class Rules:
    """The rules of a catalogue by the number of the fact they are about.

    Parameters
    ----------
    starts : ndarray of int32, shape (facts + 1,)
        The rules of fact i are those from ``starts[i]`` up to ``starts[i + 1]``.
    features, hows, windows, weights : ndarray of int32, shape (rules,)
        Column, :class:`How`, look-back in days and weight of each rule.
    drops : ndarray of int32, shape (drops, 5)
        Column, a fact that does not count beside another, that other fact, the weight that is taken
        back, the look-back in days.
    """

    starts: Ints
    features: Ints
    hows: Ints
    windows: Ints
    weights: Ints
    drops: Ints


def apply_facts(rules: Rules, facts: SortedFacts, values: Values, fact_days: FactDays) -> None:
    """Write what facts say into a matrix.

    Parameters
    ----------
    rules : Rules
    facts : SortedFacts
    values : ndarray of float32, shape (n, p)
        Holds what no fact means; changed in place.
    fact_days : ndarray of int16, shape (n, p)
        Days to the latest fact behind a value; -1 for none; changed in place.
    """
    table = rules.starts, rules.features, rules.hows, rules.windows, rules.weights
    _apply_rules(facts.plain, np.empty(0, np.float64), *table, values, fact_days)
    if len(rules.drops):
        slots = np.full(len(rules.starts), -1, np.int32)
        flagged = np.unique(rules.drops[:, 1:3])
        slots[flagged] = np.arange(len(flagged), dtype=np.int32)
        _take_back(facts.plain, rules.drops, slots, len(flagged), values)
    _apply_rules(facts.valued, facts.amounts, *table, values, fact_days)


@compiled
def _apply_rules(  # noqa: PLR0913 - the arrays of a table
    keys: Keys,
    amounts: Reals,
    starts: Ints,
    features: Ints,
    hows: Ints,
    windows: Ints,
    weights: Ints,
    values: Values,
    fact_days: FactDays,
) -> None:
    """Every rule on every run of facts of one row and kind."""
    start, total = 0, len(keys)
    while start < total:
        run = keys[start] >> DAY_BITS
        end = start + 1
        while end < total and keys[end] >> DAY_BITS == run:
            end += 1
        row, fact = run >> FACT_BITS, run & FACT_MASK
        newest = keys[start] & DAY_MASK
        for r in range(starts[fact], starts[fact + 1]):
            how, window, feature = hows[r], windows[r], features[r]
            if newest > window and how not in (_LONGEST, _NIGHTS):
                continue
            value, found, day = _value_of(keys, amounts, start, end, how, window, weights[r])
            if not found:
                continue
            together = _together(how, values[row, feature], value)
            if np.isnan(together):
                continue
            values[row, feature] = together
            told = min(day, _LATEST_TOLD)
            if told > 0 and not 0 <= fact_days[row, feature] <= told:
                fact_days[row, feature] = told
        start = end


@compiled
def _together(how: int, held: float, value: float) -> float:
    """A value with that of another kind of fact of the same set.

    A change stays missing where the earlier window could not be seen.
    """
    if how == _CHANGE:
        return held + value
    if np.isnan(held) or how in (_ANY, _VALUE, _LATEST, _SLOPE, _FALL):
        return value
    if how in (_SINCE, _LOWEST):
        return min(held, value)
    if how in (_FIRST, _LONGEST, _HIGHEST):
        return max(held, value)
    return held + value


@compiled
def _value_of(  # noqa: C901, PLR0913 - one branch per rule, written out for the compiler
    keys: Keys, amounts: Reals, start: int, end: int, how: int, window: int, weight: int
) -> tuple[float, bool, int]:
    """Value of one rule over the facts from `start` to `end`; whether there is one; day told."""
    newest = keys[start] & DAY_MASK
    if how == _POINTS:
        return float(weight), True, newest if weight > 0 else 0
    if how == _ANY:
        return 1.0, True, newest
    if how == _SINCE:
        return float(newest), True, newest
    if how in (_VALUE, _LATEST):
        return amounts[start], True, newest
    if how == _LONGEST:
        return float(min(keys[end - 1] & DAY_MASK, window)), True, 0
    if how == _NIGHTS:
        return _nights(keys, amounts, start, end, window)
    last = start
    while last < end and keys[last] & DAY_MASK <= window:
        last += 1
    if how == _COUNT:
        return float(last - start), True, newest
    if how == _FIRST:
        oldest = keys[last - 1] & DAY_MASK
        return float(oldest), True, oldest
    if how == _DAYS:
        days = 1
        for k in range(start + 1, last):
            if keys[k] != keys[k - 1]:
                days += 1
        return float(days), True, newest
    if how == _CHANGE:
        half, change = window // 2, 0
        for k in range(start, last):
            change += 1 if keys[k] & DAY_MASK <= half else -1
        return float(change), True, newest
    return _amount_of(keys, amounts, start, last, how)


@compiled
def _nights(
    keys: Keys, amounts: Reals, start: int, end: int, window: int
) -> tuple[float, bool, int]:
    """Nights within the window of spells that begin on the day of a fact and end on its amount."""
    nights, first = 0.0, 0
    for k in range(start, end):
        begun, left = keys[k] & DAY_MASK, amounts[k]
        if left < window and begun > left:
            nights += min(begun, window) - min(left, window)
            if first == 0:
                first = begun
    return min(nights, float(window)), nights > 0, first


@compiled
def _amount_of(
    keys: Keys, amounts: Reals, start: int, last: int, how: int
) -> tuple[float, bool, int]:
    """As :func:`_value_of`, for rules about the amounts of the facts from `start` to `last`."""
    newest = keys[start] & DAY_MASK
    low = high = total = amounts[start]
    for k in range(start + 1, last):
        low, high = min(low, amounts[k]), max(high, amounts[k])
        total += amounts[k]
    if how == _LOWEST:
        return low, True, newest
    if how == _HIGHEST:
        return high, True, newest
    if how == _TOTAL:
        return total, True, newest
    if how == _FALL:
        if last - start == 1 or high <= 0:
            return 0.0, False, 0
        return 100 * (high - amounts[start]) / high, True, newest
    return _slope(keys, amounts, start, last)


@compiled
def _slope(keys: Keys, amounts: Reals, start: int, last: int) -> tuple[float, bool, int]:
    """Least squares, in units per year, over readings on at least two days."""
    number = last - start
    mean_day = mean = 0.0
    for k in range(start, last):
        mean_day += (keys[k] & DAY_MASK) / number
        mean += amounts[k] / number
    above = below = 0.0
    for k in range(start, last):
        ago = (keys[k] & DAY_MASK) - mean_day
        above -= ago * (amounts[k] - mean)
        below += ago * ago
    if keys[start] == keys[last - 1]:
        return 0.0, False, 0
    return _DAYS_PER_YEAR * above / below, True, keys[start] & DAY_MASK


@compiled
def _take_back(keys: Keys, drops: Ints, slots: Ints, flagged: int, values: Values) -> None:
    """Take back the points of facts that do not count beside another."""
    newest = np.full(flagged, DAY_MASK + 1, np.int64)
    start, total = 0, len(keys)
    while start < total:
        row = keys[start] >> (DAY_BITS + FACT_BITS)
        touched = False
        at = start
        while at < total and keys[at] >> (DAY_BITS + FACT_BITS) == row:
            slot = slots[(keys[at] >> DAY_BITS) & FACT_MASK]
            if slot >= 0:
                if not touched:
                    newest[:] = DAY_MASK + 1
                    touched = True
                newest[slot] = min(newest[slot], keys[at] & DAY_MASK)
            at += 1
        if touched:
            for d in range(len(drops)):
                window = drops[d, 4]
                milder, severe = newest[slots[drops[d, 1]]], newest[slots[drops[d, 2]]]
                if milder <= window and severe <= window:
                    values[row, drops[d, 0]] -= drops[d, 3]
        start = at
