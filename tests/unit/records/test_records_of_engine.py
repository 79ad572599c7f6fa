"""Canonical tables that an engine holds already: checked like those of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from tests.small_store import arrow_table, study_of

from riskstrat.cohort import build_cohort
from riskstrat.engine import Engine, QueryEngine, SparkEngine
from riskstrat.errors import RecordsError
from riskstrat.records import records_of
from riskstrat.schema import TABLES, SourceCount

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GP = SourceCount("gp", "canonical", "2010-01-01", "2029-12-31")


def filled(engine: QueryEngine, *, without: str = "") -> QueryEngine:
    rows = {name: [{"patient_id": "a"}] for name in ("patients", "registrations")}
    for name in TABLES:
        if name != without:
            engine.register(name, arrow_table(name, rows.get(name, [])))
    return engine


def test_a_cohort_comes_from_tables_of_an_engine() -> None:
    records = records_of(filled(Engine(threads=1)), [GP])
    assert build_cohort(records, study_of()).frame["patient_id"].tolist() == ["a", "a"]
    assert "patients: 1 rows" in records.describe()
    assert not records.is_synthetic


def test_frames_of_a_spark_session_are_records(spark: SparkSession) -> None:
    engine = SparkEngine(spark)
    for name in TABLES:
        rows = arrow_table(name, [{"patient_id": "a"}] if name == "patients" else [])
        engine.register_frame(name, spark.createDataFrame(rows))
    records = records_of(engine, [GP], synthetic=True)
    records.register_keys(pd.DataFrame({"patient_id": ["a"], "index_date": ["2020-01-01"]}))
    assert engine.columns("cohort_keys")["index_date"] == "DATE"
    assert records.is_synthetic


def test_a_missing_table_is_named() -> None:
    with pytest.raises(RecordsError, match="table 'stays' is missing"):
        records_of(filled(Engine(threads=1), without="stays"), [GP])


def test_a_missing_column_and_another_type_are_named() -> None:
    engine = filled(Engine(threads=1))
    stays = arrow_table("stays", [])
    engine.register("stays", stays.drop_columns(["start_time"]))
    with pytest.raises(RecordsError, match="'stays' lacks the columns start_time"):
        records_of(engine, [GP])
    place = stays.column_names.index("start_time")
    engine.register("stays", stays.set_column(place, "start_time", stays["stay_id"]))
    with pytest.raises(RecordsError, match=r"start_time \(expected TIME, got VARCHAR\)"):
        records_of(engine, [GP])


def test_days_of_a_source_are_needed() -> None:
    with pytest.raises(RecordsError, match="at least one source"):
        records_of(filled(Engine(threads=1)), [])
