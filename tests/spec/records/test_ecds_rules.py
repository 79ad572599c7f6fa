"""The rules of the emergency care data set, each as a small feed and the rows that it must give."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from tests.unit.records.governed_feeds import governed_feed, linked_feed
from tests.unit.records.small_feeds import alias, rejected, rows_of

from riskstrat.records import LinkedRecords, link, load_records, raw_rows
from riskstrat.schema import TABLES, files_of

ANNE, BILL = "9998698162", "9993604372"
CHEST_PAIN, PNEUMONIA, ASTHMA, HIV = "29857009", "233604007", "195967001", "86406008"

ROW = {
    "EPIKEY": "E1",
    "SUBMISSION_DATE": "2024-03-03",
    "PROVIDER_CODE": "RX1",
    "LOCAL_PATIENT_IDENTIFIER": "H1",
    "NHS_NUMBER": ANNE,
    "BIRTH_YEAR": "1950",
    "BIRTH_MONTH": "06",
    "STATED_GENDER": "2",
    "ETHNIC_CATEGORY": "A",
    "DEPARTMENT_TYPE": "01",
    "ATTENDANCE_CATEGORY": "1",
    "ARRIVAL_DATE": "2024-03-01",
    "ARRIVAL_TIME": "10:15",
    "DEPARTURE_DATE": "2024-03-01",
    "DEPARTURE_TIME": "13:00",
    "DEPARTURE_TIME_SINCE_ARRIVAL": "165",
    "DISCHARGE_STATUS": "182992009",
    "DIAGNOSIS_CODE_1": CHEST_PAIN,
}


def linked(folder: Path, *rows: Mapping[str, Any], **governance: object) -> LinkedRecords:
    return linked_feed(
        folder, "ecds", {"ecds": [{**ROW, **row} for row in rows]},
        **{"declared_lag_days": 2, **governance},
    )  # fmt: skip


def reasons(records: LinkedRecords) -> dict[str, int]:
    return rejected(records, "ecds.csv")


def stays(records: LinkedRecords, columns: str) -> list[tuple[Any, ...]]:
    return rows_of(records, "stays", columns, "start_date, recorded_date")


def of_each(
    folder: Path, cases: Sequence[Mapping[str, str]], columns: str, table: str = "stays"
) -> list[list[tuple[Any, ...]]]:
    """What stands on each of several rows, linked together: each is from a hospital of its own."""
    rows = [{"PROVIDER_CODE": f"P{n:02d}", **case} for n, case in enumerate(cases)]
    records = linked(folder, *rows)
    found: list[list[tuple[Any, ...]]] = [[] for _ in cases]
    for provider, *row in rows_of(records, table, f"provider, {columns}", "recorded_date"):
        found[int(provider[1:])].append(tuple(row))
    return found


def test_an_attendance_is_a_stay_that_is_no_admission(tmp_path: Path) -> None:
    records = linked(tmp_path, {})
    (stay,) = stays(
        records,
        "patient_id, kind, start_date, start_time, end_date, is_emergency, attendance, specialty, "
        "provider, recorded_date, superseded_date",
    )
    day = date(2024, 3, 1)
    assert stay == (
        *(alias(ANNE), "emergency_department", day, time(10, 15), day),
        *(False, "attended", "180", "RX1", date(2024, 3, 3), None),
    )
    assert reasons(records) == {}


def test_a_diagnosis_is_an_event_of_the_day_of_arrival(tmp_path: Path) -> None:
    records = linked(tmp_path, {"DIAGNOSIS_CODE_3": ASTHMA})
    found = rows_of(
        records,
        "events semi join stays using (patient_id, stay_id)",
        "kind, event_date, source, system, code, position, recorded_date",
        "position",
    )
    same = ("diagnosis", date(2024, 3, 1), "ecds", "snomed")
    assert found == [
        (*same, CHEST_PAIN, 1, date(2024, 3, 3)),
        (*same, ASTHMA, 3, date(2024, 3, 3)),
    ]


def test_the_source_says_nothing_of_stays(tmp_path: Path) -> None:
    """An identifier of a stay is not the hospital's, and the same in every run."""
    (first,) = stays(linked(tmp_path / "a", {}), "stay_id")
    (again,) = stays(linked(tmp_path / "b", {}), "stay_id")
    (other,) = stays(linked(tmp_path / "c", {"PROVIDER_CODE": "RX2"}), "stay_id")
    assert first == again != other
    assert re.fullmatch("[0-9a-f]{32}", first[0])


ENDS: list[tuple[dict[str, str], date | None]] = [
    ({}, date(2024, 3, 1)),
    ({"DEPARTURE_DATE": "2024-03-02", "DEPARTURE_TIME": "01:00"}, date(2024, 3, 2)),
    ({"DEPARTURE_TIME_SINCE_ARRIVAL": "2000"}, date(2024, 3, 1)),
    ({"DEPARTURE_DATE": ""}, date(2024, 3, 1)),
    ({"DEPARTURE_DATE": "", "DEPARTURE_TIME_SINCE_ARRIVAL": "0"}, date(2024, 3, 1)),
    ({"DEPARTURE_DATE": "", "DEPARTURE_TIME_SINCE_ARRIVAL": "824"}, date(2024, 3, 1)),
    ({"DEPARTURE_DATE": "", "DEPARTURE_TIME_SINCE_ARRIVAL": "825"}, date(2024, 3, 2)),
    ({"DEPARTURE_DATE": "", "DEPARTURE_TIME_SINCE_ARRIVAL": "998"}, date(2024, 3, 2)),
    ({"DEPARTURE_DATE": "", "DEPARTURE_TIME_SINCE_ARRIVAL": "999"}, None),
    ({"DEPARTURE_DATE": "", "DEPARTURE_TIME_SINCE_ARRIVAL": "9999"}, None),
    ({"DEPARTURE_DATE": "", "DEPARTURE_TIME_SINCE_ARRIVAL": ""}, None),
    ({"DEPARTURE_DATE": "", "ARRIVAL_TIME": ""}, None),
]
"""The day of departure; else so many minutes after the arrival: 825 after 10:15 it is midnight."""


def test_the_end_is_the_departure(tmp_path: Path) -> None:
    found = of_each(tmp_path, [told for told, _ in ENDS], "end_date")
    assert found == [[(end,)] for _, end in ENDS]


TIMES = {
    "10:15": time(10, 15),
    "1015": time(10, 15),
    "10:15:30": time(10, 15),
    "9:05": time(9, 5),
    "00:00": time(0, 0),
    "1900-01-01 10:15:00.000": time(10, 15),
    "4000": None,
    "": None,
}


def test_ways_to_write_a_time_of_day(tmp_path: Path) -> None:
    found = of_each(tmp_path, [{"ARRIVAL_TIME": written} for written in TIMES], "start_time")
    assert found == [[(read,)] for read in TIMES.values()]


def test_departments_that_are_counted(tmp_path: Path) -> None:
    kinds = ("01", "02", "03", "04", "1", "99", "")
    found = of_each(tmp_path, [{"DEPARTMENT_TYPE": kind} for kind in kinds], "attendance")
    assert found == [[("attended",)]] * len(kinds)


def test_same_day_emergency_care_is_no_attendance(tmp_path: Path) -> None:
    records = linked(tmp_path, {"DEPARTMENT_TYPE": "05"}, {"DEPARTMENT_TYPE": "5", "EPIKEY": "E2"})
    assert reasons(records) == {"same day emergency care, not an emergency department": 2}
    assert stays(records, "stay_id") == rows_of(records, "events", "code", "code") == []


UNPLANNED: tuple[dict[str, str], ...] = (
    {"ATTENDANCE_CATEGORY": "1"},
    {"ATTENDANCE_CATEGORY": "2"},
    {"ATTENDANCE_CATEGORY": "3"},
    {"ATTENDANCE_CATEGORY": ""},
    {"Arrival_Planned": "FALSE"},
    {"Der_Dupe_Flag": "0"},
)
PLANNED: tuple[dict[str, str], ...] = (
    {"ATTENDANCE_CATEGORY": "4"},
    {"ATTENDANCE_CATEGORY": "04"},
    {"Arrival_Planned": "TRUE"},
)


def test_unplanned_attendances_count_and_planned_ones_do_not(tmp_path: Path) -> None:
    found = of_each(tmp_path, [*UNPLANNED, *PLANNED], "attendance")
    assert found == [[("attended",)]] * len(UNPLANNED) + [[]] * len(PLANNED)
    records = load_records(tmp_path / "records")
    assert reasons(records) == {"planned follow-up, not an emergency": len(PLANNED)}


def test_what_the_owner_marks_as_a_duplicate_is_one(tmp_path: Path) -> None:
    found = of_each(tmp_path, [{"Der_Dupe_Flag": flag} for flag in ("0", "", "1", "2")], "kind")
    assert list(map(len, found)) == [1, 1, 0, 0]
    assert reasons(load_records(tmp_path / "records")) == {"duplicate": 2}


BAD: list[tuple[dict[str, str], str]] = [
    ({"ARRIVAL_DATE": ""}, "no date"),
    ({"ARRIVAL_DATE": "1801-01-01"}, "no date"),
    ({"ARRIVAL_DATE": "2024-02-30"}, "unparsable date"),
    ({"ARRIVAL_TIME": "25:61"}, "unparsable date"),
    ({"ARRIVAL_TIME": "10:60"}, "unparsable date"),
    ({"ARRIVAL_TIME": "noon"}, "unparsable date"),
    ({"DEPARTURE_TIME": "24:00"}, "unparsable date"),
    ({"DEPARTURE_DATE": "soon"}, "unparsable date"),
    ({"DEPARTURE_TIME_SINCE_ARRIVAL": "-1"}, "negative length or count"),
    ({"DEPARTURE_TIME_SINCE_ARRIVAL": "long"}, "value is not a number"),
    ({"DEPARTURE_DATE": "2024-02-29"}, "end before start"),
    ({"DEPARTURE_TIME": "10:14"}, "end before start"),
    ({"DIAGNOSIS_CODE_2": "1.04889E+15"}, "code read as a number"),
    ({"EPIKEY": "5.02918E+11"}, "identifier read as a number"),
    ({"Arrival_Planned": "perhaps"}, "value is not yes or no"),
    ({"AGE_AT_ARRIVAL": "old"}, "value is not a number"),
    ({"AGE_AT_ARRIVAL": "121"}, "age or birth that cannot be"),
]


def test_each_bad_value_has_a_reason_and_leaves_other_rows_alone(tmp_path: Path) -> None:
    found = of_each(tmp_path, [*(told for told, _ in BAD), {}], "kind")
    assert list(map(len, found)) == [0] * len(BAD) + [1]
    expected = Counter(reason for _, reason in BAD)
    assert reasons(load_records(tmp_path / "records")) == expected


def test_somebody_whom_nothing_names_or_whose_birth_is_not_told(tmp_path: Path) -> None:
    nobody = {"NHS_NUMBER": "", "LOCAL_PATIENT_IDENTIFIER": ""}
    unborn = {"NHS_NUMBER": BILL, "PROVIDER_CODE": "RX2", "BIRTH_YEAR": "", "BIRTH_MONTH": ""}
    assert reasons(linked(tmp_path, nobody, unborn)) == {
        "no usable NHS number, and not linked by other details": 1,
        "patient without a date of birth": 1,
    }


def test_departures_that_are_not_before_the_arrival(tmp_path: Path) -> None:
    told = ({"DEPARTURE_TIME": "10:15"}, {"DEPARTURE_TIME": ""}, {"ARRIVAL_TIME": ""})
    assert list(map(len, of_each(tmp_path, told, "kind"))) == [1, 1, 1]


def test_a_later_submission_supersedes_the_one_before(tmp_path: Path) -> None:
    later = {"DEPARTURE_DATE": "2024-03-02", "DIAGNOSIS_CODE_1": PNEUMONIA}
    records = linked(tmp_path, {**later, "SUBMISSION_DATE": "2024-04-20"}, {})
    first, then = date(2024, 3, 3), date(2024, 4, 20)
    assert stays(records, "end_date, recorded_date, superseded_date") == [
        (date(2024, 3, 1), first, then),
        (date(2024, 3, 2), then, None),
    ]
    events = rows_of(records, "events", "code, recorded_date, superseded_date", "recorded_date")
    assert events == [(CHEST_PAIN, first, then), (PNEUMONIA, then, None)]
    assert reasons(records) == {}


def test_a_later_submission_of_the_same_confirms_it(tmp_path: Path) -> None:
    records = linked(tmp_path, {}, {"SUBMISSION_DATE": "2024-04-20"})
    assert stays(records, "recorded_date, superseded_date") == [(date(2024, 3, 3), None)]
    assert reasons(records) == {}


def test_what_did_not_change_is_not_told_again(tmp_path: Path) -> None:
    """A corrected departure supersedes the stay; its diagnosis stands as it was known."""
    later = {"SUBMISSION_DATE": "2024-04-20", "DEPARTURE_DATE": "2024-03-02"}
    records = linked(tmp_path, {}, later)
    assert len(stays(records, "stay_id")) == 2
    events = rows_of(records, "events", "code, recorded_date, superseded_date", "recorded_date")
    assert events == [(CHEST_PAIN, date(2024, 3, 3), None)]


def test_the_same_submission_twice_is_a_duplicate(tmp_path: Path) -> None:
    records = linked(tmp_path, {}, {})
    assert reasons(records) == {"duplicate": 1}
    assert len(stays(records, "stay_id")) == 1


def test_two_contents_on_one_day_are_in_conflict(tmp_path: Path) -> None:
    records = linked(tmp_path, {}, {"ARRIVAL_TIME": "10:20"})
    assert reasons(records) == {"same identifier, different content": 1}
    assert len(stays(records, "stay_id")) == 1


def test_without_an_identifier_the_arrival_names_an_attendance(tmp_path: Path) -> None:
    nameless = {"EPIKEY": ""}
    records = linked(tmp_path, nameless, nameless, {**nameless, "ARRIVAL_TIME": "12:00"})
    assert reasons(records) == {"duplicate": 1}
    assert len(stays(records, "stay_id")) == 2


KNOWN: list[tuple[dict[str, str], date]] = [
    ({}, date(2024, 3, 3)),
    ({"SUBMISSION_DATE": ""}, date(2024, 3, 3)),
    ({"SUBMISSION_DATE": "2024-03-01"}, date(2024, 3, 1)),
    ({"SUBMISSION_DATE": "2024-02-29"}, date(2024, 3, 3)),
    ({"SUBMISSION_DATE": "", "DEPARTURE_DATE": "2024-03-02"}, date(2024, 3, 4)),
]
"""As it is told, unless that is before the arrival; else two days after the departure."""


def test_when_an_attendance_became_known(tmp_path: Path) -> None:
    found = of_each(tmp_path, [row for row, _ in KNOWN], "recorded_date")
    assert found == [[(day,)] for _, day in KNOWN]


def test_a_lag_may_run_from_the_end_of_the_month(tmp_path: Path) -> None:
    monthly = {"told": "monthly", "declared_lag_days": 20}
    records = linked(tmp_path, {"SUBMISSION_DATE": ""}, **monthly)
    assert stays(records, "recorded_date") == [(date(2024, 4, 20),)]


def test_a_diagnosis_on_the_list_is_withheld_and_the_attendance_is_not(tmp_path: Path) -> None:
    records = linked(tmp_path, {"DIAGNOSIS_CODE_1": HIV, "DIAGNOSIS_CODE_2": ASTHMA})
    assert rows_of(records, "events", "code, position", "code") == [(ASTHMA, 2)]
    assert len(stays(records, "stay_id")) == 1
    assert records.manifest["codes_withheld"] == 1


@pytest.mark.parametrize(
    ("told", "attendances"),
    [
        ({"DISCHARGE_STATUS": "75004002"}, 1),
        ({"DISCHARGE_DESTINATION": "305398007"}, 1),
        ({"DISCHARGE_STATUS": "63238001"}, 0),
        ({"ATTENDANCE_CATEGORY": "X"}, 0),
    ],
    ids=[
        "died there",
        "to the mortuary",
        "dead on arrival by status",
        "dead on arrival by category",
    ],
)
def test_a_death_in_the_department_is_told(
    tmp_path: Path, told: dict[str, str], attendances: int
) -> None:
    records = linked(tmp_path, {**told, "DEPARTURE_DATE": "2024-03-02"})
    assert len(stays(records, "stay_id")) == attendances
    assert rows_of(records, "patients", "death_date, death_recorded_date", "patient_id") == [
        (date(2024, 3, 2), date(2024, 3, 3))
    ]
    assert reasons(records) == {}


def test_others_leave_alive(tmp_path: Path) -> None:
    records = linked(tmp_path, {})
    assert rows_of(records, "patients", "death_date, ethnic_category", "1") == [(None, "A")]


def test_rows_of_one_hospital_number_are_one_person(tmp_path: Path) -> None:
    """A row without an NHS number is its person's; the same number elsewhere is another's."""
    records = linked(
        tmp_path,
        {},
        {"EPIKEY": "E2", "NHS_NUMBER": "", "ARRIVAL_TIME": "11:00"},
        {"EPIKEY": "E3", "NHS_NUMBER": "", "PROVIDER_CODE": "RX2"},
    )
    assert stays(records, "patient_id") == [(alias(ANNE),)] * 2
    assert reasons(records) == {"no usable NHS number, and not linked by other details": 1}


AGES = {
    "74": date(1949, 9, 1),
    "74.0": date(1949, 9, 1),
    "0": date(2023, 9, 1),
    "120": date(1903, 9, 1),
    "7001": date(2024, 3, 1),
    "7003": date(2024, 3, 1),
    "7004": date(2024, 1, 1),
    "7007": date(2023, 5, 1),
}
NO_AGES = ("121", "7008", "-1", "")
BY_TOKEN = {"NHS_NUMBER": "", "LOCAL_PATIENT_IDENTIFIER": ""}


def test_with_a_pseudonym_only_the_age_says_about_when_somebody_was_born(tmp_path: Path) -> None:
    rows = [
        {
            **BY_TOKEN,
            **{"TOKEN_PERSON_ID": f"T{n}", "EPIKEY": f"E{n}", "AGE_AT_ARRIVAL": age},
            **{"BIRTH_YEAR": "", "BIRTH_MONTH": "", "STATED_GENDER": "2"},
        }
        for n, age in enumerate([*AGES, *NO_AGES])
    ]
    records = linked(tmp_path, *rows)
    found = rows_of(records, "patients", "birth_month", "birth_month")
    assert found == [(month,) for month in sorted(AGES.values())]
    assert reasons(records) == {"patient without a date of birth": len(NO_AGES)}


def test_the_month_told_goes_before_the_age(tmp_path: Path) -> None:
    records = linked(tmp_path, {**BY_TOKEN, "TOKEN_PERSON_ID": "T1", "AGE_AT_ARRIVAL": "20"})
    assert rows_of(records, "patients", "birth_month", "1") == [(date(1950, 6, 1),)]


def test_an_age_is_not_held_against_an_nhs_number(tmp_path: Path) -> None:
    """Beside a number the age says no month: it would seldom be that of the number."""
    old = {"EPIKEY": "E2", "BIRTH_YEAR": "", "BIRTH_MONTH": "", "LOCAL_PATIENT_IDENTIFIER": ""}
    records = linked(tmp_path, {}, {**old, "TOKEN_PERSON_ID": "T1", "AGE_AT_ARRIVAL": "73"})
    assert stays(records, "patient_id") == [(alias(ANNE),)] * 2


def test_accommodation_is_no_address(tmp_path: Path) -> None:
    """The newest open address counts whole: one that knows only a care home would hide it."""
    records = linked(tmp_path, {"ACCOMMODATION_STATUS": "160734000", "LSOA_2011": "E01000001"})
    assert rows_of(records, "residences", "lsoa", "1") == []


NCDR = {
    "EC_Ident": "7",
    "Interchange_Received_Date": "2024-03-03",
    "Der_Provider_Code": "RX1",
    "Der_Pseudo_NHS_Number": "T1",
    "Der_Age_At_CDS_Activity_Date": "74",
    "Sex": "2",
    "Ethnic_Category": "A",
    "EC_Department_Type": "01",
    "Arrival_Planned": "FALSE",
    "Der_EC_Arrival_Date_Time": "2024-03-01 10:15:00.000",
    "Der_EC_Departure_Date_Time": "2024-03-01 13:00:00.000",
    "EC_Acuity_SNOMED_CT": "1064901000000108",
    "EC_Chief_Complaint_SNOMED_CT": "75478009",
    "Der_Dupe_Flag": "0",
    "Der_Postcode_LSOA_Code": "E01000001",
}
LAKE = {
    "PRIMARYKEY_ID": "8",
    "attendance.unique_identifier": "7",
    "system.interchange.received_date": "2024-03-03",
    "attendance.location.hes_provider_3": "RX1",
    "patient.nhs_number.value Pseudo": "T1",
    "patient.age_at_arrival": "74",
    "patient.stated_gender": "2",
    "patient.ethnic_category": "A",
    "attendance.location.department_type": "01",
    "attendance.arrival.attendance_category": "1",
    "attendance.arrival.planned": "false",
    "attendance.arrival.date": "2024-03-01",
    "attendance.arrival.time": "10:15:00",
    "attendance.departure.date": "2024-03-01",
    "attendance.departure.time": "13:00:00",
    "attendance.discharge.destination.code": "306689006",
    "clinical.acuity.code": "1064901000000108",
    "clinical.chief_complaint.code": "75478009",
}
DARS = {
    "TOKEN_PERSON_ID": "T1",
    "EPIKEY": "7",
    "ARRIVAL_DATE": "2024-03-01",
    "ARRIVAL_TIME": "10:15",
    "ATTENDANCE_CATEGORY": "1",
    "DEPARTMENT_TYPE": "01",
    "DEPARTURE_TIME_SINCE_ARRIVAL": "165",
    "AGE_AT_ARRIVAL": "74",
    "STATED_GENDER": "2",
    "ETHNIC_CATEGORY": "A",
    "PROVIDER_CODE": "RX1",
}


@pytest.mark.parametrize("row", [NCDR, LAKE, DARS], ids=["repository", "lake", "extract"])
def test_one_attendance_is_the_same_with_every_owner(tmp_path: Path, row: dict[str, str]) -> None:
    records = linked_feed(tmp_path, "ecds", {"x": [row]}, declared_lag_days=2)
    found = stays(records, "kind, start_date, start_time, end_date, provider, recorded_date")
    day = date(2024, 3, 1)
    assert found == [
        ("emergency_department", day, time(10, 15), day, "RX1", date(2024, 3, 3)),
    ]
    people = rows_of(records, "patients", "birth_month, sex, ethnic_category", "1")
    assert people == [(date(1949, 9, 1), "female", "A")]


def of_repository(folder: Path, cases: Sequence[Mapping[str, str]]) -> LinkedRecords:
    """Rows of the repository, each of another provider."""
    rows = [
        {**NCDR, "Der_Provider_Code": f"P{n}", "EC_Ident": str(n), **case}
        for n, case in enumerate(cases)
    ]
    return linked_feed(folder, "ecds", {"x": rows})


DIAGNOSES: list[tuple[dict[str, str], list[tuple[int, str]]]] = [
    ({"EC_Diagnosis_01": CHEST_PAIN, "EC_Diagnosis_03": ASTHMA}, [(1, CHEST_PAIN), (3, ASTHMA)]),
    ({"Der_EC_Diagnosis_All": f"{CHEST_PAIN}, {ASTHMA}"}, [(1, CHEST_PAIN), (2, ASTHMA)]),
    ({"Der_EC_Diagnosis_All": f"{CHEST_PAIN},,{ASTHMA}"}, [(1, CHEST_PAIN), (3, ASTHMA)]),
    ({"EC_Diagnosis_01": ASTHMA, "Der_EC_Diagnosis_All": CHEST_PAIN}, [(1, ASTHMA)]),
    ({}, []),
]
"""In columns with numbers; all in one where there is none of them."""


def test_diagnoses_of_the_repository(tmp_path: Path) -> None:
    records = of_repository(tmp_path, [told for told, _ in DIAGNOSES])
    joined = "events join stays using (patient_id, stay_id)"
    found = rows_of(records, joined, "provider, position, code", "all")
    assert found == [(f"P{n}", *coded) for n, (_, codes) in enumerate(DIAGNOSES) for coded in codes]


def test_moments_that_cannot_be(tmp_path: Path) -> None:
    moments = ("2024-03-01 25:61:00", "2024-03-01 10:75", "first of March", "")
    born = {"BIRTH_YEAR": "1950", "BIRTH_MONTH": "6"}
    cases = [{**born, "Der_EC_Arrival_Date_Time": moment} for moment in moments]
    records = of_repository(tmp_path, cases)
    assert rejected(records, "x.csv") == {"unparsable date": 3, "no date": 1}


def test_ways_to_write_a_moment(tmp_path: Path) -> None:
    moments = {
        "2024-03-01": None,
        "01/03/2024 10:15": time(10, 15),
        "2024-03-01T10:15:00Z": time(10, 15),
        "2024-03-01 10:15:00.000": time(10, 15),
    }
    records = of_repository(tmp_path, [{"Der_EC_Arrival_Date_Time": m} for m in moments])
    found = rows_of(records, "stays", "start_date, start_time", "provider")
    assert found == [(date(2024, 3, 1), start) for start in moments.values()]


def _several() -> list[dict[str, str]]:
    """Rows of four people in which every rule above has something to do."""
    numbers = (ANNE, BILL, "9994328794", "9994078887")
    rows = []
    for place, number in enumerate(numbers):
        own = {**ROW, "NHS_NUMBER": number, "LOCAL_PATIENT_IDENTIFIER": f"H{place}"}
        first = {**own, "EPIKEY": f"E{place}"}
        next_day = {"EPIKEY": f"F{place}", "ARRIVAL_DATE": "2024-03-02", "DEPARTURE_DATE": ""}
        rows += [
            first,
            first,
            {**first, "SUBMISSION_DATE": "2024-03-05", "ARRIVAL_TIME": "10:00"},
            {**first, "DIAGNOSIS_CODE_1": "9" + ASTHMA, "ETHNIC_CATEGORY": "B"},
            {**first, "ETHNIC_CATEGORY": "C"},
            {**own, **next_day, "NHS_NUMBER": ""},
        ]
    return rows


def _bytes(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.glob("*.parquet"))}


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    found = []
    for name, rows in (("a", _several()), ("b", _several()[::-1])):
        governed_feed(tmp_path / name, "ecds", {"ecds": rows}, declared_lag_days=2)
        link(tmp_path / name, tmp_path / f"{name}_records")
        found.append(_bytes(tmp_path / f"{name}_records"))
    assert found[0] == found[1]
    assert found[0]


def test_parts_of_the_people_give_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def everything(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
        records = linked_feed(folder, "ecds", {"ecds": _several()}, declared_lag_days=2)
        assert reasons(records) == {"duplicate": 4, "same identifier, different content": 8}
        return {
            table: rows_of(records, table, "*", "all") for table in ("stays", "events", "patients")
        }

    whole = everything(tmp_path / "whole")
    monkeypatch.setattr(raw_rows, "_ROWS_PER_PART", 4)
    assert everything(tmp_path / "parts") == whole
    assert len(files_of(tmp_path / "parts" / "records", TABLES["events"])) > 1
