"""Columns of simulated tables: text by position in a list, dates, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from riskstrat.simulation.timeline import Days, dates

__all__ = ["Choice", "DaysOf", "clock", "column_of", "opaque", "take_rows", "ten_digits"]

_MINUTES = 60
_NUMBER_DIGITS = 10
_WORD_DIGITS = 16
_WORD_BITS = 64
_HEX_BITS = 4
_HEX = np.frombuffer(b"0123456789ABCDEF", np.uint8)


@dataclass(frozen=True)
class Choice:
    """A text column given as positions in a list of labels; -1 is null."""

    labels: Sequence[str]
    positions: npt.NDArray[np.int64]

    def arrow(self) -> pa.Array:
        """The column as an Arrow dictionary."""
        positions = pa.array(self.positions.astype(np.int32), mask=self.positions < 0)
        return pa.DictionaryArray.from_arrays(positions, pa.array(self.labels, pa.string()))

    def take(self, rows: Any) -> Choice:
        """The same choice for some of the rows."""
        return Choice(self.labels, self.positions[rows])


@dataclass(frozen=True)
class DaysOf:
    """A column of dates; null where the day is NEVER."""

    days: Days

    def arrow(self) -> pa.Array:
        """The column as Arrow dates."""
        return dates(self.days)

    def take(self, rows: Any) -> DaysOf:
        """The same column for some of the rows."""
        return DaysOf(self.days[rows])


def take_rows(values: Any, rows: npt.NDArray[Any]) -> Any:
    """Some rows of a column; a value that stands for all rows stays as it is."""
    if isinstance(values, Choice | DaysOf):
        return values.take(rows)
    if isinstance(values, pa.Array):
        return values.filter(rows) if rows.dtype == bool else values.take(rows)
    return values[rows] if isinstance(values, np.ndarray) else values


def column_of(values: Any, count: int) -> pa.Array:
    """An Arrow column of a :class:`Choice`, :class:`DaysOf`, array, or one value for all rows."""
    if isinstance(values, Choice | DaysOf):
        return values.arrow()
    if values is None:
        return pa.nulls(count, pa.string())
    if isinstance(values, str):
        return Choice([values], np.zeros(count, np.int64)).arrow()
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return pa.array(values, from_pandas=True)
    if isinstance(values, np.ndarray | pa.Array):
        return pa.array(values)
    return pa.array(np.full(count, values))


def opaque(letter: str, bits: npt.NDArray[np.uint64]) -> pa.Array:
    """Identifiers that tell nothing: a letter and sixteen hexadecimal digits, one for each word."""
    text = np.empty((len(bits), 1 + _WORD_DIGITS), np.uint8)
    text[:, 0] = ord(letter)
    _write_hex(bits, text)
    return _texts(text, np.full(len(bits), text.shape[1]))


def ten_digits(number: npt.NDArray[np.int64]) -> pa.Array:
    """Numbers of ten digits as text; null where the number is 0."""
    text = np.empty((np.count_nonzero(number), _NUMBER_DIGITS), np.uint8)
    _write_digits(number[number != 0], text)
    return _texts(text, np.where(number == 0, 0, _NUMBER_DIGITS))


def _texts(text: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]) -> pa.Array:
    """Arrow text from characters that lie side by side; null where the length is 0."""
    ends = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=ends[1:])
    nothing = pa.array(lengths > 0).buffers()[1] if (lengths == 0).any() else None
    buffers = [nothing, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(text))]
    return pa.Array.from_buffers(pa.string(), len(lengths), buffers)


@njit(cache=True, nogil=True)
def _write_hex(words: npt.NDArray[np.uint64], text: npt.NDArray[np.uint8]) -> None:
    for row in range(len(words)):
        for place in range(_WORD_DIGITS):
            shift = np.uint64(_WORD_BITS - _HEX_BITS * (place + 1))
            text[row, place + 1] = _HEX[(words[row] >> shift) & np.uint64(15)]


@njit(cache=True, nogil=True)
def _write_digits(numbers: npt.NDArray[np.int64], text: npt.NDArray[np.uint8]) -> None:
    for row in range(len(numbers)):
        rest = numbers[row]
        for place in range(_NUMBER_DIGITS - 1, -1, -1):
            text[row, place] = _HEX[rest % 10]
            rest //= 10


def clock(minutes: npt.NDArray[np.int64]) -> Choice:
    """Times of day as text, HH:MM, from minutes after midnight; -1 is null."""
    return Choice(_CLOCK, minutes)


_CLOCK = [f"{minute // _MINUTES:02d}:{minute % _MINUTES:02d}" for minute in range(24 * _MINUTES)]
