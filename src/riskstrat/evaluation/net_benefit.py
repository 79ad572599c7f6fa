"""Whether acting above a threshold does more good than acting for all or for nobody.

References
----------
Vickers AJ, Elkin EB. Decision curve analysis: a novel method for evaluating prediction models.
Medical Decision Making 2006;26:565-574.
Vickers AJ, Van Calster B, Steyerberg EW. Net benefit approaches to the evaluation of prediction
models, molecular markers, and diagnostic tests. BMJ 2016;352:i6.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskstrat.errors import UsageError
from riskstrat.evaluation.observed import Floats, Observed

__all__ = ["THRESHOLDS", "net_benefit", "net_benefit_of_all"]

THRESHOLDS: Floats = np.arange(1, 61) / 100
"""Threshold probabilities of the curve: a review for one admission in 100 up to 6 in 10."""


def net_benefit(
    observed: Observed, risk: npt.ArrayLike, thresholds: npt.ArrayLike = THRESHOLDS
) -> Floats:
    """Net benefit per person of acting where the risk reaches each threshold probability.

    It is TP/n - FP/n x t/(1 - t): admissions among those acted on, less the others acted on at the
    exchange rate the threshold stands for, as a share of everybody, weighted.

    Parameters
    ----------
    observed : Observed
        n rows.
    risk : array-like, shape (n,)
    thresholds : array-like, shape (m,)
        In (0, 1).

    Returns
    -------
    ndarray, shape (m,)
        Acting for nobody has net benefit 0.

    Raises
    ------
    UsageError
        When a threshold is not between 0 and 1.

    Examples
    --------
    >>> observed = Observed.of([1, 0, 1, 0, 0])
    >>> net_benefit(observed, [0.9, 0.6, 0.3, 0.2, 0.1], [0.25]).round(4)
    array([0.3333])
    """
    odds = _odds(thresholds)
    values = np.asarray(risk, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    total = observed.weight.sum()
    hits = _from_top(observed.weight * observed.event, order)
    misses = _from_top(observed.weight * (1 - observed.event), order)
    first = np.searchsorted(values[order], np.asarray(thresholds, dtype=np.float64), side="left")
    return np.asarray((hits[first] - misses[first] * odds) / total)


def net_benefit_of_all(observed: Observed, thresholds: npt.ArrayLike = THRESHOLDS) -> Floats:
    """Net benefit of acting for everybody, shape (m,)."""
    return np.asarray(observed.rate - (1 - observed.rate) * _odds(thresholds))


def _from_top(weights: Floats, order: npt.NDArray[np.intp]) -> Floats:
    """Weight at and above each position of the ascending order; 0 beyond the last."""
    return np.concatenate([np.cumsum(weights[order][::-1])[::-1], [0.0]])


def _odds(thresholds: npt.ArrayLike) -> Floats:
    t = np.asarray(thresholds, dtype=np.float64)
    if not ((t > 0) & (t < 1)).all():
        raise UsageError("expected threshold probabilities between 0 and 1, both excluded.")
    return np.asarray(t / (1 - t))
