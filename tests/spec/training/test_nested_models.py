"""Admission a on everybody, death b among those not admitted: a + (1-a)b + (1-a)(1-b) = 1."""

import dataclasses

import numpy as np
import pytest
from tests.unit.training.samples import STUDY, sample

from riskstrat.errors import StudyError, UsageError
from riskstrat.study import parse_study
from riskstrat.training import fit
from riskstrat.training.fitting import MIN_DEATHS


@pytest.fixture(scope="module")
def fitted():
    matrix, cohort = sample()
    return fit(matrix, cohort), matrix, cohort


def _with_outcome(cohort, outcome):
    return dataclasses.replace(cohort, frame=cohort.frame.assign(outcome=outcome.astype(np.int8)))


def test_the_three_outcomes_add_to_one(fitted):
    model, matrix, _ = fitted
    predicted = model.predict(matrix)
    death_next = model.death.risk(matrix.values)
    neither = (1 - predicted["risk"]) * (1 - death_next)
    total = predicted["risk"] + predicted["risk_death"] + neither
    assert np.abs(total - 1).max() < 1e-12
    assert ((predicted["risk"] > 0) & (predicted["risk_death"] > 0)).all()


def test_risks_agree_with_the_observed_rates(fitted):
    model, matrix, cohort = fitted
    kept = (cohort.frame["weight"] > 0).to_numpy()
    outcome, predicted = cohort.frame["outcome"][kept], model.predict(matrix)[kept]
    assert predicted["risk"].mean() == pytest.approx((outcome == 1).mean(), abs=0.03)
    assert predicted["risk_death"].mean() == pytest.approx((outcome == 2).mean(), abs=0.03)


def test_log_odds_are_affine_in_the_raw_score(fitted):
    model, matrix, _ = fitted
    predicted = model.predict(matrix)
    again = model.admission.intercept + model.admission.slope * predicted["raw_score"]
    assert (again == predicted["log_odds"]).all()
    assert model.admission.slope > 0


def test_risk_never_falls_with_earlier_emergency_admissions(fitted):
    model, matrix, _ = fitted
    column = matrix.names.index("emergency_admissions_365d")
    risks = []
    for count in range(6):
        values = matrix.values[:50].copy()
        values[:, column] = count
        risks.append(model.admission.risk(values))
    assert (np.diff(np.stack(risks), axis=0) >= 0).all()


def test_rows_that_weigh_nothing_change_nothing(fitted):
    model, matrix, cohort = fitted
    kept = (cohort.frame["weight"] > 0).to_numpy()
    again = fit(matrix.take(kept), cohort.rows(kept))
    assert again.admission.booster.model_to_string() == model.admission.booster.model_to_string()
    assert again.admission.slope == model.admission.slope
    assert again.provenance["rows"]["left_before_an_event"] == 0


def test_weights_move_the_risk():
    matrix, cohort = sample()
    admitted = cohort.frame["outcome"] == 1
    heavier = cohort.frame["weight"].where(~admitted, cohort.frame["weight"] * 3)
    weighted = dataclasses.replace(cohort, frame=cohort.frame.assign(weight=heavier))
    means = [fit(matrix, c).predict(matrix)["risk"].mean() for c in (cohort, weighted)]
    assert means[1] > means[0] + 0.1


@pytest.mark.parametrize(("deaths", "has_model"), [(MIN_DEATHS - 1, False), (MIN_DEATHS, True)])
def test_too_few_deaths_leave_the_model_of_death_out(deaths, has_model):
    matrix, cohort = sample(deaths=False)
    outcome = cohort.frame["outcome"].to_numpy().copy()
    spared = cohort.frame.index[(outcome == 0)]
    one_row_each = cohort.frame.loc[spared].drop_duplicates("patient_id").index[:deaths]
    outcome[one_row_each] = 2
    model = fit(matrix, _with_outcome(cohort, outcome))
    assert (model.death is not None) == has_model
    assert ("left_out" in model.provenance["death"]) != has_model
    assert model.predict(matrix)["risk_death"].isna().all() != has_model


@pytest.mark.parametrize("events", [0, 9])
def test_too_few_events_are_refused_with_counts(events):
    matrix, cohort = sample(people=60)
    outcome = np.zeros(120)
    outcome[: 2 * events : 2] = 1
    with pytest.raises(StudyError, match=f"got {events} with and {60 - events} without") as error:
        fit(matrix, _with_outcome(cohort, outcome))
    assert error.value.exit_code == 3


def test_everybody_admitted_is_refused():
    matrix, cohort = sample(people=60)
    with pytest.raises(StudyError, match="got 60 with and 0 without"):
        fit(matrix, _with_outcome(cohort, np.ones(120)))


def test_rows_of_another_order_are_refused():
    matrix, cohort = sample(people=60)
    with pytest.raises(UsageError, match="in its order"):
        fit(matrix.take(np.arange(120)[::-1]), cohort)


def test_evaluation_rows_are_refused():
    matrix, cohort = sample(people=60)
    mixed = dataclasses.replace(cohort, frame=cohort.frame.assign(part="evaluation"))
    with pytest.raises(UsageError, match="120 of 120 are for another part"):
        fit(matrix, mixed)


def test_where_death_is_the_outcome_there_is_no_second_model():
    """P(outcome) + P(neither) = 1: nobody dies first, and the provenance says why there is no B."""
    matrix, cohort = sample()
    text = STUDY.replace("emergency_admission", "emergency_admission_or_death")
    outcome = cohort.frame["outcome"].replace(2, 1)
    joined = dataclasses.replace(_with_outcome(cohort, outcome), study=parse_study(text))
    model = fit(matrix, joined)
    assert model.death is None
    assert model.provenance["death"] == {"left_out": "death is part of the outcome"}
    predicted = model.predict(matrix)
    assert predicted["risk_death"].isna().all()
    kept = (cohort.frame["weight"] > 0).to_numpy()
    assert predicted["risk"][kept].mean() == pytest.approx((outcome[kept] == 1).mean(), abs=0.03)
