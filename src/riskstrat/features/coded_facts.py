"""Coded events to packed facts: what each code stands for is written out in compiled loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from riskstrat.compiled import compiled
from riskstrat.features.coding import CodeFacts
from riskstrat.features.packing import (
    DAY_BITS,
    DAY_MASK,
    LONGEST_DAY,
    Ints,
    Keys,
    Reals,
    Valued,
    packed,
)

__all__ = ["MICROSECONDS_PER_MINUTE", "NO_FACTS", "CodedEvents", "coded_facts", "microseconds"]

NO_FACTS: Valued = (np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.int32))

MICROSECONDS_PER_MINUTE = 60_000_000

_CAME, _MISSED = 0, 1
"""As the query ``coded_events`` tells whether an appointment took place; what is neither says
nothing."""

_IS_PRIMARY, _STAY_DAY, _DAY, _CODE = 2, 3, 3 + DAY_BITS, 3 + 2 * DAY_BITS
_ATTENDANCE = 3
"""An event is packed into one integer: the lowest bits of its parts above the attendance."""


class CodedEvents(NamedTuple):
    """Rows of the query ``coded_events`` as arrays.

    Parameters
    ----------
    row, code : ndarray of int32
        Row of the matrix and number of the code.
    day : ndarray of int64
        Days before the index date.
    attendance : ndarray of int32
        0 when it took place, 1 when the person did not come, 2 when it says nothing.
    stay_day : ndarray of int64
        Days since the start of the emergency stay that the code was given in; 0 for none.
    position : ndarray of int32
        Of the code within the stay; 0 for none.
    value : ndarray of float64
        NaN for none.
    time : ndarray of int64
        Microseconds of the day; -1 for none.
    """

    row: Ints
    code: Ints
    day: Keys
    attendance: Ints
    stay_day: Keys
    position: Ints
    value: Reals
    time: Keys

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> CodedEvents:
        """The columns of a batch of rows."""
        short, long = pa.int32(), pa.int64()
        return cls(
            _whole(batch["row_number"].cast(short)),
            _whole(batch["code_number"].cast(short)),
            _whole(batch["day"].cast(long)),
            _whole(batch["attendance"].cast(short)),
            _whole(batch["stay_day"].cast(long).fill_null(0)),
            _whole(batch["position"].cast(short).fill_null(0)),
            _whole(batch["value"].fill_null(np.nan)),
            microseconds(batch["event_time"]),
        )


def _whole(column: pa.Array) -> np.ndarray[Any, Any]:
    numbers: np.ndarray[Any, Any] = column.to_numpy()
    return numbers


def microseconds(times: pa.Array) -> Keys:
    """Microsecond of the day of each time; -1 for none."""
    return _whole(times.cast(pa.time64("us")).cast(pa.int64()).fill_null(-1))


def coded_facts(
    coding: CodeFacts, events: Sequence[pa.RecordBatch], rows: int
) -> tuple[Keys, list[Valued]]:
    """Packed facts of coded events: those without an amount, by row, and measurements in parts.

    Parameters
    ----------
    coding : CodeFacts
    events : sequence of pyarrow.RecordBatch
        Rows of the query ``coded_events``, in any order.
    rows : int
        Number of rows of the matrix.
    """
    ends = np.zeros(rows + 1, np.int64)
    for batch in events:
        _count_rows(_whole(batch["row_number"]), ends[1:])
    np.cumsum(ends, out=ends)
    by_row, measured = np.empty(ends[-1], np.int64), [NO_FACTS]
    limits = coding.scale, coding.shift, coding.minimum, coding.maximum
    for batch in events:
        columns = CodedEvents.of(batch)
        _put_events(*columns[:6], ends, by_row)
        measured.append(_measure(*columns, coding.measured, *limits))
    keys = np.empty(_count_facts(by_row, *coding.starts), np.int64)
    _put_facts(by_row, ends, *coding.starts, *coding.facts, keys)
    return keys, measured


@compiled
def _count_rows(row: Ints, counts: Keys) -> None:
    for one in row:
        counts[one] += 1


@compiled
def _put_events(  # noqa: PLR0913 - columns of a batch, and what is written
    row: Ints,
    code: Ints,
    day: Keys,
    attendance: Ints,
    stay_day: Keys,
    position: Ints,
    ends: Keys,
    events: Keys,
) -> None:
    """Put packed events down by row; `ends` is where the next one of each row goes."""
    for i in range(len(row)):
        held = (np.int64(code[i]) << _CODE) | (min(day[i], LONGEST_DAY) << _DAY)
        held |= min(stay_day[i], LONGEST_DAY) << _STAY_DAY
        held |= np.int64(position[i] == 1) << _IS_PRIMARY
        events[ends[row[i]]] = held | attendance[i]
        ends[row[i]] += 1


@compiled
def _count_facts(events: Keys, recorded: Ints, missed: Ints, stay: Ints, primary: Ints) -> int:
    total = 0
    for event in events:
        c, attendance = event >> _CODE, event & _ATTENDANCE
        if attendance == _CAME:
            total += recorded[c + 1] - recorded[c]
        elif attendance == _MISSED:
            total += missed[c + 1] - missed[c]
        else:
            continue
        if (event >> _STAY_DAY) & DAY_MASK > 0:
            total += stay[c + 1] - stay[c]
            if (event >> _IS_PRIMARY) & 1:
                total += primary[c + 1] - primary[c]
    return total


@compiled
def _put_facts(  # noqa: PLR0913 - the lists of facts, and what is written
    events: Keys,
    ends: Keys,
    recorded: Ints,
    missed: Ints,
    stay: Ints,
    primary: Ints,
    of_recorded: Ints,
    of_missed: Ints,
    of_stay: Ints,
    of_primary: Ints,
    keys: Keys,
) -> None:
    at = row = 0
    for place in range(len(events)):
        while place >= ends[row]:
            row += 1
        event = events[place]
        c, day, stay_day = event >> _CODE, (event >> _DAY) & DAY_MASK, event >> _STAY_DAY & DAY_MASK
        attendance = event & _ATTENDANCE
        if attendance == _CAME:
            at = _put(row, day, of_recorded, recorded[c], recorded[c + 1], keys, at)
        elif attendance == _MISSED:
            at = _put(row, day, of_missed, missed[c], missed[c + 1], keys, at)
        else:
            continue
        if stay_day > 0:
            at = _put(row, stay_day, of_stay, stay[c], stay[c + 1], keys, at)
            if (event >> _IS_PRIMARY) & 1:
                at = _put(row, stay_day, of_primary, primary[c], primary[c + 1], keys, at)


@compiled
def _put(  # noqa: PLR0913 - one list of facts, and where they go
    row: int, day: int, facts: Ints, start: int, end: int, keys: Keys, at: int
) -> int:
    for k in range(start, end):
        keys[at] = packed(row, facts[k], day)
        at += 1
    return at


@compiled
def _measure(  # noqa: PLR0913 - columns of a batch, and what each code measures
    row: Ints,
    code: Ints,
    day: Keys,
    attendance: Ints,
    _stay_day: Keys,
    _position: Ints,
    value: Reals,
    time: Keys,
    measured: Ints,
    scale: Reals,
    shift: Reals,
    minimum: Reals,
    maximum: Reals,
) -> Valued:
    number = 0
    for i in range(len(row)):
        if measured[code[i]] >= 0 and not np.isnan(value[i]):
            number += 1
    keys, amounts = np.empty(number, np.int64), np.empty(number, np.float64)
    minutes, at = np.empty(number, np.int32), 0
    for i in range(len(row)):
        c = code[i]
        if measured[c] >= 0 and not np.isnan(value[i]) and attendance[i] <= _MISSED:
            amount = value[i] * scale[c] + shift[c]
            if minimum[c] <= amount <= maximum[c]:
                keys[at], amounts[at] = packed(row[i], measured[c], day[i]), amount
                minutes[at] = time[i] // MICROSECONDS_PER_MINUTE
                at += 1
    return keys[:at], amounts[:at], minutes[:at]
