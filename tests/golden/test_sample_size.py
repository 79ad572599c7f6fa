"""Sample sizes of the papers and of pmsampsize, the authors' own package."""

import math

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from riskstrat.training.sample_size import cox_snell_of_auroc, highest_cox_snell, sample_size


def test_the_example_of_the_bmj():
    """BMJ 2020;368:m441: 30 parameters, 5 % with the outcome, R squared 0.15 of 0.33, so 0.05."""
    needed = sample_size(30, 0.05, r_squared=0.05)
    assert needed.shrinkage_rows == needed.rows == 5249
    assert needed.margin_rows == 73
    assert round(needed.events_per_parameter, 2) == 8.75
    assert round(highest_cox_snell(0.05), 2) == 0.33


@pytest.mark.parametrize(
    ("given", "rows"),
    [({"r_squared": 0.288}, (623, 662, 221)), ({"auroc": 0.89}, (615, 660, 221))],
)
def test_pmsampsize(given, rows):
    """Tests of pmsampsize for Python: 24 parameters, 17.4 % with the outcome."""
    r_squared = given.get("r_squared") or cox_snell_of_auroc(given["auroc"], 0.174)
    needed = sample_size(24, 0.174, r_squared=r_squared)
    assert (needed.shrinkage_rows, needed.optimism_rows, needed.margin_rows) == rows
    assert needed.rows == max(rows)


@pytest.mark.parametrize(("auroc", "rate"), [(0.6, 0.5), (0.75, 0.07), (0.9, 0.2)])
def test_r_squared_agrees_with_a_drawn_sample(auroc, rate):
    """As the paper does it: draw the linear predictor, fit, and compare the likelihoods."""
    rng = np.random.default_rng(1)
    n = 400_000
    outcome = rng.random(n) < rate
    apart = math.sqrt(2) * norm.ppf(auroc)
    predictor = rng.normal(size=n) + apart * outcome
    fitted = LogisticRegression(C=1e9).fit(predictor[:, None], outcome)
    model = log_loss(outcome, fitted.predict_proba(predictor[:, None])[:, 1])
    null = log_loss(outcome, np.full(n, outcome.mean()))
    drawn = 1 - math.exp(-2 * (null - model))
    assert cox_snell_of_auroc(auroc, rate) == pytest.approx(drawn, rel=0.03)


@pytest.mark.parametrize(
    ("parameters", "rate", "r_squared"),
    [(0, 0.1, None), (5, 0.0, None), (5, 1.0, None), (5, 0.1, 0.0), (5, 0.05, 0.4)],
)
def test_what_cannot_be_is_refused(parameters, rate, r_squared):
    with pytest.raises(ValueError, match="expected"):
        sample_size(parameters, rate, r_squared=r_squared)


@pytest.mark.parametrize(("auroc", "rate"), [(0.5, 0.1), (1.0, 0.1), (0.7, 0.0)])
def test_no_r_squared_of_chance_or_certainty(auroc, rate):
    with pytest.raises(ValueError, match="expected"):
        cox_snell_of_auroc(auroc, rate)
