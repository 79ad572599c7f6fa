"""Tables of Shapley values for the subtrees of a tree.

A subtree stands for all leaves below one node. What its leaves give to the features on their
paths depends only on which cells a row is in, and of these only few combinations (states) differ.
Their Shapley values are worked out once a state; a row is then explained by one look-up a subtree.

The value of a leaf for player j (a feature, or features that enter together), with ``o`` 1 where
the row satisfies a player's splits and ``z`` the share of training rows that do, is ::

    value * (o_j - z_j) * integral over t in 0..1 of product over i != j of (t o_i + (1 - t) z_i)

since the integral of ``t^s (1 - t)^(d-1-s)`` is the Shapley weight ``s! (d-1-s)! / d!``. The
product is a polynomial of degree d - 1 with nothing but positive terms, so that Gauss-Legendre
quadrature with ``(d + 1) // 2`` points is exact, divides by nothing and stays finite for a split
that no training row followed.

References
----------
Lundberg SM, Erion G, Chen H, et al. From local explanations to global understanding with
explainable AI for trees. Nature Machine Intelligence 2020;2:56-67 (the path-dependent game).
Owen G. Multilinear extensions of games. Management Science 1972;18(5):64-79 (the integral).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.explanation.paths import Paths
from riskstrat.explanation.square import SIDE

__all__ = [
    "MOST_PLAYERS",
    "Players",
    "Subtree",
    "build_subtrees",
    "quadrature",
    "split_in_subtrees",
]

MOST_PLAYERS = 12
"""Most players on the path of a leaf with a table: there are up to two to that power states."""

MOST_LEAVES = 64
"""Most leaves of a subtree: a state is told from others by one bit per leaf."""

SUBTREE_COST = 1.0
"""What a subtree costs by itself, in columns added [measured]."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Players(NamedTuple):
    """Who plays the Shapley game, and in which column the result is added.

    Parameters
    ----------
    of_feature : ndarray of int64, shape (p,)
        Player of each feature.
    column : ndarray of int64, shape (players,)
        Column of each player.
    """

    of_feature: Integers
    column: Integers


@dataclass(frozen=True)
class Subtree:
    """The table of a subtree, and how a row finds its state.

    The place of a row's numbers in the table is `start` plus the `delta` of every step whose `cell`
    the row has reached in the step's feature.

    Parameters
    ----------
    columns : ndarray of int64, shape (w,)
        Filled up to a multiple of four with the number of columns.
    values : ndarray of float64, shape (states, w)
    start : int
    feature, cell, delta : ndarray of int64, shape (steps,)
    """

    columns: Integers
    values: Floats
    start: int
    feature: Integers
    cell: Integers
    delta: Integers


def build_subtrees(
    paths: Paths, spans: Integers, players: Players, limit: int
) -> Iterator[Subtree]:
    """The tables of some runs of leaves.

    Parameters
    ----------
    paths : Paths
    spans : ndarray of int64, shape (subtrees, 3)
        From :func:`split_in_subtrees`.
    players : Players
    limit : int
        As there.

    Yields
    ------
    Subtree
    """
    for first, last, _ in spans:
        subtree = _states(paths, first, last, players, limit)
        strides = np.append(np.cumprod(subtree.states[:0:-1])[::-1], 1)
        strides *= len(subtree.columns)
        values = np.zeros((int(np.prod(subtree.states)), len(subtree.columns)))
        for leaf in range(first, last):
            _add_leaf(paths, leaf, players, subtree, values)
        yield _with_steps(paths, subtree, strides, values)


class _States(NamedTuple):
    """The states of a subtree: for each of its features which cells of the tree are told apart."""

    features: Integers  # places in Paths.features, shape (f,)
    states: Integers  # number for each feature, shape (f,)
    state_of: Integers  # state of each cell, shape (f, cells)
    columns: Integers  # shape (w,)
    size: int  # states in all times columns; more than the limit where there are too many


def _with_steps(paths: Paths, subtree: _States, strides: Integers, values: Floats) -> Subtree:
    places = [subtree.state_of[k, : paths.cells[g]] for k, g in enumerate(subtree.features)]
    moved = [place * stride for place, stride in zip(places, strides, strict=True)]
    changes = [np.flatnonzero(np.diff(of_one)) + 1 for of_one in moved]
    return Subtree(
        columns=subtree.columns,
        values=values,
        start=int(sum(of_one[0] for of_one in moved)),
        feature=np.repeat(paths.features[subtree.features], [len(c) for c in changes]),
        cell=np.concatenate(
            [paths.firsts[g, c] for g, c in zip(subtree.features, changes, strict=True)]
        ),
        delta=np.concatenate([np.diff(m)[c - 1] for m, c in zip(moved, changes, strict=True)]),
    )


def quadrature(points: int) -> Floats:
    """Gauss-Legendre points and weights on 0 to 1, by their number.

    Parameters
    ----------
    points : int
        The most.

    Returns
    -------
    ndarray of float64, shape (points + 1, 2, points)
        Row m holds m points and their weights, then zeros.
    """
    found = np.zeros((points + 1, 2, points))
    for number in range(1, points + 1):
        places, weights = np.polynomial.legendre.leggauss(number)
        found[number, :, :number] = (places + 1) / 2, weights / 2
    return found


_POINTS = quadrature((MOST_PLAYERS + 1) // 2)


@compiled
def split_in_subtrees(
    nodes: npt.NDArray[Any],
    spans: Integers,
    paths: Paths,
    players: Players,
    limit: int,
) -> Integers:
    """Runs of leaves of least cost whose tables have at most `limit` numbers.

    Parameters
    ----------
    nodes : ndarray of NODE, shape (m,)
    spans : ndarray of int64, shape (m, 2)
        Leaves below each node.
    paths : Paths
    players : Players
    limit : int

    Returns
    -------
    ndarray of int64, shape (subtrees, 3)
        First leaf, the one after the last, and the numbers of the table; empty where a single leaf
        is beyond the limits.
    """
    leaf_cost, leaf_size = np.zeros(len(paths.length)), np.zeros(len(paths.length), np.int64)
    for leaf in range(len(leaf_cost)):
        subtree = _states(paths, leaf, leaf + 1, players, limit)
        if subtree.size > limit:
            return np.zeros((0, 3), np.int64)
        leaf_cost[leaf], leaf_size[leaf] = len(subtree.columns) + SUBTREE_COST, subtree.size
    cost, size = np.zeros(len(nodes)), np.zeros(len(nodes), np.int64)
    is_whole = np.zeros(len(nodes), np.bool_)
    for node in range(len(nodes) - 1, -1, -1):
        can_be_whole = True
        for is_left in (True, False):
            child = nodes[node].left if is_left else nodes[node].right
            edge = spans[node, 0] if is_left else spans[node, 1] - 1
            cost[node] += cost[child] if child >= 0 else leaf_cost[edge]
            can_be_whole = can_be_whole and (child < 0 or is_whole[child])
        if can_be_whole and spans[node, 1] - spans[node, 0] <= MOST_LEAVES:
            subtree = _states(paths, spans[node, 0], spans[node, 1], players, limit)
            whole = len(subtree.columns) + SUBTREE_COST
            if subtree.size <= limit and whole <= cost[node]:
                is_whole[node], cost[node], size[node] = True, whole, subtree.size
    return _largest_subtrees(spans, is_whole, size, leaf_size)


@compiled
def _largest_subtrees(
    spans: Integers, is_whole: npt.NDArray[np.bool_], size: Integers, leaf_size: Integers
) -> Integers:
    """The whole nodes that stand below no other, and the leaves below none."""
    last, numbers = np.arange(1, len(leaf_size) + 1), leaf_size.copy()
    for node in range(len(spans) - 1, -1, -1):
        if is_whole[node]:
            last[spans[node, 0]], numbers[spans[node, 0]] = spans[node, 1], size[node]
    found = np.zeros((len(leaf_size), 3), np.int64)
    subtrees, leaf = 0, 0
    while leaf < len(leaf_size):
        found[subtrees] = leaf, last[leaf], numbers[leaf]
        leaf = last[leaf]
        subtrees += 1
    return found[:subtrees]


@compiled
def _states(paths: Paths, first: int, last: int, players: Players, limit: int) -> _States:
    """The features of a run of leaves and their states; stops where there are too many."""
    is_here = np.zeros(len(paths.features), np.bool_)
    is_column = np.zeros(players.column.max() + 1, np.bool_)
    for leaf in range(first, last):
        for place in range(paths.length[leaf]):
            is_here[paths.feature[leaf, place]] = True
            is_column[players.column[_player(paths, leaf, place, players)]] = True
    features, columns = _places(is_here, 1), _places(is_column, SIDE)
    states = np.zeros(len(features), np.int64)
    state_of = np.zeros((len(features), paths.firsts.shape[1]), np.int64)
    size = len(columns)
    for leaf in range(first, last):
        if _distinct_players(paths, leaf, players) > MOST_PLAYERS:
            size = limit + 1
    for k in range(len(features)):
        if size > limit:
            break
        satisfied = _leaves_satisfied(paths, first, last, features[k])
        states[k] = _number_distinct(satisfied, state_of[k])
        size *= states[k]
    return _States(features, states, state_of, columns, size)


@compiled
def _player(paths: Paths, leaf: int, place: int, players: Players) -> int:
    """The player of a feature on the path of a leaf."""
    return int(players.of_feature[paths.features[paths.feature[leaf, place]]])


@compiled
def _distinct_players(paths: Paths, leaf: int, players: Players) -> int:
    count = 0
    for place in range(paths.length[leaf]):
        is_first = True
        for earlier in range(place):
            player = _player(paths, leaf, earlier, players)
            is_first &= player != _player(paths, leaf, place, players)
        count += is_first
    return count


@compiled
def _places(flags: npt.NDArray[np.bool_], multiple: int) -> Integers:
    """Where flags are set, filled up to a multiple with a place behind the last."""
    count = 0
    for flag in flags:
        count += flag
    found = np.full((count + multiple - 1) // multiple * multiple, len(flags))
    count = 0
    for place in range(len(flags)):
        if flags[place]:
            found[count] = place
            count += 1
    return found


@compiled
def _leaves_satisfied(paths: Paths, first: int, last: int, feature: int) -> npt.NDArray[np.uint64]:
    """For each cell of a feature a bit per leaf: its path goes by the feature and lets the cell."""
    found = np.zeros(paths.cells[feature], np.uint64)
    for leaf in range(first, last):
        for place in range(paths.length[leaf]):
            if paths.feature[leaf, place] == feature:
                bit = np.uint64(1) << np.uint64(leaf - first)
                for cell in range(len(found)):
                    if paths.allowed[leaf, place, cell]:
                        found[cell] |= bit
    return found


@compiled
def _number_distinct(values: npt.NDArray[np.uint64], numbers: Integers) -> int:
    """Number equal values alike, from 0 in the order in which they first appear."""
    distinct = 0
    for place in range(len(values)):
        numbers[place] = distinct
        for earlier in range(place):
            if values[earlier] == values[place]:
                numbers[place] = numbers[earlier]
                break
        if numbers[place] == distinct:
            distinct += 1
    return distinct


@compiled
def _add_leaf(paths: Paths, leaf: int, players: Players, subtree: _States, values: Floats) -> None:
    """Add what a leaf gives in every state of a subtree."""
    length = paths.length[leaf]
    member = players.of_feature[paths.features[paths.feature[leaf, :length]]]
    who = np.unique(member)
    weights = np.ones(len(who))
    for place in range(length):
        weights[np.searchsorted(who, member[place])] *= paths.weight[leaf, place]
    given = _leaf_values(weights, paths.value[leaf])
    columns = np.searchsorted(subtree.columns, players.column[who])
    broken = _broken_by(paths, leaf, subtree, member, who)
    digits = np.zeros(len(subtree.states), np.int64)
    everyone = (1 << len(who)) - 1
    for state in range(values.shape[0]):
        unsatisfied = 0
        for k in range(len(digits)):
            unsatisfied |= broken[k, digits[k]]
        for j in range(len(who)):
            values[state, columns[j]] += given[everyone ^ unsatisfied, j]
        k = len(digits) - 1
        while k >= 0:
            digits[k] += 1
            if digits[k] < subtree.states[k]:
                break
            digits[k] = 0
            k -= 1


@compiled
def _broken_by(
    paths: Paths, leaf: int, subtree: _States, member: Integers, who: Integers
) -> Integers:
    """For each state of each feature the bit of its player, where the leaf's path is left."""
    broken = np.zeros((len(subtree.features), subtree.states.max()), np.int64)
    for place in range(len(member)):
        k = np.searchsorted(subtree.features, paths.feature[leaf, place])
        bit = 1 << np.searchsorted(who, member[place])
        for cell in range(paths.cells[subtree.features[k]]):
            if not paths.allowed[leaf, place, cell]:
                broken[k, subtree.state_of[k, cell]] |= bit
    return broken


@compiled
def _leaf_values(weights: Floats, value: float) -> Floats:
    """Shapley values of a leaf's d players for every set of satisfied ones, shape (2^d, d)."""
    count = len(weights)
    number = (count + 1) // 2
    found = np.zeros((1 << count, count))
    before = np.ones(count + 1)
    for satisfied in range(1 << count):
        for q in range(number):
            t = _POINTS[number, 0, q]
            before[0] = _POINTS[number, 1, q] * value
            for i in range(count):
                known = t if (satisfied >> i) & 1 else 0.0
                before[i + 1] = before[i] * (known + weights[i] * (1 - t))
            after = 1.0
            for i in range(count - 1, -1, -1):
                found[satisfied, i] += before[i] * after
                known = t if (satisfied >> i) & 1 else 0.0
                after *= known + weights[i] * (1 - t)
        for i in range(count):
            found[satisfied, i] *= ((satisfied >> i) & 1) - weights[i]
    return found
