"""Shared fixtures: one small simulated district, trained once for the whole test run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.spark_sessions import small_session, why_there_is_no_spark

from riskstrat.study import Study, parse_study

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

REPOSITORY = Path(__file__).resolve().parents[1]
GOVERNANCE = REPOSITORY / "tests" / "data" / "governance"
"""Rules of use of the public data sets."""
KEY_OF_TESTS = b"a key for tests of published data"
DISTRICT_PEOPLE = 4000
DISTRICT_INDEX_DATE = date(2025, 1, 1)

DISTRICT_STUDY = """
name = "district"
[index]
dates = [2022-01-01, 2023-01-01, 2024-01-01]
[outcome]
kind = "emergency_admission"
window_days = 365
[split]
develop_to = 2023-01-01
evaluate_from = 2024-01-01
"""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real and third-party data, where it is present."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data folder is not beside the repository")
    return folder


@pytest.fixture(scope="session")
def district_study() -> Study:
    return parse_study(DISTRICT_STUDY)


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Linked records of a simulated district."""
    from riskstrat.simulation import simulate

    out = tmp_path_factory.mktemp("district") / "records"
    simulate(DISTRICT_PEOPLE, 1, records=out)
    return out


@pytest.fixture(scope="session")
def district_run(
    district: Path, district_study: Study, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of a model trained and judged on the district."""
    from riskstrat.pipeline import run_study
    from riskstrat.records import load_records

    out = tmp_path_factory.mktemp("run") / "run"
    run_study(load_records(district), district_study, out)
    return out


@pytest.fixture(scope="session")
def district_scores(
    district: Path, district_run: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of scores of the district at its newest index date."""
    from riskstrat.records import load_records
    from riskstrat.risklist import score
    from riskstrat.training import RiskModel

    out = tmp_path_factory.mktemp("scores") / "scores"
    model = RiskModel.load(district_run / "artefact")
    score(model, load_records(district), DISTRICT_INDEX_DATE).save(out)
    return out


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One Spark for all tests that need one; skipped, with the reason, where there is none."""
    if (missing := why_there_is_no_spark()) is not None:
        pytest.skip(missing)
    session = small_session(tmp_path_factory.mktemp("spark"))
    yield session
    session.stop()
