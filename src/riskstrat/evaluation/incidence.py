"""Cumulative incidence with competing events by Aalen and Johansen: the other way to a rate.

Rates of the report are weighted (inverse probability of still being followed, by age, year and
practice). With one stratum both ways are the same number (Satten and Datta 2001), so that a gap
between them says how much the weights' strata, or their cap, matter.

References
----------
Aalen OO, Johansen S. An empirical transition matrix for non-homogeneous Markov chains based on
censored observations. Scandinavian Journal of Statistics 1978;5:141-150.
Satten GA, Datta S. The Kaplan-Meier estimator as an inverse-probability-of-censoring weighted
average. The American Statistician 2001;55:207-210.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["cumulative_incidence"]


def cumulative_incidence(days: npt.ArrayLike, cause: npt.ArrayLike, of: int, *, left: int) -> float:
    """Probability of having the event `of` first by the end of follow-up.

    Parameters
    ----------
    days : array-like of int, shape (n,)
        Last day of follow-up of each row, at least 0.
    cause : array-like of int, shape (n,)
        What ended it: a code of an event, or 0 when nothing did until the end of the window.
    of : int
        Code of the event.
    left : int
        Code of rows that were lost. Events come before leaving on the same day, as in the cohort.

    Returns
    -------
    float
        In [0, 1]; NaN without rows. People at risk on a day are all who were followed up to it.

    Examples
    --------
    >>> round(cumulative_incidence([3, 5, 9, 9], [1, -1, 1, 0], 1, left=-1), 3)
    0.625
    """
    last, code = np.asarray(days, dtype=np.int64), np.asarray(cause)
    if len(last) == 0:
        return float("nan")
    size = int(last.max()) + 1
    at_risk = np.cumsum(np.bincount(last, minlength=size)[::-1])[::-1]
    events = np.bincount(last[(code != 0) & (code != left)], minlength=size)
    wanted = np.bincount(last[code == of], minlength=size)
    free = np.concatenate([[1.0], np.cumprod(1 - events / at_risk)[:-1]])
    return float(free @ (wanted / at_risk))
