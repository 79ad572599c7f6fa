"""Estimates with intervals that allow for weights and for several rows per person.

Variances are linearised (Taylor series) and summed by person, as for a one-stage cluster sample.

References
----------
Binder DA. On the variances of asymptotically normal estimators from complex surveys. International
Statistical Review 1983;51:279-292.
Korn EL, Graubard BI. Confidence intervals for proportions with small expected number of positive
counts estimated from survey data. Survey Methodology 1998;24:193-201 (effective sample size).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from riskstrat.evaluation.observed import Floats, Ints, Observed

__all__ = [
    "LEVEL",
    "Estimate",
    "adjusted_level",
    "cluster_variance",
    "normal_interval",
    "percentile_interval",
    "proportion",
    "z_value",
]

LEVEL = 0.95
"""Confidence level of every interval that is not adjusted for the number of subgroups."""

NOWHERE = float("nan")


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; NaN where it cannot be estimated."""

    value: float
    low: float = NOWHERE
    high: float = NOWHERE


def z_value(level: float = LEVEL) -> float:
    """Two-sided normal quantile.

    Examples
    --------
    >>> round(z_value(0.95), 4)
    1.96
    """
    return NormalDist().inv_cdf(0.5 + level / 2)


def adjusted_level(groups: int, level: float = LEVEL) -> float:
    """Level of each of `groups` intervals so that all hold together at `level` (Bonferroni).

    Examples
    --------
    >>> round(adjusted_level(10), 6)
    0.995
    """
    return 1.0 - (1.0 - level) / max(groups, 1)


def cluster_variance(influence: Floats, patient: Ints) -> float:
    """Variance of a sum of influences that are independent between people only.

    Parameters
    ----------
    influence : ndarray, shape (n,)
        Each row's contribution to the linearised estimate.
    patient : ndarray of int, shape (n,)
    """
    sums = np.bincount(patient, weights=influence)
    people = len(sums)
    return float(sums @ sums * people / (people - 1)) if people > 1 else NOWHERE


def normal_interval(value: float, variance: float, level: float = LEVEL) -> Estimate:
    """`value` plus and minus its standard error times the normal quantile."""
    reach = z_value(level) * float(np.sqrt(variance))
    return Estimate(value, value - reach, value + reach)


def percentile_interval(value: float, replicates: Floats, level: float = LEVEL) -> Estimate:
    """Percentile bootstrap interval (Efron and Tibshirani 1993, chapter 13).

    Replicates in which the figure does not exist (no event was drawn) are left out.
    """
    kept = replicates[np.isfinite(replicates)]
    if len(kept) == 0:
        return Estimate(value)
    low, high = np.quantile(kept, [0.5 - level / 2, 0.5 + level / 2])
    return Estimate(value, float(low), float(high))


def proportion(observed: Observed, level: float = LEVEL) -> Estimate:
    """Weighted share of rows with the event, with a Wilson interval on the effective sample size.

    Parameters
    ----------
    observed : Observed
    level : float

    Returns
    -------
    Estimate
        In [0, 1]; Wilson's interval itself when all weights are 1 and everyone has one row.

    References
    ----------
    Wilson EB. Probable inference, the law of succession, and statistical inference. JASA
    1927;22:209-212. Korn and Graubard 1998 for the effective sample size.
    """
    rate = observed.rate
    if np.isnan(rate):
        return Estimate(rate)
    share = observed.weight / observed.weight.sum()
    sums = np.bincount(observed.patient, weights=share * (observed.event - rate))
    variance = float(sums @ sums)
    by_weights = 1.0 / float(share @ share)
    size = rate * (1 - rate) / variance if variance > 0 else by_weights
    return _wilson(rate, size, level)


def _wilson(rate: float, size: float, level: float) -> Estimate:
    z2 = z_value(level) ** 2
    centre = (rate + z2 / (2 * size)) / (1 + z2 / size)
    reach = np.sqrt(z2 * (rate * (1 - rate) + z2 / (4 * size)) / size) / (1 + z2 / size)
    low, high = max(centre - reach, 0.0), min(centre + reach, 1.0)
    return Estimate(rate, float(min(low, rate)), float(max(high, rate)))
