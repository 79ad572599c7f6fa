"""Facts as integers that hold, and sort by, row, kind and days before the index date."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled

__all__ = [
    "DAY_BITS",
    "DAY_MASK",
    "FACT_BITS",
    "FACT_MASK",
    "LONGEST_DAY",
    "FactDays",
    "Ints",
    "Keys",
    "Reals",
    "Valued",
    "Values",
    "pack",
    "packed",
    "unpack",
]

DAY_BITS, FACT_BITS = 16, 20
DAY_MASK, FACT_MASK = (1 << DAY_BITS) - 1, (1 << FACT_BITS) - 1
LONGEST_DAY = DAY_MASK
"""Days further back than this read as this many."""

Values = npt.NDArray[np.float32]
FactDays = npt.NDArray[np.int16]
Ints = npt.NDArray[np.int32]
Keys = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Valued = tuple[Keys, Reals, Ints]
"""Packed facts with an amount, their amounts, and minutes of the day (-1 for none)."""


def pack(rows: npt.ArrayLike, facts: npt.ArrayLike, days: npt.ArrayLike) -> Keys:
    """One integer per fact, which sorts by row, then kind, then from the latest to the earliest."""
    row, fact, day = (np.asarray(part, np.int64) for part in (rows, facts, days))
    day = np.minimum(day, LONGEST_DAY)
    return (((row << FACT_BITS) | fact) << DAY_BITS) | day


@compiled
def packed(row: int, fact: int, day: int) -> np.int64:
    """As :func:`pack`, for one fact, in compiled loops."""
    held = (np.int64(row) << FACT_BITS) | np.int64(fact)
    return (held << DAY_BITS) | np.int64(min(day, LONGEST_DAY))


def unpack(keys: Keys) -> tuple[Keys, Keys, Keys]:
    """Row, kind and day of packed facts."""
    rest = keys >> DAY_BITS
    return rest >> FACT_BITS, rest & FACT_MASK, keys & DAY_MASK
