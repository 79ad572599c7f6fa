"""The same work on DuckDB, on Spark in one process and on a Spark cluster, each in its process."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks.spark_cluster import LOOPBACK
from benchmarks.spark_equal import ORDER
from riskstrat import build_features, load_records
from riskstrat.engine import Engine, SparkEngine
from riskstrat.records import LinkedRecords
from riskstrat.risklist import score, score_on_spark
from riskstrat.training import RiskModel

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["INDEX_DATE", "KEYS", "MATRIX", "MEMORY", "SCORES", "WAYS", "WORKERS", "run_here"]

WORKERS = 2
MEMORY = "4g"
"""Of the driver, and of each worker. A driver of 2 GiB had too little at 100,000 people: Spark
copies the keys for every worker, at each join of a query."""

SHUFFLE_PARTITIONS = 4
WAYS = {
    "duckdb": "DuckDB, one thread",
    "local": "Spark, one process of one core",
    "cluster": f"Spark cluster, {WORKERS} workers of one core",
}
INDEX_DATE = date(2025, 1, 1)
KEYS, MATRIX, SCORES = "keys.parquet", "matrix.npy", "scores"
"""Names of files: the keys of everyone, the matrix of a way, its folder of scores."""


def run_here(way: str, data: Path, artefact: Path, folder: Path, master: str) -> dict[str, Any]:
    """Build the matrix twice and score everyone twice in this process; leave what came last.

    Parameters
    ----------
    way : str
        One of :data:`WAYS`.
    data, artefact : Path
        Linked records, and a model.
    folder : Path
        With the :data:`KEYS`; the matrix and the scores go into a folder of it named as the way.
    master : str
        Address of Spark's master; not looked at for DuckDB.
    """
    started = time.perf_counter()
    engine = Engine(threads=1) if way == "duckdb" else SparkEngine(_session(master))
    records = load_records(data, engine=engine)
    ready = time.perf_counter()
    model, keys = RiskModel.load(artefact), pd.read_parquet(folder / KEYS)
    out = folder / way
    out.mkdir()

    def build() -> None:
        np.save(out / MATRIX, build_features(records, keys, model.study).values)

    return {
        "rows": len(keys),
        "features": len(model.features),
        "start_seconds": round(ready - started, 1),
        **_twice("matrix", build, len(keys)),
        **_twice("scoring", lambda: _write_scores(model, records, out / SCORES), len(keys)),
    }


def _twice(name: str, work: Callable[[], None], rows: int) -> dict[str, float]:
    """Seconds of a piece of work done twice, and rows a second of the second time."""
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return {
        f"{name}_seconds": round(seconds[0], 1),
        f"{name}_again_seconds": round(seconds[1], 1),
        f"{name}_rows_per_second": round(rows / seconds[1]),
    }


def _write_scores(model: RiskModel, records: LinkedRecords, out: Path) -> None:
    """Score, explain and word the reasons of everyone, until they stand in Parquet files."""
    if not isinstance(records.engine, SparkEngine):
        score(model, records, INDEX_DATE).save(out)
        return
    found = score_on_spark(model, records, INDEX_DATE)
    for name in ORDER:
        getattr(found, name).write.mode("overwrite").parquet(str(out / f"{name}.parquet"))


def _session(master: str) -> SparkSession:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = LOOPBACK
    settings = {
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.host": LOOPBACK,
        "spark.driver.memory": MEMORY,
        "spark.executor.memory": MEMORY,
        "spark.log.level": "ERROR",
        "spark.sql.shuffle.partitions": str(SHUFFLE_PARTITIONS),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master(master).appName("riskstrat-benchmark")
    return builder.config(map=settings).getOrCreate()
