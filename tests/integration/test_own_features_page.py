"""The page about features of one's own runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import DISTRICT_STUDY, REPOSITORY

from riskstrat.errors import StudyError
from riskstrat.features import catalogue
from riskstrat.study import AddedFeature, load_study, study_schema

PAGE = (REPOSITORY / "docs" / "how-to" / "own-features.md").read_text("utf-8")
HEART_ATTACK, SYSTOLIC = "22298006", "271649006"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study with the lines of the page, and its codelists beside it."""
    (toml,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "study.toml").write_text(DISTRICT_STUDY + toml, "utf-8")
    (tmp_path / "heart-attack.csv").write_text(f"code,term\n{HEART_ATTACK},x\n", "utf-8")
    (tmp_path / "systolic.csv").write_text(f"id,name\n{SYSTOLIC},x\n", "utf-8")
    return tmp_path


def test_the_lines_of_the_study_give_a_feature(folder: Path) -> None:
    feature = catalogue(load_study(folder / "study.toml"))[-1]
    assert (feature.name, feature.rule) == ("heart_attack", "any own.heart_attack")


def test_the_page_names_every_key(folder: Path) -> None:
    added = study_schema()["properties"]["features"]["properties"]["added"]["items"]
    keys = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", PAGE, flags=re.MULTILINE)))
    assert keys.count("name") == 1
    assert set(keys) == set(added["properties"]) == set(AddedFeature.__dataclass_fields__)


def test_a_missing_codelist_is_told(folder: Path) -> None:
    (folder / "heart-attack.csv").unlink()
    with pytest.raises(StudyError, match=r"heart-attack\.csv"):
        catalogue(load_study(folder / "study.toml"))


def test_the_python_of_the_page_runs_and_is_short(folder: Path, district: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    (folder / "records").symlink_to(district)
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    (mean,) = re.findall(r"^mean +(.*)$", run.stdout, flags=re.MULTILINE)
    assert float(mean) > 0
