"""Spells of people under one hospital provider, whether they came as emergencies or as planned."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import opaque
from riskstrat.simulation.feeds.calendar import HOSPITAL
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.timeline import NEVER, Days, Mask

__all__ = [
    "BORN_TO_28",
    "DISCHARGES",
    "EMERGENCY_METHODS",
    "KINDS",
    "METHODS",
    "MINUTES_A_DAY",
    "PATIENT_CLASSES",
    "PLACES",
    "PROVIDERS",
    "SITES",
    "TRANSFER_METHODS",
    "Spells",
    "arrival_minutes",
    "provider_of",
]

PROVIDERS = ("ZZH01", "ZZH02", "ZZH03")
"""Five characters that begin with two Zs: no trust or site has such a code."""
SITES = ("ZZHA1", "ZZHB1", "ZZHC1")
"""Site of treatment of each provider."""
_USUAL_PROVIDER = 0.9
"""Share of stays at the hospital that serves the area."""

KINDS = ("emergency", "transfer", "inpatient", "day_case", "regular")
"""A transfer continues an emergency stay in another hospital; a regular day attender (class 3)
comes many times a year for the same treatment."""
PATIENT_CLASSES = ("1", "1", "1", "2", "3")
"""NHS Data Dictionary: patient classification of each kind."""
EMERGENCY_METHODS = ("21", "22", "23", "24", "25", "2A", "2D")
TRANSFER_METHODS = ("81", "2B")
METHODS = (*EMERGENCY_METHODS, *TRANSFER_METHODS, "11", "12", "13")
"""NHS Data Dictionary: admission method."""
PLACES = ("19", "29", "85", "54", "51", "52", "53", "79")
"""NHS Data Dictionary: source of admission and discharge destination (home, temporary home, care
home not NHS-run and NHS-run, wards of another hospital, died)."""
DISCHARGES = ("1", "2", "6", "4")
"""NHS Data Dictionary: discharge method (with clinical consent; discharged themselves, until and
from April 2022; died)."""

MINUTES_A_DAY = 24 * 60
_HOURS = np.array(
    [3, 2, 2, 2, 2, 2, 3, 4, 6, 8, 9, 9, 9, 9, 9, 8, 8, 8, 8, 8, 7, 6, 5, 4], np.float64
)
"""Arrivals by hour of the day: few at night, most from 9 to 20 (NHS England, hospital accident and
emergency activity, rounded)."""
_MINUTES_AN_HOUR = 60
BORN_TO_28 = 28
"""Days of life in which a patient counts as newborn."""


@dataclass(frozen=True)
class Spells:
    """Spells, in no order.

    Parameters
    ----------
    row : ndarray of int
        Position of the person in the block.
    number : ndarray of int
        Tells the spells of one person and day apart.
    kind : ndarray of int
        Position in :data:`KINDS`.
    start, end : ndarray of day numbers
        First and last day; the last may lie after the period.
    minute : ndarray of int
        Minute of the day of admission.
    submitted : ndarray of day numbers
        The day whose month's submission tells of the spell.
    method, source, destination, discharge : ndarray of int
        Positions in :data:`METHODS`, :data:`PLACES`, :data:`PLACES` and :data:`DISCHARGES`.
    provider : ndarray of int
        Position in :data:`PROVIDERS`.
    cause : ndarray of int
        Row of ``admission_causes`` or, for planned spells, ``elective_causes``.
    """

    row: Days
    number: Days
    kind: npt.NDArray[np.int64]
    start: Days
    end: Days
    minute: Days
    submitted: Days
    method: npt.NDArray[np.int64]
    source: npt.NDArray[np.int64]
    destination: npt.NDArray[np.int64]
    discharge: npt.NDArray[np.int64]
    provider: npt.NDArray[np.int64]
    cause: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def together(cls, first: Spells, second: Spells) -> Spells:
        """Two sets of spells as one."""
        return cls(
            **{
                field.name: np.concatenate(
                    [getattr(first, field.name), getattr(second, field.name)]
                )
                for field in fields(cls)
            }
        )

    def is_kind(self, *names: str) -> Mask:
        """Spells of some kinds."""
        found: Mask = np.isin(self.kind, [KINDS.index(name) for name in names])
        return found

    def finished(self, block: Block) -> Mask:
        """Spells that ended in the period."""
        found: Mask = self.end <= block.period.last
        return found

    def told(self, block: Block) -> Days:
        """Day of the first submission that tells of each spell.

        A spell that goes on after the period is told as unfinished with its last month.
        """
        told = HOSPITAL.told(self.submitted)
        return np.where(self.finished(block), told, HOSPITAL.told(np.full(1, block.period.last)))

    def refreshed(self, block: Block) -> Days:
        """Day of the second submission; :data:`NEVER` for unfinished spells."""
        return np.where(self.finished(block), HOSPITAL.refreshed(self.submitted), NEVER)

    def draws(self, block: Block, process: str) -> Draws:
        """Random numbers of the spells."""
        return block.draws(process, self.row, self.start, self.number)

    def identifiers(self, block: Block) -> pa.Array:
        """Hospital provider spell numbers: the ``stay_id`` of the linked records."""
        return opaque("S", self.draws(block, "spell").bits("number"))


def provider_of(block: Block, row: Days, day: Days, draws: Draws) -> npt.NDArray[np.int64]:
    """The provider that people come to on some days: mostly the one that serves their area."""
    usual = block.people.area_on(row, day) % len(PROVIDERS)
    other = draws.integers("other provider", 0, len(PROVIDERS))
    return np.where(draws.chance("usual provider", _USUAL_PROVIDER), usual, other)


def arrival_minutes(draws: Draws) -> Days:
    """Minutes of the day at which people arrive who were not asked to come."""
    hour = draws.choice("hour", _HOURS)
    return hour * _MINUTES_AN_HOUR + draws.integers("minute", 0, _MINUTES_AN_HOUR)
