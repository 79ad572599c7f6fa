"""The rows of a study that every part of a validation reads, and models fitted again on some."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import Cohort
from riskstrat.evaluation.blocks import Resampling
from riskstrat.evaluation.judged import observed_outcome
from riskstrat.evaluation.observed import Floats, Observed
from riskstrat.features import FeatureMatrix
from riskstrat.training import CalibratedTrees, fit_outcome
from riskstrat.training.parameters import TreeParameters

__all__ = ["Columns", "Mask", "Prepared", "only_columns", "people_of"]

Mask = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Prepared:
    """A study's rows with their features, and the parameters its model is grown with.

    Parameters
    ----------
    cohort : Cohort
        Development and evaluation rows.
    matrix : FeatureMatrix
        The same rows in the same order.
    parameters : TreeParameters
    resampling : Resampling
    """

    cohort: Cohort = field(repr=False)
    matrix: FeatureMatrix = field(repr=False)
    parameters: TreeParameters
    resampling: Resampling

    @cached_property
    def developed(self) -> tuple[FeatureMatrix, Cohort]:
        """The development rows."""
        return self._part("development")

    @cached_property
    def judged(self) -> tuple[FeatureMatrix, Cohort]:
        """The evaluation rows."""
        return self._part("evaluation")

    @cached_property
    def observed(self) -> Observed:
        """What was seen in the evaluation rows."""
        return observed_outcome(self.judged[1].frame)

    @cached_property
    def trees(self) -> CalibratedTrees:
        """The model of the outcome, as training fits it on every development row."""
        return self.fitted()

    @cached_property
    def risk(self) -> Floats:
        """What it says of the evaluation rows."""
        return self.trees.risk(self.judged[0].values)

    @cached_property
    def whole(self) -> Prepared:
        """The same with trees that all see every feature.

        When trees draw some of the features, leaving any out, or adding one, changes all draws.
        """
        return dataclasses.replace(
            self, parameters=dataclasses.replace(self.parameters, feature_fraction=1.0)
        )

    @property
    def is_pooled(self) -> bool:
        """Whether a list is made over all rows (event study) rather than per index date."""
        return self.cohort.study.index.event is not None

    def fitted(self, chosen: Mask | None = None, columns: Columns | None = None) -> CalibratedTrees:
        """The model of the outcome on some development rows, or on some features.

        Parameters
        ----------
        chosen : ndarray of bool, shape (development rows,), optional
            Which rows count; the others weigh nothing, and no edge of a bin comes from them.
        columns : ndarray of int, optional
            Positions of the features that may be used.

        Raises
        ------
        StudyError
            When fewer than 10 people with, or without, the outcome are left.
        """
        matrix, cohort = self.developed
        if columns is not None:
            matrix = only_columns(matrix, columns)
        if chosen is not None:
            weight = np.where(chosen, cohort.frame["weight"], 0.0)
            cohort = dataclasses.replace(cohort, frame=cohort.frame.assign(weight=weight))
        return fit_outcome(matrix, cohort, self.parameters)

    def _part(self, name: str) -> tuple[FeatureMatrix, Cohort]:
        chosen = (self.cohort.frame["part"] == name).to_numpy()
        return self.matrix.take(chosen), self.cohort.rows(chosen)


def only_columns(matrix: FeatureMatrix, columns: Columns) -> FeatureMatrix:
    """The matrix with some of its features, for fits that are never saved."""
    return dataclasses.replace(
        matrix,
        values=np.ascontiguousarray(matrix.values[:, columns]),
        features=tuple(matrix.features[column] for column in columns),
        fact_days=None,
    )


def people_of(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    """A number per person, 0 to people - 1 in the order of pseudonyms, shape (n,)."""
    return pd.factorize(frame["patient_id"], sort=True)[0].astype(np.int64)
