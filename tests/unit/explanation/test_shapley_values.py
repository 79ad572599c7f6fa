"""Contributions against the definition of the Shapley value, and their additivity."""

from dataclasses import replace
from itertools import combinations
from math import factorial

import lightgbm as lgb
import numpy as np
import pytest

from riskstrat.explanation import Explanations, explain
from riskstrat.explanation.shapley import group_columns, tree_contributions, tree_shap_of
from riskstrat.features import GROUPS
from riskstrat.training import CalibratedTrees

TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def explanations(small_model, small_matrix):
    return explain(small_model, small_matrix)


def test_contributions_and_baseline_add_to_the_calibrated_log_odds(
    explanations, small_model, small_matrix
):
    total = explanations.baseline + explanations.contributions.sum(axis=1)
    expected = small_model.admission.log_odds(small_matrix.values)
    assert np.abs(total - expected).max() < TOLERANCE


def test_groups_and_baseline_add_to_the_calibrated_log_odds(
    explanations, small_model, small_matrix
):
    groups = explanations.by_group()
    total = explanations.baseline + groups.to_numpy().sum(axis=1)
    expected = small_model.admission.log_odds(small_matrix.values)
    assert np.abs(total - expected).max() < TOLERANCE
    assert set(groups.dtypes) == {np.dtype("float64")}


def test_groups_stand_in_the_order_of_the_catalogue_each_once(explanations):
    present = {feature.group for feature in explanations.features}
    assert list(explanations.by_group()) == [group for group in GROUPS if group in present]


def test_a_group_is_the_sum_of_its_features(explanations):
    by_hand = explanations.contributions[:, 0] + explanations.contributions[:, 2]
    assert np.abs(explanations.by_group()["emergency"] - by_hand).max() < TOLERANCE


def _expectation(node, row, known):
    """Mean of a tree's output over the features not in `known`, by the tree's own cover."""
    if "leaf_value" in node:
        return node["leaf_value"]
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] not in known:
        weights = [_cover(left), _cover(right)]
        branches = [_expectation(left, row, known), _expectation(right, row, known)]
        return float(np.average(branches, weights=weights))
    value = row[node["split_feature"]]
    if np.isnan(value) and node["missing_type"] == "None":
        value = 0.0
    goes_left = node["default_left"] if np.isnan(value) else value <= node["threshold"]
    return _expectation(left if goes_left else right, row, known)


def _cover(node):
    return node["leaf_count"] if "leaf_value" in node else node["internal_count"]


def _by_definition(booster, row):
    """Shapley values of the raw score: the weighted mean over all coalitions."""
    trees = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    columns = range(len(row))
    value = {
        known: sum(_expectation(tree, row, known) for tree in trees)
        for size in range(len(row) + 1)
        for known in combinations(columns, size)
    }
    found = np.zeros(len(row))
    for column in columns:
        for known in value:
            if column in known:
                continue
            weight = factorial(len(known)) * factorial(len(row) - len(known) - 1)
            joined = tuple(sorted((*known, column)))
            found[column] += weight / factorial(len(row)) * (value[joined] - value[known])
    return found, value[()]


def test_contributions_are_those_of_the_definition(small_model, small_matrix):
    few = CalibratedTrees(
        lgb.Booster(model_str=small_model.admission.booster.model_to_string(num_iteration=4)),
        slope=0.9,
        intercept=-0.15,
    )
    with_missing = int(np.argmax(np.isnan(small_matrix.values).sum(axis=1)))
    rows = small_matrix.values[[0, with_missing]]
    contributions, baseline = tree_contributions(few, rows)
    for row, contribution in zip(rows, contributions, strict=True):
        by_definition, expected = _by_definition(few.booster, row.astype(np.float64))
        assert np.abs(contribution - 0.9 * by_definition).max() < TOLERANCE
        assert abs(baseline - (-0.15 + 0.9 * expected)) < TOLERANCE


def test_blocks_change_nothing(small_model, small_matrix, monkeypatch):
    whole, _ = tree_contributions(small_model.admission, small_matrix.values[:50])
    monkeypatch.setattr("riskstrat.explanation.tree_shap.BLOCK_ROWS", (8, 8))
    blocks, _ = tree_contributions(small_model.admission, small_matrix.values[:50])
    assert np.array_equal(whole, blocks)


def test_the_tables_of_a_booster_are_built_once(small_model):
    booster = small_model.admission.booster
    assert tree_shap_of(booster) is tree_shap_of(booster)


def test_nobody_has_no_contributions_and_the_same_baseline(small_model, small_matrix):
    nobody, baseline = tree_contributions(small_model.admission, small_matrix.values[:0])
    assert nobody.shape == (0, 8)
    assert baseline == tree_contributions(small_model.admission, small_matrix.values)[1]


def test_a_model_that_never_splits_contributes_nothing():
    values = np.ones((60, 2), dtype=np.float32)
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1}
    outcome = (np.arange(60) % 3 == 0).astype(float)
    booster = lgb.train(settings, lgb.Dataset(values, outcome), 3)
    trees = CalibratedTrees(booster, slope=1.0, intercept=0.0)
    contributions, baseline = tree_contributions(trees, values)
    assert not contributions.any()
    assert baseline == pytest.approx(trees.log_odds(values)[0])


def test_a_group_that_the_catalogue_does_not_know_comes_last(explanations):
    strange = replace(explanations.features[0], group="zodiac")
    assert list(group_columns([strange, explanations.features[1]])) == ["heart", "zodiac"]


@pytest.mark.filterwarnings(
    "ignore:The set_.* function will be deprecated:PendingDeprecationWarning"
)  # shap 0.51 with matplotlib 3.11, when shap is imported
def test_shap_gets_the_same_values(explanations):
    shown = explanations.to_shap()
    assert np.array_equal(shown.values, explanations.contributions)
    assert shown.base_values[0] == explanations.baseline
    assert shown.feature_names[0] == "Feature 0"


def test_descriptions_show_counts_only(explanations):
    assert explanations.describe() == "3,000 rows explained by 8 features in 6 clinical groups"
    assert "p00000" not in repr(explanations)
    assert isinstance(explanations, Explanations)
