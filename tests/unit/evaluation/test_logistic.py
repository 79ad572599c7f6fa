"""The logistic regression behind calibration, where plain Newton steps would not settle."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from riskstrat.evaluation import CalibrationCurve, Observed
from riskstrat.evaluation.curve import _basis
from riskstrat.evaluation.logistic import fit_logistic


@pytest.mark.parametrize("seed", range(4))
def test_the_curve_of_risks_crowded_near_their_lowest_exists_and_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    x = np.round(-3.2 + rng.gamma(0.8, 0.9, 8000), 2)
    event = rng.random(8000) < expit(x)
    weight = rng.uniform(1.0, 1.3, 8000)

    curve = CalibrationCurve.of(Observed.of(event, weight), expit(x))

    design = _basis(x, curve.knots)
    scale = np.abs(design).max(axis=0)
    other = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=20_000,
                               solver="newton-cholesky")  # fmt: skip
    other.fit(design / scale, event, sample_weight=weight)
    assert curve.at(expit(x)) == pytest.approx(other.predict_proba(design / scale)[:, 1], abs=1e-6)


def test_a_separated_outcome_has_no_estimate():
    x = np.linspace(-1, 1, 40)

    assert not fit_logistic(np.column_stack([np.ones(40), x]), Observed.of(x > 0)).exists


def test_a_singular_design_has_no_estimate():
    assert not fit_logistic(np.ones((40, 2)), Observed.of(np.arange(40) % 3 == 0)).exists


def test_an_offset_far_from_the_truth_is_overcome():
    event = np.arange(4000) % 100 == 0

    fit = fit_logistic(np.ones((4000, 1)), Observed.of(event), offset=8.0)

    assert fit.coefficients[0] == pytest.approx(np.log(1 / 99) - 8.0)
