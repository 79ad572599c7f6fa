"""Contributions of features and clinical groups on the calibrated log-odds.

Shapley values of a tree ensemble are linear in its output, so the affine calibration
``log_odds = intercept + slope * raw`` carries over exactly: every contribution is multiplied by the
slope, and the baseline is ``intercept + slope * expected raw score``. The values are
path-dependent (the expectation over a feature that is not known follows the trees' own cover); they
are neither causal effects nor conditional expectations in the population.

References
----------
Lundberg SM, Erion G, Chen H, et al. From local explanations to global understanding with
explainable AI for trees. Nature Machine Intelligence 2020;2:56-67.
doi:10.1038/s42256-019-0138-9 (the game; :class:`TreeShap` says how its values are found).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.compiled import compiled
from riskstrat.explanation.expert import percentage_points
from riskstrat.explanation.tree_shap import TreeShap
from riskstrat.features import GROUPS, Feature, FeatureMatrix

if TYPE_CHECKING:
    import lightgbm as lgb

    from riskstrat.training import CalibratedTrees, RiskModel

__all__ = [
    "Explanations",
    "explain",
    "group_columns",
    "group_positions",
    "group_sums",
    "tree_contributions",
    "tree_shap_of",
]


@dataclass(frozen=True)
class Explanations:
    """What each feature contributes to each person's calibrated log-odds.

    Parameters
    ----------
    keys : DataFrame
        ``patient_id`` and ``index_date``, one row per person and index date.
    features : tuple of Feature
        The p features, in the order of the columns.
    contributions : ndarray of float64, shape (n, p)
        Log-odds; each row with the baseline sums to the calibrated log-odds.
    baseline : float
        Log-odds of the expected raw score, calibrated.
    values : ndarray of float32, shape (n, p), optional
        The feature values explained, for plots.
    """

    keys: pd.DataFrame = field(repr=False)
    features: tuple[Feature, ...] = field(repr=False)
    contributions: npt.NDArray[np.float64] = field(repr=False)
    baseline: float
    values: npt.NDArray[np.float32] | None = field(default=None, repr=False)

    def describe(self) -> str:
        """Counts; never a patient value."""
        rows, columns = self.contributions.shape
        groups = len(group_columns(self.features))
        return f"{rows:,} rows explained by {columns} features in {groups} clinical groups"

    def by_group(self) -> pd.DataFrame:
        """Contributions summed within clinical groups.

        Returns
        -------
        DataFrame, shape (n, groups)
            One float64 column (log-odds) per group that has a feature, in the order of
            ``GROUPS``; rows as in `keys`. With the baseline a row sums to the calibrated log-odds.
        """
        columns = group_columns(self.features)
        sums = group_sums(self.contributions, columns)
        return pd.DataFrame(sums, columns=pd.Index(list(columns), dtype="str"))

    def percentage_points(self) -> npt.NDArray[np.float64]:
        """Each feature's share of the distance from the baseline risk, in percentage points.

        Returns
        -------
        ndarray of float64, shape (n, p)
            A row sums to ``100 * (risk - baseline risk)``; the definition is that of
            :func:`riskstrat.explanation.expert.percentage_points`.
        """
        return percentage_points(self.contributions, self.baseline)

    def to_shap(self) -> Any:
        """The same values as a ``shap.Explanation``, for shap's plots.

        Returns
        -------
        shap.Explanation
            ``values`` of shape (n, p) and ``base_values`` of shape (n,), both in log-odds.
        """
        import shap  # imported here: it takes seconds and only plots need it

        return shap.Explanation(
            values=self.contributions,
            base_values=np.full(len(self.contributions), self.baseline),
            data=self.values,
            feature_names=[feature.label for feature in self.features],
        )


def explain(model: RiskModel, matrix: FeatureMatrix) -> Explanations:
    """Exact contributions to the risk of admission for every row of a matrix.

    Parameters
    ----------
    model : RiskModel
    matrix : FeatureMatrix
        Built by the catalogue the model was fitted with.

    Returns
    -------
    Explanations
        Of the admission model, on its calibrated log-odds.

    Raises
    ------
    ArtefactError
        When the matrix was built by another catalogue.
    """
    model.require_matrix(matrix)
    contributions, baseline = tree_contributions(model.admission, matrix.values)
    return Explanations(matrix.keys, matrix.features, contributions, baseline, matrix.values)


def tree_contributions(
    trees: CalibratedTrees, values: npt.NDArray[np.floating]
) -> tuple[npt.NDArray[np.float64], float]:
    """Shapley values of calibrated trees, and their baseline.

    Parameters
    ----------
    trees : CalibratedTrees
    values : ndarray of float32 or float64, shape (n, p)
        NaN means missing.

    Returns
    -------
    contributions : ndarray of float64, shape (n, p)
        Log-odds.
    baseline : float
        Log-odds.
    """
    shap = tree_shap_of(trees.booster)
    contributions = shap.shap_values(values)
    contributions *= trees.slope
    return contributions, trees.intercept + trees.slope * shap.expected_value


_KNOWN: WeakKeyDictionary[lgb.Booster, TreeShap] = WeakKeyDictionary()
_LOCK = Lock()


def tree_shap_of(booster: lgb.Booster) -> TreeShap:
    """The tables of a booster by feature: built once, kept for as long as the booster is."""
    with _LOCK:
        if booster not in _KNOWN:
            _KNOWN[booster] = TreeShap(booster)
        return _KNOWN[booster]


def group_columns(features: Sequence[Feature]) -> dict[str, npt.NDArray[np.intp]]:
    """Column positions of each clinical group that has a feature, in the order of ``GROUPS``."""
    members: dict[str, list[int]] = {group: [] for group in GROUPS}
    for position, feature in enumerate(features):
        members.setdefault(feature.group, []).append(position)
    return {group: np.array(found, dtype=np.intp) for group, found in members.items() if found}


def group_sums(
    contributions: npt.NDArray[np.float64], columns: Mapping[Any, npt.NDArray[np.intp]]
) -> npt.NDArray[np.float64]:
    """Row sums within each group, shape (n, groups), always added in the same order."""
    sums = np.zeros((len(contributions), len(columns)))
    _add_groups(contributions, group_positions(columns, contributions.shape[1]), sums)
    return sums


def group_positions(
    columns: Mapping[Any, npt.NDArray[np.intp]], features: int
) -> npt.NDArray[np.intp]:
    """Position of the group of each feature, -1 for none, shape (p,)."""
    positions = np.full(features, -1, dtype=np.intp)
    for position, found in enumerate(columns.values()):
        positions[found] = position
    return positions


@compiled
def _add_groups(
    contributions: npt.NDArray[np.float64],
    positions: npt.NDArray[np.intp],
    sums: npt.NDArray[np.float64],
) -> None:
    rows, features = contributions.shape
    for row in range(rows):
        for feature in range(features):
            if positions[feature] >= 0:
                sums[row, positions[feature]] += contributions[row, feature]
