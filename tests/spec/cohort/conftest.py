"""Cohorts of a few people, built as a user would build them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.small_store import Rows, small_records, study_of

from riskstrat.cohort import Cohort, build_cohort
from riskstrat.study import Study

Build = Callable[..., Cohort]

ALWAYS = "always"
"""A person who is in at every index date, so that no part of a study is empty."""


def with_always(tables: Mapping[str, Rows]) -> dict[str, Rows]:
    """`tables` and the person who is always in; all are registered unless rows say otherwise."""
    people = [*tables.get("patients", ()), {"patient_id": ALWAYS}]
    registered = tables.get("registrations")
    if registered is None:
        registered = [{"patient_id": p["patient_id"]} for p in people]
    else:
        registered = [*registered, {"patient_id": ALWAYS}]
    return {**tables, "patients": people, "registrations": registered}


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Tables in, cohort out."""

    def built(tables: Mapping[str, Rows], study: Study | None = None, **days: Any) -> Cohort:
        records = small_records(tmp_path, with_always(tables), **days)
        return build_cohort(records, study or study_of())

    return built
