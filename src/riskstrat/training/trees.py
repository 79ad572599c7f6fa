"""Boosted trees of bounded depth with an affine calibration: the model that is explained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from riskstrat.training.calibration import IDENTITY, Calibration, fit_calibration
from riskstrat.training.folds import MIN_PEOPLE_PER_CLASS, patient_folds, people_per_class
from riskstrat.training.parameters import TreeParameters

__all__ = ["CalibratedTrees", "FitNotes", "TrainingRows", "fit_trees", "fold_losses"]

_UNTUNED_ROUNDS = 100
"""Trees grown where there are too few people to find their number by cross-validation."""

_LEAF_SHARE = 20
"""A leaf holds at least a twentieth of the rows where that is fewer than ``min_child_samples``."""

_BINNING = ("max_bin", "feature_pre_filter", "seed", "verbosity")
"""Settings that fix the bins; the others may differ between models on the same table."""

_BINNED_FROM = 50_000
"""Rows from which the edges of the bins are taken at most: some 200 in each of 255 bins. LightGBM
takes 200,000 and holds them as float64, which at a million rows was the peak of memory."""

_BLOCK_ROWS = 65_536
"""Rows scored at once: bounds the copies."""


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
    """What a pair of trees and calibration is fitted on; the table itself is never copied.

    Parameters
    ----------
    values : ndarray of float, shape (m, p)
        The whole table.
    outcome : ndarray of bool, shape (n,)
    weight : ndarray of float, shape (n,)
        Above 0, such as the inverse probability of still being followed.
    groups : ndarray of int, shape (n,)
        One number per person; all rows of a person share a fold.
    chosen : ndarray of int, shape (n,), optional
        Positions in the table of the rows, ascending; all of them when not given.
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
    chosen: NDArray[np.int64] | None = field(default=None, repr=False)
    names: tuple[str, ...] = ()
    monotone: tuple[int, ...] = ()
    categorical: tuple[int, ...] = ()

    @property
    def positions(self) -> NDArray[np.int64]:
        """Positions of the rows in the table."""
        return np.arange(self.outcome.size) if self.chosen is None else self.chosen

    def binned(self, parameters: TreeParameters, *, seed: int) -> lgb.Dataset:
        """The whole table in histogram bins, about a quarter of its size, for all fits on it.

        The edges of the bins come from these rows alone, so that others change no tree.
        """
        settings = _settings(self, parameters, seed)
        bins = {key: settings[key] for key in _BINNING}
        drawn = self.positions
        if drawn.size > _BINNED_FROM:
            rng = np.random.default_rng(seed)
            drawn = np.sort(rng.choice(drawn, _BINNED_FROM, replace=False))
        edges = lgb.Dataset(
            self.values[drawn],
            label=np.zeros(drawn.size, np.float32),
            feature_name=list(self.names) or "auto",
            categorical_feature=list(self.categorical) or "auto",
            params=bins,
            free_raw_data=True,
        ).construct()
        label = np.zeros(len(self.values), np.float32)
        return edges.create_valid(self.values, label=label, params=bins).construct()

    def label(self, dataset: lgb.Dataset) -> None:
        """Write outcome and weight of these rows into the table in bins."""
        label, weight = np.zeros((2, len(self.values)), np.float32)
        label[self.positions] = self.outcome
        weight[self.positions] = self.weight
        dataset.set_label(label)
        dataset.set_weight(weight)


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
    rows: TrainingRows,
    parameters: TreeParameters,
    *,
    seed: int,
    dataset: lgb.Dataset | None = None,
) -> tuple[CalibratedTrees, FitNotes]:
    """Fit trees on all rows, their number and calibration found on patient-grouped folds.

    Parameters
    ----------
    rows : TrainingRows
    parameters : TreeParameters
    seed : int
    dataset : lightgbm.Dataset, optional
        ``rows.binned`` of the same table, parameters and seed, where several models share it.

    Returns
    -------
    CalibratedTrees, FitNotes

    Notes
    -----
    The number of trees is where the log-loss averaged over the folds is lowest, among the numbers
    that every fold has grown before it stopped early. The models of the folds, cut at that number,
    score the people they did not see, and those scores fit the calibration. Folds are grown one
    after the other, so that one of them is in memory. With fewer than 10 people with or without
    the event there is no cross-fitting: 100 trees are grown and the calibration is the identity.
    """
    settings = _settings(rows, parameters, seed)
    dataset = dataset or rows.binned(parameters, seed=seed)
    rows.label(dataset)
    people = min(people_per_class(rows.groups, rows.outcome))
    if people < MIN_PEOPLE_PER_CLASS:
        notes = FitNotes(min(_UNTUNED_ROUNDS, parameters.max_rounds), 0, None, IDENTITY)
    else:
        notes = _cross_fit(rows, parameters, settings, dataset, seed=seed)
    is_all = rows.outcome.size == len(rows.values)
    used = dataset if is_all else _subset(dataset, rows.positions)
    booster = lgb.train(settings, used, num_boost_round=notes.rounds)
    calibration = notes.calibration
    trees = CalibratedTrees(_detached(booster), calibration.slope, calibration.intercept)
    return trees, notes


def fold_losses(
    rows: TrainingRows, parameters: TreeParameters, dataset: lgb.Dataset, *, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Weighted log-loss of each fold's people after each tree, one fold after the other.

    The folds are those of :func:`fit_trees`; each stops early by itself.

    Parameters
    ----------
    rows : TrainingRows
    parameters : TreeParameters
    dataset : lightgbm.Dataset
        ``rows.binned`` with the same seed and number of bins.
    seed : int

    Yields
    ------
    ndarray of float64, shape (trees,)
    """
    settings = _settings(rows, parameters, seed)
    rows.label(dataset)
    fold = patient_folds(rows.groups, rows.outcome, folds=parameters.folds, seed=seed)
    for number in range(parameters.folds):
        held_out = fold == number
        yield np.asarray(_grow_fold(rows.positions, held_out, parameters, settings, dataset)[1])


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
    rows: TrainingRows,
    parameters: TreeParameters,
    settings: dict[str, Any],
    dataset: lgb.Dataset,
    *,
    seed: int,
) -> FitNotes:
    fold = patient_folds(rows.groups, rows.outcome, folds=parameters.folds, seed=seed)
    grown = [
        _grow_fold(rows.positions, fold == number, parameters, settings, dataset)
        for number in range(parameters.folds)
    ]
    common = min(len(losses) for _, losses in grown)
    losses = np.mean([losses[:common] for _, losses in grown], axis=0)
    rounds = int(np.argmin(losses)) + 1
    raw = np.empty(rows.outcome.size)
    for number, (booster, _) in enumerate(grown):
        held_out = np.flatnonzero(fold == number)
        raw[held_out] = _scored(booster, rows.values, rows.positions[held_out], rounds)
    calibration = fit_calibration(raw, rows.outcome, rows.weight)
    return FitNotes(rounds, parameters.folds, float(losses[rounds - 1]), calibration)


def _grow_fold(
    positions: NDArray[np.int64],
    held_out: NDArray[np.bool_],
    parameters: TreeParameters,
    settings: dict[str, Any],
    dataset: lgb.Dataset,
) -> tuple[lgb.Booster, list[float]]:
    """Trees on the rows that are not held out, and the log-loss of the others after each tree."""
    seen: dict[str, Any] = {}
    booster = lgb.train(
        settings,
        _subset(dataset, positions[~held_out]),
        num_boost_round=parameters.max_rounds,
        valid_sets=[_subset(dataset, positions[held_out])],
        valid_names=["held_out"],
        callbacks=[
            lgb.early_stopping(parameters.early_stopping_rounds, verbose=False),
            lgb.record_evaluation(seen),
        ],
    )
    return booster, seen["held_out"]["binary_logloss"]


def _subset(dataset: lgb.Dataset, positions: NDArray[np.int64]) -> lgb.Dataset:
    part = dataset.subset(positions)  # type: ignore[arg-type]  # an array serves as a list does
    return part.construct()


def _scored(
    booster: lgb.Booster,
    values: NDArray[np.floating[Any]],
    positions: NDArray[np.int64],
    rounds: int,
) -> NDArray[np.float64]:
    """Raw scores of some rows of a table, a block at a time: rows are copied out of the table."""
    raw = np.empty(positions.size)
    for start in range(0, positions.size, _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        raw[block] = booster.predict(values[positions[block]], raw_score=True, num_iteration=rounds)
    return raw


def _detached(booster: lgb.Booster) -> lgb.Booster:
    """The booster as it reads back from its own text, without the training rows."""
    return lgb.Booster(model_str=booster.model_to_string())
