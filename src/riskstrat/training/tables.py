"""Ready-made tables in: numbers as they are, text and categories as codes, both may be missing."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types as kinds

__all__ = ["TableCodes"]

_NUMERIC_OBJECTS = {"integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty"}
"""What ``pandas.api.types.infer_dtype`` says of object columns that hold numbers only."""


@dataclass(frozen=True)
class TableCodes:
    """How each column of a table becomes numbers.

    Parameters
    ----------
    categories : tuple
        For each column None (a number) or the tuple of its categories, whose positions are codes.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [70.0, None], "ward": ["a", "b"]})
    >>> codes = TableCodes.learn(table)
    >>> codes.categorical
    (1,)
    >>> codes.encode(pd.DataFrame({"age": [60], "ward": ["never seen"]}))
    array([[60., nan]])
    """

    categories: tuple[tuple[Any, ...] | None, ...]

    @classmethod
    def learn(cls, table: pd.DataFrame) -> TableCodes:
        """Read off which columns are numbers and which categories occur in the others.

        Raises
        ------
        TypeError
            When a column holds something other than numbers, text, booleans or categories.
        """
        return cls(tuple(_categories(table.iloc[:, i]) for i in range(table.shape[1])))

    @property
    def categorical(self) -> tuple[int, ...]:
        """Positions of the columns that hold codes."""
        return tuple(i for i, found in enumerate(self.categories) if found is not None)

    def encode(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Numbers of shape (n, p); NaN for what is missing and for categories never seen.

        Raises
        ------
        TypeError, ValueError
            When a column of numbers holds something else, or infinity.
        """
        values = np.empty(table.shape)
        for i, found in enumerate(self.categories):
            column = table.iloc[:, i]
            values[:, i] = _numbers(column) if found is None else _codes(column, found)
        if np.isinf(values).any():
            raise ValueError("Input X contains infinity or a value too large for dtype('float64').")
        return values


def _categories(column: pd.Series) -> tuple[Any, ...] | None:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return tuple(column.dtype.categories)
    if kinds.is_numeric_dtype(column) or kinds.is_bool_dtype(column):
        return None
    if not (kinds.is_object_dtype(column) or kinds.is_string_dtype(column)):
        raise TypeError(
            f"every column must be a string, a number or a category; got one of {column.dtype}"
        )
    known = column.dropna()
    if kinds.infer_dtype(known) in _NUMERIC_OBJECTS:
        return None
    _require_plain(known)
    return tuple(sorted(set(known.astype(str))))


def _require_plain(known: pd.Series) -> None:
    strange = {type(value).__name__ for value in known if not isinstance(value, (str, Number))}
    if strange:
        listed = ", ".join(sorted(strange))
        raise TypeError(f"argument must be a string or a number, in every cell; got {listed}")


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        raise TypeError("a column that held numbers in 'fit' holds categories now")
    known = column.dropna()
    if kinds.is_object_dtype(column):
        _require_plain(known)
    try:
        return column.astype("object").where(column.notna(), np.nan).to_numpy(dtype=np.float64)
    except ValueError as error:
        raise ValueError(
            "a column that held numbers in 'fit' holds text that is not a number now"
        ) from error


def _codes(column: pd.Series, categories: tuple[Any, ...]) -> NDArray[np.float64]:
    is_plain = not isinstance(column.dtype, pd.CategoricalDtype)
    if is_plain and all(isinstance(category, str) for category in categories):
        column = column.astype(str).where(column.notna(), None)
    codes = pd.Index(categories).get_indexer(pd.Index(column))
    known = column.notna().to_numpy() & (codes >= 0)
    return np.where(known, codes, np.nan).astype(np.float64)
