"""What happened first after the index date of 1 January 2020; the window is 365 days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest
from tests.small_store import study_of

from riskstrat.cohort import ADMITTED, CENSORED, DIED, NEITHER, Cohort

Build = Callable[..., Cohort]

INDEX = date(2020, 1, 1)
LAST = date(2020, 12, 30)
"""Day 364, the last of the window: 2020 is a leap year."""

AFTER = date(2020, 12, 31)


def outcomes(cohort: Cohort) -> dict[str, tuple[int, str | None]]:
    """Outcome and its day for each person at the index date."""
    frame = cohort.frame
    frame = frame[(frame["index_date"] == pd.Timestamp(INDEX)) & (frame["patient_id"] != "always")]
    days = [None if pd.isna(day) else f"{day:%Y-%m-%d}" for day in frame["outcome_date"]]
    events = zip(frame["outcome"].tolist(), days, strict=True)
    return dict(zip(frame["patient_id"], events, strict=True))


def stay(patient_id: str, start: date, end: date | None = None, **columns: Any) -> dict[str, Any]:
    return {"patient_id": patient_id, "start_date": start, "end_date": end or start, **columns}


def persons(stays: list[dict[str, Any]], **deaths: date) -> dict[str, list[dict[str, Any]]]:
    """The tables of the people that stays and deaths name."""
    names = sorted({row["patient_id"] for row in stays} | set(deaths))
    patients = [{"patient_id": name, "death_date": deaths.get(name)} for name in names]
    return {"patients": patients, "stays": stays}


def test_the_window_begins_on_the_index_date_and_ends_before_its_last_day(build: Build) -> None:
    """``[index, index + 365)``; the day of the first admission inside it is the outcome's day."""
    cohort = build(
        persons(
            [
                stay("day_before", date(2019, 12, 31)),
                stay("index_day", INDEX),
                stay("last_day", LAST),
                stay("day_after", AFTER),
                stay("several", date(2020, 9, 1)),
                stay("several", date(2020, 5, 1)),
                stay("several", date(2019, 5, 1)),
            ]
        )
    )
    assert outcomes(cohort) == {
        "day_before": (NEITHER, None),
        "index_day": (ADMITTED, "2020-01-01"),
        "last_day": (ADMITTED, "2020-12-30"),
        "day_after": (NEITHER, None),
        "several": (ADMITTED, "2020-05-01"),
    }


def test_a_gap_moves_the_whole_window(build: Build) -> None:
    """``[index + 7, index + 7 + 365)``: admissions nobody could act on are not counted as found."""
    cohort = build(
        persons(
            [
                stay("in_gap", date(2020, 1, 7)),
                stay("first_day", date(2020, 1, 8)),
                stay("last_day", date(2021, 1, 6)),
                stay("day_after", date(2021, 1, 7)),
                stay("both", date(2020, 1, 7)),
                stay("both", date(2020, 6, 1)),
            ],
            dead_in_gap=date(2020, 1, 3),
        ),
        study_of(outcome="gap_days = 7"),
    )
    assert outcomes(cohort) == {
        "in_gap": (NEITHER, None),
        "first_day": (ADMITTED, "2020-01-08"),
        "last_day": (ADMITTED, "2021-01-06"),
        "day_after": (NEITHER, None),
        "both": (ADMITTED, "2020-06-01"),
        "dead_in_gap": (DIED, "2020-01-03"),
    }


def test_only_emergency_inpatient_stays_count(build: Build) -> None:
    """Not elective ones, day cases, attendances, withdrawn rows, nor what the feed cannot say."""
    day = date(2020, 6, 1)
    cohort = build(
        persons(
            [
                stay("elective", day, is_emergency=False),
                stay("not_said", day, is_emergency=None),
                stay("day_case", day, kind="day_case"),
                stay("emergency_department", day, kind="emergency_department"),
                stay("outpatient", day, kind="outpatient"),
                stay("virtual_ward", day, kind="virtual_ward"),
                stay("withdrawn", day, superseded_date=date(2020, 7, 1)),
                stay("counts", day),
            ]
        )
    )
    counted = {name for name, (outcome, _) in outcomes(cohort).items() if outcome == ADMITTED}
    assert counted == {"counts"}


def test_an_admission_counts_whenever_it_became_known(build: Build) -> None:
    """Outcomes read current rows: a row of three years later still tells what happened."""
    cohort = build(persons([stay("late", date(2020, 6, 1), recorded_date=date(2023, 6, 1))]))
    assert outcomes(cohort)["late"] == (ADMITTED, "2020-06-01")


def test_death_competes_with_admission(build: Build) -> None:
    """Whichever comes first; on one day the admission does. A death without one is never a 'no'."""
    day = date(2020, 6, 1)
    cohort = build(
        persons(
            [
                stay("before", day),
                stay("same_day", day),
                stay("after", day),
            ],
            before=date(2020, 5, 31),
            same_day=day,
            after=date(2020, 6, 2),
            alone=day,
            index_day=INDEX,
            last_day=LAST,
            day_after=AFTER,
        )
    )
    assert outcomes(cohort) == {
        "before": (DIED, "2020-05-31"),
        "same_day": (ADMITTED, "2020-06-01"),
        "after": (ADMITTED, "2020-06-01"),
        "alone": (DIED, "2020-06-01"),
        "index_day": (DIED, "2020-01-01"),
        "last_day": (DIED, "2020-12-30"),
        "day_after": (NEITHER, None),
    }


def test_a_transfer_continues_the_stay_and_is_no_outcome(build: Build) -> None:
    """Within 2 days of the end of a stay before the window, and with evidence of transfer.

    A gap alone never joins: a next-day emergency without evidence is a readmission.
    """
    start, end = date(2019, 12, 20), date(2020, 1, 10)
    first = {"start": start, "end": end}
    two_days, three_days = date(2020, 1, 12), date(2020, 1, 13)
    cohort = build(
        persons(
            [
                stay("method_81", **first),
                stay("method_81", two_days, admission_method="81"),
                stay("method_2b", **first),
                stay("method_2b", end, admission_method="2B"),
                stay("source", **first),
                stay("source", two_days, admission_method="21", admission_source="51"),
                stay("destination", **first, discharge_destination="51"),
                stay("destination", two_days, admission_method="21"),
                stay("too_late", **first, discharge_destination="51"),
                stay("too_late", three_days, admission_method="81"),
                stay("no_evidence", **first, discharge_destination="19"),
                stay(
                    "no_evidence", date(2020, 1, 11), admission_method="21", admission_source="19"
                ),
                stay("same_day", **first),
                stay("same_day", end, admission_method="21"),
                stay("overlap", **first),
                stay("overlap", date(2020, 1, 9), admission_method="21"),
            ]
        )
    )
    assert outcomes(cohort) == {
        "method_81": (NEITHER, None),
        "method_2b": (NEITHER, None),
        "source": (NEITHER, None),
        "destination": (NEITHER, None),
        "too_late": (ADMITTED, "2020-01-13"),
        "no_evidence": (ADMITTED, "2020-01-11"),
        "same_day": (ADMITTED, "2020-01-10"),
        "overlap": (NEITHER, None),
    }


def test_a_joined_stay_keeps_its_first_method(build: Build) -> None:
    """A transfer (2B) after an elective admission is not an emergency; one out of nowhere is."""
    day, next_day = date(2020, 6, 1), date(2020, 6, 2)
    cohort = build(
        persons(
            [
                stay("after_elective", day, next_day, is_emergency=False, admission_method="11"),
                stay("after_elective", next_day, admission_method="2B"),
                stay("after_emergency", day, next_day, admission_method="21"),
                stay("after_emergency", next_day, admission_method="2B"),
                stay("out_of_nowhere", next_day, admission_method="2B"),
            ]
        )
    )
    assert outcomes(cohort) == {
        "after_elective": (NEITHER, None),
        "after_emergency": (ADMITTED, "2020-06-01"),
        "out_of_nowhere": (ADMITTED, "2020-06-02"),
    }


def test_somebody_in_hospital_counts_from_the_next_admission(build: Build) -> None:
    """The stay over the index date is no outcome; one that begins after it ended is."""
    cohort = build(
        persons(
            [
                stay("there", date(2019, 12, 30), date(2020, 1, 20)),
                stay("back", date(2019, 12, 30), date(2020, 1, 20)),
                stay("back", date(2020, 1, 21), admission_method="21"),
            ]
        )
    )
    assert outcomes(cohort) == {"there": (NEITHER, None), "back": (ADMITTED, "2020-01-21")}


def test_emergency_department_attendance_before_death(build: Build) -> None:
    """Any current attendance in the window, whether or not admission followed; no other stay."""
    day, next_day = date(2020, 6, 1), date(2020, 6, 2)
    ed = {"kind": "emergency_department", "is_emergency": None}
    cohort = build(
        persons(
            [
                stay("day_before", date(2019, 12, 31), **ed),
                stay("index_day", INDEX, **ed),
                stay("last_day", LAST, **ed),
                stay("day_after", AFTER, **ed),
                stay("admitted_too", day, **ed),
                stay("admitted_too", day),
                stay("admitted_only", day),
                stay("withdrawn", day, **ed, superseded_date=next_day),
                stay("same_day", day, **ed),
                stay("after_death", next_day, **ed),
            ],
            same_day=day,
            after_death=day,
        ),
        study_of(outcome='kind = "emergency_department_attendance"'),
    )
    assert outcomes(cohort) == {
        "day_before": (NEITHER, None),
        "index_day": (ADMITTED, "2020-01-01"),
        "last_day": (ADMITTED, "2020-12-30"),
        "day_after": (NEITHER, None),
        "admitted_too": (ADMITTED, "2020-06-01"),
        "admitted_only": (NEITHER, None),
        "withdrawn": (NEITHER, None),
        "same_day": (ADMITTED, "2020-06-01"),
        "after_death": (DIED, "2020-06-01"),
    }


def test_death_is_part_of_admission_or_death(build: Build) -> None:
    """Whichever comes first is the outcome and its day; nobody dies first."""
    day = date(2020, 6, 1)
    cohort = build(
        persons(
            [stay("admitted", day), stay("both", day), stay("elective", day, is_emergency=False)],
            both=date(2020, 5, 31),
            index_day=INDEX,
            last_day=LAST,
            day_after=AFTER,
        ),
        study_of(outcome='kind = "emergency_admission_or_death"'),
    )
    assert outcomes(cohort) == {
        "admitted": (ADMITTED, "2020-06-01"),
        "both": (ADMITTED, "2020-05-31"),
        "elective": (NEITHER, None),
        "index_day": (ADMITTED, "2020-01-01"),
        "last_day": (ADMITTED, "2020-12-30"),
        "day_after": (NEITHER, None),
    }


def test_death_in_the_gap_leaves_the_cohort_where_death_is_the_outcome(build: Build) -> None:
    """Nobody could act on it: it is not found, and it is no 'neither'; counted in the attrition."""
    cohort = build(
        persons(
            [stay("admitted_in_gap", date(2020, 1, 7))],
            in_gap=date(2020, 1, 7),
            first_day=date(2020, 1, 8),
        ),
        study_of(outcome='kind = "emergency_admission_or_death"\ngap_days = 7'),
    )
    assert outcomes(cohort) == {
        "admitted_in_gap": (NEITHER, None),
        "first_day": (ADMITTED, "2020-01-08"),
    }
    assert "alive when the window begins" in {step.rule for step in cohort.attrition}


def test_emergency_department_or_inpatient_visit(build: Build) -> None:
    """Where a source has no emergency code: any inpatient stay that continues none, or ED."""
    day, next_day = date(2020, 6, 1), date(2020, 6, 2)
    cohort = build(
        persons(
            [
                stay("ed", day, kind="emergency_department", is_emergency=None),
                stay("inpatient", day, is_emergency=None),
                stay("elective", day, is_emergency=False),
                stay("outpatient", day, kind="outpatient"),
                stay("day_case", day, kind="day_case"),
                stay("withdrawn", day, kind="emergency_department", superseded_date=next_day),
                stay("continued", date(2019, 12, 20), date(2020, 1, 10)),
                stay("continued", date(2020, 1, 10), admission_source="51"),
            ]
        ),
        study_of(outcome='kind = "emergency_or_inpatient_visit"'),
    )
    counted = {name for name, (outcome, _) in outcomes(cohort).items() if outcome == ADMITTED}
    assert counted == {"ed", "inpatient", "elective"}


def left(patient_id: str, day: date, *, told: date | None = None) -> list[dict[str, Any]]:
    """A registration that ended on `day`, with the open row that was known until `told`."""
    told = told or day
    return [
        {"patient_id": patient_id, "recorded_date": date(2000, 1, 1), "superseded_date": told},
        {"patient_id": patient_id, "end_date": day, "recorded_date": told},
    ]


@pytest.fixture
def leavers(build: Build) -> Cohort:
    day = date(2020, 6, 1)
    names = (
        "left", "left_index_day", "left_last_day", "left_after", "admitted_before", "admitted_same",
        "admitted_after", "died_same", "died_after", "moved_gap30", "moved_gap31", "moved_twice",
        "left_before_untold",
    )  # fmt: skip
    deaths = {"died_same": day, "died_after": date(2020, 7, 1)}
    return build(
        {
            "patients": [{"patient_id": n, "death_date": deaths.get(n)} for n in names],
            "stays": [
                stay("admitted_before", date(2020, 5, 31)),
                stay("admitted_same", day),
                stay("admitted_after", date(2020, 6, 2)),
                stay("moved_gap30", date(2020, 8, 1)),
                stay("left_before_untold", date(2020, 8, 1)),
            ],
            "registrations": [
                *left("left", day),
                *left("left_index_day", INDEX),
                *left("left_last_day", LAST),
                *left("left_after", AFTER),
                *left("admitted_before", day),
                *left("admitted_same", day),
                *left("admitted_after", day),
                *left("died_same", day),
                *left("died_after", day),
                *left("moved_gap30", day),
                {"patient_id": "moved_gap30", "start_date": date(2020, 7, 1)},
                *left("moved_gap31", day),
                {"patient_id": "moved_gap31", "start_date": date(2020, 7, 2)},
                *left("moved_twice", day),
                *[
                    {**row, "start_date": day, "recorded_date": max(day, row["recorded_date"])}
                    for row in left("moved_twice", date(2020, 9, 1))
                ],
                *left("left_before_untold", date(2019, 6, 1), told=date(2020, 2, 1)),
            ],
        }
    )


def test_leaving_the_area_censors_unless_something_happened_first(leavers: Cohort) -> None:
    """On one day admission and death come before leaving; leaving after the window is nothing.

    A move to another practice of the area within 30 days is not leaving. Who had left before the
    index date without anybody knowing was never followed.
    """
    assert outcomes(leavers) == {
        "left": (CENSORED, None),
        "left_index_day": (CENSORED, None),
        "left_last_day": (CENSORED, None),
        "left_after": (NEITHER, None),
        "admitted_before": (ADMITTED, "2020-05-31"),
        "admitted_same": (ADMITTED, "2020-06-01"),
        "admitted_after": (CENSORED, None),
        "died_same": (DIED, "2020-06-01"),
        "died_after": (CENSORED, None),
        "moved_gap30": (ADMITTED, "2020-08-01"),
        "moved_gap31": (CENSORED, None),
        "moved_twice": (CENSORED, None),
        "left_before_untold": (CENSORED, None),
    }


def test_follow_up_ends_with_the_event_with_leaving_or_with_the_window(leavers: Cohort) -> None:
    frame = leavers.frame[leavers.frame["index_date"] == pd.Timestamp(INDEX)]
    days = frame.set_index("patient_id")["follow_up_days"]
    assert days[["left", "left_index_day", "left_last_day", "left_after"]].tolist() == [
        152, 0, 364, 365,
    ]  # fmt: skip
    assert days[["admitted_before", "moved_twice", "left_before_untold"]].tolist() == [151, 244, 0]


def test_rows_that_leave_weigh_nothing_and_are_counted(leavers: Cohort) -> None:
    frame = leavers.frame
    gone = frame["outcome"] == CENSORED
    assert (frame.loc[gone, "weight"] == 0).all()
    assert (frame.loc[~gone, "weight"] >= 1).all()
    assert leavers.censoring is not None
    assert leavers.censoring.left == int(gone.sum()) == 8
    assert "left the area before an event: 8 rows" in leavers.describe()


def test_dropping_leavers_is_offered_for_comparison_only(build: Build) -> None:
    """``censoring = "exclude"``: leavers weigh nothing, everybody else one."""
    cohort = build(
        {
            "patients": [{"patient_id": "left"}],
            "registrations": left("left", date(2020, 6, 1)),
        },
        study_of(outcome='censoring = "exclude"'),
    )
    assert sorted(cohort.frame["weight"]) == [0.0, 1.0, 1.0]
