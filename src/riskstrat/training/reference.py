"""How the values of the most used features were spread at development: counts, nothing else.

An evaluation counts the same bins and says which features have moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import lightgbm as lgb

    from riskstrat.features import FeatureMatrix

__all__ = ["BINS", "MOST_FEATURES", "bin_counts", "reference_counts"]

BINS = 10
"""Bins of a feature, as in the usual population stability index (Siddiqi 2017)."""

MOST_FEATURES = 40
"""Features that are kept: those with the highest gain. Others hardly move a risk when they drift,
and each costs a line in the artefact."""

FEWEST_ROWS = 10
"""Rows a bin holds at least: no number in the artefact stands for a few people."""


def reference_counts(matrix: FeatureMatrix, booster: lgb.Booster) -> list[dict[str, Any]]:
    """Bins of the features with the highest gain, and how many development rows each holds.

    Parameters
    ----------
    matrix : FeatureMatrix
        Development rows.
    booster : lightgbm.Booster
        The model of admission.

    Returns
    -------
    list of dict
        ``feature``, ``edges`` (a value belongs to the first edge it does not exceed, and above the
        last to one more bin) and ``rows``: one count per bin, the last for missing values.
        Features whose rows are all in one bin are left out.
    """
    gain = booster.feature_importance("gain")
    most = [place for place in np.argsort(-gain, kind="stable")[:MOST_FEATURES] if gain[place] > 0]
    found = []
    for place in most:
        edges, rows = _bins(matrix.values[:, place])
        if sum(count > 0 for count in rows) > 1:
            found.append({"feature": matrix.names[place], "edges": edges, "rows": rows})
    return found


def bin_counts(values: NDArray[np.float32], edges: list[float]) -> list[int]:
    """Rows in each bin, the last for missing values; see :func:`reference_counts`.

    Examples
    --------
    >>> bin_counts(np.array([0, 0, 1, 2, 9, np.nan], np.float32), [0.0, 2.0])
    [2, 2, 1, 1]
    """
    known = values[~np.isnan(values)]
    place = np.searchsorted(np.asarray(edges, np.float32), known, side="left")
    counts = np.bincount(place, minlength=len(edges) + 1).tolist()
    return [*counts, len(values) - len(known)]


def _bins(values: NDArray[np.float32]) -> tuple[list[float], list[int]]:
    """Tenths of the known values; equal edges are one, and bins of few rows join their neighbour.

    A few missing values are counted as none: they are too few to be told.
    """
    known = values[~np.isnan(values)]
    if known.size < FEWEST_ROWS:
        return [], [0, 0]
    inner = np.quantile(known, np.arange(1, BINS) / BINS, method="lower")
    edges = [float(edge) for edge in np.unique(inner) if edge < known.max()]
    while edges and min(counts := bin_counts(known, edges)[:-1]) < FEWEST_ROWS:
        edges.pop(max(counts.index(min(counts)) - 1, 0))
    *rows, missing = bin_counts(values, edges)
    return edges, [*rows, missing if missing >= FEWEST_ROWS else 0]
