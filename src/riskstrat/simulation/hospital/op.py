"""The feed ``hes_op``: one row per outpatient appointment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.columns import Choice, DaysOf, take_rows
from riskstrat.simulation.feeds.calendar import HOSPITAL
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.feeds.mess import Mess
from riskstrat.simulation.hospital.episodes import main_specialties
from riskstrat.simulation.hospital.outpatients import ATTENDED, Appointments
from riskstrat.simulation.hospital.spells import PROVIDERS, SITES
from riskstrat.simulation.hospital.whose import (
    Whose,
    digits,
    financial_years,
    nullable,
    parts_of_year,
)
from riskstrat.simulation.timeline import NEVER, Days, Mask

__all__ = ["tell_appointments"]

_FEED = "hes_op"
_MESS = Mess(missing=0.01, wrong=0.002, twice=0.005)
_LATE_OUTCOME = 0.03
"""Share of appointments of which the first submission does not yet say whether people came."""
_NOT_YET = "0"
_REFRESHED_KEY, _AGAIN_KEY = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)
"""Keys that put the rows of one appointment far apart in the file."""
_SECOND_AND_AGAIN = ([False, True, False], [False, False, True])
"""Of all appointments, those told late, and those told twice: which rows are which."""
_SUSRECID_DIGITS = 14
_WAIT_DAYS = 55
"""Mean days from the request to a first appointment."""
_LONGEST_WAIT = 500
_REFERRED_BY = ("03", "04", "05", "06", "15", "17", "97")
_REFERRED_BY_SHARES = np.array((0.55, 0.08, 0.20, 0.02, 0.04, 0.02, 0.09))
_AFTERWARDS = ("01", "10", "11")
_AFTERWARDS_SHARES = np.array((0.2, 0.1, 0.7))
"""Sources of referral of first and of later appointments (NHS Data Dictionary): general
practitioner, emergency department, consultant...; after an admission, an attendance, otherwise."""
_PRIORITIES = np.array((0.72, 0.20, 0.08))
_OUTCOMES = np.array((0.30, 0.50, 0.20))
"""Shares of kept appointments after which people are discharged, have another, or wait for one."""


@dataclass(frozen=True)
class _Rows:
    """Rows of the feed: an appointment in a submission.

    Parameters
    ----------
    which : ndarray of int
        Position of the appointment.
    refreshed, again : ndarray of bool
        Stands in the second submission; repeats another row.
    """

    block: Block
    found: Appointments
    which: npt.NDArray[np.int64]
    refreshed: Mask
    again: Mask

    @cached_property
    def day(self) -> Days:
        """Day of the appointment."""
        return self.found.day[self.which]

    @cached_property
    def submitted(self) -> Days:
        """Day of the submission."""
        later = HOSPITAL.refreshed(self.day)
        return np.where(self.refreshed, later, HOSPITAL.told(self.day))

    @cached_property
    def whose(self) -> Whose:
        """Of whom the rows tell."""
        found, which = self.found, self.which
        number = found.draws.number[which]
        return Whose(
            self.block, _FEED, _MESS, found.row[which], self.day, number, found.provider[which]
        )


def tell_appointments(block: Block, found: Appointments) -> FeedRows:
    """The rows of the feed."""
    rows = _submitted(block, found)
    columns = {
        **_record_columns(rows),
        **_person_columns(rows),
        **_appointment_columns(rows),
        **_referral_columns(rows),
    }
    key = found.draws.bits("order")[rows.which]
    key = key + rows.refreshed * _REFRESHED_KEY + rows.again * _AGAIN_KEY
    return FeedRows(_FEED, columns, block.people.number[found.row[rows.which]], key)


def _submitted(block: Block, found: Appointments) -> _Rows:
    late = np.flatnonzero(found.draws.chance("late outcome", _LATE_OUTCOME))
    again = np.flatnonzero(found.draws.chance("told twice", _MESS.twice))
    which = np.concatenate([np.arange(len(found)), late, again])
    sizes = [len(found), len(late), len(again)]
    refreshed, repeated = (np.repeat(flags, sizes) for flags in _SECOND_AND_AGAIN)
    return _Rows(block, found, which, refreshed, repeated)


def _record_columns(rows: _Rows) -> dict[str, Any]:
    draws = rows.found.draws
    record = digits(draws.bits("sus record"), _SUSRECID_DIGITS)
    return {
        "FYEAR": financial_years(rows.day),
        "PARTYEAR": parts_of_year(rows.submitted),
        "ATTENDKEY": take_rows(rows.found.identifiers(), rows.which),
        "SUSRECID": take_rows(record, rows.which),
        "SUBDATE": DaysOf(rows.submitted),
    }


def _person_columns(rows: _Rows) -> dict[str, Any]:
    whose = rows.whose
    return {
        "NEWNHSNO": whose.nhs_number(),
        "NHSNOIND": whose.number_status(),
        "LOPATID": whose.local_number(),
        "MYDOB": whose.birth_month(),
        "APPTAGE": whose.age(rows.day),
        "SEX": whose.sex(),
        "ETHNOS": whose.ethnicity(),
        "HOMEADD": whose.postcode(),
        "LSOA11": whose.lsoa(),
        "IMD04_DECILE": whose.imd(),
        "GPPRAC": whose.practice(),
    }


def _appointment_columns(rows: _Rows) -> dict[str, Any]:
    found, which = rows.found, rows.which
    unsaid = found.draws.chance("late outcome", _LATE_OUTCOME)[which] & ~rows.refreshed
    attended = np.where(unsaid, len(ATTENDED), found.attended[which])
    came = (found.attended[which] <= ATTENDED.index("6")) & ~unsaid
    missed = ~came & ~unsaid
    outcome = found.draws.choice("outcome", _OUTCOMES)[which]
    clinic = found.clinic[which]
    specialty = column("clinics", "specialty")
    first_or_call = 2 * found.call[which] + ~found.first[which]
    return {
        "ADMINCAT": "01",
        "APPTDATE": DaysOf(rows.day),
        "ATTENDED": Choice((*ATTENDED, _NOT_YET), attended),
        "DNADATE": DaysOf(np.where(missed, rows.day, NEVER)),
        "FIRSTATT": Choice(("1", "2", "3", "4"), first_or_call),
        "OUTCOME": Choice(("1", "2", "3"), np.where(came, outcome, -1)),
        "MAINSPEF": Choice(main_specialties(specialty), clinic),
        "TRETSPEF": Choice(specialty, clinic),
        "PROCODET": Choice(PROVIDERS, found.provider[which]),
        "SITETRET": Choice(SITES, found.provider[which]),
    }


def _referral_columns(rows: _Rows) -> dict[str, Any]:
    found, which = rows.found, rows.which
    draws, first = found.draws, found.first[which]
    wait = draws.exponential("wait", _WAIT_DAYS).astype(np.int64)[which]
    alive = rows.day - rows.block.people.birth[found.row[which]]
    wait = np.minimum(wait, np.minimum(alive, _LONGEST_WAIT))
    referred = draws.choice("referred by", _REFERRED_BY_SHARES)[which]
    later = len(_REFERRED_BY) + draws.choice("afterwards", _AFTERWARDS_SHARES)[which]
    return {
        "REFSOURC": Choice((*_REFERRED_BY, *_AFTERWARDS), np.where(first, referred, later)),
        "PRIORITY": Choice(("1", "2", "3"), draws.choice("priority", _PRIORITIES)[which]),
        "SERVTYPE": Choice(("1", "2", "3"), np.where(first, 0, 2)),
        "REQDATE": DaysOf(np.where(first, rows.day - wait, NEVER)),
        "WAITING": nullable(wait, first),
    }
