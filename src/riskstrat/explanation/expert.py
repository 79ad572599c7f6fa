"""Contributions in percentage points, for the expert view.

Contributions add up in log-odds; a risk does not. The distance of a person's risk from the baseline
risk is therefore shared out in proportion to the contributions::

    share of feature i = contribution i / sum of contributions * (risk - baseline risk)

The shares of a row add up to its risk minus the baseline risk exactly. Each has the sign of its
contribution, and their order is that of the contributions. A share is not what the risk would be
without the fact: that depends on everything else that is known.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import expit, exprel

__all__ = ["percentage_points"]

PER_CENT = 100.0


def percentage_points(
    contributions: npt.ArrayLike, baseline: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Each contribution's share of the distance from the baseline risk, in percentage points.

    Parameters
    ----------
    contributions : array, shape (n, p)
        Of features or groups; with the baseline a row sums to the log-odds of the risk.
    baseline : float or array, shape (n,)
        Log-odds.

    Returns
    -------
    ndarray of float64, shape (n, p)
        A row sums to ``100 * (risk - baseline risk)``. Where the contributions sum to 0, the limit:
        each contribution times the slope of the risk at the baseline.

    Raises
    ------
    ValueError
        When the contributions are no table, or the baseline is not one number or one per row.

    Examples
    --------
    >>> percentage_points([[1.0, 0.5, -0.5]], -2.0).round(2)
    array([[14.97,  7.49, -7.49]])
    """
    given = np.asarray(contributions, dtype=np.float64)
    start = np.asarray(baseline, dtype=np.float64)
    if given.ndim != 2 or start.shape not in {(), (len(given),)}:  # noqa: PLR2004 - rows, columns
        raise ValueError("expected contributions by row and column, and one baseline or one a row")
    total = given.sum(axis=1)
    # expit(start + total) - expit(start) = total * exprel(total) * expit(start) * expit(-end),
    # without dividing by a total near 0
    rate = exprel(total) * expit(start) * expit(-(start + total))
    return np.asarray(PER_CENT * given * rate[:, None], dtype=np.float64)
