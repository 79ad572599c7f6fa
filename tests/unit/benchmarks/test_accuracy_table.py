import json

import numpy as np
import pandas as pd
import pytest
from benchmarks import accuracy
from benchmarks.diabetes130 import Encounters
from benchmarks.machine import describe_machine, machine_line
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from riskstrat.classifier import RiskClassifier
from riskstrat.evaluation.resampled import drawn_people


@pytest.fixture
def encounters():
    rng = np.random.default_rng(1)
    patients = rng.integers(0, 250, 600)
    signal = rng.normal(size=600)
    outcome = rng.random(600) < 1 / (1 + np.exp(1.5 - signal))
    development = np.arange(600) < 420
    unseen = ~development & ~np.isin(patients, patients[development])
    table = pd.DataFrame({"signal": signal, "ward": pd.Categorical(rng.choice(["a", "b"], 600))})
    return Encounters(table, outcome, patients, development, unseen)


def test_the_interval_is_that_of_a_naive_loop_over_patients(encounters, monkeypatch):
    monkeypatch.setattr(accuracy, "RESAMPLES", 40)
    risk = 1 / (1 + np.exp(1.5 - encounters.table["signal"].to_numpy()))
    rows = ~encounters.development
    found = accuracy.judge("x", encounters, risk, rows)
    people, whose = np.unique(encounters.patients[rows], return_inverse=True)
    areas = []
    for replicate in range(40):
        drawn = drawn_people(people.size, accuracy.SEED, replicate)
        chosen = np.concatenate([np.flatnonzero(whose == person) for person in drawn])
        outcome, own = encounters.outcome[rows][chosen], risk[rows][chosen]
        areas.append((roc_auc_score(outcome, own), average_precision_score(outcome, own)))
    low, high = np.quantile(np.array(areas), [0.025, 0.975], axis=0)
    assert (found.auroc.low, found.average_precision.low) == pytest.approx(tuple(low), abs=1e-9)
    assert (found.auroc.high, found.average_precision.high) == pytest.approx(tuple(high), abs=1e-9)
    assert found.auroc.value == pytest.approx(
        roc_auc_score(encounters.outcome[rows], risk[rows]), abs=1e-12
    )


def test_models_are_fitted_on_development_and_judged_on_the_rest(encounters, monkeypatch):
    monkeypatch.setattr(accuracy, "RESAMPLES", 20)
    seen = []

    class Watched(LogisticRegression):
        def fit(self, table, outcome):
            seen.append(len(table))
            return super().fit(table[["signal"]], outcome)

        def predict_proba(self, table):
            return super().predict_proba(table[["signal"]])

    monkeypatch.setattr(accuracy, "models", lambda: {"watched": Watched()})
    everyone, new = accuracy.measure(encounters)
    assert seen == [420]
    assert (everyone.name, everyone.encounters) == ("watched, all", 180)
    assert (new.name, new.encounters) == ("watched, unseen patients", encounters.unseen.sum())


def test_every_model_takes_the_table(encounters):
    for name, model in accuracy.models().items():
        grown = accuracy.fitted(model, encounters, np.arange(420))
        risk = grown.predict_proba(encounters.table[420:])[:, 1]
        assert roc_auc_score(encounters.outcome[420:], risk) > 0.6, name


def test_choosing_never_sees_the_last_part(encounters, monkeypatch):
    monkeypatch.setattr(accuracy, "models", lambda: {"riskstrat": RiskClassifier(max_rounds=20)})
    monkeypatch.setattr(accuracy, "CANDIDATES", {"riskstrat": [{"num_leaves": 4}]})
    before = accuracy.choose(encounters)
    encounters.outcome[420:] = ~encounters.outcome[420:]
    encounters.table.loc[420:, "signal"] = 0.0
    assert accuracy.choose(encounters) == before


def test_the_command_prints_the_published_rows_and_writes_json(
    encounters, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(accuracy, "RESAMPLES", 20)
    monkeypatch.setattr(accuracy, "load_encounters", lambda folder: encounters)
    monkeypatch.setattr(accuracy, "models", lambda: {"riskstrat": RiskClassifier(max_rounds=20)})
    accuracy.main(["--data", str(tmp_path), "--json", str(tmp_path / "accuracy.json")])
    printed = capsys.readouterr().out
    for text in ("published: XGBoost", "0.667", "0.642 to 0.646", "cores", "unseen patients"):
        assert text in printed
    written = json.loads((tmp_path / "accuracy.json").read_text())
    assert len(written["measured"]) == 2
    assert 0 < written["measured"][0]["auroc"]["low"] < written["measured"][0]["auroc"]["high"] < 1
    assert written["machine"]["cores"] >= 1


def test_the_machine_is_described_without_its_name():
    machine = describe_machine("numpy")
    assert set(machine) == {"cores", "memory_gib", "python", "packages"}
    assert f"numpy {np.__version__}" in machine_line(machine)
