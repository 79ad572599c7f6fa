"""Calibration measures and intervals against published numbers, scikit-learn and hand counts."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from riskstrat.evaluation import (
    CalibrationCurve,
    Observed,
    calibration_in_the_large,
    calibration_intercept,
    calibration_slope,
    integrated_calibration_index,
    observed_expected_ratio,
    proportion,
)


@pytest.mark.parametrize(
    ("events", "size", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3 (Wilson).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_an_unweighted_proportion_has_wilsons_interval(events, size, low, high):
    estimate = proportion(Observed.of([1] * events + [0] * (size - events)))

    assert estimate.value == events / size
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=5e-5)


def test_copies_of_the_same_people_add_no_certainty():
    event = np.array([1] * 15 + [0] * 85)
    once = proportion(Observed.of(event))
    thrice = proportion(Observed.of(np.tile(event, 3), patient=np.tile(np.arange(100), 3)))

    assert (thrice.value, thrice.low, thrice.high) == pytest.approx(
        (once.value, once.low, once.high), abs=1e-12
    )


def test_slope_and_intercept_are_those_of_an_unpenalised_weighted_logistic_regression():
    rng = np.random.default_rng(3)
    risk = expit(rng.normal(-1.5, 1.2, 2000))
    event = rng.random(2000) < expit(0.3 + 0.8 * logit(risk))
    weight = rng.uniform(0.5, 2.0, 2000)
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
        logit(risk)[:, None], event, sample_weight=weight
    )
    observed = Observed.of(event, weight)

    slope, intercept = calibration_slope(observed, risk), calibration_intercept(observed, risk)

    assert slope.value == pytest.approx(oracle.coef_[0, 0], abs=1e-5)
    assert intercept.value == pytest.approx(oracle.intercept_[0], abs=1e-5)


def test_standard_error_of_the_intercept_alone_is_the_textbook_one():
    # All risks 0.5: in the large it is logit(30/100), with variance 1 / (n p (1 - p)), and the
    # sandwich has the factor n / (n - 1).
    observed = Observed.of([1] * 30 + [0] * 70)
    estimate = calibration_in_the_large(observed, np.full(100, 0.5))
    error = np.sqrt(1 / (100 * 0.3 * 0.7) * 100 / 99)

    assert estimate.value == pytest.approx(logit(0.3), abs=1e-9)
    assert estimate.high - estimate.value == pytest.approx(1.959964 * error, rel=1e-6)


def test_observed_over_expected_by_hand():
    # Weighted events 2 x 1 + 1 x 1 = 3; expected 2 x .5 + 1 x .25 + 1 x .75 = 2.
    observed = Observed.of([1, 0, 1], [2.0, 1.0, 1.0])
    estimate = observed_expected_ratio(observed, [0.5, 0.25, 0.75])

    assert estimate.value == pytest.approx(1.5)
    assert estimate.low < 1.5 < estimate.high


def test_without_events_the_upper_limit_is_that_of_the_poisson_distribution():
    estimate = observed_expected_ratio(Observed.of([0] * 50), [0.1] * 50)

    assert (estimate.value, estimate.low) == (0.0, 0.0)
    assert estimate.high == pytest.approx(3.688879 / 5, rel=1e-6)  # Poisson upper limit for 0


def test_the_curve_finds_a_planted_distortion_and_none_where_there_is_none():
    rng = np.random.default_rng(8)
    risk = expit(rng.normal(-2, 1.2, 60_000))
    bent = np.where(risk > 0.4, risk - 0.12, risk)
    right, wrong = (Observed.of(rng.random(60_000) < truth) for truth in (risk, bent))

    for observed, expected, tolerance in [(right, risk, 0.004), (wrong, bent, 0.012)]:
        curve = CalibrationCurve.of(observed, risk)
        truth = float(np.mean(np.abs(expected - risk)))
        index = integrated_calibration_index(curve, observed, risk)
        assert index == pytest.approx(truth, abs=tolerance)
    assert CalibrationCurve.of(wrong, risk).at([0.6])[0] == pytest.approx(0.48, abs=0.03)
