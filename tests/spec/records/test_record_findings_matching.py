"""Orphans and duplicates that concern stays and registrations."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from tests.small_store import Rows
from tests.spec.records.checked_records import found

DAY = date(2020, 6, 1)
EVENT = {
    "patient_id": "a",
    "kind": "diagnosis",
    "source": "hospital",
    "system": "icd10",
    "code": "I48",
    "event_date": DAY,
}
STAY = {"patient_id": "a", "start_date": DAY, "start_time": time(8, 0), "provider": "RM1"}


def test_events_whose_stay_is_not_there(tmp_path: Path) -> None:
    """An event without a stay is no orphan."""
    events = [{**EVENT, "stay_id": "s1"}, {**EVENT, "stay_id": "s2"}, EVENT]
    (finding,) = found("R035", tmp_path, events=events, stays=[{**STAY, "stay_id": "s1"}])
    assert (finding.level, finding.table, finding.count) == ("warning", "events", 1)
    assert finding.message == "1 events belong to a stay that is not in stays"


def test_events_of_known_stays_are_no_orphans(tmp_path: Path) -> None:
    events = [{**EVENT, "stay_id": "s1"}, EVENT]
    assert found("R035", tmp_path, events=events, stays=[{**STAY, "stay_id": "s1"}]) == []


def test_a_stay_under_two_identifiers(tmp_path: Path) -> None:
    """Three rows alike are two too many, whenever they were recorded."""
    stays = [STAY, {**STAY, "recorded_date": date(2020, 7, 1)}, STAY]
    (finding,) = found("R036", tmp_path, stays=stays)
    assert (finding.level, finding.table, finding.count) == ("warning", "stays", 2)


@pytest.mark.parametrize(
    "other",
    [
        {"patient_id": "b"},
        {"start_time": time(8, 1)},
        {"provider": "RM2"},
        {"superseded_date": date(2020, 7, 1)},
    ],
)
def test_stays_that_differ_are_no_duplicates(tmp_path: Path, other: dict[str, Any]) -> None:
    assert found("R036", tmp_path, stays=[STAY, {**STAY, **other}]) == []


def test_two_clinics_of_one_day_may_look_alike(tmp_path: Path) -> None:
    clinic = {**STAY, "kind": "outpatient", "start_time": None}
    assert found("R036", tmp_path, stays=[clinic, clinic]) == []


def test_people_who_were_never_registered(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {
        "patients": [{"patient_id": "a"}, {"patient_id": "b"}],
        "registrations": [{"patient_id": "a", "end_date": DAY}],
    }
    (finding,) = found("R037", tmp_path / "one", **tables)
    assert (finding.level, finding.table, finding.count) == ("info", "patients", 1)
    assert found("R037", tmp_path / "all", **{**tables, "patients": [{"patient_id": "a"}]}) == []


def test_without_any_registration_the_empty_table_is_what_is_told(tmp_path: Path) -> None:
    assert found("R037", tmp_path, patients=[{"patient_id": "a"}]) == []
