"""People who leave the area do not move estimated rates or the observed/expected ratio."""

import numpy as np
import pytest
from scipy.special import expit

from riskstrat.cohort.censoring import staying
from riskstrat.evaluation import Observed, auroc, observed_expected_ratio, proportion

WINDOW = 365


def leaving_population(rows=60_000, seed=5):
    """Day of admission (constant hazard given the risk), and day of leaving, faster when young."""
    rng = np.random.default_rng(seed)
    old = rng.random(rows) < 0.4
    risk = expit(rng.normal(np.where(old, -1.0, -2.5), 0.8))
    admitted = -np.log(rng.random(rows)) / (-np.log1p(-risk) / WINDOW)
    leaving = -np.log(rng.random(rows)) * WINDOW / np.where(old, 0.1, 0.5)
    return old, risk, np.floor(admitted), np.floor(leaving)


def test_a_planted_leaving_rate_does_not_move_rate_ratio_or_ranking():
    old, risk, admitted, leaving = leaving_population()
    truth = Observed.of(admitted < WINDOW)
    left = (leaving < admitted) & (leaving < WINDOW)
    days = np.minimum(np.minimum(admitted, leaving), WINDOW).astype(int)
    weight = np.where(left, 0.0, 1.0)
    for stratum in (old, ~old):
        weight[stratum] /= staying(days[stratum], left[stratum])
    seen = Observed.of((admitted < WINDOW) & ~left, weight)
    dropped = Observed.of((admitted < WINDOW) & ~left, ~left)

    assert proportion(seen).value == pytest.approx(truth.rate, rel=0.015)
    assert observed_expected_ratio(seen, risk).value == pytest.approx(1.0, abs=0.02)
    assert auroc(seen.event, risk, seen.weight) == pytest.approx(
        auroc(truth.event, risk), abs=0.005
    )
    # The comparison that makes the test mean something: leaving people out does move the rate.
    assert dropped.rate / truth.rate > 1.08


def test_without_leaving_the_weighted_rate_is_the_plain_one():
    event = np.array([1, 0, 0, 1, 0])
    weight = 1 / staying(np.array([3, 9, 9, 5, 9]), np.zeros(5, dtype=bool))

    assert proportion(Observed.of(event, weight)).value == pytest.approx(0.4)
