"""Fit a study's model: the outcome before death, death without it, and the comparators."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskstrat.cohort import ADMITTED, CENSORED, DIED, NEITHER
from riskstrat.errors import StudyError, UsageError
from riskstrat.reference import load_table
from riskstrat.training.comparators import Comparator, fit_comparators
from riskstrat.training.folds import MIN_PEOPLE_PER_CLASS, people_per_class
from riskstrat.training.formula import FormulaRows
from riskstrat.training.model import RiskModel
from riskstrat.training.parameters import TreeParameters, load_parameters
from riskstrat.training.reference import reference_counts
from riskstrat.training.sample_size import sample_size_note
from riskstrat.training.trees import CalibratedTrees, FitNotes, TrainingRows, fit_trees

if TYPE_CHECKING:
    from riskstrat.cohort import Cohort
    from riskstrat.features import FeatureMatrix

__all__ = [
    "HISTORY_FEATURE",
    "MIN_DEATHS",
    "NestedModels",
    "fit",
    "fit_nested",
    "fit_outcome",
    "mean_history",
    "outcome_rows",
    "refit",
]

MIN_DEATHS = 20
"""Fewest people who died without an admission for a model of death: five in each of four folds
(judgement)."""

HISTORY_FEATURE = "registered_days"
"""How long each person can have left facts in the records. Its mean at development stands in the
provenance, so that an evaluation can say whether more, or less, was known then (rule 8)."""

LIBRARIES = ("riskstrat", "lightgbm", "numpy", "pandas", "scikit-learn", "scipy")
"""Whose versions stand in the provenance."""


def fit(
    matrix: FeatureMatrix, cohort: Cohort, *, progress: Callable[[str], None] | None = None
) -> RiskModel:
    """Fit the two nested models and the comparators on development rows.

    Parameters
    ----------
    matrix : FeatureMatrix
        One row per row of the cohort, in its order.
    cohort : Cohort
        Development rows with outcomes and weights.
    progress : callable, optional
        Called with the name of each step as it starts.

    Returns
    -------
    RiskModel
        Without peers.

    Raises
    ------
    UsageError
        When matrix and cohort do not have the same rows, or rows are not for development.
    StudyError
        When fewer than 10 people have, or have not, the outcome.

    Notes
    -----
    A = the outcome before death is fitted on all rows with a weight above 0; B = death first on
    those of them without it. P(outcome) = a, P(death first) = (1 - a) b and P(neither) =
    (1 - a) (1 - b) add to 1 by construction. Where death is part of the outcome there is no B, and
    P(neither) = 1 - a. Rows carry their inverse probability of not having
    left the area; classes are never weighted, which would undo the calibration.
    """
    say = progress or (lambda step: None)
    rows = _Rows.of(matrix, cohort)
    nested = _fit_nested(rows, load_parameters(cohort.study), say)
    say("comparators")
    comparators, left_out = fit_comparators(rows.formula_rows(), seed=rows.seed)
    provenance = {
        "libraries": {name: version(name) for name in LIBRARIES},
        "seed": rows.seed,
        "rows": rows.counts(cohort),
        "mean_registered_days": mean_history(rows.matrix),
        **nested.notes,
        "comparators_left_out": left_out,
        "sample_size": sample_size_note(_terms(comparators), rows.outcome == ADMITTED, rows.weight),
        "programme_services_left_out": _programme_services(),
        "features_constant": list(rows.matrix.constant()),
        "features_without_facts": list(rows.matrix.default_only()),
        "reference": reference_counts(rows.matrix, nested.admission.booster),
    }
    return RiskModel(
        study=cohort.study,
        params=dataclasses.asdict(load_parameters(cohort.study)),
        features=tuple(matrix.features),
        catalogue_hash=matrix.catalogue_hash,
        admission=nested.admission,
        death=nested.death,
        comparators=comparators,
        provenance=provenance,
    )


@dataclasses.dataclass(frozen=True)
class NestedModels:
    """The models of the outcome and, among those without it, of death; what the fits found out."""

    admission: CalibratedTrees
    death: CalibratedTrees | None
    notes: dict[str, Any]


def fit_nested(
    matrix: FeatureMatrix, cohort: Cohort, parameters: TreeParameters | None = None
) -> NestedModels:
    """The models of :func:`fit` without what stands beside them.

    Parameters
    ----------
    matrix : FeatureMatrix
    cohort : Cohort
    parameters : TreeParameters, optional
        The study's when not given.

    Raises
    ------
    UsageError, StudyError
        As :func:`fit`.
    """
    rows = _Rows.of(matrix, cohort)
    return _fit_nested(rows, parameters or load_parameters(cohort.study), lambda step: None)


def _fit_nested(
    rows: _Rows, parameters: TreeParameters, say: Callable[[str], None]
) -> NestedModels:
    """Both on one table in bins, which is gone when this returns."""
    say("model of the outcome")
    among = rows.admission()
    dataset = among.binned(parameters, seed=rows.seed)
    admission, notes = fit_trees(among, parameters, seed=rows.seed, dataset=dataset)
    say("model of death")
    death, death_notes = _fit_death(rows, parameters, dataset)
    return NestedModels(admission, death, {"admission": _told(notes), "death": death_notes})


def outcome_rows(matrix: FeatureMatrix, cohort: Cohort) -> TrainingRows:
    """What the model of the outcome is fitted on: rows, outcome, weights and people.

    Raises
    ------
    UsageError, StudyError
        As :func:`fit`.
    """
    return _Rows.of(matrix, cohort).admission()


def fit_outcome(
    matrix: FeatureMatrix, cohort: Cohort, parameters: TreeParameters | None = None
) -> CalibratedTrees:
    """Only the model of the outcome, as :func:`fit` fits it, for a comparison on other features.

    Parameters
    ----------
    matrix : FeatureMatrix
        May lack columns of the study's catalogue.
    cohort : Cohort
        Rows that weigh nothing are left out.
    parameters : TreeParameters, optional
        The study's when not given.

    Raises
    ------
    UsageError, StudyError
        As :func:`fit`.
    """
    used = parameters or load_parameters(cohort.study)
    return fit_trees(outcome_rows(matrix, cohort), used, seed=cohort.study.split.seed)[0]


def refit(matrix: FeatureMatrix, cohort: Cohort, *, refits: int) -> tuple[CalibratedTrees, ...]:
    """The model of admission fitted again on bootstrap samples of the people in development.

    How often a person is drawn multiplies the weight of their rows, so that early stopping and
    calibration keep all rows of a person in one fold.

    Parameters
    ----------
    matrix, cohort
        As of :func:`fit`.
    refits : int
        With 5 the mean share in common of a list of 1,000 has a standard error of about a
        percentage point (judgement).

    Returns
    -------
    tuple of CalibratedTrees
        For :func:`riskstrat.evaluation.list_stability`.

    Raises
    ------
    UsageError, StudyError
        As of :func:`fit`.
    """
    parameters, seed = load_parameters(cohort.study), cohort.study.split.seed
    dataset = _Rows.of(matrix, cohort).admission().binned(parameters, seed=seed)
    people, names = pd.factorize(cohort.frame["patient_id"], sort=True)
    found = []
    for number in range(refits):
        rng = np.random.default_rng([seed, number])
        times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
        weight = cohort.frame["weight"].to_numpy(np.float64) * times[people]
        drawn = dataclasses.replace(cohort, frame=cohort.frame.assign(weight=weight))
        rows = _Rows.of(matrix, drawn)
        trees, _ = fit_trees(rows.admission(), parameters, seed=seed, dataset=dataset)
        found.append(trees)
    return tuple(found)


def mean_history(matrix: FeatureMatrix) -> float | None:
    """Mean of :data:`HISTORY_FEATURE` in days; None where the matrix does not know it."""
    if HISTORY_FEATURE not in matrix.names:
        return None
    days = matrix.values[:, matrix.names.index(HISTORY_FEATURE)].astype(np.float64)
    known = days[~np.isnan(days)]
    return round(float(known.mean()), 1) if known.size else None


@dataclasses.dataclass(frozen=True)
class _Rows:
    """The rows of a matrix that weigh something, with their outcome and person.

    The matrix is never copied: `kept` says where they stand in it.
    """

    matrix: FeatureMatrix
    kept: NDArray[np.int64]
    outcome: NDArray[np.int8]
    weight: NDArray[np.float64]
    people: NDArray[np.int64]
    death_competes: bool
    seed: int

    @classmethod
    def of(cls, matrix: FeatureMatrix, cohort: Cohort) -> _Rows:
        """The rows, once they are seen to be for development and enough.

        Raises
        ------
        UsageError, StudyError
            As :func:`fit`.
        """
        _require_development(matrix, cohort)
        frame = cohort.frame
        weight = frame["weight"].to_numpy(np.float64)
        outcome = frame["outcome"].to_numpy(np.int8)
        people, _ = pd.factorize(frame["patient_id"], sort=True)
        kept = np.flatnonzero((weight > 0) & (outcome != CENSORED))
        rows = cls(
            matrix,
            kept,
            outcome[kept],
            weight[kept],
            people[kept].astype(np.int64),
            cohort.study.outcome.has_competing_death,
            cohort.study.split.seed,
        )
        rows._require_events()
        return rows

    def _require_events(self) -> None:
        with_event, without = people_per_class(self.people, self.outcome == ADMITTED)
        if min(with_event, without) < MIN_PEOPLE_PER_CLASS:
            raise StudyError(
                f"expected at least {MIN_PEOPLE_PER_CLASS} people with and {MIN_PEOPLE_PER_CLASS} "
                f"without the outcome to develop a model, but got {with_event:,} with and "
                f"{without:,} without.",
                do="Use a longer window, more index dates or more people, and check that the "
                "outcome is recorded in the linked feeds.",
            )

    def admission(self) -> TrainingRows:
        return TrainingRows(
            self.matrix.values,
            self.outcome == ADMITTED,
            self.weight,
            self.people,
            self.kept,
            names=tuple(self.matrix.names),
            monotone=tuple(feature.monotone for feature in self.matrix.features),
        )

    def death(self) -> TrainingRows:
        """Those without an admission. No monotone constraints: they hold for admission only."""
        without = np.flatnonzero(self.outcome != ADMITTED)
        return TrainingRows(
            self.matrix.values,
            self.outcome[without] == DIED,
            self.weight[without],
            self.people[without],
            self.kept[without],
            names=tuple(self.matrix.names),
        )

    def formula_rows(self) -> FormulaRows:
        return FormulaRows(
            self.matrix, self.outcome == ADMITTED, self.weight, self.people, self.kept
        )

    def counts(self, cohort: Cohort) -> dict[str, int]:
        return {
            "development": len(cohort.frame),
            "people": int(cohort.frame["patient_id"].nunique()),
            "left_before_an_event": len(cohort.frame) - self.outcome.size,
            "admission_first": int((self.outcome == ADMITTED).sum()),
            "death_first": int((self.outcome == DIED).sum()),
            "neither": int((self.outcome == NEITHER).sum()),
        }


def _require_development(matrix: FeatureMatrix, cohort: Cohort) -> None:
    frame = cohort.frame
    keys = ["patient_id", "index_date"]
    same = len(matrix.keys) == len(frame) and all(
        np.array_equal(matrix.keys[key].to_numpy(), frame[key].to_numpy()) for key in keys
    )
    if not same:
        raise UsageError(
            f"expected a feature matrix with the cohort's rows in its order, but the matrix has "
            f"{len(matrix.keys):,} rows and the cohort {len(frame):,}, or they differ.",
            do="Build the features from this cohort's keys.",
        )
    others = int((frame["part"] != "development").sum())
    if others:
        raise UsageError(
            f"expected development rows only, but {others:,} of {len(frame):,} are for another "
            f"part.",
            do="Choose them with cohort.part('development') and the same rows of the matrix.",
        )


def _fit_death(
    rows: _Rows, parameters: TreeParameters, dataset: lgb.Dataset
) -> tuple[CalibratedTrees | None, dict[str, Any]]:
    if not rows.death_competes:
        return None, {"left_out": "death is part of the outcome"}
    among = rows.death()
    died, without = people_per_class(among.groups, among.outcome)
    if died < MIN_DEATHS or without < MIN_PEOPLE_PER_CLASS:
        reason = (
            f"{died:,} people died without an admission and {without:,} did neither; a model of "
            f"death needs {MIN_DEATHS} and {MIN_PEOPLE_PER_CLASS}"
        )
        return None, {"left_out": reason}
    death, notes = fit_trees(among, parameters, seed=rows.seed, dataset=dataset)
    return death, _told(notes)


def _terms(comparators: tuple[Comparator, ...]) -> int:
    """Terms of the penalised regression, which stands first."""
    return sum(len(c.formula.terms) for c in comparators[:1] if c.formula is not None)


def _programme_services() -> list[str]:
    """Services that a risk list can start; no feature of the catalogue reads them.

    As predictors they would teach the model whom a list had chosen (binding statistical rule 22).
    """
    listed = load_table("service_families")
    return sorted({row["family"] for row in listed if row["programme"] == "1"})


def _told(notes: FitNotes) -> dict[str, Any]:
    return {
        "trees": notes.rounds,
        "folds": notes.folds,
        "out_of_fold_log_loss": notes.log_loss,
        "slope_was_floored": notes.calibration.is_floored,
    }
