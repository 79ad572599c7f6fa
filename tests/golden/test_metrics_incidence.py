"""Aalen and Johansen's estimator against a table worked by hand, lifelines and the weights."""

import numpy as np
import pytest

from riskstrat.cohort.censoring import staying
from riskstrat.evaluation import Observed, cumulative_incidence

ADMITTED, DIED, NEITHER, LEFT = 1, 2, 0, -1


def test_a_table_worked_by_hand():
    # day  at risk  admitted  died  left   S before   admitted first
    #   2       10         1     0     0        1.0   0.1
    #   4        9         0     1     1        0.9   0
    #   6        7         2     0     0        0.8   0.8 x 2/7
    #   8        5         1     1     0   0.8x5/7    0.8 x 5/7 x 1/5
    #  12        3         0     0     0              0
    days = [2, 4, 4, 6, 6, 8, 8, 12, 12, 12]
    cause = [1, 2, -1, 1, 1, 1, 2, 0, 0, 0]

    admitted = cumulative_incidence(days, cause, ADMITTED, left=LEFT)
    died = cumulative_incidence(days, cause, DIED, left=LEFT)

    assert admitted == pytest.approx(0.1 + 0.8 * 2 / 7 + 0.8 * 5 / 7 / 5)
    assert died == pytest.approx(0.9 / 9 + 0.8 * 5 / 7 / 5)


@pytest.mark.parametrize(
    ("day", "first", "second"),
    # AalenJohansenFitter of lifelines 0.30.3 on the same sixty people (no two on one day, because
    # it moves ties at random).
    [(10, 0.068116, 0.033898), (30, 0.242417, 0.130693), (45, 0.364912, 0.206352),
     (60, 0.533770, 0.272704)],
)  # fmt: skip
def test_lifelines_gives_the_same(day, first, second):
    person = np.arange(60)
    days = person * 17 % 61 + 1
    cause = np.array([LEFT, ADMITTED, DIED, ADMITTED, LEFT])[person * 7 % 5]
    cause = np.where(days > day, NEITHER, cause)
    days = np.minimum(days, day)

    found = [cumulative_incidence(days, cause, code, left=LEFT) for code in (ADMITTED, DIED)]

    assert found == pytest.approx([first, second], abs=1e-6)


def test_one_stratum_of_weights_gives_the_same_rate():
    rng = np.random.default_rng(3)
    ends = rng.integers(1, 500, (3, 4000))
    cause = np.array([ADMITTED, DIED, LEFT])[ends.argmin(axis=0)]
    cause = np.where(ends.min(axis=0) >= 365, NEITHER, cause)
    days = np.minimum(ends.min(axis=0), 365)
    left = cause == LEFT
    weight = np.where(left, 0.0, 1 / staying(days, left))

    for code in (ADMITTED, DIED):
        weighted = Observed.of(cause == code, weight)
        rate = float(weighted.weight @ weighted.event) / len(days)
        assert cumulative_incidence(days, cause, code, left=LEFT) == pytest.approx(rate)


def test_without_leaving_it_is_the_share():
    assert cumulative_incidence([5, 9, 9], [1, 0, 2], 1, left=LEFT) == pytest.approx(1 / 3)
    assert np.isnan(cumulative_incidence([], [], 1, left=LEFT))
