"""All figures for one set of people: rates, every score side by side, paired differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from riskstrat.cohort import ADMITTED, CENSORED, DIED, NEITHER
from riskstrat.evaluation.bootstrap import (
    RESAMPLES,
    SEED,
    Discrimination,
    bootstrap_discrimination,
)
from riskstrat.evaluation.calibration import (
    calibration_in_the_large,
    calibration_intercept,
    calibration_slope,
    observed_expected_ratio,
)
from riskstrat.evaluation.curve import CalibrationCurve, integrated_calibration_index
from riskstrat.evaluation.disclosure import is_small, withheld
from riskstrat.evaluation.incidence import cumulative_incidence
from riskstrat.evaluation.intervals import proportion
from riskstrat.evaluation.judged import MODEL, Judged, Score
from riskstrat.evaluation.observed import Observed

__all__ = [
    "Resampling",
    "block",
    "calibration_figures",
    "death_figures",
    "is_withheld",
    "is_withheld_from",
]

WITHHELD = {"withheld": True}
"""What stands in place of figures about too few people."""


OUTCOMES = {"admission_first": ADMITTED, "death_first": DIED, "neither": NEITHER}
"""What can happen first, by the name it has in the metrics."""


@dataclass(frozen=True)
class Resampling:
    """How many bootstrap replicates, from which seed."""

    resamples: int = RESAMPLES
    seed: int = SEED


def is_withheld(judged: Judged) -> bool:
    """Whether these people, or those without the outcome, are too few to show anything."""
    return is_withheld_from(judged.observed)


def is_withheld_from(observed: Observed) -> bool:
    """Whether the people, those with the outcome or those without are too few."""
    followed = observed.weight > 0
    others = int((observed.event[followed] == 0).sum())
    people = observed.followed
    return is_small(people, observed.events) or is_small(people, others)


def block(judged: Judged, resampling: Resampling) -> dict[str, Any]:
    """Figures for these people; ``{"withheld": True}`` when they are too few."""
    if is_withheld(judged):
        return dict(WITHHELD)
    discrimination = bootstrap_discrimination(
        judged.observed,
        {score.name: score.values for score in judged.scores},
        resamples=resampling.resamples,
        seed=resampling.seed,
    )
    return {
        "withheld": False,
        "people": judged.observed.people,
        "rows": len(judged.observed),
        "events": judged.observed.events,
        "rates": _rates(judged),
        "aalen_johansen": _incidence(judged),
        "scores": [_score(judged.observed, score, discrimination) for score in judged.scores],
        "differences": [
            {
                "name": score.name,
                "label": score.label,
                "auroc": discrimination.difference(MODEL, score.name, 0),
                "average_precision": discrimination.difference(MODEL, score.name, 1),
            }
            for score in judged.scores[1:]
        ],
    }


def _shown_outcomes(judged: Judged) -> dict[str, int]:
    """Codes of the three outcomes by name, without small ones: they are withheld together."""
    counts = [int((judged.outcome == code).sum()) for code in OUTCOMES.values()]
    hidden = withheld([len(judged.observed)] * len(OUTCOMES), counts)
    return {
        name: code
        for (name, code), is_hidden in zip(OUTCOMES.items(), hidden, strict=True)
        if not is_hidden
    }


def _rates(judged: Judged) -> dict[str, Any]:
    """Weighted shares of the three outcomes."""
    shown = _shown_outcomes(judged)
    return dict.fromkeys(OUTCOMES) | {
        name: proportion(judged.observed.with_event(judged.outcome == code))
        for name, code in shown.items()
    }


def _incidence(judged: Judged) -> dict[str, float | None]:
    """The same shares without weights, by Aalen and Johansen; None where they are withheld."""
    days, outcome = judged.frame["follow_up_days"].to_numpy(), judged.outcome
    shown = _shown_outcomes(judged)
    return {
        name: cumulative_incidence(days, outcome, code, left=CENSORED) if name in shown else None
        for name, code in OUTCOMES.items()
        if code != NEITHER
    }


def _score(observed: Observed, score: Score, discrimination: Discrimination) -> dict[str, Any]:
    return {
        "name": score.name,
        "label": score.label,
        "note": score.note,
        "is_risk": score.is_risk,
        "auroc": discrimination.estimate(score.name, 0),
        "average_precision": discrimination.estimate(score.name, 1),
        "calibration": calibration_figures(observed, score) if score.is_risk else None,
    }


def calibration_figures(observed: Observed, score: Score) -> dict[str, Any]:
    """Slope, intercepts, observed/expected and ICI of a score that is a risk."""
    curve = CalibrationCurve.of(observed, score.values)
    return {
        "mean_risk": float(np.average(score.values, weights=observed.weight)),
        "slope": calibration_slope(observed, score.values),
        "intercept": calibration_intercept(observed, score.values),
        "in_the_large": calibration_in_the_large(observed, score.values),
        "observed_expected": observed_expected_ratio(observed, score.values),
        "ici": integrated_calibration_index(curve, observed, score.values),
    }


def death_figures(judged: Judged, resampling: Resampling) -> dict[str, Any] | None:
    """How well dying first is predicted; None without a model of it or with too few deaths."""
    observed = judged.died_first()
    if np.isnan(judged.risk_death).any() or is_small(observed.followed, observed.events):
        return None
    score = Score("death", "Death without an admission before it", "", True, judged.risk_death)
    discrimination = bootstrap_discrimination(
        observed,
        {score.name: score.values},
        resamples=resampling.resamples,
        seed=resampling.seed,
    )
    return _score(observed, score, discrimination)
