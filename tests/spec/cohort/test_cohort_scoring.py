"""Who is scored: by what was known at the index date, and only by that."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.small_store import small_records, study_of

from riskstrat.cohort import build_scoring_cohort
from riskstrat.errors import StudyError, UsageError

INDEX = date(2020, 1, 1)
DAY_BEFORE = date(2019, 12, 31)


def test_a_death_not_yet_notified_stays_on_the_list_and_is_counted(tmp_path: Path) -> None:
    """Known means recorded before the index date; the others are counted at the end."""
    deaths = {
        "told": {"death_date": DAY_BEFORE, "death_recorded_date": DAY_BEFORE},
        "told_on_the_day": {"death_date": DAY_BEFORE, "death_recorded_date": INDEX},
        "told_late": {"death_date": date(2019, 11, 1), "death_recorded_date": date(2020, 5, 1)},
        "dies_later": {"death_date": INDEX, "death_recorded_date": INDEX},
        "alive": {},
    }
    records = small_records(
        tmp_path,
        {
            "patients": [{"patient_id": name, **death} for name, death in deaths.items()],
            "registrations": [{"patient_id": name} for name in deaths],
        },
    )
    cohort = build_scoring_cohort(records, study_of(), INDEX)
    assert cohort.frame["patient_id"].tolist() == [
        "alive", "dies_later", "told_late", "told_on_the_day",
    ]  # fmt: skip
    assert [(step.rule, step.rows) for step in cohort.attrition] == [
        ("person and index date in the records", 5),
        ("registered at the index date", 5),
        ("not known to have died", 4),
        ("aged 18 to 120", 4),
        ("of these, dead but not yet notified", 2),
    ]


def test_scoring_rows_say_what_was_known_and_no_outcome(tmp_path: Path) -> None:
    records = small_records(
        tmp_path,
        {
            "patients": [{"patient_id": "home"}, {"patient_id": "in_hospital"}],
            "registrations": [{"patient_id": "home"}, {"patient_id": "in_hospital"}],
            "stays": [{"patient_id": "in_hospital", "start_date": DAY_BEFORE, "end_date": None}],
        },
    )
    frame = build_scoring_cohort(records, study_of(), INDEX).frame
    assert list(frame.columns) == [
        "patient_id", "index_date", "index_stay_id", "practice_code", "age", "sex",
        "imd_decile", "ethnic_category", "in_hospital", "part", "unseen",
    ]  # fmt: skip
    assert frame["in_hospital"].tolist() == [False, True]
    assert set(frame["part"]) == {"scoring"}


@pytest.mark.parametrize(("data_to", "refused"), [("2019-12-31", False), ("2019-12-30", True)])
def test_the_index_date_is_at_most_the_day_after_the_data(
    tmp_path: Path, data_to: str, refused: bool
) -> None:
    """Everything before the index date has to be there; the window need not be."""
    records = small_records(
        tmp_path,
        {"patients": [{"patient_id": "a"}], "registrations": [{"patient_id": "a"}]},
        data_to=date.fromisoformat(data_to),
    )
    if refused:
        with pytest.raises(StudyError, match="index date 2020-01-01 is after the data end"):
            build_scoring_cohort(records, study_of(), INDEX)
    else:
        assert len(build_scoring_cohort(records, study_of(), INDEX).frame) == 1


def test_an_index_date_that_cannot_be_scored_is_refused(tmp_path: Path) -> None:
    records = small_records(
        tmp_path, {"patients": [{"patient_id": "a"}], "registrations": [{"patient_id": "a"}]}
    )
    with pytest.raises(StudyError, match="looks back to 2009-06-01"):
        build_scoring_cohort(records, study_of(), date(2010, 6, 1))
    with pytest.raises(UsageError, match="expected an index date"):
        build_scoring_cohort(records, study_of(), None)
    with pytest.raises(StudyError, match="nobody in the records is eligible"):
        build_scoring_cohort(records, study_of(eligibility="min_age = 100"), INDEX)
