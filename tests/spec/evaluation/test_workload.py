"""A list holds the people with the highest score of each index date, ties broken by pseudonym."""

import numpy as np
import pandas as pd
import pytest

from riskstrat.errors import UsageError
from riskstrat.evaluation import Observed, listed, workload


def keys(*rows):
    frame = pd.DataFrame(rows, columns=["index_date", "patient_id"])
    return frame.assign(index_date=pd.to_datetime(frame["index_date"]))


TWO_DATES = keys(
    ("2021-01-01", "a"), ("2021-01-01", "b"), ("2021-01-01", "c"), ("2021-01-01", "d"),
    ("2022-01-01", "a"), ("2022-01-01", "b"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("score", "capacity", "expected"),
    [
        # One list per index date: the second date's low scores do not lose to the first's.
        ([0.9, 0.8, 0.7, 0.6, 0.2, 0.1], 1, "a2021 a2022"),
        # A share of the people at that date, rounded: half of 4 and half of 2.
        ([0.9, 0.8, 0.7, 0.6, 0.1, 0.2], 0.5, "a2021 b2021 b2022"),
        # At least one person, however small the share.
        ([0.1, 0.2, 0.3, 0.4, 0.2, 0.1], 0.005, "d2021 a2022"),
        # Ties by pseudonym, whatever the order of the rows.
        ([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], 2, "a2021 b2021 a2022 b2022"),
        # A capacity above the people there are lists everybody.
        ([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], 3, "a2021 b2021 c2021 a2022 b2022"),
        # A missing score comes last.
        ([np.nan, 0.0, -1.0, -2.0, np.nan, np.nan], 3, "b2021 c2021 d2021 a2022 b2022"),
    ],
)
def test_who_is_on_the_list(score, capacity, expected):
    for order in (np.arange(6), np.array([5, 3, 1, 4, 2, 0])):
        shuffled = TWO_DATES.iloc[order].reset_index(drop=True)
        chosen = listed(np.array(score)[order], shuffled, capacity, pooled=False)
        names = shuffled["patient_id"] + shuffled["index_date"].dt.year.astype(str)
        assert sorted(names[chosen]) == sorted(expected.split())


def test_an_event_study_has_one_list_over_all_rows():
    chosen = listed([0.1, 0.2, 0.3, 0.4, 0.9, 0.0], TWO_DATES, 2, pooled=True)

    assert list(np.flatnonzero(chosen)) == [3, 4]


@pytest.mark.parametrize("capacity", [0, -0.1, float("nan")])
def test_a_capacity_is_positive(capacity):
    with pytest.raises(UsageError, match="positive capacity"):
        listed([0.1] * 6, TWO_DATES, capacity, pooled=False)


def test_what_a_list_holds():
    # Ten people, three admitted; four are listed and hold two of the three.
    event = [1, 1, 0, 0, 0, 1, 0, 0, 0, 0]
    risk = np.array([0.9, 0.6, 0.5, 0.4, 0.2, 0.2, 0.1, 0.05, 0.03, 0.02])
    chosen = risk >= 0.4

    result = workload(Observed.of(event), risk, chosen, is_risk=True)

    assert (result.rows, result.people, result.events) == (4, 4, 2)
    assert (result.found, result.ppv.value) == pytest.approx((2.0, 0.5))
    assert result.expected == pytest.approx(0.9 + 0.6 + 0.5 + 0.4)
    assert result.reviewed_per_found == pytest.approx(2.0)
    assert result.sensitivity.value == pytest.approx(2 / 3)
    assert result.missed.observed.value == pytest.approx(1 / 3)
    assert result.missed.expected == pytest.approx(0.6 / 3.0)
    assert result.missed.difference.value == pytest.approx(1 / 3 - 0.2)
    assert result.cut == 0.4


def test_a_score_that_is_not_a_risk_has_no_expectation():
    result = workload(
        Observed.of([1, 0, 0, 1]), [7, 5, 2, 0], np.array([True, True, False, False]), is_risk=False
    )

    assert np.isnan(result.expected)
    assert np.isnan(result.missed.expected)
    assert result.ppv.value == 0.5


def test_people_who_left_take_a_place_on_the_list_but_count_in_no_rate():
    event, weight = [1, 0, 0, 0], [2.0, 0.0, 2.0, 0.0]
    chosen = np.array([True, True, False, False])

    result = workload(Observed.of(event, weight), [0.9, 0.8, 0.2, 0.1], chosen, is_risk=True)

    assert result.rows == 2
    assert result.ppv.value == 1.0
    assert result.found == 2.0


def test_nobody_found():
    chosen = np.array([True, False, False])
    result = workload(Observed.of([0, 1, 0]), [0.9, 0.5, 0.1], chosen, is_risk=True)

    assert result.reviewed_per_found == float("inf")
    assert result.sensitivity.value == 0.0
