"""Spark behind the interface of an engine; what the queries give is the contract test's."""

from __future__ import annotations

import builtins
import logging
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.engine import Engine, QueryEngine, SparkEngine, Step
from riskstrat.errors import MissingExtraError, RecordsError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROWS = pa.table(
    {
        "patient": pa.array(["a", "b", None]),
        "day": pa.array([date(2020, 2, 29), None, date(1900, 1, 1)], pa.date32()),
        "at": pa.array([time(23, 59, 59, 999_999), time(0), None], pa.time64("us")),
        "count": pa.array([1, None, 3], pa.int32()),
        "value": pa.array([0.1, None, -0.0], pa.float64()),
        "flag": pa.array([True, None, False], pa.bool_()),
    }
)


@pytest.fixture
def engine(spark: SparkSession) -> SparkEngine:
    return SparkEngine(spark)


def both(spark: SparkSession) -> tuple[QueryEngine, QueryEngine]:
    return Engine(threads=1), SparkEngine(spark)


def test_types_and_values_are_those_of_duckdb(spark: SparkSession) -> None:
    """Row numbers, sums, years and differences of days have other types on Spark by itself."""
    step = Step(
        "typed",
        """
        select t.*, row_number() over (order by t.patient) as place, year(t.day) as of_year,
            sum(t.count) over () as total, date_diff('day', t.day, date '2020-03-01') as days,
            t.day + 1 as next_day, floor(t.value) as low, count(*) over () as n
        from t order by t.patient
        """,
    )
    duck, sparks = both(spark)
    for each in (duck, sparks):
        each.register("t", ROWS)
    expected = duck.fetch(step)
    assert sparks.columns("t") == duck.columns("t")
    assert sparks.fetch(step).schema == expected.schema
    assert sparks.fetch(step).to_pylist() == expected.to_pylist()
    pd.testing.assert_frame_equal(sparks.fetch_frame(step), duck.fetch_frame(step))


def test_pandas_frames_are_read_as_duckdb_reads_them(spark: SparkSession) -> None:
    frame = pd.DataFrame(
        {"day": pd.to_datetime(["2020-01-01", None]).astype("M8[s]"), "n": [1, 2], "t": ["x", None]}
    )
    step = Step("read", "select * from t order by n")
    duck, sparks = both(spark)
    for each in (duck, sparks):
        each.register("t", frame)
    assert sparks.columns("t") == duck.columns("t")
    assert sparks.fetch(step).equals(duck.fetch(step))


def test_parquet_files_are_read_together_under_one_name(
    engine: SparkEngine, tmp_path: Path
) -> None:
    for name in "12":
        pq.write_table(ROWS, tmp_path / f"{name}.parquet")
    engine.register_parquet("t", tmp_path / "1.parquet", tmp_path / "2.parquet")
    assert engine.columns("t")["at"] == "TIME"
    assert engine.fetch(Step("n", "select count(at) as n from t"))["n"].to_pylist() == [4]


def test_frames_of_the_users_own_session_are_relations(
    spark: SparkSession, engine: SparkEngine
) -> None:
    engine.register_frame("t", spark.sql("select 1 as a, date '2020-01-01' as day"))
    assert engine.columns("t") == {"a": "INTEGER", "day": "DATE"}
    assert engine.fetch(Step("read", "select a from t")).to_pylist() == [{"a": 1}]


def test_values_are_bound_and_never_pasted(engine: SparkEngine) -> None:
    sly = "'; drop view patients; --"
    step = Step("rule", "select $word as word")
    assert engine.fetch(step, word=sly)["word"].to_pylist() == [sly]


def test_batches_hold_all_rows(engine: SparkEngine) -> None:
    engine.register("t", pa.table({"a": pa.array(range(5000), pa.int32())}))
    step = Step("many", "select a, row_number() over (order by a) as n from t")
    batches = list(engine.fetch_batches([step], rows_per_batch=2048))
    assert max(batch.num_rows for batch in batches) <= 2048
    rows = pa.Table.from_batches(batches).sort_by("a").combine_chunks()
    assert rows.equals(engine.fetch(step).sort_by("a").combine_chunks())
    none = Step("none", "select a from t where a < 0")
    assert sum(batch.num_rows for batch in engine.fetch_batches([none])) == 0


def test_a_created_step_is_kept_until_another_takes_its_name(
    spark: SparkSession, engine: SparkEngine
) -> None:
    def kept() -> int:
        return spark.sparkContext._jsc.getPersistentRDDs().size()

    engine.register("t", pa.table({"a": [1, 2]}))
    before = kept()
    engine.create(Step("doubled", "select a * 2 as a from t"))
    engine.create(Step("doubled", "select a + 1 as a from doubled"))
    assert kept() == before + 1
    assert engine.fetch(Step("read", "select a from doubled order by a"))["a"].to_pylist() == [3, 5]


@pytest.mark.parametrize("damage", ["missing", "truncated", "text"])
def test_a_damaged_file_is_named(engine: SparkEngine, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "events.parquet"
    if damage == "truncated":
        pq.write_table(ROWS, path)
        path.write_bytes(path.read_bytes()[:200])
    elif damage == "text":
        path.write_text("patient_id,event_date\n")
    with pytest.raises(RecordsError, match=r"table 'events'.*events\.parquet") as caught:
        engine.register_parquet("events", path)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("ask", ["fetch", "fetch_frame", "fetch_batches", "create"])
def test_damage_inside_a_file_is_found_when_it_is_read(
    engine: SparkEngine, tmp_path: Path, ask: str
) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(pa.table({"a": range(50_000)}), path)
    content = bytearray(path.read_bytes())
    content[4:2000] = bytes(1996)
    path.write_bytes(bytes(content))
    engine.register_parquet("events", path)
    step = Step("total", "select sum(a) as n from events")
    with pytest.raises(RecordsError, match=r"could not read.*\(FAILED_READ_FILE\)"):
        list(engine.fetch_batches([step])) if ask == "fetch_batches" else getattr(engine, ask)(step)


def test_a_value_that_does_not_fit_is_a_records_error_without_the_value(
    engine: SparkEngine, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    engine.register("t", pa.table({"a": ["CANARY"]}))
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(RecordsError, match="does not fit its declared type") as caught,
    ):
        engine.fetch(Step("rule", "select cast(a as date) as d from t"))
    assert caught.value.__suppress_context__
    told = capfd.readouterr()
    assert "CANARY" not in f"{caught.value}{caplog.text}{told.out}{told.err}"


def test_a_sum_that_does_not_fit_is_an_error_and_never_another_number(engine: SparkEngine) -> None:
    """DuckDB adds integers up in 128 bits, Spark in 64."""
    engine.register("t", pa.table({"a": pa.array([2**62, 2**62], pa.int64())}))
    with pytest.raises(RecordsError, match="ARITHMETIC_OVERFLOW"):
        engine.fetch(Step("rule", "select sum(a) as s from t"))


def test_a_mistake_in_a_query_is_a_defect_and_not_the_users(engine: SparkEngine) -> None:
    with pytest.raises(Exception, match="missing") as caught:
        engine.fetch(Step("rule", "select a from missing"))
    assert not isinstance(caught.value, RecordsError)


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] == "pyspark":
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"riskstrat\[spark\]"):
        SparkEngine(None)  # type: ignore[arg-type]
