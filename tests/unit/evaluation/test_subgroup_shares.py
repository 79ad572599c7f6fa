"""Shares of the list are withheld with whatever would give a small number away."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from tests.unit.evaluation.standin import district

from riskstrat.evaluation import Observed
from riskstrat.evaluation.judged import judge
from riskstrat.evaluation.known import FRAIL
from riskstrat.evaluation.subgroups import _shares, divide, published_groups


def shares(whole, shown, *, name="sex"):
    """Three groups of a hundred; the first `whole` of each are listed, admitted and frail."""
    groups = np.repeat(np.arange(3), 100)
    inside = np.tile(np.arange(100), 3) < np.array(whole)[groups]
    masks = {str(number): groups == number for number in range(3)}
    judged = SimpleNamespace(
        observed=Observed.of(inside), frame=pd.DataFrame({FRAIL: inside.astype(float)})
    )
    rows = _shares(judged, name, masks, shown, inside)
    assert all(row["list_share"] == row["event_share"] == row["frail_share"] for row in rows)
    return [row["list_share"] for row in rows]


@pytest.mark.parametrize(
    ("whole", "shown", "expected"),
    [
        ([40, 50, 10], [True] * 3, [0.4, 0.5, 0.1]),
        ([0, 50, 50], [True] * 3, [0.0, 0.5, 0.5]),
        # Seven are too few, and would be the total minus the others.
        ([40, 53, 7], [True] * 3, [None, 0.55, None]),
        # A group withheld altogether takes the smallest other with it; two together need nobody.
        ([40, 48, 12], [True, True, False], [None, 0.48, None]),
        ([40, 48, 12], [True, False, False], [0.4, None, None]),
        ([0, 0, 0], [True] * 3, [None] * 3),
    ],
)
def test_shares_of_groups_that_are_together_everybody(whole, shown, expected):
    found = shares(whole, shown)

    assert [share is None for share in found] == [share is None for share in expected]
    assert found == pytest.approx(expected, abs=0.026)  # counts are to the nearest five


def test_shares_of_groups_that_overlap_hide_only_themselves():
    assert shares([40, 53, 7], [True] * 3, name="long_term_condition") == [0.4, 0.55, None]


def test_a_condition_that_few_have_or_few_have_not_is_withheld():
    judged = judge(*district(600))
    frame = judged.frame
    frame["condition: Rare"] = np.where(np.arange(len(frame)) < 5, 1.0, 0.0)
    frame["condition: Usual"] = np.where(np.arange(len(frame)) < 5, 0.0, 1.0)
    frame["condition: Unknown"] = np.nan

    masks = divide(frame, "long_term_condition")
    shown = dict(zip(masks, published_groups(judged, "long_term_condition", masks), strict=True))

    assert masks["COPD"].sum() + masks["Usual"].sum() > len(frame)  # they overlap
    assert not shown["Rare"]
    assert not shown["Usual"]
    assert "Unknown" not in masks
    assert "none of these" not in masks  # of nobody is everything known
