"""Outpatient appointments, rule by rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.unit.records.hospital_feeds import BILL, PATIENT, linked_appointments, reasons
from tests.unit.records.small_feeds import rows_of

from riskstrat.records import LinkedRecords

MARCH, APRIL = date(2024, 4, 20), date(2024, 5, 20)


def stays(records: LinkedRecords, columns: str) -> list[tuple[Any, ...]]:
    return rows_of(records, "stays", columns, "start_date, recorded_date, attendance")


def test_an_appointment_is_a_stay_that_ends_on_its_day(tmp_path: Path) -> None:
    records = linked_appointments(tmp_path, {})
    assert stays(
        records,
        "patient_id, kind, start_date, end_date, is_emergency, attendance, specialty, provider, "
        "recorded_date, superseded_date",
    ) == [
        (
            *(PATIENT, "outpatient", date(2024, 3, 7), date(2024, 3, 7), False, "attended"),
            *("320", "RX1", MARCH, None),
        )
    ]
    assert reasons(records) == {}


ATTENDANCES = {
    "5": "attended",
    "6": "attended",
    "7": "did_not_attend",
    "3": "did_not_attend",
    "2": "cancelled",
    "4": "cancelled",
    "0": None,
    "9": None,
    "": None,
    "5.0": "attended",
}


def test_whether_people_came(tmp_path: Path) -> None:
    rows = [{"ATTENDKEY": f"A{n}", "ATTENDED": code, "APPTDATE": f"2024-02-{n + 1:02d}"}
            for n, code in enumerate(ATTENDANCES)]  # fmt: skip
    records = linked_appointments(tmp_path, *rows)
    assert stays(records, "attendance") == [(meaning,) for meaning in ATTENDANCES.values()]


def test_a_refresh_supersedes_the_appointment(tmp_path: Path) -> None:
    refresh = {"SUBDATE": "2024-05-20", "ATTENDED": "3"}
    records = linked_appointments(tmp_path, {"ATTENDED": "0"}, refresh)
    assert stays(records, "attendance, recorded_date, superseded_date") == [
        (None, MARCH, APRIL),
        ("did_not_attend", APRIL, None),
    ]
    assert rows_of(records, "stays", "count(distinct stay_id)", "1") == [(1,)]
    assert reasons(records) == {}


def test_a_refresh_that_says_the_same_is_no_version(tmp_path: Path) -> None:
    records = linked_appointments(tmp_path, {}, {"SUBDATE": "2024-05-20"})
    assert stays(records, "recorded_date, superseded_date") == [(MARCH, None)]
    assert reasons(records) == {}


def test_without_a_day_of_submission_it_is_known_by_the_declared_lag(tmp_path: Path) -> None:
    records = linked_appointments(tmp_path, {"SUBDATE": ""})
    assert stays(records, "recorded_date") == [(MARCH,)]
    daily = linked_appointments(tmp_path, {"SUBDATE": ""}, told="daily", declared_lag_days=3)
    assert stays(daily, "recorded_date") == [(date(2024, 3, 10),)]


def test_without_keys_day_provider_and_specialty_tell_appointments_apart(tmp_path: Path) -> None:
    plain = {"ATTENDKEY": ""}
    others = [{"TRETSPEF": "330"}, {"PROCODET": "RX2"}, {"APPTDATE": "2024-03-08"}]
    others += [{"NEWNHSNO": BILL}, {"SUBDATE": "2024-05-20", "ATTENDED": "3"}]
    records = linked_appointments(tmp_path, plain, *({**plain, **other} for other in others))
    assert rows_of(records, "stays", "count(distinct stay_id), count(*)", "1") == [(5, 6)]


def test_codes_are_dated_to_the_appointment(tmp_path: Path) -> None:
    """R69X is what stands where nothing was coded."""
    coded = {"DIAG_4_01": "L309", "OPERTN_4_01": "X623", "OPERTN_4_02": "&\t "}
    none = {"ATTENDKEY": "A2", "DIAG_4_01": "R69X", "OPERTN_4_01": "-"}
    records = linked_appointments(tmp_path, coded, none)
    columns = "kind, system, code, position, event_date, source, recorded_date"
    same = (1, date(2024, 3, 7), "hospital", MARCH)
    assert rows_of(records, "events", columns, "kind") == [
        ("diagnosis", "icd10", "L309", *same),
        ("procedure", "opcs4", "X623", *same),
    ]


BAD = [
    ({"APPTDATE": ""}, "no date"),
    ({"APPTDATE": "1801-01-01"}, "no date"),
    ({"APPTDATE": "soon"}, "unparsable date"),
    ({"APPTAGE": "-1"}, "negative length or count"),
    ({"APPTAGE": "121"}, "age or birth that cannot be"),
    ({"APPTAGE": "7008"}, "age or birth that cannot be"),
    ({"MYDOB": "042024"}, "age or birth that cannot be"),
    ({"ATTENDKEY": "A0"}, "duplicate"),
    ({"ATTENDKEY": "A0", "ATTENDED": "3"}, "same identifier, different content"),
]


@pytest.mark.parametrize(("given", "reason"), BAD)
def test_bad_rows_have_a_reason(tmp_path: Path, given: dict[str, str], reason: str) -> None:
    same = {"LOPATID": "H1"}
    records = linked_appointments(tmp_path, {**same, "ATTENDKEY": "A0"}, {**same, **given})
    assert reasons(records) == {reason: 1}
    assert len(stays(records, "1")) == 1


def test_the_ethnic_category_is_told(tmp_path: Path) -> None:
    records = linked_appointments(tmp_path, {"ETHNOS": "m"})
    assert rows_of(records, "patients", "ethnic_category", "1") == [("M",)]
