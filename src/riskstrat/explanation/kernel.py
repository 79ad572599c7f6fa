"""The compiled loops that explain a block of rows by look-ups in tables.

The cells of the rows of a block lie side by side, so that one instruction finds the state of many
rows; what a state gives to its columns lies side by side too, so that a look-up is one run of
memory. Nothing here uses fast-math: comparisons and the order of sums stay as written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.explanation.square import SIDE, add_square
from riskstrat.explanation.tables import Subtree

__all__ = ["Lookups", "add_lookups", "pack_lookups", "to_rows"]

CACHE_LINE = 8
"""Double-precision numbers in a line of 64 bytes."""

MANY_ROWS = 256
"""Rows from which a table is read ahead; fewer use too little of it."""

TILE_ROWS = 64
"""Rows copied together from columns."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Lookups(NamedTuple):
    """All subtrees of all trees, packed: each has steps, squares and values from its offsets on.

    A state is the place of its numbers in the subtree's values; every square has four columns.
    """

    start: npt.NDArray[np.uint16]
    step_at: Integers
    step_feature: Integers
    step_cell: npt.NDArray[Any]
    step_delta: npt.NDArray[np.uint16]
    square_at: Integers
    squares: Integers
    values_at: Integers
    values: Floats


def pack_lookups(subtrees: Sequence[Subtree], kind: np.dtype[Any]) -> Lookups:
    """Pack subtrees for :func:`add_lookups`.

    Parameters
    ----------
    subtrees : sequence of Subtree
    kind : dtype
        Of the cells of rows.

    Returns
    -------
    Lookups
    """

    def at(sizes: Sequence[int]) -> Integers:
        return np.cumsum([0, *sizes], dtype=np.int64)

    def joined(arrays: Sequence[npt.NDArray[Any]]) -> Integers:
        return np.concatenate([np.empty(0, np.int64), *arrays])

    values = np.empty(sum(subtree.values.size for subtree in subtrees))
    values_at = at([subtree.values.size for subtree in subtrees])
    for subtree, first in zip(subtrees, values_at[:-1], strict=True):
        values[first : first + subtree.values.size] = subtree.values.ravel()
    return Lookups(
        start=np.array([subtree.start for subtree in subtrees], np.uint16),
        step_at=at([len(subtree.cell) for subtree in subtrees]),
        step_feature=joined([subtree.feature for subtree in subtrees]),
        step_cell=joined([subtree.cell for subtree in subtrees]).astype(kind),
        step_delta=joined([subtree.delta for subtree in subtrees]).astype(np.uint16),  # modulo 2^16
        square_at=at([len(subtree.columns) // SIDE for subtree in subtrees]),
        squares=joined([subtree.columns for subtree in subtrees]).reshape(-1, SIDE),
        values_at=values_at,
        values=values,
    )


@compiled
def add_lookups(lookups: Lookups, cells: npt.NDArray[Any], found: Floats) -> float:
    """Add the Shapley values of all subtrees.

    Parameters
    ----------
    lookups : Lookups
    cells : ndarray of unsigned int, shape (p, n)
        Cell of each feature and row; n is a multiple of four.
    found : ndarray of float64, shape (columns + 1, n or more)
        Added to; the last row takes what fills squares up, always 0.

    Returns
    -------
    float
        Of no meaning: it keeps the compiler from leaving the reading ahead out.
    """
    rows = cells.shape[1]
    flat, width = found.ravel(), found.shape[1]
    state = np.empty(rows, np.uint16)
    seen = 0.0
    for subtree in range(len(lookups.start)):
        at, end = lookups.values_at[subtree], lookups.values_at[subtree + 1]
        if rows >= MANY_ROWS:
            for place in range(at, end, CACHE_LINE):  # in order: rows will ask for it in disorder
                seen += lookups.values[place]
        state[:] = lookups.start[subtree]
        for step in range(lookups.step_at[subtree], lookups.step_at[subtree + 1]):
            own, cell = cells[lookups.step_feature[step]], lookups.step_cell[step]
            delta = lookups.step_delta[step]
            for row in range(rows):
                state[row] += delta if own[row] >= cell else np.uint16(0)
        for square in range(lookups.square_at[subtree], lookups.square_at[subtree + 1]):
            a, b, c, d = lookups.squares[square] * width
            for row in range(0, rows, SIDE):
                starts = (
                    at + np.int64(state[row]),
                    at + np.int64(state[row + 1]),
                    at + np.int64(state[row + 2]),
                    at + np.int64(state[row + 3]),
                )
                add_square(lookups.values, starts, flat, (a + row, b + row, c + row, d + row))
            at += SIDE
    return seen


@compiled
def to_rows(found: Floats, out: Floats) -> None:
    """Copy columns into rows, a tile at a time: ``out[i, j] = found[j, i]``."""
    rows, columns = out.shape
    for first in range(0, rows, TILE_ROWS):
        for column in range(columns):
            for row in range(first, min(rows, first + TILE_ROWS)):
                out[row, column] = found[column, row]
