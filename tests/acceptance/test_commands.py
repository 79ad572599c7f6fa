"""The commands as a user runs them: what they print, write and return."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.command_line import riskstrat, riskstrat_alone
from tests.conftest import DISTRICT_STUDY


def test_help_names_every_command_and_gives_examples() -> None:
    said = riskstrat_alone("--help").stdout
    commands = ["simulate", "link", "check", "train", "evaluate", "score", "list", "explain"]
    commands += ["validate", "tune", "recalibrate"]
    for command in [*commands, "schema", "demo", "serve"]:
        assert command in said
        if command not in {"schema"}:
            assert "Example" in riskstrat(command, "--help").stdout, command


def test_schema_prints_tables_for_people_and_machines() -> None:
    assert "recorded_date" in riskstrat("schema").stdout
    tables = json.loads(riskstrat("schema", "--json").stdout)["tables"]
    assert tables[0]["name"] == "patients"


def test_study_schema_is_json() -> None:
    schema = json.loads(riskstrat("study", "schema").stdout)
    assert set(schema["required"]) == {"name", "index", "outcome"}


def test_check_of_a_simulated_district_has_no_errors(district: Path) -> None:
    done = riskstrat_alone("check", district, "--json")
    assert done.returncode == 0, done.stdout
    assert not [f for f in json.loads(done.stdout)["findings"] if f["level"] == "error"]


def test_a_trained_run_has_every_file(district_run: Path) -> None:
    names = {path.name for path in district_run.iterdir()}
    assert {"artefact", "metrics.json", "report.html", "model_card.md", "tripod.md"} <= names
    assert {"explanations.html", "explanations.json"} <= names


def test_train_evaluate_and_explain(district: Path, tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text(DISTRICT_STUDY, "utf-8")
    arguments = [study, "--records", district, "--out", tmp_path / "run", "--json"]
    trained = riskstrat_alone("train", *arguments)
    assert trained.returncode == 0, trained.stderr
    judged = riskstrat_alone(
        "evaluate", tmp_path / "run/artefact", "--records", district, "--out", tmp_path / "judged"
    )
    assert judged.returncode == 0, judged.stderr
    assert (tmp_path / "judged" / "metrics.json").read_bytes() == (
        tmp_path / "run" / "metrics.json"
    ).read_bytes()


def test_everyone_is_scored_by_feature_on_request(
    district: Path, district_run: Path, district_scores: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "scores"
    arguments = ["--records", district, "--index-date", "2025-01-01", "--out", out, "--full"]
    done = riskstrat("score", district_run / "artefact", *arguments)
    assert done.returncode == 0, done.stderr
    wide = pd.read_parquet(out / "feature_contributions.parquet").set_index("patient_id")
    risk = pd.read_parquet(out / "scores.parquet").set_index("patient_id")[["baseline", "risk"]]
    log_odds = risk["baseline"] + wide.drop(columns="index_date").sum(axis=1)
    assert (log_odds - np.log(risk["risk"] / (1 - risk["risk"]))).abs().max() < 1e-9
    assert len(wide) == len(risk) > 0
    alike = [district_scores / "reasons.parquet", out / "reasons.parquet"]
    assert alike[0].read_bytes() == alike[1].read_bytes()
    assert [path.name for path in out.parent.iterdir()] == ["scores"]


def test_scoring_that_fails_leaves_nothing_behind(
    district: Path, district_run: Path, tmp_path: Path
) -> None:
    arguments = ["--records", district, "--index-date", "2035-01-01", "--full"]
    done = riskstrat("score", district_run / "artefact", *arguments, "--out", tmp_path / "scores")
    assert done.returncode == 3, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_lists_of_every_practice(district_scores: Path, tmp_path: Path) -> None:
    out = tmp_path / "lists"
    done = riskstrat_alone("list", district_scores, "--all", "--capacity", "10", "--out", out)
    assert done.returncode == 0, done.stderr
    files = list(out.glob("*.csv"))
    assert files
    frame = pd.read_csv(files[0])
    assert list(frame["rank"]) == list(range(1, len(frame) + 1))
    assert frame["synthetic"].all()


def test_one_patient_explained(district: Path, district_run: Path, district_scores: Path) -> None:
    scores = pd.read_parquet(district_scores / "scores.parquet")
    patient = scores.sort_values("risk")["patient_id"].iloc[-1]
    arguments = ["--records", district, "--index-date", "2025-01-01", "--patient"]
    done = riskstrat_alone("explain", district_run / "artefact", *arguments, patient)
    assert done.returncode == 0, done.stderr
    assert "in 100 people like this" in done.stdout
    unknown = riskstrat("explain", district_run / "artefact", *arguments, "canary-9434765919")
    assert unknown.returncode == 3
    assert "9434765919" not in unknown.stdout + unknown.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["train", "missing.toml", "--records", "nowhere", "--out", "x"], 3, "missing.toml"),
        (["check", "nowhere"], 3, "nowhere"),
        (["link", "nowhere", "--out", "x"], 3, "nowhere"),
        (["link", ".", "--out", "x", "--purpose", "selling"], 2, "case_finding"),
        (["score", "nowhere", "--records", "nowhere", "--out", "x"], 3, "nowhere"),
        (["list", "nowhere", "--all", "--out", "x"], 3, "nowhere"),
        (["list", "nowhere", "--out", "x"], 2, "--practice"),
        (["simulate", "--people", "0", "--out", "x"], 2, "100"),
        (["simulate", "--people=-3", "--out", "x"], 2, "got -3"),
        (["simulate", "--years", "0", "--out", "x"], 2, "1 to 20 years"),
        (["simulate", "--shock", "--years", "2", "--out", "x"], 2, "at least 3 years"),
        (["simulate", "--setting", "odd", "--out", "x"], 2, "standard, stronger"),
        (["simulate", "--format", "xlsx", "--out", "x"], 2, "parquet, csv"),
        (["simulate", "--truth-dates", "2023-13-01", "--out", "x"], 2, "2025-01-31"),
        (["simulate", "--programme", "none.toml", "--out", "x"], 3, "none.toml"),
        (["simulate"], 2, "expected a folder"),
        (["no-such-command"], 2, "no-such-command"),
    ],
)
def test_bad_input_is_one_clear_message(
    arguments: list[str], status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = riskstrat(*arguments)
    assert done.returncode == status, done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (DISTRICT_STUDY + "\n[modle]\n", "unknown key 'modle'"),
        (DISTRICT_STUDY.replace("2024-01-01]", "2024-06-01]"), "after the data end"),
        (DISTRICT_STUDY.replace("2022-01-01,", "2020-01-01, 2022-01-01,"), "the data start"),
        (DISTRICT_STUDY + "[eligibility]\nmin_age = 119\n", "nobody is eligible"),
        (DISTRICT_STUDY + "[eligibility]\nmax_age = 18\nmin_age = 18\n", "the outcome"),
    ],
)
def test_a_study_the_records_cannot_serve(
    study: str, said: str, district: Path, tmp_path: Path
) -> None:
    path = tmp_path / "study.toml"
    path.write_text(study, "utf-8")
    done = riskstrat("train", path, "--records", district, "--out", tmp_path / "run")
    assert done.returncode == 3, done.stderr
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["simulate", "--people", "200"],
        ["train", "{study}", "--records", "{district}"],
        ["evaluate", "{run}/artefact", "--records", "{district}"],
        ["score", "{run}/artefact", "--records", "{district}", "--index-date", "2025-01-01"],
        ["link", "{district}"],
    ],
    ids=lambda command: command[0],
)
def test_a_folder_with_somebodys_work_is_never_replaced(
    command: list[str], district: Path, district_run: Path, tmp_path: Path
) -> None:
    study, work = tmp_path / "study.toml", tmp_path / "work"
    study.write_text(DISTRICT_STUDY, "utf-8")
    work.mkdir()
    (work / "thesis.txt").write_text("mine", "utf-8")
    places = {"study": study, "district": district, "run": district_run}
    done = riskstrat(*(part.format(**places) for part in command), "--out", work)
    assert done.returncode == 2, done.stderr
    assert "other things" in " ".join(done.stderr.split())
    assert done.stderr.lstrip().startswith("Error"), "it is told before any work is done"
    assert [path.name for path in work.iterdir()] == ["thesis.txt"]


def test_three_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text('name = 1\ncolour = "blue"\n[index]\n[outcome]\nkind = "joy"\n', "utf-8")
    done = riskstrat("study", "check", path)
    assert done.returncode == 3
    for mistake in ("'name' must be text", "unknown key 'colour'", "'outcome.kind'"):
        assert mistake in done.stderr


def test_an_unknown_practice_is_refused(district_scores: Path, tmp_path: Path) -> None:
    done = riskstrat("list", district_scores, "--practice", "NOWHERE", "--out", tmp_path / "x.csv")
    assert done.returncode == 3
    assert not (tmp_path / "x.csv").exists()
