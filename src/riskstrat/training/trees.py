"""Boosted trees of bounded depth with an affine calibration: the model that is explained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from riskstrat.training.calibration import IDENTITY, Calibration, fit_calibration
from riskstrat.training.folds import MIN_PEOPLE_PER_CLASS, patient_folds, people_per_class
from riskstrat.training.parameters import TreeParameters

__all__ = ["CalibratedTrees", "FitNotes", "TrainingRows", "fit_trees"]

_UNTUNED_ROUNDS = 100
"""Trees grown where there are too few people to find their number by cross-validation."""

_LEAF_SHARE = 20
"""A leaf holds at least a twentieth of the rows where that is fewer than ``min_child_samples``."""


@dataclass(frozen=True)
class CalibratedTrees:
    """A LightGBM booster and the affine calibration of its raw score.

    Parameters
    ----------
    booster : lightgbm.Booster
        Binary objective, one score per row.
    slope : float
        Above 0; also scales Shapley values of the raw score to the calibrated log-odds.
    intercept : float
    """

    booster: lgb.Booster
    slope: float
    intercept: float

    def raw_score(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Log-odds before calibration.

        Parameters
        ----------
        values : ndarray of float, shape (n, p)
            NaN is missing.

        Returns
        -------
        ndarray of float64, shape (n,)
        """
        if values.shape[0] == 0:
            return np.empty(0)
        raw = self.booster.predict(values, raw_score=True)
        return np.asarray(raw, dtype=np.float64)

    def log_odds(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Calibrated log-odds, ``intercept + slope * raw_score``, shape (n,)."""
        return self.intercept + self.slope * self.raw_score(values)

    def risk(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Calibrated probability in 0..1, shape (n,)."""
        return np.asarray(expit(self.log_odds(values)))


@dataclass(frozen=True)
class TrainingRows:
    """What a pair of trees and calibration is fitted on.

    Parameters
    ----------
    values : ndarray of float, shape (n, p)
    outcome : ndarray of bool, shape (n,)
    weight : ndarray of float, shape (n,)
        Above 0, such as the inverse probability of still being followed.
    groups : ndarray of int, shape (n,)
        One number per person; all rows of a person share a fold.
    names : tuple of str
        Column names for the model text; empty for ``Column_0`` and so on.
    monotone : tuple of int
        1 where the risk may never fall as the value rises, else 0; empty for none.
    categorical : tuple of int
        Positions of columns that hold category codes.
    """

    values: NDArray[np.floating[Any]] = field(repr=False)
    outcome: NDArray[np.bool_] = field(repr=False)
    weight: NDArray[np.float64] = field(repr=False)
    groups: NDArray[np.int64] = field(repr=False)
    names: tuple[str, ...] = ()
    monotone: tuple[int, ...] = ()
    categorical: tuple[int, ...] = ()

    def dataset(self, settings: dict[str, Any]) -> lgb.Dataset:
        """The rows as LightGBM takes them."""
        return lgb.Dataset(
            self.values,
            label=self.outcome.astype(np.float64),
            weight=self.weight,
            feature_name=list(self.names) or "auto",
            categorical_feature=list(self.categorical) or "auto",
            params=settings,
            free_raw_data=False,
        )


@dataclass(frozen=True)
class FitNotes:
    """What the fit found out, for the provenance.

    Parameters
    ----------
    rounds : int
        Trees of the final model.
    folds : int
        Patient-grouped folds used; 0 where there were too few people for cross-fitting, and the
        calibration is the identity.
    log_loss : float or None
        Weighted log-loss of the out-of-fold raw scores, averaged over folds.
    calibration : Calibration
    """

    rounds: int
    folds: int
    log_loss: float | None
    calibration: Calibration


def fit_trees(
    rows: TrainingRows, parameters: TreeParameters, *, seed: int
) -> tuple[CalibratedTrees, FitNotes]:
    """Fit trees on all rows, their number and calibration found on patient-grouped folds.

    Parameters
    ----------
    rows : TrainingRows
    parameters : TreeParameters
    seed : int

    Returns
    -------
    CalibratedTrees, FitNotes

    Notes
    -----
    The number of trees is where the log-loss averaged over the folds is lowest. The models of the
    folds, cut at that number, score the people they did not see, and those scores fit the
    calibration. With fewer than 10 people with or without the event there is no cross-fitting: 100
    trees are grown and the calibration is the identity.
    """
    settings = _settings(rows, parameters, seed)
    people = min(people_per_class(rows.groups, rows.outcome))
    if people < MIN_PEOPLE_PER_CLASS:
        notes = FitNotes(min(_UNTUNED_ROUNDS, parameters.max_rounds), 0, None, IDENTITY)
    else:
        notes = _cross_fit(rows, parameters, settings, seed=seed)
    booster = lgb.train(settings, rows.dataset(settings), num_boost_round=notes.rounds)
    calibration = notes.calibration
    trees = CalibratedTrees(_detached(booster), calibration.slope, calibration.intercept)
    return trees, notes


def _settings(rows: TrainingRows, parameters: TreeParameters, seed: int) -> dict[str, Any]:
    """LightGBM's parameters; deterministic, and the same text at any number of threads."""
    few_rows = max(1, rows.outcome.size // _LEAF_SHARE)
    settings: dict[str, Any] = {
        "objective": "binary",
        "learning_rate": parameters.learning_rate,
        "max_depth": parameters.max_depth,
        "num_leaves": parameters.num_leaves,
        "min_data_in_leaf": min(parameters.min_child_samples, few_rows),
        "lambda_l2": parameters.lambda_l2,
        "feature_fraction": parameters.feature_fraction,
        "bagging_fraction": parameters.bagging_fraction,
        "bagging_freq": 1,
        "max_bin": parameters.max_bin,
        "feature_pre_filter": False,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "verbosity": -1,
    }
    if any(rows.monotone):
        settings["monotone_constraints"] = list(rows.monotone)
    return settings


def _cross_fit(
    rows: TrainingRows, parameters: TreeParameters, settings: dict[str, Any], *, seed: int
) -> FitNotes:
    fold = patient_folds(rows.groups, rows.outcome, folds=parameters.folds, seed=seed)
    held_out = [np.flatnonzero(fold == number) for number in range(parameters.folds)]
    found: dict[str, Any] = lgb.cv(
        settings,
        rows.dataset(settings),
        num_boost_round=parameters.max_rounds,
        folds=[(np.flatnonzero(fold != number), rest) for number, rest in enumerate(held_out)],
        callbacks=[lgb.early_stopping(parameters.early_stopping_rounds, verbose=False)],
        return_cvbooster=True,
    )
    losses = found["valid binary_logloss-mean"]
    rounds = int(np.argmin(losses)) + 1
    raw = np.empty(rows.outcome.size)
    for booster, rest in zip(found["cvbooster"].boosters, held_out, strict=True):
        raw[rest] = booster.predict(rows.values[rest], raw_score=True, num_iteration=rounds)
    calibration = fit_calibration(raw, rows.outcome, rows.weight)
    return FitNotes(rounds, parameters.folds, float(losses[rounds - 1]), calibration)


def _detached(booster: lgb.Booster) -> lgb.Booster:
    """The booster as it reads back from its own text, without the training rows."""
    return lgb.Booster(model_str=booster.model_to_string())
