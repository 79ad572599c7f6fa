"""Exact sums, leaf by leaf, for trees too deep for tables.

A path with many different features has more states than a table could hold. Its value is summed
for each row by the quadrature of :mod:`riskstrat.explanation.tables`, whose cost grows with the
square of the path and not with the number of states.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.explanation.paths import Paths
from riskstrat.explanation.tables import Players, quadrature

__all__ = ["Deep", "add_deep", "pack_deep"]

LANES = 64
"""Rows taken together: what is kept of them fits the nearest cache."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Deep(NamedTuple):
    """Leaves, each with players, each with features, each with turns: offsets and what they hold.

    A feature lets a row follow the path from its first cell on if `is_open`, and the other way
    round from each cell of its `turns` on. `points` are those of the quadrature, longest path last.
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
    packed = _Packed()
    for paths in trees:
        for leaf, length in enumerate(paths.length):
            local = paths.feature[leaf, :length]
            member = players.of_feature[paths.features[local]]
            for player in np.unique(member):
                places = np.flatnonzero(member == player)
                packed.column.append(players.column[player])
                packed.weight.append(paths.weight[leaf, places].prod())
                for place in places:
                    packed.add_feature(paths, leaf, int(place))
                packed.feature_at.append(len(packed.feature))
            packed.value.append(paths.value[leaf])
            packed.player_at.append(len(packed.column))
    longest = int(np.diff(packed.player_at).max(initial=1))
    return Deep(
        np.array(packed.value, np.float64),
        np.array(packed.player_at),
        np.array(packed.column, np.int64),
        np.array(packed.weight, np.float64),
        np.array(packed.feature_at),
        np.array(packed.feature, np.int64),
        np.array(packed.is_open, bool),
        np.array(packed.turn_at),
        np.array(packed.turns, np.int64).astype(kind),
        quadrature((longest + 1) // 2),
    )


class _Packed:
    """The lists that :class:`Deep` is made from."""

    def __init__(self) -> None:
        self.value: list[float] = []
        self.player_at, self.feature_at, self.turn_at = [0], [0], [0]
        self.column: list[int] = []
        self.weight: list[float] = []
        self.feature: list[int] = []
        self.is_open: list[bool] = []
        self.turns: list[int] = []

    def add_feature(self, paths: Paths, leaf: int, place: int) -> None:
        """Add a feature of the player at hand: where a row may follow the path."""
        local = paths.feature[leaf, place]
        follows = paths.allowed[leaf, place, : paths.cells[local]]
        self.feature.append(paths.features[local])
        self.is_open.append(follows[0])
        self.turns.extend(paths.firsts[local, np.flatnonzero(np.diff(follows)) + 1])
        self.turn_at.append(len(self.turns))


class _Work(NamedTuple):
    """Room for LANES rows of one leaf, a row of it for each player."""

    follows: npt.NDArray[np.bool_]
    factor: Floats
    before: Floats
    given: Floats


@compiled
def add_deep(deep: Deep, cells: npt.NDArray[Any], found: Floats) -> None:
    """Add the Shapley values of the leaves of deep trees.

    Parameters
    ----------
    deep : Deep
    cells, found
        As for :func:`riskstrat.explanation.kernel.add_lookups`.
    """
    if len(deep.value) == 0:
        return
    most = np.diff(deep.player_at).max()
    work = _Work(
        np.empty((most, LANES), np.bool_),
        np.empty((most, LANES)),
        np.empty((most + 1, LANES)),
        np.empty((most, LANES)),
    )
    for first in range(0, cells.shape[1], LANES):
        rows = slice(first, min(first + LANES, cells.shape[1]))
        for leaf in range(len(deep.value)):
            _add_leaf(deep, leaf, cells[:, rows], found[:, rows], work)


@compiled
def _add_leaf(deep: Deep, leaf: int, cells: npt.NDArray[Any], found: Floats, work: _Work) -> None:
    at, count = deep.player_at[leaf], deep.player_at[leaf + 1] - deep.player_at[leaf]
    for i in range(count):
        _mark_followers(deep, at + i, cells, work.follows[i])
    weights = deep.weight[at : at + count]
    work.given[:count] = 0.0
    number = (count + 1) // 2
    for q in range(number):
        work.before[0] = deep.points[number, 1, q] * deep.value[leaf]
        _add_point(deep.points[number, 0, q], weights, work)
    for i in range(count):
        column, given, follows = found[deep.column[at + i]], work.given[i], work.follows[i]
        for lane in range(cells.shape[1]):
            known = 1.0 if follows[lane] else 0.0
            column[lane] += given[lane] * (known - weights[i])


@compiled
def _add_point(t: float, weights: Floats, work: _Work) -> None:
    """Add one point of the quadrature: for each player the product of the others' factors."""
    count = len(weights)
    for i in range(count):
        share = weights[i] * (1 - t)
        for lane in range(LANES):
            work.factor[i, lane] = (t if work.follows[i, lane] else 0.0) + share
            work.before[i + 1, lane] = work.before[i, lane] * work.factor[i, lane]
    behind = work.before[count]
    behind[:] = 1.0
    for i in range(count - 1, -1, -1):
        for lane in range(LANES):
            work.given[i, lane] += work.before[i, lane] * behind[lane]
            behind[lane] *= work.factor[i, lane]


@compiled
def _mark_followers(
    deep: Deep, player: int, cells: npt.NDArray[Any], follows: npt.NDArray[np.bool_]
) -> None:
    """Whether each row satisfies all splits of a player on the path."""
    follows[:] = True
    for place in range(deep.feature_at[player], deep.feature_at[player + 1]):
        own = cells[deep.feature[place]]
        for lane in range(len(own)):
            is_open = deep.is_open[place]
            for turn in range(deep.turn_at[place], deep.turn_at[place + 1]):
                is_open ^= own[lane] >= deep.turns[turn]
            follows[lane] &= is_open
