"""The codes of a store, listed beside its tables: the same as asked of the events, or not read."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from tests.small_store import small_records

from riskstrat.records import LinkedRecords, load_records
from riskstrat.schema import LISTED_CODES, read_codes

EVENT = {"patient_id": "p", "kind": "diagnosis", "source": "gp", "system": "icd10", "code": "I500"}
LATER, EARLIER = date(2021, 3, 1), date(2020, 3, 1)


def records_with(folder: Path, *days: tuple[date, date]) -> LinkedRecords:
    """Records with an event for each day it happened and day it became known."""
    rows = [EVENT | {"event_date": day, "recorded_date": known} for day, known in days]
    return small_records(folder, {"events": rows})


@pytest.fixture
def records(tmp_path: Path) -> LinkedRecords:
    return records_with(tmp_path, (EARLIER, LATER), (LATER, LATER), (EARLIER, date(2022, 1, 1)))


def content(records: LinkedRecords) -> str:
    return str(records.manifest["tables"]["events"]["content_hash"])


def test_a_code_is_listed_from_the_day_it_could_be_known(records: LinkedRecords) -> None:
    listed = read_codes(records.path, content(records))
    assert listed is not None
    assert listed.to_pylist() == records.engine.fetch(LISTED_CODES).to_pylist()
    assert listed["first_known"].to_pylist() == [LATER]


def test_the_list_is_what_records_tell(records: LinkedRecords) -> None:
    assert records.listed_codes().equals(read_codes(records.path, content(records)))


def test_records_without_a_list_are_asked(records: LinkedRecords) -> None:
    asked = records.listed_codes().to_pylist()
    (records.path / "codes.parquet").unlink()
    assert read_codes(records.path, content(records)) is None
    assert load_records(records.path).listed_codes().to_pylist() == asked


def test_a_list_of_other_events_is_not_read(records: LinkedRecords, tmp_path: Path) -> None:
    other = records_with(tmp_path / "other", (EARLIER, EARLIER))
    shutil.copy(other.path / "codes.parquet", records.path)
    assert read_codes(records.path, content(records)) is None
    assert records.listed_codes()["first_known"].to_pylist() == [LATER]


def test_a_damaged_list_is_not_read(records: LinkedRecords) -> None:
    (records.path / "codes.parquet").write_bytes(b"PAR1")
    assert records.listed_codes()["first_known"].to_pylist() == [LATER]
