"""Another place: the model judged there as it is, and with its calibration fitted in the large.

References
----------
Steyerberg EW, Harrell FE. Prediction models need appropriate internal, internal-external, and
external validation. Journal of Clinical Epidemiology 2016;69:245-247.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit

from riskstrat.cohort import build_matured_cohort
from riskstrat.errors import DataError, StudyError
from riskstrat.evaluation.blocks import Resampling
from riskstrat.evaluation.judged import observed_outcome
from riskstrat.evaluation.observed import Floats, Observed
from riskstrat.features import FeatureMatrix, build_features
from riskstrat.features.feeds import family_of
from riskstrat.records import LinkedRecords
from riskstrat.study import Study
from riskstrat.training import CalibratedTrees
from riskstrat.training.folds import patient_folds
from riskstrat.validation.measured import is_too_few, risk_figures
from riskstrat.validation.recalibration import (
    FEWEST_EVENTS,
    fit_update,
    matured_date,
    require_enough,
)

__all__ = ["HALVES", "elsewhere", "facts_lost", "feed_families", "recalibrated_across"]

HALVES = 2
"""Each half of the people gets the intercept that the other half gives."""

MOST_NAMED = 10
"""Features without facts that are named at most."""


def elsewhere(
    trees: CalibratedTrees,
    study: Study,
    sources: Mapping[str, Any],
    records: LinkedRecords,
    *,
    resampling: Resampling,
) -> dict[str, Any]:
    """Judge a model on other records, at the last of its study's dates that has matured there.

    Parameters
    ----------
    trees : CalibratedTrees
        The model of the outcome.
    study : Study
        What it predicts; its catalogue gives the features.
    sources : mapping
        ``sources`` of the records it was developed on; see
        :attr:`riskstrat.cohort.Cohort.origin`.
    records : LinkedRecords
        Of the other place.
    resampling : Resampling

    Returns
    -------
    dict
        ``index_date``, ``missing_feeds``, ``without_facts`` (features the model splits on and that
        have no fact there), ``before`` and ``after`` the intercept was fitted again, or
        ``not_recalibrated``, the reason.
    """
    try:
        day = matured_date(records, study, latest=False)
    except StudyError:
        day = matured_date(records, study, latest=True)
    cohort = build_matured_cohort(records, study, day)
    matrix = build_features(records, cohort.keys, study)
    observed = observed_outcome(cohort.frame)
    log_odds = trees.log_odds(matrix.values)
    lost = feed_families(sources) - feed_families(cohort.origin)
    before = risk_figures(observed, np.asarray(expit(log_odds)), resampling)
    return {
        "synthetic": records.is_synthetic,
        "index_date": day,
        "missing_feeds": sorted(lost),
        "without_facts": facts_lost(trees, matrix),
        "before": before,
        **_after(observed, log_odds, before, resampling),
    }


def feed_families(told: Mapping[str, Any]) -> set[str]:
    """Kinds of feeds that an origin tells of; a feed that may hold anything is "mixed"."""
    return {family_of(source["name"]) or "mixed" for source in told.get("sources", ())}


def facts_lost(trees: CalibratedTrees, matrix: FeatureMatrix) -> dict[str, Any]:
    """Features that a model splits on and that nobody in a matrix has a fact of.

    Parameters
    ----------
    trees : CalibratedTrees
    matrix : FeatureMatrix
        Of the other place, with the days of the facts.

    Returns
    -------
    dict
        ``features`` without facts ``of`` all that the model splits on, their ``share_of_gain``
        (LightGBM's total gain), and the labels of the ``largest``.
    """
    gain = trees.booster.feature_importance("gain")
    silent = set(matrix.default_only())
    used = [
        (share, feature)
        for share, feature in zip(gain / max(gain.sum(), 1e-12), matrix.features, strict=True)
        if share > 0
    ]
    lost = sorted(
        ((share, feature.label) for share, feature in used if feature.name in silent), reverse=True
    )
    return {
        "features": len(lost),
        "of": len(used),
        "share_of_gain": round(float(sum(share for share, _ in lost)), 3),
        "largest": [label for _, label in lost[:MOST_NAMED]],
    }


def _after(
    observed: Observed, log_odds: Floats, before: Mapping[str, Any], resampling: Resampling
) -> dict[str, Any]:
    """Figures once the intercept was fitted again; one intercept leaves every rank as it was."""
    if is_too_few(observed):
        return {"after": None, "not_recalibrated": "too few people to show anything"}
    try:
        risk = recalibrated_across(observed, log_odds, seed=resampling.seed)
    except DataError:
        reason = f"fewer than {FEWEST_EVENTS} rows with, or without, the outcome"
        return {"after": None, "not_recalibrated": reason}
    ranked = {name: before[name] for name in ("auroc", "average_precision")}
    after = {**risk_figures(observed, risk, resampling), **ranked}
    return {"after": after, "not_recalibrated": None}


def recalibrated_across(observed: Observed, log_odds: Floats, *, seed: int) -> Floats:
    """Risks with the intercept of the other half of the people: nobody helps to judge themselves.

    Fitted and judged on the same people, observed over expected would be 1 by construction.

    Parameters
    ----------
    observed : Observed
        n rows.
    log_odds : ndarray, shape (n,)
    seed : int

    Raises
    ------
    DataError
        With fewer than 100 rows with, or without, the outcome in all.
    """
    require_enough(observed)
    half = patient_folds(observed.patient, observed.event > 0, folds=HALVES, seed=seed)
    risk = np.empty(len(observed))
    for number in range(HALVES):
        inside = half == number
        update = fit_update(observed.take(~inside), log_odds[~inside], "large")
        risk[inside] = expit(update.of(log_odds[inside]))
    return risk
