"""Features, scores and reasons on DuckDB, on Spark in one process and on a Spark cluster.

``python -m benchmarks.spark [--people N] [--data RECORDS] [--artefact MODEL] [--json FILE]``

A district is simulated, and the shipped model of a year is trained on another, small one, unless
both are given. Each way runs in a process of its own, one after the other. The cluster is a
standalone master with two workers of one core each on this machine. Each way builds the matrix of
everyone who is eligible on 1 January 2025, and scores, explains and words the reasons of them until
these stand in Parquet files. It does both twice: the first time also has what is compiled.
Matrices must be equal as float32, missing values included; people, ranks, texts, codes and order of
reasons equal, their numbers within 1e-12; otherwise the measurement fails.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine, machine_line, write_result
from benchmarks.monthly_run import make_model
from benchmarks.spark_cluster import standalone_cluster
from benchmarks.spark_equal import compare_matrices, compare_scores, read_scores
from benchmarks.spark_ways import (
    INDEX_DATE,
    KEYS,
    MATRIX,
    MEMORY,
    SCORES,
    WAYS,
    WORKERS,
    run_here,
)
from riskstrat import load_records
from riskstrat.cohort import build_scoring_cohort
from riskstrat.simulation import simulate
from riskstrat.training import RiskModel

__all__ = ["as_table", "faster", "main", "measure"]

PEOPLE = 20_000
SEED = 7


def measure(data: Path, artefact: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every way after the other, and what was compared.

    Parameters
    ----------
    data, artefact : Path
        Linked records, and a model.
    folder : Path
        An existing folder for what is written.

    Raises
    ------
    AssertionError
        When two ways do not give the same.
    """
    study = RiskModel.load(artefact).study
    build_scoring_cohort(load_records(data), study, INDEX_DATE).keys.to_parquet(folder / KEYS)
    found = {}
    for way in WAYS:
        with _master(way, folder) as master:
            command = [sys.executable, "-m", "benchmarks.spark", "--here", way, "--master", master]
            told = ["--data", str(data), "--artefact", str(artefact), "--folder", str(folder)]
            done = subprocess.run(
                [*command, *told],
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            found[way] = json.loads(done.stdout)
    equal = {
        "ways": list(WAYS.values()),
        "matrix": compare_matrices({way: np.load(folder / way / MATRIX) for way in WAYS}),
        "scores": compare_scores({way: read_scores(folder / way / SCORES) for way in WAYS}),
    }
    return found, equal


def _master(way: str, folder: Path) -> Any:
    if way == "cluster":
        return standalone_cluster(folder, workers=WORKERS, memory=MEMORY)
    return nullcontext("local[1]")


def faster(found: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """How many times as fast the cluster is as one process of Spark, the second time."""
    return {
        what: round(
            found["local"][f"{what}_again_seconds"] / found["cluster"][f"{what}_again_seconds"], 2
        )
        for what in ("matrix", "scoring")
    }


def as_table(found: Mapping[str, Mapping[str, Any]]) -> Table:
    """The ways beside each other."""
    one, times = found["duckdb"], faster(found)
    title = f"{one['rows']:,} rows of {one['features']} features; what each way gives is equal"
    table = Table(title=title, title_justify="left", caption_justify="left")
    for name in ("", "start, s", "matrix, s", "again, s", "rows/s", "scoring, s", "again, s"):
        table.add_column(name, justify="right" if name else "left")
    table.add_column("rows/s", justify="right")
    for way, told in found.items():
        cells = [f"{told['start_seconds']:,.1f}"]
        for what in ("matrix", "scoring"):
            cells += [f"{told[f'{what}_{when}']:,.1f}" for when in ("seconds", "again_seconds")]
            cells.append(f"{told[f'{what}_rows_per_second']:,}")
        table.add_row(WAYS[way], *cells)
    table.caption = (
        f"{WORKERS} workers are {times['matrix']} times as fast as one process of Spark at the "
        f"matrix, {times['scoring']} times at scores, contributions and reasons."
    )
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table and write the JSON."""
    options = _options(arguments)
    if options.here:
        told = run_here(
            options.here, options.data, options.artefact, options.folder, options.master
        )
        sys.stdout.write(json.dumps(told))
        return
    with TemporaryDirectory() as name:
        folder, data = Path(name), options.data
        artefact = options.artefact or make_model(folder)
        if data is None:
            data = folder / "records"
            simulate(options.people, SEED, records=data)
        found, equal = measure(data, artefact, folder)
    machine = describe_machine("riskstrat", "lightgbm", "duckdb", "pyspark", "pyarrow")
    machine["load_15_minutes"] = round(os.getloadavg()[2], 1)  # more than the cores: others worked
    console = Console(width=120)
    console.print(as_table(found))
    console.print(machine_line(machine))
    if options.json:
        given = ["--data RECORDS"] if options.data else [f"--people {options.people}"]
        given += ["--artefact MODEL"] if options.artefact else []
        command = f"python -m benchmarks.spark {' '.join(given)}"
        figures = {"measured": found, "workers_against_one_process": faster(found)}
        write_result(options.json, command, {"machine": machine, "equal": equal, **figures})


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--data", type=Path, help="linked records that are there already")
    parser.add_argument("--artefact", type=Path, help="a model that is there already")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--here", choices=list(WAYS), help="do one of the three here")
    parser.add_argument("--master", default="local[1]", help="Spark's master for --here")
    parser.add_argument("--folder", type=Path, help="where --here finds the keys and writes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
