"""Rows of monthly submissions for tests of the community and the mental health data sets."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tests.unit.records.governed_feeds import linked_feed

from riskstrat.records import LinkedRecords

Row = Mapping[str, Any]

NUMBERS = {"C1": "9998832829", "C2": "9990000018", "C3": "9990000026"}
"""Valid NHS numbers of people who do not exist, by person identifier."""

_APRIL_1900 = 1900 * 12 + 3
"""Months before the first one that has a unique identifier."""


def submission(month: str, *, refresh: bool = False) -> dict[str, Any]:
    """What stands beside every row of a month's submission, made on the 25th of the next month, or
    of the one after for a refresh."""
    year, number = map(int, month.split("-"))
    later = year * 12 + number - 1 + (2 if refresh else 1)
    return {
        "UniqMonthID": year * 12 + number - _APRIL_1900,
        "FileType": "Refresh" if refresh else "Primary",
        "ReportingPeriodEndDate": f"{month}-{calendar.monthrange(year, number)[1]}",
        "EFFECTIVE FROM": date(later // 12, later % 12 + 1, 25).isoformat(),
    }


def rows_in(month: str, *rows: Row, refresh: bool = False, person: str = "C1") -> list[Row]:
    """Rows about a person, as one submission holds them."""
    beside = {"PERSON ID": person, **submission(month, refresh=refresh)}
    return [{**beside, **row} for row in rows]


def csds_person(person: str = "C1", month: str = "2020-01", **changes: Any) -> dict[str, Any]:
    return {
        "PERSON ID": person,
        "NHS NUMBER": NUMBERS.get(person, ""),
        "PERSON BIRTH DATE": "1940-06-15",
        "PERSON STATED GENDER CODE": "2",
        "ETHNIC CATEGORY": "A",
        "LOWER SUPER OUTPUT AREA (RESIDENCE)": "X01000001",
        "PERSON DEATH DATE": "",
        **submission(month),
        **changes,
    }


def csds_referral(**changes: Any) -> dict[str, Any]:
    return {
        "SERVICE REQUEST IDENTIFIER": "R1",
        "REFERRAL REQUEST RECEIVED DATE": "2020-01-10",
        "SERVICE DISCHARGE DATE": "",
    } | {_CSDS.get(name, name): value for name, value in changes.items()}


def csds_team(**changes: Any) -> dict[str, Any]:
    return {
        "SERVICE REQUEST IDENTIFIER": "R1",
        "CARE PROFESSIONAL TEAM LOCAL IDENTIFIER": "T1",
        "SERVICE OR TEAM TYPE REFERRED TO (COMMUNITY CARE)": "26",
        "REFERRAL CLOSURE DATE": "",
        "REFERRAL REJECTION DATE": "",
    } | {_CSDS.get(name, name): value for name, value in changes.items()}


def csds_contact(**changes: Any) -> dict[str, Any]:
    return {
        "CARE CONTACT IDENTIFIER": "K1",
        "SERVICE REQUEST IDENTIFIER": "R1",
        "CARE CONTACT DATE": "2020-01-20",
        "CLINICAL CONTACT DURATION OF CARE CONTACT": 30,
        "CONSULTATION MECHANISM (COMMUNITY CARE)": "01",
        "ATTENDANCE STATUS": "5",
    } | {_CSDS.get(name, name): value for name, value in changes.items()}


_CSDS = {
    "request": "SERVICE REQUEST IDENTIFIER",
    "received": "REFERRAL REQUEST RECEIVED DATE",
    "discharged": "SERVICE DISCHARGE DATE",
    "team": "CARE PROFESSIONAL TEAM LOCAL IDENTIFIER",
    "type": "SERVICE OR TEAM TYPE REFERRED TO (COMMUNITY CARE)",
    "closed": "REFERRAL CLOSURE DATE",
    "rejected": "REFERRAL REJECTION DATE",
    "contact": "CARE CONTACT IDENTIFIER",
    "day": "CARE CONTACT DATE",
    "minutes": "CLINICAL CONTACT DURATION OF CARE CONTACT",
    "mechanism": "CONSULTATION MECHANISM (COMMUNITY CARE)",
    "status": "ATTENDANCE STATUS",
}
"""Short names of columns."""


def linked_csds(folder: Path, /, **tables: Sequence[Row]) -> LinkedRecords:
    """The linked records of a small community feed: ``people``, ``referrals``, ``teams`` and on."""
    files = {"csds_cyp001mpi": [csds_person()]}
    files |= {_FILES[name]: list(rows) for name, rows in tables.items() if rows}
    return linked_feed(
        folder, "csds", files, feed="community", told="monthly", declared_lag_days=25
    )


_FILES = {
    "people": "csds_cyp001mpi",
    "practices": "csds_cyp002gp",
    "accommodation": "csds_cyp003accommodation",
    "referrals": "csds_cyp101referral",
    "teams": "csds_cyp102servicetypereferredto",
    "contacts": "csds_cyp201carecontact",
    "bridging": "csds_bridging",
}


def mhsds_person(person: str = "C1", month: str = "2020-01", **changes: Any) -> dict[str, Any]:
    return {
        "Person_ID": person,
        "NHSNumber": NUMBERS.get(person, ""),
        "PersonBirthDate": "1940-06-15",
        "Gender": "2",
        "EthnicCategory": "A",
        "PersDeathDate": "",
        **submission(month),
        **changes,
    }


def mhsds_referral(**changes: Any) -> dict[str, Any]:
    return {
        "UniqServReqID": "R1",
        "ReferralRequestReceivedDate": "2020-01-10",
        "ServDischDate": "",
        "ReferRejectionDate": "",
        "ServTeamType": "A06",
    } | changes


def mhsds_team(**changes: Any) -> dict[str, Any]:
    return {
        "UniqServReqID": "R1",
        "UniqCareProfTeamID": "T1",
        "ServTeamTypeRefToMH": "A06",
        "ReferClosureDate": "",
        "ReferRejectionDate": "",
    } | changes


def mhsds_contact(**changes: Any) -> dict[str, Any]:
    return {
        "UniqCareContID": "K1",
        "UniqServReqID": "R1",
        "CareContDate": "2020-01-20",
        "ClinContDurOfCareCont": 50,
        "ConsMechanismMH": "02",
        "AttendStatus": "6",
    } | changes


def mhsds_ward_stay(**changes: Any) -> dict[str, Any]:
    return {
        "UniqHospProvSpellID": "W1",
        "UniqServReqID": "R1",
        "StartDateHospProvSpell": "2020-01-28",
        "DischDateHospProvSpell": "",
    } | changes


def linked_mhsds(folder: Path, /, **tables: Sequence[Row]) -> LinkedRecords:
    """The linked records of a small mental health feed."""
    names = {
        "people": "mhsds_mhs001mpi",
        "referrals": "mhsds_mhs101referral",
        "teams": "mhsds_mhs102servicetypereferredto",
        "contacts": "mhsds_mhs201carecontact",
        "wards": "mhsds_mhs501hospprovspell",
    }
    files = {names["people"]: [mhsds_person()]}
    files |= {names[name]: list(rows) for name, rows in tables.items() if rows}
    return linked_feed(
        folder, "mhsds", files, feed="mental_health", told="monthly", declared_lag_days=25
    )
