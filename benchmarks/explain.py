"""Exact Shapley values of a LightGBM model for every row, beside shap, LightGBM and woodelf.

``python -m benchmarks.explain [--rows N] [--model NAME ...] [--json FILE]``

The rows are made up: 120 features, 30 % missing. ``stated`` is a binary model of 400 trees of 31
leaves and depth 8, ``large`` one of 1,000 trees of 63 leaves. All explain the same model and the
same rows with as many threads as there are cores; shap and LightGBM, which take the same time for
every row, explain the first of them only. They take turns, and the fastest round of each counts.
For LightGBM shap.TreeExplainer calls LightGBM's own ``pred_contrib``. The last table says what a
row costs, beside what one core was seen to do with nothing else to do.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine, machine_line, write_result
from riskstrat.explanation import TreeShap

__all__ = ["MODELS", "as_table", "main", "make_rows", "measure", "train"]

ROWS, TRAINING_ROWS, PEER_ROWS = 200_000, 50_000, 4_000
FEATURES, GROUPS = 120, 12
MISSING = 0.3
ROUNDS = 3
ONE_ROW_TRIALS = 200
SEED = 1
WIDTH = 100

MODELS = {"stated": (400, 31, 8), "large": (1000, 63, 8)}
"""Trees, leaves and depth."""

GOALS = {
    "stated": {"shap": 250, "woodelf": 20, "grouped": 400},
    "large": {"shap": 100},
}
"""At least so many times the rows a second of shap and woodelf; of shap with sums by group."""

Values = npt.NDArray[np.float32]


def make_rows(rows: int, seed: int) -> tuple[Values, npt.NDArray[np.float64]]:
    """Values with a third missing, and an outcome that half of the features have to do with."""
    rng = np.random.default_rng(SEED)
    strength = rng.normal(size=FEATURES) * rng.integers(0, 2, FEATURES) * 0.15
    rng = np.random.default_rng([SEED, seed])
    values = rng.normal(size=(rows, FEATURES)).astype(np.float32)
    score = values @ strength + 0.4 * values[:, 0] * values[:, 1] - 1.5
    outcome = (rng.random(rows) < 1 / (1 + np.exp(-score))).astype(np.float64)
    values[rng.random(values.shape) < MISSING] = np.nan
    return values, outcome


def train(name: str) -> lgb.Booster:
    """The model of a name, read back from its own text."""
    trees, leaves, depth = MODELS[name]
    values, outcome = make_rows(TRAINING_ROWS, seed=0)
    settings = {
        "objective": "binary",
        "num_leaves": leaves,
        "max_depth": depth,
        "learning_rate": 0.05,
        "min_data_in_leaf": 20,
        "seed": SEED,
        "deterministic": True,
        "verbosity": -1,
    }
    booster = lgb.train(settings, lgb.Dataset(values, outcome), trees)
    return lgb.Booster(model_str=booster.model_to_string())


def measure(booster: lgb.Booster, rows: int) -> dict[str, Any]:
    """Rows a second of everyone, the largest difference from LightGBM, and what a row costs."""
    values, _ = make_rows(rows, seed=1)
    few = values[:PEER_ROWS]
    groups = np.arange(FEATURES) % GROUPS
    TreeShap(booster, groups=groups).shap_values(few)  # compiled once
    started = time.perf_counter()
    explainer = TreeShap(booster)
    built = time.perf_counter() - started
    grouped = TreeShap(booster, groups=groups)
    ways: dict[str, tuple[int, Callable[[], Any]]] = {
        "riskstrat": (rows, lambda: explainer.shap_values(values)),
        "riskstrat, by group": (rows, lambda: grouped.shap_values(values)),
        "shap.TreeExplainer": (len(few), _shap(booster, few)),
        "LightGBM pred_contrib": (len(few), lambda: booster.predict(few, pred_contrib=True)),
        "woodelf": (rows, _woodelf(booster, values)),
    }
    seconds: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, (_, explain) in ways.items():
            taken = _seconds(explain)
            seconds[name] = min(taken, seconds.get(name, taken))
    rates = {name: ways[name][0] / taken for name, taken in seconds.items()}
    want = np.asarray(booster.predict(few, pred_contrib=True))
    found = explainer.shap_values(few)
    raw = np.asarray(booster.predict(few, raw_score=True))
    total = found.sum(axis=1) + explainer.expected_value
    return {
        "rows": rows,
        "rows_of_shap_and_lightgbm": len(few),
        "rows_per_second": {name: round(rate) for name, rate in rates.items()},
        "ratio": {
            "shap": round(rates["riskstrat"] / rates["shap.TreeExplainer"], 1),
            "woodelf": round(rates["riskstrat"] / rates["woodelf"], 1),
            "grouped": round(rates["riskstrat, by group"] / rates["shap.TreeExplainer"], 1),
        },
        "largest_difference": float(np.abs(found - want[:, :-1]).max()),
        "largest_difference_from_the_sum": float(np.abs(total - raw).max()),
        "build_seconds": round(built, 2),
        "one_warm_row_ms": round(_one_row_ms(explainer, few), 3),
        **explainer.describe(),
        "a_row": _cost(explainer, rates["riskstrat"]),
        "a_row_by_group": _cost(grouped, rates["riskstrat, by group"]),
    }


def _seconds(explain: Callable[[], Any]) -> float:
    started = time.perf_counter()
    explain()
    return time.perf_counter() - started


def _shap(booster: lgb.Booster, values: Values) -> Callable[[], Any]:
    import shap  # imported here: it takes seconds

    explainer = shap.TreeExplainer(booster)

    def explain() -> Any:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of its own output
            return explainer.shap_values(values)

    return explain


def _woodelf(booster: lgb.Booster, values: Values) -> Callable[[], Any]:
    from woodelf.explainer import WoodelfExplainer  # imported here: only this peer needs it

    explainer = WoodelfExplainer(booster, feature_perturbation="tree_path_dependent")
    frame = pd.DataFrame(values)

    def explain() -> Any:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            return explainer.shap_values(frame, verbose=False)

    return explain


def _one_row_ms(explainer: TreeShap, values: Values) -> float:
    taken = [
        _seconds(lambda row=row: explainer.shap_values(values[row : row + 1]))
        for row in range(ONE_ROW_TRIALS)
    ]
    return 1000 * float(np.median(taken))


def _cost(explainer: TreeShap, rate: float) -> dict[str, float]:
    """Additions and bytes of a row, from the tables, and nanoseconds of one core for each."""
    told = explainer.describe()
    cores = len(os.sched_getaffinity(0))
    additions = 4 * told["squares"]
    read = 8 * additions + 8 * additions + told["steps"] + 2 * told["tables"]
    return {
        "additions": additions,
        "comparisons": told["steps"],
        "kib_read": round(read / 1024, 1),
        "kib_written": round(8 * additions / 1024, 1),
        "core_microseconds": round(1e6 * cores / rate, 2),
        "core_nanoseconds_per_addition": round(1e9 * cores / rate / additions, 3),
        "gigabytes_read_per_core_second": round(read * rate / cores / 1e9, 1),
    }


def as_table(name: str, found: dict[str, Any]) -> Table:
    """Rates and ratios of one model."""
    trees, leaves, depth = MODELS[name]
    table = Table(title=f"{trees:,} trees, {leaves} leaves, depth {depth}", title_justify="left")
    for column in ("", "rows/s", "times shap", "goal"):
        table.add_column(column, justify="right" if column else "left")
    rates = found["rows_per_second"]
    goals = GOALS[name]
    told = {"riskstrat": goals["shap"], "riskstrat, by group": goals.get("grouped", "")}
    for way, rate in rates.items():
        times = rate / rates["shap.TreeExplainer"]
        table.add_row(way, f"{rate:,}", f"{times:,.1f}", str(told.get(way, "")))
    table.caption = (
        f"Largest difference from LightGBM {found['largest_difference']:.1e}; "
        f"{found['ratio']['woodelf']} times woodelf (goal {goals.get('woodelf', 'none')}); "
        f"tables {found['table_bytes'] / 2**20:.0f} MiB, built in {found['build_seconds']} s; "
        f"one warm row {found['one_warm_row_ms']} ms; "
        f"a row costs a core {found['a_row']['core_microseconds']} µs"
    )
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--model", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args(arguments)
    console = Console(width=max(Console().width, WIDTH))
    figures = {}
    for name in options.model:
        figures[name] = measure(train(name), options.rows)
        console.print(as_table(name, figures[name]))
    machine = describe_machine(
        "riskstrat", "lightgbm", "shap", "woodelf-explainer", "numba", "numpy"
    )
    console.print(machine_line(machine))
    if options.json:
        names = " ".join(options.model)
        command = f"python -m benchmarks.explain --rows {options.rows} --model {names}"
        write_result(options.json, command, {"machine": machine, "goals": GOALS, "models": figures})


if __name__ == "__main__":
    main()
