"""The mental health services data set: monthly submissions, each refreshed a month later.

Open referrals, the people behind them and stays on wards are told again in every month. A refresh
holds only the rows that it corrects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.columns import Choice, DaysOf, opaque, take_rows
from riskstrat.simulation.feeds.files import FeedRows, number_column
from riskstrat.simulation.feeds.mess import Mess, told_numbers
from riskstrat.simulation.register import lsoa_on, postcode_on
from riskstrat.simulation.support.about import ethnic_category, gender_code, local_identifier
from riskstrat.simulation.support.contacts import Contacts
from riskstrat.simulation.support.referrals import Referrals
from riskstrat.simulation.support.spells import Spells, service_index, service_number
from riskstrat.simulation.support.submissions import (
    Told,
    feed_rows,
    submission_columns,
    told_on,
    told_periods,
)
from riskstrat.simulation.timeline import NEVER, Days

__all__ = ["MESS", "PROVIDER", "WardStays", "tell_mhsds"]

PROVIDER = "ZZM01"
"""A code that no provider can have."""
MESS = Mess(missing=0.015, wrong=0.002)
_NAMES = {
    "provider": "OrgIDProv",
    "submission": "UniqSubmissionID",
    "month": "UniqMonthID",
    "type": "FileType",
    "first": "ReportingPeriodStartDate",
    "last": "ReportingPeriodEndDate",
    "submitted": "EFFECTIVE_FROM",
}
_SOURCES, _SOURCE_SHARES = ("A1", "B1"), (0.75, 0.25)
"""Source of referral: general practice, the person."""
_PRIORITIES = ("3", "1")
"""Clinical response priority: routine, emergency."""
_REASONS = (
    ("02", "psychosis_bipolar"),
    ("08", "dementia"),
    ("09", "substance"),
    ("09", "alcohol"),
    ("04", "depression"),
    ("05", "anxiety"),
)
"""Primary reason for referral by the first of these conditions that a person has."""
_OTHER_REASON, _CRISIS, _MEMORY = "23", "18", "08"
"""Adjustment to health issues; in crisis; organic brain disorder."""
_STATUSES = ("5", "6", "3", "2", "4")
_STATUS_SHARES = (0.78, 0.03, 0.10, 0.05, 0.04)
_SEEN = 2
_STATUS_LATE = 0.06
"""Share of contacts whose attendance status only the refresh holds."""
_MECHANISMS = ("01", "02", "11")
_MECHANISM_SHARES = (0.60, 0.30, 0.10)
"""Face to face, telephone, video."""
_PLACES = ("A01", "B01", "E01")
_PLACE_SHARES = (0.40, 0.30, 0.30)
_DURATION_SIGMA = 0.35
_MPI, _REFERRAL, _CONTACT, _WARD = range(4)


@dataclass(frozen=True)
class WardStays:
    """Stays on mental-health wards.

    Parameters
    ----------
    spell : ndarray of int
        Position of the referral.
    start, end : ndarray of day numbers
    """

    spell: npt.NDArray[np.int64]
    start: Days
    end: Days


def tell_mhsds(
    block: Block,
    referrals: Referrals,
    contacts: Contacts,
    stays: WardStays,
    feed: Callable[[FeedRows], None],
) -> None:
    """Tell of referrals, contacts and stays in the tables MHS001, 101, 201 and 501."""
    told = referrals.monthly()
    people = told.take(~told.refreshed)
    columns = _person_columns(block, referrals, people)
    feed(feed_rows("mhsds_mhs001mpi", columns, referrals.draws(people, _MPI), MESS.twice))
    columns = _referral_columns(block, referrals, told)
    feed(feed_rows("mhsds_mhs101referral", columns, referrals.draws(told, _REFERRAL), MESS.twice))
    _tell_contacts(block, referrals, contacts, feed)
    _tell_stays(block, referrals, stays, feed)


def _beside(block: Block, row: Days, told: Told) -> dict[str, Any]:
    """Columns of every table: the person and the submission."""
    own = submission_columns(told, PROVIDER)
    return {"Person_ID": local_identifier(block, "mhsds", "M", row)} | {
        name: own[key] for key, name in _NAMES.items()
    }


def _referral_identifiers(referrals: Referrals, which: npt.NDArray[np.int64]) -> dict[str, Any]:
    identifier = take_rows(referrals.identifier, which)
    return {"ServiceRequestId": identifier, "UniqServReqID": identifier}


def _person_columns(block: Block, referrals: Referrals, told: Told) -> dict[str, Any]:
    row = referrals.spells.row[told.which]
    last = told.calendar.period_end(told.day)
    record = referrals.spells.service[told.which]
    return {
        "LocalPatientId": local_identifier(block, "mental health provider", "L", row),
        "NHSNumber": number_column(told_numbers(block, "mhsds", MESS, row, told.day, record)),
        "PersonBirthDate": DaysOf(block.people.birth[row]),
        "Postcode": postcode_on(block, row, told.day),
        "Gender": gender_code(block, row),
        "EthnicCategory": ethnic_category(block, "mhsds", row),
        "LSOA2011": lsoa_on(block, row, told.day),
        "PersDeathDate": DaysOf(np.where(block.died[row] <= last, block.died[row], NEVER)),
        **_beside(block, row, told),
    }


def _referral_columns(block: Block, referrals: Referrals, told: Told) -> dict[str, Any]:
    spells = referrals.spells
    draws = spells.draws(block)
    crisis = spells.service == service_index("mental_health_crisis")
    priority = (crisis | referrals.is_urgent).astype(np.int64)
    end = np.where(referrals.told_ends(told), spells.end[told.which], NEVER)
    rejected = referrals.rejected[told.which]
    row = spells.row[told.which]
    return {
        **_referral_identifiers(referrals, told.which),
        "LocalPatientId": local_identifier(block, "mental health provider", "L", row),
        "ReferralRequestReceivedDate": DaysOf(spells.asked[told.which]),
        "SourceOfReferralMH": Choice(_SOURCES, draws.choice("source", _SOURCE_SHARES)[told.which]),
        "ClinRespPriorityType": Choice(_PRIORITIES, priority[told.which]),
        "PrimReasonReferralMH": _reason(block, spells).take(told.which),
        "ServDischDate": DaysOf(np.where(rejected, NEVER, end)),
        "ReferRejectionDate": DaysOf(np.where(rejected, end, NEVER)),
        "ServTeamType": Choice(column("services", "team"), spells.service[told.which]),
        **_beside(block, row, told),
    }


def _reason(block: Block, spells: Spells) -> Choice:
    """Crisis and memory for their own teams; else by condition."""
    labels = [code for code, _ in _REASONS] + [_OTHER_REASON, _CRISIS, _MEMORY]
    had = [block.had(condition, spells.row, spells.asked) for _, condition in _REASONS]
    reason = np.select(had, range(len(had)), len(had))
    reason[spells.service == service_index("mental_health_crisis")] = labels.index(_CRISIS)
    reason[spells.service == service_index("memory_clinic")] = labels.index(_MEMORY)
    return Choice(labels, reason)


def _tell_contacts(
    block: Block, referrals: Referrals, contacts: Contacts, feed: Callable[[FeedRows], None]
) -> None:
    late = contacts.draws.chance("status late", _STATUS_LATE)
    told = told_on(referrals.calendar, contacts.day).and_refreshed(late)
    columns = _contact_columns(referrals, contacts)
    columns = {name: take_rows(values, told.which) for name, values in columns.items()}
    unknown = late[told.which] & ~told.refreshed
    status = contacts.draws.choice("status", _STATUS_SHARES)[told.which]
    columns["AttendStatus"] = Choice(_STATUSES, np.where(unknown, -1, status))
    columns |= _beside(block, contacts.row[told.which], told)
    own = referrals.spells.take(contacts.spell[told.which])
    draws = own.draws(block, contacts.number[told.which] * 2 + told.refreshed)
    feed(feed_rows("mhsds_mhs201carecontact", columns, draws, MESS.twice))


def _contact_columns(referrals: Referrals, contacts: Contacts) -> dict[str, Any]:
    draws = contacts.draws
    usual = service_number("contact_minutes", referrals.spells.service)[contacts.spell]
    minutes = np.rint(usual * np.exp(_DURATION_SIGMA * draws.normal("minutes"))).astype(np.int64)
    seen = draws.choice("status", _STATUS_SHARES) < _SEEN
    identifier = opaque("K", draws.bits("contact"))
    return {
        "CareContactId": identifier,
        "UniqCareContID": identifier,
        **_referral_identifiers(referrals, contacts.spell),
        "CareContDate": DaysOf(contacts.day),
        "ClinContDurOfCareCont": np.where(seen, minutes, 0),
        "ConsMechanismMH": Choice(_MECHANISMS, draws.choice("mechanism", _MECHANISM_SHARES)),
        "ActLocTypeCode": Choice(_PLACES, draws.choice("place", _PLACE_SHARES)),
    }


def _tell_stays(
    block: Block, referrals: Referrals, stays: WardStays, feed: Callable[[FeedRows], None]
) -> None:
    last = np.minimum(stays.end, block.period.last)
    told = told_periods(referrals.calendar, stays.start, last)
    which = stays.spell[told.which]
    own = referrals.spells.take(which)
    end = stays.end[told.which]
    known = end <= told.calendar.period_end(told.day)
    identifier = opaque("W", own.draws(block).bits("ward stay"))
    columns = {
        "HospProvSpellID": identifier,
        "UniqHospProvSpellID": identifier,
        **_referral_identifiers(referrals, which),
        "StartDateHospProvSpell": DaysOf(stays.start[told.which]),
        "DischDateHospProvSpell": DaysOf(np.where(known, end, NEVER)),
        **_beside(block, own.row, told),
    }
    feed(feed_rows("mhsds_mhs501hospprovspell", columns, own.draws(block, told.number(_WARD))))
