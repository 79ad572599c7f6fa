"""What `check` says about records that contradict the schema or themselves."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.small_store import arrow_table, small_records

from riskstrat.engine import Engine
from riskstrat.records import Finding, LinkedRecords, check_records, load_records
from riskstrat.schema import FileCount, SourceCount, write_store

D = date(2020, 6, 15)
BEFORE, AFTER = date(2020, 6, 14), date(2020, 6, 16)

PATIENT = {"patient_id": "a"}
STAY = {"patient_id": "a", "start_date": D}
REGISTRATION = {"patient_id": "a", "start_date": date(2010, 1, 1)}
EVENT = {
    "patient_id": "a",
    "kind": "diagnosis",
    "source": "hospital",
    "system": "icd10",
    "code": "I48",
    "event_date": D,
}

SOUND = {
    "patients": [PATIENT],
    "registrations": [REGISTRATION],
    "stays": [STAY],
    "events": [EVENT],
}


def found(folder: Path, **tables: list[dict[str, Any]]) -> list[Finding]:
    """Findings about sound records in which some tables are replaced; empty tables apart."""
    records = small_records(folder, {**SOUND, **tables}, data_to=date(2020, 12, 31))
    return [finding for finding in check_records(records) if finding.code != "R014"]


def test_sound_records_have_no_findings(tmp_path: Path) -> None:
    """Nothing to say about one person with one stay and one event."""
    assert found(tmp_path) == []


CASES: list[tuple[str, str, str, dict[str, list[dict[str, Any]]]]] = [
    ("R002", "error", "patients", {"patients": [PATIENT, PATIENT]}),
    ("R003", "error", "patients", {"patients": [{**PATIENT, "sex": None}]}),
    ("R004", "error", "patients", {"patients": [{**PATIENT, "sex": "F"}]}),
    ("R005", "error", "events", {"events": [EVENT, {**EVENT, "patient_id": "b"}]}),
    ("R006", "error", "stays", {"stays": [{**STAY, "end_date": BEFORE, "recorded_date": D}]}),
    (
        "R007",
        "error",
        "patients",
        {
            "patients": [{**PATIENT, "death_date": date(1949, 12, 31)}],
            "registrations": [],
            "stays": [],
            "events": [],
        },
    ),
    ("R008", "warning", "events", {"events": [{**EVENT, "recorded_date": BEFORE}]}),
    (
        "R009",
        "warning",
        "events",
        {"events": [{**EVENT, "recorded_date": AFTER, "superseded_date": D}]},
    ),
    (
        "R010",
        "warning",
        "events",
        {
            "patients": [{**PATIENT, "death_date": D}],
            "events": [{**EVENT, "event_date": AFTER}, EVENT],
        },
    ),
    ("R011", "warning", "events", {"events": [{**EVENT, "event_date": date(1949, 12, 31)}]}),
    ("R012", "warning", "events", {"events": [{**EVENT, "event_date": date(2021, 1, 1)}, EVENT]}),
    (
        "R013",
        "warning",
        "registrations",
        {"registrations": [REGISTRATION, {**REGISTRATION, "start_date": date(2011, 1, 1)}]},
    ),
    (
        "R015",
        "error",
        "stays",
        {
            "stays": [
                {**STAY, "stay_id": "s", "recorded_date": D},
                {**STAY, "stay_id": "s", "recorded_date": AFTER},
            ]
        },
    ),
    ("R016", "info", "events", {"events": [EVENT, EVENT]}),
    (
        "R017",
        "warning",
        "stays",
        {
            "stays": [
                STAY,
                {**STAY, "kind": "emergency_department", "end_date": date(2020, 6, 23)},
                {**STAY, "kind": "emergency_department", "end_date": date(2020, 6, 22)},
            ]
        },
    ),
    ("R018", "warning", "stays", {"stays": [{**STAY, "is_emergency": None}]}),
    (
        "R019",
        "info",
        "registrations",
        {"registrations": [{**REGISTRATION, "practice_code": None}]},
    ),
]


@pytest.mark.parametrize(("code", "level", "table", "tables"), CASES, ids=[c[0] for c in CASES])
def test_one_wrong_row_is_one_finding(
    tmp_path: Path, code: str, level: str, table: str, tables: dict[str, list[dict[str, Any]]]
) -> None:
    """The code, its level, its table, and how many rows: one."""
    (finding,) = found(tmp_path, **tables)
    assert (finding.code, finding.level, finding.table) == (code, level, table)
    assert finding.count == 1


def test_appointments_may_be_recorded_before_they_take_place(tmp_path: Path) -> None:
    """An appointment is known before its day; nothing else is."""
    row = {**EVENT, "kind": "appointment", "recorded_date": BEFORE}
    assert found(tmp_path, events=[row]) == []


def test_registrations_may_follow_on_the_same_day(tmp_path: Path) -> None:
    """A move of practice is no overlap."""
    rows = [
        {**REGISTRATION, "end_date": date(2011, 1, 1)},
        {**REGISTRATION, "start_date": date(2011, 1, 1)},
    ]
    assert found(tmp_path, registrations=rows) == []


def test_an_open_row_and_its_closed_row_are_no_overlap(tmp_path: Path) -> None:
    """Only current rows are compared."""
    rows = [
        {**REGISTRATION, "recorded_date": D, "superseded_date": AFTER},
        {**REGISTRATION, "end_date": AFTER, "recorded_date": AFTER},
    ]
    assert found(tmp_path, registrations=rows) == []


def test_empty_tables_are_named(tmp_path: Path) -> None:
    """An error where every study needs the table, else a warning or for information."""
    findings = check_records(small_records(tmp_path, {}))
    levels = {finding.table: finding.level for finding in findings if finding.code == "R014"}
    assert levels == {
        "patients": "error",
        "registrations": "error",
        "events": "warning",
        "stays": "warning",
        "residences": "info",
        "services": "info",
        "opt_outs": "info",
    }


def _rewrite(records: LinkedRecords, table: str, change: dict[str, Any]) -> None:
    file = records.path / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["tables"][table].update(change)
    file.write_text(json.dumps(manifest))


@pytest.mark.parametrize("change", [{"rows": 2}, {"content_hash": "0"}], ids=["rows", "content"])
def test_a_table_that_is_not_the_one_of_the_manifest(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    """R001: rows or content differ, so the file was changed after linking."""
    _rewrite(small_records(tmp_path, SOUND), "events", change)
    findings = check_records(load_records(tmp_path / "records"))
    assert [(f.code, f.level, f.table) for f in findings if f.code == "R001"] == [
        ("R001", "error", "events")
    ]


@pytest.mark.parametrize(("rejected", "level"), [(5, "info"), (6, "warning")])
def test_rejected_rows_are_told(tmp_path: Path, rejected: int, level: str) -> None:
    """R020: a warning above one row in twenty; tables that are left out whole do not count."""
    engine = Engine(threads=1)
    for name, rows in SOUND.items():
        engine.register(name, arrow_table(name, rows))
    reasons = {"unknown patient": rejected - 1, "no code": 1}
    files = (
        FileCount("EVENTS.csv", "0", 100, 100 - rejected, reasons),
        FileCount("ERA.csv", "0", 50, 0, {"derived table": 50}),
    )
    source = SourceCount("test", "canonical", "2010-01-01", "2029-12-31", files)
    write_store(engine, tmp_path / "records", sources=(source,))
    (finding,) = (f for f in check_records(load_records(tmp_path / "records")) if f.code == "R020")
    assert (finding.level, finding.table, finding.count) == (level, "EVENTS.csv", rejected)
    assert f"no code: 1, unknown patient: {rejected - 1}" in finding.message


def test_findings_carry_no_patient_value(tmp_path: Path) -> None:
    """Names and counts only, whatever stands in the rows."""
    canary = "CANARY7731"
    rows = [
        {**EVENT, "patient_id": canary, "kind": canary, "code": canary, "system": canary},
        {**EVENT, "text": canary, "event_date": date(1900, 1, 1)},
    ]
    findings = found(tmp_path, events=rows, patients=[{**PATIENT, "sex": canary}])
    assert len(findings) > 3
    assert all(canary not in str(finding) for finding in findings)
