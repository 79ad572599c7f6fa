"""The expert view: contributions as shares of the distance from the baseline risk, in points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.explanation import percentage_points


def chance(log_odds):
    return 1 / (1 + math.exp(-log_odds))


@pytest.mark.parametrize(
    ("contributions", "baseline", "points"),
    [
        # baseline risk 50 %, risk 73.1 %: 23.1 points, shared 3 : 1
        ([0.75, 0.25], 0.0, [17.33, 5.78]),
        # 0.5 up and 1.5 down: from 50 % to 26.9 %, -23.1 points, shared 0.5 : -1.5
        ([0.5, -1.5], 0.0, [11.55, -34.66]),
        # in balance: the slope of the risk at the baseline, 0.25 a log-odds at 50 %
        ([0.2, -0.2], 0.0, [5.0, -5.0]),
        ([0.0, 0.0], -3.0, [0.0, 0.0]),
        # at a low risk the same contribution is worth fewer points
        ([1.0], -4.0, [2.94]),
    ],
)
def test_shares_are_in_proportion_to_contributions(contributions, baseline, points):
    assert percentage_points([contributions], baseline)[0] == pytest.approx(points, abs=0.01)


log_odds = st.floats(-4, 4, allow_subnormal=False)


@given(st.lists(log_odds, min_size=1, max_size=8), log_odds)
def test_shares_sum_to_risk_minus_baseline_risk(contributions, baseline):
    shares = percentage_points([contributions], baseline)[0]
    risk = chance(baseline + math.fsum(contributions))
    assert math.fsum(shares) == pytest.approx(100 * (risk - chance(baseline)), abs=1e-9)


@given(st.lists(log_odds, min_size=2, max_size=6), log_odds)
def test_sign_and_order_are_those_of_the_contributions(contributions, baseline):
    shares = percentage_points([contributions], baseline)[0]
    assert (np.sign(shares) == np.sign(contributions)).all() or np.abs(contributions).min() < 1e-300
    order = np.argsort(contributions, kind="stable")
    assert (np.diff(shares[order]) >= -1e-12).all()


def test_near_balance_nothing_is_divided_by_next_to_nothing():
    exact = percentage_points([[0.3, -0.3]], -1.0)[0]
    near = percentage_points([[0.3, -0.3 + 1e-13]], -1.0)[0]
    assert near == pytest.approx(exact, abs=1e-9)


def test_each_row_may_have_its_own_baseline():
    both = percentage_points([[1.0], [1.0]], [0.0, -4.0])
    assert both[:, 0] == pytest.approx([23.106, 2.9439], abs=1e-3)
    assert percentage_points(np.zeros((0, 3)), 0.0).shape == (0, 3)


@pytest.mark.parametrize(("contributions", "baseline"), [([1.0], 0.0), ([[1.0]], [0.0, 0.0])])
def test_other_shapes_are_refused(contributions, baseline):
    with pytest.raises(ValueError, match="expected contributions by row and column"):
        percentage_points(contributions, baseline)
