"""How stable the told reasons are when a score moves by next to nothing.

``python -m benchmarks.reason_stability [--people N] [--json FILE]``

A simulated district is scored and every evaluation row gets its reasons. Then the contributions are
disturbed and the reasons are told anew. A tiny change is one that moves nobody's risk by more than
0.1 percentage points: contributions in single precision, 1e-9 log-odds on every feature (another
kernel's rounding), and 1e-4 on every feature at once. A small one, 1e-3 on every feature, moves
more. Beside them, as a scale, the same model fitted with another seed and on another sample of the
people. Also given: what a higher floor for being told would bring, and what it would cost.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.special import expit

from benchmarks.machine import describe_machine, machine_line, write_result
from riskstrat.cohort import Cohort, build_cohort
from riskstrat.explanation import (
    RAISING,
    Explanations,
    build_reasons,
    explain,
    peer_reference,
    selection,
)
from riskstrat.explanation.trust import covered_share, peer_group_contributions, told_groups
from riskstrat.features import FeatureMatrix, build_features
from riskstrat.pipeline import train
from riskstrat.records import load_records
from riskstrat.simulation import simulate
from riskstrat.study import parse_study
from riskstrat.training import RiskModel, fit_outcome, refit

__all__ = ["Told", "as_table", "changed_rows", "listed", "main", "measure", "shaken"]

PEOPLE = 20_000
SEED = 1
NOISES = (1e-9, 1e-4, 1e-3)
"""Log-odds; each feature that the model uses is moved by up to so much, evenly, up or down."""

TINY = 0.001
"""A change of risk of 0.1 percentage points."""

LISTED_SHARE = 0.02
"""The list: the people at highest risk."""

LISTED_REASONS = 3
"""Reasons of a person that a list shows, the strongest raising ones that are not sensitive."""

FLOORS = (0.01, 0.02, 0.03, 0.05)
"""Log-odds from which a group may be told; the first is the one in use."""

STUDY = """
name = "reason_stability"
[index]
dates = [2022-01-01, 2023-01-01, 2024-01-01]
[outcome]
kind = "emergency_admission"
[split]
develop_to = 2023-01-01
evaluate_from = 2024-01-01
"""

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Told:
    """The rows of people with what they were told.

    Parameters
    ----------
    model : RiskModel
    matrix : FeatureMatrix
    people : DataFrame
    explanations : Explanations
    reasons : DataFrame
    """

    model: RiskModel
    matrix: FeatureMatrix
    people: pd.DataFrame
    explanations: Explanations
    reasons: pd.DataFrame

    @property
    def risk(self) -> Floats:
        """Calibrated probability of each row."""
        found = self.explanations
        return np.asarray(expit(found.baseline + found.contributions.sum(axis=1)))


def tell(
    model: RiskModel,
    matrix: FeatureMatrix,
    people: pd.DataFrame,
    explanations: Explanations | None = None,
) -> Told:
    """Reasons of every row; its contributions may be given."""
    found = explanations or explain(model, matrix)
    return Told(model, matrix, people, found, build_reasons(model, matrix, found, people))


def shaken(explanations: Explanations, noise: float, seed: int) -> Explanations:
    """The same with every contribution of a feature in use moved by up to `noise`, evenly."""
    given = explanations.contributions
    is_used = np.abs(given).max(axis=0) > 0
    moved = np.random.default_rng(seed).uniform(-noise, noise, given.shape)
    return replace(explanations, contributions=given + np.where(is_used, moved, 0.0))


def listed(reasons: pd.DataFrame) -> pd.DataFrame:
    """The reasons that a list shows."""
    shown = reasons[(reasons["direction"] == RAISING) & ~reasons["sensitive"].astype(bool)]
    return shown.groupby(["patient_id", "index_date"], sort=False).head(LISTED_REASONS)


def changed_rows(
    first: pd.DataFrame, second: pd.DataFrame, people: pd.DataFrame, by: Sequence[str]
) -> Bools:
    """Which rows are told something else, as far as the columns `by` say.

    Parameters
    ----------
    first, second : DataFrame
        Reasons of the same people.
    people : DataFrame
        ``patient_id`` and ``index_date`` of n rows.
    by : sequence of str
        Columns of the reasons.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    keys = ["patient_id", "index_date"]
    columns = [*keys, *by]
    both = pd.concat([first[columns].drop_duplicates(), second[columns].drop_duplicates()])
    odd = both[~both.duplicated(keep=False)]
    rows = pd.MultiIndex.from_frame(people[keys])
    changed = np.zeros(len(people), dtype=bool)
    changed[rows.get_indexer(pd.MultiIndex.from_frame(odd[keys]))] = True
    return changed


def told_again(first: pd.DataFrame, second: pd.DataFrame) -> float:
    """Share of reasons whose clinical group is told again to the same person, 0 to 1.

    Parameters
    ----------
    first, second : DataFrame
        Reasons before and after.
    """
    columns = ["patient_id", "index_date", "group", "direction"]
    again = pd.MultiIndex.from_frame(second[columns])
    return _share(pd.MultiIndex.from_frame(first[columns]).isin(again))


def compared(first: Told, second: Told) -> dict[str, float]:
    """Shares of people whose reasons differ, and how far their risks moved."""
    people, own, other = first.people, first.reasons, second.reasons
    moved = np.abs(second.risk - first.risk)
    top = first.risk >= np.quantile(first.risk, 1 - LISTED_SHARE)
    on_list = changed_rows(listed(own), listed(other), people, ["code"])
    of_top = own["patient_id"].isin(people.loc[top, "patient_id"])
    codes = changed_rows(own, other, people, ["code"])
    return {
        "risk_moved_more_than_tiny": _share(moved > TINY),
        "largest_move_of_risk": float(f"{moved.max():.2g}"),
        "codes_changed": _share(codes),
        "groups_changed": _share(changed_rows(own, other, people, ["group", "direction"])),
        "order_or_codes_changed": _share(changed_rows(own, other, people, ["code", "position"])),
        "codes_changed_where_risk_moved_less_than_tiny": _share(codes[moved <= TINY]),
        "listed_people_with_a_listed_reason_changed": _share(on_list[top]),
        "reasons_told_again": told_again(own, other),
        "reasons_of_listed_people_told_again": told_again(own[of_top], other),
    }


def _share(rows: Bools) -> float:
    return round(float(rows.mean()), 5) if len(rows) else 0.0


@contextmanager
def floor_of(amount: float) -> Iterator[None]:
    """Another floor for being told."""
    kept = selection.FLOOR
    selection.FLOOR = amount
    try:
        yield
    finally:
        selection.FLOOR = kept


def floors(told: Told) -> list[dict[str, float]]:
    """For each floor: what changes under the largest noise, and what people are told."""
    groups = list(told.explanations.by_group())
    peers = peer_group_contributions(told.model, told.explanations, told.people)
    rows = []
    for amount in FLOORS:
        with floor_of(amount):
            own = tell(told.model, told.matrix, told.people, told.explanations)
            other = shaken(told.explanations, NOISES[-1], SEED)
            found = compared(own, tell(told.model, told.matrix, told.people, other))
        raising = told_groups(own.reasons, own.people, groups)[RAISING]
        rows.append(
            {
                "floor": amount,
                "codes_changed": found["codes_changed"],
                "without_a_raising_reason": _share(~raising.any(axis=1)),
                "raising_reasons": round(float(raising.sum(axis=1).mean()), 2),
                "median_covered": round(float(np.nanmedian(covered_share(peers, raising))), 3),
            }
        )
    return rows


def measure(people: int, say: Callable[[str], None] = lambda stage: None) -> dict[str, Any]:
    """Simulate, train, tell, disturb and tell again."""
    study = parse_study(STUDY)
    with TemporaryDirectory() as folder:
        say("district")
        simulate(people, SEED, records=Path(folder) / "records")
        records = load_records(Path(folder) / "records")
        cohort = build_cohort(records, study)
        features = build_features(records, cohort.keys, study)
    say("model")
    model = train(features, cohort)
    rows = (cohort.frame["part"] == "evaluation").to_numpy()
    scored, frame = features.take(rows), cohort.frame[rows].reset_index(drop=True)
    say("reasons")
    told = tell(model, scored, frame)
    found = {"as it is, told twice": compared(told, tell(model, scored, frame))}
    single = told.explanations.contributions.astype(np.float32).astype(np.float64)
    rounded = replace(told.explanations, contributions=single)
    found["contributions in single precision"] = compared(told, tell(model, scored, frame, rounded))
    for noise in NOISES:
        other = shaken(told.explanations, noise, SEED)
        found[f"up to {noise:g} on every feature"] = compared(
            told, tell(model, scored, frame, other)
        )
    for name, other_model in _refitted(model, features.take(~rows), cohort.rows(~rows)):
        say(name)
        found[name] = compared(told, tell(other_model, scored, frame))
    return {
        "people": people,
        "rows": len(frame),
        "reasons": len(told.reasons),
        "changes": found,
        "floors": floors(told),
    }


def _refitted(
    model: RiskModel, matrix: FeatureMatrix, cohort: Cohort
) -> Iterator[tuple[str, RiskModel]]:
    """The model of admission fitted again, with its own peers."""
    study = cohort.study
    reseeded = replace(study, split=replace(study.split, seed=study.split.seed + 1))
    fits = {
        "fitted with another seed": fit_outcome(matrix, replace(cohort, study=reseeded)),
        "fitted on another sample of people": refit(matrix, cohort, refits=1)[0],
    }
    for name, trees in fits.items():
        other = replace(model, admission=trees)
        yield name, replace(other, peers=peer_reference(other, matrix, cohort))


def as_table(found: dict[str, Any]) -> Table:
    """A row per change."""
    title = f"{found['rows']:,} people, {found['reasons']:,} reasons: share of people with a change"
    table = Table("what was changed", title=title)
    for column in ("risk > 0.1 points", "reasons", "groups", "reasons or order", "on the list"):
        table.add_column(column, justify="right")
    table.add_column("groups told again", justify="right")
    for name, row in found["changes"].items():
        shown = ("risk_moved_more_than_tiny", "codes_changed", "groups_changed")
        shown += ("order_or_codes_changed", "listed_people_with_a_listed_reason_changed")
        shown += ("reasons_told_again",)
        table.add_row(name, *(f"{row[key]:.2%}" for key in shown))
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE, help="people of the district")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args(arguments)
    console = Console()
    found = measure(options.people, console.print)
    machine = describe_machine("riskstrat", "lightgbm", "numpy")
    console.print(as_table(found))
    console.print(machine_line(machine))
    if options.json:
        command = f"python -m benchmarks.reason_stability --people {options.people}"
        write_result(options.json, command, {"machine": machine, "measured": found})


if __name__ == "__main__":
    main()
