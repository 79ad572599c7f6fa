"""How many rows a regression on so many parameters needs: the criteria of Riley and others.

They are for regression. Boosted trees need more, often many times more (van der Ploeg, Austin,
Steyerberg, BMC Medical Research Methodology 2014;14:137): for them the result is a lower bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

__all__ = [
    "SampleSize",
    "cox_snell_of_auroc",
    "highest_cox_snell",
    "sample_size",
    "sample_size_note",
]

SHRINKAGE = 0.9
"""Least expected uniform shrinkage: at most a tenth of overfitting (criterion 1)."""

OPTIMISM = 0.05
"""Most optimism in Nagelkerke's R squared (criterion 2)."""

MARGIN = 0.05
"""Margin of error of the overall risk, as a probability (criterion 3)."""

NAGELKERKE = 0.15
"""Share of the highest R squared to expect where nothing better is known (Riley 2020)."""

_NORMAL_975 = 1.96
"""As in the paper, so that its example comes out to the row."""


@dataclass(frozen=True)
class SampleSize:
    """What is needed, rounded up.

    Parameters
    ----------
    shrinkage_rows, optimism_rows, margin_rows : int
        Fewest rows by each criterion.
    rows : int
        The largest of the three.
    events : float
        Rows with the outcome among them.
    events_per_parameter : float
    r_squared : float
        Cox and Snell's, that was expected.
    """

    shrinkage_rows: int
    optimism_rows: int
    margin_rows: int
    rows: int
    events: float
    events_per_parameter: float
    r_squared: float


def highest_cox_snell(prevalence: float) -> float:
    """The highest R squared of Cox and Snell that a model can have at a rate of the outcome.

    Examples
    --------
    >>> round(highest_cox_snell(0.05), 2)
    0.33
    """
    log_likelihood = prevalence * math.log(prevalence) + (1 - prevalence) * math.log1p(-prevalence)
    return 1.0 - math.exp(2.0 * log_likelihood)


def cox_snell_of_auroc(auroc: float, prevalence: float) -> float:
    """R squared of Cox and Snell of a model with this AUROC.

    Parameters
    ----------
    auroc : float
        Above 0.5 and below 1.
    prevalence : float
        Rate of the outcome, above 0 and below 1.

    Notes
    -----
    The linear predictor is taken as normal in people with and without the outcome, with one spread,
    as Riley and others do by drawing a sample [1]_; then the log-odds are linear in it, and the
    likelihood ratio is an integral, taken here on a fine grid.

    References
    ----------
    .. [1] Riley RD, Van Calster B, Collins GS. A note on estimating the Cox-Snell R2 from a
       reported C statistic to inform sample size calculations for developing a prediction model
       with a binary outcome. Statistics in Medicine 2021;40:859-864.

    Examples
    --------
    >>> round(cox_snell_of_auroc(0.89, 0.174), 2)
    0.29
    """
    if not (0.5 < auroc < 1 and 0 < prevalence < 1):  # noqa: PLR2004 - chance
        raise ValueError("expected an AUROC above 0.5 and below 1, and a rate in (0, 1)")
    distance = math.sqrt(2.0) * float(ndtri(auroc))
    z = np.linspace(-12.0, 12.0 + distance, 200_001)
    without = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    within = np.exp(-0.5 * (z - distance) ** 2) / math.sqrt(2.0 * math.pi)
    odds = math.log(prevalence) - math.log1p(-prevalence) + distance * z - 0.5 * distance**2
    density = prevalence * within * np.log(expit(odds))
    density += (1 - prevalence) * without * np.log(expit(-odds))
    model = float(np.trapezoid(density, z))
    null = prevalence * math.log(prevalence) + (1 - prevalence) * math.log1p(-prevalence)
    return 1.0 - math.exp(-2.0 * (model - null))


def sample_size(
    parameters: int, prevalence: float, *, r_squared: float | None = None
) -> SampleSize:
    """Fewest rows to develop a logistic regression on; for boosted trees only a lower bound.

    Parameters
    ----------
    parameters : int
        Candidate predictor parameters, at least 1: coefficients, not features.
    prevalence : float
        Rate of the outcome, above 0 and below 1.
    r_squared : float, optional
        Cox and Snell's, that may be expected of the model, such as :func:`cox_snell_of_auroc` of a
        published one; 15 % of the highest when not given.

    Notes
    -----
    Rows of one person are taken as if they were of different people; where people have several, the
    need is higher.

    References
    ----------
    .. [1] Riley RD, Ensor J, Snell KIE, et al. Calculating the sample size required for developing
       a clinical prediction model. BMJ 2020;368:m441 (criteria, formulas and the example).
    .. [2] Riley RD, Snell KIE, Ensor J, et al. Minimum sample size for developing a multivariable
       prediction model: PART II. Statistics in Medicine 2019;38:1276-1296.

    Examples
    --------
    >>> needed = sample_size(30, 0.05)
    >>> needed.margin_rows
    73
    """
    if parameters < 1 or not 0 < prevalence < 1:
        raise ValueError("expected at least one parameter, and a rate above 0 and below 1")
    highest = highest_cox_snell(prevalence)
    if r_squared is None:
        r_squared = NAGELKERKE * highest
    if not 0 < r_squared < highest:
        raise ValueError("expected an R squared above 0 and below the highest at this rate")
    shrinkage = _rows_for(parameters, r_squared, SHRINKAGE)
    optimism = _rows_for(parameters, r_squared, r_squared / (r_squared + OPTIMISM * highest))
    margin = math.ceil((_NORMAL_975 / MARGIN) ** 2 * prevalence * (1 - prevalence))
    rows = max(shrinkage, optimism, margin)
    events = rows * prevalence
    return SampleSize(shrinkage, optimism, margin, rows, events, events / parameters, r_squared)


def _rows_for(parameters: int, r_squared: float, shrinkage: float) -> int:
    """Rows at which this shrinkage is expected (Riley 2019, equation for a binary outcome)."""
    return math.ceil(parameters / ((shrinkage - 1.0) * math.log(1.0 - r_squared / shrinkage)))


def sample_size_note(
    parameters: int, outcome: NDArray[np.bool_], weight: NDArray[np.float64]
) -> dict[str, Any] | None:
    """What a regression with so many parameters would need on these rows; None without any.

    Numbers and a rate to three figures only: nothing from which a count could be worked out.

    Parameters
    ----------
    parameters : int
    outcome : ndarray of bool, shape (n,)
    weight : ndarray of float, shape (n,)
    """
    if not parameters:
        return None
    prevalence = float(np.average(outcome, weights=weight))
    needed = sample_size(parameters, prevalence)
    return {
        "for": "a regression; boosted trees need more",
        "parameters": parameters,
        "rate_of_the_outcome": float(f"{prevalence:.3g}"),
        "r_squared_expected": round(needed.r_squared, 4),
        "rows_needed": needed.rows,
        "events_per_parameter_needed": round(needed.events_per_parameter, 1),
        "is_enough": outcome.size >= needed.rows,
    }
