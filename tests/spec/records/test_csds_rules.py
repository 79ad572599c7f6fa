"""What the rows of the community services data set become, and why a row is rejected."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from tests.unit.records.small_feeds import rejected, rows_of
from tests.unit.records.support_submissions import (
    csds_contact,
    csds_person,
    csds_referral,
    csds_team,
    linked_csds,
    rows_in,
)

from riskstrat.records import LinkedRecords

JAN = date(2020, 1, 10)
TOLD = {month: date(2020, month + 1, 25) for month in range(1, 6)}
"""Days on which the months January to May 2020 are submitted."""


def spells(records: LinkedRecords) -> list[tuple[Any, ...]]:
    columns = "service, start_date, end_date, recorded_date, superseded_date"
    return rows_of(records, "services", columns, "recorded_date, service, start_date")


def events(records: LinkedRecords, kind: str, columns: str) -> list[tuple[Any, ...]]:
    return rows_of(records, f"events where kind = '{kind}'", columns, "recorded_date, event_date")


def test_a_referral_is_support_from_the_day_received_until_discharge(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        referrals=[
            *rows_in("2020-01", csds_referral()),
            *rows_in("2020-02", csds_referral()),
            *rows_in("2020-03", csds_referral(discharged="2020-03-05")),
        ],
        teams=[
            *rows_in("2020-01", csds_team()),
            *rows_in("2020-03", csds_team(closed="2020-03-05")),
        ],
    )
    assert spells(records) == [
        ("physiotherapy", JAN, None, TOLD[1], TOLD[3]),
        ("physiotherapy", JAN, date(2020, 3, 5), TOLD[3], None),
    ]
    assert (
        rows_of(records, "services", "source, minutes_per_week, weekly_cost_pence", "all")
        == [("community", None, None)] * 2
    )
    assert rejected(records, "csds_cyp101referral.csv") == {}
    assert rejected(records, "csds_cyp102servicetypereferredto.csv") == {}


def test_a_spell_that_ended_when_first_told_was_never_seen_open(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        referrals=rows_in("2020-01", csds_referral(discharged="2020-01-10")),
        teams=rows_in("2020-01", csds_team(closed="2020-01-10")),
    )
    assert spells(records) == [("physiotherapy", JAN, JAN, TOLD[1], None)]


def test_an_end_that_only_the_refresh_tells_is_known_a_month_later(tmp_path: Path):
    ended = csds_referral(discharged="2020-01-30")
    records = linked_csds(
        tmp_path,
        referrals=[
            *rows_in("2020-01", csds_referral()),
            *rows_in("2020-01", ended, refresh=True),
        ],
        teams=rows_in("2020-01", csds_team()),
    )
    assert spells(records) == [
        ("physiotherapy", JAN, None, TOLD[1], TOLD[2]),
        ("physiotherapy", JAN, date(2020, 1, 30), TOLD[2], None),
    ]


def test_a_month_that_is_told_again_says_nothing_of_later_months(tmp_path: Path):
    """The refresh of January, submitted with or after February, still has the referral open."""
    late_refresh = rows_in("2020-01", csds_referral(), refresh=True)
    records = linked_csds(
        tmp_path,
        referrals=[
            *rows_in("2020-02", csds_referral(discharged="2020-02-20")),
            *late_refresh,
            *({**row, "EFFECTIVE FROM": "2020-04-01"} for row in late_refresh),
        ],
        teams=rows_in("2020-01", csds_team()),
    )
    assert spells(records) == [("physiotherapy", JAN, date(2020, 2, 20), TOLD[2], None)]
    assert rejected(records, "csds_cyp101referral.csv") == {}


def test_a_discharge_can_be_taken_back(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        referrals=[
            *rows_in("2020-01", csds_referral(discharged="2020-01-30")),
            *rows_in("2020-02", csds_referral()),
        ],
        teams=rows_in("2020-01", csds_team()),
    )
    assert spells(records) == [
        ("physiotherapy", JAN, date(2020, 1, 30), TOLD[1], TOLD[2]),
        ("physiotherapy", JAN, None, TOLD[2], None),
    ]


TEAMS = {
    "07": ("community_nursing", "csds:team:07"),
    "12": ("community_nursing", "csds:team:12"),
    "19": ("community_matron", "csds:team:19"),
    "23": ("occupational_therapy", "csds:team:23"),
    "26": ("physiotherapy", "csds:team:26"),
    "27": ("other_community_service", "csds:team:27"),
    "29": ("falls_service", "csds:team:29"),
    "45": ("case_management", "csds:team:45"),
    "51": ("virtual_ward", "csds:team:51"),
    "52": ("reablement", "csds:team:52"),
    "53": ("intermediate_care", "csds:team:53"),
    "XX": ("other_community_service", "csds:referral"),
    "": ("other_community_service", "csds:referral"),
}


def test_the_team_type_says_which_support_it_is(tmp_path: Path):
    days = {team_type: f"2020-01-{number:02d}" for number, team_type in enumerate(TEAMS, 1)}
    records = linked_csds(
        tmp_path,
        referrals=rows_in(
            "2020-01", *(csds_referral(request=day, received=day) for day in days.values())
        ),
        teams=rows_in(
            "2020-01", *(csds_team(request=day, type=kind) for kind, day in days.items())
        ),
    )
    found = rows_of(records, "services", "service, recorded_date", "start_date")
    assert found == [(service, TOLD[1]) for service, _ in TEAMS.values()]
    told = events(records, "referral", "system, code")
    assert told == [("local", code) for _, code in TEAMS.values()]


def test_a_rejected_referral_is_an_event_and_no_support(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        referrals=rows_in("2020-01", csds_referral(discharged="2020-01-12")),
        teams=rows_in("2020-01", csds_team(rejected="2020-01-12")),
    )
    assert spells(records) == []
    assert events(records, "referral", "code, text, superseded_date") == [
        ("csds:team:26", "Physiotherapy", None)
    ]
    assert rejected(records, "csds_cyp102servicetypereferredto.csv") == {}


def test_until_a_rejection_is_told_the_referral_reads_as_support(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        referrals=[
            *rows_in("2020-01", csds_referral()),
            *rows_in("2020-02", csds_referral(discharged="2020-02-02")),
        ],
        teams=[
            *rows_in("2020-01", csds_team()),
            *rows_in("2020-02", csds_team(rejected="2020-02-02")),
        ],
    )
    assert spells(records) == [("physiotherapy", JAN, None, TOLD[1], TOLD[2])]


def test_a_referral_without_a_team_has_support_without_a_name_until_one_is_told(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        referrals=[
            *rows_in("2020-01", csds_referral()),
            *rows_in("2020-02", csds_referral()),
            *rows_in("2020-03", csds_referral()),
        ],
        teams=rows_in("2020-02", csds_team()),
    )
    assert spells(records) == [
        ("other_community_service", JAN, None, TOLD[1], TOLD[2]),
        ("physiotherapy", JAN, None, TOLD[2], None),
    ]
    assert events(records, "referral", "code, recorded_date, superseded_date") == [
        ("csds:referral", TOLD[1], TOLD[2]),
        ("csds:team:26", TOLD[2], None),
    ]


def test_a_referral_that_several_teams_take_is_a_spell_of_each(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        referrals=rows_in("2020-01", csds_referral(discharged="2020-01-31")),
        teams=[
            *rows_in("2020-01", csds_team(team="T1", type="26", closed="2020-01-20")),
            *rows_in("2020-01", csds_team(team="T2", type="23")),
            *rows_in("2020-01", csds_team(team="T3", type="12", rejected="2020-01-11")),
        ],
    )
    assert spells(records) == [
        ("occupational_therapy", JAN, date(2020, 1, 31), TOLD[1], None),
        ("physiotherapy", JAN, date(2020, 1, 20), TOLD[1], None),
    ]


def test_a_corrected_team_type_supersedes_the_support(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        referrals=rows_in("2020-01", csds_referral()),
        teams=[
            *rows_in("2020-01", csds_team(type="26")),
            *rows_in("2020-01", csds_team(type="23"), refresh=True),
        ],
    )
    assert spells(records) == [
        ("physiotherapy", JAN, None, TOLD[1], TOLD[2]),
        ("occupational_therapy", JAN, None, TOLD[2], None),
    ]


def contacts_of(folder: Path, column: str, values: Iterable[str]) -> LinkedRecords:
    """Contacts on the first days of the month, told alike but for one column."""
    rows = [
        csds_contact(contact=f"K{number}", day=f"2020-01-{number:02d}", **{column: value})
        for number, value in enumerate(values, 1)
    ]
    return linked_csds(folder, contacts=rows_in("2020-01", *rows))


def test_who_is_late_is_seen_unless_too_late(tmp_path: Path):
    statuses = {
        "5": "attended",
        "6": "attended",
        "7": "did_not_attend",
        "3": "did_not_attend",
        "2": "cancelled",
        "4": "cancelled",
        "": None,
        "9": None,
    }
    records = contacts_of(tmp_path, "status", statuses)
    found = [attendance for (attendance,) in events(records, "contact", "attendance")]
    assert found == list(statuses.values())


def test_the_value_of_a_contact_is_its_minutes(tmp_path: Path):
    minutes = {"30": 30.0, "0": None, "": None, "998": 998.0, "999": None, "9999": None}
    records = contacts_of(tmp_path, "minutes", minutes)
    assert events(records, "contact", "value, unit") == [
        (value, None if value is None else "min") for value in minutes.values()
    ]


def test_the_code_of_a_contact_is_how_it_took_place(tmp_path: Path):
    mechanisms = {
        "01": ("contact:01", "Face to face"),
        "1": ("contact:01", "Face to face"),
        "11": ("contact:11", "Video"),
        "77": ("contact", None),
        "": ("contact", None),
    }
    records = contacts_of(tmp_path, "mechanism", mechanisms)
    assert events(records, "contact", "code, text") == list(mechanisms.values())
    assert set(events(records, "contact", "source, system")) == {("community", "local")}


def test_an_attendance_status_that_comes_with_the_refresh_is_known_then(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        contacts=[
            *rows_in("2020-01", csds_contact(status="")),
            *rows_in("2020-01", csds_contact(status="3"), refresh=True),
        ],
    )
    assert events(records, "contact", "attendance, recorded_date, superseded_date") == [
        (None, TOLD[1], TOLD[2]),
        ("did_not_attend", TOLD[2], None),
    ]
    assert rejected(records, "csds_cyp201carecontact.csv") == {}


def test_a_contact_stands_without_its_referral_and_before_it(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        referrals=rows_in("2020-01", csds_referral()),
        contacts=[
            *rows_in("2020-01", csds_contact(contact="K1", day="2020-01-09")),
            *rows_in("2020-01", csds_contact(contact="K2", request="R9")),
        ],
    )
    assert events(records, "contact", "event_date") == [(date(2020, 1, 9),), (date(2020, 1, 20),)]
    assert rejected(records, "csds_cyp201carecontact.csv") == {}


def test_accommodation_is_an_observation_and_no_residence(tmp_path: Path):
    status = {
        "ACCOMMODATION STATUS CODE": "ma06",
        "ACCOMMODATION STATUS RECORDED DATE": "2020-01-08",
    }
    corrected = status | {"ACCOMMODATION STATUS CODE": "CH03"}
    no_day = status | {"ACCOMMODATION STATUS RECORDED DATE": ""}
    records = linked_csds(
        tmp_path,
        accommodation=[
            *rows_in("2020-01", status),
            *rows_in("2020-01", corrected, refresh=True),
            *rows_in("2020-03", no_day),
        ],
    )
    columns = "event_date, system, code, recorded_date, superseded_date"
    assert events(records, "observation", columns) == [
        (date(2020, 1, 8), "local", "accommodation:MA06", TOLD[1], TOLD[2]),
        (date(2020, 1, 8), "local", "accommodation:CH03", TOLD[2], None),
        (date(2020, 3, 31), "local", "accommodation:MA06", TOLD[3], None),
    ]
    assert rows_of(records, "residences", "*", "all") == []


def test_ethnicity_and_a_death_are_told_with_their_submission(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        people=[
            csds_person(month="2020-01", **{"ETHNIC CATEGORY": "J"}),
            csds_person(month="2020-03", **{"PERSON DEATH DATE": "2020-03-02"}),
        ],
    )
    columns = "birth_month, sex, ethnic_category, death_date, death_recorded_date"
    assert rows_of(records, "patients", columns, "all") == [
        (date(1940, 6, 1), "female", "A", date(2020, 3, 2), TOLD[3])
    ]


def test_the_day_of_the_submission_is_told_or_worked_out(tmp_path: Path):
    no_day = {"EFFECTIVE FROM": ""}
    no_month = {"ReportingPeriodEndDate": "", "UniqMonthID": ""}
    cases = [
        ({"EFFECTIVE FROM": "2020-02-24"}, date(2020, 2, 24)),
        (no_day, TOLD[1]),
        ({**no_day, "ReportingPeriodEndDate": ""}, TOLD[1]),
        ({**no_day, "UniqMonthID": ""}, TOLD[1]),
        ({**no_day, **no_month}, date(2020, 2, 25)),
        ({**no_day, "FileType": "Refresh"}, TOLD[2]),
    ]
    (row,) = rows_in("2020-01", csds_contact())
    records = linked_csds(
        tmp_path,
        contacts=[
            {**row, **changes, "CARE CONTACT IDENTIFIER": f"K{number}"}
            for number, (changes, _) in enumerate(cases)
        ],
    )
    found = [day for (day,) in events(records, "contact", "recorded_date")]
    assert found == [day for _, day in cases]


def test_every_row_of_a_referral_that_cannot_stand_has_a_reason(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        referrals=[
            *rows_in(
                "2020-01",
                csds_referral(request="R1", discharged="2020-01-09"),
                csds_referral(request="R2", received=""),
                csds_referral(request="R3", received="2020-02-30"),
                csds_referral(request=""),
                csds_referral(request="R5"),
                csds_referral(request="R5"),
                csds_referral(request="R5", discharged="2020-01-31"),
                csds_referral(request="R8"),
                csds_referral(request="R8"),
                csds_referral(request="1.2E+17"),
            ),
            *rows_in("2020-01", csds_referral(request="R6"), person="C9"),
            *rows_in("2020-01", csds_referral(request="R7"), person=""),
        ],
        teams=rows_in(
            "2020-01",
            csds_team(request="R1"),
            csds_team(request="R5", closed="2020-01-09"),
            csds_team(request="R5", team="T2", rejected="2020-01-09"),
            csds_team(request="R5", team="T3", closed="2020-01-10"),
            csds_team(request=""),
        ),
    )
    assert rejected(records, "csds_cyp101referral.csv") == {
        "end before start": 1,
        "no date": 1,
        "unparsable date": 1,
        "no identifier": 2,
        "duplicate": 1,
        "same identifier, different content": 2,
        "identifier read as a number": 1,
        "unknown patient": 1,
    }
    assert rejected(records, "csds_cyp102servicetypereferredto.csv") == {
        "belongs to a row that is not in the feed": 1,
        "end before start": 2,
        "no identifier": 1,
    }
    assert [(service, end) for service, _, end, *_ in spells(records)] == [
        ("other_community_service", None),
        ("physiotherapy", JAN),
    ]


def test_every_contact_that_cannot_stand_has_a_reason(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        contacts=rows_in(
            "2020-01",
            csds_contact(contact="K1", minutes=-1),
            csds_contact(contact="K2", minutes="half an hour"),
            csds_contact(contact="K3", day=""),
            csds_contact(contact="K4", day="2020-13-01"),
            csds_contact(contact=""),
            csds_contact(contact="K6"),
            csds_contact(contact="K6"),
            csds_contact(contact="K7", minutes=0),
        ),
    )
    assert rejected(records, "csds_cyp201carecontact.csv") == {
        "negative length or count": 1,
        "value is not a number": 1,
        "no date": 1,
        "unparsable date": 1,
        "no identifier": 1,
        "duplicate": 1,
    }
    assert len(events(records, "contact", "event_date")) == 2


def test_rows_about_people_and_homes_that_cannot_stand_have_a_reason(tmp_path: Path):
    practice = {"GENERAL MEDICAL PRACTICE CODE (PATIENT REGISTRATION)": "ZZ0001"}
    status = {"ACCOMMODATION STATUS CODE": "MA01", "ACCOMMODATION STATUS RECORDED DATE": ""}
    no_month = {"UniqMonthID": "", "ReportingPeriodEndDate": ""}
    records = linked_csds(
        tmp_path,
        people=[
            csds_person(),
            csds_person(),
            csds_person(**{"PERSON DEATH DATE": "1940-06-14"}),
        ],
        practices=rows_in("2020-01", practice),
        accommodation=rows_in(
            "2020-01", {**status, "ACCOMMODATION STATUS CODE": ""}, {**status, **no_month}, status
        ),
    )
    assert rejected(records, "csds_cyp001mpi.csv") == {"duplicate": 1, "death before birth": 1}
    assert rejected(records, "csds_cyp002gp.csv") == {"table not used": 1}
    assert rejected(records, "csds_cyp003accommodation.csv") == {"no code": 1, "no date": 1}
    assert rows_of(records, "patients", "death_date", "all") == [(None,)]


def test_a_provider_s_own_identifier_takes_the_place_of_the_person_s(tmp_path: Path):
    own = {"PERSON ID": "", "LOCAL PATIENT IDENTIFIER (EXTENDED)": "L1"}
    here, there = ({"ORGANISATION IDENTIFIER (CODE OF PROVIDER)": code} for code in ("ZZ1", "ZZ2"))
    (row,) = rows_in("2020-01", csds_referral())
    records = linked_csds(
        tmp_path,
        people=[csds_person(**own, **here)],
        referrals=[{**row, **own, **here}, {**row, **own, **there}],
    )
    assert [service for service, *_ in spells(records)] == ["other_community_service"]
    assert rejected(records, "csds_cyp101referral.csv") == {"unknown patient": 1}


def test_a_pseudonym_of_the_number_stands_for_it(tmp_path: Path):
    records = linked_csds(
        tmp_path,
        people=[csds_person("C5")],
        bridging=[
            {"PERSON ID": "C5", "Pseudo NHS Number": "ab12"},
            {"PERSON ID": "C5", "Pseudo NHS Number": "ab12"},
            {"PERSON ID": "C6", "Pseudo NHS Number": ""},
        ],
        referrals=rows_in("2020-01", csds_referral(), person="C5"),
    )
    assert len(spells(records)) == 1
    assert rejected(records, "csds_bridging.csv") == {
        "duplicate": 1,
        "no usable NHS number, and not linked by other details": 1,
    }


def test_what_two_providers_call_alike_are_two_referrals(tmp_path: Path):
    (row,) = rows_in("2020-01", csds_referral())
    providers = ("ZZ1", "ZZ2")
    records = linked_csds(
        tmp_path,
        referrals=[
            {**row, "ORGANISATION IDENTIFIER (CODE OF PROVIDER)": provider}
            for provider in providers
        ],
    )
    assert len(spells(records)) == 2
