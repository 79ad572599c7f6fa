"""The features of a study on DuckDB, on Spark in one process, and on a Spark cluster: time, values.

``python -m benchmarks.spark [--people N] [--data RECORDS] [--json FILE]``

Each way runs in a process of its own, one after the other. The cluster is a standalone master with
two workers of one core each on this machine. Each builds the matrix twice: the first time also has
what Java compiles. The matrices must be equal as float32, missing values included; otherwise the
measurement fails.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine, machine_line, write_result
from benchmarks.spark_cluster import LOOPBACK, standalone_cluster
from riskstrat import build_features, load_records
from riskstrat.cohort import build_scoring_cohort
from riskstrat.engine import Engine, SparkEngine
from riskstrat.study import Study, parse_study

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["as_table", "compare", "main", "measure", "run_here"]

PEOPLE = 20_000
SEED = 7
WORKERS = 2
MEMORY = "2g"
"""Of the driver, and of each worker."""

SHUFFLE_PARTITIONS = 4
_NAMES = {
    "duckdb": "DuckDB, one core",
    "local": "Spark, one process of one core",
    "cluster": f"Spark, standalone master, {WORKERS} workers of one core",
}
WAYS = tuple(_NAMES)
INDEX_DATE = date(2025, 1, 1)

STUDY = """
name = "spark"
[index]
dates = [2022-01-01, 2023-01-01, 2024-01-01]
[outcome]
kind = "emergency_admission"
window_days = 365
[split]
develop_to = 2023-01-01
evaluate_from = 2024-01-01
"""


def run_here(way: str, data: Path, keys: Path, out: Path, master: str) -> dict[str, Any]:
    """Build the matrix twice in this process, and leave the second one in `out`.

    Parameters
    ----------
    way : str
        One of :data:`WAYS`.
    data, keys : Path
        Linked records; a Parquet file with the keys.
    out : Path
        Where the values go, as a NumPy file.
    master : str
        Address of Spark's master; not looked at for DuckDB.
    """
    started = time.perf_counter()
    engine = Engine(threads=1) if way == "duckdb" else SparkEngine(_session(master))
    records = load_records(data, engine=engine)
    ready = time.perf_counter()
    asked = pd.read_parquet(keys)
    build_features(records, asked, _study())
    ended = time.perf_counter()
    matrix = build_features(records, asked, _study())
    ended_again = time.perf_counter()
    np.save(out, matrix.values)
    rows, columns = matrix.values.shape
    return {
        "rows": rows,
        "features": columns,
        "start_seconds": round(ready - started, 1),
        "seconds": round(ended - ready, 1),
        "again_seconds": round(ended_again - ended, 1),
    }


def _study() -> Study:
    return parse_study(STUDY)


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


def measure(data: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every way after the other, and what was compared.

    Parameters
    ----------
    data : Path
        Linked records.
    folder : Path
        An existing folder for what is written.

    Raises
    ------
    AssertionError
        When two ways do not give the same matrix.
    """
    keys = folder / "keys.parquet"
    build_scoring_cohort(load_records(data), _study(), INDEX_DATE).keys.to_parquet(keys)
    found = {}
    for way in WAYS:
        with _master(way, folder) as master:
            out = folder / f"{way}.npy"
            told = ["--data", str(data), "--keys", str(keys), "--out", str(out)]
            command = [sys.executable, "-m", "benchmarks.spark", "--here", way, "--master", master]
            done = subprocess.run([*command, *told], stdout=subprocess.PIPE, text=True, check=True)
            found[way] = json.loads(done.stdout)
    return found, compare({way: np.load(folder / f"{way}.npy") for way in WAYS})


def _master(way: str, folder: Path) -> Any:
    if way == "cluster":
        return standalone_cluster(folder, workers=WORKERS, memory=MEMORY)
    return nullcontext("local[1]")


def compare(matrices: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Require that all matrices are equal as float32, missing values included.

    Returns
    -------
    dict
        In words what is equal on what, and how many values of each matrix were compared.

    Raises
    ------
    AssertionError
        With the number of values that differ.
    """
    (first, expected), *others = matrices.items()
    for way, values in others:
        if values.shape != expected.shape:
            raise AssertionError(f"{way} has the shape {values.shape}, {first} {expected.shape}")
        same = (values == expected) | (np.isnan(values) & np.isnan(expected))
        if not same.all():
            raise AssertionError(f"{(~same).sum():,} values of {way} are not those of {first}")
    return {
        "told": "every float32 is equal, missing values included",
        "on": [_NAMES[way] for way in matrices],
        "values": int(expected.size),
        "missing": int(np.isnan(expected).sum()),
    }


def as_table(found: Mapping[str, Mapping[str, Any]]) -> Table:
    """The ways beside each other."""
    one = found["duckdb"]
    table = Table(title=f"{one['rows']:,} rows of {one['features']} features, equal in every value")
    for name in ("", "start, s", "first time, s", "again, s", "rows a second"):
        table.add_column(name, justify="right" if name else "left")
    for way, told in found.items():
        pace = told["rows"] / max(told["again_seconds"], 0.1)
        took = [f"{told[what]:,.1f}" for what in ("start_seconds", "seconds", "again_seconds")]
        table.add_row(_NAMES[way], *took, f"{pace:,.0f}")
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--data", type=Path, help="linked records that are there already")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--here", choices=WAYS, help="do one of the three here")
    parser.add_argument("--master", default="local[1]", help="Spark's master for --here")
    parser.add_argument("--keys", type=Path, help="keys for --here")
    parser.add_argument("--out", type=Path, help="where --here writes the values")
    options = parser.parse_args(arguments)
    if options.here is not None:
        told = run_here(options.here, options.data, options.keys, options.out, options.master)
        sys.stdout.write(json.dumps(told))
        return
    with TemporaryDirectory() as folder:
        data = options.data or _simulated(options.people, Path(folder))
        found, equal = measure(data, Path(folder))
    machine = describe_machine("riskstrat", "duckdb", "pyspark", "pyarrow")
    machine["load_15_minutes"] = round(os.getloadavg()[2], 1)  # more than the cores: others worked
    console = Console()
    console.print(as_table(found))
    console.print(machine_line(machine))
    if options.json:
        command = f"python -m benchmarks.spark --people {options.people}"
        write_result(options.json, command, {"machine": machine, "equal": equal, "measured": found})


def _simulated(people: int, folder: Path) -> Path:
    from riskstrat.simulation import simulate

    simulate(people, SEED, records=folder / "records")
    return folder / "records"


if __name__ == "__main__":
    main()
