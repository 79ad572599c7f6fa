"""Groups of values, dependence and interactions, each against a loop over rows."""

from __future__ import annotations

import statistics
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskstrat.explanation import explain
from riskstrat.explanation.dependence import (
    DRAWN_CUTS,
    FEWEST_IN_BIN,
    cells,
    dependence,
    explained_share,
    find_partner,
    value_bins,
)
from riskstrat.explanation.trust import interactions, strongest

VALUES = st.lists(
    st.one_of(st.just(float("nan")), st.integers(0, 30).map(float)), min_size=1, max_size=400
)


def as_arrays(values, people):
    found = np.array(values, dtype=np.float32)
    return found, np.arange(len(found), dtype=np.intp) % people


@given(VALUES, st.integers(1, 6))
def test_cells_keep_the_order_and_hold_whole_values(values, cuts):
    found = np.array(values, dtype=np.float32)
    of = cells(found, [(k + 1) / (cuts + 1) for k in range(cuts)])
    for value, cell in zip(values, of, strict=True):
        assert isnan(value) == (cell == -1)
    known = [(v, c) for v, c in zip(values, of, strict=True) if not isnan(v)]
    for value, cell in known:
        for other, theirs in known:
            assert value != other or cell == theirs
            assert value >= other or cell <= theirs
    assert len({cell for _, cell in known}) <= cuts + 1


@given(VALUES, st.integers(1, 400))
def test_every_bin_has_enough_people_and_no_end_is_one_persons(values, people):
    found, patient = as_arrays(values, people)
    bins = value_bins(found, patient)
    for place, (lower, upper) in enumerate(zip(bins.lower, bins.upper, strict=True)):
        inside = [k for k in range(len(values)) if bins.of[k] == place]
        assert len({int(patient[k]) for k in inside}) >= FEWEST_IN_BIN
        least, greatest = min(values[k] for k in inside), max(values[k] for k in inside)
        is_one_value = least == greatest
        is_first, is_last = place == 0, place == len(bins.lower) - 1
        assert lower == (None if is_first and not is_one_value else least)
        assert upper == (None if is_last and not is_one_value else greatest)
    binned = [k for k in range(len(values)) if bins.of[k] >= 0]
    known = [k for k in range(len(values)) if not isnan(values[k])]
    assert binned == (known if bins.lower else [])
    assert len(bins.lower) <= len(DRAWN_CUTS) + 1


def test_dependence_is_mean_and_quartiles_of_each_bin():
    rng = np.random.default_rng(4)
    values = rng.integers(0, 4, 600).astype(np.float32)
    values[rng.random(600) < 0.2] = np.nan
    contributions = rng.normal(0, 0.3, 600)
    patient = np.arange(600) // 2
    groups = dependence(values, contributions, patient)
    assert [(g.lower, g.upper, g.is_missing) for g in groups] == [
        *((float(v), float(v), False) for v in range(4)),
        (None, None, True),
    ]
    for value, group in zip([0.0, 1.0, 2.0, 3.0, None], groups, strict=True):
        rows = [
            k for k in range(600) if (isnan(values[k]) if value is None else values[k] == value)
        ]
        own = [float(contributions[k]) for k in rows]
        low, _, high = statistics.quantiles(own, n=4, method="inclusive")
        assert (group.rows, group.people) == (len(rows), len({patient[k] for k in rows}))
        assert (group.mean, group.low, group.high) == pytest.approx(
            (statistics.fmean(own), low, high)
        )


@pytest.mark.parametrize(("missing", "shown"), [(19, False), (20, True)])
def test_few_people_without_a_value_are_not_shown(missing, shown):
    values = np.full(100, 3, dtype=np.float32)
    values[:missing] = np.nan
    groups = dependence(values, np.zeros(100), np.arange(100))
    assert any(group.is_missing for group in groups) == shown


def test_a_feature_of_too_few_people_is_not_drawn():
    values = np.arange(19, dtype=np.float32)
    assert dependence(values, np.zeros(19), np.arange(19)) == []


def share_between(amounts, groups):
    """Variance between groups over all variance, by a loop."""
    mean = statistics.fmean(amounts)
    total = sum((a - mean) ** 2 for a in amounts)
    between = 0.0
    for group in set(groups):
        own = [a for a, g in zip(amounts, groups, strict=True) if g == group]
        between += len(own) * (statistics.fmean(own) - mean) ** 2
    return between / total


def test_the_share_that_goes_with_a_value_is_the_variance_between_groups():
    rng = np.random.default_rng(5)
    of = rng.integers(-1, 5, 300)
    amounts = rng.normal(0, 1, 300) + 0.5 * of
    share, rest = explained_share(amounts, of)
    assert share == pytest.approx(share_between(amounts.tolist(), of.tolist()))
    for group in range(-1, 5):
        assert rest[of == group].mean() == pytest.approx(0.0, abs=1e-12)
    assert explained_share(np.ones(5), np.zeros(5, dtype=np.intp))[0] == 1.0


def test_a_partner_is_the_feature_that_explains_most_of_the_rest():
    rng = np.random.default_rng(6)
    own, partner, noise = (rng.integers(-1, 4, 4000) for _ in range(3))
    rest = np.where(own >= 2, 1.0, -1.0) * (partner - partner.mean()) + rng.normal(0, 0.5, 4000)
    rest = explained_share(rest, own)[1]
    found = find_partner(rest, own, [noise, partner])
    share = share_between(rest.tolist(), list(zip(own.tolist(), partner.tolist(), strict=True)))
    assert found.column == 1
    assert found.share == pytest.approx(1 - (1 - share) * 3999 / (4000 - 25))
    assert find_partner(rng.normal(0, 1, 4000), own, [noise]) is None or (
        find_partner(rng.normal(0, 1, 4000), own, [noise]).share < 0.02
    )


def test_nothing_goes_with_no_rest():
    own = np.zeros(10, dtype=np.intp)
    assert find_partner(np.zeros(10), own, [own]) is None
    assert find_partner(np.ones(10), own, []) is None


def test_the_interaction_that_was_planted_is_found(small_model, small_matrix):
    """The outcome of the small model has a product of features 0 and 1, and of no others."""
    explanations = explain(small_model, small_matrix)
    top = strongest(explanations.contributions, 8)
    found = interactions(explanations, top)
    assert {found[0].column, found[0].partner.column} == {0, 1}
    assert [one.rest for one in found] == sorted((one.rest for one in found), reverse=True)
    assert all(0 <= one.own_share <= 1 for one in found)


def test_interactions_need_the_values(small_model, small_matrix):
    from dataclasses import replace

    without = replace(explain(small_model, small_matrix), values=None)
    with pytest.raises(ValueError, match="hold the values"):
        interactions(without, np.array([0]))
