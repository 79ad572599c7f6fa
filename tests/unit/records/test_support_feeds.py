"""The community and the mental health data sets: which file is which, and rows in any order."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.unit.records.governed_feeds import linked_feed
from tests.unit.records.small_feeds import rejected
from tests.unit.records.support_submissions import (
    NUMBERS,
    csds_contact,
    csds_person,
    csds_referral,
    csds_team,
    linked_csds,
    rows_in,
    submission,
)

from riskstrat.errors import RecordsError
from riskstrat.records import raw_rows
from riskstrat.records.sources import DIALECTS
from riskstrat.records.sources.dialect import table_by_header
from riskstrat.records.sources.feed import FeedFile

SUBMISSION = (*submission("2020-01"), "PERSON ID", "OrgIDProv")

HEADERS = {
    "csds_cyp001mpi": (
        "PERSON STATED GENDER CODE",
        "ETHNIC CATEGORY",
        "LOWER SUPER OUTPUT AREA (RESIDENCE)",
        "PERSON DEATH DATE",
    ),
    "csds_cyp002gp": ("GENERAL MEDICAL PRACTICE CODE (PATIENT REGISTRATION)",),
    "csds_cyp003accommodation": ("ACCOMMODATION STATUS CODE",),
    "csds_cyp101referral": (
        "SERVICE REQUEST IDENTIFIER",
        "REFERRAL REQUEST RECEIVED DATE",
        "SERVICE DISCHARGE DATE",
    ),
    "csds_cyp102servicetypereferredto": (
        "SERVICE REQUEST IDENTIFIER",
        "SERVICE OR TEAM TYPE REFERRED TO (COMMUNITY CARE)",
        "REFERRAL REJECTION DATE",
    ),
    "csds_cyp201carecontact": (
        "CARE CONTACT IDENTIFIER",
        "SERVICE REQUEST IDENTIFIER",
        "CARE CONTACT DATE",
        "ATTENDED OR DID NOT ATTEND CODE",
    ),
    "mhsds_mhs001mpi": ("Gender", "EthnicCategory", "LSOA2021", "PersDeathDate"),
    "mhsds_mhs101referral": (
        "UniqServReqID",
        "ReferralRequestReceivedDate",
        "ServDischDate",
        "ServTeamType",
        "ReferRejectionDate",
    ),
    "mhsds_mhs102servicetypereferredto": (
        "ServiceRequestId",
        "CareProfTeamLocalId",
        "ServTeamTypeRefToMH",
        "ReferRejectionDate",
    ),
    "mhsds_mhs201carecontact": ("CareContactId", "UniqServReqID", "CareContDate", "AttendStatus"),
    "mhsds_mhs501hospprovspell": (
        "HospProvSpellID",
        "UniqServReqID",
        "StartDateHospProvSpell",
        "DischDateHospProvSpell",
    ),
}


@pytest.mark.parametrize("table", HEADERS)
def test_a_header_belongs_to_one_table_of_one_dialect(table: str):
    file = FeedFile("any.csv", Path("any.csv"), "", (*HEADERS[table], *SUBMISSION), ",")
    found = [table_by_header(dialect, file) for dialect in DIALECTS.values()]
    assert [fitting.name for fitting in found if fitting is not None] == [table]


@pytest.mark.parametrize(
    "header",
    [
        (
            "NHS Number",
            "Person Birth Date",
            "Person Stated Gender Code",
            "Ethnic Category",
            "General Medical Practice Code (Patient Registration)",
            "Local Patient Identifier (Extended)",
            "Start Date (Hospital Provider Spell)",
            "Discharge Date (From Hospital Provider Spell)",
        ),
        ("person_id", "pseudo_nhs_number", "practice_code", "registration_start_date"),
        ("ACCOMMODATION_STATUS", "ETHNIC_CATEGORY", "STATED_GENDER", "ARRIVAL_DATE"),
    ],
)
def test_a_hospital_s_or_a_practice_s_file_is_neither(header: tuple[str, ...]):
    file = FeedFile("any.csv", Path("any.csv"), "", header, ",")
    assert table_by_header(DIALECTS["csds"], file) is None
    assert table_by_header(DIALECTS["mhsds"], file) is None


def test_tables_that_are_known_and_not_used_are_counted(tmp_path: Path):
    activity = [{"CARE ACTIVITY IDENTIFIER": "A1", "PERSON ID": "C1"}]
    files = {
        "csds_cyp001mpi": [csds_person()],
        "csds_cyp202careactivity": activity,
        "csds_cyp612codedscoredassessmentcontact": activity,
    }
    records = linked_feed(tmp_path, "csds", files)
    for name in list(files)[1:]:
        assert rejected(records, f"{name}.csv") == {"table not used": 1}


def test_a_feed_without_its_index_of_people_is_refused(tmp_path: Path):
    referrals = rows_in("2020-01", csds_referral())
    with pytest.raises(RecordsError, match="needs the tables csds_cyp001mpi"):
        linked_feed(tmp_path, "csds", {"csds_cyp101referral": referrals})


def test_a_feed_with_people_only_has_people_only(tmp_path: Path):
    records = linked_csds(tmp_path)
    rows = {name: table["rows"] for name, table in records.manifest["tables"].items()}
    assert {name for name, count in rows.items() if count and name != "registrations"} == {
        "patients"
    }


def test_rows_in_any_order_and_in_any_parts_give_the_same_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tables = {"people": [], "referrals": [], "teams": [], "contacts": []}
    for person in NUMBERS:
        tables["people"].append(csds_person(person))
        for month, end in (("2020-01", ""), ("2020-02", "2020-02-03")):
            for refresh in (False, True):
                again = {"refresh": refresh, "person": person}
                tables["referrals"] += rows_in(month, csds_referral(discharged=end), **again)
                tables["teams"] += rows_in(
                    month, csds_team(), csds_team(team="T2", type="12", closed=end), **again
                )
                tables["contacts"] += rows_in(month, csds_contact(day=f"{month}-02"), **again)
    whole = linked_csds(tmp_path / "whole", **tables)
    for rows in tables.values():
        random.Random(1).shuffle(rows)
    shuffled = linked_csds(tmp_path / "shuffled", **tables)
    monkeypatch.setattr(raw_rows, "_ROWS_PER_PART", 5)
    parts = linked_csds(tmp_path / "parts", **tables)
    expected = _content(whole)
    assert expected["services"]
    assert _content(shuffled) == expected
    assert _content(parts) == expected


def _content(records) -> dict[str, list]:
    rows = {}
    for table in ("patients", "events", "services"):
        query = f"select * from {table} order by all"
        rows[table] = records.engine.connection.execute(query).fetchall()
    return rows
