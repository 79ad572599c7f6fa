"""Shares of the list are withheld with whatever would give a small number away."""

import numpy as np
import pytest
from tests.unit.evaluation.standin import district

from riskstrat.evaluation.judged import judge
from riskstrat.evaluation.subgroups import _share_of, divide, published_groups


def shares(counts, whole, shown, *, overlaps=False):
    """Groups one after the other, of `counts` rows, the first `whole` of each in the whole."""
    groups = np.repeat(np.arange(len(counts)), counts)
    position = np.concatenate([np.arange(count) for count in counts])
    inside = position < np.array(whole)[groups]
    masks = {str(number): groups == number for number in range(len(counts))}
    return _share_of(inside, masks, shown, overlaps=overlaps)


@pytest.mark.parametrize(
    ("whole", "shown", "expected"),
    [
        ([40, 50, 10], [True] * 3, [0.4, 0.5, 0.1]),
        ([0, 50, 50], [True] * 3, [0.0, 0.5, 0.5]),
        # Seven are too few, and would be the total minus the others.
        ([40, 53, 7], [True] * 3, [None, 0.55, None]),
        # A group withheld altogether takes the smallest other with it.
        ([40, 48, 12], [True, True, False], [None, 0.5, None]),
        ([0, 0, 0], [True] * 3, [None] * 3),
    ],
)
def test_shares_of_groups_that_are_together_everybody(whole, shown, expected):
    assert shares([100, 100, 100], whole, shown) == expected


def test_shares_of_groups_that_overlap_hide_only_themselves():
    assert shares([100, 100, 100], [40, 53, 7], [True] * 3, overlaps=True) == [0.4, 0.55, None]


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
