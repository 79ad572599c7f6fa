"""Both nested models with their calibration, beside as many bare fits of LightGBM.

``python -m benchmarks.train [--rows N] [--trees N] [--json FILE]``

A made-up matrix of 300 features: counts, flags and measurements of which many are missing; a
hundred of them matter. Seven in a hundred rows have the outcome, three in a hundred of the others
die. The bare way makes a dataset of each outcome's rows and calls ``lightgbm.cv`` on folds grouped
by person and ``lightgbm.train``: as many fits with the same settings, without calibration. Each run
is a process of its own with its own peak of memory; the two take turns, and the fastest of each
counts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.model_selection import GroupKFold

from benchmarks.machine import BYTES_PER_GIB, describe_machine, machine_line, write_result
from riskstrat.cohort import ADMITTED, DIED, NEITHER, Cohort
from riskstrat.features import Feature, FeatureMatrix
from riskstrat.study import parse_study
from riskstrat.training.fitting import fit_nested
from riskstrat.training.parameters import TreeParameters

__all__ = ["FEATURES", "as_table", "compared", "main", "make_rows", "measure", "run_here"]

ROWS = 1_000_000
PEOPLE_SHARE = 0.7
FEATURES = 300
INFORMATIVE = 100
RATE, DEATHS = 0.07, 0.03
TREES = 100
ROUNDS = 3
SEED = 1
WIDTH = 100

GOALS = {"seconds": 1.3, "memory": 2.0}
"""At most so many times the bare way's time, and so many times the matrix in memory."""

_MISSING = 0.9
"""Share missing of a measurement; measurements are a third of the features: 30 % of all values."""
_ROWS_AT_ONCE = 50_000
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024

Values = npt.NDArray[np.float32]
Outcome = npt.NDArray[np.int8]

STUDY = """
name = "benchmark"
[index]
dates = [2022-01-01, 2024-01-01]
[outcome]
kind = "emergency_admission"
[split]
develop_to = 2022-01-01
evaluate_from = 2024-01-01
"""


def make_rows(rows: int, folder: Path) -> None:
    """Write matrix, outcome and person of so many rows."""
    rng = np.random.default_rng(SEED)
    shape = (rows, FEATURES)
    values = np.lib.format.open_memmap(folder / "values.npy", "w+", np.float32, shape)
    strength = np.zeros(FEATURES)
    strength[rng.choice(FEATURES, INFORMATIVE, replace=False)] = rng.normal(0, 0.15, INFORMATIVE)
    outcome = np.empty(rows, np.int8)
    for start in range(0, rows, _ROWS_AT_ONCE):
        block = slice(start, min(start + _ROWS_AT_ONCE, rows))
        values[block] = _values(block.stop - block.start, rng)
        outcome[block] = _outcomes(values[block], strength, rng)
    values.flush()
    people = rng.integers(0, int(rows * PEOPLE_SHARE), rows)
    np.save(folder / "outcome.npy", outcome)
    np.save(folder / "people.npy", people)


def _values(rows: int, rng: np.random.Generator) -> Values:
    third = FEATURES // 3
    counts = rng.poisson(rng.uniform(0.05, 3.0, third), (rows, third))
    flags = rng.random((rows, third)) < rng.uniform(0.01, 0.3, third)
    measured = rng.normal(size=(rows, FEATURES - 2 * third))
    measured[rng.random(measured.shape) < _MISSING] = np.nan
    return np.hstack([counts, flags, measured]).astype(np.float32)


def _outcomes(
    values: Values, strength: npt.NDArray[np.float64], rng: np.random.Generator
) -> Outcome:
    known = np.nan_to_num(values.astype(np.float64))
    pull = (known - known.mean(axis=0)) @ strength
    level = np.log(RATE / (1 - RATE)) - pull.var() / 2
    admitted = rng.random(len(values)) < 1 / (1 + np.exp(-level - pull))
    died = ~admitted & (rng.random(len(values)) < DEATHS)
    return np.select([admitted, died], [ADMITTED, DIED], NEITHER).astype(np.int8)


def _features() -> tuple[Feature, ...]:
    kinds = np.repeat(["count", "flag", "measurement"], FEATURES // 3)
    return tuple(
        Feature(f"f{i:03d}", f"f{i:03d}", "", "person", kind, ("hospital",), 365, f"any f{i:03d}")
        for i, kind in enumerate(kinds.tolist())
    )


def _parameters(trees: int) -> TreeParameters:
    """As many trees in each fold whatever the loss: both ways grow the same number."""
    return TreeParameters(max_rounds=trees, early_stopping_rounds=trees)


def _own(folder: Path, trees: int) -> None:
    values, outcome, people = _read(folder)
    keys = pd.DataFrame({"patient_id": people, "index_date": np.datetime64("2022-01-01", "s")})
    frame = keys.assign(part="development", outcome=outcome, weight=1.0)
    matrix = FeatureMatrix(keys, values, _features(), "benchmark")
    nested = fit_nested(matrix, Cohort(frame, (), parse_study(STUDY)), _parameters(trees))
    if nested.death is None or nested.admission.slope == 1.0:
        raise RuntimeError("expected both models, and a calibration")


def _bare(folder: Path, trees: int) -> None:
    values, outcome, people = _read(folder)
    spared = outcome != ADMITTED
    for table, event, groups in (
        (values, ~spared, people),
        (values[spared], outcome[spared] == DIED, people[spared]),
    ):
        settings = _settings(trees)
        folds = GroupKFold(TreeParameters().folds).split(table, event, groups)
        dataset = lgb.Dataset(table, label=event.astype(np.float32), params=settings)
        found = lgb.cv(settings, dataset, num_boost_round=trees, folds=list(folds))
        rounds = int(np.argmin(found["valid binary_logloss-mean"])) + 1
        lgb.train(settings, dataset, num_boost_round=rounds)


def _settings(trees: int) -> dict[str, Any]:
    own = _parameters(trees)
    named = ("learning_rate", "max_depth", "num_leaves", "lambda_l2", "feature_fraction", "max_bin")
    return {
        **{name: own[name] for name in named},
        "objective": "binary",
        "min_data_in_leaf": own.min_child_samples,
        "bagging_fraction": own.bagging_fraction,
        "bagging_freq": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": SEED,
        "verbosity": -1,
    }


def _read(folder: Path) -> tuple[Values, Outcome, npt.NDArray[np.int64]]:
    values = np.load(folder / "values.npy")
    return values, np.load(folder / "outcome.npy"), np.load(folder / "people.npy")


def run_here(way: str, folder: Path, rows: int, trees: int) -> dict[str, Any]:
    """Do one of the ways in this process: 'make', 'riskstrat' or 'bare'."""
    if way == "make":
        make_rows(rows, folder)
        return {}
    libraries = _peak_gib()
    begun = time.perf_counter()
    {"riskstrat": _own, "bare": _bare}[way](folder, trees)
    return {
        "seconds": round(time.perf_counter() - begun, 2),
        "peak_memory_gib": _peak_gib(),
        "libraries_gib": libraries,
    }


def _peak_gib() -> float:
    """The most memory this process has held until now."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
    return round(used / BYTES_PER_GIB, 3)


def _alone(way: str, folder: Path, rows: int, trees: int) -> dict[str, Any]:
    """One way in a process of its own, with the load of the machine before it."""
    load = round(os.getloadavg()[0], 1)
    command = [sys.executable, "-m", "benchmarks.train", "--here", way, "--folder", str(folder)]
    command += ["--rows", str(rows), "--trees", str(trees)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return {**told, "load": load}


def measure(rows: int, trees: int, rounds: int = ROUNDS) -> dict[str, Any]:
    """Both ways on the same rows, in turns; the fastest of each, and every run."""
    runs: dict[str, list[dict[str, Any]]] = {"bare": [], "riskstrat": []}
    with TemporaryDirectory() as name:
        folder = Path(name)
        _alone("make", folder, rows, trees)
        for _ in range(rounds):
            for way, told in runs.items():
                told.append(_alone(way, folder, rows, trees))
    found = {
        way: {**min(told, key=lambda run: run["seconds"]), "rounds": told}
        for way, told in runs.items()
    }
    return {"rounds": rounds, **compared(found, rows)}


def compared(found: Mapping[str, Mapping[str, Any]], rows: int) -> dict[str, Any]:
    """The ways with the matrix in memory, and riskstrat's ratios to the goals."""
    matrix = rows * FEATURES * np.dtype(np.float32).itemsize / BYTES_PER_GIB
    own, bare = found["riskstrat"], found["bare"]
    return {
        "rows": rows,
        "features": FEATURES,
        "matrix_gib": round(matrix, 3),
        "measured": dict(found),
        "times_bare_seconds": round(own["seconds"] / bare["seconds"], 2),
        "times_matrix_memory": _net(own, matrix),
        "bare_times_matrix_memory": _net(bare, matrix),
    }


def _net(told: Mapping[str, Any], matrix: float) -> float:
    """Peak without what interpreter and libraries take, in sizes of the matrix."""
    return round((told["peak_memory_gib"] - told["libraries_gib"]) / matrix, 2)


def as_table(figures: Mapping[str, Any]) -> Table:
    """Both ways beside each other, with the goals."""
    table = Table(
        title=f"Ten fits on {figures['rows']:,} rows of {figures['features']} features "
        f"({figures['matrix_gib']:.2f} GiB)",
        caption="The peak counts the whole process; 'times the matrix' leaves out what interpreter "
        "and libraries take, and counts the matrix. The fastest run of each, in turns.",
    )
    for name in ("", "s", "peak, GiB", "times the matrix", "times bare"):
        table.add_column(name, justify="right" if name else "left")
    table.add_column("goal")
    memory, seconds = figures["times_matrix_memory"], figures["times_bare_seconds"]
    bare, own = figures["measured"]["bare"], figures["measured"]["riskstrat"]
    bare_memory = f"{figures['bare_times_matrix_memory']:.2f}"
    goal = f"{GOALS['seconds']} x bare, {GOALS['memory']:.0f} x the matrix"
    table.add_row("LightGBM alone", *_cells(bare), bare_memory, "1.00", "")
    table.add_row("riskstrat", *_cells(own), f"{memory:.2f}", f"{seconds:.2f}", goal)
    return table


def _cells(told: Mapping[str, Any]) -> tuple[str, str]:
    return f"{told['seconds']:,.1f}", f"{told['peak_memory_gib']:.2f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--trees", type=int, default=TREES, help="of every fit")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="the fastest of so many counts")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--here", help="do one of the ways here and say what it took")
    parser.add_argument("--folder", type=Path, help="folder for --here")
    options = parser.parse_args(arguments)
    if options.here is not None:
        told = run_here(options.here, options.folder, options.rows, options.trees)
        sys.stdout.write(json.dumps(told))
        return
    figures = measure(options.rows, options.trees, options.rounds)
    machine = describe_machine("riskstrat", "lightgbm", "numpy")
    console = Console(width=max(Console().width, WIDTH))
    console.print(as_table(figures))
    console.print(machine_line(machine))
    if options.json:
        command = (
            f"python -m benchmarks.train --rows {options.rows} --trees {options.trees} "
            f"--rounds {options.rounds}"
        )
        write_result(options.json, command, {"machine": machine, **figures})


if __name__ == "__main__":
    main()
