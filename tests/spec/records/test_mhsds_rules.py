"""What the rows of the mental health services data set become, where they differ from the community
data set's, and why a row is rejected."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from tests.unit.records.small_feeds import rejected, rows_of
from tests.unit.records.support_submissions import (
    linked_mhsds,
    mhsds_contact,
    mhsds_person,
    mhsds_referral,
    mhsds_team,
    mhsds_ward_stay,
    rows_in,
)

from riskstrat.records import LinkedRecords

JAN = date(2020, 1, 10)
TOLD = {month: date(2020, month + 1, 25) for month in range(1, 6)}
"""Days on which the months January to May 2020 are submitted."""
SUPPORT = "community_mental_health"


def spells(records: LinkedRecords) -> list[tuple[Any, ...]]:
    columns = "service, start_date, end_date, recorded_date, superseded_date"
    return rows_of(records, "services", columns, "recorded_date, service, start_date")


def test_team_and_discharge_stand_in_the_referral(tmp_path: Path):
    records = linked_mhsds(
        tmp_path,
        referrals=[
            *rows_in("2020-01", mhsds_referral()),
            *rows_in("2020-02", mhsds_referral(ServDischDate="2020-02-20")),
        ],
    )
    assert spells(records) == [
        (SUPPORT, JAN, None, TOLD[1], TOLD[2]),
        (SUPPORT, JAN, date(2020, 2, 20), TOLD[2], None),
    ]
    assert rows_of(records, "services", "distinct source", "all") == [("mental_health",)]
    assert rows_of(records, "events", "kind, system, code, event_date", "all") == [
        ("referral", "local", "mhsds:team:A06", JAN)
    ]


def test_a_rejection_in_the_referral_leaves_no_support(tmp_path: Path):
    records = linked_mhsds(
        tmp_path,
        referrals=[
            *rows_in("2020-01", mhsds_referral()),
            *rows_in("2020-01", mhsds_referral(ReferRejectionDate="2020-01-13"), refresh=True),
        ],
    )
    assert spells(records) == [(SUPPORT, JAN, None, TOLD[1], TOLD[2])]
    assert rows_of(records, "events", "code, superseded_date", "all") == [("mhsds:team:A06", None)]


def test_a_table_of_teams_takes_the_place_of_the_team_in_the_referral(tmp_path: Path):
    records = linked_mhsds(
        tmp_path,
        referrals=rows_in("2020-01", mhsds_referral(ServTeamType="A18")),
        teams=[
            *rows_in("2020-01", mhsds_team(ReferClosureDate="2020-01-31")),
            *rows_in(
                "2020-01", mhsds_team(UniqCareProfTeamID="T2", ReferRejectionDate="2020-01-12")
            ),
        ],
    )
    assert spells(records) == [(SUPPORT, JAN, date(2020, 1, 31), TOLD[1], None)]


def test_support_by_team_type(tmp_path: Path):
    """Every team is mental health support but those of hospitals, courts and other needs."""
    teams = {
        "A02": SUPPORT,
        "A07": SUPPORT,
        "A17": SUPPORT,
        "a17": SUPPORT,
        "A11": "other_community_service",
        "E01": "other_community_service",
        "XX": SUPPORT,
        "": SUPPORT,
    }
    rows = [
        mhsds_referral(
            UniqServReqID=f"R{day}",
            ReferralRequestReceivedDate=f"2020-01-{day:02d}",
            ServTeamType=team,
        )
        for day, team in enumerate(teams, 1)
    ]
    records = linked_mhsds(tmp_path, referrals=rows_in("2020-01", *rows))
    found = rows_of(records, "services", "service", "start_date")
    assert found == [(service,) for service in teams.values()]


def test_a_stay_on_a_ward_is_support_and_no_stay(tmp_path: Path):
    """A stay would take in an emergency admission out of it, and would count as an admission."""
    records = linked_mhsds(
        tmp_path,
        wards=[
            *rows_in("2020-01", mhsds_ward_stay()),
            *rows_in("2020-02", mhsds_ward_stay()),
            *rows_in("2020-03", mhsds_ward_stay(DischDateHospProvSpell="2020-03-04")),
        ],
    )
    assert rows_of(records, "stays", "*", "all") == []
    assert spells(records) == [
        ("mental_health_ward", date(2020, 1, 28), None, TOLD[1], TOLD[3]),
        ("mental_health_ward", date(2020, 1, 28), date(2020, 3, 4), TOLD[3], None),
    ]


def test_a_contact_has_minutes_attendance_and_mechanism(tmp_path: Path):
    records = linked_mhsds(tmp_path, contacts=rows_in("2020-01", mhsds_contact()))
    columns = "kind, event_date, source, system, code, value, unit, text, attendance, recorded_date"
    assert rows_of(records, "events", columns, "all") == [
        (
            "contact",
            date(2020, 1, 20),
            "mental_health",
            "local",
            "contact:02",
            50.0,
            "min",
            "Telephone",
            "attended",
            TOLD[1],
        )
    ]


def test_identifiers_are_those_of_the_nation_or_of_the_provider(tmp_path: Path):
    """With both columns the nation's counts; with one, that one."""
    referral = mhsds_referral(ServiceRequestId="own", ServTeamType="")
    team = mhsds_team(ServiceRequestId="another", ServTeamTypeRefToMH="A11")
    contact = {
        "CareContactId": "K1",
        "ServiceRequestId": "R1",
        "CareContDate": "2020-01-20",
        "AttendStatus": "5",
    }
    records = linked_mhsds(
        tmp_path,
        referrals=rows_in("2020-01", referral),
        teams=rows_in("2020-01", team),
        contacts=rows_in("2020-01", contact),
        wards=rows_in(
            "2020-01",
            {"HospProvSpellNum": "W1", "StartDateHospProvSpell": "2020-01-28"}
            | {"DischDateHospProvSpell": ""},
        ),
    )
    assert [service for service, *_ in spells(records)] == [
        "mental_health_ward",
        "other_community_service",
    ]
    assert rows_of(records, "events", "kind", "kind") == [("contact",), ("referral",)]


def test_every_row_that_cannot_stand_has_a_reason(tmp_path: Path):
    records = linked_mhsds(
        tmp_path,
        people=[mhsds_person(), mhsds_person(), mhsds_person(PersDeathDate="1940-06-14")],
        referrals=rows_in(
            "2020-01",
            mhsds_referral(UniqServReqID="R1", ServDischDate="2020-01-09"),
            mhsds_referral(UniqServReqID="R2", ReferRejectionDate="2020-01-09"),
            mhsds_referral(UniqServReqID="R3", ServDischDate="2020-01-10"),
            mhsds_referral(UniqServReqID=""),
        ),
        teams=rows_in("2020-01", mhsds_team(UniqServReqID="R9")),
        contacts=rows_in("2020-01", mhsds_contact(ClinContDurOfCareCont=-5)),
        wards=rows_in(
            "2020-01",
            mhsds_ward_stay(UniqHospProvSpellID="W1", DischDateHospProvSpell="2020-01-27"),
            mhsds_ward_stay(UniqHospProvSpellID="W2", StartDateHospProvSpell=""),
            mhsds_ward_stay(UniqHospProvSpellID="W3"),
            mhsds_ward_stay(UniqHospProvSpellID="W3"),
            mhsds_ward_stay(UniqHospProvSpellID=""),
        ),
    )
    assert rejected(records, "mhsds_mhs001mpi.csv") == {"duplicate": 1, "death before birth": 1}
    assert rejected(records, "mhsds_mhs101referral.csv") == {
        "end before start": 2,
        "no identifier": 1,
    }
    assert rejected(records, "mhsds_mhs102servicetypereferredto.csv") == {
        "belongs to a row that is not in the feed": 1
    }
    assert rejected(records, "mhsds_mhs201carecontact.csv") == {"negative length or count": 1}
    assert rejected(records, "mhsds_mhs501hospprovspell.csv") == {
        "end before start": 1,
        "no date": 1,
        "duplicate": 1,
        "no identifier": 1,
    }
