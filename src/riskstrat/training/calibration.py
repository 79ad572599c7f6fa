"""Affine calibration on the log-odds, fitted to out-of-fold scores.

``logit p = intercept + slope * raw_score``. Because it is affine, Shapley values of the raw score
times the slope are exactly the Shapley values of the calibrated log-odds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

__all__ = ["MIN_SLOPE", "Calibration", "fit_calibration"]

MIN_SLOPE = 0.05
"""Lowest slope. A lower or negative one says that out-of-fold scores do not rise with the outcome;
the risks are then almost flat around the observed rate, and the order of people is kept."""

_MAX_STEPS = 100
_TOLERANCE = 1e-12
"""Newton decrement, in mean log-loss, at which the fit has ended."""


@dataclass(frozen=True)
class Calibration:
    """Slope and intercept on the log-odds.

    Parameters
    ----------
    slope : float
        Above 0.
    intercept : float
        Log-odds at raw score 0.
    is_floored : bool
        Whether the fitted slope was below :data:`MIN_SLOPE` and was raised to it.
    """

    slope: float
    intercept: float
    is_floored: bool = False


IDENTITY = Calibration(slope=1.0, intercept=0.0)


def fit_calibration(
    raw_score: NDArray[np.float64], outcome: NDArray[np.bool_], weight: NDArray[np.float64]
) -> Calibration:
    """Weighted logistic regression of the outcome on an out-of-fold score.

    Parameters
    ----------
    raw_score : ndarray of float, shape (n,)
        Log-odds of models that did not see the row's person.
    outcome : ndarray of bool, shape (n,)
    weight : ndarray of float, shape (n,)
        Above 0.

    Returns
    -------
    Calibration

    Notes
    -----
    Recalibration by intercept and slope is Cox [1]_. The targets are Platt's [2]_, drawn in by one
    prior observation of each class, so that a finite optimum exists even for separated scores;
    with many events they are 0 and 1. Newton's method with step halving follows Lin et al. [3]_.

    References
    ----------
    .. [1] Cox DR. Two further applications of a model for binary regression. Biometrika 1958;
       45:562-565.
    .. [2] Platt J. Probabilistic outputs for support vector machines. In: Advances in Large Margin
       Classifiers. MIT Press 1999:61-74.
    .. [3] Lin HT, Lin CJ, Weng RC. A note on Platt's probabilistic outputs for support vector
       machines. Machine Learning 2007;68:267-276.
    """
    target = _targets(outcome, weight)
    centre = float(np.average(raw_score, weights=weight))
    spread = float(np.sqrt(np.average((raw_score - centre) ** 2, weights=weight)))
    if spread <= np.finfo(np.float32).eps * max(1.0, abs(centre)):
        return Calibration(1.0, _newton_intercept(raw_score, target, weight))
    start = float(logit(np.average(target, weights=weight)))
    design = np.stack([np.ones_like(raw_score), (raw_score - centre) / spread])
    loss = _LogLoss(design, target, weight / weight.sum())
    level, rise = (float(v) for v in _newton(loss, np.array([start, 0.0])))
    slope = rise / spread
    if slope < MIN_SLOPE:
        offset = MIN_SLOPE * raw_score
        return Calibration(MIN_SLOPE, _newton_intercept(offset, target, weight), is_floored=True)
    return Calibration(slope, level - slope * centre)


def _targets(outcome: NDArray[np.bool_], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    events = float(weight[outcome].sum())
    others = float(weight[~outcome].sum())
    return np.where(outcome, (events + 1.0) / (events + 2.0), 1.0 / (others + 2.0))


def _newton_intercept(
    offset: NDArray[np.float64], target: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    start = float(logit(np.average(target, weights=weight)) - np.average(offset, weights=weight))
    loss = _LogLoss(np.ones((1, offset.size)), target, weight / weight.sum(), offset)
    return float(_newton(loss, np.array([start]))[0])


@dataclass(frozen=True)
class _LogLoss:
    """Weighted mean log-loss of a logistic model; one row of `design` per coefficient.

    Sums run through ``np.sum`` and not BLAS, so the result is the same at any thread count.
    """

    design: NDArray[np.float64]
    target: NDArray[np.float64]
    share: NDArray[np.float64]
    offset: NDArray[np.float64] | float = 0.0

    def at(self, coefficients: NDArray[np.float64]) -> float:
        log_odds = self._log_odds(coefficients)
        losses = np.logaddexp(0.0, log_odds) - self.target * log_odds
        return float((self.share * losses).sum())

    def gradient_and_hessian(
        self, coefficients: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        risk = expit(self._log_odds(coefficients))
        gradient = (self.design * (self.share * (risk - self.target))).sum(axis=1)
        curvature = self.share * risk * (1.0 - risk)
        hessian = [[(a * b * curvature).sum() for a in self.design] for b in self.design]
        return gradient, np.array(hessian)

    def _log_odds(self, coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        log_odds: NDArray[np.float64] = (coefficients[:, None] * self.design).sum(axis=0)
        return log_odds + self.offset


def _newton(loss: _LogLoss, start: NDArray[np.float64]) -> NDArray[np.float64]:
    coefficients, current = start, loss.at(start)
    for _ in range(_MAX_STEPS):
        gradient, hessian = loss.gradient_and_hessian(coefficients)
        step = np.linalg.solve(hessian, gradient)
        if gradient @ step < _TOLERANCE:
            break
        while (proposed := loss.at(coefficients - step)) > current:
            step = step / 2.0
            if np.abs(step).max() < _TOLERANCE:
                return coefficients
        coefficients, current = coefficients - step, proposed
    return coefficients
