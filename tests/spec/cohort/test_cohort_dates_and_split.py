"""Which index dates the records can carry, and which rows develop and which judge a model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from tests.small_store import small_records, study_of

from riskstrat.cohort import Cohort, build_cohort
from riskstrat.errors import StudyError

Build = Callable[..., Cohort]

ONE = {"patients": [{"patient_id": "a"}]}


@pytest.mark.parametrize(
    ("outcome", "data_to", "refused"),
    [
        ("", "2022-12-31", False),
        ("", "2022-12-30", True),
        ("gap_days = 7", "2023-01-07", False),
        ("gap_days = 7", "2023-01-06", True),
        ("lag_days = 30", "2023-01-30", False),
        ("lag_days = 30", "2023-01-29", True),
    ],
)
def test_a_window_that_passes_the_end_of_the_data_is_refused(
    build: Build, outcome: str, data_to: str, refused: bool
) -> None:
    """Index 1 January 2022, 365 days: the last day of the window + lag is covered, or exit 3.

    Refused, not censored: nothing is known of the days that are missing.
    """
    last = date.fromisoformat(data_to)
    if refused:
        with pytest.raises(StudyError, match=rf"index date 2022-01-01 .*data end on {data_to}"):
            build(ONE, study_of(outcome=outcome), data_to=last)
    else:
        assert len(build(ONE, study_of(outcome=outcome), data_to=last).frame) == 4


@pytest.mark.parametrize(("data_from", "refused"), [("2019-01-01", False), ("2019-01-02", True)])
def test_a_look_back_that_begins_before_the_data_is_refused(
    build: Build, data_from: str, refused: bool
) -> None:
    """Index 1 January 2020, longest look-back 365 days: it begins on 1 January 2019."""
    first = date.fromisoformat(data_from)
    if refused:
        with pytest.raises(StudyError, match=r"2020-01-01 looks back to 2019-01-01, but the data"):
            build(ONE, data_from=first)
    else:
        assert len(build(ONE, data_from=first).frame) == 4


def test_the_longest_window_of_the_study_is_looked_back(tmp_path: Path) -> None:
    """``history_days`` and every lookback window, whichever is longest."""
    records = small_records(tmp_path, ONE, data_from=date(2018, 6, 1))
    study = study_of()
    longer = study.features.__class__(windows_days=(90, 730), history_days=365)
    with pytest.raises(StudyError, match="looks back to 2018-01-01"):
        build_cohort(records, study.__class__(**{**vars(study), "features": longer}))


def test_every_index_date_has_its_own_rows(build: Build) -> None:
    """Several dates per study; a date between development and evaluation is in neither."""
    cohort = build(
        ONE,
        study_of(
            index='from = 2018-01-01\nto = 2022-01-01\nevery = "1 year"',
            split="develop_to = 2019-01-01\nevaluate_from = 2021-01-01",
        ),
    )
    frame = cohort.frame[cohort.frame["patient_id"] == "a"]
    parts = dict(zip(frame["index_date"].dt.year, frame["part"], strict=True))
    assert parts == {
        2018: "development", 2019: "development", 2021: "evaluation", 2022: "evaluation",
    }  # fmt: skip
    assert frame["age"].tolist() == [68, 69, 71, 72]


def test_practices_held_out_are_never_developed_on(build: Build) -> None:
    """By the practice at the index date; who was developed on elsewhere is seen all the same."""
    moved = {"patient_id": "moved", "start_date": date(2021, 1, 1), "practice_code": "P2"}
    cohort = build(
        {
            "patients": [{"patient_id": p} for p in ("stays_p1", "stays_p2", "moved", "late")],
            "registrations": [
                {"patient_id": "stays_p1"},
                {"patient_id": "stays_p2", "practice_code": "P2"},
                {"patient_id": "moved", "superseded_date": date(2021, 1, 1)},
                {**moved},
                {"patient_id": "late", "start_date": date(2021, 1, 1)},
            ],
        },
        study_of(
            split="develop_to = 2020-01-01\nevaluate_from = 2022-01-01\nhold_out_practices = ['P2']"
        ),
    )
    frame = cohort.frame[cohort.frame["patient_id"] != "always"]
    developed = frame[frame["part"] == "development"]
    assert developed["patient_id"].tolist() == ["moved", "stays_p1"]
    assert not developed["unseen"].any()
    judged = frame[frame["part"] == "evaluation"].set_index("patient_id")
    assert judged["unseen"].to_dict() == {
        "late": True, "moved": False, "stays_p1": False, "stays_p2": True,
    }  # fmt: skip
    assert judged["practice_code"].to_dict() == {
        "late": "P1", "moved": "P2", "stays_p1": "P1", "stays_p2": "P2",
    }  # fmt: skip


def test_a_practice_held_out_must_be_in_the_records(build: Build) -> None:
    """A misspelt code would hold out nobody without a word."""
    split = "develop_to = 2020-01-01\nevaluate_from = 2022-01-01\nhold_out_practices = ['P1', 'X9']"
    with pytest.raises(StudyError, match="names 1 with nobody registered at any index date: X9"):
        build(ONE, study_of(split=split))


@pytest.mark.parametrize(
    ("eligibility", "part"),
    [("min_age = 71", "development"), ("max_age = 71", "evaluation")],
)
def test_a_study_without_rows_for_a_part_is_refused(
    build: Build, eligibility: str, part: str
) -> None:
    """Everybody is 70 at the first date and 72 at the second."""
    with pytest.raises(StudyError, match=f"nobody is eligible for {part}: 0 rows") as caught:
        build(ONE, study_of(eligibility=eligibility))
    assert caught.value.exit_code == 3


def test_rows_of_a_person_are_unique_for_each_index_date(build: Build) -> None:
    cohort = build(
        {
            "patients": [{"patient_id": "a"}],
            "registrations": [
                {"patient_id": "a"},
                {"patient_id": "a", "practice_code": "P2"},
                {"patient_id": "a", "practice_code": None},
            ],
            "residences": [
                {"patient_id": "a", "care_home": False},
                {"patient_id": "a", "care_home": True},
            ],
            "stays": [
                {"patient_id": "a", "start_date": date(2019, 12, 1), "end_date": None},
                {"patient_id": "a", "start_date": date(2019, 12, 2), "end_date": None},
            ],
        }
    )
    assert not cohort.frame.duplicated(["patient_id", "index_date"]).any()
    first = cohort.frame[cohort.frame["index_date"] == pd.Timestamp(2020, 1, 1)]
    assert first["practice_code"].tolist() == ["P1", "P1"]
