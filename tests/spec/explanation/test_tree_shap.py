"""What TreeShap takes, refuses and promises; its numbers are tested against oracles elsewhere."""

from __future__ import annotations

import multiprocessing
import re
from concurrent.futures import ThreadPoolExecutor

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from riskstrat.errors import ArtefactError, UsageError
from riskstrat.explanation import TreeShap, tree_shap

ROWS, FEATURES = 400, 6


def rows() -> np.ndarray:
    rng = np.random.default_rng(11)
    values = rng.normal(size=(ROWS, FEATURES))
    values[rng.random(values.shape) < 0.2] = np.nan
    return values


def train(**parameters) -> lgb.Booster:
    values = rows()
    score = np.nan_to_num(values[:, 0]) + np.nan_to_num(values[:, 1] * values[:, 2])
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    names = [f"feature_{k}" for k in range(FEATURES)]
    table = lgb.Dataset(values, score > 0, feature_name=names)
    return lgb.train(settings | parameters, table, 10)


@pytest.fixture(scope="module")
def booster() -> lgb.Booster:
    return train()


@pytest.fixture(scope="module")
def found(booster) -> np.ndarray:
    return TreeShap(booster).shap_values(rows())


def test_the_text_of_a_model_serves_as_the_model_does(booster, found):
    assert np.array_equal(TreeShap(booster.model_to_string()).shap_values(rows()), found)


def test_columns_of_a_frame_may_stand_in_any_order(booster, found):
    frame = pd.DataFrame(rows(), columns=booster.feature_name())
    assert np.array_equal(TreeShap(booster).shap_values(frame[frame.columns[::-1]]), found)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda frame: frame.rename(columns={"feature_0": "other"}), "1 of them are missing and 1"),
        (lambda frame: frame.drop(columns="feature_0"), "1 of them are missing and 0"),
        (lambda frame: frame.assign(more=1.0), "0 of them are missing and 1"),
        (lambda frame: pd.concat([frame, frame[["feature_0"]]], axis=1), "expected the 6 columns"),
        (lambda frame: frame.to_numpy()[:, :5], re.escape("the shape is (400, 5)")),
        (lambda frame: frame.to_numpy()[0], re.escape("the shape is (6,)")),
        (lambda frame: frame.astype(str), "expected numbers"),
        (lambda frame: frame.astype(object).to_numpy(), "'object'"),
        (lambda frame: frame.to_numpy().astype(complex), "'complex128'"),
    ],
)
def test_rows_that_do_not_fit_the_model_are_refused(booster, change, told):
    frame = pd.DataFrame(rows(), columns=booster.feature_name())
    with pytest.raises(UsageError, match=told):
        TreeShap(booster).shap_values(change(frame))


@pytest.mark.parametrize("kind", [np.float32, np.float16, np.int64, np.uint8, bool])
def test_any_kind_of_number_is_taken_for_what_it_is(booster, kind):
    values = np.nan_to_num(rows()).astype(kind)
    explainer = TreeShap(booster)
    want = booster.predict(values.astype(np.float64), pred_contrib=True)[:, :-1]
    assert explainer.shap_values(values) == pytest.approx(want, abs=1e-9)


def test_infinite_values_lie_beyond_every_threshold(booster):
    values = rows()
    values[::3, 0], values[1::3, 1] = np.inf, -np.inf
    want = booster.predict(values, pred_contrib=True)[:, :-1]
    assert TreeShap(booster).shap_values(values) == pytest.approx(want, abs=1e-9)


def test_rows_may_lie_anyhow_in_memory(booster, found):
    explainer = TreeShap(booster)
    assert np.array_equal(explainer.shap_values(np.asfortranarray(rows())), found)
    assert np.array_equal(explainer.shap_values(rows()[::-1]), found[::-1])


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_any_number_of_rows_is_explained(booster, found, count):
    given = TreeShap(booster).shap_values(rows()[:count])
    assert given.shape == (count, FEATURES)
    assert np.array_equal(given, found[:count])


def test_a_branch_that_nobody_reached_weighs_nothing(booster):
    text = booster.model_to_string()
    emptied = re.sub(r"leaf_count=(\d+)", "leaf_count=0", text)
    peer = np.asarray(lgb.Booster(model_str=emptied).predict(rows(), pred_contrib=True))
    assert np.isnan(peer).any(), "LightGBM itself divides by the rows that came there"
    nobody = re.sub(r"(internal|leaf)_count=[\d ]+", lambda m: re.sub(r"\d+", "0", m[0]), text)
    for changed in (emptied, nobody):
        explainer = TreeShap(changed)
        values = explainer.shap_values(rows())
        total = values.sum(axis=1) + explainer.expected_value
        assert total == pytest.approx(booster.predict(rows(), raw_score=True), abs=1e-9)
    assert explainer.expected_value == 0.0


def damaged(text: str) -> dict[str, str]:
    first_left = re.search(r"left_child=(\S+)", text)
    assert first_left
    return {
        "nothing": "",
        "another text": "This is not a model.",
        "cut off": text[: len(text) // 2],
        "a tree less": re.sub(r"\nTree=9\n.*?\n\n\n", "\n", text, flags=re.DOTALL),
        "a number less": re.sub(r"leaf_value=\S+ ", "leaf_value=", text, count=1),
        "a word for a number": text.replace("threshold=", "threshold=abc ", 1),
        "a missing threshold": re.sub(r"threshold=\S+", "threshold=nan", text, count=1),
        "an endless leaf": re.sub(r"leaf_value=\S+", "leaf_value=inf", text, count=1),
        "a circle": text.replace(first_left[0], "left_child=0", 1),
        "a feature too many": re.sub(r"split_feature=\d+", "split_feature=6", text, count=1),
        "an unknown split": re.sub(r"decision_type=\d+", "decision_type=14", text, count=1),
        "no categories": re.sub(r"decision_type=\d+", "decision_type=1", text, count=1),
        "names less": text.replace("feature_names=feature_0 ", "feature_names=", 1),
        "no leaves": re.sub(r"num_leaves=\d+\n", "", text, count=1),
        "leaves beyond number": re.sub(r"num_leaves=\d+", "num_leaves=99999", text, count=1),
    }


@pytest.mark.parametrize("way", sorted(damaged(train().model_to_string())))
def test_a_damaged_text_is_refused(booster, way):
    with pytest.raises(ArtefactError, match="expected the model text of LightGBM"):
        TreeShap(damaged(booster.model_to_string())[way])


def test_linear_leaves_are_refused():
    values = np.nan_to_num(rows())
    table = lgb.Dataset(values, values[:, 0], params={"linear_tree": True})
    linear = lgb.train({"objective": "regression", "verbosity": -1, "linear_tree": True}, table, 2)
    with pytest.raises(ArtefactError, match="linear leaves"):
        TreeShap(linear)


@pytest.mark.parametrize("model", [lgb.LGBMClassifier(), None, b"tree"])
def test_what_is_no_booster_is_refused(model):
    with pytest.raises(UsageError, match=f"but got a {type(model).__name__}"):
        TreeShap(model)


@pytest.mark.parametrize("groups", [[0, 1], [0] * 5 + [-1], [0.5] * 6, [["a"] * 6]])
def test_groups_must_number_every_feature(booster, groups):
    with pytest.raises(UsageError, match="expected the number of a group"):
        TreeShap(booster, groups=groups)


def test_features_enter_together_only_in_groups(booster):
    with pytest.raises(UsageError, match="expected groups"):
        TreeShap(booster, together=True)


@pytest.mark.parametrize(("told", "threads"), [("3", 3), ("2,4", 2), ("", 5), ("0", 5), ("all", 5)])
def test_threads_are_as_many_as_lightgbm_is_told(booster, monkeypatch, told, threads):
    """In OMP_NUM_THREADS, which Spark sets; else a thread for each core of the process."""
    asked = []

    def pool(count: int) -> ThreadPoolExecutor:
        asked.append(count)
        return ThreadPoolExecutor(count)

    monkeypatch.setenv("OMP_NUM_THREADS", told)
    monkeypatch.setattr(tree_shap.os, "sched_getaffinity", lambda _: set(range(5)), raising=False)
    monkeypatch.setattr(tree_shap, "ThreadPoolExecutor", pool)
    TreeShap(booster)
    TreeShap(booster, threads=4)
    assert asked == [threads, 4]


def test_four_threads_at_once_are_told_the_same(booster, found):
    explainer = TreeShap(booster, threads=2)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: explainer.shap_values(rows()), range(8)))
    assert all(np.array_equal(one, found) for one in told)


def explain_text(text: str) -> np.ndarray:
    return TreeShap(text).shap_values(rows())


def test_a_spawned_process_is_told_the_same(booster, found):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert np.array_equal(pool.apply(explain_text, [booster.model_to_string()]), found)


def test_tables_keep_to_their_memory(booster, found, monkeypatch):
    whole = TreeShap(booster).describe()
    monkeypatch.setattr(tree_shap, "TABLE_BYTES", whole["table_bytes"] // 2)
    small = TreeShap(booster)
    assert 0 < small.describe()["trees_too_deep"] < whole["trees_in_tables"]
    assert small.describe()["table_bytes"] <= whole["table_bytes"] // 2
    assert small.shap_values(rows()) == pytest.approx(found, abs=1e-12)


def test_shap_plots_get_an_explanation(booster, found):
    told = TreeShap(booster)(rows())
    assert np.array_equal(told.values, found)
    assert told.base_values.shape == (ROWS,)
    assert told.feature_names == booster.feature_name()


@pytest.mark.parametrize("groups", [[0, 0, 0, 1, 1, 1], [5, 4, 3, 2, 1, 0]])
def test_groups_have_neither_the_names_nor_the_values_of_features(booster, groups):
    told = TreeShap(booster, groups=groups)(rows())
    assert told.values.shape == (ROWS, max(groups) + 1)
    assert told.feature_names is None
    assert told.data is None


def test_counts_are_told_and_no_value(booster):
    told = TreeShap(booster).describe()
    assert told["trees_in_tables"] == 10
    assert told["trees_too_deep"] == 0
    assert all(isinstance(value, int) for value in told.values())
