"""A model for a new place or a later year: its calibration is fitted again, nothing else.

Both models keep their trees. Their calibrated log-odds become ``shift + stretch * log_odds``, which
is affine, so that Shapley values stay exact: contributions are stretched, the baseline is shifted.

References
----------
Cox DR. Two further applications of a model for binary regression. Biometrika 1958;45:562-565.
Steyerberg EW, Borsboom GJ, van Houwelingen HC, Eijkemans MJ, Habbema JD. Validation and updating of
predictive logistic regression models: a study on sample size and shrinkage. Statistics in Medicine
2004;23:2567-2586 (recalibration in the large, and of intercept and slope).
Collins GS, Ogundimu EO, Altman DG. Sample size considerations for the external validation of a
multivariable prognostic model: a resampling study. Statistics in Medicine 2016;35:214-226.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from riskstrat.cohort import ADMITTED, DIED, Cohort, build_matured_cohort, last_matured_date
from riskstrat.errors import DataError, StudyError, UsageError
from riskstrat.evaluation import calibration_slope, observed_expected_ratio
from riskstrat.evaluation.disclosure import rounded
from riskstrat.evaluation.judged import observed_outcome
from riskstrat.evaluation.logistic import fit_logistic
from riskstrat.evaluation.observed import Floats, Observed
from riskstrat.evaluation.plain import plain
from riskstrat.features import FeatureMatrix, build_features
from riskstrat.records import LinkedRecords
from riskstrat.study import Study
from riskstrat.training import CalibratedTrees, RiskModel
from riskstrat.training.calibration import MIN_SLOPE
from riskstrat.windows import add_days, days_between

__all__ = [
    "FEWEST_EVENTS",
    "METHODS",
    "Method",
    "Recalibrated",
    "Update",
    "fit_update",
    "matured_date",
    "recalibrate",
    "recalibrate_on",
    "require_enough",
]

Method = Literal["large", "affine"]

METHODS: Mapping[str, Method] = {"large": "large", "affine": "affine"}
"""The intercept only, or intercept and slope."""

FEWEST_EVENTS = 100
"""Events, and rows without one, from which calibration is fitted again (Collins 2016)."""


@dataclass(frozen=True)
class Update:
    """How log-odds are changed: ``shift + stretch * log_odds``."""

    shift: float
    stretch: float = 1.0

    def of(self, log_odds: Floats) -> Floats:
        """The changed log-odds, shape (n,)."""
        return self.shift + self.stretch * log_odds

    def applied(self, trees: CalibratedTrees) -> CalibratedTrees:
        """The same trees with the changed calibration."""
        return CalibratedTrees(
            trees.booster,
            slope=self.stretch * trees.slope,
            intercept=self.shift + self.stretch * trees.intercept,
        )


@dataclass(frozen=True)
class Recalibrated:
    """The new model, and what was found before and after as plain values."""

    model: RiskModel
    told: dict[str, Any]


def fit_update(observed: Observed, log_odds: Floats, method: Method) -> Update:
    """The change of the log-odds that fits what was observed.

    Parameters
    ----------
    observed : Observed
        n rows, weighted.
    log_odds : ndarray, shape (n,)
        What the model says.
    method : {'large', 'affine'}
        Intercept only, with the log-odds as offset; or intercept and slope.

    Raises
    ------
    DataError
        When the outcome does not rise with the log-odds, or there is no estimate.

    Examples
    --------
    >>> observed = Observed.of([0, 1, 1, 1])
    >>> round(fit_update(observed, np.zeros(4), "large").shift, 4)
    1.0986
    """
    one = np.ones((len(observed), 1))
    if method == "large":
        (shift,) = fit_logistic(one, observed, offset=log_odds).coefficients
        update = Update(float(shift))
    else:
        design = np.column_stack([one, log_odds])
        shift, stretch = fit_logistic(design, observed).coefficients
        update = Update(float(shift), float(stretch))
    if not np.isfinite([update.shift, update.stretch]).all() or update.stretch < MIN_SLOPE:
        raise DataError(
            "expected an outcome that rises with the model's risk, but in these records it does "
            "not: the calibration cannot be fitted again.",
            do="Judge the model here with 'riskstrat evaluate', or train one on these records.",
        )
    return update


def recalibrate_on(
    model: RiskModel,
    records: LinkedRecords,
    *,
    method: Method = "large",
    latest: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Recalibrated:
    """The model with its calibration fitted again on a matured cohort of the records.

    Parameters
    ----------
    model : RiskModel
    records : LinkedRecords
        Of the new place, or of later years.
    method : {'large', 'affine'}
        The intercept only, or intercept and slope.
    latest : bool
        The newest index date whose window has ended in the records, whatever the study's dates.
    progress : callable, optional
        Called with the name of each stage.

    Raises
    ------
    DataError
        When there are fewer than 100 rows with, or without, the outcome.
    StudyError
        When the records do not cover the index date.
    ArtefactError
        When the catalogue has changed since the model was fitted.
    """
    say = progress or (lambda stage: None)
    day = matured_date(records, model.study, latest=latest)
    say("cohort")
    cohort = build_matured_cohort(records, model.study, day)
    say("features")
    matrix = build_features(records, cohort.keys, model.study)
    known_to = add_days(records.data_to, 1)
    window_end = model.study.outcome.window.end(day)
    told = {
        "index_date": day,
        "window_ends": add_days(window_end, -1),
        "data_to": records.data_to,
        "age_days": days_between(day, known_to),
        "is_in_development": day in model.study.development_dates(),
        "sources": [source["name"] for source in cohort.origin["sources"]],
        "synthetic": records.is_synthetic,
    }
    say("calibration")
    return recalibrate(model, matrix, cohort, method=method, told=told)


def matured_date(records: LinkedRecords, study: Study, *, latest: bool) -> date:
    """The index date on which calibration is fitted: the study's last that has matured.

    Raises
    ------
    StudyError
        When none of the study's dates has.
    """
    last = last_matured_date(records, study)
    if latest or study.index.event is not None:
        return last
    matured = [day for day in study.index.all_dates() if day <= last]
    if not matured:
        raise StudyError(
            f"expected an index date of the study whose window has ended in the records, but the "
            f"first is {min(study.index.all_dates()).isoformat()} and the last that could be is "
            f"{last.isoformat()}.",
            do="Add --latest to take that one, or link newer data.",
        )
    return max(matured)


def recalibrate(
    model: RiskModel,
    matrix: FeatureMatrix,
    cohort: Cohort,
    *,
    method: Method = "large",
    told: Mapping[str, Any] | None = None,
) -> Recalibrated:
    """The model with the calibration of admission and of death fitted again on these rows.

    Parameters
    ----------
    model : RiskModel
    matrix : FeatureMatrix
        One row per row of the cohort, in its order.
    cohort : Cohort
        With outcomes and weights.
    method : {'large', 'affine'}
    told : mapping, optional
        What else the provenance is to say of the rows.

    Returns
    -------
    Recalibrated
        The model of death is as it was, with the reason, where there are fewer than 100 deaths
        without an admission.
    """
    if method not in METHODS:
        raise UsageError(f"expected the method {' or '.join(METHODS)}.")
    model.require_matrix(matrix)
    outcome = cohort.frame["outcome"].to_numpy(np.int8)
    observed = observed_outcome(cohort.frame)
    require_enough(observed)
    admission = _refitted(model.admission, matrix, observed, method)
    without = outcome != ADMITTED
    among = observed.with_event(outcome == DIED).take(without)
    death = _death(model, matrix.take(without), among, method)
    found = {
        "parent": model.version,
        "method": method,
        **(told or {}),
        "people": rounded(observed.followed),
        "rows": rounded(int((observed.weight > 0).sum())),
        "events": rounded(observed.events),
        "admission": admission.told,
        "death": death if isinstance(death, dict) else death.told,
    }
    return Recalibrated(_updated(model, admission, death, plain(found)), plain(found))


@dataclass(frozen=True)
class _Refit:
    """A model with its new calibration, and what is said of it."""

    trees: CalibratedTrees
    stretch: float
    told: dict[str, Any]


def require_enough(observed: Observed) -> None:
    """Refuse rows from which calibration cannot be told.

    Raises
    ------
    DataError
        With fewer than 100 rows with, or without, the outcome.
    """
    events, others = _events_and_others(observed)
    if min(events, others) < FEWEST_EVENTS:
        raise DataError(
            f"expected at least {FEWEST_EVENTS} rows with and {FEWEST_EVENTS} without the outcome "
            f"to fit a calibration again (Collins 2016, doi:10.1002/sim.6787), but got "
            f"{events:,} with and {others:,} without.",
            do="Link more people, or use the model as it is.",
        )


def _events_and_others(observed: Observed) -> tuple[int, int]:
    return observed.events, int((observed.weight > 0).sum()) - observed.events


def _refitted(
    trees: CalibratedTrees, matrix: FeatureMatrix, observed: Observed, method: Method
) -> _Refit:
    log_odds = trees.log_odds(matrix.values)
    update = fit_update(observed, log_odds, method)
    new = update.applied(trees)
    told = {
        "old": {"intercept": trees.intercept, "slope": trees.slope},
        "new": {"intercept": new.intercept, "slope": new.slope},
        "before": _calibration(observed, trees.risk(matrix.values)),
        "after": _calibration(observed, new.risk(matrix.values)),
    }
    return _Refit(new, update.stretch, told)


def _calibration(observed: Observed, risk: Floats) -> dict[str, Any]:
    return {
        "observed_expected": observed_expected_ratio(observed, risk),
        "slope": calibration_slope(observed, risk),
    }


def _death(
    model: RiskModel, matrix: FeatureMatrix, among: Observed, method: Method
) -> _Refit | dict[str, Any]:
    """The model of death with its new calibration, or the reason why it is as it was."""
    if model.death is None:
        return {"left_as_it_was": "there is no model of death"}
    if min(_events_and_others(among)) < FEWEST_EVENTS:
        reason = f"fewer than {FEWEST_EVENTS} deaths without an admission before them"
        return {"left_as_it_was": reason}
    return _refitted(model.death, matrix, among, method)


def _updated(
    model: RiskModel,
    admission: _Refit,
    death: _Refit | dict[str, Any],
    found: Mapping[str, Any],
) -> RiskModel:
    """A new model; peers' mean contributions are stretched with those of everybody."""
    deaths, stretch = model.death, 1.0
    if isinstance(death, _Refit):
        deaths, stretch = death.trees, death.stretch
    peers = model.peers
    if peers is not None:
        peers = peers.assign(
            mean_contribution=peers["mean_contribution"] * admission.stretch,
            mean_death_contribution=peers["mean_death_contribution"] * stretch,
        )
    before = model.provenance.get("recalibrations", [])
    synthetic = bool(model.provenance.get("synthetic") or found.get("synthetic"))
    return dataclasses.replace(
        model,
        admission=admission.trees,
        death=deaths,
        peers=peers,
        read_version=None,
        provenance={
            **model.provenance,
            "synthetic": synthetic,
            "recalibrations": [*before, dict(found)],
        },
    )
