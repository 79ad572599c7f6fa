"""Calibration is affine on the log-odds: logit p = intercept + slope * raw score, slope above 0."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from riskstrat.training.calibration import MIN_SLOPE, fit_calibration


def _scores(rows, *, slope, intercept, seed=1):
    rng = np.random.default_rng(seed)
    raw = rng.normal(-1.0, 1.0, rows)
    return raw, rng.random(rows) < expit(intercept + slope * raw), rng.uniform(0.5, 2.0, rows)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.6, -0.4), (1.7, 0.3)])
def test_planted_slope_and_intercept_are_found(slope, intercept):
    raw, outcome, weight = _scores(200_000, slope=slope, intercept=intercept)
    found = fit_calibration(raw, outcome, weight)
    assert found.slope == pytest.approx(slope, abs=0.03)
    assert found.intercept == pytest.approx(intercept, abs=0.03)


def test_agrees_with_an_unpenalised_logistic_regression():
    raw, outcome, weight = _scores(50_000, slope=0.8, intercept=0.2)
    found = fit_calibration(raw, outcome, weight)
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    peer.fit(raw[:, None], outcome, sample_weight=weight)
    assert found.slope == pytest.approx(peer.coef_[0, 0], abs=1e-3)
    assert found.intercept == pytest.approx(peer.intercept_[0], abs=1e-3)


def test_mean_risk_is_the_observed_rate():
    raw, outcome, weight = _scores(5_000, slope=0.5, intercept=-1.0)
    found = fit_calibration(raw, outcome, weight)
    risk = expit(found.intercept + found.slope * raw)
    observed = np.average(outcome, weights=weight)
    assert np.average(risk, weights=weight) == pytest.approx(observed, abs=1e-4)


def test_a_doubled_weight_is_a_doubled_row():
    raw, outcome, _ = _scores(300, slope=1.0, intercept=0.0)
    doubled = fit_calibration(np.tile(raw, 2), np.tile(outcome, 2), np.ones(600))
    weighted = fit_calibration(raw, outcome, np.full(300, 2.0))
    assert weighted.slope == pytest.approx(doubled.slope, abs=1e-9)


def test_a_score_against_the_outcome_keeps_its_order_and_the_rate():
    raw, outcome, weight = _scores(5_000, slope=-1.0, intercept=0.0)
    found = fit_calibration(raw, outcome, weight)
    assert found.is_floored
    assert found.slope == MIN_SLOPE
    risk = expit(found.intercept + found.slope * raw)
    observed = np.average(outcome, weights=weight)
    assert np.average(risk, weights=weight) == pytest.approx(observed, abs=1e-3)


def test_separated_scores_have_a_finite_calibration():
    raw = np.array([-2.0, -1.0, 1.0, 2.0])
    found = fit_calibration(raw, raw > 0, np.ones(4))
    assert 0 < found.slope < 5
    assert found.intercept == pytest.approx(0.0, abs=1e-9)


def test_a_constant_score_becomes_the_rate():
    outcome = np.arange(100) < 20
    found = fit_calibration(np.full(100, -3.0), outcome, np.ones(100))
    assert found.slope == 1.0
    assert expit(found.intercept - 3.0) == pytest.approx(0.2, abs=0.01)
