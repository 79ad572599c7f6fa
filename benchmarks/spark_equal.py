"""What must be equal when DuckDB and Spark did the same work: matrices, scores and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from riskstrat.risklist.scores import KEY_COLUMNS

__all__ = ["ORDER", "compare_matrices", "compare_scores", "read_scores"]

TOLERANCE = 1e-12
"""Largest difference of two numbers of scores, contributions and reasons."""

ORDER = {
    "scores": KEY_COLUMNS,
    "contributions": KEY_COLUMNS,
    "reasons": (*KEY_COLUMNS, "position"),
}
"""Tables of scores, and the columns that identify a row."""


def compare_matrices(matrices: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Require that all matrices are equal as float32, missing values included.

    Returns
    -------
    dict
        In words what is equal, and how many values of each matrix were compared.

    Raises
    ------
    AssertionError
        With the number of values that differ.
    """
    (first, expected), *others = matrices.items()
    for way, values in others:
        if values.shape != expected.shape:
            raise AssertionError(f"{way} has the shape {values.shape}, {first} {expected.shape}")
        same = (values == expected) | (np.isnan(values) & np.isnan(expected))
        if not same.all():
            raise AssertionError(f"{(~same).sum():,} values of {way} are not those of {first}")
    return {
        "told": "every float32 is equal, missing values included",
        "values": int(expected.size),
        "missing": int(np.isnan(expected).sum()),
    }


def read_scores(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables of a folder of scores, each a file or a folder of parts, rows in one order."""
    return {
        name: pq.read_table(folder / f"{name}.parquet")
        .to_pandas(date_as_object=False)
        .sort_values(list(order), ignore_index=True)
        for name, order in ORDER.items()
    }


def compare_scores(tables: Mapping[str, Mapping[str, pd.DataFrame]]) -> dict[str, Any]:
    """Require that all ways gave the same scores, contributions and reasons.

    Parameters
    ----------
    tables : mapping of str to mapping of str to DataFrame
        By way what :func:`read_scores` read.

    Returns
    -------
    dict
        In words what is equal, the rows of each table and the largest difference of two numbers.

    Raises
    ------
    AssertionError
        With the number of values that differ, and the table and column they are of.
    """
    (first, expected), *others = tables.items()
    largest = 0.0
    for way, found in others:
        for name, wanted in expected.items():
            told = f"of {name} of {way} are not those of {first}"
            largest = max(largest, _largest_difference(found[name], wanted, told))
    return {
        "told": f"people, ranks, texts, codes and order are equal, numbers within {TOLERANCE}",
        "rows": {name: len(rows) for name, rows in expected.items()},
        "largest_difference": largest,
    }


def _largest_difference(found: pd.DataFrame, wanted: pd.DataFrame, told: str) -> float:
    if len(found) != len(wanted) or not found.dtypes.equals(wanted.dtypes):
        raise AssertionError(f"{len(found):,} rows, or their columns, {told} ({len(wanted):,})")
    largest = 0.0
    for column, values in wanted.items():
        same = (found[column] == values) | (found[column].isna() & values.isna())
        if values.dtype.kind == "f":
            apart = (found[column] - values).abs()
            same |= apart <= TOLERANCE
            largest = max(largest, apart.max())
        if not same.all():
            raise AssertionError(f"{(~same).sum():,} values in {column} {told}")
    return float(largest)
