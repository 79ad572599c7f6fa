"""Shares of an achievable gain with paired intervals, and calibration against the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort import age_band
from riskstrat.evaluation import (
    Estimate,
    Observed,
    bootstrap_discrimination,
    calibration_slope,
    observed_expected_ratio,
)
from riskstrat.evaluation.intervals import adjusted_level
from riskstrat.evaluation.resampled import drawn_people

__all__ = ["GROUPS", "Shares", "calibration_rows", "log_loss_share", "shares"]

Floats = npt.NDArray[np.float64]
Shares = dict[str, float]

GROUPS = {"everybody": 0, "65 and over": 65, "80 and over": 80}
"""Who is judged: youngest age in years."""
DIVISIONS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "age": lambda rows: pd.Series(age_band(rows["age"]), index=rows.index),
    "sex": lambda rows: rows["sex"],
    "deprivation fifth": lambda rows: np.ceil(rows["imd_decile"] / _FIFTHS),
    "ethnic category": lambda rows: rows["ethnic_category"].fillna("not recorded"),
}
SEED = 1
_PERCENT = 100.0
_FIFTHS = 2
"""Tenths of deprivation in a fifth."""
_LIMITS = (0.025, 0.975)
"""Of a 95 % percentile interval."""
_CHANCE = 0.5
"""AUROC of a score that says nothing."""


def shares(
    judged: pd.DataFrame, scores: Mapping[str, Floats], *, resamples: int
) -> dict[str, dict[str, dict[str, Shares]]]:
    """Shares of the achievable gain by score, group and measure, in percent.

    Parameters
    ----------
    judged : DataFrame
        ``event``, ``age``, ``recent_risk`` (best achievable of the same look-back) and
        ``best_risk`` (of the whole record); one row per person.
    scores : mapping of str to ndarray
        Risks of the same rows.
    resamples : int
        Bootstrap draws of people, the same for every score and the best.
    """
    found: dict[str, dict[str, dict[str, Shares]]] = {name: {} for name in scores}
    for group, youngest in GROUPS.items():
        mask = (judged["age"] >= youngest).to_numpy()
        rows = judged[mask]
        event = rows["event"].to_numpy(np.float64)
        best = {name: rows[name].to_numpy() for name in ("recent_risk", "best_risk")}
        own = {name: score[mask] for name, score in scores.items()}
        drawn = bootstrap_discrimination(
            Observed.of(event), {**own, **best}, resamples=resamples, seed=SEED
        )
        for name, risk in own.items():
            found[name][group] = {
                "auroc": _area_share(drawn, name, "recent_risk"),
                "auroc_of_whole_record": _area_share(drawn, name, "best_risk"),
                "log_loss": log_loss_share(event, risk, best["recent_risk"], resamples=resamples),
                "auroc_itself": {"value": round(drawn.points[name][0], 4)},
            }
    return found


def _area_share(drawn: Any, name: str, best: str) -> Shares:
    gains = [drawn.replicates[score][:, 0] - _CHANCE for score in (name, best)]
    points = [drawn.points[score][0] - _CHANCE for score in (name, best)]
    return _percent(points[0] / points[1], gains[0] / gains[1])


def log_loss_share(event: Floats, risk: Floats, best: Floats, *, resamples: int) -> Shares:
    """Share of the log-loss that the best risk saves against one risk for everybody."""
    losses = np.stack([_log_losses(event, one) for one in (risk, best)])

    def share(counts: Floats) -> float:
        rate = (counts * event).sum() / counts.sum()
        alone = -(rate * np.log(rate) + (1 - rate) * np.log1p(-rate))
        own, least = (counts * losses).sum(axis=1) / counts.sum()
        return float((alone - own) / (alone - least))

    people = len(event)
    replicates = [
        share(drawn_people(people, SEED, number).astype(np.float64)) for number in range(resamples)
    ]
    return _percent(share(np.ones(people)), np.array(replicates))


def _log_losses(event: Floats, risk: Floats) -> Floats:
    losses: Floats = -(event * np.log(risk) + (1 - event) * np.log1p(-risk))
    return losses


def _percent(value: float, replicates: Floats) -> Shares:
    low, high = np.quantile(replicates, _LIMITS)
    told = {"value": value, "low": float(low), "high": float(high)}
    return {name: round(_PERCENT * float(number), 2) for name, number in told.items()}


def calibration_rows(judged: pd.DataFrame, risk: Floats) -> list[dict[str, Any]]:
    """Slope and observed/expected of everybody and of each subgroup, intervals adjusted for all."""
    groups = {("everybody", "everybody"): np.ones(len(judged), bool)}
    for division, of in DIVISIONS.items():
        label = of(judged)
        known = sorted(set(label.dropna()))  # feeds need not tell of deprivation
        groups |= {(division, str(one)): (label == one).to_numpy() for one in known}
    level = adjusted_level(len(groups) - 1)
    found = []
    for (division, group), mask in groups.items():
        observed = Observed.of(judged["event"].to_numpy(np.float64)[mask])
        at = level if division != "everybody" else adjusted_level(1)
        found.append(
            {
                "division": division,
                "group": group,
                "events": int(observed.event.sum()),
                "slope": _told(calibration_slope(observed, risk[mask], at)),
                "observed_expected": _told(observed_expected_ratio(observed, risk[mask], at)),
            }
        )
    return found


def _told(estimate: Estimate) -> dict[str, float]:
    return {name: round(getattr(estimate, name), 4) for name in ("value", "low", "high")}
