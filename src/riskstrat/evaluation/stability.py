"""How much of a list stays the same when the model is fitted again on other people like those.

Two models of the same quality may list different people: who is reviewed then depends on chance.
The model is fitted again on bootstrap samples of the people in development, and each refit makes
its own list of the same length.

References
----------
Riley RD, Collins GS. Stability of clinical prediction models developed using statistical or machine
learning methods. Biometrical Journal 2023;65:2200302.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.errors import UsageError
from riskstrat.evaluation.workload import listed

__all__ = ["ListStability", "list_stability"]


@dataclass(frozen=True)
class ListStability:
    """How far refits agree with the list at one length.

    Parameters
    ----------
    capacity : float
        As in :func:`riskstrat.evaluation.listed`.
    refits : int
    in_common : float
        Share of the places that go to the same people, averaged over the refits.
    lowest : float
        The least share of any refit.
    always : float
        Share of the places whose people are on the list of every refit.
    """

    capacity: float
    refits: int
    in_common: float
    lowest: float
    always: float


def list_stability(
    score: npt.ArrayLike,
    scores_by_refit: Sequence[npt.ArrayLike],
    keys: pd.DataFrame,
    capacity: float,
    *,
    pooled: bool = False,
) -> ListStability:
    """Compare the lists of refits with the list of the model itself.

    Parameters
    ----------
    score : array-like, shape (n,)
        The model's own, in any unit that ranks.
    scores_by_refit : sequence of array-like, each of shape (n,)
        Of models fitted on bootstrap samples, on the same rows.
    keys : DataFrame
        ``patient_id`` and ``index_date`` of each row.
    capacity : float
        A share of the people at each index date, or a number of people.
    pooled : bool
        One list over all rows.

    Raises
    ------
    UsageError
        When there is no refit.

    Examples
    --------
    >>> keys = pd.DataFrame({"patient_id": list("abcd"), "index_date": pd.Timestamp("2024-01-01")})
    >>> list_stability([4, 3, 2, 1], [[4, 3, 2, 1], [4, 1, 3, 2]], keys, 2).in_common
    0.75
    """
    if not scores_by_refit:
        raise UsageError("expected the scores of at least one refit.")
    own = listed(score, keys, capacity, pooled=pooled)
    again = np.array([listed(one, keys, capacity, pooled=pooled)[own] for one in scores_by_refit])
    shares = again.mean(axis=1)
    return ListStability(
        capacity,
        len(again),
        in_common=float(shares.mean()),
        lowest=float(shares.min()),
        always=float(again.all(axis=0).mean()),
    )
