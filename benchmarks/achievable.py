"""How much of what could be known a model finds, on simulated districts whose true risks are known.

``python -m benchmarks.achievable [--people N] [--seeds S ...] [--setting NAME ...] [--clean]
[--json FILE]
[--add]``

For each seed and setting a district is simulated, its feeds are linked (``--clean`` takes the
records without lost, wrong or repeated rows instead), the study ``models/emergency_admission_12m``
is trained and its risks on 1 January 2024 are set beside the best achievable ones of the same
look-back (statistical rules 1, 2 and 11), for people who have them. The figures of merit are shares
of a gain: (AUROC - 0.5) / (AUROC of the best - 0.5), and the same of the log-loss below that of one
risk for everybody. Everything is synthetic and says nothing about any patient.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.achievable_figures import GROUPS, Shares, calibration_rows, shares
from benchmarks.machine import describe_machine, machine_line, write_result
from riskstrat import build_cohort, build_features, load_records, load_study, train
from riskstrat.evaluation import against_truth
from riskstrat.evaluation.observed import Observed
from riskstrat.records import link
from riskstrat.simulation import Setting, simulate
from riskstrat.study import Study

__all__ = ["District", "joined", "main", "measure", "study_of_the_benchmark"]

REPOSITORY = Path(__file__).resolve().parents[1]
MODEL = REPOSITORY / "models" / "emergency_admission_12m"
INDEX_DATES = tuple(date(year, 1, 1) for year in range(2020, 2025))
"""Four years of development whose windows do not overlap, and one of evaluation."""
YEARS = 8
"""Length of the records up to 2024: three years of look-back before the first index date."""
PEOPLE, SEEDS = 200_000, (101, 102, 103)
"""Seeds that no setting and no parameter was chosen on."""
SETTINGS = {"standard": 1.0, "stronger": 3.0}
"""What pairs of conditions add, as a factor."""
TRUTH_PEOPLE = 50_000
TABLE_WIDTH = 150


@dataclass(frozen=True)
class District:
    """Where a simulated district stands: linked records, and the truth."""

    records: Path
    truth: Path


def study_of_the_benchmark() -> Study:
    """The shipped study on index dates whose truth is known: outcomes start on the date itself."""
    study = load_study(MODEL / "study.toml")
    return replace(
        study,
        index=replace(study.index, dates=INDEX_DATES),
        outcome=replace(study.outcome, gap_days=0),
        split=replace(study.split, develop_to=INDEX_DATES[-2], evaluate_from=INDEX_DATES[-1]),
    )


def simulated(people: int, seed: int, setting: str, folder: Path, *, clean: bool) -> District:
    """Simulate a district into a folder, and link its feeds unless `clean`."""
    records, truth = folder / "records", folder / "truth"
    simulate(
        people,
        seed,
        None if clean else folder / "feeds",
        records=records if clean else None,
        truth=truth,
        years=YEARS,
        setting=Setting(interactions=SETTINGS[setting]),
        truth_dates=INDEX_DATES[-1:],
        truth_people=TRUTH_PEOPLE,
        truth_history=study_of_the_benchmark().features.history_days,
    )
    if not clean:
        link(folder / "feeds", records)
    return District(records, truth)


def measure(district: District, *, resamples: int = 1000) -> dict[str, Any]:
    """Train on a district and judge every score beside the best achievable risk."""
    study, records = study_of_the_benchmark(), load_records(district.records)
    cohort = build_cohort(records, study)
    matrix = build_features(records, cohort.keys, study)
    started = time.perf_counter()
    model = train(matrix, cohort)
    seconds = time.perf_counter() - started
    judged, rows = _with_truth(cohort.part("evaluation").frame, district.truth)
    late = matrix.take(np.flatnonzero((cohort.frame["part"] == "evaluation").to_numpy()))
    late = late.take(rows)
    scores = {"model": model.predict(late)["risk"].to_numpy()}
    scores |= {c.name: c.predict(late) for c in model.comparators if c.is_risk}
    observed = Observed.of(judged["event"])
    errors = against_truth(
        observed, {"model": scores["model"]}, judged["recent_risk"], resamples=resamples
    )
    return {
        "rows_of_development": int((cohort.frame["part"] == "development").sum()),
        "features": len(matrix.features),
        "seconds_to_train": round(seconds, 1),
        "judged": len(judged),
        "events": int(judged["event"].sum()),
        "shares": shares(judged, scores, resamples=resamples),
        "calibration": calibration_rows(judged, scores["model"]),
        "above_the_achievable": [error.message for error in errors],
    }


def _with_truth(frame: pd.DataFrame, truth: Path) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Rows of people with true risks, their outcome as it truly was, and their positions."""
    day = pd.Timestamp(INDEX_DATES[-1])
    persons = pd.read_parquet(truth / "persons.parquet", columns=["person", "patient_id"])
    for name in ("outcomes", "risks"):
        table = pd.read_parquet(truth / f"{name}.parquet")
        table = table[pd.to_datetime(table["index_date"]) == day].drop(columns="index_date")
        persons = persons.merge(table, on="person")
    persons["event"] = persons["outcome"] == "admission"
    known = persons.drop(columns=["outcome", "days"]).drop_duplicates("patient_id")
    joined = frame.reset_index(names="position").drop(columns="outcome")
    joined = joined.merge(known, on="patient_id")
    return joined, joined["position"].to_numpy()


def fingerprint() -> str:
    """Everything the districts and the study are made from, as one hash."""
    folders = (REPOSITORY / "src" / "riskstrat" / "simulation", MODEL)
    files = (p for folder in folders for p in sorted(folder.rglob("*")) if p.is_file())
    made = hashlib.sha256()
    for path in files:
        if path.suffix in {".py", ".csv", ".toml"}:
            made.update(path.read_bytes())
    return made.hexdigest()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every seed and setting, print the table, write the JSON."""
    options = _options(arguments)
    console = Console(width=TABLE_WIDTH)
    found = []
    for setting in options.setting:
        for seed in options.seeds:
            with TemporaryDirectory() as folder:
                district = simulated(
                    options.people, seed, setting, Path(folder), clean=options.clean
                )
                figures = measure(district)
            found.append({"setting": setting, "seed": seed, **figures})
            console.print(as_table(found[-1]))
    machine = describe_machine("riskstrat", "lightgbm", "scikit-learn", "numpy", "pandas")
    console.print(machine_line(machine))
    if options.json:
        told = {
            "synthetic": True,
            "machine": machine,
            "people": options.people,
            "linked": not options.clean,
            "fingerprint": fingerprint(),
            "districts": found,
        }
        if options.add and options.json.is_file():
            told["districts"] = joined(json.loads(options.json.read_text("utf-8")), told)
        write_result(options.json, _command(options), told)


def joined(earlier: dict[str, Any], told: dict[str, Any]) -> list[dict[str, Any]]:
    """Districts of an earlier run and of this one; one measured again counts as it is now.

    Raises
    ------
    SystemExit
        When the earlier districts were made otherwise: their figures do not belong together.
    """
    for name in ("people", "linked", "fingerprint"):
        if earlier[name] != told[name]:
            raise SystemExit(f"expected districts of the same {name} in the file to add to")
    again = {(one["setting"], one["seed"]) for one in told["districts"]}
    kept = [one for one in earlier["districts"] if (one["setting"], one["seed"]) not in again]
    whole = [{"command": earlier["command"], "commit": earlier["commit"], **one} for one in kept]
    return [*whole, *told["districts"]]


def as_table(found: dict[str, Any]) -> Table:
    """Shares of the achievable of one district, in percent."""
    title = (
        f"{found['setting']}, seed {found['seed']} (synthetic): {found['judged']:,} people judged, "
        f"{found['events']:,} admitted; share of the achievable gain, %"
    )
    table = Table(title=title, title_justify="left")
    for column in ("score", "measure", *GROUPS):
        table.add_column(column)
    for name, groups in found["shares"].items():
        for measure_ in ("auroc", "log_loss", "auroc_of_whole_record"):
            cells = [_said(groups[group][measure_]) for group in GROUPS]
            table.add_row(name, measure_.replace("_", " "), *cells)
    return table


def _said(share: Shares) -> str:
    return f"{share['value']:.1f} ({share['low']:.1f} to {share['high']:.1f})"


def _command(options: argparse.Namespace) -> str:
    seeds = " ".join(map(str, options.seeds))
    clean = " --clean" if options.clean else ""
    return (
        f"python -m benchmarks.achievable --people {options.people} --seeds {seeds} "
        f"--setting {' '.join(options.setting)}{clean}"
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--setting", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--clean", action="store_true", help="records without any mess")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--add", action="store_true", help="keep other districts of that file")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
