"""The smooth calibration curve, what is read from it, and observed rates by tenth of risk.

The curve is a weighted logistic regression on a restricted cubic spline of the log-odds of the
risk, not the loess of Austin and Steyerberg: it takes weights, has an interval, costs little on
millions of rows, and differs little from loess where there are data. Its knots stand at quantiles
of the *expected admissions*, not of the people, so that it can bend where lists are cut; beyond the
last knot it is straight in the log-odds.

References
----------
Austin PC, Steyerberg EW. The Integrated Calibration Index (ICI) and related metrics for quantifying
the calibration of logistic regression models. Statistics in Medicine 2019;38:4051-4065.
Austin PC, Harrell FE, van Klaveren D. Graphical calibration curves and the integrated calibration
index (ICI) for survival models. Statistics in Medicine 2020;39:2714-2742 (splines in its place).
Harrell FE. Regression modeling strategies, 2nd ed. Springer 2015, section 2.4.5 and table 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from riskstrat.evaluation.calibration import log_odds
from riskstrat.evaluation.disclosure import merge_small
from riskstrat.evaluation.intervals import LEVEL, Estimate, proportion, z_value
from riskstrat.evaluation.logistic import LogisticFit, fit_logistic
from riskstrat.evaluation.observed import Floats, Observed

__all__ = ["CalibrationCurve", "RiskGroup", "integrated_calibration_index", "risk_groups"]

KNOT_QUANTILES = ((0.05, 0.275, 0.5, 0.725, 0.95), (0.1, 0.5, 0.9))
"""Harrell's table 2.3 for 5 knots, and for 3 when 5 do not differ; else a straight line."""

GROUPS = 10
"""Groups of risk that are drawn: tenths of the people."""


@dataclass(frozen=True)
class CalibrationCurve:
    """Observed risk as a smooth function of predicted risk.

    Parameters
    ----------
    knots : ndarray, shape (k,)
        On the log-odds scale; empty for a straight line.
    fit : LogisticFit
    """

    knots: Floats
    fit: LogisticFit

    @classmethod
    def of(cls, observed: Observed, risk: npt.ArrayLike) -> CalibrationCurve:
        """Fit the curve; it has no estimate when the outcome has one class only."""
        x = log_odds(risk)
        knots = _knots(x, observed.weight * expit(x))
        return cls(knots, fit_logistic(_basis(x, knots), observed))

    @property
    def exists(self) -> bool:
        """Whether there is an estimate."""
        return self.fit.exists

    def at(self, risk: npt.ArrayLike) -> Floats:
        """Observed risk where the predicted risk is `risk`; same shape."""
        return np.asarray(expit(_basis(log_odds(risk), self.knots) @ self.fit.coefficients))

    def band(self, risk: npt.ArrayLike, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Pointwise lower and upper limits at `risk`."""
        basis = _basis(log_odds(risk), self.knots)
        middle = basis @ self.fit.coefficients
        variance = np.einsum("ij,jk,ik->i", basis, self.fit.covariance, basis)
        reach = z_value(level) * np.sqrt(variance)
        return np.asarray(expit(middle - reach)), np.asarray(expit(middle + reach))


def integrated_calibration_index(
    curve: CalibrationCurve, observed: Observed, risk: npt.ArrayLike
) -> float:
    """Weighted mean distance between predicted risk and the curve (ICI), in [0, 1].

    It is above 0 also for perfect risks, because the curve is estimated: compare it with the gaps
    that would matter, not with 0.

    Parameters
    ----------
    curve : CalibrationCurve
    observed : Observed
        n rows.
    risk : array-like, shape (n,)
    """
    if not curve.exists:
        return float("nan")
    values = np.asarray(risk, dtype=np.float64)
    return float(np.average(np.abs(curve.at(values) - values), weights=observed.weight))


@dataclass(frozen=True)
class RiskGroup:
    """People of similar risk: what was predicted and what was seen."""

    rows: int
    mean_risk: float
    observed: Estimate


def risk_groups(
    observed: Observed, risk: npt.ArrayLike, *, groups: int = GROUPS
) -> tuple[RiskGroup, ...]:
    """Predicted and observed risk by tenth of risk; equal risks stay together.

    Neighbouring groups are joined until each may be published (see
    :func:`riskstrat.evaluation.disclosure.is_small`).

    Parameters
    ----------
    observed : Observed
        n rows.
    risk : array-like, shape (n,)
    groups : int
    """
    values = np.asarray(risk, dtype=np.float64)
    inner = np.quantile(values, np.arange(1, groups) / groups)
    number = np.searchsorted(np.unique(inner), values, side="left")
    people = _people_by_group(number, observed)
    events = np.bincount(number, weights=observed.event * (observed.weight > 0))
    joined = merge_small(people, events.astype(np.int64))[number]
    return tuple(_group(observed.take(rows), values[rows]) for rows in _masks(joined))


def _masks(labels: npt.NDArray[np.int64]) -> list[npt.NDArray[np.bool_]]:
    return [labels == label for label in np.unique(labels)]


def _people_by_group(number: npt.NDArray[np.intp], observed: Observed) -> npt.NDArray[np.int64]:
    followed = observed.weight > 0
    pairs = np.unique(np.column_stack([number[followed], observed.patient[followed]]), axis=0)
    return np.bincount(pairs[:, 0], minlength=int(number.max()) + 1)


def _group(observed: Observed, risk: Floats) -> RiskGroup:
    mean = float(np.average(risk, weights=observed.weight)) if observed.weight.any() else np.nan
    return RiskGroup(len(observed), mean, proportion(observed))


def _knots(x: Floats, mass: Floats) -> Floats:
    order = np.argsort(x, kind="stable")
    reached = np.cumsum(mass[order])
    for quantiles in KNOT_QUANTILES:
        positions = np.searchsorted(reached, np.asarray(quantiles) * reached[-1])
        knots = np.asarray(x[order][np.minimum(positions, len(x) - 1)])
        if len(np.unique(knots)) == len(quantiles):
            return knots
    return np.empty(0)


def _basis(x: Floats, knots: Floats) -> Floats:
    """Intercept, linear term and Harrell's restricted cubic terms; shape (n, max(2, k))."""
    columns = [np.ones_like(x), x]
    if len(knots):
        before, last = knots[-2], knots[-1]
        scale = (last - knots[0]) ** 2
        for knot in knots[:-2]:
            term = _cubed(x - knot)
            term -= _cubed(x - before) * (last - knot) / (last - before)
            term += _cubed(x - last) * (before - knot) / (last - before)
            columns.append(term / scale)
    return np.column_stack(columns)


def _cubed(x: Floats) -> Floats:
    return np.asarray(np.maximum(x, 0.0) ** 3)
