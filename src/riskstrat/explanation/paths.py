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

    feature: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]
    allowed: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float64]
    length: npt.NDArray[np.int64]
    features: npt.NDArray[np.int64]
    firsts: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]


@compiled
def tree_paths(
    nodes: npt.NDArray[Any],
    categories: npt.NDArray[np.bool_],
    leaves: npt.NDArray[np.float64],
    counts: npt.NDArray[np.int64],
) -> tuple[Paths, npt.NDArray[np.int64]]:
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
    paths = _empty_paths(nodes, categories, leaves, counts)
    spans = np.zeros((len(nodes), 2), np.int64)
    spans[:, 0] = len(leaves)
    chain, side = np.zeros(len(nodes) + 1, np.int64), np.zeros(len(nodes) + 1, np.int64)
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
            _follow(paths, leaf, nodes[chain[step]], (side[step] == 0, cover), categories)
        leaf += 1
        side[top] += 1
    return paths, spans


@compiled
def _empty_paths(
    nodes: npt.NDArray[Any],
    categories: npt.NDArray[np.bool_],
    leaves: npt.NDArray[np.float64],
    counts: npt.NDArray[np.int64],
) -> Paths:
    features, firsts, cells = _local_cells(nodes, categories, counts)
    depth = _most_features(nodes)
    count = len(leaves)
    return Paths(
        np.full((count, depth), -1),
        np.ones((count, depth)),
        np.zeros((count, depth, firsts.shape[1]), np.bool_),
        np.zeros(count),
        np.zeros(count, np.int64),
        features,
        firsts,
        cells,
    )


@compiled
def _follow(
    paths: Paths,
    leaf: int,
    node: Any,
    branch: tuple[bool, float],
    categories: npt.NDArray[np.bool_],
) -> None:
    """Add a branch, its side and its cover, to the path of a leaf."""
    is_left, cover = branch
    local = np.searchsorted(paths.features, node.feature)
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


@compiled
def _most_features(nodes: npt.NDArray[Any]) -> int:
    """A bound of the distinct features on one path: the depth, or the features of the tree."""
    depth = np.ones(len(nodes), np.int64)
    for node in range(len(nodes)):
        for child in (nodes[node].left, nodes[node].right):
            if child >= 0:
                depth[child] = depth[node] + 1
    return int(min(depth.max(), len(np.unique(nodes["feature"]))))


@compiled
def _local_cells(
    nodes: npt.NDArray[Any], categories: npt.NDArray[np.bool_], counts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The features of a tree, the first cell of each interval it knows, and their number."""
    features = np.unique(nodes["feature"])
    changes = np.zeros((len(features), counts[features].max()), np.bool_)
    for node in nodes:
        local = np.searchsorted(features, node.feature)
        for cell in range(1, counts[node.feature]):
            if goes_left(node, categories, cell) != goes_left(node, categories, cell - 1):
                changes[local, cell] = True
    changes[:, 0] = True
    cells = changes.sum(axis=1)
    firsts = np.zeros((len(features), cells.max()), np.int64)
    for local in range(len(features)):
        firsts[local, : cells[local]] = np.flatnonzero(changes[local])
    return features, firsts, cells
