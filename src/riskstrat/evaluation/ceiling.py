"""On a simulation nothing can rank better than the best achievable risk: more is an error.

A score above it has seen what it could not know (overlapping windows, facts from after the index
date), or the 'best achievable' is not (binding statistical rules 1 and 2).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy.typing as npt

from riskstrat.evaluation.bootstrap import RESAMPLES, SEED, bootstrap_discrimination
from riskstrat.evaluation.catalogue import Finding
from riskstrat.evaluation.observed import Observed

__all__ = ["against_truth"]

_TRUTH = "the best achievable risk"


def against_truth(
    observed: Observed,
    scores: Mapping[str, npt.ArrayLike],
    truth: npt.ArrayLike,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> tuple[Finding, ...]:
    """An error for each score whose AUROC is above that of the best achievable risk.

    By chance half of all scores as good as the truth are above it: only a paired difference whose
    95 % interval excludes 0 is an error.

    Parameters
    ----------
    observed : Observed
        n rows.
    scores : mapping of str to array-like, shape (n,)
        By the name that a finding calls them.
    truth : array-like, shape (n,)
        Best achievable risk of the same rows, from the same information.
    resamples, seed : int
    """
    found = bootstrap_discrimination(
        observed, {**scores, _TRUTH: truth}, resamples=resamples, seed=seed
    )
    errors = []
    for name in scores:
        above = found.difference(name, _TRUTH, 0)
        if above.low > 0:
            own, best = found.points[name][0], found.points[_TRUTH][0]
            message = (
                f"{name}: AUROC {own:.3f} is above {best:.3f}, that of {_TRUTH} "
                f"(difference {above.low:.3f} to {above.high:.3f})."
            )
            errors.append(Finding.of("E018", message))
    return tuple(errors)
