"""Exact Shapley values of a LightGBM model for every row, fast enough to explain everyone.

The values are path-dependent: a feature that is not known follows the training rows down both
branches, in their proportion. They add, with the expected value, to the model's raw score. They are
neither causal effects nor conditional expectations in a population.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.errors import UsageError
from riskstrat.explanation.cells import Cells, build_cells, cells_of_rows, nodes_in_cells
from riskstrat.explanation.deep import Deep, add_deep, pack_deep
from riskstrat.explanation.kernel import Lookups, add_lookups, pack_lookups, to_rows
from riskstrat.explanation.paths import Paths, tree_paths
from riskstrat.explanation.square import SIDE
from riskstrat.explanation.tables import Players, Subtree, build_subtrees, split_in_subtrees
from riskstrat.explanation.tree_text import Tree, read_tree_text

if TYPE_CHECKING:
    import lightgbm as lgb

__all__ = ["TreeShap"]

BLOCK_ROWS = (1024, 8192)
"""Least and most rows explained together: a table is to be used many times while it is near."""

BLOCK_NUMBERS = 786_432
"""Numbers of the result of a block, 6 MiB, which should stay in a cache that cores share."""

TABLE_NUMBERS = 16_384
"""Most numbers of one table, 128 KiB: larger ones gained no time [measured]. A row's place in a
table is a number of 16 bits, so that it could never be above 65,536."""

SMALLEST_TABLE = 4096
"""Numbers to which tables are made smaller to save memory: below, there are so many that they take
more."""

TABLE_BYTES = 512 * 2**20
"""Most memory of all tables. Trees for which it is not enough are explained as those too deep."""

PADDING = 8
"""Numbers between columns, so that columns do not all fall on the same places of a cache."""

Floats = npt.NDArray[np.float64]


class TreeShap:
    """Explains a LightGBM model: binary, regression or several classes.

    Parameters
    ----------
    model : lightgbm.Booster or str
        Or the text of one (``model_to_string``).
    groups : sequence of int, length p, optional
        Number of the group of each feature, from 0. Columns are then groups, and a column is the
        sum over its features.
    together : bool
        The features of a group enter the game together: the Shapley values of the game whose
        players are the groups. They differ from the sums where features of different groups act
        together, see ``docs/decisions``.
    threads : int, optional
        When not given, ``OMP_NUM_THREADS`` as for LightGBM (Spark sets it to the cores of a task),
        else as many as the process may use.

    Attributes
    ----------
    expected_value : float, or ndarray of shape (outputs,)
        Raw score of a row of which nothing is known.

    Raises
    ------
    ArtefactError
        When the text is damaged, or has linear leaves or unknown kinds of splits.
    UsageError
        When the groups do not fit the features, or the model is no booster.

    Examples
    --------
    >>> import lightgbm as lgb, numpy as np
    >>> values = np.arange(200.0).reshape(100, 2) % 7
    >>> table = lgb.Dataset(values, (values[:, 0] > 3).astype(int))
    >>> booster = lgb.train({"objective": "binary", "verbosity": -1}, table, 5)
    >>> shap = TreeShap(booster)
    >>> found = shap.shap_values(values)
    >>> raw = booster.predict(values, raw_score=True)
    >>> bool(np.allclose(found.sum(axis=1) + shap.expected_value, raw))
    True
    """

    def __init__(
        self,
        model: lgb.Booster | str,
        *,
        groups: Sequence[int] | None = None,
        together: bool = False,
        threads: int | None = None,
    ) -> None:
        told = read_tree_text(_text_of(model))
        self.names = told.names
        self._is_by_feature = groups is None
        self._threads = threads or _usual_threads()
        players = _players(len(told.names), groups, together=together)
        self.columns = int(players.column.max()) + 1
        self._cells = build_cells(told.trees, len(told.names))
        self._used = np.flatnonzero(np.diff(self._cells.offsets))
        self._kind = np.min_scalar_type(int(self._cells.counts.max()))
        of_output = [told.trees[k :: told.outputs] for k in range(told.outputs)]
        grown = [_grow(trees, self._cells) for trees in of_output]
        planned = iter(_plan([tree for trees in grown for tree in trees], players))
        self._outputs = [
            _build_output(
                trees, list(islice(planned, len(trees))), players, self._kind, self._threads
            )
            for trees in grown
        ]
        constants = [_constant(trees) for trees in of_output]
        expected = [o.expected + c for o, c in zip(self._outputs, constants, strict=True)]
        self.expected_value: Any = expected[0] if len(expected) == 1 else np.array(expected)

    def describe(self) -> dict[str, int]:
        """Counts: features, columns, trees with and without tables, bytes of tables."""
        looked_up = [output.lookups for output in self._outputs]
        return {
            "features": len(self.names),
            "columns": self.columns,
            "trees_in_tables": sum(output.trees_in_tables for output in self._outputs),
            "trees_too_deep": sum(output.trees_too_deep for output in self._outputs),
            "tables": sum(len(lookups.start) for lookups in looked_up),
            "squares": sum(len(lookups.squares) for lookups in looked_up),
            "steps": sum(len(lookups.step_cell) for lookups in looked_up),
            "table_bytes": sum(lookups.values.nbytes for lookups in looked_up),
        }

    def shap_values(self, values: Any) -> Floats:
        """Shapley values of every row.

        Parameters
        ----------
        values : ndarray or DataFrame, shape (n, p)
            Numbers; NaN is missing. A data frame has the columns of the model, in any order.

        Returns
        -------
        ndarray of float64, shape (n, columns), or (n, columns, outputs) where there are several
            In units of the raw score (log-odds of a binary model).

        Raises
        ------
        UsageError
            When the shape, the columns or the kind of values do not fit the model.
        """
        table = _as_table(values, self.names)
        found = [np.empty((len(table), self.columns)) for _ in self._outputs]
        rows = int(np.clip(BLOCK_NUMBERS // self.columns, *BLOCK_ROWS)) // SIDE * SIDE

        def explain(first: int) -> None:
            block = slice(first, first + rows)
            self._explain_block(table[block], [out[block] for out in found])

        blocks = range(0, len(table), rows)
        if len(blocks) > 1 and self._threads > 1:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(explain, blocks))
        else:
            for first in blocks:
                explain(first)
        return found[0] if len(found) == 1 else np.stack(found, axis=2)

    def __call__(self, values: Any) -> Any:
        """The values as a ``shap.Explanation``, for shap's plots.

        Parameters
        ----------
        values : ndarray or DataFrame, shape (n, p)

        Returns
        -------
        shap.Explanation
        """
        import shap  # imported here: it takes seconds and only plots need it

        table = _as_table(values, self.names)
        expected = np.repeat(np.atleast_2d(self.expected_value), len(table), axis=0)
        return shap.Explanation(
            values=self.shap_values(table),
            base_values=expected[:, 0] if len(self._outputs) == 1 else expected,
            data=table if self._is_by_feature else None,
            feature_names=list(self.names) if self._is_by_feature else None,
        )

    def _explain_block(self, table: npt.NDArray[Any], out: list[Floats]) -> None:
        cells = np.zeros((len(self.names), -(-len(table) // SIDE) * SIDE), self._kind)
        cells_of_rows(np.ascontiguousarray(table), self._used, self._cells, cells)
        for output, wanted in zip(self._outputs, out, strict=True):
            found = np.zeros((self.columns + 1, cells.shape[1] + PADDING))
            add_lookups(output.lookups, cells, found)
            if output.trees_too_deep:
                add_deep(output.deep, cells, found)
            to_rows(found, wanted)


class _Grown(NamedTuple):
    """A tree that splits: its nodes in cells, the leaves below each, its paths."""

    nodes: npt.NDArray[Any]
    spans: npt.NDArray[np.int64]
    paths: Paths


class _Output(NamedTuple):
    """What explains one score: tables, the leaves of deep trees, and the expected score."""

    lookups: Lookups
    deep: Deep
    expected: float
    trees_in_tables: int
    trees_too_deep: int


def _text_of(model: Any) -> str:
    if isinstance(model, str):
        return model
    if not hasattr(model, "model_to_string"):
        raise UsageError(
            f"expected a booster of LightGBM or its text, but got a {type(model).__name__}.",
            do="Of a scikit-learn estimator of LightGBM give its booster_.",
        )
    return str(model.model_to_string())


def _grow(trees: Sequence[Tree], cells: Cells) -> list[_Grown]:
    grown = []
    for tree in trees:
        if len(tree.leaf_value) > 1:
            nodes, categories = nodes_in_cells(tree, cells)
            leaves = np.column_stack([tree.leaf_value, tree.leaf_cover])
            paths, spans = tree_paths(nodes, categories, leaves, cells.counts)
            grown.append(_Grown(nodes, spans, paths))
    return grown


def _plan(trees: Sequence[_Grown], players: Players) -> list[npt.NDArray[np.int64]]:
    """The subtrees of each tree that have tables, so that all of them keep to TABLE_BYTES."""
    limit = TABLE_NUMBERS
    while True:
        subtrees = [split_in_subtrees(*tree, players, limit) for tree in trees]
        numbers = np.cumsum([found[:, 2].sum() for found in subtrees])
        fits = numbers * np.dtype(np.float64).itemsize <= TABLE_BYTES
        if fits.all() or limit // 2 < SMALLEST_TABLE:
            return [found[: len(found) * fit] for found, fit in zip(subtrees, fits, strict=True)]
        limit //= 2


def _build_output(
    trees: Sequence[_Grown],
    planned: Sequence[npt.NDArray[np.int64]],
    players: Players,
    kind: np.dtype[Any],
    threads: int,
) -> _Output:
    def build(tree: _Grown, spans: npt.NDArray[np.int64]) -> list[Subtree]:
        return list(build_subtrees(tree.paths, spans, players, TABLE_NUMBERS))

    with ThreadPoolExecutor(threads) as pool:
        subtrees = list(pool.map(build, trees, planned))
    deep = [tree.paths for tree, found in zip(trees, subtrees, strict=True) if not found]
    reached = [float(tree.paths.value @ tree.paths.weight.prod(axis=1)) for tree in trees]
    return _Output(
        lookups=pack_lookups([subtree for of_tree in subtrees for subtree in of_tree], kind),
        deep=pack_deep(deep, players, kind),
        expected=sum(reached),
        trees_in_tables=len(trees) - len(deep),
        trees_too_deep=len(deep),
    )


def _constant(trees: Sequence[Tree]) -> float:
    """What the trees of a single leaf give to every row."""
    return sum(float(tree.leaf_value[0]) for tree in trees if len(tree.leaf_value) == 1)


def _usual_threads() -> int:
    """What ``OMP_NUM_THREADS`` says at the outermost level, else the cores the process may use."""
    told = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if told.isdecimal() and int(told):
        return int(told)
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def _players(features: int, groups: Sequence[int] | None, *, together: bool) -> Players:
    if groups is None:
        if together:
            raise UsageError("expected groups, since features are to enter together.")
        return Players(np.arange(features), np.arange(features))
    column = np.asarray(groups)
    is_whole = column.shape == (features,) and np.issubdtype(column.dtype, np.integer)
    if not is_whole or column.min() < 0:
        raise UsageError(
            f"expected the number of a group, from 0, for each of {features:,} features, but got "
            f"{column.dtype} of shape {column.shape}."
        )
    column = column.astype(np.int64)
    return (
        Players(column, np.arange(column.max() + 1))
        if together
        else Players(np.arange(features), column)
    )


def _as_table(values: Any, names: tuple[str, ...]) -> npt.NDArray[Any]:
    """Values as numbers in the model's columns; float32 stays, everything else is float64."""
    if isinstance(values, pd.DataFrame):
        missing, more = set(names) - set(values.columns), set(values.columns) - set(names)
        if missing or more or len(values.columns) != len(names):
            raise UsageError(
                f"expected the {len(names):,} columns of the model, but {len(missing):,} of them "
                f"are missing and {len(more):,} are not of the model.",
                do="Give exactly the columns the model was trained with; their order is free.",
            )
        values = values[list(names)].to_numpy()
    table = np.asarray(values)
    if table.ndim != 2 or table.shape[1] != len(names):  # noqa: PLR2004 - rows and columns
        raise UsageError(f"expected rows of {len(names):,} values, but the shape is {table.shape}.")
    if table.dtype.kind not in "fiub":
        raise UsageError(
            f"expected numbers, but the values are of kind '{table.dtype}'.",
            do="Encode text and categories as the numbers the model was trained with.",
        )
    return table if table.dtype == np.float32 else table.astype(np.float64, copy=False)
