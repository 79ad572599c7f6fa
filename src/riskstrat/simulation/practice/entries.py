"""Coded entries of the practice record: what was noted, on which day, under which concept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.catalogue import column
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.timeline import Days, Floats

__all__ = [
    "KIND_NAMES",
    "Entries",
    "Kind",
    "concept",
    "concept_column",
    "condition_count",
    "noted",
]

KIND_NAMES = ("diagnosis", "observation", "measurement")


class Kind(IntEnum):
    """What an entry is: a problem's first coding, a note, or a note with a value."""

    DIAGNOSIS = 0
    OBSERVATION = 1
    MEASUREMENT = 2


@dataclass(frozen=True)
class Entries:
    """Entries of some people, in no particular order.

    Parameters
    ----------
    kind : ndarray of int
        Positions in :data:`KIND_NAMES`.
    row : ndarray of int
        Position of the person in the block.
    day : ndarray of day numbers
    concept : ndarray of int
        Positions among the conditions and, after them, the observations.
    value : ndarray of float
        Not a number where the entry has no value.
    key : ndarray of uint64
        Opaque and the entry's own: its identifier, and the key of what goes wrong with it.
    """

    kind: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    day: Days
    concept: npt.NDArray[np.int64]
    value: Floats
    key: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, kept: npt.NDArray[Any]) -> Entries:
        """Some of the entries."""
        return Entries(*(getattr(self, part.name)[kept] for part in fields(self)))

    @classmethod
    def joined(cls, parts: Iterable[Entries]) -> Entries:
        """All entries of several."""
        every = list(parts)
        return cls(
            *(np.concatenate([getattr(one, part.name) for one in every]) for part in fields(cls))
        )


def condition_count() -> int:
    """Concepts before this one are conditions; the others stand in ``observations.csv``."""
    return len(column("conditions", "condition"))


@cache
def concept(name: str) -> int:
    """Position of an observation among the concepts."""
    return condition_count() + column("observations", "observation").index(name)


@cache
def concept_column(condition_key: str | None, observation_key: str) -> tuple[str, ...]:
    """A column of all concepts; empty for conditions when they have no such column."""
    conditions = (
        ("",) * condition_count() if condition_key is None else column("conditions", condition_key)
    )
    return conditions + column("observations", observation_key)


def noted(
    name: str, row: npt.NDArray[np.int64], day: Days, draws: Draws, value: Floats | None = None
) -> Entries:
    """Entries of one concept of ``observations.csv``, rounded as it is recorded.

    Parameters
    ----------
    name : str
        The observation.
    row, day : ndarray
        Who and when.
    draws : Draws
        Random numbers of what the entries belong to: one entry of a concept each.
    value : ndarray of float, optional
        Makes them measurements.
    """
    count = len(row)
    number = concept(name)
    kind = Kind.OBSERVATION if value is None else Kind.MEASUREMENT
    told = np.full(count, np.nan) if value is None else np.round(value, _decimals()[name])
    return Entries(
        kind=np.full(count, kind, np.int64),
        row=row,
        day=day,
        concept=np.full(count, number),
        value=told,
        key=draws.bits(f"entry {name}"),
    )


@cache
def _decimals() -> dict[str, int]:
    names, decimals = column("observations", "observation"), column("observations", "decimals")
    return {name: int(text) for name, text in zip(names, decimals, strict=True) if text}
