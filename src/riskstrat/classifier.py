"""The scikit-learn face: calibrated, explained trees for people who bring a ready-made table."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_array, check_consistent_length
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from riskstrat.explanation.shapley import tree_contributions
from riskstrat.training.parameters import TreeParameters
from riskstrat.training.tables import TableCodes
from riskstrat.training.trees import TrainingRows, fit_trees

__all__ = ["RiskClassifier"]

_BINARY = 2


class RiskClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Boosted trees with an affine calibration on the log-odds and exact Shapley values.

    Takes numpy arrays and pandas tables with missing values and columns of categories or text; a
    category never seen in `fit` counts as missing. Two classes only.

    Parameters
    ----------
    learning_rate : float
        Shrinkage of each tree, in (0, 1].
    max_depth : int
        Deepest tree, 1 to 8.
    num_leaves : int
        Most leaves of one tree.
    min_child_samples : int
        Fewest rows in a leaf; lowered to a twentieth of the rows where there are few.
    lambda_l2 : float
        Ridge penalty on leaf values.
    feature_fraction, bagging_fraction : float
        Share of columns, and of rows, that each tree sees, in (0, 1].
    max_bin : int
        Most histogram bins of one column.
    max_rounds : int
        Most trees.
    early_stopping_rounds : int
        Trees without a better out-of-fold log-loss before stopping.
    folds : int
        Folds for early stopping and calibration, grouped where `groups` is given.
    random_state : int
        Seed; the same rows and seed give the same model.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The second is the event.
    trees_ : CalibratedTrees
    notes_ : FitNotes
        Number of trees, folds and calibration. With fewer than 10 groups with or without the event
        there is no cross-fitting: 100 trees and the identity as calibration.
    n_features_in_ : int
    feature_names_in_ : ndarray
        Where the table of `fit` had column names.

    Examples
    --------
    >>> table = pd.DataFrame({"age": np.arange(200) % 90, "ward": ["a", "b"] * 100})
    >>> model = RiskClassifier().fit(table, table["age"] > 60)
    >>> model.predict_proba(table).shape
    (200, 2)
    """

    def __init__(  # noqa: PLR0913  # one constructor argument per setting is sklearn's contract
        self,
        *,
        learning_rate: float = 0.05,
        max_depth: int = 6,
        num_leaves: int = 31,
        min_child_samples: int = 60,
        lambda_l2: float = 10.0,
        feature_fraction: float = 0.6,
        bagging_fraction: float = 0.8,
        max_bin: int = 255,
        max_rounds: int = 600,
        early_stopping_rounds: int = 30,
        folds: int = 4,
        random_state: int = 1,
    ) -> None:
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.num_leaves = num_leaves
        self.min_child_samples = min_child_samples
        self.lambda_l2 = lambda_l2
        self.feature_fraction = feature_fraction
        self.bagging_fraction = bagging_fraction
        self.max_bin = max_bin
        self.max_rounds = max_rounds
        self.early_stopping_rounds = early_stopping_rounds
        self.folds = folds
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike | pd.DataFrame,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Fit the trees and their calibration.

        Parameters
        ----------
        X : array-like or DataFrame, shape (n, p)
        y : array-like, shape (n,)
            Two classes.
        groups : array-like, shape (n,), optional
            Whose row it is: all rows of a person share a fold. Each row alone when not given.
        sample_weight : array-like, shape (n,), optional
            At least 0; rows with weight 0 are left out.

        Returns
        -------
        RiskClassifier

        Raises
        ------
        ValueError
            When `y` does not have two classes, shapes differ, a setting is out of range, or a
            value is infinite.
        TypeError
            When a column is neither numbers, text nor categories.
        """
        labels: NDArray[Any] = validate_data(self, X="no_validation", y=y)
        table = self._table(X, reset=True)
        check_consistent_length(table, labels)
        weight = _check_sample_weight(
            sample_weight, table, dtype=np.float64, ensure_non_negative=True
        )
        kept = weight > 0
        self.classes_ = _two_classes(labels, kept)
        codes = np.arange(labels.size) if groups is None else _group_codes(groups, table)
        self.codes_ = TableCodes.learn(table)
        values = self.codes_.encode(table)
        rows = TrainingRows(
            values[kept],
            np.asarray(labels == self.classes_[1])[kept],
            weight[kept],
            codes[kept],
            categorical=self.codes_.categorical,
        )
        self.trees_, self.notes_ = fit_trees(rows, self._parameters(), seed=self.random_state)
        return self

    def decision_function(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """Calibrated log-odds of the second class, shape (n,)."""
        values = self._values(X)
        return self.trees_.log_odds(values)

    def predict_proba(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        """Calibrated probability of each class, shape (n, 2)."""
        risk = np.asarray(expit(self.decision_function(X)))
        return np.stack([1.0 - risk, risk], axis=1)

    def predict(self, X: ArrayLike | pd.DataFrame) -> NDArray[Any]:
        """The likelier class, shape (n,)."""
        likelier = (self.decision_function(X) > 0).astype(np.intp)
        return np.asarray(self.classes_[likelier])

    def explain(self, X: ArrayLike | pd.DataFrame) -> pd.DataFrame | NDArray[np.float64]:
        """Exact Shapley values of the calibrated log-odds.

        Parameters
        ----------
        X : array-like or DataFrame, shape (n, p)

        Returns
        -------
        DataFrame or ndarray of float64, shape (n, p)
            With ``baseline_`` each row adds up to its `decision_function`. A table for a table.

        Notes
        -----
        Path-dependent TreeSHAP [1]_ of the raw score, scaled by the slope of the calibration.

        References
        ----------
        .. [1] Lundberg SM et al. From local explanations to global understanding with explainable
           AI for trees. Nature Machine Intelligence 2020;2:56-67.
        """
        values = self._values(X)
        contributions, _ = tree_contributions(self.trees_, values)
        if isinstance(X, pd.DataFrame):
            return pd.DataFrame(contributions, index=X.index, columns=X.columns)
        return contributions

    @property
    def baseline_(self) -> float:
        """Calibrated log-odds to which the contributions of `explain` add."""
        check_is_fitted(self)
        return tree_contributions(self.trees_, np.empty((0, self.n_features_in_)))[1]

    def _values(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.float64]:
        check_is_fitted(self)
        return self.codes_.encode(self._table(X, reset=False))

    def _table(self, X: ArrayLike | pd.DataFrame, *, reset: bool) -> pd.DataFrame:
        """The input as a table, with scikit-learn's checks of shape and column names."""
        if isinstance(X, pd.DataFrame):
            table = X
            if min(X.shape) == 0:
                check_array(np.empty(X.shape), estimator=self)
        else:
            checked = check_array(X, dtype=None, ensure_all_finite="allow-nan", estimator=self)
            table = pd.DataFrame(checked)
        validate_data(
            self, X if table is X else table.to_numpy(), reset=reset, skip_check_array=True
        )
        return table

    def _parameters(self) -> TreeParameters:
        settings = self.get_params()
        del settings["random_state"]
        parameters = TreeParameters(**settings)
        if mistakes := parameters.mistakes():
            raise ValueError("; ".join(mistakes))
        return parameters

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _two_classes(y: NDArray[Any], kept: NDArray[np.bool_]) -> NDArray[Any]:
    check_classification_targets(y)
    kind = type_of_target(y, input_name="y")
    classes = np.unique(y[kept])
    if kind == "multiclass" or classes.size > _BINARY:
        raise ValueError(
            f"Only binary classification is supported. The type of the target is {kind}."
        )
    if classes.size < _BINARY:
        raise ValueError(f"expected two classes in y, but got {classes.size} class")
    return classes


def _group_codes(groups: ArrayLike, table: pd.DataFrame) -> NDArray[np.int64]:
    check_consistent_length(table, groups)
    codes, _ = pd.factorize(np.asarray(groups), sort=True, use_na_sentinel=False)
    return codes.astype(np.int64)
