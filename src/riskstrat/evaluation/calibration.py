"""Whether of a hundred people with a risk of 20 % about twenty are admitted.

References
----------
Cox DR. Two further applications of a model for binary regression. Biometrika 1958;45:562-565.
Van Calster B et al. A calibration hierarchy for risk models was defined: from utopia to empirical
data. J Clin Epidemiol 2016;74:167-176.
Van Calster B et al. Calibration: the Achilles heel of predictive analytics. BMC Medicine
2019;17:230.
Van Calster B et al. Evaluation of performance measures in predictive artificial intelligence
models to support medical decisions. Lancet Digital Health 2025;7:100916.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from riskstrat.errors import UsageError
from riskstrat.evaluation.intervals import LEVEL, Estimate, cluster_variance, normal_interval
from riskstrat.evaluation.logistic import LogisticFit, fit_logistic
from riskstrat.evaluation.observed import Floats, Observed

__all__ = [
    "calibration_in_the_large",
    "calibration_intercept",
    "calibration_slope",
    "log_odds",
    "observed_expected_ratio",
    "recalibration",
]

RISK_FLOOR = 1e-9
"""Risks are held this far from 0 and 1 before their log-odds are taken."""


def log_odds(risk: npt.ArrayLike) -> Floats:
    """Log-odds of a risk, finite also for 0 and 1.

    Raises
    ------
    UsageError
        When a risk is missing or outside [0, 1].
    """
    values = np.asarray(risk, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise UsageError("expected risks between 0 and 1, none of them missing.")
    return np.asarray(logit(np.clip(values, RISK_FLOOR, 1 - RISK_FLOOR)))


def recalibration(observed: Observed, risk: npt.ArrayLike) -> LogisticFit:
    """The logistic regression of the outcome on the log-odds of the risk: intercept, slope."""
    x = log_odds(risk)
    return fit_logistic(np.column_stack([np.ones_like(x), x]), observed)


def calibration_slope(observed: Observed, risk: npt.ArrayLike, level: float = LEVEL) -> Estimate:
    """Slope of the outcome on the log-odds of the risk; 1 is right.

    Below 1 the risks are too extreme (high ones too high, low ones too low); above 1 too moderate.

    Parameters
    ----------
    observed : Observed
        n rows.
    risk : array-like, shape (n,)
        Probabilities.
    level : float
        Level of the interval, which allows for weights and several rows per person.
    """
    fit = recalibration(observed, risk)
    return _coefficient(fit, 1, level)


def calibration_intercept(
    observed: Observed, risk: npt.ArrayLike, level: float = LEVEL
) -> Estimate:
    """Intercept beside :func:`calibration_slope`; 0 is right when the slope is 1."""
    return _coefficient(recalibration(observed, risk), 0, level)


def calibration_in_the_large(
    observed: Observed, risk: npt.ArrayLike, level: float = LEVEL
) -> Estimate:
    """Intercept with the slope held at 1; 0 is right, above 0 risks are too low on average."""
    x = log_odds(risk)
    return _coefficient(fit_logistic(np.ones((len(x), 1)), observed, offset=x), 0, level)


def observed_expected_ratio(
    observed: Observed, risk: npt.ArrayLike, level: float = LEVEL
) -> Estimate:
    """Observed over expected number of people with the event; 1 is right.

    Both are weighted, so that people who left count in neither. The interval is on the log scale.

    Parameters
    ----------
    observed : Observed
        n rows.
    risk : array-like, shape (n,)

    Returns
    -------
    Estimate
        Without any event the ratio is 0 and the upper limit is that of the Poisson distribution.
    """
    values = np.asarray(risk, dtype=np.float64)
    expected = float(observed.weight @ values)
    if expected <= 0:
        return Estimate(float("nan"))
    ratio = float(observed.weight @ observed.event) / expected
    if ratio == 0:
        return Estimate(0.0, 0.0, float(-np.log((1 - level) / 2)) / expected)
    influence = observed.weight * (observed.event - ratio * values) / (expected * ratio)
    logged = normal_interval(
        float(np.log(ratio)), cluster_variance(influence, observed.patient), level
    )
    return Estimate(ratio, float(np.exp(logged.low)), float(np.exp(logged.high)))


def _coefficient(fit: LogisticFit, position: int, level: float) -> Estimate:
    value = float(fit.coefficients[position])
    return normal_interval(value, float(fit.covariance[position, position]), level)
