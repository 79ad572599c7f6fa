"""A model as the service uses it: plain rows in, risks and contributions out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel

from riskstrat.explanation import explain
from riskstrat.features import FeatureMatrix

if TYPE_CHECKING:
    from riskstrat.training import RiskModel

__all__ = ["ExplainedRow", "ScoredRow", "ServedModel"]


class ScoredRow(BaseModel):
    """The risk of one row."""

    raw_score: float
    """Log-odds before calibration."""
    risk: float
    """Calibrated probability of the outcome, 0 to 1."""
    baseline: float
    """Calibrated log-odds before anything is known of the person."""
    model_version: str


class ExplainedRow(BaseModel):
    """The risk of one row, and what each clinical group contributes to it."""

    risk: float
    baseline: float
    contributions: dict[str, float]
    """Log-odds by clinical group; with the baseline they sum to the calibrated log-odds."""
    model_version: str


class ServedModel:
    """Scores and explains rows that belong to nobody.

    What explanations need is built with it, so that the first request waits for nothing.

    Parameters
    ----------
    model : RiskModel

    Attributes
    ----------
    baseline : float
        Calibrated log-odds before anything is known of a person.
    """

    def __init__(self, model: RiskModel) -> None:
        self._model = model
        nothing = np.full((1, len(model.features)), np.nan, dtype=np.float32)
        self.baseline = explain(model, self._matrix(nothing)).baseline

    def score(self, values: npt.NDArray[np.float32]) -> list[ScoredRow]:
        """Risks of n rows, in order.

        Parameters
        ----------
        values : ndarray of float32, shape (n, p)
            Features in the order of the model; NaN is missing.

        Returns
        -------
        list of ScoredRow, length n
        """
        predicted = self._model.predict(self._matrix(values))
        return [
            ScoredRow(
                raw_score=raw,
                risk=risk,
                baseline=self.baseline,
                model_version=self._model.version,
            )
            for raw, risk in zip(
                predicted["raw_score"].tolist(), predicted["risk"].tolist(), strict=True
            )
        ]

    def explain(self, values: npt.NDArray[np.float32]) -> list[ExplainedRow]:
        """Risks of n rows with their contributions, in order.

        Parameters
        ----------
        values : ndarray of float32, shape (n, p)
            Features in the order of the model; NaN is missing.

        Returns
        -------
        list of ExplainedRow, length n
        """
        matrix = self._matrix(values)
        explanations = explain(self._model, matrix)
        risks = self._model.predict(matrix)["risk"].tolist()
        return [
            ExplainedRow(
                risk=risk,
                baseline=explanations.baseline,
                contributions={str(group): value for group, value in groups.items()},
                model_version=self._model.version,
            )
            for risk, groups in zip(risks, explanations.by_group().to_dict("records"), strict=True)
        ]

    def _matrix(self, values: npt.NDArray[np.float32]) -> FeatureMatrix:
        """Rows without a person: their keys are numbers, and they have no date."""
        keys = pd.DataFrame(
            {
                "patient_id": pd.Series(range(len(values))).astype("str"),
                "index_date": pd.Series(pd.NaT, index=range(len(values)), dtype="datetime64[s]"),
            }
        )
        return FeatureMatrix(keys, values, self._model.features, self._model.catalogue_hash)
