"""Curves, lists and distributions of everybody who is judged: what the report draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.cohort import ADMITTED, DIED, NEITHER
from riskstrat.evaluation.curve import CalibrationCurve, risk_groups
from riskstrat.evaluation.disclosure import FEWEST_PEOPLE, is_small
from riskstrat.evaluation.discrimination import RankedScore, precision_recall_curve, roc_curve
from riskstrat.evaluation.distributions import LOG_ODDS_WIDTH, RISK_WIDTH, histogram, log_odds
from riskstrat.evaluation.intervals import NOWHERE, Estimate
from riskstrat.evaluation.judged import Judged, Score
from riskstrat.evaluation.net_benefit import THRESHOLDS, net_benefit, net_benefit_of_all
from riskstrat.evaluation.observed import Floats, Observed
from riskstrat.evaluation.plain import plain
from riskstrat.evaluation.workload import Workload, listed, workload

__all__ = [
    "calibration_section",
    "discrimination_section",
    "distribution_section",
    "list_of",
    "net_benefit_section",
    "workload_section",
]

DRAWN_POINTS = 81
"""Points of a drawn calibration curve, evenly spaced in the square root of the risk."""

Mask = npt.NDArray[np.bool_]


def discrimination_section(judged: Judged) -> list[dict[str, Any]]:
    """ROC and precision-recall curves of every score, on fixed grids."""
    curves = []
    for score in judged.scores:
        ranked = RankedScore.of(judged.observed, score.values)
        wrong, found = roc_curve(ranked)
        recall, precision = precision_recall_curve(ranked)
        curves.append(
            {
                "name": score.name,
                "label": score.label,
                "roc": {"false_positive": wrong, "true_positive": found},
                "precision_recall": {"recall": recall, "precision": precision},
            }
        )
    return curves


def calibration_section(judged: Judged) -> list[dict[str, Any]]:
    """Observed by predicted risk for every score that is a risk: groups and smooth curve."""
    return [
        {
            "name": score.name,
            "label": score.label,
            "groups": risk_groups(judged.observed, score.values),
            "curve": _drawn_curve(judged.observed, score.values),
            "histogram": histogram(score.values, np.ones(len(score.values)), width=RISK_WIDTH),
        }
        for score in judged.scores
        if score.is_risk
    ]


def _drawn_curve(observed: Observed, risk: Floats) -> dict[str, Any] | None:
    curve = CalibrationCurve.of(observed, risk)
    if not curve.exists:
        return None
    inner = np.sort(risk)[FEWEST_PEOPLE - 1 : -FEWEST_PEOPLE]  # no end is one person's own risk
    if len(inner) == 0:
        return None
    at = np.linspace(np.sqrt(inner[0]), np.sqrt(inner[-1]), DRAWN_POINTS) ** 2
    low, high = curve.band(at)
    return {"risk": at, "observed": curve.at(at), "low": low, "high": high}


def net_benefit_section(judged: Judged) -> dict[str, Any]:
    """Net benefit by threshold of every risk, of acting for all and for nobody.

    A point is withheld when 1 to 7 admissions or 1 to 9 people lie above its threshold.
    """
    risks = [score for score in judged.scores if score.is_risk]
    return {
        "thresholds": THRESHOLDS,
        "all": net_benefit_of_all(judged.observed),
        "none": np.zeros(len(THRESHOLDS)),
        "scores": [
            {"name": s.name, "label": s.label, "net_benefit": _shown_benefit(judged.observed, s)}
            for s in risks
        ],
    }


def _shown_benefit(observed: Observed, score: Score) -> Floats:
    benefit = net_benefit(observed, score.values)
    for position, threshold in enumerate(THRESHOLDS):
        above = score.values >= threshold
        events = int(observed.event[above & (observed.weight > 0)].sum())
        if above.any() and is_small(int(above.sum()), events):
            benefit[position] = NOWHERE
    return benefit


def distribution_section(judged: Judged) -> list[dict[str, Any]]:
    """Distribution of the model's risk by outcome, on the log-odds scale."""
    outcomes = [("with the outcome", ADMITTED), ("died first", DIED), ("neither", NEITHER)]
    drawn = []
    for label, code in outcomes:
        rows = judged.outcome == code
        shape = histogram(
            log_odds(judged.model.values[rows]), judged.observed.weight[rows], width=LOG_ODDS_WIDTH
        )
        drawn.append({"outcome": label, **plain(shape)})
    return drawn


def list_of(judged: Judged, score: Score, capacity: float) -> Mask:
    """Who is on the lists made from a score."""
    keys = judged.frame[["patient_id", "index_date"]]
    return listed(score.values, keys, capacity, pooled=judged.pooled)


def workload_section(judged: Judged, capacities: list[float]) -> list[dict[str, Any]]:
    """Every list length for every score."""
    curve = CalibrationCurve.of(judged.observed, judged.model.values)
    return [
        {
            "capacity": capacity,
            "lists": judged.lists,
            "scores": [_workload(judged, score, capacity, curve) for score in judged.scores],
        }
        for capacity in capacities
    ]


def _workload(
    judged: Judged, score: Score, capacity: float, curve: CalibrationCurve
) -> dict[str, Any]:
    chosen = list_of(judged, score, capacity)
    result = workload(
        judged.observed, score.values, chosen, is_risk=score.is_risk, lists=judged.lists
    )
    named = {"name": score.name, "label": score.label}
    missed_events = judged.observed.events - result.events
    if is_small(result.people, result.events) or is_small(result.people, missed_events):
        return {**named, "withheld": True, "rows": result.rows}
    return {
        **named,
        "withheld": False,
        **plain(result),
        "died_first": _died_first(judged, chosen),
        "cut": result.cut if score.is_risk else None,
        "gap_at_cut": plain(_gap(curve, result)) if score is judged.model else None,
    }


def _died_first(judged: Judged, chosen: Mask) -> float | None:
    """Share of the people listed who died without an admission before it."""
    died = judged.died_first().take(chosen)
    return None if is_small(died.people, died.events) else died.rate


def _gap(curve: CalibrationCurve, result: Workload) -> Estimate:
    """Smooth observed risk minus predicted risk where the list is cut, with its interval."""
    if not curve.exists or np.isnan(result.cut):
        return Estimate(NOWHERE)
    low, high = curve.band([result.cut])
    at = float(curve.at([result.cut])[0])
    return Estimate(at - result.cut, float(low[0]) - result.cut, float(high[0]) - result.cut)
