"""Validate, tune and recalibrate as a user runs them: what they print, write, refuse and leave."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from tests.command_line import riskstrat, riskstrat_alone
from tests.conftest import DISTRICT_STUDY

import riskstrat as rs
from riskstrat.cli import validating
from riskstrat.errors import UsageError
from riskstrat.training.parameters import TreeParameters

PSEUDONYM = re.compile(rb"[0-9a-f]{32}")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("study") / "study.toml"
    file.write_text(DISTRICT_STUDY, "utf-8")
    return file


def content(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def pseudonyms(folder: Path, district: Path) -> int:
    people = {p.encode() for p in pd.read_parquet(district / "patients.parquet")["patient_id"]}
    files = [p for p in folder.rglob("*") if p.is_file()]
    return sum(len(people.intersection(PSEUDONYM.findall(p.read_bytes()))) for p in files)


def test_recalibrate_writes_a_new_model_and_leaves_the_old(
    district: Path, district_run: Path, tmp_path: Path
) -> None:
    old = district_run / "artefact"
    before = content(old)
    arguments = [old, "--records", district, "--out", tmp_path / "new"]
    done = riskstrat_alone("recalibrate", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert content(old) == before
    new = rs.RiskModel.load(tmp_path / "new" / "artefact")
    assert new.version == told["model_version"] != told["parent"]
    assert told["parent"] == rs.RiskModel.load(old).version
    assert (told["index_date"], told["age_days"]) == ("2024-01-01", 366)
    assert told["admission"]["after"]["observed_expected"]["value"] == 1
    assert json.loads((tmp_path / "new" / "recalibration.json").read_text())["method"] == "large"
    assert pseudonyms(tmp_path / "new", district) == 0
    latest = riskstrat("recalibrate", *arguments, "--latest", "--method", "affine")
    assert "observed/expected" in latest.stdout, latest.stderr


def test_recalibrate_never_takes_the_place_of_its_model(
    district: Path, district_run: Path, tmp_path: Path
) -> None:
    old = district_run / "artefact"
    for out in (old, district_run, old / "new"):
        with pytest.raises(UsageError, match="apart from the artefact"):
            validating.recalibrate(old, district, out)
    with pytest.raises(UsageError, match="--method large or affine"):
        validating.recalibrate(old, district, tmp_path / "x", method="isotonic")
    assert not (tmp_path / "x").exists()


def test_validate_judges_unseen_practices_and_another_place(
    district: Path, district_run: Path, tmp_path: Path
) -> None:
    done = riskstrat_alone(
        "validate", district_run / "artefact", "--records", district, "--external", district,
        "--parts", "practices", "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Practices left out: AUROC 0.7" in done.stdout
    found = json.loads((tmp_path / "out" / "validation.json").read_text("utf-8"))
    assert found["synthetic"] is True
    assert "says nothing about real accuracy" in found["label"]
    assert set(found["parts"]) == {"practices", "external"}
    elsewhere = found["parts"]["external"]
    assert elsewhere["missing_feeds"] == []
    assert elsewhere["after"]["auroc"] == elsewhere["before"]["auroc"]
    assert 0.95 < elsewhere["after"]["observed_expected"]["value"] < 1.05
    assert "Synthetic data" in (tmp_path / "out" / "validation.html").read_text("utf-8")
    assert pseudonyms(tmp_path / "out", district) == 0


def test_tune_writes_parameters_that_a_study_reads(
    district: Path, study: Path, tmp_path: Path
) -> None:
    out, trials = tmp_path / "params.toml", tmp_path / "trials.db"
    arguments = ["--records", district, "--out", out, "--minutes", "5", "--study-db", trials]
    done = riskstrat_alone("tune", study, *arguments, "--trials", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["trials"] == 2
    text = out.read_text("utf-8")
    assert text.startswith("# Written by riskstrat tune: 2 trials")
    assert TreeParameters(**tomllib.loads(text)).mistakes() == []
    assert pseudonyms(tmp_path, district) == 0
    again = riskstrat("tune", study, *arguments, "--trials", "2")
    assert again.returncode == 0, again.stderr
    assert out.read_text("utf-8") == text


def test_tune_replaces_nobody_s_file(district: Path, study: Path, tmp_path: Path) -> None:
    out = tmp_path / "params.toml"
    out.write_text("num_leaves = 7\n")
    with pytest.raises(UsageError, match="a new file or earlier parameters"):
        validating.tune(study, district, out, minutes=1)
    assert out.read_text() == "num_leaves = 7\n"


def test_validate_reads_its_parts_and_its_place_before_any_work(
    district: Path, study: Path, tmp_path: Path
) -> None:
    (tmp_path / "work.txt").write_text("mine")
    with pytest.raises(UsageError, match="not 'feed'"):
        validating.validate(study, district, tmp_path / "out", parts="practices, feed")
    with pytest.raises(UsageError, match="holds other things"):
        validating.validate(study, district, tmp_path)
