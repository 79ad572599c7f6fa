import dataclasses
import json

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from tests.unit.training.samples import feature, sample

from riskstrat.training.comparators import AT_DISCHARGE, Comparator, fit_comparators
from riskstrat.training.formula import (
    Formula,
    FormulaRows,
    Term,
    candidate_terms,
    fit_formula,
)


def _rows(**kwargs):
    matrix, cohort = sample(**kwargs)
    return FormulaRows(
        matrix,
        (cohort.frame["outcome"] == 1).to_numpy(),
        np.full(len(cohort.frame), 1.5),
        np.arange(len(cohort.frame)) // 2,
    )


@pytest.fixture(scope="module")
def rows():
    return _rows(people=1000)


@pytest.fixture(scope="module")
def comparators(rows):
    return fit_comparators(rows, seed=1)


NOT_IN_THE_SAMPLE = {
    "v3_like",
    *(f"{index}_{way}" for index in ("efi", "cambridge_multimorbidity", "elixhauser")
      for way in ("published", "age_sex")),
}  # fmt: skip


def test_all_that_the_matrix_allows_are_there(comparators):
    found, left_out = comparators
    names = {"logistic", "charlson_published", "charlson_age_sex", "hfrs_published", "hfrs_age_sex"}
    assert {c.name for c in found} == names
    assert {c.name for c in found if not c.is_risk} == {"charlson_published", "hfrs_published"}
    assert set(left_out) == NOT_IN_THE_SAMPLE


def test_indices_of_a_discharge_are_told_only_where_they_belong(rows, comparators):
    assert not AT_DISCHARGE & {name.rsplit("_", 1)[0] for name in comparators[1]}
    names = [f.name for f in rows.matrix.features]
    place = names.index("charlson")
    features = list(rows.matrix.features)
    features[place] = dataclasses.replace(features[place], name="lace")
    matrix = dataclasses.replace(rows.matrix, features=tuple(features))
    found, _ = fit_comparators(dataclasses.replace(rows, matrix=matrix), seed=1)
    assert {"lace_published", "lace_age_sex"} <= {c.name for c in found}


def test_refitting_with_age_and_sex_ranks_better_than_the_index(rows, comparators):
    areas = {c.name: roc_auc_score(rows.outcome, c.predict(rows.matrix)) for c in comparators[0]}
    assert areas["charlson_age_sex"] > areas["charlson_published"]
    assert areas["logistic"] > areas["charlson_age_sex"]


def test_risks_have_the_observed_mean(rows, comparators):
    for comparator in comparators[0]:
        if comparator.is_risk:
            risk = comparator.predict(rows.matrix)
            assert risk.mean() == pytest.approx(rows.outcome.mean(), abs=1e-3)


def test_a_score_that_is_missing_ranks_as_nought(rows, comparators):
    hfrs = next(c for c in comparators[0] if c.name == "hfrs_published")
    column = rows.matrix.column("hfrs")
    predicted = hfrs.predict(rows.matrix)
    assert (predicted[np.isnan(column)] == 0).all()
    assert (predicted[~np.isnan(column)] == column[~np.isnan(column)]).all()


def test_numbers_only_and_the_same_after_json(rows, comparators):
    for comparator in comparators[0]:
        read = Comparator.from_json(json.loads(json.dumps(comparator.to_json())))
        assert read == comparator
        assert (read.predict(rows.matrix) == comparator.predict(rows.matrix)).all()


def test_a_missing_index_is_left_out_with_a_reason():
    rows = _rows(people=200, names=("age", "sex_female", "charlson"))
    found, left_out = fit_comparators(rows, seed=1)
    assert {c.name for c in found} == {"logistic", "charlson_published", "charlson_age_sex"}
    assert set(left_out) == {"hfrs_published", "hfrs_age_sex"} | NOT_IN_THE_SAMPLE
    assert "'hfrs'" in left_out["hfrs_published"]


def test_without_sex_the_index_is_not_refitted():
    rows = _rows(people=200, names=("age", "charlson", "hfrs"))
    found, left_out = fit_comparators(rows, seed=1)
    assert "charlson_published" in {c.name for c in found}
    assert left_out["charlson_age_sex"] == "the matrix has no feature sex_female"


def test_agrees_with_scikit_learn_on_the_same_columns(rows):
    chosen = [feature("charlson")]
    found = fit_formula(rows, chosen, seed=1, inverse_penalties=(1.0,))
    column = rows.matrix.column("charlson").astype(np.float64)
    standard = (column - column.mean()) / column.std()
    peer = LogisticRegression(C=1.0).fit(standard[:, None], rows.outcome, sample_weight=rows.weight)
    assert found.terms[0].coefficient == pytest.approx(peer.coef_[0, 0], abs=1e-6)
    assert found.risk(rows.matrix) == pytest.approx(
        peer.predict_proba(standard[:, None])[:, 1], abs=1e-6
    )


def test_a_constant_or_unknown_feature_has_no_term():
    assert candidate_terms(feature("charlson"), np.zeros(10)) == []
    assert candidate_terms(feature("charlson"), np.full(10, np.nan)) == []


def test_a_missing_value_is_the_median_and_an_indicator():
    values = np.array([1.0, 2.0, 9.0, np.nan])
    linear, missing = candidate_terms(feature("haemoglobin"), values)
    assert (linear.basis, linear.fill, missing.basis) == ("linear", 2.0, "missing")
    raw = missing.column(lambda name: values) * missing.spread + missing.centre
    assert raw == pytest.approx([0, 0, 0, 1])


def test_counts_enter_as_logarithms_and_columns_are_standardised():
    values = np.array([0.0, 1.0, 3.0, 7.0])
    (term,) = candidate_terms(feature("emergency_admissions_365d"), values)
    assert term.basis == "log1p"
    assert term.column(lambda name: values).mean() == pytest.approx(0.0)
    assert term.column(lambda name: values).std() == pytest.approx(1.0)


def test_each_level_of_a_category_but_the_commonest_has_a_term():
    category = dataclasses.replace(feature("charlson"), kind="category")
    terms = candidate_terms(category, np.array([1.0, 1.0, 2.0, 3.0]))
    assert [(t.basis, t.level) for t in terms] == [("level", 2.0), ("level", 3.0)]


def test_the_age_spline_is_a_natural_cubic_spline():
    """Any natural spline over the knots is in the span of the linear term and the parts."""
    knots = (30.0, 55.0, 70.0, 88.0)
    age = np.linspace(10.0, 110.0, 201)
    columns = [
        Term("age", "spline", knots=knots, part=part).column(lambda name: age) for part in (0, 1)
    ]
    design = np.stack([np.ones_like(age), age, *columns], axis=1)
    oracle = CubicSpline(knots, [0.0, 1.0, -0.5, 2.0], bc_type="natural")
    inside = (age >= knots[0]) & (age <= knots[-1])
    fitted, *_ = np.linalg.lstsq(design[inside], oracle(age[inside]), rcond=None)
    assert np.abs(design[inside] @ fitted - oracle(age[inside])).max() < 1e-8
    beyond = np.diff((design @ fitted)[age > knots[-1]], 2)
    assert np.abs(beyond).max() < 1e-8


def test_ages_that_give_no_four_knots_enter_linearly():
    terms = candidate_terms(feature("age"), np.array([70.0] * 50 + [80.0]))
    assert [t.basis for t in terms] == ["linear"]


def test_many_useless_columns_call_for_a_strong_penalty():
    rng = np.random.default_rng(1)
    matrix, cohort = sample(people=150)
    values = rng.normal(size=(300, 60)).astype(np.float32)
    noise = tuple(dataclasses.replace(feature("haemoglobin"), name=f"n{i}") for i in range(60))
    noisy = dataclasses.replace(matrix, values=values, features=noise)
    outcome = (cohort.frame["outcome"] == 1).to_numpy()
    rows = FormulaRows(noisy, outcome, np.ones(300), np.arange(300) // 2)
    chosen, weak = (
        fit_formula(rows, noise, seed=1, **given) for given in ({}, {"inverse_penalties": (1.0,)})
    )
    spreads = [formula.risk(noisy).std() for formula in (chosen, weak)]
    assert spreads[0] < spreads[1] / 5


def test_without_any_term_the_risk_is_the_rate(rows):
    formula = fit_formula(rows, [], seed=1, inverse_penalties=(1.0,))
    assert formula.terms == ()
    assert formula.risk(rows.matrix) == pytest.approx(rows.outcome.mean())


def test_a_formula_is_a_sum_anybody_can_recompute(rows):
    terms = (
        Term("charlson", "linear", fill=1.0, centre=2.0, spread=0.5, coefficient=0.3),
        Term("haemoglobin", "missing", centre=0.5, spread=0.5, coefficient=-0.2),
    )
    one = rows.matrix.take(np.array([0]))
    charlson = float(one.column("charlson")[0])
    missing = float(np.isnan(one.column("haemoglobin")[0]))
    by_hand = -1.0 + 0.3 * (charlson - 2.0) / 0.5 - 0.2 * (missing - 0.5) / 0.5
    assert Formula(-1.0, terms).risk(one)[0] == pytest.approx(expit(by_hand))


def test_more_rows_than_needed_are_sampled_with_the_seed(rows):
    drawn = [rows.at_most(100, seed) for seed in (1, 1, 2)]
    assert [d.outcome.size for d in drawn] == [100, 100, 100]
    assert (drawn[0].chosen == drawn[1].chosen).all()
    assert not (drawn[0].chosen == drawn[2].chosen).all()
    assert (drawn[0].column("age") == rows.matrix.column("age")[drawn[0].chosen]).all()
    again = drawn[0].at_most(10, 1)
    assert (again.people == rows.people[again.chosen]).all()
    assert rows.at_most(10**6, 1) is rows
