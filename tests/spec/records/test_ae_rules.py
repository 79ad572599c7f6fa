"""The rules of the accident and emergency data set, each as a small feed and what it must give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from tests.unit.records.governed_feeds import linked_feed
from tests.unit.records.small_feeds import alias, rejected, rows_of

from riskstrat.records import LinkedRecords

ANNE = "9998698162"

ROW = {
    "PSEUDO_HESID": "T1",
    "AEKEY": "1",
    "AEATTENDCAT": "1",
    "AEATTENDDISP": "03",
    "AEDEPTTYPE": "99",
    "AEPATGROUP": "80",
    "ARRIVALAGE": "57.0",
    "ARRIVALDATE": "2008-02-12",
    "ARRIVALTIME": "2310",
    "DEPDUR": "36",
    "DEPTIME": "4000",
    "DIAGSCHEME": "01",
    "ETHNOS": "X",
    "GPPRAC": "&",
    "PROCODET": "RG2",
    "SEX": "1",
    "SUBDATE": "",
}


def linked(folder: Path, *cases: Mapping[str, str]) -> LinkedRecords:
    """Rows of several attendances, each at a provider of its own."""
    rows = [{**ROW, "PROCODET": f"P{n:02d}", **case} for n, case in enumerate(cases)]
    return linked_feed(folder, "ae", {"ae": rows}, declared_lag_days=2)


def of_each(
    folder: Path, cases: Sequence[Mapping[str, str]], columns: str
) -> list[list[tuple[Any, ...]]]:
    """What of the stays stands on each of several rows."""
    found: list[list[tuple[Any, ...]]] = [[] for _ in cases]
    for provider, *row in rows_of(linked(folder, *cases), "stays", f"provider, {columns}", "all"):
        found[int(provider[1:])].append(tuple(row))
    return found


def codes_of_each(folder: Path, cases: Sequence[Mapping[str, str]]) -> list[list[tuple[Any, ...]]]:
    """Coding system, code and position of the diagnoses of each of several rows."""
    joined = "events join stays using (patient_id, stay_id)"
    found: list[list[tuple[Any, ...]]] = [[] for _ in cases]
    for provider, *row in rows_of(
        linked(folder, *cases), joined, "provider, system, code, position", "all"
    ):
        found[int(provider[1:])].append(tuple(row))
    return found


def test_an_attendance_is_a_stay_that_is_no_admission(tmp_path: Path) -> None:
    (stay,) = rows_of(
        linked(tmp_path, {}),
        "stays",
        "kind, start_date, start_time, end_date, is_emergency, attendance, specialty, provider, "
        "recorded_date, superseded_date",
        "1",
    )
    day = date(2008, 2, 12)
    assert stay == (
        *("emergency_department", day, time(23, 10), day),
        *(False, "attended", "180", "P00", date(2008, 2, 14), None),
    )


def test_the_end_is_so_many_minutes_later(tmp_path: Path) -> None:
    ends = {"49": 12, "50": 13, "0": 12, "999": None, "9999": None, "": None}
    found = of_each(tmp_path, [{"DEPDUR": minutes} for minutes in ends], "end_date")
    assert found == [[(day and date(2008, 2, day),)] for day in ends.values()]


def test_times_that_are_not_known(tmp_path: Path) -> None:
    """Without a time of arrival nobody knows whether the minutes end after midnight."""
    found = of_each(
        tmp_path, [{"ARRIVALTIME": "4000"}, {"ARRIVALTIME": ""}], "start_time, end_date"
    )
    assert found == [[(None, None)]] * 2


def test_planned_follow_ups_do_not_count(tmp_path: Path) -> None:
    categories = ("1", "2", "3", "9", "")
    found = of_each(tmp_path, [{"AEATTENDCAT": category} for category in categories], "attendance")
    assert list(map(len, found)) == [1, 0, 1, 1, 1]


BAD = (
    {"ARRIVALDATE": ""},
    {"ARRIVALDATE": "1801-01-01"},
    {"ARRIVALDATE": "31/02/2008"},
    {"ARRIVALTIME": "2561"},
    {"DEPDUR": "-1"},
    {"DEPDUR": "long"},
    {"AEKEY": "5.02918E+11"},
    {"AEATTENDCAT": "2"},
)


def test_each_bad_value_has_a_reason_and_leaves_other_rows_alone(tmp_path: Path) -> None:
    born = {"MYDOB": "061950"}
    records = linked(tmp_path, *({**born, **case} for case in BAD), born)
    assert rows_of(records, "stays", "provider", "1") == [("P08",)]
    assert rejected(records, "ae.csv") == {
        "no date": 2,
        "unparsable date": 2,
        "negative length or count": 1,
        "value is not a number": 1,
        "identifier read as a number": 1,
        "planned follow-up, not an emergency": 1,
    }


CODED: list[tuple[dict[str, str], list[tuple[str, str, int]]]] = [
    ({"DIAG2_01": "38", "DIAG2_02": "06"}, [("local", "ae:06", 2), ("local", "ae:38", 1)]),
    ({"DIAG2_01": "38", "DIAG3_01": "381"}, [("local", "ae:38", 1)]),
    ({"DIAG3_01": "055"}, [("local", "ae:05", 1)]),
    ({"DIAG_01": "10216R"}, [("local", "ae:10", 1)]),
    ({"DIAG3_01": "38", "DIAGSCHEME": ""}, [("local", "ae:38", 1)]),
    ({"DIAG3_01": "01"}, [("local", "ae:01", 1)]),
    ({"DIAG3_01": "39"}, [("local", "ae:39", 1)]),
    ({"DIAG3_01": "00"}, []),
    ({"DIAG3_01": "40"}, []),
    ({"DIAG3_01": "S0"}, []),
    ({"DIAG3_01": "S52", "DIAGSCHEME": "02"}, [("icd10", "S52", 1)]),
    ({"DIAG3_01": "S52", "DIAGSCHEME": "01"}, []),
    ({"DIAG3_01": "38", "DIAGSCHEME": "04"}, []),
    ({"DIAG3_01": "H33", "DIAGSCHEME": "05"}, []),
]


@pytest.mark.parametrize(("told", "codes"), CODED[:4])
def test_a_diagnosis_is_a_condition_of_the_list(
    tmp_path: Path, told: dict[str, str], codes: list[tuple[str, str, int]]
) -> None:
    """Under any of the three names of its columns: two, three or six characters."""
    assert codes_of_each(tmp_path, [told]) == [codes]


def test_which_codes_are_codes(tmp_path: Path) -> None:
    cases = [{"DIAG3_01": "", **told} for told, _ in CODED[4:]]
    assert codes_of_each(tmp_path, cases) == [codes for _, codes in CODED[4:]]


def test_deaths_are_told_and_who_was_brought_in_dead_did_not_attend(tmp_path: Path) -> None:
    cases = (
        {"AEATTENDDISP": "10", "PSEUDO_HESID": "T1", "DEPDUR": "60", "SUBDATE": "2008-02-20"},
        {"AEPATGROUP": "70", "PSEUDO_HESID": "T2", "DEPDUR": "10"},
        {"PSEUDO_HESID": "T3"},
    )
    records = linked(tmp_path, *cases)
    deaths = rows_of(records, "patients", "death_date, death_recorded_date", "death_date")
    assert deaths == [
        (date(2008, 2, 12), date(2008, 2, 14)),
        (date(2008, 2, 13), date(2008, 2, 20)),
        (None, None),
    ]
    assert rows_of(records, "stays", "provider", "1") == [("P00",), ("P02",)]


def test_month_of_birth_told_else_by_age(tmp_path: Path) -> None:
    cases = (
        {"PSEUDO_HESID": "T1", "MYDOB": "061950"},
        {"PSEUDO_HESID": "T2"},
        {"PSEUDO_HESID": "T3", "ARRIVALAGE": "7004.0"},
        {"PSEUDO_HESID": "T4", "ARRIVALAGE": ""},
    )
    records = linked(tmp_path, *cases)
    assert rows_of(records, "patients", "birth_month, sex", "birth_month") == [
        (date(1950, 6, 1), "male"),
        (date(1950, 8, 1), "male"),
        (date(2007, 12, 1), "male"),
    ]
    assert rejected(records, "ae.csv") == {"patient without a date of birth": 1}


COMMISSIONING = {
    "NHS Number": ANNE,
    "Local Patient Identifier": "H1",
    "Date of Birth": "1950-06-09",
    "Sex": "2",
    "Ethnic Category": "A",
    "Postcode": "ZZ1 1AA",
    "Practice Code of Registered GP": "ZZ0001",
    "Organisation Code (Code of Provider)": "RX1",
    "A&E Attendance Number": "1",
    "A&E Arrival Mode": "1",
    "A&E Attendance Category": "1",
    "A&E Attendance Disposal": "03",
    "A&E Department Type": "01",
    "Arrival Date": "2015-03-01",
    "Arrival Time": "23:10:00",
    "A&E Departure Date": "2015-03-02",
    "A&E Departure Time": "01:00:00",
}


def test_the_names_of_the_commissioning_data_set(tmp_path: Path) -> None:
    unnamed = {"NHS Number": "", "Arrival Date": "2015-03-02", "A&E Departure Date": "2015-03-03"}
    rows = [
        COMMISSIONING,
        {**COMMISSIONING, "A&E Attendance Number": "2", "A&E Departure Date": "2015-03-01"},
        {**COMMISSIONING, "A&E Attendance Number": "3", "A&E Attendance Category": "2"},
        {**COMMISSIONING, "A&E Attendance Number": "4", **unnamed},
    ]
    records = linked_feed(tmp_path, "ae", {"x": rows})
    columns = "patient_id, start_date, start_time, end_date, provider"
    assert rows_of(records, "stays", columns, "start_date") == [
        (alias(ANNE), date(2015, 3, 1), time(23, 10), date(2015, 3, 2), "RX1"),
        (alias(ANNE), date(2015, 3, 2), time(23, 10), date(2015, 3, 3), "RX1"),
    ]
    assert rejected(records, "x.csv") == {
        "end before start": 1,
        "planned follow-up, not an emergency": 1,
    }
