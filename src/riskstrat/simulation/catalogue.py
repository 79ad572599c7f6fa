"""The simulator's tables, read once: conditions, causes of admission, medicines."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

__all__ = ["column", "condition_index", "numbers", "rows"]


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a table of the simulator, as text."""
    text = files("riskstrat.simulation.tables").joinpath(f"{name}.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def column(name: str, key: str) -> tuple[str, ...]:
    """One column of a table."""
    return tuple(row[key] for row in rows(name))


def numbers(name: str, key: str) -> npt.NDArray[np.float64]:
    """One numeric column of a table."""
    return np.array(column(name, key), dtype=np.float64)


def condition_index(name: str) -> int:
    """Position of a condition in every array that has one column per condition."""
    return column("conditions", "condition").index(name)
