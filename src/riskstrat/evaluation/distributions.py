"""How the risks of people who were admitted, died first or neither are spread.

References
----------
Van Calster B et al. Lancet Digital Health 2025;7:100916: risk distributions by outcome are one of
the four essential displays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.evaluation.calibration import log_odds
from riskstrat.evaluation.disclosure import FEWEST_PEOPLE, merge_small
from riskstrat.evaluation.observed import Floats

__all__ = ["LOG_ODDS_WIDTH", "RISK_WIDTH", "Histogram", "histogram", "log_odds"]

LOG_ODDS_WIDTH = 0.25
"""Width of a bar on the log-odds scale; edges are multiples of it, not anybody's own risk."""

RISK_WIDTH = 0.005
"""Width of a bar on the risk scale: half a percentage point."""


@dataclass(frozen=True)
class Histogram:
    """Density of a scale: densities times widths of the bars add to 1.

    Parameters
    ----------
    edges : ndarray, shape (bars + 1,)
    density : ndarray, shape (bars,)
    """

    edges: Floats
    density: Floats

    @property
    def exists(self) -> bool:
        """Whether there were enough people to draw it."""
        return len(self.density) > 0


def histogram(values: npt.ArrayLike, weight: npt.ArrayLike, *, width: float) -> Histogram:
    """Weighted histogram; bars that stand for few people are joined with their neighbours.

    Parameters
    ----------
    values : array-like, shape (n,)
        Risks or their log-odds, of the people with one outcome.
    weight : array-like, shape (n,)
    width : float
        Width of a bar before joining; edges are multiples of it.

    Returns
    -------
    Histogram
        Empty when fewer than 10 rows weigh anything.
    """
    x, heavy = np.asarray(values, dtype=np.float64), np.asarray(weight, dtype=np.float64)
    x, heavy = x[heavy > 0], heavy[heavy > 0]
    if len(x) < FEWEST_PEOPLE:
        return Histogram(np.empty(0), np.empty(0))
    number = np.floor(x / width).astype(np.int64)
    lowest = int(number.min())
    rows = np.bincount(number - lowest)
    joined = merge_small(rows, np.zeros_like(rows))
    mass = np.bincount(joined[number - lowest], weights=heavy) / heavy.sum()
    last_bins = np.flatnonzero(np.diff(joined, append=joined[-1] + 1)) + 1
    edges = (lowest + np.concatenate([[0], last_bins])) * width
    return Histogram(edges, mass / np.diff(edges))
