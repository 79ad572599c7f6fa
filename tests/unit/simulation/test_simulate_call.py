"""The call itself: same bytes for the same seed, sizes refused, truth kept apart."""

from __future__ import annotations

import json
from datetime import date

import pyarrow.parquet as pq
import pytest

from riskstrat.errors import UsageError
from riskstrat.records import check_records, load_records
from riskstrat.records.linkage import PUBLISHED_TEST_KEY, key_id
from riskstrat.schema import TABLES
from riskstrat.simulation import simulate

YEARS = {"first_day": date(2021, 1, 1), "last_day": date(2022, 6, 30)}


def _bytes(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path) -> None:
    first = simulate(150, 3, tmp_path / "first", truth=tmp_path / "truth_first", **YEARS)
    second = simulate(150, 3, tmp_path / "second", truth=tmp_path / "truth_second", **YEARS)
    third = simulate(150, 4, tmp_path / "third", **YEARS)
    assert first == second
    assert _bytes(tmp_path / "first") == _bytes(tmp_path / "second")
    assert _bytes(tmp_path / "truth_first") == _bytes(tmp_path / "truth_second")
    for table in TABLES:
        assert first["tables"][table]["content_hash"] != third["tables"][table]["content_hash"]


def test_truth_changes_nothing_in_the_store_and_the_store_reveals_nothing(tmp_path) -> None:
    """The store has the declared columns only, and neither seed nor multiplier in its manifest."""
    alone = simulate(150, 987654, tmp_path / "alone", **YEARS)
    beside = simulate(150, 987654, tmp_path / "beside", truth=tmp_path / "truth", **YEARS)
    assert alone == beside
    for name, table in TABLES.items():
        stored = pq.read_schema(tmp_path / "alone" / f"{name}.parquet").names
        assert tuple(stored) == table.column_names
    assert "987654" not in (tmp_path / "alone" / "manifest.json").read_text()
    assert {path.name for path in (tmp_path / "alone").iterdir()} == {
        "manifest.json",
        *(f"{name}.parquet" for name in TABLES),
    }


def test_truth_is_labelled_synthetic_and_has_everybody(tmp_path) -> None:
    manifest = simulate(150, 5, tmp_path / "store", truth=tmp_path / "truth", **YEARS)
    assert manifest["synthetic"] is True
    assert manifest["key_id"] == key_id(PUBLISHED_TEST_KEY)
    assert json.loads((tmp_path / "truth" / "truth.json").read_text()) == {"synthetic": True}
    people = pq.read_table(tmp_path / "truth" / "people.parquet")
    assert people.schema.metadata[b"synthetic"] == b"true"
    stored = pq.read_table(tmp_path / "store" / "patients.parquet")
    assert people["patient_id"].to_pylist() == stored["patient_id"].to_pylist()
    days = pq.read_table(tmp_path / "truth" / "rates.parquet")["date"].unique().to_pylist()
    assert days == [date(2021, 1, 1), date(2022, 1, 1)]


def test_the_store_passes_the_checks_of_linked_records(tmp_path) -> None:
    simulate(150, 6, tmp_path / "store", **YEARS)
    records = load_records(tmp_path / "store")
    assert records.is_synthetic
    assert [found.code for found in check_records(records) if found.level != "info"] == []


def test_stages_are_told_as_they_begin(tmp_path) -> None:
    told: list[str] = []
    simulate(100, 1, tmp_path / "store", progress=told.append, **YEARS)
    assert told[0] == "people"
    assert told[-1] == "store"
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("people", [0, 99, 700_001])
def test_too_few_and_too_many_people_are_refused(tmp_path, people) -> None:
    with pytest.raises(UsageError, match="expected 100 to 700,000 people"):
        simulate(people, 1, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_the_shortest_period_is_a_year(tmp_path) -> None:
    """365 days are enough, 364 are not."""
    with pytest.raises(UsageError, match="at least a year"):
        simulate(100, 1, tmp_path / "s", first_day=date(2021, 1, 1), last_day=date(2021, 12, 30))
    whole = simulate(
        100, 1, tmp_path / "s", first_day=date(2021, 1, 1), last_day=date(2021, 12, 31)
    )
    assert whole["tables"]["patients"]["rows"] == 100
