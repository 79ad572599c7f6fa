"""The MIMIC-IV demonstration stream, as it lies in the shared data: every event accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import GOVERNANCE, KEY_OF_TESTS
from tests.unit.records.small_feeds import rejected, rows_of

from riskstrat.records import LinkedRecords, check_records, link, load_records

FILE = "mimic_iv_demo_meds_events.parquet"
EVENTS = 916_166
SENSITIVE = 15


@pytest.fixture(scope="module")
def records(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> LinkedRecords:
    out = tmp_path_factory.mktemp("meds") / "records"
    rules = GOVERNANCE / "mimic4_demo_meds.toml"
    link(shared_data / "mimic4_demo_meds", out, governance=rules, key=KEY_OF_TESTS)
    return load_records(out)


def test_every_event_is_accounted_for(records: LinkedRecords) -> None:
    """All but sensitive codes stand: on a person, on a stay, or as an event."""
    (source,) = records.manifest["sources"]
    (file,) = source["files"]
    assert (file["name"], file["rows_in"]) == (FILE, EVENTS)
    assert rejected(records, FILE) == {"sensitive code": SENSITIVE}
    people, stays, attendances = 100 + 100 + 31, 275 + 275, 181 + 181 + 236
    assert (
        records.manifest["tables"]["events"]["rows"]
        == EVENTS - SENSITIVE - people - stays - attendances
    )


def test_a_hundred_people(records: LinkedRecords) -> None:
    columns = "count(*), count(death_date), count(distinct sex)"
    assert rows_of(records, "patients", columns, "1") == [(100, 31, 2)]


def test_admissions_become_stays_with_the_right_emergency_flag(records: LinkedRecords) -> None:
    """104 + 15 + 38 + 45 emergencies, 13 + 18 planned; 42 observations are no admissions."""
    columns = "kind, is_emergency, count(*), count(end_date)"
    assert rows_of(records, "stays group by 1, 2", columns, "1, 2") == [
        ("emergency_department", None, 236, 181),
        ("inpatient", False, 31, 31),
        ("inpatient", True, 202, 202),
        ("outpatient", None, 42, 42),
    ]


def test_transfers_and_deaths_in_hospital(records: LinkedRecords) -> None:
    """15 people died in hospital; transfers in from a hospital read as source 87."""
    assert rows_of(records, "stays where discharge_method = '4'", "count(*)", "1") == [(15,)]
    sources = rows_of(
        records,
        "stays where admission_source is not null group by 1",
        "admission_source, count(*)",
        "1",
    )
    assert dict(sources) == {"85": 4, "87": 45}


def test_diagnoses_keep_their_system_and_are_known_at_discharge(records: LinkedRecords) -> None:
    """4,491 of them, all in a stay, none recorded before it ends."""
    joined = "events e join stays s using (stay_id) where e.kind = 'diagnosis' group by 1"
    columns = "e.system, count(*), count(*) filter (where e.recorded_date = s.end_date)"
    assert rows_of(records, joined, columns, "1") == [
        ("icd10", 2_307, 2_307),
        ("icd9", 2_184, 2_184),
    ]


def test_billed_procedures_are_known_at_discharge(records: LinkedRecords) -> None:
    """They are dated by the day they were done, and coded when the stay ends."""
    joined = "events e left join stays s using (stay_id) where e.code like 'ICD%:%'"
    columns = "count(*), count(*) filter (where e.recorded_date = s.end_date)"
    assert rows_of(records, joined, columns, "1") == [(722, 722)]


def test_findings(records: LinkedRecords) -> None:
    """No error: facts after death and repeated rows are reported, not dropped."""
    findings = {f.code: f for f in check_records(records)}
    assert {f.level for f in findings.values()} <= {"warning", "info"}
    assert findings["R010"].count == 79
    assert findings["R016"].count > 80_000
