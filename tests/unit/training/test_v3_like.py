import dataclasses

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from tests.unit.training.samples import sample

from riskstrat.features import catalogue
from riskstrat.study import parse_study
from riskstrat.training.comparators import fit_comparators
from riskstrat.training.formula import FormulaRows
from riskstrat.training.v3_like import V3_AMOUNTS, fit_v3_like

RULES = {
    "emergency_admissions_365d": "count emergency_admission",
    "haemoglobin": "any condition.heart_failure",
}


def v3_rows(**given):
    """The sample, its admissions and one column read as the catalogue's own facts."""
    matrix, cohort = sample(**given)
    features = tuple(
        dataclasses.replace(f, rule=RULES.get(f.name, f.rule)) for f in matrix.features
    )
    return FormulaRows(
        dataclasses.replace(matrix, features=features),
        (cohort.frame["outcome"] == 1).to_numpy(),
        np.ones(len(cohort.frame)),
        np.arange(len(cohort.frame)) // 2,
    )


def terms_of(formula):
    return [(t.feature, t.basis, t.part, t.times) for t in formula.terms]


def test_curves_of_age_differ_by_sex_and_amounts_enter_twice():
    formula = fit_v3_like(v3_rows(people=600), seed=1)
    assert terms_of(formula) == [
        ("age", "linear", 0, ""),
        ("age", "spline", 0, ""),
        ("age", "spline", 1, ""),
        ("sex_female", "linear", 0, ""),
        ("age", "linear", 0, "sex_female"),
        ("age", "spline", 0, "sex_female"),
        ("age", "spline", 1, "sex_female"),
        ("emergency_admissions_365d", "log1p", 0, ""),
        ("emergency_admissions_365d", "some", 0, ""),
        ("haemoglobin", "some", 0, ""),
    ]


def test_a_curve_of_age_that_turns_with_sex_is_found():
    """Old women and young men have the outcome: no additive curve can rank that."""
    rows = v3_rows(people=2000)
    age, female = (rows.column(name) for name in ("age", "sex_female"))
    rng = np.random.default_rng(1)
    outcome = rng.random(age.size) < 1 / (1 + np.exp(-np.where(female == 1, 1, -1) * (age - 57)))
    crossed = dataclasses.replace(rows, outcome=outcome)
    formula = fit_v3_like(crossed, seed=1)
    assert roc_auc_score(outcome, formula.risk(rows.matrix)) > 0.95


def test_it_stands_among_the_comparators_with_its_source():
    found, left_out = fit_comparators(v3_rows(people=400), seed=1)
    (own,) = [c for c in found if c.name == "v3_like"]
    assert own.label == "SPARRA-v3-like"
    assert "ISD Scotland 2011" in own.note
    assert own.is_risk
    assert "v3_like" not in left_out


@pytest.mark.parametrize(
    "names", [("sex_female", "emergency_admissions_365d"), ("age", "charlson")]
)
def test_without_age_or_any_use_it_is_left_out(names):
    rows = v3_rows(people=200, names=names)
    assert fit_v3_like(rows, seed=1) is None
    assert "v3_like" in fit_comparators(rows, seed=1)[1]


def test_every_amount_is_in_the_catalogue():
    """A rule that is renamed there must not vanish here in silence."""
    study = parse_study(
        'name = "x"\n[index]\ndates = [2022-01-01, 2024-01-01]\n'
        '[outcome]\nkind = "emergency_admission"\n'
        "[split]\ndevelop_to = 2022-01-01\nevaluate_from = 2024-01-01\n"
    )
    rules = {feature.rule for feature in catalogue(study)}
    assert rules >= V3_AMOUNTS


def test_missing_sex_counts_in_neither_curve():
    rows = v3_rows(people=300)
    values = rows.matrix.values.copy()
    values[0, rows.matrix.names.index("sex_female")] = np.nan
    formula = fit_v3_like(
        dataclasses.replace(rows, matrix=dataclasses.replace(rows.matrix, values=values)), seed=1
    )
    assert np.isfinite(formula.risk(dataclasses.replace(rows.matrix, values=values))).all()
