"""The last cohort whose outcomes are known: what a calibration is fitted again on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.small_store import small_records, study_of
from tests.spec.cohort.conftest import with_always

from riskstrat.cohort import build_matured_cohort, last_matured_date
from riskstrat.errors import StudyError
from riskstrat.validation.recalibration import matured_date
from riskstrat.windows import add_days

TABLES = with_always({"patients": [{"patient_id": "a"}]})


@pytest.mark.parametrize(
    ("outcome", "data_to", "last"),
    [
        ("", "2023-12-31", "2023-01-01"),
        ("", "2023-12-30", "2022-12-31"),
        ("gap_days = 7\nlag_days = 30", "2023-12-31", "2022-11-25"),
    ],
)
def test_the_last_window_ends_with_the_data(
    tmp_path: Path, outcome: str, data_to: str, last: str
) -> None:
    """A window of 365 days, a gap before it and a lag after it: all of them have passed."""
    study = study_of(outcome=outcome)
    records = small_records(tmp_path, TABLES, data_to=date.fromisoformat(data_to))
    day = date.fromisoformat(last)
    assert last_matured_date(records, study) == day
    frame = build_matured_cohort(records, study).frame
    assert set(frame["index_date"].dt.date) == {day}
    assert set(frame["part"]) == {"evaluation"}
    with pytest.raises(StudyError, match="after the data end"):
        build_matured_cohort(records, study, date.fromisoformat("2023-06-01"))


def test_the_study_s_own_dates_come_first_unless_the_latest_is_asked_for(tmp_path: Path) -> None:
    """Index dates 1 January 2020 and 2022, data to the end of 2023."""
    study = study_of()
    records = small_records(tmp_path, TABLES, data_to=date(2023, 12, 31))
    assert matured_date(records, study, latest=False) == date(2022, 1, 1)
    assert matured_date(records, study, latest=True) == date(2023, 1, 1)


def test_no_date_of_the_study_that_has_matured_is_told(tmp_path: Path) -> None:
    records = small_records(tmp_path, TABLES, data_to=date(2020, 6, 30))
    with pytest.raises(StudyError, match="--latest"):
        matured_date(records, study_of(), latest=False)


def test_discharges_of_the_last_matured_year(tmp_path: Path) -> None:
    """Data to 31 December 2021, 30 days: index dates from 3 December 2020 to 2 December 2021."""
    ends = {
        "before": date(2020, 12, 1),
        "first": date(2020, 12, 2),
        "last": date(2021, 12, 1),
        "late": date(2021, 12, 2),
    }
    stays = [
        {"patient_id": who, "start_date": add_days(end, -1), "end_date": end}
        for who, end in ends.items()
    ]
    study = study_of(
        index='event = "discharge"',
        outcome='kind = "emergency_admission"\nwindow_days = 30',
        split="hold_out_share = 0.5",
    )
    people = [{"patient_id": who} for who in ends]
    tables = {"patients": people, "registrations": people, "stays": stays}
    records = small_records(tmp_path, tables, data_to=date(2021, 12, 31))
    assert last_matured_date(records, study) == date(2021, 12, 2)
    frame = build_matured_cohort(records, study).frame
    assert sorted(frame["patient_id"]) == ["first", "last"]
