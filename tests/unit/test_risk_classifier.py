import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from riskstrat.classifier import RiskClassifier

FAST = {"max_rounds": 60, "learning_rate": 0.1}

EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "a weight is not a repeated row: leaf sizes, histogram bins and folds count rows, as in "
        "LightGBM itself"
    ),
}


@parametrize_with_checks(
    [RiskClassifier()],
    expected_failed_checks=lambda _: EXPECTED_FAILURES,
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(1)
    rows = 1500
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 95, rows).astype(float),
            "ward": rng.choice(["a", "b", "c"], rows),
            "method": pd.Series(rng.choice(["21", "11"], rows), dtype="category"),
            "noise": rng.normal(size=rows),
        }
    )
    frame.loc[rng.random(rows) < 0.2, "age"] = np.nan
    frame.loc[rng.random(rows) < 0.1, "ward"] = None
    log_odds = (frame["age"].fillna(50) - 60) / 12 + (frame["ward"] == "c") * 1.5 - 1
    return frame, rng.random(rows) < expit(log_odds), np.arange(rows) // 3


@pytest.fixture(scope="module")
def fitted(table):
    frame, outcome, groups = table
    return RiskClassifier(**FAST).fit(frame, outcome, groups=groups)


def test_categories_and_missing_values_are_learnt(fitted, table):
    frame, outcome, _ = table
    assert roc_auc_score(outcome, fitted.predict_proba(frame)[:, 1]) > 0.75
    assert fitted.codes_.categorical == (1, 2)
    contributions = fitted.explain(frame)
    assert contributions["ward"].abs().mean() > contributions["noise"].abs().mean()


def test_contributions_add_up(fitted, table):
    frame, _, _ = table
    contributions = fitted.explain(frame)
    assert isinstance(contributions, pd.DataFrame)
    assert list(contributions.columns) == list(frame.columns)
    total = fitted.baseline_ + contributions.to_numpy().sum(axis=1)
    assert np.abs(total - fitted.decision_function(frame)).max() < 1e-9


def test_contributions_are_scaled_by_the_slope(fitted, table):
    values = fitted.codes_.encode(table[0])
    raw = fitted.trees_.booster.predict(values, pred_contrib=True)
    slope = fitted.trees_.slope
    assert slope != 1.0
    assert np.abs(fitted.explain(table[0]) - slope * raw[:, :-1]).to_numpy().max() < 1e-12
    assert fitted.baseline_ == pytest.approx(fitted.trees_.intercept + slope * raw[0, -1])


def test_arrays_are_explained_as_arrays(table):
    frame, outcome, _ = table
    numbers = frame[["age", "noise"]].to_numpy()
    model = RiskClassifier(**FAST).fit(numbers, outcome)
    contributions = model.explain(numbers[:5])
    assert isinstance(contributions, np.ndarray)
    assert contributions.shape == (5, 2)


def test_decision_function_is_the_log_odds_of_predict_proba(fitted, table):
    frame, _, _ = table
    risk = fitted.predict_proba(frame)
    assert expit(fitted.decision_function(frame)) == pytest.approx(risk[:, 1])
    assert risk.sum(axis=1) == pytest.approx(1.0)
    assert (fitted.predict(frame) == fitted.classes_[(risk[:, 1] > 0.5).astype(int)]).all()


def test_a_category_never_seen_is_treated_as_missing(fitted, table):
    row = table[0].iloc[[0]]
    missing = fitted.predict_proba(row.assign(ward=None))
    assert (fitted.predict_proba(row.assign(ward="never seen")) == missing).all()


def test_rows_of_a_group_share_a_fold(table):
    """Copies of a row under one group teach nothing about it; under many groups they do."""
    rng = np.random.default_rng(1)
    values = np.repeat(rng.normal(size=(150, 3)), 6, axis=0)
    outcome = np.repeat(rng.random(150) < 0.5, 6)
    alone = RiskClassifier().fit(values, outcome)
    grouped = RiskClassifier().fit(values, outcome, groups=np.repeat(np.arange(150), 6))
    assert alone.notes_.log_loss < 0.4
    assert grouped.notes_.log_loss > 0.6


def test_works_in_a_pipeline_and_cross_validation(table):
    frame, outcome, groups = table
    pipeline = make_pipeline(StandardScaler(), RiskClassifier(**FAST))
    scores = cross_val_score(
        pipeline,
        frame[["age", "noise"]],
        outcome,
        groups=groups,
        cv=GroupKFold(2),
        scoring="roc_auc",
    )
    assert (scores > 0.7).all()


def test_a_clone_fits_the_same_model(fitted, table):
    frame, outcome, groups = table
    again = clone(fitted)
    with pytest.raises(NotFittedError):
        again.predict(frame)
    again.fit(frame, outcome, groups=groups)
    assert (again.predict_proba(frame) == fitted.predict_proba(frame)).all()


def test_words_as_classes(table):
    frame, outcome, _ = table
    model = RiskClassifier(**FAST).fit(frame, np.where(outcome, "yes", "no"))
    assert list(model.classes_) == ["no", "yes"]
    assert set(model.predict(frame)) == {"no", "yes"}


def test_rows_without_weight_are_left_out(table):
    frame, outcome, _ = table
    weight = np.where(np.arange(len(frame)) < 1000, 1.0, 0.0)
    weighted = RiskClassifier(**FAST).fit(frame, outcome, sample_weight=weight)
    fewer = RiskClassifier(**FAST).fit(frame[:1000], outcome[:1000])
    assert weighted.predict_proba(frame) == pytest.approx(fewer.predict_proba(frame))


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"max_depth": 12}, "max_depth"), ({"learning_rate": 0.0}, "learning_rate")],
)
def test_settings_out_of_range_are_refused(table, settings, message):
    with pytest.raises(ValueError, match=message):
        RiskClassifier(**settings).fit(table[0], table[1])


def test_few_rows_keep_the_identity_calibration():
    values = np.arange(12.0)[:, None]
    model = RiskClassifier().fit(values, values[:, 0] > 5)
    assert (model.notes_.folds, model.trees_.slope, model.trees_.intercept) == (0, 1.0, 0.0)
