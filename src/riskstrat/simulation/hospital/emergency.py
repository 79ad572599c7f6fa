"""Emergency admissions as spells: how people came in, transfers, and where they went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.hospital.causes import drawn_causes
from riskstrat.simulation.hospital.spells import (
    BORN_TO_28,
    DISCHARGES,
    EMERGENCY_METHODS,
    KINDS,
    METHODS,
    PLACES,
    PROVIDERS,
    TRANSFER_METHODS,
    Spells,
    arrival_minutes,
    provider_of,
)
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.lives.lives import Admissions
from riskstrat.simulation.timeline import Days, Mask, ages, month_starts, months
from riskstrat.windows import days_between

__all__ = ["discharged", "emergency_spells", "homes", "seen_admissions"]

_OTHER_METHODS = ("22", "23", "24", "2A", "2D")
_OTHER_SHARES = np.array((0.43, 0.10, 0.18, 0.18, 0.11))
"""Ways in other than the hospital's own emergency department: through a general practitioner, bed
bureau, clinic, another emergency department, otherwise (hospital episode statistics, rounded)."""
_CRISIS_TEAM = 0.3
"""Share of psychiatric admissions from elsewhere that a mental health crisis team arranges."""
_PSYCHIATRY = "710"

_TRANSFERRED = 0.05
_TRANSFERRED_NIGHTS = 3
"""Stays of at least this many nights may continue in another hospital."""
_NIGHTS_AFTER_TRANSFER = 2
"""More than :data:`~riskstrat.records.known.TRANSFER_GAP_DAYS` lie between a transfer and the next
admission, so that no admission seems to continue a stay that it does not."""
_TRANSFERRED_AS_EMERGENCY = 0.35
"""Share of transfers with method 2B; the others have 81."""
_TRANSFER_MINUTES = (10 * 60, 19 * 60)
"""Minutes of the day at which people are moved."""

_NHS_CARE_HOME = 0.08
"""Share of care-home residents whose home the NHS runs (code 54 instead of 85)."""
_TEMPORARY_HOME = 0.01
_LEAVES_AGAINST_ADVICE = 0.015
_ADVICE_AGES = (16, 70)
"""Ages at which people may discharge themselves."""
_NEW_SELF_DISCHARGE = days_between(date(1970, 1, 1), date(2022, 4, 1))
"""First day of discharge method 6, which replaced 2 (NHS Data Dictionary)."""


@dataclass(frozen=True)
class _Parts:
    """Parts of admissions: one each, or one before and one after a transfer.

    Parameters
    ----------
    admission : ndarray of int
        Position of the admission.
    before, after : ndarray of bool
        The stay that a transfer ended, and the one that it began.
    draws : Draws
        Random numbers of the admissions.
    """

    admission: npt.NDArray[np.int64]
    before: Mask
    after: Mask
    row: Days
    start: Days
    end: Days
    draws: Draws


def seen_admissions(block: Block) -> Admissions:
    """The admissions that services saw: until people moved away, which ends a stay."""
    found = block.lives.admissions
    leave = block.people.leave[found.row]
    seen = (found.start <= block.period.last) & (found.start < leave)
    return Admissions(
        row=found.row[seen],
        start=found.start[seen],
        end=np.minimum(found.end, leave)[seen],
        died=(found.died & (found.end <= leave))[seen],
        through_emergency_department=found.through_emergency_department[seen],
    )


def emergency_spells(block: Block) -> Spells:
    """The spells of all emergency admissions; a transfer makes two spells of one admission."""
    found = seen_admissions(block)
    draws = block.draws("emergency spell", found.row, found.start)
    cause = drawn_causes(block, "admission_causes", found.row, draws)
    parts = _parts(block, found, draws)
    draws, row, after = parts.draws, parts.row, parts.after
    died = found.died[parts.admission] & ~parts.before
    ward = _wards(block, row, parts.start, cause[parts.admission])
    gone_to = np.where(died, PLACES.index("79"), homes(block, draws, row, parts.end))
    provider = provider_of(block, row, draws.day, draws)
    return Spells(
        row=row,
        number=after.astype(np.int64),
        kind=np.where(after, KINDS.index("transfer"), KINDS.index("emergency")),
        start=parts.start,
        end=parts.end,
        minute=np.where(after, _transfer_minutes(draws), arrival_minutes(draws)),
        submitted=parts.end,
        method=np.where(after, _transfer_methods(draws), _methods(found, cause, parts)),
        source=np.where(after, ward, homes(block, draws, row, parts.start - 1)),
        destination=np.where(parts.before, ward, gone_to),
        discharge=discharged(block, draws, row, parts.end, (died, parts.before)),
        provider=np.where(after, _elsewhere(draws, provider), provider),
        cause=cause[parts.admission],
    )


def homes(block: Block, draws: Draws, row: Days, day: Days) -> npt.NDArray[np.int64]:
    """Where people live at the end of some days: position in :data:`PLACES`."""
    in_care = block.lives.care_home[row] <= day
    nhs_run = block.draws("care home", row).chance("run by the NHS", _NHS_CARE_HOME)
    care_home = np.where(nhs_run, PLACES.index("54"), PLACES.index("85"))
    temporary = draws.chance("temporary home", _TEMPORARY_HOME)
    return np.where(in_care, care_home, np.where(temporary, PLACES.index("29"), PLACES.index("19")))


def discharged(
    block: Block, draws: Draws, row: Days, day: Days, otherwise: tuple[Mask, Mask]
) -> npt.NDArray[np.int64]:
    """How people were discharged: position in :data:`DISCHARGES`.

    Parameters
    ----------
    otherwise : tuple of ndarray of bool
        Those who died, and those whom the hospital passed on.
    """
    died, passed_on = otherwise
    age = ages(block.people.birth[row], day)
    may = (age >= _ADVICE_AGES[0]) & (age < _ADVICE_AGES[1])
    left = may & ~passed_on & draws.chance("against advice", _LEAVES_AGAINST_ADVICE)
    alone = np.where(day < _NEW_SELF_DISCHARGE, DISCHARGES.index("2"), DISCHARGES.index("6"))
    return np.select([died, left], [DISCHARGES.index("4"), alone], DISCHARGES.index("1"))


def _parts(block: Block, found: Admissions, draws: Draws) -> _Parts:
    move = _transfer_days(block, found, draws)
    moves = np.flatnonzero(move < found.end)
    admission = np.concatenate([np.arange(len(move)), moves])
    after = np.arange(len(admission)) >= len(move)
    before = (move < found.end)[admission] & ~after
    person, day, number = draws.person[admission], draws.day[admission], draws.number[admission]
    return _Parts(
        admission=admission,
        before=before,
        after=after,
        row=found.row[admission],
        start=np.where(after, move[admission], found.start[admission]),
        end=np.where(before, move[admission], found.end[admission]),
        draws=Draws(draws.process, person, day, number),
    )


def _methods(
    found: Admissions, cause: npt.NDArray[np.int64], parts: _Parts
) -> npt.NDArray[np.int64]:
    """Position in :data:`METHODS`: 21 exactly when through the emergency department."""
    other = np.array([METHODS.index(code) for code in _OTHER_METHODS])
    drawn = other[parts.draws.choice("method", _OTHER_SHARES)]
    specialty = np.array(column("admission_causes", "specialty"))[cause[parts.admission]]
    crisis = (specialty == _PSYCHIATRY) & parts.draws.chance("crisis team", _CRISIS_TEAM)
    through = found.through_emergency_department[parts.admission]
    own, team = METHODS.index(EMERGENCY_METHODS[0]), METHODS.index("25")
    return np.select([through, crisis], [own, team], drawn)


def _transfer_minutes(draws: Draws) -> Days:
    return draws.integers("transfer minute", *_TRANSFER_MINUTES)


def _transfer_methods(draws: Draws) -> npt.NDArray[np.int64]:
    emergency = draws.chance("transferred as emergency", _TRANSFERRED_AS_EMERGENCY)
    planned, unplanned = (METHODS.index(code) for code in TRANSFER_METHODS)
    return np.where(emergency, unplanned, planned)


def _transfer_days(block: Block, found: Admissions, draws: Draws) -> Days:
    """Day of moving to another hospital; the last day of the stay for those who do not.

    Both spells end in the same month, so that one submission tells of both: a transfer does not
    make an admission known any sooner.
    """
    nights = found.end - found.start
    month_start = month_starts(months(found.end))
    move = np.maximum(found.start + nights // 2, month_start)
    may = (nights >= _TRANSFERRED_NIGHTS) & (found.end <= block.period.last)
    may &= (move > found.start) & (found.end - move >= _NIGHTS_AFTER_TRANSFER)
    return np.where(may & draws.chance("transferred", _TRANSFERRED), move, found.end)


def _wards(
    block: Block, row: Days, day: Days, cause: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The kind of ward in another hospital: position in :data:`PLACES`."""
    newborn = day - block.people.birth[row] < BORN_TO_28
    psychiatric = np.array(column("admission_causes", "specialty"))[cause] == _PSYCHIATRY
    general, maternity, mental = (PLACES.index(code) for code in ("51", "52", "53"))
    return np.select([newborn, psychiatric], [maternity, mental], general)


def _elsewhere(draws: Draws, provider: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return (provider + draws.integers("to provider", 1, len(PROVIDERS))) % len(PROVIDERS)
