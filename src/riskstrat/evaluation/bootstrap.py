"""Bootstrap that draws people, not rows: one score, or several on the same draws.

Each replicate draws as many people as there are, with replacement, and gives every row of a person
that person's count as a further weight. Scores are sorted once, so a replicate is one pass over
the rows, in compiled code and on every core; the result does not depend on how many there are.

References
----------
Field CA, Welsh AH. Bootstrapping clustered data. JRSS B 2007;69:369-390.
Efron B, Tibshirani RJ. An introduction to the bootstrap. Chapman and Hall 1993.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy.typing as npt

from riskstrat.evaluation.discrimination import RankedScore
from riskstrat.evaluation.intervals import LEVEL, Estimate, percentile_interval
from riskstrat.evaluation.observed import Floats, Observed
from riskstrat.evaluation.resampled import replicate_areas

__all__ = ["RESAMPLES", "SEED", "Discrimination", "bootstrap_discrimination"]

RESAMPLES = 1000
"""Replicates by default: as many as percentile intervals are usually published with (Efron and
Tibshirani 1993, section 13.3)."""

SEED = 1
"""Seed by default; the same seed gives the same intervals."""


@dataclass(frozen=True)
class Discrimination:
    """AUROC and average precision of several scores, with replicates on the same draws.

    Parameters
    ----------
    points : dict
        Name of a score to (AUROC, average precision).
    replicates : dict
        Name of a score to an array of shape (resamples, 2).
    """

    points: dict[str, tuple[float, float]]
    replicates: dict[str, Floats]

    def estimate(self, name: str, measure: int, level: float = LEVEL) -> Estimate:
        """One score's figure: `measure` 0 is the AUROC, 1 the average precision."""
        return percentile_interval(
            self.points[name][measure], self.replicates[name][:, measure], level
        )

    def difference(self, name: str, other: str, measure: int) -> Estimate:
        """`name` minus `other`, paired: both are judged on the same people in every draw."""
        value = self.points[name][measure] - self.points[other][measure]
        drawn = self.replicates[name][:, measure] - self.replicates[other][:, measure]
        return percentile_interval(value, drawn)


def bootstrap_discrimination(
    observed: Observed,
    scores: Mapping[str, npt.ArrayLike],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Discrimination:
    """AUROC and average precision of every score, with replicates clustered by person.

    Parameters
    ----------
    observed : Observed
        n rows.
    scores : mapping of str to array-like, shape (n,)
    resamples : int
    seed : int

    Returns
    -------
    Discrimination

    Raises
    ------
    UsageError
        When a score has not one value per row.
    """
    ranked = {name: RankedScore.of(observed, score) for name, score in scores.items()}
    drawn = replicate_areas(list(ranked.values()), observed.people, resamples=resamples, seed=seed)
    return Discrimination(
        {name: score.areas() for name, score in ranked.items()},
        dict(zip(ranked, drawn, strict=True)),
    )
