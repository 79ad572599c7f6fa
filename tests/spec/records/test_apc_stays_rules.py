"""How episodes of admitted patient care become stays, rule by rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.unit.records.hospital_feeds import (
    BILL,
    FIRST,
    PATIENT,
    SECOND,
    linked_episodes,
    of_each_episode,
    reasons,
)
from tests.unit.records.small_feeds import rows_of

from riskstrat.records import LinkedRecords, as_known, spells

MARCH, APRIL = date(2024, 4, 20), date(2024, 5, 20)
"""Days on which what ended in these months is submitted."""


def stays(records: LinkedRecords, columns: str) -> list[tuple[Any, ...]]:
    return rows_of(records, "stays", columns, "start_date, provider, recorded_date")


def test_an_episode_is_a_stay(tmp_path: Path) -> None:
    records = linked_episodes(tmp_path, {})
    assert stays(
        records,
        "patient_id, kind, start_date, end_date, patient_class, admission_source, "
        "admission_method, is_emergency, attendance, specialty, discharge_method, "
        "discharge_destination, provider, recorded_date, superseded_date",
    ) == [
        (
            *(PATIENT, "inpatient", date(2024, 3, 1), date(2024, 3, 5), "1", "19"),
            *("21", True, None, "300", "1", "19", "RX1", MARCH, None),
        )
    ]
    assert reasons(records) == {}


def test_episodes_of_one_spell_number_and_provider_are_one_stay(tmp_path: Path) -> None:
    """Class, source and method are those of the first, specialty and end those of the last."""
    second = {**SECOND, "ADMIMETH": "12", "ADMISORC": "51", "CLASSPAT": "2", "DISDEST": "85"}
    other = {"EPIKEY": "E3", "PROCODET": "RX2"}
    records = linked_episodes(tmp_path, second, FIRST, other)
    assert stays(
        records,
        "provider, admission_method, admission_source, patient_class, specialty, end_date, "
        "discharge_destination",
    ) == [
        ("RX1", "21", "19", "1", "430", date(2024, 3, 5), "85"),
        ("RX2", "21", "19", "1", "300", date(2024, 3, 5), "19"),
    ]
    assert reasons(records) == {}


def test_episodes_are_ordered_by_their_start_then_by_their_number(tmp_path: Path) -> None:
    same_day = {"EPISTART": "2024-03-02", "EPIKEY": "E3", "EPIORDER": "3", "TRETSPEF": "320"}
    records = linked_episodes(tmp_path, same_day, {**SECOND, "DISMETH": "8"}, FIRST)
    assert stays(records, "specialty, end_date") == [("320", date(2024, 3, 5))]
    numbers_wrong = linked_episodes(
        tmp_path, {**SECOND, "EPIORDER": "1"}, {**FIRST, "EPIORDER": "2"}
    )
    assert stays(numbers_wrong, "specialty") == [("430",)]


def test_one_spell_number_for_two_people_is_two_stays(tmp_path: Path) -> None:
    records = linked_episodes(tmp_path, {}, {"EPIKEY": "E2", "NEWNHSNO": BILL})
    assert rows_of(records, "stays", "count(distinct stay_id)", "1") == [(2,)]


def test_without_spell_numbers_person_day_and_provider_make_a_stay(tmp_path: Path) -> None:
    records = linked_episodes(
        tmp_path,
        {"PROVSPNO": "", **FIRST},
        {"PROVSPNO": "", **SECOND},
        {"PROVSPNO": "", "EPIKEY": "E3", "PROCODET": "RX2"},
        {"PROVSPNO": "", "EPIKEY": "E4", "ADMIDATE": "2024-02-27"},
    )
    assert stays(records, "start_date, provider, specialty") == [
        (date(2024, 2, 27), "RX1", "300"),
        (date(2024, 3, 1), "RX1", "430"),
        (date(2024, 3, 1), "RX2", "300"),
    ]


CLASSES = {
    "1": ("inpatient", True),
    "2": ("day_case", False),
    "3": ("day_case", False),
    "4": ("day_case", False),
    "5": ("inpatient", False),
    "8": ("inpatient", None),
    "9": ("inpatient", None),
    "": ("inpatient", None),
    "1.0": ("inpatient", True),
}


def test_only_an_ordinary_admission_is_an_emergency(tmp_path: Path) -> None:
    """Of a class that is not known the feed cannot say."""
    cases = [{"CLASSPAT": given} for given in CLASSES]
    found = of_each_episode(tmp_path, cases, "kind, is_emergency")
    assert found == [[expected] for expected in CLASSES.values()]


EMERGENCY = ("21", "22", "23", "24", "25", "28", "2A", "2B", "2D", "2a", "21.0")
PLANNED = ("11", "12", "13", "31", "32", "81", "82", "83", "84", "89", "2C")
NOT_KNOWN = ("98", "99", "", "77", "&")


def test_methods_of_admission(tmp_path: Path) -> None:
    """2B is an emergency here; whether it continues a stay is decided when stays are read."""
    cases = [{"ADMIMETH": method} for method in (*EMERGENCY, *PLANNED, *NOT_KNOWN)]
    found = of_each_episode(tmp_path, cases, "is_emergency, admission_method")
    expected = [True] * len(EMERGENCY) + [False] * len(PLANNED) + [None] * len(NOT_KNOWN)
    assert [flag for ((flag, _),) in found] == expected
    assert [method for ((_, method),) in found[9:11]] == ["2A", "21"]


ENDS: list[tuple[dict[str, str], date | None]] = [
    ({}, date(2024, 3, 5)),
    ({"DISMETH": "4", "DISDEST": "79"}, date(2024, 3, 5)),
    ({"DISMETH": "7", "DISDEST": "98"}, date(2024, 3, 5)),
    ({"DISMETH": "8"}, None),
    ({"DISMETH": "9"}, date(2024, 3, 5)),
    ({"DISMETH": "", "DISDEST": ""}, date(2024, 3, 5)),
    ({"DISMETH": "9", "DISDEST": "98"}, None),
    ({"DISMETH": "", "DISDEST": "98"}, None),
    ({"EPISTAT": "1"}, None),
    ({"EPISTAT": "9"}, None),
    ({"DISDATE": "1800-01-01", "EPIEND": "2024-03-04"}, date(2024, 3, 4)),
    ({"DISDATE": "", "DISMETH": "9"}, None),
    ({"DISDATE": "2024-03-01", "EPIEND": "2024-03-01"}, date(2024, 3, 1)),
]


def test_when_a_stay_has_ended(tmp_path: Path) -> None:
    """The method says whether; the place only where the method is silent."""
    columns = "end_date, discharge_method is null and discharge_destination is null"
    found = of_each_episode(tmp_path, [given for given, _ in ENDS], columns)
    assert [end for ((end, _),) in found] == [end for _, end in ENDS]
    assert all(silent for ((end, silent),) in found if end is None)


def test_an_unfinished_stay_is_open_until_the_finished_one_is_submitted(tmp_path: Path) -> None:
    """Month by month: what only the end tells is not known before."""
    unfinished = {"EPISTAT": "1", "EPIEND": "", "DISDATE": "", "DISMETH": "8", "DISDEST": "98"}
    records = linked_episodes(
        tmp_path, unfinished, {"SUBDATE": "2024-05-20", "EPIEND": "2024-04-02"}
        | {"DISDATE": "2024-04-02", "TRETSPEF": "430"},
    )  # fmt: skip
    assert stays(
        records, "end_date, specialty, discharge_method, recorded_date, superseded_date"
    ) == [
        (None, "300", None, MARCH, APRIL),
        (date(2024, 4, 2), "430", "1", APRIL, None),
    ]
    assert reasons(records) == {}
    assert rows_of(records, "stays", "count(distinct stay_id)", "1") == [(1,)]


def test_the_finished_episode_may_have_another_key(tmp_path: Path) -> None:
    """Files of two financial years: the same place in the stay, finished in the second."""
    records = linked_episodes(
        tmp_path,
        {"EPISTAT": "1", "DISDATE": "", "DISMETH": "8"},
        {"EPIKEY": "E9", "SUBDATE": "2024-05-20", "DISDATE": "2024-04-02"},
    )
    assert stays(records, "end_date, recorded_date, superseded_date") == [
        (None, MARCH, APRIL),
        (date(2024, 4, 2), APRIL, None),
    ]


def test_a_first_episode_is_known_before_the_last_is_submitted(tmp_path: Path) -> None:
    last = {**SECOND, "SUBDATE": "2024-05-20", "EPIEND": "2024-04-02", "DISDATE": "2024-04-02"}
    records = linked_episodes(tmp_path, FIRST, last)
    assert stays(records, "end_date, specialty, recorded_date, superseded_date") == [
        (None, "300", MARCH, APRIL),
        (date(2024, 4, 2), "430", APRIL, None),
    ]


def test_a_refresh_supersedes_what_it_corrects(tmp_path: Path) -> None:
    refresh = {"SUBDATE": "2024-05-20", "ADMIDATE": "2024-02-28", "ADMIMETH": "12"}
    records = linked_episodes(tmp_path, {}, refresh)
    found = stays(records, "start_date, is_emergency, recorded_date, superseded_date")
    assert sorted(found, key=lambda row: row[2]) == [
        (date(2024, 3, 1), True, MARCH, APRIL),
        (date(2024, 2, 28), False, APRIL, None),
    ]
    assert reasons(records) == {}


def test_a_refresh_that_says_the_same_is_no_version(tmp_path: Path) -> None:
    records = linked_episodes(tmp_path, {}, {"SUBDATE": "2024-05-20", "DISREADYDATE": "2024-03-04"})
    assert stays(records, "recorded_date, superseded_date") == [(MARCH, None)]
    assert reasons(records) == {}


def test_a_stay_to_which_no_episode_belongs_any_more_was_known_until_then(tmp_path: Path) -> None:
    """Without spell numbers a corrected day of admission makes another stay."""
    records = linked_episodes(
        tmp_path,
        {"PROVSPNO": ""},
        {"PROVSPNO": "", "SUBDATE": "2024-05-20", "ADMIDATE": "2024-02-28"},
    )
    assert stays(records, "start_date, recorded_date, superseded_date") == [
        (date(2024, 2, 28), APRIL, None),
        (date(2024, 3, 1), MARCH, APRIL),
    ]
    assert rows_of(records, "events", "event_date, recorded_date, superseded_date", "1") == [
        (date(2024, 2, 28), APRIL, None),
        (date(2024, 3, 1), MARCH, APRIL),
    ]


def test_without_days_of_submission_a_stay_is_known_once_with_its_end(tmp_path: Path) -> None:
    """A final extract: the 20th of the month after the discharge, for all of its episodes."""
    late = {"EPIEND": "2024-04-02", "DISDATE": "2024-04-02"}
    rows = [{**row, "SUBDATE": ""} for row in (FIRST, {**SECOND, **late})]
    records = linked_episodes(tmp_path, *rows)
    assert stays(records, "end_date, recorded_date, superseded_date") == [
        (date(2024, 4, 2), APRIL, None)
    ]


def test_without_days_of_submission_an_open_stay_is_known_when_the_extract_is_made(
    tmp_path: Path,
) -> None:
    """That a stay had no end yet gives away how long it lasts: not before the last day covered."""
    records = linked_episodes(
        tmp_path, {"SUBDATE": "", "DISMETH": "8"}, data_from="2020-01-01", data_to="2024-12-31"
    )
    assert stays(records, "end_date, recorded_date") == [(None, date(2025, 1, 20))]


def test_an_end_before_the_admission_that_another_row_tells_is_not_known(tmp_path: Path) -> None:
    """Each row is sound in itself: the first was submitted anew with a later admission."""
    refresh = {**FIRST, "SUBDATE": "2024-05-20", "ADMIDATE": "2024-03-09"}
    refresh |= {"EPISTART": "2024-03-01"}
    records = linked_episodes(tmp_path, FIRST, SECOND, refresh)
    found = rows_of(records, "stays", "start_date, end_date, superseded_date", "recorded_date")
    assert found == [
        (date(2024, 3, 1), date(2024, 3, 5), APRIL),
        (date(2024, 3, 9), None, None),
    ]


BAD = [
    ({"ADMIDATE": ""}, "discharge without an admission"),
    ({"ADMIDATE": "1801-01-01", "DISDATE": "1801-01-01"}, "no date"),
    ({"ADMIDATE": "", "DISDATE": ""}, "no date"),
    ({"ADMIDATE": "in spring"}, "unparsable date"),
    ({"ADMIDATE": "2024-03-06"}, "end before start"),
    ({"DISDATE": "2024-02-29"}, "end before start"),
    ({"EPIEND": "2024-02-29"}, "end before start"),
    ({"EPIDUR": "-1"}, "negative length or count"),
    ({"SPELDUR": "-1"}, "negative length or count"),
    ({"STARTAGE": "-1"}, "negative length or count"),
    ({"STARTAGE": "121"}, "age or birth that cannot be"),
    ({"STARTAGE": "7000"}, "age or birth that cannot be"),
    ({"STARTAGE": "7008"}, "age or birth that cannot be"),
    ({"MYDOB": "042024"}, "age or birth that cannot be"),
    ({"STARTAGE": "old"}, "value is not a number"),
    ({"EPITYPE": "5"}, "nothing that these records hold"),
    ({"EPITYPE": "6", "ADMIDATE": "", "DISDATE": ""}, "nothing that these records hold"),
    ({"NEWNHSNO": "", "LOPATID": ""}, "no usable NHS number, and not linked by other details"),
]
GOOD = [
    {"STARTAGE": "120"},
    {"STARTAGE": "7001"},
    {"STARTAGE": "7007"},
    {"MYDOB": "032024"},
    {"MYDOB": "011800"},
    {"DISDATE": "2024-03-01", "EPIEND": "2024-03-01", "EPIDUR": "0", "SPELDUR": "0"},
    {"EPITYPE": "3"},
    {"STARTAGE": ""},
]


@pytest.mark.parametrize(("given", "reason"), BAD)
def test_bad_rows_have_a_reason(tmp_path: Path, given: dict[str, str], reason: str) -> None:
    sound = {"EPIKEY": "E0", "PROVSPNO": "S0", "LOPATID": "H1", "SPELDUR": ""}
    records = linked_episodes(tmp_path, sound, {"LOPATID": "H1"} | given)
    assert reasons(records) == {reason: 1}
    assert len(stays(records, "1")) == 1


def test_rows_on_the_edge_stand(tmp_path: Path) -> None:
    same = {"PROCODET": "RX1", "LOPATID": "H1"}
    found = [{"EPIKEY": f"E{n}", "PROVSPNO": f"S{n}", **same} | row for n, row in enumerate(GOOD)]
    records = linked_episodes(tmp_path, *found)
    assert reasons(records) == {}
    assert len(stays(records, "1")) == len(GOOD)


def test_a_row_that_is_told_twice_counts_once(tmp_path: Path) -> None:
    records = linked_episodes(tmp_path, {}, {}, {})
    assert reasons(records) == {"duplicate": 2}
    assert len(stays(records, "1")) == 1


@pytest.mark.parametrize("given", [{"ADMIMETH": "22"}, {"DIAG_4_02": "I10X"}, {"CAUSE": "W19X"}])
def test_of_two_rows_of_an_episode_in_one_submission_one_stands(
    tmp_path: Path, given: dict[str, str]
) -> None:
    records = linked_episodes(tmp_path, {}, given)
    assert reasons(records) == {"same identifier, different content": 1}
    assert len(stays(records, "1")) == 1
    turned = linked_episodes(tmp_path / "turned", given, {})
    whole = ("stays", "admission_method", "1"), ("events", "code", "1")
    assert [rows_of(records, *of) for of in whole] == [rows_of(turned, *of) for of in whole]


def test_people_are_told_of_ethnicity_and_death(tmp_path: Path) -> None:
    died = {"DISMETH": "4", "DISDEST": "79", "ETHNOS": "B1"}
    old = {"NEWNHSNO": BILL, "EPIKEY": "E2", "PROVSPNO": "S2", "ETHNOS": "0"}
    records = linked_episodes(tmp_path, died, old)
    columns = "ethnic_category, death_date, death_recorded_date"
    assert rows_of(records, "patients", columns, "death_date nulls last") == [
        ("B", date(2024, 3, 5), MARCH),
        (None, None, None),
    ]


def test_a_death_that_a_refresh_takes_back_is_none(tmp_path: Path) -> None:
    died = {"DISMETH": "4", "DISDEST": "79"}
    records = linked_episodes(tmp_path, died, {"SUBDATE": "2024-05-20"})
    assert rows_of(records, "patients", "death_date", "1") == [(None,)]


def test_a_transfer_is_joined_when_stays_are_read(tmp_path: Path) -> None:
    """From ward to ward (51 to 51, method 81) over night; an admission on the next day is not."""
    first = {"DISDEST": "51"}
    moved = {"EPIKEY": "E2", "PROVSPNO": "S7", "PROCODET": "RX2", "ADMIMETH": "81"}
    moved |= {"ADMISORC": "51", "ADMIDATE": "2024-03-05", "EPISTART": "2024-03-05"}
    moved |= {"EPIEND": "2024-03-08", "DISDATE": "2024-03-08"}
    again = {"EPIKEY": "E3", "PROVSPNO": "S8", "ADMIDATE": "2024-03-09", "EPISTART": "2024-03-09"}
    again |= {"EPIEND": "2024-03-10", "DISDATE": "2024-03-10"}
    records = linked_episodes(tmp_path, first, moved, again)
    keys = pd.DataFrame({"patient_id": [PATIENT], "index_date": [pd.Timestamp(2024, 6, 1)]})
    records.register_keys(keys)
    joined = records.engine.fetch(as_known("stays"), spells("known_stays")).to_pylist()
    found = {row["start_date"]: (row["continues"], row["is_emergency"]) for row in joined}
    assert found == {
        date(2024, 3, 1): (False, True),
        date(2024, 3, 5): (True, False),
        date(2024, 3, 9): (False, True),
    }
