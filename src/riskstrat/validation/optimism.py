"""How much better a model looks on the people it was developed on.

For trees by patient-grouped cross-validation: bootstrap samples repeat rows, which leak into early
stopping (binding statistical rule 2). For the logistic regression also by the bootstrap.

References
----------
Harrell FE, Lee KL, Mark DB. Multivariable prognostic models: issues in developing models,
evaluating assumptions and adequacy, and measuring and reducing errors. Statistics in Medicine
1996;15:361-387.
Steyerberg EW, Harrell FE, Borsboom GJ, et al. Internal validation of predictive models: efficiency
of some procedures for logistic regression analysis. J Clin Epidemiol 2001;54:774-781.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riskstrat.cohort import ADMITTED
from riskstrat.errors import StudyError
from riskstrat.evaluation import auroc, bootstrap_discrimination
from riskstrat.evaluation.blocks import WITHHELD
from riskstrat.evaluation.disclosure import rounded
from riskstrat.evaluation.intervals import normal_interval
from riskstrat.evaluation.judged import observed_outcome
from riskstrat.evaluation.observed import Floats, Observed
from riskstrat.evaluation.resampled import drawn_people
from riskstrat.training.folds import patient_folds
from riskstrat.training.formula import FormulaRows, fit_formula
from riskstrat.validation.measured import DECIMALS, is_too_few, shown
from riskstrat.validation.prepared import Prepared, people_of

__all__ = ["BOOTSTRAPS", "FOLDS", "logistic_optimism", "optimism", "tree_optimism"]

FOLDS = 5
"""Folds of people: each model keeps four fifths of them [judgement]."""

BOOTSTRAPS = 50
"""Samples for the logistic regression [judgement]: their scatter is told beside the mean."""


def optimism(prepared: Prepared, *, bootstraps: int = BOOTSTRAPS) -> dict[str, Any]:
    """Optimism of the trees and of the logistic regression in the development rows."""
    observed = observed_outcome(prepared.developed[1].frame)
    if is_too_few(observed):
        return {"trees": dict(WITHHELD), "logistic": dict(WITHHELD)}
    try:
        trees = tree_optimism(prepared, observed)
    except StudyError:  # a fold would leave too few people with the outcome
        trees = dict(WITHHELD)
    return {
        "trees": trees,
        "logistic": logistic_optimism(prepared, bootstraps=bootstraps),
    }


def tree_optimism(prepared: Prepared, observed: Observed) -> dict[str, Any]:
    """Apparent minus out-of-fold AUROC; every step of the fit is repeated without the fold.

    Returns
    -------
    dict
        ``apparent``, ``out_of_fold`` and ``optimism``, their paired difference.
    """
    matrix, cohort = prepared.developed
    people = people_of(cohort.frame)
    admitted = (cohort.frame["outcome"] == ADMITTED).to_numpy()
    fold = patient_folds(people, admitted, folds=FOLDS, seed=prepared.resampling.seed)
    out_of_fold = np.empty(len(people))
    for number in range(FOLDS):
        rest = fold == number
        out_of_fold[rest] = prepared.fitted(~rest).risk(matrix.values[rest])
    risks = {"apparent": prepared.trees.risk(matrix.values), "out_of_fold": out_of_fold}
    found = bootstrap_discrimination(
        observed, risks, resamples=prepared.resampling.resamples, seed=prepared.resampling.seed
    )
    return {
        "withheld": False,
        "method": "cross-validation by person",
        "folds": FOLDS,
        "people": rounded(observed.followed),
        **{name: shown(found.estimate(name, 0)) for name in risks},
        "optimism": shown(found.difference("apparent", "out_of_fold", 0)),
    }


def logistic_optimism(prepared: Prepared, *, bootstraps: int) -> dict[str, Any]:
    """Harrell's bootstrap: AUROC in the sample minus AUROC in everybody, of the sample's formula.

    People are drawn, and how often one is drawn multiplies the weight of their rows, so that the
    folds that choose the penalty keep all rows of a person together.

    Returns
    -------
    dict
        ``apparent``, ``optimism`` (mean over samples, with its Monte Carlo interval) and
        ``corrected``, apparent minus optimism.
    """
    observed = observed_outcome(prepared.developed[1].frame)
    apparent = _auroc(observed, _logistic_risk(prepared, observed.weight), observed.weight)
    gaps = []
    for replicate in range(bootstraps):
        drawn = drawn_people(observed.people, prepared.resampling.seed, replicate)
        times = np.bincount(drawn, minlength=observed.people)
        weight = observed.weight * times[observed.patient]
        risk = _logistic_risk(prepared, weight)
        gaps.append(_auroc(observed, risk, weight) - _auroc(observed, risk, observed.weight))
    mean = float(np.mean(gaps))
    variance = float(np.var(gaps, ddof=1) / bootstraps) if bootstraps > 1 else float("nan")
    return {
        "withheld": False,
        "method": "bootstrap of people (Harrell)",
        "samples": bootstraps,
        "apparent": round(apparent, DECIMALS),
        "optimism": shown(normal_interval(mean, variance)),
        "corrected": round(apparent - mean, DECIMALS),
    }


def _auroc(observed: Observed, risk: Floats, weight: Floats) -> float:
    return auroc(observed.event, risk, weight)


def _logistic_risk(prepared: Prepared, weight: Floats) -> Floats:
    """Risks of every development row by a regression fitted with other weights."""
    matrix, cohort = prepared.developed
    admitted = (cohort.frame["outcome"] == ADMITTED).to_numpy()
    kept = np.flatnonzero(weight > 0)
    people = people_of(cohort.frame)
    rows = FormulaRows(matrix, admitted[kept], weight[kept], people[kept], kept)
    return fit_formula(rows, matrix.features, seed=prepared.resampling.seed).risk(matrix)
