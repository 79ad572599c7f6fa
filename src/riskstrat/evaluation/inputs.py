"""What the features themselves give away: one too strong, known for cases only, drifted, silent.

References
----------
Kaufman S, Rosset S, Perlich C, Stitelman O. Leakage in data mining: formulation, detection, and
avoidance. ACM Transactions on Knowledge Discovery from Data 2012;6:15 (a single feature that
predicts too well is the first thing to look for).
Siddiqi N. Intelligent credit scoring, 2nd ed. Wiley 2017 (population stability index).
Yurdakul B, Naranjo J. Statistical properties of the population stability index. Journal of Risk
Model Validation 2020;14(4) (its spread by chance).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from riskstrat.cohort import ADMITTED, CENSORED, DIED
from riskstrat.evaluation.discrimination import RankedScore
from riskstrat.evaluation.judged import Judged
from riskstrat.evaluation.observed import Floats, Observed
from riskstrat.training.reference import bin_counts

if TYPE_CHECKING:
    from riskstrat.features import FeatureMatrix

__all__ = ["by_chance", "drift_section", "input_section", "population_stability_index"]

MOST_ROWS = 100_000
"""Rows that single features are ranked on, evenly spaced: the standard error of an AUROC is then
below 0.003 at a rate of one in ten (Hanley and McNeil 1982), and hundreds of features take
seconds."""

MOST_NAMED = 10
"""Features that a section names at most."""

FEWEST_PRESENT = 30
"""Rows with a feature from which the share with an event is judged (all 30 of 30 have a 95 %
interval from 89 %)."""

ONLY_CASES = 0.95
"""Share admitted or dead among people with a feature from which it looks written afterwards. People
on a palliative care register, the gravest single fact known in time, reach eight or nine in ten."""

NOT_RARE = 0.5
"""Rate of admission or death from which even an innocent feature can reach :data:`ONLY_CASES`."""

CHANCE_LEVEL = 0.999
"""A drift that chance alone would pass once in a thousand features is not told."""


def input_section(judged: Judged, matrix: FeatureMatrix) -> dict[str, Any]:
    """Every figure about single features.

    Parameters
    ----------
    judged : Judged
        n rows.
    matrix : FeatureMatrix
        The same rows.

    Returns
    -------
    dict
        ``strongest``: the features that rank best by themselves, with the model on the same rows;
        ``only_cases``: features nearly all of whose holders were admitted or died.
    """
    labels = [feature.label for feature in matrix.features]
    step = max(1, -(-len(matrix) // MOST_ROWS))
    few = np.zeros(len(matrix), dtype=bool)
    few[::step] = True
    observed = judged.observed.take(few)
    alone = {
        label: _either_way(observed, matrix.values[::step, place])
        for place, label in enumerate(labels)
    }
    known = {label: value for label, value in alone.items() if not np.isnan(value)}
    best = sorted(known, key=lambda label: -known[label])[:MOST_NAMED]
    return {
        "features": len(labels),
        "model": RankedScore.of(observed, judged.model.values[few]).areas()[0],
        "strongest": [{"feature": label, "auroc": known[label]} for label in best],
        "only_cases": _only_cases(judged, matrix),
    }


def _either_way(observed: Observed, values: npt.NDArray[np.float32]) -> float:
    """AUROC of a feature, whichever way it points; missing values rank lowest."""
    area = RankedScore.of(observed, values).areas()[0]
    return max(area, 1 - area)


def _only_cases(judged: Judged, matrix: FeatureMatrix) -> list[str]:
    """Features nearly all of whose holders (neither missing nor 0) were admitted or died.

    Death counts too: a death code, or a place of death, is known of those who died, admitted or
    not. It says nothing where admission or death is not rare.
    """
    followed = judged.outcome != CENSORED
    happened = np.isin(judged.outcome, (ADMITTED, DIED)) & followed
    if happened.sum() >= NOT_RARE * followed.sum():
        return []
    found = []
    for place, feature in enumerate(matrix.features):
        values = matrix.values[:, place]
        present = ~np.isnan(values) & (values != 0) & followed
        rows = int(present.sum())
        if rows >= FEWEST_PRESENT and (present & happened).sum() >= ONLY_CASES * rows:
            found.append(feature.label)
    return found


def drift_section(
    reference: Sequence[Mapping[str, Any]], matrix: FeatureMatrix
) -> list[dict[str, Any]]:
    """Population stability index of each feature the model kept counts of, the highest first.

    Parameters
    ----------
    reference : sequence of mapping
        From :func:`riskstrat.training.reference.reference_counts`.
    matrix : FeatureMatrix
        Rows that are judged.
    """
    labels = {feature.name: feature.label for feature in matrix.features}
    found: list[dict[str, Any]] = []
    for one in reference:
        values = matrix.values[:, matrix.names.index(one["feature"])]
        then, now = one["rows"], bin_counts(values, one["edges"])
        found.append(
            {
                "feature": labels[one["feature"]],
                "stability_index": population_stability_index(then, now),
                "by_chance": by_chance(then, now),
            }
        )
    return sorted(found, key=lambda row: -row["stability_index"])[:MOST_NAMED]


def population_stability_index(then: npt.ArrayLike, now: npt.ArrayLike) -> float:
    """Sum over bins of (q - p) log(q / p), p and q the shares then and now.

    Half a row is added to every bin, so that an empty one has a logarithm; bins that are empty both
    times do not count.

    Parameters
    ----------
    then, now : array-like of int, shape (bins,)

    Returns
    -------
    float
        At least 0. Below 0.1 no change to speak of, above 0.25 a marked one (Siddiqi 2017).

    Examples
    --------
    >>> round(population_stability_index([500, 500], [400, 600]), 3)
    0.04
    """
    before, after = _filled(then, now)
    p, q = (before + 0.5) / (before + 0.5).sum(), (after + 0.5) / (after + 0.5).sum()
    return float((q - p) @ np.log(q / p))


def by_chance(then: npt.ArrayLike, now: npt.ArrayLike) -> float:
    """The index that samples of one population pass once in a thousand (Yurdakul and Naranjo)."""
    before, after = _filled(then, now)
    if min(before.sum(), after.sum()) == 0:
        return float("inf")
    bins = max(len(before) - 1, 1)
    return float(chi2.ppf(CHANCE_LEVEL, bins) * (1 / before.sum() + 1 / after.sum()))


def _filled(then: npt.ArrayLike, now: npt.ArrayLike) -> tuple[Floats, Floats]:
    before, after = np.asarray(then, dtype=np.float64), np.asarray(now, dtype=np.float64)
    filled = (before > 0) | (after > 0)
    return before[filled], after[filled]
