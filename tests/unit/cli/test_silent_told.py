"""Features that tell a model nothing are told once, by name."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console
from tests.unit.training.samples import STUDY, sample

from riskstrat.cli import console
from riskstrat.cli.app import train
from riskstrat.cli.silent import silent_features
from riskstrat.training import RiskModel, fit


@pytest.fixture(scope="module")
def trained() -> RiskModel:
    """Charlson is 2 for everybody, nobody has a haemoglobin."""
    matrix, cohort = sample()
    values = matrix.values.copy()
    values[:, matrix.names.index("charlson")] = 2
    values[:, matrix.names.index("haemoglobin")] = np.nan
    return fit(dataclasses.replace(matrix, values=values), cohort)


def test_a_model_remembers_what_told_it_nothing(trained: RiskModel) -> None:
    assert trained.provenance["features_constant"] == ["charlson", "haemoglobin"]
    assert trained.provenance["features_without_facts"] == ["haemoglobin"]


def test_each_name_is_told_once(trained: RiskModel) -> None:
    told = silent_features(trained)
    assert told is not None
    assert told.startswith("2 of 6 features tell the model nothing.")
    assert "No record stands behind any value: haemoglobin." in told
    assert "The same value, or none, in every row: charlson." in told
    assert told.count("haemoglobin") == 1


def test_nothing_is_told_when_every_feature_varies() -> None:
    matrix, cohort = sample()
    assert silent_features(fit(matrix, cohort)) is None


def test_a_model_of_an_earlier_release_tells_nothing(trained: RiskModel) -> None:
    assert silent_features(dataclasses.replace(trained, provenance={})) is None


def test_train_warns_once_and_beside_the_result(
    trained: RiskModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """On the error stream, so that ``--json`` stays JSON; no value and no person in it."""
    run = SimpleNamespace(model=trained, report=SimpleNamespace(metrics={}, describe=lambda: "ok"))
    monkeypatch.setattr("riskstrat.pipeline.run_study", lambda *_, **__: run)
    monkeypatch.setattr("riskstrat.records.load_records", lambda *_: None)
    monkeypatch.setattr("riskstrat.cli.tracked.log_run", lambda *_: "")
    monkeypatch.setattr(console, "_messages", Console(stderr=True))
    (tmp_path / "study.toml").write_text(STUDY, "utf-8")
    train(tmp_path / "study.toml", tmp_path, tmp_path / "out", as_json=True)
    shown = capfd.readouterr()
    assert json.loads(shown.out)["model_version"] == trained.version
    assert shown.err.count("tell the model nothing") == 1
    assert "p000" not in shown.err
