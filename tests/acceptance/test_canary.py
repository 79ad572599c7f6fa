"""No patient value where none may be: what objects print, what is logged, what MLflow keeps.

The canaries are the pseudonyms of the simulated district: 32 hexadecimal characters each, so that
one of them cannot turn up by chance.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pandas as pd
import pytest
from tests.conftest import DISTRICT_INDEX_DATE

import riskstrat as rs
from riskstrat.risklist import load_scores
from riskstrat.study import Study
from riskstrat.tracking import log_run

PSEUDONYM = re.compile(rb"[0-9a-f]{32}")


@pytest.fixture(scope="module")
def people(district: Path) -> set[bytes]:
    return {p.encode() for p in pd.read_parquet(district / "patients.parquet")["patient_id"]}


def found(text: bytes, people: set[bytes]) -> int:
    return len(people.intersection(PSEUDONYM.findall(text)))


def test_the_canaries_are_found_where_they_belong(
    district_scores: Path, people: set[bytes]
) -> None:
    listed = rs.make_risk_list(load_scores(district_scores), capacity=5).frame
    assert found(listed.to_csv().encode(), people) > 0


def test_no_object_prints_a_patient(
    district: Path, district_run: Path, district_scores: Path, district_study: Study,
    people: set[bytes], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with caplog.at_level(logging.DEBUG):
        records = rs.load_records(district)
        cohort = rs.build_cohort(records, district_study)
        features = rs.build_features(records, cohort.keys, district_study)
        model = rs.RiskModel.load(district_run / "artefact")
        explanations = rs.explain(model, features)
        scores = rs.score(model, records, DISTRICT_INDEX_DATE)
        risk_list = rs.make_risk_list(scores, capacity=5)
    objects = [records, cohort, features, model, explanations, scores, risk_list]
    printed = "".join(f"{thing!r}\n{thing}\n" for thing in objects)
    printed += "".join(thing.describe() for thing in [records, cohort, features, scores])
    captured = capfd.readouterr()
    assert found((printed + caplog.text + captured.out + captured.err).encode(), people) == 0


def test_the_run_folder_and_mlflow_hold_no_patient(
    district_run: Path, people: set[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.chdir(tmp_path)
    log_run(district_run, rs.RiskModel.load(district_run / "artefact"), {"auroc": 0.5}, uri=uri)
    files = [p for folder in (district_run, tmp_path) for p in folder.rglob("*") if p.is_file()]
    assert len(files) > 5
    for path in files:
        assert found(path.read_bytes(), people) == 0, path.name


def test_the_model_card_and_report_say_synthetic(district_run: Path) -> None:
    names = ("report.html", "model_card.md", "metrics.json", "explanations.html")
    for name in (*names, "explanations.json"):
        assert "ynthetic" in (district_run / name).read_text("utf-8")
