"""The community services data set: monthly submissions, each refreshed a month later.

Open referrals are told again in every month. A refresh holds only the rows that it corrects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.columns import Choice, DaysOf, opaque, take_rows
from riskstrat.simulation.feeds.files import FeedRows, number_column
from riskstrat.simulation.feeds.mess import Mess, told_numbers
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.people.identity import NO_NUMBER
from riskstrat.simulation.register import lsoa_on, postcode_on
from riskstrat.simulation.support.about import (
    ethnic_category,
    gender_code,
    local_identifier,
    practice_on,
)
from riskstrat.simulation.support.contacts import Contacts
from riskstrat.simulation.support.referrals import Referrals
from riskstrat.simulation.support.spells import service_number
from riskstrat.simulation.support.submissions import Told, feed_rows, submission_columns, told_on
from riskstrat.simulation.timeline import NEVER, Days, Mask, months

__all__ = ["MESS", "PROVIDER", "tell_csds"]

PROVIDER = "ZZC01"
"""A code that no provider can have."""
MESS = Mess(missing=0.01, wrong=0.002, twice=0.015)
_NAMES = {
    "provider": "ORGANISATION IDENTIFIER (CODE OF PROVIDER)",
    "submission": "UNIQUE SUBMISSION ID",
    "month": "UNIQUE MONTH ID",
    "type": "FILE TYPE",
    "first": "REPORTING PERIOD START DATE",
    "last": "REPORTING PERIOD END DATE",
    "submitted": "EFFECTIVE FROM",
}
_PRIORITIES = ("1", "2")
"""Priority type code: routine, urgent."""
_FROM_PRACTICE, _SOURCE_KNOWN = "01", 0.6
"""Source of referral: a general practice; the others are not recorded."""
_STATUSES = ("5", "6", "3", "2", "4", "7")
_STATUS_SHARES = (0.84, 0.03, 0.05, 0.04, 0.03, 0.01)
"""Attendance status: on time, late but seen; did not attend, cancelled twice, too late."""
_SEEN = 2
_STATUS_LATE = 0.08
"""Share of contacts whose attendance status only the refresh holds."""
_MECHANISMS = ("01", "02", "11")
_MECHANISM_SHARES = (0.78, 0.18, 0.04)
"""Face to face, telephone, video."""
_PLACES = ("A01", "B01", "E01")
_PLACE_SHARES = (0.62, 0.23, 0.15)
"""Home, health centre, out-patient clinic."""
_CARE_HOME = "G01"
_HOMES = ("MA01", "MA04", "MA06", "MA09", "CH03")
"""Accommodation status by tenure (owned, social rented, private rented, other); care home."""
_DURATION_SIGMA = 0.35
_TABLES = {"001": 0, "002": 1, "003": 2, "101": 3, "102": 4, "201": 5}


def tell_csds(
    block: Block, referrals: Referrals, contacts: Contacts, feed: Callable[[FeedRows], None]
) -> None:
    """Tell of referrals and contacts in the tables CYP001, 002, 003, 101, 102 and 201."""
    _tell_people(block, referrals, feed)
    told = referrals.monthly()
    _tell(
        feed,
        "cyp101referral",
        _referral_columns(block, referrals, told),
        _keys(referrals, told, "101"),
    )
    told = referrals.first_and_last()
    columns = _team_columns(block, referrals, told)
    _tell(feed, "cyp102servicetypereferredto", columns, _keys(referrals, told, "102"))
    _tell_contacts(block, referrals, contacts, feed)


def _tell(
    feed: Callable[[FeedRows], None], table: str, columns: Mapping[str, Any], draws: Draws
) -> None:
    feed(feed_rows(f"csds_{table}", columns, draws, MESS.twice))


def _keys(referrals: Referrals, told: Told, table: str) -> Draws:
    return referrals.draws(told, _TABLES[table])


def _beside(block: Block, row: Days, told: Told) -> dict[str, Any]:
    """Columns of every table: the person and the submission."""
    own = submission_columns(told, PROVIDER)
    return {"PERSON ID": local_identifier(block, "csds", "C", row)} | {
        name: own[key] for key, name in _NAMES.items()
    }


def _tell_people(block: Block, referrals: Referrals, feed: Callable[[FeedRows], None]) -> None:
    """A person's details stand in the month of a referral, and in that of a death during one."""
    spells, died = referrals.spells, block.died[referrals.spells.row]
    dead = np.flatnonzero((died < NEVER) & (spells.end == died))
    row = np.concatenate([spells.row, spells.row[dead]])
    day = np.concatenate([referrals.known, died[dead]])
    _, first = np.unique(row * NEVER + months(day), return_index=True)
    row, told = row[first], told_on(referrals.calendar, day[first])
    for table, columns in (
        ("001mpi", _person_columns(block, row, told)),
        ("002gp", _practice_columns(block, row, told)),
        ("003accommodation", _accommodation_columns(block, row, told)),
    ):
        number = told.number(_TABLES[table[:3]])
        _tell(feed, f"cyp{table}", columns, block.draws("csds person told", row, 0, number))


def _local_patient(block: Block, row: Days) -> dict[str, Any]:
    name = "LOCAL PATIENT IDENTIFIER (EXTENDED)"
    return {name: local_identifier(block, "community provider", "L", row)}


def _person_columns(block: Block, row: Days, told: Told) -> dict[str, Any]:
    number = told_numbers(block, "csds", MESS, row, told.day, np.zeros(len(row), np.int64))
    last = told.calendar.period_end(told.day)
    return {
        **_local_patient(block, row),
        "NHS NUMBER": number_column(number),
        "NHS NUMBER STATUS INDICATOR CODE": Choice(
            ("01", "04"), (number == NO_NUMBER).astype(np.int64)
        ),
        "PERSON BIRTH DATE": DaysOf(block.people.birth[row]),
        "PERSON STATED GENDER CODE": gender_code(block, row),
        "ETHNIC CATEGORY": ethnic_category(block, "csds", row),
        "POSTCODE OF USUAL ADDRESS": postcode_on(block, row, told.day),
        "LOWER SUPER OUTPUT AREA (RESIDENCE)": lsoa_on(block, row, told.day),
        "PERSON DEATH DATE": DaysOf(np.where(block.died[row] <= last, block.died[row], NEVER)),
        **_beside(block, row, told),
    }


def _practice_columns(block: Block, row: Days, told: Told) -> dict[str, Any]:
    return {
        **_local_patient(block, row),
        "GENERAL MEDICAL PRACTICE CODE (PATIENT REGISTRATION)": practice_on(block, row, told.day),
        **_beside(block, row, told),
    }


def _accommodation_columns(block: Block, row: Days, told: Told) -> dict[str, Any]:
    home = np.where(
        block.lives.care_home[row] < told.day, _HOMES.index("CH03"), block.people.tenure[row]
    )
    return {
        **_local_patient(block, row),
        "ACCOMMODATION STATUS CODE": Choice(_HOMES, home),
        "ACCOMMODATION STATUS RECORDED DATE": DaysOf(told.day),
        **_beside(block, row, told),
    }


def _referral_columns(block: Block, referrals: Referrals, told: Told) -> dict[str, Any]:
    spells, draws = referrals.spells.take(told.which), referrals.spells.draws(block)
    practice = draws.chance("source known", _SOURCE_KNOWN)
    source = Choice((_FROM_PRACTICE,), np.where(practice, 0, -1))
    priority = Choice(_PRIORITIES, referrals.is_urgent.astype(np.int64))
    end = np.where(referrals.told_ends(told), spells.end, NEVER)
    return {
        "SERVICE REQUEST IDENTIFIER": take_rows(referrals.identifier, told.which),
        **_local_patient(block, spells.row),
        "REFERRAL REQUEST RECEIVED DATE": DaysOf(spells.asked),
        "SOURCE OF REFERRAL FOR COMMUNITY": source.take(told.which),
        "PRIORITY TYPE CODE": priority.take(told.which),
        "SERVICE DISCHARGE DATE": DaysOf(end),
        **_beside(block, spells.row, told),
    }


def _team_columns(block: Block, referrals: Referrals, told: Told) -> dict[str, Any]:
    spells, rejected = referrals.spells.take(told.which), referrals.rejected[told.which]
    end = np.where(referrals.told_ends(told), spells.end, NEVER)
    return {
        "SERVICE REQUEST IDENTIFIER": take_rows(referrals.identifier, told.which),
        "CARE PROFESSIONAL TEAM LOCAL IDENTIFIER": Choice(_team_names(), spells.service),
        "SERVICE OR TEAM TYPE REFERRED TO (COMMUNITY CARE)": Choice(
            column("services", "team"), spells.service
        ),
        "REFERRAL CLOSURE DATE": DaysOf(np.where(rejected, NEVER, end)),
        "REFERRAL REJECTION DATE": DaysOf(np.where(rejected, end, NEVER)),
        **_beside(block, spells.row, told),
    }


def _team_names() -> list[str]:
    return [name.upper().replace("_", "") for name in column("services", "service")]


def _tell_contacts(
    block: Block, referrals: Referrals, contacts: Contacts, feed: Callable[[FeedRows], None]
) -> None:
    """Contacts stand in the month they were in; the refresh adds an attendance status."""
    late = contacts.draws.chance("status late", _STATUS_LATE)
    told = told_on(referrals.calendar, contacts.day).and_refreshed(late)
    columns = _contact_columns(block, referrals, contacts, told)
    columns["ATTENDANCE STATUS"] = Choice(
        _STATUSES,
        np.where(late[told.which] & ~told.refreshed, -1, _status(contacts)[told.which]),
    )
    columns |= _beside(block, contacts.row[told.which], told)
    own = referrals.spells.take(contacts.spell[told.which])
    number = contacts.number[told.which] * 2 + told.refreshed
    _tell(feed, "cyp201carecontact", columns, own.draws(block, number))


def _status(contacts: Contacts) -> npt.NDArray[np.int64]:
    return contacts.draws.choice("status", _STATUS_SHARES)


def _contact_columns(
    block: Block, referrals: Referrals, contacts: Contacts, told: Told
) -> dict[str, Any]:
    spell, day, draws = contacts.spell, contacts.day, contacts.draws
    usual = service_number("contact_minutes", referrals.spells.service)[spell]
    minutes = np.rint(usual * np.exp(_DURATION_SIGMA * draws.normal("minutes"))).astype(np.int64)
    minutes = np.where(_status(contacts) < _SEEN, minutes, 0)
    first: Mask = contacts.number == 0
    columns = {
        "CARE CONTACT IDENTIFIER": opaque("K", draws.bits("contact")),
        "SERVICE REQUEST IDENTIFIER": take_rows(referrals.identifier, spell),
        "CARE CONTACT DATE": DaysOf(day),
        "CLINICAL CONTACT DURATION OF CARE CONTACT": minutes,
        "CONSULTATION TYPE": Choice(("01", "02"), (~first).astype(np.int64)),
        "CARE CONTACT SUBJECT": Choice(("01",), np.zeros(len(day), np.int64)),
        "CONSULTATION MECHANISM (COMMUNITY CARE)": Choice(
            _MECHANISMS, draws.choice("mechanism", _MECHANISM_SHARES)
        ),
        "ACTIVITY LOCATION TYPE CODE": _places(block, contacts),
    }
    return {name: take_rows(values, told.which) for name, values in columns.items()}


def _places(block: Block, contacts: Contacts) -> Choice:
    place = contacts.draws.choice("place", _PLACE_SHARES)
    home = (place == 0) & (block.lives.care_home[contacts.row] < contacts.day)
    return Choice((*_PLACES, _CARE_HOME), np.where(home, len(_PLACES), place))
