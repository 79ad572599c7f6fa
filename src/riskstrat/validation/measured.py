"""Figures of one risk on some rows, and what two risks find on the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.evaluation import (
    Estimate,
    Observed,
    bootstrap_discrimination,
    calibration_slope,
    observed_expected_ratio,
)
from riskstrat.evaluation.blocks import WITHHELD, Resampling
from riskstrat.evaluation.disclosure import is_small, rounded
from riskstrat.evaluation.intervals import percentile_interval
from riskstrat.evaluation.observed import Floats
from riskstrat.evaluation.resampled import drawn_people

__all__ = ["DECIMALS", "found_more", "is_too_few", "paired", "risk_figures", "shown"]

Mask = npt.NDArray[np.bool_]

DECIMALS = 3
"""Decimals of figures about a part of the people: no count can be computed back from them."""


def is_too_few(observed: Observed) -> bool:
    """Whether these people, or those without the outcome, are too few to show anything."""
    others = int((observed.event[observed.weight > 0] == 0).sum())
    people = observed.followed
    return is_small(people, observed.events) or is_small(people, others) or not others


def shown(estimate: Estimate) -> Estimate:
    """An estimate to three decimals."""
    figures = (estimate.value, estimate.low, estimate.high)
    return Estimate(*(round(figure, DECIMALS) + 0.0 for figure in figures))  # no minus 0


def risk_figures(observed: Observed, risk: Floats, resampling: Resampling) -> dict[str, Any]:
    """Discrimination and calibration of a risk, with intervals clustered by person.

    Parameters
    ----------
    observed : Observed
        n rows.
    risk : ndarray, shape (n,)
    resampling : Resampling

    Returns
    -------
    dict
        ``withheld``; unless it is true counts to the nearest 5, ``auroc``, ``average_precision``,
        ``slope`` and ``observed_expected``.
    """
    if is_too_few(observed):
        return dict(WITHHELD)
    found = bootstrap_discrimination(
        observed, {"risk": risk}, resamples=resampling.resamples, seed=resampling.seed
    )
    return {
        "withheld": False,
        "people": rounded(observed.followed),
        "rows": rounded(int((observed.weight > 0).sum())),
        "events": rounded(observed.events),
        "auroc": shown(found.estimate("risk", 0)),
        "average_precision": shown(found.estimate("risk", 1)),
        "slope": shown(calibration_slope(observed, risk)),
        "observed_expected": shown(observed_expected_ratio(observed, risk)),
    }


def paired(
    observed: Observed, first: Floats, second: Floats, resampling: Resampling
) -> dict[str, Estimate]:
    """First minus second, AUROC and average precision, on the same draws of people."""
    found = bootstrap_discrimination(
        observed,
        {"first": first, "second": second},
        resamples=resampling.resamples,
        seed=resampling.seed,
    )
    return {
        "auroc": shown(found.difference("first", "second", 0)),
        "average_precision": shown(found.difference("first", "second", 1)),
    }


def found_more(observed: Observed, first: Mask, second: Mask, resampling: Resampling) -> Estimate:
    """Share of all people with the outcome that the first list holds beyond the second.

    The lists stay as they are; people are drawn anew (paired).

    Parameters
    ----------
    observed : Observed
        n rows.
    first, second : ndarray of bool, shape (n,)
        From :func:`riskstrat.evaluation.listed`.
    resampling : Resampling
    """
    seen = observed.weight * observed.event
    people = observed.people
    more, every = (
        np.bincount(observed.patient, weights=values, minlength=people)
        for values in (seen * (first.astype(np.float64) - second), seen)
    )
    drawn = (
        drawn_people(people, resampling.seed, replicate)
        for replicate in range(resampling.resamples)
    )
    replicates = np.array([_share(more[who].sum(), every[who].sum()) for who in drawn])
    return shown(percentile_interval(_share(more.sum(), every.sum()), replicates))


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
