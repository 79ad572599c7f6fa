"""Every model in ``models/`` that is made for linked NHS records trains on a simulated district."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import REPOSITORY

from riskstrat.pipeline import run_study
from riskstrat.records import load_records
from riskstrat.study import Study, load_study
from riskstrat.training import RiskModel

MODELS = REPOSITORY / "models"
FOR_DISTRICTS = (
    "emergency_admission_12m",
    "emergency_admission_30d",
    "frail_older_12m",
    "readmission_30d",
)


def study_of(name: str) -> Study:
    return load_study(MODELS / name / "study.toml")


@pytest.fixture(scope="module", params=FOR_DISTRICTS)
def run(
    request: pytest.FixtureRequest, district: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Study, Path]:
    study = study_of(request.param)
    out = tmp_path_factory.mktemp("shipped") / study.name
    run_study(load_records(district), study, out)
    return study, out


def metrics_of(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    return found


def test_every_folder_is_listed_and_named_as_its_study() -> None:
    listed = (MODELS / "README.md").read_text(encoding="utf-8")
    folders = sorted(path.parent.name for path in MODELS.glob("*/study.toml"))
    assert set(FOR_DISTRICTS) < set(folders)
    for name in folders:
        assert study_of(name).name == name
        assert f"| `{name}` |" in listed


def test_it_ranks_better_than_chance_and_its_artefact_loads(run: tuple[Study, Path]) -> None:
    study, out = run
    own = metrics_of(out)["everyone"]["scores"][0]
    assert own["auroc"]["low"] > 0.5
    model = RiskModel.load(out / "artefact")
    assert model.study == study
    assert "virtual_ward" in model.provenance["programme_services_left_out"]


def test_the_pages_speak_of_its_own_outcome(run: tuple[Study, Path]) -> None:
    study, out = run
    words = study.outcome.words
    title = f"Risk of {words.with_article} within {study.outcome.window_days} days"
    assert title in (out / "report.html").read_text(encoding="utf-8")
    assert f"| {words.one} |" in (out / "model_card.md").read_text(encoding="utf-8")


def test_windows_of_a_month_are_also_judged_without_lag(run: tuple[Study, Path]) -> None:
    """Side by side on the same people; it is a bound, so it raises no finding."""
    study, out = run
    metrics = metrics_of(out)
    scores = {score["name"]: score for score in metrics["everyone"]["scores"]}
    is_short = study.outcome.window_days <= 31
    assert ("without_lag" in scores) is is_short
    if is_short:
        assert scores["without_lag"]["auroc"]["value"] > 0.5
        assert "The same without lag" in (out / "report.html").read_text(encoding="utf-8")
        assert not any("without lag" in finding["message"] for finding in metrics["findings"])
