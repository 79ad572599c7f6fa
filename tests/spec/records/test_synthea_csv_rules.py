"""Tables of Synthea: people, encounters, events, and how long somebody is followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.records.small_feeds import rejected, rows_of
from tests.unit.records.synthea_feeds import HEADERS, linked_synthea, synthea_feed

from riskstrat.records import raw_rows
from riskstrat.records.sources import DIALECTS, find_files
from riskstrat.records.sources.dialect import table_by_header

UNUSED = (
    *("allergies", "careplans", "devices", "imaging_studies", "immunizations", "supplies"),
    *("organizations", "payer_transitions"),
)


def events_of(records: Any, columns: str) -> list[tuple[Any, ...]]:
    return rows_of(records, "events", columns, "all")


def test_people(tmp_path: Path) -> None:
    patients = [
        {"Id": "p", "DEATHDATE": "2016-01-31"},
        {"Id": "q", "BIRTHDATE": "1960-01-02", "GENDER": "M"},
        {"Id": "r", "BIRTHDATE": "", "GENDER": "M"},
        {"Id": "s", "BIRTHDATE": "1970-05-05", "DEATHDATE": "1969-01-01"},
        {"Id": "", "BIRTHDATE": "", "DEATHDATE": ""},
    ]
    records = linked_synthea(tmp_path, {"patients": patients}, declared_lag_days=1)
    columns = "birth_month::varchar, sex, ethnic_category, death_date::varchar, "
    columns += "death_recorded_date::varchar"
    assert rows_of(records, "patients", columns, "birth_month") == [
        ("1950-06-01", "female", None, "2016-01-31", "2016-02-01"),
        ("1960-01-01", "male", None, None, None),
        ("1970-05-01", "female", None, None, None),
    ]
    assert rejected(records, "patients.csv") == {
        "patient without a date of birth": 1,
        "death before birth": 1,
        "no identifier": 1,
    }


def test_encounters_by_class(tmp_path: Path) -> None:
    kinds = {
        "inpatient": "inpatient",
        "emergency": "emergency_department",
        "ambulatory": "outpatient",
        "outpatient": "outpatient",
        "urgentcare": "outpatient",
        "wellness": "outpatient",
    }
    others = ("virtual", "home", "hospice", "snf", "")
    encounters = [
        {"Id": f"e{n}", "ENCOUNTERCLASS": name, "START": f"2015-03-{n + 1:02d}", "STOP": ""}
        for n, name in enumerate([*kinds, *others])
    ]
    records = linked_synthea(tmp_path, {"encounters": encounters})
    found = rows_of(records, "stays", "kind, end_date", "start_date")
    assert found == [(kind, None) for kind in kinds.values()]
    assert events_of(records, "kind, event_date::varchar, system, code") == [
        ("contact", "2015-03-07", "snomed", "448337001"),
        ("contact", "2015-03-08", "snomed", "50357006"),
    ]
    assert rejected(records, "encounters.csv") == {"kind of visit not mapped": 3}


def test_stays(tmp_path: Path) -> None:
    """The calendar day is the one that is written; only the code says that it was an emergency."""
    encounters = [
        {"START": "2015-03-01T23:59:59Z", "CODE": "183452005"},
        {"Id": "f", "START": "2015-02-01T00:00:00Z", "STOP": "2015-02-01T00:15:00Z"},
        {"Id": "f", "START": "2015-02-01T00:00:00Z", "STOP": "2015-02-01T00:15:00Z"},
        {"Id": "f", "START": "2015-02-01T00:00:00Z", "STOP": "2015-02-02T00:15:00Z"},
        {"Id": "g", "START": "2015-03-06T00:00:00Z"},
        {"Id": "h", "START": ""},
        {"Id": ""},
        {"Id": "i", "PATIENT": "nobody"},
        {"Id": "j", "START": "first of March"},
    ]
    records = linked_synthea(
        tmp_path, {"encounters": encounters}, told="monthly", declared_lag_days=10
    )
    columns = "start_date::varchar, start_time::varchar, end_date::varchar, is_emergency, "
    columns += "recorded_date::varchar"
    assert rows_of(records, "stays", columns, "start_date") == [
        ("2015-02-01", None, "2015-02-01", None, "2015-03-10"),
        ("2015-03-01", "23:59:59", "2015-03-05", True, "2015-04-10"),
    ]
    assert rejected(records, "encounters.csv") == {
        "duplicate": 1,
        "same identifier, different content": 1,
        "end before start": 1,
        "no date": 1,
        "no identifier": 1,
        "unknown patient": 1,
        "unparsable date": 1,
    }


def test_conditions_medicines_and_procedures(tmp_path: Path) -> None:
    files = {
        "conditions": [
            {},
            {"ENCOUNTER": "unknown", "SYSTEM": "http://snomed.info/sct"},
            {"SYSTEM": "ICD10-CM", "CODE": "I48.91", "DESCRIPTION": "AF"},
            {"SYSTEM": "Other", "CODE": "1"},
            {"SYSTEM": "ICD10", "CODE": "B20"},
            {"CODE": ""},
            {"CODE": "4.9436E+7"},
        ],
        "medications": [{}],
        "procedures": [{}],
    }
    records = linked_synthea(tmp_path, files)
    columns = "kind, event_date::varchar, event_time::varchar, system, code, stay_id is not null"
    assert events_of(records, columns) == [
        ("diagnosis", "2015-03-02", None, "icd10", "I4891", True),
        ("diagnosis", "2015-03-02", None, "local", "Other:1", True),
        ("diagnosis", "2015-03-02", None, "snomed", "49436004", False),
        ("diagnosis", "2015-03-02", None, "snomed", "49436004", True),
        ("medication", "2015-03-02", "11:00:00", "local", "RxNorm:314076", True),
        ("procedure", "2015-03-02", "11:00:00", "snomed", "80146002", True),
    ]
    assert rejected(records, "conditions.csv") == {
        "sensitive code": 1,
        "no code": 1,
        "code read as a number": 1,
    }


def test_observations(tmp_path: Path) -> None:
    observations = [
        {},
        {"CODE": "72166-2", "VALUE": "Never smoker", "UNITS": "{nominal}", "TYPE": "text"},
        {"CODE": "QALY", "DESCRIPTION": "QALY", "VALUE": "41.5", "UNITS": "a", "ENCOUNTER": ""},
        {"VALUE": "high"},
        {"VALUE": ""},
        {"VALUE": "1e999"},
    ]
    records = linked_synthea(tmp_path, {"observations": observations})
    assert events_of(records, "kind, system, code, value, unit, text") == [
        ("measurement", "local", "Synthea:QALY", 41.5, "a", "QALY"),
        ("measurement", "loinc", "4548-4", 7.2, "%", "HbA1c"),
        ("observation", "loinc", "72166-2", None, None, "Never smoker"),
    ]
    assert rejected(records, "observations.csv") == {"value is not a number": 3}


def test_an_export_of_an_older_version(tmp_path: Path) -> None:
    """No coding systems; a procedure has a day only."""
    records = linked_synthea(tmp_path, {"conditions": [{}]}, without=("SYSTEM", "INCOME"))
    assert events_of(records, "system, code") == [("snomed", "49436004")]


def test_a_procedure_may_have_a_date_instead_of_a_start(tmp_path: Path) -> None:
    folder = synthea_feed(tmp_path, {})
    header = "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION"
    (folder / "other.csv").write_text(f"{header}\n")
    (file,) = (file for file in find_files(folder) if file.name == "other.csv")
    table = table_by_header(DIALECTS["synthea_csv"], file)
    assert table is not None
    assert table.name == "synthea_procedures"


def test_what_is_not_used_is_counted(tmp_path: Path) -> None:
    records = linked_synthea(tmp_path, {name: [{}, {}] for name in UNUSED})
    for name in UNUSED:
        assert rejected(records, f"{name}.csv") == {"table not used": 2}


def test_tables_like_conditions_are_told_apart_whatever_their_name(tmp_path: Path) -> None:
    """An allergy is no diagnosis."""
    names = ("allergies", "careplans", "devices")
    folder = synthea_feed(tmp_path / "feed", {name: [{"PATIENT": "p"}] for name in names})
    for name in names:
        (folder / f"{name}.csv").rename(folder / f"part of {name}.csv")
    records = linked_synthea(tmp_path, {})
    for name in names:
        assert rejected(records, f"part of {name}.csv") == {"table not used": 1}
    assert records.manifest["tables"]["events"]["rows"] == 0


def test_every_table_is_recognised_as_this_dialect_only(tmp_path: Path) -> None:
    names = ("patients", "encounters", "conditions", "medications", "procedures", "observations")
    folder = synthea_feed(tmp_path, {name: [{}] for name in HEADERS})
    for name in names:
        (folder / f"{name}.csv").rename(folder / f"x{name}.csv")
    found = {file.name: file for file in find_files(folder)}
    for name in names:
        fitting = [
            d for d, dialect in DIALECTS.items() if table_by_header(dialect, found[f"x{name}.csv"])
        ]
        assert fitting == ["synthea_csv"]
        table = table_by_header(DIALECTS["synthea_csv"], found[f"x{name}.csv"])
        assert table is not None
        assert table.name == f"synthea_{name}"


@pytest.mark.parametrize(("data_to", "is_open"), [("2015-03-07", True), ("2015-03-08", False)])
def test_followed_from_the_first_to_the_last_fact(
    tmp_path: Path, data_to: str, is_open: bool
) -> None:
    files = {"conditions": [{"START": "2015-03-07"}, {"START": "2014-12-31"}]}
    records = linked_synthea(tmp_path, files, data_to=data_to)
    columns = "practice_code, start_date::varchar, end_date::varchar, superseded_date::varchar"
    ended = [] if is_open else [(None, "2014-12-31", "2015-03-07", None)]
    superseded = None if is_open else "2015-03-07"
    assert rows_of(records, "registrations", columns, "recorded_date") == [
        (None, "2014-12-31", None, superseded),
        *ended,
    ]


def test_the_result_is_the_same_in_parts_and_in_any_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: dict[str, list[dict[str, str]]] = {"patients": [{"Id": f"p{n}"} for n in range(10)]}
    for name in ("encounters", "conditions", "observations"):
        files[name] = [{"PATIENT": f"p{n}", "ENCOUNTER": f"e{n}", "Id": f"e{n}"} for n in range(10)]
    whole = linked_synthea(tmp_path / "whole", files).manifest
    monkeypatch.setattr(raw_rows, "_ROWS_PER_PART", 10)
    turned = {name: rows[::-1] for name, rows in files.items()}
    parts = linked_synthea(tmp_path / "parts", turned).manifest
    assert whole["tables"]["events"]["rows"] == 20
    assert [t["content_hash"] for t in whole["tables"].values()] == [
        t["content_hash"] for t in parts["tables"].values()
    ]
