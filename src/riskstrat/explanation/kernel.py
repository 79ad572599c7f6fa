"""The compiled loops that explain a block of rows: look-ups in tables, and exact sums for deep trees.

Rows of a block lie side by side in memory, columns one after the other, so that the state of a row in
a part is found for many rows by one instruction, and what a column is given comes from a run of the
table that fits the processor's nearest cache. Nothing here uses fast-math: comparisons with NaN and
the order of sums stay as written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.explanation.paths import Paths
from riskstrat.explanation.square import SIDE, add_square
from riskstrat.explanation.tables import Part, Players, quadrature

__all__ = ["Deep", "Lookups", "add_deep", "add_lookups", "pack_deep", "pack_lookups", "to_rows"]

CACHE_LINE = 8
"""Double-precision numbers in a line of 64 bytes."""

MANY_ROWS = 256
"""Rows from which a table is read ahead; fewer use too little of it."""

LANES = 64
"""Rows taken together in the exact sums of deep trees: their factors fit the nearest cache."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Lookups(NamedTuple):
    """All parts of all trees, packed: part k has steps, squares and values from its offsets on.

    A state is the place of its numbers in the part's values; every square has four columns.
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


def pack_lookups(parts: Sequence[Part], kind: np.dtype[Any]) -> Lookups:
    """Pack parts for :func:`add_lookups`.

    Parameters
    ----------
    parts : sequence of Part
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

    values = np.empty(sum(part.values.size for part in parts))
    values_at = at([part.values.size for part in parts])
    for part, first in zip(parts, values_at[:-1], strict=True):
        values[first : first + part.values.size] = part.values.ravel()
    return Lookups(
        start=np.array([part.start for part in parts], np.uint16),
        step_at=at([len(part.cell) for part in parts]),
        step_feature=joined([part.feature for part in parts]),
        step_cell=joined([part.cell for part in parts]).astype(kind),
        step_delta=joined([part.delta for part in parts]).astype(np.uint16),  # modulo 2^16
        square_at=at([len(part.columns) // SIDE for part in parts]),
        squares=joined([part.columns for part in parts]).reshape(-1, SIDE),
        values_at=values_at,
        values=values,
    )


@compiled
def add_lookups(lookups: Lookups, cells: npt.NDArray[Any], found: Floats) -> float:
    """Add the Shapley values of all parts.

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
    for part in range(len(lookups.start)):
        at, end = lookups.values_at[part], lookups.values_at[part + 1]
        if rows >= MANY_ROWS:
            for place in range(at, end, CACHE_LINE):  # in order: rows will ask for it in disorder
                seen += lookups.values[place]
        state[:] = lookups.start[part]
        for step in range(lookups.step_at[part], lookups.step_at[part + 1]):
            own, cell = cells[lookups.step_feature[step]], lookups.step_cell[step]
            delta = lookups.step_delta[step]
            for row in range(rows):
                state[row] += delta if own[row] >= cell else np.uint16(0)
        for square in range(lookups.square_at[part], lookups.square_at[part + 1]):
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


class Deep(NamedTuple):
    """Leaves of the trees that have no tables: each has players, these features, these turns.

    A feature lets a row follow the path at the first cell if `is_open`, and the other way round from
    each cell of its `turns` on.
    """

    value: Floats
    player_at: Integers
    column: Integers
    weight: Floats
    feature_at: Integers
    feature: Integers
    is_open: npt.NDArray[np.bool_]
    turn_at: Integers
    turns: npt.NDArray[Any]
    points: Floats


def pack_deep(trees: Sequence[Paths], players: Players, kind: np.dtype[Any]) -> Deep:
    """Pack the paths of deep trees for :func:`add_deep`.

    Parameters
    ----------
    trees : sequence of Paths
    players : Players
    kind : dtype
        Of the cells of rows.

    Returns
    -------
    Deep
    """
    value, player_at, column, weight = [], [0], [], []
    feature_at, feature, is_open, turn_at, turns = [0], [], [], [0], []
    longest = 1
    for paths in trees:
        for leaf, length in enumerate(paths.length):
            local = paths.feature[leaf, :length]
            member = players.of_feature[paths.features[local]]
            for player in np.unique(member):
                places = np.flatnonzero(member == player)
                column.append(players.column[player])
                weight.append(paths.weight[leaf, places].prod())
                for place in places:
                    own = local[place]
                    follows = paths.allowed[leaf, place, : paths.cells[own]]
                    feature.append(paths.features[own])
                    is_open.append(follows[0])
                    turns.extend(paths.firsts[own, np.flatnonzero(np.diff(follows)) + 1])
                    turn_at.append(len(turns))
                feature_at.append(len(feature))
            value.append(paths.value[leaf])
            longest = max(longest, len(column) - player_at[-1])
            player_at.append(len(column))
    return Deep(
        np.array(value, np.float64),
        np.array(player_at),
        np.array(column, np.int64),
        np.array(weight, np.float64),
        np.array(feature_at),
        np.array(feature, np.int64),
        np.array(is_open, bool),
        np.array(turn_at),
        np.array(turns, np.int64).astype(kind),
        quadrature((longest + 1) // 2),
    )


@compiled
def add_deep(deep: Deep, cells: npt.NDArray[Any], found: Floats) -> None:
    """Add the Shapley values of the leaves of deep trees, by quadrature row by row.

    Parameters
    ----------
    deep : Deep
    cells, found
        As for :func:`add_lookups`.
    """
    rows = cells.shape[1]
    most = np.diff(deep.player_at).max() if len(deep.value) else 0
    follows = np.empty((most, LANES), np.bool_)
    before, factor, given = (
        np.empty((most + 1, LANES)),
        np.empty((most, LANES)),
        np.empty((most, LANES)),
    )
    for first in range(0, rows, LANES):
        lanes = min(LANES, rows - first)
        for leaf in range(len(deep.value)):
            at, count = deep.player_at[leaf], deep.player_at[leaf + 1] - deep.player_at[leaf]
            _follows(deep, at, count, cells[:, first : first + lanes], follows)
            given[:count] = 0.0
            number = (count + 1) // 2
            for q in range(number):
                t = deep.points[number, 0, q]
                before[0] = deep.points[number, 1, q] * deep.value[leaf]
                for i in range(count):
                    share = deep.weight[at + i] * (1 - t)
                    for lane in range(lanes):
                        factor[i, lane] = (t if follows[i, lane] else 0.0) + share
                        before[i + 1, lane] = before[i, lane] * factor[i, lane]
                before[count] = 1.0  # from here on the product of the factors behind
                for i in range(count - 1, -1, -1):
                    for lane in range(lanes):
                        given[i, lane] += before[i, lane] * before[count, lane]
                        before[count, lane] *= factor[i, lane]
            for i in range(count):
                column = found[deep.column[at + i]]
                for lane in range(lanes):
                    known = 1.0 if follows[i, lane] else 0.0
                    column[first + lane] += given[i, lane] * (known - deep.weight[at + i])


@compiled
def _follows(
    deep: Deep, at: int, count: int, cells: npt.NDArray[Any], follows: npt.NDArray[np.bool_]
) -> None:
    """Whether each row satisfies all splits of each player of a leaf."""
    lanes = cells.shape[1]
    for i in range(count):
        follows[i] = True
        for place in range(deep.feature_at[at + i], deep.feature_at[at + i + 1]):
            own = cells[deep.feature[place]]
            for lane in range(lanes):
                is_open = deep.is_open[place]
                for turn in range(deep.turn_at[place], deep.turn_at[place + 1]):
                    is_open ^= own[lane] >= deep.turns[turn]
                follows[i, lane] &= is_open


@compiled
def to_rows(found: Floats, out: Floats) -> None:
    """Copy columns into rows, a tile at a time: ``out[i, j] = found[j, i]``, shape (rows, columns)."""
    rows, columns = out.shape
    for first in range(0, rows, LANES):
        for column in range(columns):
            for row in range(first, min(rows, first + LANES)):
                out[row, column] = found[column, row]
