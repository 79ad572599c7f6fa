"""Weighted logistic regression by damped Newton steps, with a variance summed by person.

It exists because calibration needs an offset and a cluster-robust variance, which scikit-learn's
estimator does not give; it is not used for prediction.

References
----------
Liang KY, Zeger SL. Longitudinal data analysis using generalized linear models. Biometrika
1986;73:13-22 (the sandwich variance).
Boyd S, Vandenberghe L. Convex optimization. Cambridge 2004, section 9.5 (damped steps).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from riskstrat.evaluation.observed import Floats, Observed

__all__ = ["LogisticFit", "fit_logistic"]

ITERATIONS = 50
"""Newton steps before a fit counts as failed; calibration needs fewer than ten."""

TOLERANCE = 1e-9
"""Largest change of anybody's log-odds in the last step."""

HALVINGS = 30
"""Times a step is halved when it would lower the likelihood; a billionth of it is no step."""

ROUNDING = 1e-10
"""A likelihood lower by less than this part of itself has not fallen: sums are rounded."""

LARGEST_CHANGE = 5.0
"""No step changes anybody's log-odds by more; with a separated outcome steps never settle."""


@dataclass(frozen=True)
class LogisticFit:
    """Coefficients of shape (p,) and their covariance (p, p); NaN when there is no estimate."""

    coefficients: Floats
    covariance: Floats

    @property
    def exists(self) -> bool:
        """Whether the fit converged."""
        return bool(np.isfinite(self.coefficients).all())


def fit_logistic(
    design: Floats, observed: Observed, *, offset: Floats | float = 0.0
) -> LogisticFit:
    """Maximum weighted likelihood of ``event ~ expit(offset + design @ coefficients)``.

    Parameters
    ----------
    design : ndarray, shape (n, p)
    observed : Observed
        n rows.
    offset : ndarray, shape (n,), or float
        Known part of the log-odds.

    Returns
    -------
    LogisticFit
        NaN when one class is missing, the design is singular or the outcome is separated.
    """
    missing = np.full(design.shape[1], np.nan)
    failed = LogisticFit(missing, np.full((len(missing), len(missing)), np.nan))
    if not 0.0 < observed.rate < 1.0:
        return failed
    coefficients = np.zeros(design.shape[1])
    for _ in range(ITERATIONS):
        log_odds = offset + design @ coefficients
        fitted = expit(log_odds)
        score, information = _derivatives(design, observed, fitted)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            return failed
        change = design @ step
        if not np.isfinite(change).all():
            return failed
        if np.abs(change).max() < TOLERANCE:
            return LogisticFit(coefficients, _sandwich(design, observed, fitted, information))
        coefficients = coefficients + step * _length(observed, log_odds, change)
    return failed


def _length(observed: Observed, log_odds: Floats, change: Floats) -> float:
    """How much of a Newton step to go: no large change, halved until the likelihood does not fall.

    The likelihood is concave, so that a small enough part of the step always raises it.
    """
    before = _likelihood(observed, log_odds)
    floor = before - ROUNDING * abs(before)
    length = min(1.0, LARGEST_CHANGE / float(np.abs(change).max()))
    for _ in range(HALVINGS):
        if _likelihood(observed, log_odds + length * change) >= floor:
            break
        length /= 2
    return length


def _likelihood(observed: Observed, log_odds: Floats) -> float:
    """Weighted log-likelihood: ``event * log_odds - log(1 + exp(log_odds))``."""
    return float(observed.weight @ (observed.event * log_odds - np.logaddexp(0.0, log_odds)))


def _derivatives(design: Floats, observed: Observed, fitted: Floats) -> tuple[Floats, Floats]:
    score = design.T @ (observed.weight * (observed.event - fitted))
    curvature = observed.weight * fitted * (1 - fitted)
    return score, design.T @ (design * curvature[:, None])


def _sandwich(design: Floats, observed: Observed, fitted: Floats, information: Floats) -> Floats:
    residual = observed.weight * (observed.event - fitted)
    sums = np.column_stack(
        [np.bincount(observed.patient, weights=residual * column) for column in design.T]
    )
    people = len(sums)
    inverse = np.linalg.inv(information)
    meat = sums.T @ sums * (people / max(people - 1, 1))
    return np.asarray(inverse @ meat @ inverse)
