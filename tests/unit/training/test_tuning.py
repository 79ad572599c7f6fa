"""A search that is seeded, goes on where it stopped, and keeps only what is clearly better."""

from __future__ import annotations

import dataclasses
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss
from tests.unit.training.samples import sample

from riskstrat.errors import MissingExtraError, UsageError
from riskstrat.training import tuning
from riskstrat.training.fitting import outcome_rows
from riskstrat.training.folds import patient_folds
from riskstrat.training.parameters import TreeParameters
from riskstrat.training.trees import TrainingRows, fit_trees, fold_losses
from riskstrat.training.tuning import SearchRules, Tuned, params_text, tune

QUICK = TreeParameters(max_rounds=15, early_stopping_rounds=3, folds=3, learning_rate=0.1)
LONG = 10.0
"""Minutes that no search here needs."""


@pytest.fixture(scope="module")
def rows() -> TrainingRows:
    return outcome_rows(*sample(250))


def test_the_same_seed_gives_the_same_parameters(rows: TrainingRows) -> None:
    first, again = (tune(rows, QUICK, SearchRules(3, LONG, trials=12)) for _ in range(2))
    other = tune(rows, QUICK, SearchRules(4, LONG, trials=12))
    assert first == again
    assert first.trials == 12
    assert first.best_loss <= first.default_loss
    assert other.best_loss != first.best_loss
    assert all(len(f"{value:g}") <= 7 for value in vars(first.parameters).values())


def test_a_search_goes_on_where_it_stopped(rows: TrainingRows, tmp_path: Path) -> None:
    """In two parts it finds what it finds in one: each proposal is seeded by its number."""
    whole = tune(rows, QUICK, SearchRules(1, LONG, trials=13))
    file = tmp_path / "search.db"
    tune(rows, QUICK, SearchRules(1, LONG, trials=6, storage=file))
    assert tune(rows, QUICK, SearchRules(1, LONG, trials=13, storage=file)) == whole


def test_a_trial_that_was_broken_off_is_tried_again(rows: TrainingRows, tmp_path: Path) -> None:
    file = tmp_path / "search.db"
    whole = tune(rows, QUICK, SearchRules(1, LONG, trials=4))
    tune(rows, QUICK, SearchRules(1, LONG, trials=2, storage=file))
    import optuna

    optuna.load_study(study_name="riskstrat", storage=f"sqlite:///{file}").ask()
    assert tune(rows, QUICK, SearchRules(1, LONG, trials=4, storage=file)) == whole


def test_other_rows_are_refused_in_the_same_storage(rows: TrainingRows, tmp_path: Path) -> None:
    rules = SearchRules(1, LONG, trials=1, storage=tmp_path / "search.db")
    tune(rows, QUICK, rules)
    with pytest.raises(UsageError, match=r"made with another data"):
        tune(outcome_rows(*sample(250, seed=2)), QUICK, rules)


def test_the_storage_holds_no_value_of_a_patient(tmp_path: Path) -> None:
    """A pseudonym and a measurement that nobody could meet by chance."""
    matrix, cohort = sample(200)
    matrix.values[:, 5] = 918273.5
    file = tmp_path / "search.db"
    tune(outcome_rows(matrix, cohort), QUICK, SearchRules(1, LONG, trials=3, storage=file))
    stored = file.read_bytes()
    assert b"learning_rate" in stored
    assert not any(person.encode() in stored for person in cohort.frame["patient_id"].unique())
    assert b"918273" not in stored


def test_when_time_is_up_the_default_has_been_judged(rows: TrainingRows) -> None:
    found = tune(rows, QUICK, SearchRules(1, 1e-9))
    assert (found.trials, found.is_better, found.parameters) == (1, False, QUICK)


def test_what_is_not_clearly_better_is_left(
    rows: TrainingRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Losses by fold: better by 0.001 on average, with a standard error above it."""

    def losses(_: TrainingRows, parameters: TreeParameters, dataset: object, *, seed: int):
        gains = (0.0, 0.0, 0.0) if parameters == QUICK else gain
        yield from (np.array([0.6, 0.5 - better]) for better in gains)

    monkeypatch.setattr(tuning, "fold_losses", losses)
    gain = (0.005, -0.003, 0.001)
    found = tune(rows, QUICK, SearchRules(1, LONG, trials=3))
    assert found.difference == pytest.approx(0.001)
    assert found.standard_error == pytest.approx(np.std(gain, ddof=1) / np.sqrt(3))
    assert (found.is_better, found.parameters) == (False, QUICK)
    gain = (0.005, 0.004, 0.006)
    found = tune(rows, QUICK, SearchRules(1, LONG, trials=3))
    assert found.is_better
    assert found.parameters != QUICK
    assert found.parameters.folds == QUICK.folds


def test_fold_losses_are_those_of_training(rows: TrainingRows) -> None:
    """Their mean at its lowest is what training reports, and the oracle is scikit-learn's."""
    never_early = dataclasses.replace(QUICK, early_stopping_rounds=15)
    curves = list(fold_losses(rows, never_early, rows.binned(QUICK, seed=1), seed=1))
    _, notes = fit_trees(rows, never_early, seed=1)
    mean = np.mean(curves, axis=0)
    assert notes.rounds == int(mean.argmin()) + 1
    assert notes.log_loss == pytest.approx(mean.min(), abs=1e-9)
    fold = patient_folds(rows.groups, rows.outcome, folds=3, seed=1)
    rest = fold == 0
    prior = np.average(rows.outcome[~rest], weights=rows.weight[~rest])
    null = log_loss(rows.outcome[rest], np.full(rest.sum(), prior), sample_weight=rows.weight[rest])
    assert curves[0][0] < null


@pytest.mark.parametrize(("minutes", "trials"), [(0, None), (1, 0)])
def test_no_time_and_no_trials_are_refused(
    rows: TrainingRows, minutes: float, trials: int | None
) -> None:
    with pytest.raises(UsageError, match="positive"):
        tune(rows, QUICK, SearchRules(1, minutes, trials=trials))


def test_without_optuna_the_extra_is_named(
    rows: TrainingRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"riskstrat\[tune\]"):
        tune(rows, QUICK, SearchRules(1, LONG, trials=1))


def test_a_file_that_is_something_else_is_refused_and_stays(
    rows: TrainingRows, tmp_path: Path
) -> None:
    file = tmp_path / "work.txt"
    file.write_text("somebody's work")
    for storage in (file, tmp_path, tmp_path / "nowhere" / "trials.db"):
        with pytest.raises(UsageError, match="is neither"):
            tune(rows, QUICK, SearchRules(1, LONG, trials=1, storage=storage))
    assert file.read_text() == "somebody's work"


@pytest.mark.parametrize("is_better", [True, False])
def test_the_file_says_how_its_parameters_were_found(is_better: bool, tmp_path: Path) -> None:
    tuned = Tuned(QUICK, is_better, 60, 0.25, 0.26, 0.01, 0.002, 7)
    text = params_text(tuned)
    assert text.startswith("# Written by riskstrat tune: 60 trials, best out-of-fold log-loss 0.25")
    assert "seed 7" in text
    assert ("These are the defaults" in text) is not is_better
    assert TreeParameters(**tomllib.loads(text)) == QUICK
