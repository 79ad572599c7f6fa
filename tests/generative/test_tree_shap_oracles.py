"""TreeShap against the definition over all coalitions, and against LightGBM's own contributions."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskstrat.explanation import tree_shap
from riskstrat.explanation.tree_shap import TreeShap

TOLERANCE = 1e-9
ZERO = float(np.float32(1e-35))
"""What LightGBM takes for 0 ends here."""


def goes_left(node: dict[str, Any], value: float) -> bool:
    """LightGBM's decision at a node of ``dump_model``, written from its documentation."""
    if node["decision_type"] == "==":
        codes = {int(code) for code in node["threshold"].split("||")}
        return bool(not np.isnan(value) and int(value) in codes)
    kind = node["missing_type"]
    if abs(value) <= ZERO or (np.isnan(value) and kind != "NaN"):
        value = 0.0
    is_missing = np.isnan(value) if kind == "NaN" else value == 0
    if kind != "None" and is_missing:
        return bool(node["default_left"])
    return bool(value <= node["threshold"])


def cover(node: dict[str, Any]) -> float:
    return float(node.get("internal_count", node.get("leaf_count", 1)))


def expected(node: dict[str, Any], row: np.ndarray[Any, Any], known: frozenset[int]) -> float:
    """The score of a row of which only some features are known."""
    if "leaf_value" in node:
        return float(node["leaf_value"])
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        is_left = goes_left(node, row[node["split_feature"]])
        return expected(left if is_left else right, row, known)
    whole = cover(node)
    return sum(cover(c) / whole * expected(c, row, known) for c in (left, right) if cover(c))


def by_definition(
    trees: list[dict[str, Any]], row: np.ndarray[Any, Any], players: list[frozenset[int]]
) -> np.ndarray[Any, Any]:
    """Shapley values of the players, each some features, from every coalition."""
    count = len(players)
    score = {}
    for size in range(count + 1):
        for coalition in combinations(range(count), size):
            known = frozenset().union(*(players[k] for k in coalition))
            score[frozenset(coalition)] = sum(expected(tree, row, known) for tree in trees)
    found = np.zeros(count)
    for player in range(count):
        for coalition, value in score.items():
            if player not in coalition:
                s = len(coalition)
                weight = factorial(s) * factorial(count - s - 1) / factorial(count)
                found[player] += weight * (score[coalition | {player}] - value)
    return found


def structures(booster: lgb.Booster) -> list[dict[str, Any]]:
    return [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]


@st.composite
def models(draw: st.DrawFn, most_features: int = 6) -> tuple[lgb.Booster, np.ndarray[Any, Any]]:
    """A small model of any shape, and rows to explain, some of them odd."""
    features = draw(st.integers(1, most_features))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = draw(st.integers(20, 120))
    values = rng.normal(size=(rows, features)).round(draw(st.integers(0, 2)))
    kinds = draw(st.lists(st.sampled_from("ncemw"), min_size=features, max_size=features))
    for column, kind in enumerate(kinds):
        if kind == "c":
            values[:, column] = rng.integers(0, 7, rows)
        elif kind == "e":
            values[:, column] = 3.0
        elif kind == "m":
            values[:, column] = np.nan
    values[rng.random(values.shape) < draw(st.sampled_from([0.0, 0.3]))] = np.nan
    filled = np.nan_to_num(values, nan=0.7)
    score = np.sin(filled).sum(axis=1) + filled[:, 0] * filled[:, -1] + rng.normal(size=rows)
    objective = draw(st.sampled_from(["binary", "regression"]))
    parameters = {
        "objective": objective,
        "num_leaves": draw(st.integers(2, 12)),
        "min_data_in_leaf": 1,
        "min_data_in_bin": 1,
        "min_sum_hessian_in_leaf": 0,
        "min_data_per_group": 1,
        "cat_smooth": 0.1,
        "max_cat_to_onehot": draw(st.sampled_from([1, 8])),
        "use_missing": draw(st.booleans()),
        "zero_as_missing": draw(st.booleans()),
        "verbosity": -1,
        "num_threads": 1,
        "seed": 1,
    }
    outcome = (score > np.median(score)).astype(float) if objective == "binary" else score
    categorical = [column for column, kind in enumerate(kinds) if kind == "c"]
    table = lgb.Dataset(values, outcome, categorical_feature=categorical, params=parameters)
    booster = lgb.train(parameters, table, draw(st.integers(1, 4)))
    odd = rng.choice([0.0, -0.0, 1e-36, -ZERO, 1e9, -1e9, np.nan, 2.5], size=(4, features))
    return booster, np.concatenate([values[:4], odd])


@pytest.mark.parametrize("is_deep", [False, True])
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(given_model=models())
def test_shapley_values_are_those_of_the_definition(
    monkeypatch: pytest.MonkeyPatch,
    is_deep: bool,
    given_model: tuple[lgb.Booster, np.ndarray[Any, Any]],
) -> None:
    booster, rows = given_model
    if is_deep:
        monkeypatch.setattr(tree_shap, "TABLE_NUMBERS", 1)
    explainer = TreeShap(booster)
    found = explainer.shap_values(rows)
    trees = structures(booster)
    players = [frozenset({k}) for k in range(rows.shape[1])]
    want = np.array([by_definition(trees, row, players) for row in rows])
    assert found == pytest.approx(want, abs=TOLERANCE)
    raw = booster.predict(rows, raw_score=True)
    assert found.sum(axis=1) + explainer.expected_value == pytest.approx(raw, abs=TOLERANCE)
    peer = booster.predict(rows, pred_contrib=True)
    assert found == pytest.approx(peer[:, :-1], abs=TOLERANCE)
    grown = [tree for tree in trees if "leaf_value" not in tree]
    deep = explainer.describe()["trees_too_deep"]
    assert deep == (len(grown) if is_deep else 0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given_model=models(), data=st.data())
def test_groups_add_up_or_enter_together(
    given_model: tuple[lgb.Booster, np.ndarray[Any, Any]], data: st.DataObject
) -> None:
    booster, rows = given_model
    count = rows.shape[1]
    groups = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    features = TreeShap(booster).shap_values(rows)
    sums = TreeShap(booster, groups=groups).shap_values(rows)
    together = TreeShap(booster, groups=groups, together=True).shap_values(rows)
    members = [np.flatnonzero(np.array(groups) == k) for k in range(max(groups) + 1)]
    want = np.column_stack([features[:, own].sum(axis=1) for own in members])
    assert sums == pytest.approx(want, abs=TOLERANCE)
    players = [frozenset(own.tolist()) for own in members]
    trees = structures(booster)
    want = np.array([by_definition(trees, row, players) for row in rows])
    assert together == pytest.approx(want, abs=TOLERANCE)
    assert together.sum(axis=1) == pytest.approx(features.sum(axis=1), abs=TOLERANCE)


@pytest.mark.parametrize("value", [ZERO, -ZERO, np.nextafter(-ZERO, -1), np.nextafter(ZERO, 1)])
def test_values_beside_zero_are_zero_where_they_are_to_lightgbm(value: float) -> None:
    rng = np.random.default_rng(2)
    values = np.where(rng.random((400, 3)) < 0.4, 0.0, rng.normal(size=(400, 3)))
    score = values[:, 0] + (values[:, 1] < 0) - 2 * (values[:, 2] >= 0) + rng.normal(size=400)
    parameters = {"objective": "regression", "verbosity": -1, "num_threads": 1}
    booster = lgb.train(parameters, lgb.Dataset(values, score), 10)
    thresholds = booster.trees_to_dataframe()["threshold"]
    assert set(thresholds[abs(thresholds) <= ZERO]) == {-ZERO, ZERO}
    rows = values[:40].copy()
    rows[:, :2] = value
    peer = np.asarray(booster.predict(rows, pred_contrib=True))
    assert TreeShap(booster).shap_values(rows) == pytest.approx(peer[:, :-1], abs=TOLERANCE)


@pytest.mark.parametrize("numbers", [1, 64, 16_384])
@pytest.mark.parametrize(
    "shape", [{"num_leaves": 31, "max_depth": 8}, {"num_leaves": 120, "max_depth": -1}]
)
def test_larger_models_agree_with_lightgbm(
    monkeypatch: pytest.MonkeyPatch, shape: dict[str, int], numbers: int
) -> None:
    monkeypatch.setattr(tree_shap, "TABLE_NUMBERS", numbers)
    rng = np.random.default_rng(3)
    values = rng.normal(size=(3000, 30)).astype(np.float32)
    values[rng.random(values.shape) < 0.3] = np.nan
    score = np.nan_to_num(values) @ rng.normal(size=30) + rng.normal(size=3000)
    parameters = {"objective": "binary", "min_data_in_leaf": 2, "verbosity": -1, "num_threads": 1}
    booster = lgb.train(parameters | shape, lgb.Dataset(values, score > 0), 12)
    explainer = TreeShap(booster, threads=2)
    peer = booster.predict(values[:1500], pred_contrib=True)
    found = explainer.shap_values(values[:1500])
    assert found == pytest.approx(peer[:, :-1], abs=TOLERANCE)
    assert explainer.expected_value == pytest.approx(peer[0, -1], abs=TOLERANCE)


def test_several_classes_are_one_column_of_values_each() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(300, 5))
    classes = rng.integers(0, 3, 300) + (values[:, 0] > 1)
    parameters = {"objective": "multiclass", "num_class": 4, "verbosity": -1, "num_threads": 1}
    booster = lgb.train(parameters, lgb.Dataset(values, classes), 5)
    explainer = TreeShap(booster)
    found = explainer.shap_values(values)
    peer = np.asarray(booster.predict(values, pred_contrib=True)).reshape(300, 4, 6)
    assert found == pytest.approx(peer[:, :, :-1].transpose(0, 2, 1), abs=TOLERANCE)
    assert explainer.expected_value == pytest.approx(peer[0, :, -1], abs=TOLERANCE)


def test_a_random_forest_adds_up_to_the_sum_of_its_trees_as_in_lightgbm() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(400, 4))
    parameters = {
        "objective": "regression",
        "boosting": "rf",
        "bagging_freq": 1,
        "bagging_fraction": 0.6,
        "verbosity": -1,
        "num_threads": 1,
    }
    booster = lgb.train(parameters, lgb.Dataset(values, values[:, 0] ** 2), 7)
    explainer = TreeShap(booster)
    found = explainer.shap_values(values)
    total = found.sum(axis=1) + explainer.expected_value
    assert total == pytest.approx(booster.predict(values, raw_score=True), abs=TOLERANCE)
    peer = booster.predict(values, pred_contrib=True)
    assert found == pytest.approx(peer[:, :-1], abs=TOLERANCE)
