"""The whole run: linked records in, a judged and explained model out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from riskstrat import evaluation, explanation, training
from riskstrat.cohort import Cohort, build_cohort
from riskstrat.errors import UsageError
from riskstrat.evaluation import (
    EvaluationReport,
    Score,
    explain_evaluation,
    without_lag_score,
)
from riskstrat.evaluation.judged import LAG_MATTERS_DAYS
from riskstrat.features import FeatureMatrix, build_features, catalogue
from riskstrat.records import LinkedRecords, without_lag
from riskstrat.staging import require_replaceable, staged_directory
from riskstrat.study import Study
from riskstrat.training import RiskModel
from riskstrat.training.fitting import outcome_rows
from riskstrat.training.parameters import TreeParameters
from riskstrat.training.tuning import SearchRules, Tuned, tune

__all__ = [
    "METRICS",
    "Progress",
    "StudyRun",
    "compare_on",
    "evaluate",
    "evaluate_on",
    "risk_without_lag",
    "run_study",
    "train",
    "tune_on",
]

METRICS = "metrics.json"
"""The file that every folder of a judged model holds."""

Progress = Callable[[str], None]
"""Called with the name of each stage as it starts."""


@dataclass(frozen=True)
class StudyRun:
    """What a run leaves: the model, how it was judged, and the folder it stands in."""

    model: RiskModel
    report: EvaluationReport
    folder: Path


def train(
    features: FeatureMatrix, cohort: Cohort, *, progress: Progress | None = None
) -> RiskModel:
    """Fit a model on the development rows, with the peers its reasons compare with.

    Parameters
    ----------
    features : FeatureMatrix
        Rows in the order of the cohort's.
    cohort : Cohort
        With outcomes; see :func:`riskstrat.build_cohort`.
    progress : callable, optional
        Called with the name of each stage.

    Returns
    -------
    RiskModel

    Raises
    ------
    UsageError
        When the rows of `features` and `cohort` are not the same.
    StudyError
        When there are too few events to fit.
    """
    developed, rows = _part(features, cohort, "development")
    model = training.fit(rows, developed, progress=progress)
    if progress is not None:
        progress("peers")
    peers = explanation.peer_reference(model, rows, developed)
    people = evaluation.describe_people(rows, developed)
    provenance = {**model.provenance, **cohort.origin, "people": people}
    return replace(model, peers=peers, provenance=provenance)


def evaluate(
    model: RiskModel,
    features: FeatureMatrix,
    cohort: Cohort,
    *,
    capacity: int | None = None,
    beside: tuple[Score, ...] = (),
) -> EvaluationReport:
    """Judge a model on the evaluation rows; see :func:`riskstrat.evaluation.evaluate`.

    Where the study asks for refits and the development rows are there, the model is fitted again on
    other samples of people, and the report says how much of each list stays the same.
    """
    judged, rows = _part(features, cohort, "evaluation")
    report = evaluation.evaluate(model, rows, judged, capacity=capacity, beside=beside)
    developed, before = _part(features, cohort, "development")
    wanted = cohort.study.report.refits
    if not wanted or not len(before):
        return report
    refits = training.refit(before, developed, refits=wanted)
    return evaluation.add_stability(report, model, rows, judged, refits)


def risk_without_lag(records: LinkedRecords, cohort: Cohort) -> Score | None:
    """How the evaluation rows would be scored had no feed a lag, for a window of a month or less.

    The model of the outcome is trained and applied on features of
    :func:`riskstrat.records.without_lag`; the rows are those of the cohort as it is.

    Returns
    -------
    Score or None
        None where the window is longer, or the records are relations of a warehouse.
    """
    is_short = cohort.study.outcome.window_days <= LAG_MATTERS_DAYS
    if not is_short or not records.is_stored:
        return None
    features = build_features(without_lag(records), cohort.keys, cohort.study)
    developed, rows = _part(features, cohort, "development")
    trees = training.fit_outcome(rows, developed)
    _, judged = _part(features, cohort, "evaluation")
    return without_lag_score(trees.risk(judged.values))


def evaluate_on(
    model: RiskModel,
    records: LinkedRecords,
    *,
    capacity: int | None = None,
    progress: Progress | None = None,
) -> EvaluationReport:
    """Judge a model on any linked records, by its own study's evaluation rows."""
    say = progress or (lambda stage: None)
    say("cohort")
    cohort = build_cohort(records, model.study).part("evaluation")
    say("features")
    features = build_features(records, cohort.keys, model.study)
    say("evaluation")
    return evaluation.evaluate(model, features, cohort, capacity=capacity)


def compare_on(
    first: RiskModel,
    second: RiskModel,
    records: LinkedRecords,
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Judge two models on the same rows: the evaluation rows that both studies have.

    Returns
    -------
    dict
        See :func:`riskstrat.evaluation.compare`.

    Raises
    ------
    DataError
        When no person and date is for evaluation in both studies, or too few have the outcome.
    UsageError
        When the studies predict other outcomes.
    """
    say = progress or (lambda stage: None)
    judged = []
    for name, model in (("first", first), ("second", second)):
        say(f"{name} model")
        cohort = build_cohort(records, model.study).part("evaluation")
        features = build_features(records, cohort.keys, model.study)
        judged.append(evaluation.judge(model, features, cohort))
    say("comparison")
    report = first.study.report
    seed = first.study.split.seed
    return evaluation.compare(
        *evaluation.common_rows(*judged),
        capacities=report.capacities,
        resampling=evaluation.Resampling(seed=seed),
    )


def run_study(
    records: LinkedRecords,
    study: Study,
    out: str | Path,
    *,
    capacity: int | None = None,
    progress: Progress | None = None,
) -> StudyRun:
    """Train and judge a study's model and write its folder.

    Parameters
    ----------
    records : LinkedRecords
    study : Study
    out : str or Path
        Gets ``artefact/``, ``metrics.json``, ``report.html``, ``model_card.md``, ``tripod.md``,
        ``explanations.json`` and ``explanations.html``, all at once when everything is done.
    capacity : int, optional
        How many people a team can review; adds a row to the workload table.
    progress : callable, optional
        Called with the name of each stage.

    Returns
    -------
    StudyRun
    """
    folder = Path(out)
    require_replaceable(folder, METRICS)
    catalogue(study)  # mistakes in it are told before any work
    say = progress or (lambda stage: None)
    say("cohort")
    cohort = build_cohort(records, study)
    say("features")
    features = build_features(records, cohort.keys, study)
    model = train(features, cohort, progress=progress)
    say("evaluation")
    at_once = risk_without_lag(records, cohort)
    beside = () if at_once is None else (at_once,)
    report = evaluate(model, features, cohort, capacity=capacity, beside=beside)
    say("explanations")
    explanations = explain_evaluation(model, features, cohort)
    with staged_directory(folder, marker=METRICS) as staged:
        model.save(staged / "artefact")
        report.write(staged)
        explanations.write(staged)
    return StudyRun(model, report, folder)


def tune_on(
    records: LinkedRecords, study: Study, rules: SearchRules, *, progress: Progress | None = None
) -> Tuned:
    """Search for better parameters on the development rows of a study; no other row is read.

    The search starts from the defaults, whatever parameters the study names.
    """
    say = progress or (lambda stage: None)
    say("cohort")
    cohort = build_cohort(records, study).part("development")
    say("features")
    rows = outcome_rows(build_features(records, cohort.keys, study), cohort)
    say("trial 1")

    def told(done: int, _: float | None, best: float) -> None:
        say(f"trial {done + 1}, best log-loss so far {best:.5f}")

    return tune(rows, TreeParameters(), rules, told=told)


def _part(features: FeatureMatrix, cohort: Cohort, name: str) -> tuple[Cohort, FeatureMatrix]:
    keys = ["patient_id", "index_date"]
    if not features.keys[keys].equals(cohort.frame[keys]):
        raise UsageError(
            "expected features built for the rows of this cohort, in its order, but they differ.",
            do="Build them with build_features(records, cohort.keys, study).",
        )
    chosen = (cohort.frame["part"] == name).to_numpy()
    return cohort.rows(chosen), features.take(chosen)
