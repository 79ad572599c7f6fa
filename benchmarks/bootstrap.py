"""How long the clustered bootstrap of AUROC and average precision takes, beside scikit-learn.

``python -m benchmarks.bootstrap [--rows N] [--resamples N] [--json FILE]``

One score, people with one to five rows each. The other way is the plain one: for each draw, the
number of times each person was drawn is a further weight in ``roc_auc_score`` and
``average_precision_score``. It is timed on a few draws, and both are compared on them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.machine import describe_machine, machine_line, write_result
from riskstrat.evaluation import Observed, bootstrap_discrimination
from riskstrat.evaluation.resampled import drawn_people

__all__ = ["as_table", "main", "measure", "plain_bootstrap", "sample"]

ROWS = 500_000
RESAMPLES = 1000
SEED = 1
PLAIN_RESAMPLES = 10
"""Draws on which the plain way is timed."""

ROWS_PER_PERSON = 3
EVENT_RATE = 0.1
LEFT_RATE = 0.05
DECIMALS = 4
"""Scores are rounded, so that many are equal."""


def sample(rows: int, seed: int = SEED) -> tuple[Observed, npt.NDArray[np.float64]]:
    """Rows with an outcome, a weight, a person and a score.

    Parameters
    ----------
    rows : int
    seed : int
    """
    rng = np.random.default_rng(seed)
    event = rng.random(rows) < EVENT_RATE
    weight = np.where(rng.random(rows) < LEFT_RATE, 0.0, 1 + rng.random(rows) / 10)
    patient = rng.integers(0, max(rows // ROWS_PER_PERSON, 1), rows)
    score = np.round(rng.normal(event, 1.0), DECIMALS)
    return Observed.of(event, weight, patient), score


def plain_bootstrap(
    observed: Observed, score: npt.NDArray[np.float64], resamples: int, seed: int = SEED
) -> npt.NDArray[np.float64]:
    """AUROC and average precision of each draw by scikit-learn, shape (resamples, 2)."""
    found = np.empty((resamples, 2))
    for replicate in range(resamples):
        drawn = drawn_people(observed.people, seed, replicate)
        times = np.bincount(drawn, minlength=observed.people)
        weight = observed.weight * times[observed.patient]
        found[replicate] = (
            roc_auc_score(observed.event, score, sample_weight=weight),
            average_precision_score(observed.event, score, sample_weight=weight),
        )
    return found


def measure(rows: int, resamples: int, plain_resamples: int = PLAIN_RESAMPLES) -> dict[str, Any]:
    """Time both ways and compare them.

    Parameters
    ----------
    rows, resamples : int
    plain_resamples : int
        Draws of the plain way, at most `resamples`.
    """
    observed, score = sample(rows)
    bootstrap_discrimination(observed, {"score": score}, resamples=1)  # compiles
    started = perf_counter()
    fast = bootstrap_discrimination(observed, {"score": score}, resamples=resamples, seed=SEED)
    seconds = perf_counter() - started
    few = min(plain_resamples, resamples)
    started = perf_counter()
    plain = plain_bootstrap(observed, score, few)
    plain_seconds = (perf_counter() - started) / few * resamples
    return {
        "rows": rows,
        "people": observed.people,
        "resamples": resamples,
        "seconds": round(seconds, 2),
        "plain_resamples_timed": few,
        "plain_seconds": round(plain_seconds, 1),
        "times_faster": round(plain_seconds / seconds, 1),
        "largest_difference": float(np.abs(fast.replicates["score"][:few] - plain).max()),
    }


def as_table(found: dict[str, Any]) -> Table:
    """Both ways with their seconds."""
    title = (
        f"{found['resamples']:,} resamples of {found['people']:,} people, {found['rows']:,} rows"
    )
    table = Table("way", title=title)
    for column in ("seconds", "times as long"):
        table.add_column(column, justify="right")
    table.add_row("riskstrat", f"{found['seconds']:,.1f}", "1")
    table.add_row(
        f"scikit-learn (from {found['plain_resamples_timed']} resamples)",
        f"{found['plain_seconds']:,.0f}",
        f"{found['times_faster']:,.0f}",
    )
    table.caption = f"largest difference between them: {found['largest_difference']:.1e}"
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of people")
    parser.add_argument("--resamples", type=int, default=RESAMPLES, help="draws of people")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args(arguments)
    found = measure(options.rows, options.resamples)
    machine = describe_machine("riskstrat", "numba", "numpy", "scikit-learn")
    console = Console()
    console.print(as_table(found))
    console.print(machine_line(machine))
    if options.json:
        command = (
            f"python -m benchmarks.bootstrap --rows {options.rows} --resamples {options.resamples}"
        )
        write_result(options.json, command, {"machine": machine, "measured": found})


if __name__ == "__main__":
    main()
