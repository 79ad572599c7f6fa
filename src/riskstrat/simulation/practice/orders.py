"""Orders of medicines: what was issued, to whom, on which day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.catalogue import column
from riskstrat.simulation.timeline import Days, Floats

__all__ = ["TABLES", "Orders", "first_product", "product_column"]

TABLES = ("medicines", "medicines_by_age", "courses")
"""Tables of medicines; products are their rows, one table after the other."""


@dataclass(frozen=True)
class Orders:
    """Orders of some people, in no particular order.

    Parameters
    ----------
    row : ndarray of int
        Position of the person in the block.
    day : ndarray of day numbers
    product : ndarray of int
        Positions among the rows of :data:`TABLES`.
    quantity : ndarray of float
        In the product's unit.
    duration : ndarray of int
        Days that the order is meant to last.
    key : ndarray of uint64
        Opaque and the order's own.
    """

    row: npt.NDArray[np.int64]
    day: Days
    product: npt.NDArray[np.int64]
    quantity: Floats
    duration: npt.NDArray[np.int64]
    key: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, kept: npt.NDArray[Any]) -> Orders:
        """Some of the orders."""
        return Orders(*(getattr(self, part.name)[kept] for part in fields(self)))

    @classmethod
    def joined(cls, parts: Iterable[Orders]) -> Orders:
        """All orders of several."""
        every = list(parts)
        return cls(
            *(np.concatenate([getattr(one, part.name) for one in every]) for part in fields(cls))
        )


@cache
def product_column(key: str) -> tuple[str, ...]:
    """A column of all products."""
    return tuple(value for table in TABLES for value in column(table, key))


def first_product(table: str) -> int:
    """Position of the first row of a table among the products."""
    return sum(len(column(other, "bnf")) for other in TABLES[: TABLES.index(table)])
