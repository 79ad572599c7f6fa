from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.small_store import arrow_table

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records import load_records
from riskstrat.schema import SCHEMA_VERSION, TABLES, SourceCount, write_store


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one person with two feeds."""
    engine = Engine(threads=1)
    engine.register("patients", arrow_table("patients", [{"patient_id": "secret-1"}]))
    sources = (
        SourceCount("hospital", "canonical", "2010-01-01", "2020-12-31"),
        SourceCount("gp", "canonical", "2012-01-01", "2019-06-30"),
    )
    out = tmp_path_factory.mktemp("sound") / "records"
    write_store(engine, out, sources=sources, manifest={"synthetic": True})
    return out


@pytest.fixture
def store(sound: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(sound, tmp_path / "records"))


def change_manifest(store: Path, change: Callable[[dict[str, Any]], object]) -> None:
    file = store / "manifest.json"
    manifest = json.loads(file.read_text())
    change(manifest)
    file.write_text(json.dumps(manifest))


def rewrite(store: Path, table: str, change: Callable[[pa.Table], pa.Table]) -> None:
    file = store / f"{table}.parquet"
    pq.write_table(change(pq.read_table(file)), file)


def test_every_table_is_a_relation(store: Path) -> None:
    records = load_records(str(store))
    for table in TABLES.values():
        assert tuple(records.engine.columns(table.name)) == table.column_names


def test_days_that_every_feed_covers(store: Path) -> None:
    records = load_records(store)
    assert (records.data_from, records.data_to) == (date(2012, 1, 1), date(2019, 6, 30))
    assert records.sources == ("gp", "hospital")
    assert records.is_synthetic


def test_records_are_real_unless_the_manifest_says_otherwise(store: Path) -> None:
    change_manifest(store, lambda manifest: manifest.pop("synthetic"))
    assert not load_records(store).is_synthetic


def test_describe_and_repr_show_counts_and_no_value(store: Path) -> None:
    records = load_records(store)
    assert "patients: 1 rows" in records.describe()
    assert "hospital, 2010-01-01 to 2020-12-31" in records.describe()
    assert "secret-1" not in records.describe() + repr(records)


def test_a_given_engine_is_used(store: Path) -> None:
    engine = Engine(threads=1)
    assert load_records(store, engine=engine).engine is engine


def test_keys_are_registered_with_their_types(store: Path) -> None:
    records = load_records(store)
    keys = pd.DataFrame(
        {"patient_id": ["a", "b"], "index_date": pd.to_datetime(["2020-01-01"] * 2)}
    )
    records.register_keys(keys)
    expected = {"patient_id": "VARCHAR", "index_date": "DATE", "index_stay_id": "VARCHAR"}
    assert records.engine.columns("cohort_keys") == expected
    records.register_keys(keys.assign(index_stay_id=["s", None]).astype({"index_date": "M8[s]"}))
    rows = records.engine.connection.execute("from cohort_keys order by 1").fetchall()
    assert rows == [("a", date(2020, 1, 1), "s"), ("b", date(2020, 1, 1), None)]
    records.register_keys(keys.head(0))
    assert records.engine.connection.execute("from cohort_keys").fetchall() == []


def test_a_key_may_not_stand_twice(store: Path) -> None:
    keys = pd.DataFrame({"patient_id": ["a"] * 2, "index_date": pd.to_datetime(["2020-01-01"] * 2)})
    with pytest.raises(ValueError, match="one row per person"):
        load_records(store).register_keys(keys)


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="expected a folder of linked records 'nowhere'"):
        load_records(tmp_path / "nowhere")


def test_a_folder_without_a_manifest(store: Path) -> None:
    (store / "manifest.json").unlink()
    with pytest.raises(RecordsError, match=r"expected manifest\.json in the folder 'records'"):
        load_records(store)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "not JSON"),
        ("[]", "no schema version"),
        ('{"schema_version": "1"}', "no schema version"),
        ('{"schema_version": 1}', "lacks its dates or counts"),
    ],
)
def test_a_manifest_that_is_damaged(store: Path, text: str, what: str) -> None:
    (store / "manifest.json").write_text(text)
    with pytest.raises(RecordsError, match=what):
        load_records(store)


def test_a_manifest_in_another_encoding(store: Path) -> None:
    (store / "manifest.json").write_bytes(b'{"name": "\xe9"}')
    with pytest.raises(RecordsError, match="not text in UTF-8"):
        load_records(store)


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(sources=[]),
        lambda manifest: manifest["sources"][0].update(data_to="soon"),
        lambda manifest: manifest["sources"][0].update(files=[{"name": "a.csv"}]),
        lambda manifest: manifest["tables"].pop("events"),
        lambda manifest: manifest["tables"]["events"].update(rows=None),
    ],
    ids=["no source", "no date", "no counts", "no table", "no rows"],
)
def test_a_manifest_without_what_is_needed(
    store: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    change_manifest(store, change)
    with pytest.raises(RecordsError, match="lacks its dates or counts"):
        load_records(store)


def test_a_store_of_a_later_version(store: Path) -> None:
    change_manifest(store, lambda manifest: manifest.update(schema_version=SCHEMA_VERSION + 1))
    with pytest.raises(RecordsError, match="Upgrade riskstrat") as caught:
        load_records(store)
    assert caught.value.exit_code == 3


def test_a_table_that_is_missing(store: Path) -> None:
    (store / "stays.parquet").unlink()
    with pytest.raises(RecordsError, match="table 'stays' is missing"):
        load_records(store)


def test_a_column_that_is_missing(store: Path) -> None:
    rewrite(store, "stays", lambda table: table.drop_columns(["kind", "end_date"]))
    with pytest.raises(RecordsError, match="table 'stays' lacks the columns kind, end_date"):
        load_records(store)


def test_a_column_of_another_type(store: Path) -> None:
    def as_text(table: pa.Table) -> pa.Table:
        place = table.column_names.index("death_date")
        return table.set_column(place, "death_date", table["death_date"].cast(pa.string()))

    rewrite(store, "patients", as_text)
    with pytest.raises(RecordsError, match=r"death_date \(expected DATE, got VARCHAR\)"):
        load_records(store)


def test_a_further_column_does_no_harm(store: Path) -> None:
    rewrite(store, "patients", lambda table: table.append_column("note", pa.array(["x"])))
    assert load_records(store).manifest["tables"]["patients"]["rows"] == 1


@pytest.mark.parametrize("length", [0, 3, 200])
def test_a_truncated_file(store: Path, length: int) -> None:
    file = store / "patients.parquet"
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(RecordsError, match=r"patients\.parquet"):
        load_records(store)
