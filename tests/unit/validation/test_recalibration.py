"""A calibration fitted again: against an independent optimiser, exact sums, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from tests.unit.training.samples import sample

from riskstrat.cohort import Cohort
from riskstrat.errors import DataError, UsageError
from riskstrat.evaluation import Observed, observed_expected_ratio
from riskstrat.evaluation.judged import observed_outcome
from riskstrat.explanation import peer_reference
from riskstrat.explanation.shapley import tree_contributions
from riskstrat.features import FeatureMatrix
from riskstrat.training import RiskModel, fit
from riskstrat.validation import recalibrate
from riskstrat.validation.recalibration import fit_update


@pytest.fixture(scope="module")
def model() -> RiskModel:
    matrix, cohort = sample(600)
    fitted = fit(matrix, cohort)
    return dataclasses.replace(fitted, peers=peer_reference(fitted, matrix, cohort))


@pytest.fixture(scope="module")
def elsewhere() -> tuple[FeatureMatrix, Cohort]:
    """Another place, where half of the admissions do not happen and some rows weigh more."""
    matrix, cohort = sample(900, seed=5)
    frame = cohort.frame.copy()
    rng = np.random.default_rng(3)
    spared = (frame["outcome"] == 1) & (rng.random(len(frame)) < 0.5)
    frame.loc[spared, "outcome"] = 0
    frame["weight"] = np.where(frame["outcome"] == -1, 0.0, rng.uniform(1, 2, len(frame)))
    return matrix, dataclasses.replace(cohort, frame=frame)


def numbers(rows: int = 500) -> tuple[Observed, np.ndarray]:
    rng = np.random.default_rng(11)
    log_odds = rng.normal(-1, 1.2, rows)
    event = rng.random(rows) < 1 / (1 + np.exp(0.7 - 0.6 * log_odds))
    return Observed.of(event, rng.uniform(0.5, 2, rows)), log_odds


def test_the_intercept_is_that_of_a_general_optimiser() -> None:
    observed, log_odds = numbers()

    def loss(shift: np.ndarray) -> float:
        moved = shift[0] + log_odds
        return float(observed.weight @ (np.logaddexp(0, moved) - observed.event * moved))

    found = minimize(loss, np.zeros(1), method="BFGS", options={"gtol": 1e-8})
    update = fit_update(observed, log_odds, "large")
    assert update.stretch == 1
    assert update.shift == pytest.approx(found.x[0], abs=1e-6)


def test_intercept_and_slope_are_those_of_scikit_learn() -> None:
    observed, log_odds = numbers()
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    oracle.fit(log_odds[:, None], observed.event, sample_weight=observed.weight)
    update = fit_update(observed, log_odds, "affine")
    assert update.shift == pytest.approx(oracle.intercept_[0], abs=1e-5)
    assert update.stretch == pytest.approx(oracle.coef_[0, 0], abs=1e-5)


@pytest.mark.parametrize("method", ["large", "affine"])
def test_observed_over_expected_is_one_afterwards(
    model: RiskModel, elsewhere: tuple[FeatureMatrix, Cohort], method: str
) -> None:
    matrix, cohort = elsewhere
    found = recalibrate(model, matrix, cohort, method=method)
    observed = observed_outcome(cohort.frame)
    before = observed_expected_ratio(observed, model.predict(matrix)["risk"]).value
    after = observed_expected_ratio(observed, found.model.predict(matrix)["risk"]).value
    assert before < 0.8
    assert after == pytest.approx(1, abs=1e-8)
    without = (cohort.frame["outcome"] != 1).to_numpy()
    died = observed.with_event((cohort.frame["outcome"] == 2).to_numpy()).take(without)
    risk = found.model.death.risk(matrix.values[without])
    assert observed_expected_ratio(died, risk).value == pytest.approx(1, abs=1e-8)
    assert found.told["admission"]["after"]["observed_expected"]["value"] == 1


@pytest.mark.parametrize("method", ["large", "affine"])
def test_contributions_still_add_up_and_peers_move_with_them(
    model: RiskModel, elsewhere: tuple[FeatureMatrix, Cohort], method: str
) -> None:
    matrix, cohort = elsewhere
    new = recalibrate(model, matrix, cohort, method=method).model
    for trees in (new.admission, new.death):
        contributions, baseline = tree_contributions(trees, matrix.values)
        total = baseline + contributions.sum(axis=1)
        np.testing.assert_allclose(total, trees.log_odds(matrix.values), atol=1e-9)
    developed, rows = sample(600)
    expected = peer_reference(new, developed, rows)
    for name in ("mean_contribution", "mean_death_contribution"):
        np.testing.assert_allclose(new.peers[name], expected[name], atol=1e-9)


def test_in_the_large_nobody_changes_place(
    model: RiskModel, elsewhere: tuple[FeatureMatrix, Cohort]
) -> None:
    matrix, cohort = elsewhere
    new = recalibrate(model, matrix, cohort).model
    moved = new.predict(matrix)["log_odds"] - model.predict(matrix)["log_odds"]
    np.testing.assert_allclose(moved, moved.iloc[0], atol=1e-9)
    assert new.admission.slope == model.admission.slope


def test_the_new_artefact_has_its_own_version_and_names_its_parent(
    model: RiskModel, elsewhere: tuple[FeatureMatrix, Cohort], tmp_path: Path
) -> None:
    found = recalibrate(model, *elsewhere, told={"synthetic": True, "index_date": "2024-01-01"})
    assert found.model.version != model.version
    found.model.save(tmp_path / "new")
    again = RiskModel.load(tmp_path / "new")
    (told,) = again.provenance["recalibrations"]
    assert told["parent"] == model.version
    assert told["index_date"] == "2024-01-01"
    assert told["admission"]["old"]["intercept"] == pytest.approx(
        model.admission.intercept, rel=1e-4
    )
    assert again.provenance["synthetic"] is True
    assert "p00" not in json.dumps(told)
    twice = recalibrate(again, *elsewhere).model
    assert len(twice.provenance["recalibrations"]) == 2


def test_too_few_events_are_refused_with_the_number_needed(model: RiskModel) -> None:
    with pytest.raises(DataError, match=r"at least 100 rows.*Collins 2016.*but got \d+ with"):
        recalibrate(model, *sample(60, seed=4))


def test_with_few_deaths_the_model_of_death_stays(model: RiskModel) -> None:
    matrix, cohort = sample(900, seed=6, deaths=False)
    found = recalibrate(model, matrix, cohort)
    assert found.model.death is model.death
    assert "fewer than 100 deaths" in found.told["death"]["left_as_it_was"]


def test_an_outcome_that_falls_with_the_risk_is_refused() -> None:
    observed, log_odds = numbers()
    with pytest.raises(DataError, match="rises with the model's risk"):
        fit_update(observed, -log_odds, "affine")


def test_an_unknown_method_is_refused(model: RiskModel) -> None:
    with pytest.raises(UsageError, match="large or affine"):
        recalibrate(model, *sample(60, seed=4), method="isotonic")
