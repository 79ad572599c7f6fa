"""Attendances at emergency departments: those that led to admission, and the others."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, numbers
from riskstrat.simulation.columns import opaque
from riskstrat.simulation.hospital.causes import drawn_causes, labels_of, positions_of
from riskstrat.simulation.hospital.spells import (
    EMERGENCY_METHODS,
    METHODS,
    MINUTES_A_DAY,
    Spells,
    arrival_minutes,
    provider_of,
)
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.timeline import Days, Mask

__all__ = ["Attendances", "attendances_of", "complaint_labels", "diagnosis_labels", "mechanisms"]

_STAY_MINUTES = (60, 420)
"""Minutes in the department of people who are admitted."""
_VISIT_MINUTES, _VISIT_SIGMA = 150, 0.6
"""Median minutes of the others, and the spread of their logarithm."""
_SHORTEST, _LONGEST = 10, 1200
_FALL = "1912002"
"""SNOMED CT: fall."""
_FALLS = ("W0", "W1")
"""External causes of ICD-10 that are falls."""


@dataclass(frozen=True)
class Attendances:
    """Attendances, those with an admission first.

    Parameters
    ----------
    row, day : ndarray of int
        Person and day of arrival.
    minute, minutes : ndarray of int
        Minute of the day of arrival, and minutes until departure.
    admitted : ndarray of bool
    minor : ndarray of bool
        Seen in an urgent treatment centre (department type 03) instead of a major department.
    complaint, diagnosis, mechanism : ndarray of int
        Positions in the labels of the codes; -1 = none.
    provider : ndarray of int
    """

    row: Days
    day: Days
    minute: Days
    minutes: Days
    admitted: Mask
    minor: Mask
    complaint: npt.NDArray[np.int64]
    diagnosis: npt.NDArray[np.int64]
    mechanism: npt.NDArray[np.int64]
    provider: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.row)

    def draws(self, block: Block) -> Draws:
        """Random numbers of the attendances: at most one a day."""
        return block.draws("emergency department", self.row, self.day)

    def identifiers(self, block: Block) -> pa.Array:
        """Attendance identifiers: the ``stay_id`` of the linked records."""
        return opaque("A", self.draws(block).bits("attendance"))

    def departed(self, block: Block) -> tuple[Days, Days]:
        """Day and minute of departure: after midnight only if the next day is lived and seen."""
        leaving = self.minute + self.minutes
        latest = np.minimum(block.lives.death[self.row], block.period.last)
        over = (leaving >= MINUTES_A_DAY) & (self.day < latest)
        within = np.minimum(leaving, MINUTES_A_DAY - 1)
        return self.day + over, np.where(over, leaving % MINUTES_A_DAY, within)


def attendances_of(block: Block, spells: Spells) -> Attendances:
    """Every attendance of the people of a block."""
    with_admission = _admitted(block, spells)
    others = _not_admitted(block)
    return Attendances(
        **{
            field.name: np.concatenate(
                [getattr(with_admission, field.name), getattr(others, field.name)]
            )
            for field in fields(Attendances)
        }
    )


def _admitted(block: Block, spells: Spells) -> Attendances:
    """One for each admission through the department: earlier on the same day, same hospital."""
    through = METHODS.index(EMERGENCY_METHODS[0])
    which = np.flatnonzero(spells.is_kind("emergency") & (spells.method == through))
    row, day, admitted = (getattr(spells, name)[which] for name in ("row", "start", "minute"))
    draws = block.draws("emergency department", row, day)
    stayed = draws.integers("stayed", *_STAY_MINUTES)
    shorter = (draws.uniform("shorter") * admitted).astype(np.int64)
    stayed = np.where(stayed <= admitted, stayed, shorter)
    complaint, diagnosis = _codes("admission_causes")
    return Attendances(
        row=row,
        day=day,
        minute=admitted - stayed,
        minutes=stayed,
        admitted=np.ones(len(row), bool),
        minor=np.zeros(len(row), bool),
        complaint=complaint[spells.cause[which]],
        diagnosis=diagnosis[spells.cause[which]],
        mechanism=_falls()[spells.cause[which]],
        provider=spells.provider[which],
    )


def _not_admitted(block: Block) -> Attendances:
    """The attendances that services saw, while people lived in the district."""
    found = block.lives.attendances
    seen = found.day < block.stop[found.row]
    row, day = found.row[seen], found.day[seen]
    draws = block.draws("emergency department", row, day)
    cause = drawn_causes(block, "attendance_causes", row, draws)
    complaint, diagnosis = _codes("attendance_causes")
    length = _VISIT_MINUTES * np.exp(_VISIT_SIGMA * draws.normal("length"))
    return Attendances(
        row=row,
        day=day,
        minute=arrival_minutes(draws),
        minutes=np.clip(length, _SHORTEST, _LONGEST).astype(np.int64),
        admitted=np.zeros(len(row), bool),
        minor=draws.chance("minor", numbers("attendance_causes", "minor")[cause]),
        complaint=complaint[cause],
        diagnosis=diagnosis[cause],
        mechanism=positions_of(mechanisms(), "attendance_causes", "mechanism")[cause],
        provider=provider_of(block, row, day, draws),
    )


def complaint_labels() -> tuple[str, ...]:
    """Every chief complaint (SNOMED CT)."""
    return labels_of(("admission_causes", "complaint"), ("attendance_causes", "complaint"))


def diagnosis_labels() -> tuple[str, ...]:
    """Every diagnosis (SNOMED CT)."""
    return labels_of(("admission_causes", "diagnosis"), ("attendance_causes", "diagnosis"))


def mechanisms() -> tuple[str, ...]:
    """Every mechanism of injury (SNOMED CT)."""
    return labels_of(("attendance_causes", "mechanism"))


def _codes(table: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    complaint = positions_of(complaint_labels(), table, "complaint")
    return complaint, positions_of(diagnosis_labels(), table, "diagnosis")


@cache
def _falls() -> npt.NDArray[np.int64]:
    """Mechanism of injury of each cause of admission: a fall, or none."""
    fall = mechanisms().index(_FALL)
    external = column("admission_causes", "external_cause")
    return np.array([fall if code[:2] in _FALLS else -1 for code in external], np.int64)
