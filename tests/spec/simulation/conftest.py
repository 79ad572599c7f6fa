"""One simulated district for these tests, opened as the benchmark of the district opens it.

20,000 people, a tenth of the number at which `benchmarks.district` holds the limits themselves.
Standard errors are three times as large here, so each limit is widened by three standard errors of
its figure, which every figure brings with it: a right district is not refused by chance, and one
that is wrong by more than the limit and its noise is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from benchmarks.district import simulate_district
from benchmarks.district_model import judged
from benchmarks.district_outcomes import as_in_scotland
from benchmarks.district_people import District
from benchmarks.district_use import used

PEOPLE = 20_000
WITH_TRUE_RISKS = 8_000
"""People with true risks: they take most of the time."""


@pytest.fixture(scope="session")
def district_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("judged")


@pytest.fixture(scope="session")
def district(district_folder: Path) -> District:
    return simulate_district(PEOPLE, 7, district_folder, WITH_TRUE_RISKS)


@pytest.fixture(scope="session")
def manifest(district: District, district_folder: Path) -> dict[str, Any]:
    """Of the linked records; `district` has written them."""
    path = district_folder / "records" / "manifest.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


@pytest.fixture(scope="session")
def rows(district: District) -> pd.DataFrame:
    """Everybody on 1 January of three years: what was known, and what happened."""
    return district.rows


@pytest.fixture(scope="session")
def scotland(rows: pd.DataFrame) -> pd.DataFrame:
    """People with a contact, weighing as Scotland's age bands do."""
    return as_in_scotland(rows)


@pytest.fixture(scope="session")
def services_used(district: District) -> pd.DataFrame:
    return used(district)


@pytest.fixture(scope="session")
def scores(rows: pd.DataFrame) -> pd.DataFrame:
    """People of the last index date with a model's risk and both true ones."""
    return judged(rows)
