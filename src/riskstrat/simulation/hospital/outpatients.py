"""Outpatient appointments: when, for what, and whether people came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import opaque
from riskstrat.simulation.hospital.causes import drawn_causes
from riskstrat.simulation.hospital.planned import kept_in_shock
from riskstrat.simulation.hospital.spells import provider_of
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.timeline import Days, Floats, Mask, ages
from riskstrat.windows import days_between

__all__ = ["ATTENDED", "KEPT", "Appointments", "appointments_of"]

_AGES = (3, 12, 30, 50, 65, 75, 85, 95)
_RATE = (0.69, 0.52, 0.69, 0.99, 1.40, 1.77, 1.51, 0.88)
"""Appointments a year, by age, of people without conditions: over three years about 52 % of people
have a first one (SPARRA version 4, doi:10.1038/s41746-024-01250-1)."""
_PER_CONDITION = 0.08
"""Added to the log rate per long-term condition."""
_SPREAD = 0.6
"""Spread of the logarithm of how many appointments a person has, for reasons that nothing else
depends on."""
_FIRST = 0.32
"""Share of appointments that are first ones (hospital outpatient activity, NHS England)."""
_SHOCK_OUTPATIENTS = 0.7
"""Share of appointments that remain in a shock year."""

ATTENDED = ("5", "6", "3", "2", "4")
"""NHS Data Dictionary: attended in time, attended late, did not attend, cancelled by the patient,
cancelled by the hospital."""
KEPT = ("attended", "attended", "did_not_attend", "cancelled", "cancelled")
"""The same in the words of the linked records."""
_MISSED_AGES = (20, 40, 70)
_MISSED = (0.12, 0.09, 0.045)
_BY_PATIENT, _BY_HOSPITAL, _LATE = 0.06, 0.06, 0.02
"""Shares of appointments that are cancelled, and that people come late to (hospital outpatient
activity, NHS England, rounded)."""
_CALLS_FROM = days_between(date(1970, 1, 1), date(2020, 4, 1))
"""From this day many appointments are calls."""
_CALLS_BEFORE, _CALLS_AFTER = 0.04, 0.21


@dataclass(frozen=True)
class Appointments:
    """Outpatient appointments, ordered by person and month.

    Parameters
    ----------
    row : ndarray of int
        Position of the person in the block.
    day : ndarray of day numbers
    clinic : ndarray of int
        Row of ``clinics``.
    first, call : ndarray of bool
        The first of its kind; by telephone.
    attended : ndarray of int
        Position in :data:`ATTENDED`.
    provider : ndarray of int
    draws : Draws
        Random numbers of these appointments.
    """

    row: Days
    day: Days
    clinic: npt.NDArray[np.int64]
    first: Mask
    call: Mask
    attended: npt.NDArray[np.int64]
    provider: npt.NDArray[np.int64]
    draws: Draws

    def __len__(self) -> int:
        return len(self.row)

    def identifiers(self) -> pa.Array:
        """Attendance identifiers: the ``stay_id`` of the linked records."""
        return opaque("O", self.draws.bits("attendance"))


def appointments_of(block: Block) -> Appointments:
    """All outpatient appointments of the people of a block."""
    found = block.occurrences("outpatient", _rate(block))
    found = found.keep(kept_in_shock(block, found, _SHOCK_OUTPATIENTS))
    draws = found.draws
    calls = np.where(found.day < _CALLS_FROM, _CALLS_BEFORE, _CALLS_AFTER)
    return Appointments(
        row=found.row,
        day=found.day,
        clinic=drawn_causes(block, "clinics", found.row, draws),
        first=draws.chance("first", _FIRST),
        call=draws.chance("call", calls),
        attended=_attended(draws, ages(block.people.birth[found.row], found.day)),
        provider=provider_of(block, found.row, found.day, draws),
        draws=draws,
    )


def _rate(block: Block) -> Floats:
    by_count = np.exp(_PER_CONDITION * np.arange(block.count.max(initial=0) + 1))
    rate: Floats = np.interp(block.age, _AGES, _RATE) * by_count[block.count]
    more = block.draws("outpatient care", np.arange(len(block.people))).normal("how much")
    own = np.exp(_SPREAD * more - _SPREAD**2 / 2)
    return rate * (own * block.people.contact_rate)[:, None]


def _attended(draws: Draws, age: Floats) -> npt.NDArray[np.int64]:
    missed = np.interp(age, _MISSED_AGES, _MISSED)
    late = np.full(len(age), _LATE)
    cancelled = np.broadcast_to([_BY_PATIENT, _BY_HOSPITAL], (len(age), 2))
    rest = np.column_stack([late, missed, cancelled])
    return draws.choice("attended", np.column_stack([1 - rest.sum(axis=1), rest]))
