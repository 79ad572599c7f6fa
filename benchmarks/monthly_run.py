"""A month's run for everybody: features, scores, explanations, reasons, every practice's list.

``python -m benchmarks.monthly_run [--people N] [--data RECORDS] [--artefact MODEL] [--json FILE]``

A district is simulated, and the shipped model of a year is trained on another, small one, unless
both are given. Everyone who is eligible on 1 January 2024 is then scored and explained, the folder
of scores is written as ``riskstrat score`` does, read back, and every practice's list written with
everybody on it. It runs in a process of its own after the machine code was compiled; stages overlap
where the work does (the facts of the next people are sought while these are scored), so that their
times are what the run waited for. Everything is synthetic.

``results/monthly_run_all_ages.json`` is a run with a model of the same study with ``min_age = 0``:
everybody who is alive and registered is scored.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import BYTES_PER_GIB, describe_machine, machine_line, write_result
from riskstrat import build_cohort, build_features, load_records, load_study, train
from riskstrat.risklist import load_scores, make_risk_list, practices, score, scoring
from riskstrat.simulation import simulate
from riskstrat.training import RiskModel

__all__ = ["as_table", "main", "make_model", "run_here"]

REPOSITORY = Path(__file__).resolve().parents[1]
STUDY = REPOSITORY / "models" / "emergency_admission_12m" / "study.toml"
PEOPLE, TRAINING_PEOPLE = 1_100_000, 20_000
SEED, TRAINING_SEED = 7, 1
INDEX_DATE = date(2024, 1, 1)
GOALS = {"seconds": 180.0, "peak_memory_gib": 6.0}
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024

STAGES = {
    "model and records": "",
    "cohort": "build_scoring_cohort",
    "features": "",
    "scores": "",
    "contributions": "explain",
    "reasons": "build_reasons",
    "ranks and tables": "",
    "scores written": "",
    "lists": "",
}
"""What is timed, and which function of the scoring module stands for it."""


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - started

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time added to a stage."""

        def run(*given: Any, **named: Any) -> Any:
            with self.stage(name):
                return function(*given, **named)

        return run

    def waiting(self, name: str, chunks: Callable[..., Iterator[Any]]) -> Callable[..., Any]:
        """The iterator, the time until each of its items added to a stage."""

        def run(*given: Any) -> Iterator[Any]:
            found = chunks(*given)
            while True:
                with self.stage(name):
                    chunk = next(found, None)
                if chunk is None:
                    return
                yield chunk

        return run


class _TimedModel(RiskModel):
    """A model whose predictions are timed."""

    clock: Clock

    def predict(self, *given: Any, **named: Any) -> Any:
        with self.clock.stage("scores"):
            return super().predict(*given, **named)


def run_here(records: Path, artefact: Path, out: Path) -> dict[str, Any]:
    """The monthly run in this process, stage by stage.

    Parameters
    ----------
    records, artefact : Path
        Linked records, and a model.
    out : Path
        Folder for scores and lists.
    """
    clock = Clock()
    started = time.perf_counter()
    with clock.stage("model and records"):
        loaded = RiskModel.load(artefact)
        model = _TimedModel(**{name: getattr(loaded, name) for name in loaded.__dataclass_fields__})
        object.__setattr__(model, "clock", clock)
        linked = load_records(records)
    for stage, name in STAGES.items():
        if name:
            setattr(scoring, name, clock.timed(stage, getattr(scoring, name)))
    scoring.feature_chunks = clock.waiting("features", scoring.feature_chunks)
    begun = time.perf_counter()
    before = sum(clock.seconds.values()) - clock.seconds["model and records"]
    scores = score(model, linked, INDEX_DATE)
    known = sum(clock.seconds.values()) - clock.seconds["model and records"] - before
    clock.seconds["ranks and tables"] = time.perf_counter() - begun - known
    with clock.stage("scores written"):
        replace(scores, model=loaded).save(out / "scores")
    del scores
    with clock.stage("lists"):
        again = load_scores(out / "scores")
        for code in practices(again):
            make_risk_list(again, code).to_csv(out / "lists" / f"{code}.csv")
    return {
        "people": again.run["people"],
        "practices": again.run["practices"],
        "reasons": len(again.reasons),
        "trees": loaded.admission.booster.num_trees(),
        "features": len(loaded.features),
        "stages": {name: round(clock.seconds[name], 1) for name in STAGES},
        "seconds": round(time.perf_counter() - started, 1),
        "peak_memory_gib": round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / BYTES_PER_GIB, 2
        ),
    }


def make_model(folder: Path) -> Path:
    """Train the shipped model of a year on a small district; where its artefact stands."""
    simulate(TRAINING_PEOPLE, TRAINING_SEED, None, records=folder / "small")
    records, study = load_records(folder / "small"), load_study(STUDY)
    cohort = build_cohort(records, study)
    train(build_features(records, cohort.keys, study), cohort).save(folder / "artefact")
    return folder / "artefact"


def as_table(found: dict[str, Any]) -> Table:
    """Seconds by stage, and the whole beside its goals."""
    title = (
        f"{found['people']:,} people of {found['practices']:,} practices (synthetic), "
        f"{found['features']} features, {found['trees']} trees, {found['reasons']:,} reasons"
    )
    table = Table(title=title, title_justify="left")
    table.add_column("stage")
    table.add_column("s", justify="right")
    for name, seconds in found["stages"].items():
        table.add_row(name, f"{seconds:.1f}")
    goals = f"goals: {GOALS['seconds']:.0f} s, {GOALS['peak_memory_gib']:.0f} GiB"
    table.add_section()
    table.add_row("whole run", f"{found['seconds']:.1f}")
    table.caption = f"Peak memory {found['peak_memory_gib']} GiB ({goals})"
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it, print the table, write the JSON."""
    options = _options(arguments)
    if options.here:
        sys.stdout.write(json.dumps(run_here(options.data, options.artefact, options.here)))
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        records, artefact = options.data, options.artefact
        if artefact is None:
            artefact = make_model(folder)
        if records is None:
            records = folder / "records"
            simulate(options.people, SEED, None, records=records)
        _compile(artefact, folder)
        found = _alone(records, artefact, folder / "run")
    console = Console(width=100)
    console.print(as_table(found))
    machine = describe_machine("riskstrat", "lightgbm", "numba", "numpy", "pandas", "duckdb")
    console.print(machine_line(machine))
    if options.json:
        given = ["--data RECORDS"] if options.data else [f"--people {options.people}"]
        given += ["--artefact MODEL"] if options.artefact else []
        command = f"python -m benchmarks.monthly_run {' '.join(given)}"
        told = {"synthetic": True, "machine": machine, "goals": GOALS, **found}
        write_result(options.json, command, told)


def _compile(artefact: Path, folder: Path) -> None:
    """Run once on few people, so that the machine code is there."""
    simulate(300, SEED, None, records=folder / "few")
    _alone(folder / "few", artefact, folder / "first")


def _alone(records: Path, artefact: Path, out: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.monthly_run", "--data", str(records)]
    command += ["--artefact", str(artefact), "--here", str(out)]
    told = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return found


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--data", type=Path, help="linked records that are there already")
    parser.add_argument("--artefact", type=Path, help="a model that is there already")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--here", type=Path, help="run here, with this folder for the output")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
