"""People who leave the linked area: inverse-probability-of-censoring weights.

Rows that leave before an event weigh 0, all others 1/G(day of the event or end of the window), with
G the Kaplan-Meier estimate of not having left, by age band, index year and practice. The same
weights are used in training, calibration and every figure of the evaluation.

References
----------
Robins JM, Finkelstein DM. Correcting for noncompliance and dependent censoring in an AIDS clinical
trial with inverse probability of censoring weighted log-rank tests. Biometrics 2000;56:779-788.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskstrat.cohort.bands import age_band
from riskstrat.cohort.outcome import CENSORED

__all__ = ["MINIMUM_STRATUM", "WEIGHT_CAP", "Censoring", "censoring_weights", "staying"]

WEIGHT_CAP = 5.0
"""Largest weight of a row: a few rows must not stand for many. The number capped is reported."""

MINIMUM_STRATUM = 500
"""Rows below which a stratum is merged with the other small ones: first over practices, then over
years, then over age bands."""


@dataclass(frozen=True)
class Censoring:
    """How leaving was handled, as counts."""

    policy: str
    left: int
    capped: int
    cap: float = WEIGHT_CAP


def censoring_weights(rows: pd.DataFrame, policy: str) -> tuple[np.ndarray, Censoring]:
    """A weight per row.

    Parameters
    ----------
    rows : DataFrame
        With ``outcome``, ``follow_up_days``, ``age``, ``index_date`` and ``practice_code``.
    policy : str
        ``"ipcw"``, or ``"exclude"`` (leavers weigh 0, everyone else 1: for sensitivity only).

    Returns
    -------
    weights : ndarray of float64, shape (n,)
    censoring : Censoring
    """
    left = (rows["outcome"] == CENSORED).to_numpy()
    weights = np.where(left, 0.0, 1.0)
    if policy == "ipcw" and left.any():
        for positions in _strata(rows):
            days = rows["follow_up_days"].to_numpy()[positions]
            weights[positions] /= staying(days, left[positions])
    capped = int((weights > WEIGHT_CAP).sum())
    return np.minimum(weights, WEIGHT_CAP), Censoring(policy, int(left.sum()), capped)


def staying(days: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Kaplan-Meier probability of not having left before each row's own last day.

    Parameters
    ----------
    days : ndarray of int, shape (n,)
        Last day of follow-up of each row.
    left : ndarray of bool, shape (n,)
        Whether the row ended by leaving. Events come before leaving on the same day.

    Returns
    -------
    ndarray of float64, shape (n,)
        In (0, 1] for rows that did not leave.

    Examples
    --------
    >>> staying(np.array([10, 3, 10, 10]), np.array([False, True, False, False])).round(3)
    array([0.75, 1.  , 0.75, 0.75])
    """
    last = int(days.max()) + 1
    leavers = np.bincount(days[left], minlength=last)
    ended = np.bincount(days, minlength=last)
    at_risk = len(days) - np.concatenate([[0], np.cumsum(ended)[:-1]]) - (ended - leavers)
    factors = 1.0 - leavers / np.maximum(at_risk, 1)
    before = np.concatenate([[1.0], np.cumprod(factors)[:-1]])
    return np.asarray(np.where(left, 1.0, before[days]))


def _strata(rows: pd.DataFrame) -> list[np.ndarray]:
    """Positions of the rows of each stratum; every row is in exactly one."""
    keys = pd.DataFrame(
        {
            "age": age_band(rows["age"]).codes,
            "year": rows["index_date"].dt.year.to_numpy(),
            "practice": rows["practice_code"].astype("object").fillna("").to_numpy(),
        }
    )
    strata = []
    for level in (["age", "year", "practice"], ["age", "year"], ["age"]):
        for _, group in keys.groupby(level, sort=True):
            if len(group) >= MINIMUM_STRATUM:
                strata.append(group.index.to_numpy())
                keys = keys.drop(group.index)
    return [*strata, keys.index.to_numpy()] if len(keys) else strata
