"""Columns that are null, or the same, in every row of a large table."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from tests.spec.records.checked_records import Row, found

DAY = date(2020, 6, 1)

TOLD: Row = {
    "start_time": None,
    "patient_class": "1",
    "admission_source": "19",
    "admission_method": "21",
    "specialty": "300",
    "discharge_method": "1",
    "discharge_destination": "19",
    "attendance": "attended",
    "provider": "RM1",
}


def stays(count: int, **last: Any) -> list[Row]:
    """Stays that are all alike, but for the last one."""
    row = {"patient_id": "a", "start_date": DAY, "end_date": DAY, **TOLD}
    return [row] * (count - 1) + [{**row, **last}]


def test_columns_that_are_null_throughout_are_named(tmp_path: Path) -> None:
    """For information; in 1,001 rows, not in 1,000."""
    (finding,) = found("R026", tmp_path / "many", stays=stays(1001))
    assert (finding.level, finding.table, finding.count) == ("info", "stays", 1001)
    assert finding.message == "null in every one of 1,001 rows: start_time"
    assert found("R026", tmp_path / "few", stays=stays(1000)) == []


def test_one_value_is_enough_to_be_told(tmp_path: Path) -> None:
    from datetime import time

    assert found("R026", tmp_path, stays=stays(1001, start_time=time(8, 0))) == []


def test_columns_that_may_be_null_in_sound_records(tmp_path: Path) -> None:
    """Nothing was sent again; R018 and R019 speak of emergencies and practices."""
    plain = {"patient_id": "a", "start_date": DAY, "practice_code": None}
    assert [f.detail for f in found("R026", tmp_path, registrations=[plain] * 1001)] == [
        {"columns": ["end_date"]}
    ]


def test_columns_of_one_value_are_named(tmp_path: Path) -> None:
    """A warning; where a feed may well send one value, none."""
    (finding,) = found("R027", tmp_path / "same", stays=stays(1001))
    assert (finding.level, finding.table, finding.count) == ("warning", "stays", 1001)
    named = set(finding.detail["columns"])
    assert {"admission_method", "specialty", "discharge_method"} <= named
    assert not named & {"provider", "attendance", "start_time"}
    (other,) = found("R027", tmp_path / "varied", stays=stays(1001, specialty="100"))
    assert named - set(other.detail["columns"]) == {"specialty"}


def test_a_flag_that_is_never_true_says_nothing(tmp_path: Path) -> None:
    row = {"patient_id": "a", "start_date": DAY, "care_home": False}
    (finding,) = found("R027", tmp_path, residences=[row] * 1001)
    assert finding.detail == {"columns": ["care_home"]}
