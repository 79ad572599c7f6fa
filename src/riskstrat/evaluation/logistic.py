"""Weighted logistic regression by Newton's method, with a variance summed by person.

It exists because calibration needs an offset and a cluster-robust variance, which scikit-learn's
estimator does not give; it is not used for prediction.

References
----------
Liang KY, Zeger SL. Longitudinal data analysis using generalized linear models. Biometrika
1986;73:13-22 (the sandwich variance).
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
"""Largest change of a coefficient in the last step."""

LARGEST_STEP = 5.0
"""Longest change of a coefficient in one step: keeps Newton's method from overshooting."""

SEPARATED = 100.0
"""A coefficient beyond this means that the outcome is separated and no estimate exists."""


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
        fitted = expit(offset + design @ coefficients)
        score, information = _derivatives(design, observed, fitted)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            return failed
        coefficients = coefficients + np.clip(step, -LARGEST_STEP, LARGEST_STEP)
        if not np.isfinite(coefficients).all() or np.abs(coefficients).max() > SEPARATED:
            return failed
        if np.abs(step).max() < TOLERANCE:
            return LogisticFit(coefficients, _sandwich(design, observed, fitted, information))
    return failed


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
