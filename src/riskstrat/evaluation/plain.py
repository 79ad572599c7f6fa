"""Results as plain JSON values: no NaN, no infinity, no more digits than mean something."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import PurePath
from typing import Any

import numpy as np

__all__ = ["DIGITS", "plain"]

DIGITS = 6
"""Significant digits kept: more than any interval supports, fewer than sums in another order
change."""


def plain(value: Any, digits: int = DIGITS) -> Any:
    """`value` as dicts, lists, text, numbers, booleans and None.

    Dataclasses become dicts, arrays lists; NaN and infinity become None.

    Raises
    ------
    TypeError
        When something else is met.

    Examples
    --------
    >>> plain({"a": np.array([1.23456789, float("nan")]), "b": (True, 3)})
    {'a': [1.23457, None], 'b': [True, 3]}
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | np.floating):
        return _number(float(value), digits)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return value.name
    return _container(value, digits)


def _container(value: Any, digits: int) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name), digits) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item, digits) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(item, digits) for item in value]
    raise TypeError(f"expected a value that JSON can hold, not {type(value).__name__}")


def _number(value: float, digits: int) -> float | None:
    if not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}")
