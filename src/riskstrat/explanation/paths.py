"""The paths of a tree: for every leaf which features stand on its path, and what satisfies them.

Numbers of cells are those of the tree alone here: the cells of a feature between which no split of
this tree tells a difference are one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.explanation.cells import goes_left

__all__ = ["Paths", "tree_paths"]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Paths(NamedTuple):
    """Leaves of a tree from left to right; d distinct features at most on one path.

    Parameters
    ----------
    feature : ndarray of int64, shape (leaves, d)
        Place in `features` of each feature on the path; -1 for none.
    weight : ndarray of float64, shape (leaves, d)
        Share of the training rows that follow the path at the splits of the feature: what a row
        counts for while the feature is not known.
    allowed : ndarray of bool, shape (leaves, d, cells)
        Whether a row in a cell of the feature follows the path at its splits.
    value : ndarray of float64, shape (leaves,)
    length : ndarray of int64, shape (leaves,)
        Distinct features on the path.
    features : ndarray of int64, shape (f,)
        The features of the tree.
    firsts : ndarray of int64, shape (f, cells)
        First of the model's cells in each cell of the tree.
    cells : ndarray of int64, shape (f,)
        How many cells each feature has in the tree.
    """

    feature: Integers
    weight: Floats
    allowed: npt.NDArray[np.bool_]
    value: Floats
    length: Integers
    features: Integers
    firsts: Integers
    cells: Integers


def tree_paths(
    nodes: npt.NDArray[Any],
    categories: npt.NDArray[np.bool_],
    leaves: Floats,
    counts: Integers,
) -> tuple[Paths, Integers]:
    """The paths of a tree with at least one split.

    Parameters
    ----------
    nodes, categories
        See :func:`riskstrat.explanation.cells.nodes_in_cells`.
    leaves : ndarray of float64, shape (m + 1, 2)
        Value and cover of each leaf.
    counts : ndarray of int64, shape (p,)
        Cells of each feature of the model.

    Returns
    -------
    Paths
    spans : ndarray of int64, shape (m, 2)
        First leaf below each inner node and the one after the last, from left to right.
    """
    features, local = np.unique(nodes["feature"], return_inverse=True)
    changes = np.zeros((len(features), counts[features].max()), np.bool_)
    changes[:, 0] = True
    _mark_changes(nodes, categories, (local, counts), changes)
    cells = changes.sum(axis=1)
    firsts = np.zeros((len(features), cells.max()), np.int64)
    for place, own in enumerate(changes):
        firsts[place, : cells[place]] = np.flatnonzero(own)
    chain = np.zeros(len(nodes) + 1, np.int64)
    shape = (len(leaves), min(_depth(nodes, chain), len(features)))
    paths = Paths(
        feature=np.full(shape, -1),
        weight=np.ones(shape),
        allowed=np.zeros((*shape, firsts.shape[1]), np.bool_),
        value=np.zeros(len(leaves)),
        length=np.zeros(len(leaves), np.int64),
        features=features,
        firsts=firsts,
        cells=cells,
    )
    spans = np.zeros((len(nodes), 2), np.int64)
    spans[:, 0] = len(leaves)
    _walk((nodes, categories, leaves, local), (chain, np.zeros_like(chain)), paths, spans)
    return paths, spans


@compiled
def _mark_changes(
    nodes: npt.NDArray[Any],
    categories: npt.NDArray[np.bool_],
    known: tuple[Integers, Integers],
    changes: npt.NDArray[np.bool_],
) -> None:
    """Mark the first cell of each interval of each feature that the tree knows."""
    local, counts = known
    for place in range(len(nodes)):
        node = nodes[place]
        before = goes_left(node, categories, 0)
        for cell in range(1, counts[node.feature]):
            is_left = goes_left(node, categories, cell)
            if is_left != before:
                changes[local[place], cell] = True
            before = is_left


@compiled
def _depth(nodes: npt.NDArray[Any], depth: Integers) -> int:
    """Splits on the longest path; `depth` is room for a number of each node."""
    depth[:] = 1
    deepest = 1
    for node in range(len(nodes)):
        deepest = max(deepest, depth[node])
        for child in (nodes[node].left, nodes[node].right):
            if child >= 0:
                depth[child] = depth[node] + 1
    return deepest


@compiled
def _walk(
    tree: tuple[npt.NDArray[Any], npt.NDArray[np.bool_], Floats, Integers],
    room: tuple[Integers, Integers],
    paths: Paths,
    spans: Integers,
) -> None:
    """Fill the paths, leaf by leaf from left to right."""
    nodes, categories, leaves, local = tree
    chain, side = room
    chain[0] = 0
    leaf, top = 0, 0
    while top >= 0:
        node = chain[top]
        if side[top] == 2:  # noqa: PLR2004 - both children are done
            top -= 1
            if top >= 0:
                side[top] += 1
            continue
        child = nodes[node].left if side[top] == 0 else nodes[node].right
        if child >= 0:
            top += 1
            chain[top], side[top] = child, 0
            continue
        paths.value[leaf] = leaves[~child, 0]
        for step in range(top + 1):
            spans[chain[step], 0] = min(spans[chain[step], 0], leaf)
            spans[chain[step], 1] = leaf + 1
            is_last = step == top
            cover = leaves[~child, 1] if is_last else nodes[chain[step + 1]].cover
            branch = (local[chain[step]], side[step] == 0, cover)
            _follow(paths, leaf, nodes[chain[step]], branch, categories)
        leaf += 1
        side[top] += 1


@compiled
def _follow(
    paths: Paths,
    leaf: int,
    node: Any,
    branch: tuple[int, bool, float],
    categories: npt.NDArray[np.bool_],
) -> None:
    """Add a branch, its feature in the tree, side and cover, to the path of a leaf."""
    local, is_left, cover = branch
    place = 0
    while place < paths.length[leaf] and paths.feature[leaf, place] != local:
        place += 1
    if place == paths.length[leaf]:
        paths.length[leaf] += 1
        paths.feature[leaf, place] = local
        paths.allowed[leaf, place, : paths.cells[local]] = True
    paths.weight[leaf, place] *= cover / node.cover if node.cover > 0 else 0.0
    for cell in range(paths.cells[local]):
        if goes_left(node, categories, paths.firsts[local, cell]) != is_left:
            paths.allowed[leaf, place, cell] = False
