"""The rows that are judged: outcomes, the model's risks and every comparator, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import ADMITTED, CENSORED, DIED
from riskstrat.errors import DataError, UsageError
from riskstrat.evaluation.known import known_about
from riskstrat.evaluation.observed import Floats, Observed

if TYPE_CHECKING:
    from riskstrat.cohort import Cohort
    from riskstrat.features import FeatureMatrix
    from riskstrat.training import RiskModel

__all__ = [
    "LAG_MATTERS_DAYS",
    "MODEL",
    "WITHOUT_LAG",
    "Judged",
    "Score",
    "evaluation_rows",
    "judge",
    "observed_outcome",
    "without_lag_score",
]

MODEL = "model"
"""Name of the model among the scores; comparators have their own names."""

WITHOUT_LAG = "without_lag"
"""Name of the same kind of model on features as if no feed had a lag: a bound, not a rival."""

LAG_MATTERS_DAYS = 31
"""Longest window whose results are also given without lag (binding statistical rule 15): a month is
short against the weeks that hospital feeds take."""


@dataclass(frozen=True)
class Score:
    """One score to judge: the model or a comparator.

    Parameters
    ----------
    name, label, note : str
    is_risk : bool
        Whether `values` are probabilities; else they only rank.
    values : ndarray, shape (n,)
    """

    name: str
    label: str
    note: str
    is_risk: bool
    values: Floats


@dataclass(frozen=True)
class Judged:
    """Evaluation rows with what was seen and what each score said.

    Parameters
    ----------
    frame : DataFrame
        The cohort's columns and those of :func:`riskstrat.evaluation.known.known_about`, n rows.
    observed : Observed
        Admission before death, with the weights.
    scores : tuple of Score
        The model first.
    risk_death : ndarray, shape (n,)
        Predicted probability of dying first; NaN when the model has none.
    pooled : bool
        Whether a list is made over all rows (event study) rather than per index date.
    """

    frame: pd.DataFrame
    observed: Observed
    scores: tuple[Score, ...]
    risk_death: Floats
    pooled: bool

    @property
    def model(self) -> Score:
        """The model's own score."""
        return self.scores[0]

    @property
    def lists(self) -> int:
        """How many lists one capacity gives."""
        return 1 if self.pooled else int(self.frame["index_date"].nunique())

    @property
    def outcome(self) -> npt.NDArray[np.int8]:
        """Outcome codes of the cohort, shape (n,)."""
        return self.frame["outcome"].to_numpy(np.int8)

    def take(self, rows: npt.NDArray[np.bool_]) -> Judged:
        """The chosen rows (boolean mask)."""
        return replace(
            self,
            frame=self.frame[rows].reset_index(drop=True),
            observed=self.observed.take(rows),
            scores=tuple(replace(score, values=score.values[rows]) for score in self.scores),
            risk_death=self.risk_death[rows],
        )

    def died_first(self) -> Observed:
        """The same rows judged against death without an admission before it."""
        return self.observed.with_event(self.outcome == DIED)


def without_lag_score(risk: Floats) -> Score:
    """The risk of a model that had every feed at once, as a score to stand beside the model."""
    return Score(
        WITHOUT_LAG,
        "The same without lag",
        "Trained and judged as if no feed had a lag: what daily feeds would be worth. Not to be "
        "had in use.",
        True,
        np.asarray(risk, dtype=np.float64),
    )


def judge(
    model: RiskModel, matrix: FeatureMatrix, cohort: Cohort, *, beside: tuple[Score, ...] = ()
) -> Judged:
    """Predict the evaluation rows with the model and every comparator.

    Parameters
    ----------
    model : RiskModel
    matrix : FeatureMatrix
        One row per row of the cohort, in its order.
    cohort : Cohort
        With outcomes. Development rows are left out.
    beside : tuple of Score
        More scores of the evaluation rows, in their order.

    Raises
    ------
    UsageError
        When matrix and cohort do not have the same rows, or a score beside has others.
    DataError
        When no evaluation row is left.
    ArtefactError
        When the matrix comes from another catalogue.
    """
    _require_same_rows(matrix, cohort)
    rows = (cohort.frame["part"] == "evaluation").to_numpy()
    if not rows.any():
        raise DataError(
            "expected rows to evaluate, but the cohort has none in its evaluation part.",
            do="Check [split] of the study against the years the records cover.",
        )
    model.require_matrix(matrix)
    chosen = evaluation_rows(matrix, cohort)
    frame = pd.concat([cohort.frame[rows].reset_index(drop=True), known_about(chosen)], axis=1)
    if any(len(score.values) != len(frame) for score in beside):
        raise UsageError(f"expected scores beside the model for its {len(frame):,} rows.")
    predicted = model.predict(chosen)
    own = Score(MODEL, "This model", "", True, predicted["risk"].to_numpy(np.float64))
    others = (
        Score(c.name, c.label, c.note, c.is_risk, np.asarray(c.predict(chosen), dtype=np.float64))
        for c in model.comparators
    )
    return Judged(
        frame,
        observed_outcome(frame),
        (own, *others, *beside),
        predicted["risk_death"].to_numpy(np.float64),
        pooled=cohort.study.index.event is not None,
    )


def evaluation_rows(matrix: FeatureMatrix, cohort: Cohort) -> FeatureMatrix:
    """The rows of the matrix that are judged: no copy when all are."""
    rows = (cohort.frame["part"] == "evaluation").to_numpy()
    return matrix if rows.all() else matrix.take(np.flatnonzero(rows))


def observed_outcome(frame: pd.DataFrame) -> Observed:
    """What was seen of each row of a cohort; rows that left before an event weigh nothing."""
    outcome = frame["outcome"].to_numpy(np.int8)
    weight = np.where(outcome == CENSORED, 0.0, frame["weight"].to_numpy(np.float64))
    patient = pd.factorize(frame["patient_id"], sort=True)[0]
    return Observed.of(outcome == ADMITTED, weight, patient)


def _require_same_rows(matrix: FeatureMatrix, cohort: Cohort) -> None:
    keys = ["patient_id", "index_date"]
    same = len(matrix.keys) == len(cohort.frame) and all(
        (matrix.keys[key].to_numpy() == cohort.frame[key].to_numpy()).all() for key in keys
    )
    if not same:
        raise UsageError(
            f"expected a feature matrix with the cohort's rows in its order, but the matrix has "
            f"{len(matrix.keys):,} rows and the cohort {len(cohort.frame):,}, or they differ.",
            do="Build the features from this cohort's keys.",
        )
