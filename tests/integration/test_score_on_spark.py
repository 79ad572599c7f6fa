"""Everyone scored inside Spark has the scores, contributions and reasons that DuckDB gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq
import pytest

from riskstrat import build_cohort, build_features, load_records
from riskstrat.engine import SparkEngine
from riskstrat.engine import spark as spark_engine
from riskstrat.errors import ArtefactError, UsageError
from riskstrat.pipeline import train
from riskstrat.risklist import Scores, SparkScores, score, score_on_spark
from riskstrat.risklist.scores import KEY_COLUMNS, SCORE_COLUMNS
from riskstrat.simulation import simulate
from riskstrat.study import Study
from riskstrat.training import RiskModel

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.slow

PEOPLE = 700
INDEX_DATE = date(2025, 1, 1)
IN_PIECES = 7
"""Rows of an Arrow batch, of which everybody has more."""

ROWS_AT_ONCE = 5000
"""Rows looked at together: some fifty people."""

BATCH_ROWS = "spark.sql.execution.arrow.maxRecordsPerBatch"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("small_district") / "records"
    simulate(PEOPLE, 1, records=out)
    return out


@pytest.fixture(scope="module")
def model(folder: Path, district_study: Study) -> RiskModel:
    records = load_records(folder)
    cohort = build_cohort(records, district_study)
    return train(build_features(records, cohort.keys, district_study), cohort)


@pytest.fixture(scope="module")
def every_feature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that DuckDB writes."""
    return tmp_path_factory.mktemp("full") / "feature_contributions.parquet"


@pytest.fixture(scope="module")
def expected(model: RiskModel, folder: Path, every_feature: Path) -> Scores:
    return score(model, load_records(folder), INDEX_DATE, feature_contributions=every_feature)


@pytest.fixture(scope="module")
def found(model: RiskModel, folder: Path, spark: SparkSession) -> SparkScores:
    """Scored from batches that cut everybody in pieces, some fifty people at a time."""
    records, before = load_records(folder, engine=SparkEngine(spark)), spark.conf.get(BATCH_ROWS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spark_engine, "ROWS_AT_ONCE", ROWS_AT_ONCE)
        spark.conf.set(BATCH_ROWS, str(IN_PIECES))
        try:
            return score_on_spark(model, records, INDEX_DATE, feature_contributions=True)
        finally:
            spark.conf.set(BATCH_ROWS, str(before))


def test_everything_is_what_duckdb_gives(found: SparkScores, expected: Scores) -> None:
    """The same people in the same order with the same words; numbers within 1e-12."""
    collected = found.collect()
    assert len(expected.scores) > 400
    assert len(expected.reasons) > 1000
    for name in ("scores", "contributions", "reasons"):
        pd.testing.assert_frame_equal(
            getattr(collected, name), getattr(expected, name), rtol=0, atol=1e-12
        )
    assert collected.run == expected.run


def test_every_feature_is_what_duckdb_writes(
    found: SparkScores, expected: Scores, every_feature: Path
) -> None:
    """The same columns of the same types, and the same people; numbers within 1e-12."""
    rows, written = found.feature_contributions.toArrow(), pq.read_table(every_feature)
    assert rows.schema.equals(written.schema)
    assert len(rows) == len(expected.scores)
    pd.testing.assert_frame_equal(
        rows.sort_by("patient_id").to_pandas(), written.to_pandas(), rtol=0, atol=1e-12
    )


def test_single_features_are_kept_only_on_request(
    model: RiskModel, folder: Path, spark: SparkSession
) -> None:
    records = load_records(folder, engine=SparkEngine(spark))
    found = score_on_spark(model, records, INDEX_DATE)
    assert found.feature_contributions is None
    assert found.contributions.columns[:2] == list(KEY_COLUMNS)


def test_ranks_are_given_in_spark(found: SparkScores, expected: Scores) -> None:
    rows = found.scores.toArrow()
    assert rows.column_names == list(SCORE_COLUMNS)
    ranks = {(row["patient_id"], row["rank_in_practice"]) for row in rows.to_pylist()}
    own = expected.scores[["patient_id", "rank_in_practice"]]
    assert ranks == set(own.itertuples(index=False, name=None))


def test_the_frames_are_computed_once(found: SparkScores) -> None:
    """Also after another cohort has taken the names that they were read from."""
    found.records.register_keys(pd.DataFrame({name: [] for name in KEY_COLUMNS}))
    for frame in (found.scores, found.contributions, found.reasons):
        plan = frame._jdf.queryExecution().executedPlan().toString()
        assert "ExistingRDD" in plan
        assert "MapInArrow" not in plan


def test_nothing_printed_holds_a_patient(found: SparkScores, expected: Scores) -> None:
    assert expected.scores["patient_id"].iloc[0] not in repr(found)


def test_records_on_duckdb_are_refused(model: RiskModel, folder: Path) -> None:
    with pytest.raises(UsageError, match="expected records on Spark"):
        score_on_spark(model, load_records(folder), INDEX_DATE)


def test_another_catalogue_is_refused_before_anything_is_sent(
    model: RiskModel, folder: Path, spark: SparkSession
) -> None:
    other = replace(model, catalogue_hash="another")
    records = load_records(folder, engine=SparkEngine(spark))
    with pytest.raises(ArtefactError, match="expected a matrix of the catalogue"):
        score_on_spark(other, records, INDEX_DATE)
