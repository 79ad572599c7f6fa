"""Cells: the finest intervals of a feature's values that any split of a model tells apart.

Within a cell every split of the model decides alike, so a row is known to the trees by one small
integer per feature. Cell 0 is a missing value; of a categorical feature also a category that no
split names. Every rule of LightGBM for missing values becomes a set of cells that go left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.errors import ArtefactError
from riskstrat.explanation.tree_text import MissingType, Tree

__all__ = ["NODE", "Cells", "build_cells", "cells_of_rows", "goes_left", "nodes_in_cells"]

ZERO = float(np.float32(1e-35))
"""Values from -ZERO to ZERO are 0 to LightGBM (``kZeroThreshold``, a single-precision constant)."""

BELOW_ZERO = float(np.nextafter(-ZERO, -1.0))
"""The greatest value that is not 0 but below."""

TILE_ROWS = 256
"""Rows whose values stay in the nearest cache while feature after feature is looked at."""

NODE = np.dtype(
    [
        ("feature", np.int64),
        ("left", np.int64),
        ("right", np.int64),
        ("cover", np.float64),
        ("last", np.int64),
        ("zero_from", np.int64),
        ("zero_to", np.int64),
        ("categories_at", np.int64),
        ("missing_left", np.bool_),
    ]
)
"""An inner node in cells. Cell 0 and the cells ``zero_from`` to ``zero_to`` go where
``missing_left`` says, others left up to ``last``; of a categorical split ``categories_at`` is 0 or
more and points at a flag for each cell."""


class Cells(NamedTuple):
    """The cells of p features.

    Parameters
    ----------
    offsets : ndarray of int64, shape (p + 1,)
        Where the edges of each feature stand.
    edges : ndarray of float64
        Ascending within a feature: cell k + 1 holds values above k edges; of a categorical feature
        cell k + 1 is the category ``edges[k]``.
    is_categorical : ndarray of bool, shape (p,)
    """

    offsets: npt.NDArray[np.int64]
    edges: npt.NDArray[np.float64]
    is_categorical: npt.NDArray[np.bool_]

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many cells each feature has, the missing one included, shape (p,)."""
        return np.diff(self.offsets) + np.where(self.is_categorical, 1, 2)


def build_cells(trees: Sequence[Tree], features: int) -> Cells:
    """The cells that the splits of some trees need.

    Parameters
    ----------
    trees : sequence of Tree
    features : int
        p.

    Returns
    -------
    Cells

    Raises
    ------
    ArtefactError
        When a feature has both numeric and categorical splits.
    """
    thresholds: list[set[float]] = [set() for _ in range(features)]
    categories: list[set[float]] = [set() for _ in range(features)]
    for tree in trees:
        for feature, threshold, is_categorical, missing in zip(
            tree.feature, tree.threshold, tree.is_categorical, tree.missing_type, strict=True
        ):
            if is_categorical:
                categories[feature].update(tree.categories[int(threshold)].tolist())
                continue
            thresholds[feature].add(_beside_zero(threshold))
            if missing == MissingType.ZERO:
                thresholds[feature].update((BELOW_ZERO, ZERO))
    both = sum(bool(t and c) for t, c in zip(thresholds, categories, strict=True))
    if both:
        raise ArtefactError(
            f"expected a feature to be either numeric or categorical, but {both:,} are both.",
            do="Give the model text as LightGBM wrote it.",
        )
    edges = [sorted(t or c) for t, c in zip(thresholds, categories, strict=True)]
    return Cells(
        offsets=np.cumsum([0, *map(len, edges)]),
        edges=np.array([edge for of_one in edges for edge in of_one], dtype=np.float64),
        is_categorical=np.array([bool(c) for c in categories], dtype=bool),
    )


def nodes_in_cells(tree: Tree, cells: Cells) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """The inner nodes of a tree with their splits in cells.

    Parameters
    ----------
    tree : Tree
    cells : Cells

    Returns
    -------
    nodes : ndarray of NODE, shape (m,)
    categories : ndarray of bool
        What ``categories_at`` points into.
    """
    nodes = np.zeros(len(tree.feature), NODE)
    for name in ("feature", "left", "right", "cover"):
        nodes[name] = getattr(tree, name)
    nodes["categories_at"] = -1
    nodes["zero_from"] = 1
    flags: list[npt.NDArray[np.bool_]] = [np.empty(0, bool)]
    for node, split in enumerate(zip(tree.feature, tree.threshold, strict=True)):
        feature, threshold = split
        edges = cells.edges[cells.offsets[feature] : cells.offsets[feature + 1]]
        if tree.is_categorical[node]:
            nodes["categories_at"][node] = sum(map(len, flags))
            flags.append(np.isin([-1, *edges], tree.categories[int(threshold)]))
            continue
        nodes["last"][node] = np.searchsorted(edges, _beside_zero(threshold)) + 1
        missing = tree.missing_type[node]
        is_default = missing != MissingType.NONE
        nodes["missing_left"][node] = tree.default_left[node] if is_default else threshold >= 0
        if missing == MissingType.ZERO:
            nodes["zero_from"][node] = np.searchsorted(edges, -ZERO) + 1
            nodes["zero_to"][node] = np.searchsorted(edges, ZERO) + 1
    return nodes, np.concatenate(flags)


def _beside_zero(threshold: float) -> float:
    """A threshold that keeps all values which are 0 together, as LightGBM does before any split."""
    if abs(threshold) > ZERO:
        return float(threshold)
    return ZERO if threshold >= 0 else BELOW_ZERO


@compiled
def goes_left(node: Any, categories: npt.NDArray[np.bool_], cell: int) -> bool:
    """Whether the rows of a cell go left at a node (one record of :data:`NODE`)."""
    if node.categories_at >= 0:
        return bool(categories[node.categories_at + cell])
    if cell == 0 or node.zero_from <= cell <= node.zero_to:
        return bool(node.missing_left)
    return bool(cell <= node.last)


@compiled
def cells_of_rows(
    values: npt.NDArray[Any],
    used: npt.NDArray[np.int64],
    cells: Cells,
    found: npt.NDArray[Any],
) -> None:
    """The cell of each value, for the features that are used.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (n, p)
        NaN is missing.
    used : ndarray of int64
        Features to look at.
    cells : Cells
    found : ndarray of unsigned int, shape (p, n or more)
        Filled; rows of features that are not used stay as they are.
    """
    places = np.empty(TILE_ROWS, np.int64)
    column = np.empty(TILE_ROWS)
    for start in range(0, values.shape[0], TILE_ROWS):
        rows = min(TILE_ROWS, values.shape[0] - start)
        for feature in used:
            edges = cells.edges[cells.offsets[feature] : cells.offsets[feature + 1]]
            is_categorical = cells.is_categorical[feature]
            for row in range(rows):
                value = np.float64(values[start + row, feature])
                column[row] = np.trunc(value) if is_categorical else value
            _edges_below(column[:rows], edges, places)
            own = found[feature, start : start + rows]
            for row in range(rows):
                place, value = places[row], column[row]
                if is_categorical:
                    is_named = place < len(edges) and edges[place] == value
                    own[row] = place + 1 if is_named else 0
                else:
                    own[row] = 0 if np.isnan(value) else place + 1


@compiled
def _edges_below(
    values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64], places: npt.NDArray[np.int64]
) -> None:
    """How many edges lie below each value: a search by halves, one halving for all values at once.

    No branch depends on a value, and the searches do not wait for each other.
    """
    places[:] = 0
    left = len(edges)
    while left > 1:
        half = left >> 1
        for row in range(len(values)):
            places[row] += half if edges[places[row] + half - 1] < values[row] else 0
        left -= half
    for row in range(len(values)):
        places[row] += 1 if edges[places[row]] < values[row] else 0
