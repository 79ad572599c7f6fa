"""The writer of a store: same rows, same bytes; contradictions refused; nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.engine import Engine, Step
from riskstrat.errors import RecordsError
from riskstrat.schema import SCHEMA_VERSION, TABLES, FileCount, SourceCount, write_store

SOURCE = SourceCount("gp", "test", "2020-01-01", "2024-12-31")
EVENT_COUNT = 130_000  # more than one row group of DuckDB's Parquet writer (122,880)


def patients(*names: str, **columns: Any) -> pd.DataFrame:
    rows = {"patient_id": list(names), "birth_month": "1950-01-01", "sex": "female"}
    return pd.DataFrame({**rows, **columns})


def written(out: Path, *, manifest: dict[str, Any] | None = None, **tables: Any) -> dict[str, Any]:
    engine = Engine(threads=1)
    for name, rows in tables.items():
        engine.register(name, rows)
    return write_store(engine, out, sources=(SOURCE,), manifest=manifest)


def many_events(engine: Engine, order: str) -> None:
    """Events with ties in every column but the value, in some order of rows."""
    text = f"""
        create or replace table events as
        select 'p' || (n % 700) as patient_id, 'diagnosis' as kind, 'gp' as source,
            date '2020-01-01' + cast(n % 900 as integer) as event_date, 'icd10' as system,
            'A' || (n % 50) as code, case when n % 3 = 0 then n / 7.0 end as value,
            date '2020-02-01' + cast(n % 900 as integer) as recorded_date
        from range({EVENT_COUNT}) r(n) order by {order}
    """
    engine.connection.execute(text)


def test_same_rows_give_the_same_bytes_at_any_thread_count_and_row_order(tmp_path: Path) -> None:
    """One thread or four, rows forwards or shuffled: file bytes and hashes do not move."""
    outs, manifests = [], []
    for threads, order in ((1, "n"), (4, "n desc"), (4, "(n * 7919) % 130003")):
        engine = Engine(threads=threads)
        many_events(engine, order)
        out = tmp_path / f"store{len(outs)}"
        manifests.append(write_store(engine, out, sources=(SOURCE,)))
        outs.append({p.name: p.read_bytes() for p in sorted(out.iterdir())})
    assert manifests[0] == manifests[1] == manifests[2]
    assert outs[0] == outs[1] == outs[2]
    assert manifests[0]["tables"]["events"]["rows"] == EVENT_COUNT


def test_rows_are_stored_by_their_key(tmp_path: Path) -> None:
    written(tmp_path / "s", patients=patients("c", "a", "b"))
    assert pq.read_table(tmp_path / "s" / "patients.parquet")["patient_id"].to_pylist() == [
        "a", "b", "c",
    ]  # fmt: skip


def test_the_hash_tells_one_changed_value_and_counts_repeated_rows(tmp_path: Path) -> None:
    """A sum of row hashes: order does not matter, every value and every copy does."""
    base = patients("a", "b")
    other = base.assign(sex=["female", "male"])
    hashes = [
        written(tmp_path / str(n), patients=rows)["tables"]["patients"]["content_hash"]
        for n, rows in enumerate([base, base.iloc[::-1], other, pd.concat([base, base])])
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_a_table_without_rows_is_written_empty_with_its_declared_types(tmp_path: Path) -> None:
    manifest = written(tmp_path / "s", patients=patients("a"))
    for table in TABLES.values():
        file = pq.read_schema(tmp_path / "s" / f"{table.name}.parquet")
        assert tuple(file.names) == table.column_names
        assert file.field("patient_id").type == pa.string()
    assert manifest["tables"]["events"]["rows"] == 0
    assert pq.read_schema(tmp_path / "s" / "events.parquet").field("value").type == pa.float64()


def test_missing_nullable_columns_are_null_and_text_is_cast(tmp_path: Path) -> None:
    written(tmp_path / "s", patients=patients("a"))
    (row,) = pq.read_table(tmp_path / "s" / "patients.parquet").to_pylist()
    assert row["death_date"] is None
    assert row["birth_month"].isoformat() == "1950-01-01"


def test_the_manifest_is_what_was_given_and_counted(tmp_path: Path) -> None:
    file = FileCount("a.csv", "ab", 3, 2, {"unparsable date": 1})
    source = SourceCount("gp", "omop", "2020-01-01", "2024-12-31", (file,))
    engine = Engine(threads=1)
    engine.register("patients", patients("a"))
    full = write_store(engine, tmp_path / "s", sources=(source,), manifest={"synthetic": True})
    stored = json.loads((tmp_path / "s" / "manifest.json").read_text())
    assert stored == json.loads(json.dumps(full))
    assert stored["schema_version"] == SCHEMA_VERSION
    assert stored["synthetic"] is True
    assert stored["people_excluded"] == {}
    assert stored["sources"][0]["files"][0]["rejected"] == {"unparsable date": 1}
    assert list(stored["tables"]) == list(TABLES)
    assert str(tmp_path) not in json.dumps(stored)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (patients("a").drop(columns="sex"), "table 'patients' needs the columns sex"),
        (patients("a").drop(columns=["sex", "birth_month"]), "needs the columns birth_month, sex"),
        (patients("a", nhs_number="CANARY"), "table 'patients' has no columns nhs_number"),
        (patients("a", death_date="CANARY"), "'patients': a value does not fit its declared type"),
        (patients("a", death_date="2020-02-30"), "'patients': a value does not fit its declared"),
    ],
)
def test_a_contradiction_is_refused_by_name_and_nothing_is_written(
    tmp_path: Path, rows: pd.DataFrame, message: str
) -> None:
    written(tmp_path / "s", patients=patients("before"))
    before = {p.name: p.read_bytes() for p in (tmp_path / "s").iterdir()}
    with pytest.raises(RecordsError, match=message) as caught:
        written(tmp_path / "s", patients=rows)
    assert "CANARY" not in str(caught.value)
    assert {p.name: p.read_bytes() for p in (tmp_path / "s").iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["s"]


def test_quotes_in_the_folder_name_are_only_a_name(tmp_path: Path) -> None:
    written(tmp_path / "it's here", patients=patients("a"))
    assert (tmp_path / "it's here" / "patients.parquet").stat().st_size > 0


def test_relations_that_are_no_canonical_tables_are_left_out(tmp_path: Path) -> None:
    engine = Engine(threads=1)
    engine.create(Step("scratch", "select 1 as a"))
    manifest = write_store(engine, tmp_path / "s", sources=())
    assert set(manifest["tables"]) == set(TABLES)


@pytest.mark.skipif(sys.platform == "win32", reason="the limit on file size is a POSIX one")
def test_a_disk_that_fills_up_leaves_the_old_store(tmp_path: Path) -> None:
    """The operating system refuses to let a file grow, in the middle of DuckDB's own write."""
    written(tmp_path / "s", patients=patients("before"))
    code = """
import resource, sys
from pathlib import Path
from riskstrat.engine import Engine
from riskstrat.errors import RiskstratError
from riskstrat.schema import write_store
engine = Engine(threads=1)
engine.connection.execute(
    "create table patients as select 'p' || n as patient_id, date '1950-01-01' as birth_month, "
    "'female' as sex from range(100000) r(n)"
)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_store(engine, Path(sys.argv[1]), sources=())
except RiskstratError as error:
    print(error)
    sys.exit(error.exit_code)
"""
    before = {p.name: p.read_bytes() for p in (tmp_path / "s").iterdir()}
    source = Path(sys.modules["riskstrat"].__file__ or "").parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s")],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert "table 'patients' could not be written" in done.stdout
    assert "Nothing was changed" in done.stdout
    assert str(tmp_path) not in done.stdout
    assert {p.name: p.read_bytes() for p in (tmp_path / "s").iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["s"]
