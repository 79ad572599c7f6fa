"""How well a score ranks people who are admitted above people who are not.

References
----------
Hanley JA, McNeil BJ. The meaning and use of the area under a receiver operating characteristic
curve. Radiology 1982;143:29-36.
Blanche P, Dartigues JF, Jacqmin-Gadda H. Estimating and comparing time-dependent areas under
receiver operating characteristic curves for censored event times with competing risks. Statistics
in Medicine 2013;32:5381-5397 (weights 1/G; a death without admission is a control, definition B).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.errors import UsageError
from riskstrat.evaluation.observed import Floats, Ints, Observed

__all__ = [
    "RankedScore",
    "auroc",
    "average_precision",
    "precision_recall_curve",
    "roc_curve",
]

CURVE_POINTS = 101
"""Points of a drawn curve: a fixed grid, so that no step of a curve stands for one person."""


@dataclass(frozen=True)
class RankedScore:
    """A score sorted once, highest first, so that any reweighting is judged in O(n).

    Parameters
    ----------
    positive, negative : ndarray, shape (m,)
        Weight of each row with and without the event, in descending order of the score; rows
        that weigh nothing are left out.
    patient : ndarray of int, shape (m,)
        Person of each of these rows.
    starts : ndarray of int or None
        First position of each run of equal scores; None when all scores differ.
    """

    positive: Floats
    negative: Floats
    patient: Ints
    starts: Ints | None

    @classmethod
    def of(cls, observed: Observed, score: npt.ArrayLike) -> RankedScore:
        """Sort a score; a missing score (NaN) ranks below every other.

        Raises
        ------
        UsageError
            When there is not one score per row.
        """
        values = np.asarray(score, dtype=np.float64)
        if len(values) != len(observed):
            raise UsageError(
                f"expected one score per row, but there are {len(values):,} scores for "
                f"{len(observed):,} rows."
            )
        ranked = np.where(np.isnan(values), -np.inf, values)
        order = np.argsort(-ranked, kind="stable")
        order = order[observed.weight[order] > 0]
        ordered = ranked[order]
        first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        weight, event = observed.weight[order], observed.event[order]
        starts = None if len(first) == len(ordered) else first
        return cls(weight * event, weight * (1 - event), observed.patient[order], starts)

    def groups(self, counts: Floats | None = None) -> tuple[Floats, Floats]:
        """Weight with and without the event per distinct score, highest first.

        Parameters
        ----------
        counts : ndarray, shape (people,), optional
            How often each person was drawn; all once when not given.
        """
        positive, negative = self.positive, self.negative
        if counts is not None:
            times = counts[self.patient]
            positive, negative = positive * times, negative * times
        if self.starts is None or len(positive) == 0:
            return positive, negative
        return np.add.reduceat(positive, self.starts), np.add.reduceat(negative, self.starts)

    def areas(self, counts: Floats | None = None) -> tuple[float, float]:
        """AUROC and average precision; NaN where there is no event or no non-event."""
        positive, negative = self.groups(counts)
        found, others = np.cumsum(positive), np.cumsum(negative)
        admitted = float(found[-1]) if len(found) else 0.0
        rest = float(others[-1]) if len(others) else 0.0
        if admitted <= 0:
            return float("nan"), float("nan")
        listed = found + others
        precision = np.divide(found, listed, out=np.zeros_like(found), where=listed > 0)
        area = float(positive @ precision) / admitted
        if rest <= 0:
            return float("nan"), area
        below = rest - others + negative / 2
        return float(positive @ below) / (admitted * rest), area


def auroc(event: npt.ArrayLike, score: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Probability that a random admitted person scores above a random other one.

    Parameters
    ----------
    event : array-like of 0/1, shape (n,)
    score : array-like of float, shape (n,)
        Higher means more likely; ties count one half; NaN ranks lowest.
    weight : array-like of float, shape (n,), optional
        Inverse-probability-of-censoring weights.

    Returns
    -------
    float
        In [0, 1]; NaN when all or none have the event.

    Examples
    --------
    >>> auroc([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])
    0.875
    """
    return RankedScore.of(Observed.of(event, weight), score).areas()[0]


def average_precision(
    event: npt.ArrayLike, score: npt.ArrayLike, weight: npt.ArrayLike | None = None
) -> float:
    """Mean precision over the people found, going down the list, step by step.

    Parameters
    ----------
    event, score, weight : array-like, shape (n,)
        As in :func:`auroc`. A useless score gives the rate of the event, not 0.5.

    Examples
    --------
    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 3)
    0.833
    """
    return RankedScore.of(Observed.of(event, weight), score).areas()[1]


def roc_curve(ranked: RankedScore) -> tuple[Floats, Floats]:
    """False-positive share (fixed grid) and true-positive share, each of shape (101,)."""
    positive, negative = ranked.groups()
    found = np.concatenate([[0.0], np.cumsum(positive)]) / positive.sum()
    wrong = np.concatenate([[0.0], np.cumsum(negative)]) / negative.sum()
    grid = np.linspace(0.0, 1.0, CURVE_POINTS)
    return grid, np.interp(grid, wrong, found)


def precision_recall_curve(ranked: RankedScore) -> tuple[Floats, Floats]:
    """Recall (fixed grid, from 1 %) and precision when the list is just long enough for it."""
    positive, negative = ranked.groups()
    found, others = np.cumsum(positive), np.cumsum(negative)
    grid = np.linspace(0.0, 1.0, CURVE_POINTS)[1:]
    reached = np.searchsorted(found, grid * found[-1] * (1 - 1e-12))
    reached = np.minimum(reached, len(found) - 1)
    return grid, found[reached] / (found[reached] + others[reached])
