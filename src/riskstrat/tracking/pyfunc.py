"""What MLflow loads to serve a model; the artefact itself holds no code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskstrat.errors import DataError
from riskstrat.features import FeatureMatrix
from riskstrat.training import RiskModel

__all__ = ["RiskPredictor"]


class RiskPredictor:
    """Risks from a table of features.

    Parameters
    ----------
    model : RiskModel
    """

    def __init__(self, model: RiskModel) -> None:
        self.model = model

    def predict(self, table: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """``risk`` and ``risk_death`` of every row.

        Parameters
        ----------
        table : DataFrame
            One column per feature of the model, in any order; NaN or null is missing.
        params : dict, optional
            Part of MLflow's interface; there are none.

        Raises
        ------
        DataError
            When a column is missing.
        """
        names = [feature.name for feature in self.model.features]
        absent = set(names) - set(table.columns)
        if absent:
            raise DataError(
                f"expected the {len(names)} features of the model, but {len(absent)} are missing.",
                do="Send every column of the model's signature; null where a value is not known.",
            )
        values = table[names].to_numpy(dtype=np.float32, na_value=np.nan)
        predicted = self.model.predict(self._matrix(values))
        return predicted[["risk", "risk_death"]]

    def _matrix(self, values: np.ndarray[Any, np.dtype[np.float32]]) -> FeatureMatrix:
        """The values as a matrix of the model's own catalogue; nobody's keys are known here."""
        keys = pd.DataFrame({"patient_id": "", "index_date": pd.NaT}, index=range(len(values)))
        return FeatureMatrix(
            keys=keys,
            values=values,
            features=self.model.features,
            catalogue_hash=self.model.catalogue_hash,
            fact_days=None,
        )


def _load_pyfunc(data_path: str) -> RiskPredictor:
    """MLflow's entry point: the artefact folder in, an object with `predict` out."""
    return RiskPredictor(RiskModel.load(Path(data_path)))
