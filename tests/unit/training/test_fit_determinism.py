import dataclasses

import lightgbm as lgb
import numpy as np
import pytest
from tests.unit.training.samples import STUDY, sample
from threadpoolctl import threadpool_limits

from riskstrat.study import parse_study
from riskstrat.training import fit
from riskstrat.training.parameters import TreeParameters
from riskstrat.training.trees import TrainingRows, fit_trees


def _text(model):
    return model.admission.booster.model_to_string()


def test_same_rows_and_seed_give_the_same_model():
    models = [fit(*sample(people=200)) for _ in range(2)]
    assert _text(models[0]) == _text(models[1])
    assert models[0].version == models[1].version


def test_another_seed_gives_another_model():
    matrix, cohort = sample(people=200)
    other = dataclasses.replace(cohort, study=parse_study(f"{STUDY}seed = 2\n"))
    models = [fit(matrix, c) for c in (cohort, other)]
    assert _text(models[0]) != _text(models[1])
    assert models[1].provenance["seed"] == 2


def test_the_number_of_threads_changes_nothing(monkeypatch):
    """Both models and every comparator; the text of a model names the threads, nothing else."""
    matrix, cohort = sample(people=150)
    train = lgb.train
    models = []
    for threads in (1, 2):
        monkeypatch.setattr(
            lgb,
            "train",
            lambda p, *a, threads=threads, **k: train({**p, "num_threads": threads}, *a, **k),
        )
        with threadpool_limits(limits=threads):
            models.append(fit(matrix, cohort))
    one, two = models
    for tree, other in ((one.admission, two.admission), (one.death, two.death)):
        text = other.booster.model_to_string()
        assert "[num_threads: 2]" in text
        as_one = text.replace("[num_threads: 2]", "[num_threads: 1]")
        assert as_one == tree.booster.model_to_string()
        assert (tree.slope, tree.intercept) == (other.slope, other.intercept)
    assert one.comparators == two.comparators
    assert one.provenance == two.provenance


def test_progress_names_the_steps():
    said = []
    fit(*sample(people=200), progress=said.append)
    assert said == ["model of the outcome", "model of death", "comparators"]


def test_provenance_is_counts_and_names():
    matrix, cohort = sample(people=200)
    told = fit(matrix, cohort).provenance
    outcome = cohort.frame["outcome"]
    assert told["rows"] == {
        "development": 400,
        "people": 200,
        "left_before_an_event": int((outcome == -1).sum()),
        "admission_first": int((outcome == 1).sum()),
        "death_first": int((outcome == 2).sum()),
        "neither": int((outcome == 0).sum()),
    }
    assert told["admission"]["folds"] == 4
    needed = told["sample_size"]
    assert needed["rows_needed"] > 400
    assert needed["is_enough"] is False
    assert needed["parameters"] == 10
    assert {"lightgbm", "riskstrat"} <= set(told["libraries"])
    assert not any(patient in str(told) for patient in cohort.frame["patient_id"])


@pytest.mark.parametrize(("rows", "folds"), [(18, 0), (400, 4)])
def test_few_people_are_not_cross_fitted(rows, folds):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(rows, 2))
    given = TrainingRows(values, values[:, 0] > 0, np.ones(rows), np.arange(rows))
    trees, notes = fit_trees(given, TreeParameters(), seed=1)
    assert notes.folds == folds
    if folds == 0:
        assert (trees.slope, trees.intercept, notes.rounds) == (1.0, 0.0, 100)


def test_no_tree_is_deeper_than_allowed():
    matrix, cohort = sample(people=400)
    frame = fit(matrix, cohort).admission.booster.trees_to_dataframe()
    assert frame["node_depth"].max() <= TreeParameters().max_depth + 1
