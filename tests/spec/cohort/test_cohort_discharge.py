"""A study of discharges: the index date is the day after a live discharge from hospital."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.small_store import small_records, study_of

from riskstrat.cohort import Cohort, build_cohort, build_scoring_cohort
from riskstrat.study import Study

INDEX = date(2020, 3, 11)
"""The day after the discharge on 10 March."""


def discharge_study(
    *, share: float = 0.5, seed: int = 1, known: bool = True, kind: str = "emergency_admission"
) -> Study:
    return study_of(
        index='event = "discharge"' + ('\nindex_stay = "known"' if known else ""),
        outcome=f'kind = "{kind}"\nwindow_days = 30',
        split=f"hold_out_share = {share}\nseed = {seed}",
    )


def stay(patient_id: str, start: date, end: date | None, **columns: Any) -> dict[str, Any]:
    return {"patient_id": patient_id, "start_date": start, "end_date": end, **columns}


def cohort_of(
    folder: Path, stays: list[dict[str, Any]], study: Study | None = None, **deaths: date
) -> Cohort:
    """A cohort of discharges; twenty more people, each with one, fill both parts."""
    others = [stay(f"other{n:02d}", date(2021, 5, 1), date(2021, 5, 2)) for n in range(20)]
    names = sorted({row["patient_id"] for row in [*stays, *others]})
    records = small_records(
        folder,
        {
            "patients": [{"patient_id": n, "death_date": deaths.get(n)} for n in names],
            "registrations": [{"patient_id": n} for n in names],
            "stays": [*stays, *others],
        },
    )
    return build_cohort(records, study or discharge_study())


def index_dates(cohort: Cohort) -> dict[str, list[str]]:
    frame = cohort.frame[~cohort.frame["patient_id"].str.startswith("other")]
    days = frame["index_date"].dt.strftime("%Y-%m-%d")
    return {name: group.tolist() for name, group in days.groupby(frame["patient_id"])}


START, END = date(2020, 3, 1), date(2020, 3, 10)


def test_the_index_date_is_the_day_after_each_live_discharge(tmp_path: Path) -> None:
    """Every inpatient discharge is one; not deaths in hospital, stays not ended, or other kinds."""
    cohort = cohort_of(
        tmp_path,
        [
            stay("home", START, END),
            stay("twice", START, END),
            stay("twice", date(2020, 6, 1), date(2020, 6, 1)),
            stay("elective", START, END, is_emergency=False),
            stay("method_4", START, END, discharge_method="4"),
            stay("died_that_day", START, END),
            stay("died_next_day", START, END),
            stay("still_there", START, None),
            stay("withdrawn", START, END, superseded_date=date(2020, 4, 1)),
            stay("ed", START, END, kind="emergency_department"),
            stay("day_case", START, END, kind="day_case"),
        ],
        died_that_day=END,
        died_next_day=INDEX,
    )
    assert index_dates(cohort) == {
        "home": ["2020-03-11"],
        "twice": ["2020-03-11", "2020-06-02"],
        "elective": ["2020-03-11"],
        "died_next_day": ["2020-03-11"],
    }


def test_a_transfer_is_no_discharge(tmp_path: Path) -> None:
    """Not to another hospital, and not while another stay of the spell goes on.

    What begins on the index date or later decides nothing: nobody could know it.
    """
    later = date(2020, 3, 20)
    cohort = cohort_of(
        tmp_path,
        [
            stay("to_hospital", START, END, discharge_destination="51"),
            stay("to_hospital", END, later, admission_source="51"),
            stay("out_of_area", START, END, discharge_destination="51"),
            stay("same_day", START, END),
            stay("same_day", END, later, admission_method="81"),
            stay("nested", START, later),
            stay("nested", date(2020, 3, 5), END),
            stay("there_now", START, END),
            stay("there_now", END, None, admission_source="51"),
            stay("told_next_day", START, END),
            stay("told_next_day", INDEX, later, admission_method="81"),
            stay("readmitted", START, END),
            stay("readmitted", INDEX, later, admission_method="21"),
        ],
    )
    assert index_dates(cohort) == {
        "to_hospital": ["2020-03-21"],
        "same_day": ["2020-03-21"],
        "nested": ["2020-03-21"],
        "told_next_day": ["2020-03-11", "2020-03-21"],
        "readmitted": ["2020-03-11", "2020-03-21"],
    }


def test_somebody_back_on_the_day_of_discharge_has_left_only_when_leaving_again(
    tmp_path: Path,
) -> None:
    """A readmission before the index date cannot be predicted: its own discharge is the index."""
    later = date(2020, 3, 20)
    cohort = cohort_of(
        tmp_path,
        [
            stay("back_same_day", START, END),
            stay("back_same_day", END, later, admission_method="21"),
            stay("back_and_gone", START, END),
            stay("back_and_gone", END, END, admission_method="21"),
        ],
    )
    assert index_dates(cohort) == {
        "back_same_day": ["2020-03-21"],
        "back_and_gone": ["2020-03-11"],
    }


@pytest.mark.parametrize("known", [True, False])
def test_the_index_stay_is_known_only_if_the_study_says_so(tmp_path: Path, known: bool) -> None:
    """``index_stay = "known"`` is the only exception to what was recorded; else it is null."""
    cohort = cohort_of(
        tmp_path,
        [stay("home", START, END, stay_id="the_stay", recorded_date=date(2020, 6, 1))],
        discharge_study(known=known),
    )
    row = cohort.frame[cohort.frame["patient_id"] == "home"].iloc[0]
    assert row["index_stay_id"] == "the_stay" if known else pd.isna(row["index_stay_id"])
    assert not row["in_hospital"]
    assert row["age"] == 70


@pytest.mark.parametrize("kind", ["emergency_admission", "readmission"])
def test_the_next_emergency_admission_is_the_outcome(tmp_path: Path, kind: str) -> None:
    """From the day after discharge, 30 days; a transfer back without a break is not one."""
    cohort = cohort_of(
        tmp_path,
        [
            stay("index_day", START, END),
            stay("index_day", INDEX, INDEX, admission_method="21"),
            stay("last_day", START, END),
            stay("last_day", date(2020, 4, 9), date(2020, 4, 9)),
            stay("after", START, END),
            stay("after", date(2020, 4, 10), date(2020, 4, 10)),
            stay("transfer", START, END),
            stay("transfer", INDEX, INDEX, admission_method="81"),
            stay("elective", START, END),
            stay("elective", date(2020, 4, 1), date(2020, 4, 2), is_emergency=False),
            stay("earlier", date(2020, 2, 1), date(2020, 2, 9)),
            stay("earlier", START, END, is_emergency=False),
        ],
        discharge_study(kind=kind),
    )
    rows = cohort.frame[cohort.frame["index_date"] == pd.Timestamp(INDEX)]
    assert dict(zip(rows["patient_id"], rows["outcome"], strict=True)) == {
        "index_day": 1, "last_day": 1, "after": 0, "transfer": 0, "elective": 0, "earlier": 0,
    }  # fmt: skip


def test_discharges_whose_window_passes_the_data_are_left_out_and_counted(tmp_path: Path) -> None:
    records = small_records(
        tmp_path,
        {
            "patients": [{"patient_id": f"p{n:02d}"} for n in range(20)],
            "registrations": [{"patient_id": f"p{n:02d}"} for n in range(20)],
            "stays": [
                *[stay(f"p{n:02d}", START, END) for n in range(20)],
                stay("p00", date(2020, 6, 1), date(2020, 6, 1)),
                stay("p01", date(2020, 6, 2), date(2020, 6, 2)),
            ],
        },
        data_to=date(2020, 7, 1),
    )
    cohort = build_cohort(records, discharge_study())
    steps = {step.rule: (step.rows, step.people) for step in cohort.attrition}
    assert steps["aged 18 to 120"] == (22, 20)
    assert steps["window ends within the data"] == (21, 20)
    assert cohort.frame["index_date"].max() == pd.Timestamp(2020, 6, 2)


def test_discharges_are_split_by_date_where_dates_are_real(tmp_path: Path) -> None:
    """Up to the last day of development, from the first of evaluation; between them neither.

    Discharges whose look-back begins before the data are left out and counted.
    """
    days = {
        "short_history": date(2010, 12, 30),
        "long_enough": date(2010, 12, 31),
        "last_developed": date(2019, 12, 31),
        "between": date(2020, 1, 1),
        "first_judged": date(2020, 2, 28),
    }
    study = study_of(
        index='event = "discharge"',
        outcome='kind = "readmission"\nwindow_days = 30',
        split="develop_to = 2020-01-01\nevaluate_from = 2020-02-29",
    )
    cohort = cohort_of(tmp_path, [stay(name, day, day) for name, day in days.items()], study)
    parts = dict(zip(cohort.frame["patient_id"], cohort.frame["part"], strict=True))
    assert {name: parts.get(name) for name in days} == {
        "short_history": None,
        "long_enough": "development",
        "last_developed": "development",
        "between": None,
        "first_judged": "evaluation",
    }
    rows = {step.rule: step.rows for step in cohort.attrition}
    assert rows["window ends within the data"] - rows["look-back begins within the data"] == 1


def test_a_share_of_people_is_held_out_by_seed(tmp_path: Path) -> None:
    """All rows of a person on one side, the same people every time, others with another seed."""
    rng_names = [f"p{n:03d}" for n in range(300)]
    records = small_records(
        tmp_path,
        {
            "patients": [{"patient_id": n} for n in rng_names],
            "registrations": [{"patient_id": n} for n in rng_names],
            "stays": [
                stay(n, date(2020, month, 1), date(2020, month, 2))
                for n in rng_names
                for month in (3, 6)
            ],
        },
    )
    frame, again, other = (
        build_cohort(records, discharge_study(share=0.3, seed=seed)).frame for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(frame, again)
    held_out = set(frame.loc[frame["part"] == "evaluation", "patient_id"])
    assert 60 < len(held_out) < 120
    assert held_out.isdisjoint(frame.loc[frame["part"] == "development", "patient_id"])
    assert frame.loc[frame["part"] == "evaluation", "unseen"].all()
    assert held_out != set(other.loc[other["part"] == "evaluation", "patient_id"])


def test_a_larger_share_keeps_the_people_already_held_out(tmp_path: Path) -> None:
    """The draw of a person does not depend on who else is there or on the share."""
    stays = [stay("home", START, END), stay("away", START, END)]
    small = cohort_of(tmp_path / "a", stays, discharge_study(share=0.3)).frame
    large = cohort_of(tmp_path / "b", stays[:1], discharge_study(share=0.7)).frame
    kept = set(small.loc[small["part"] == "evaluation", "patient_id"]) - {"away"}
    assert kept < set(large.loc[large["part"] == "evaluation", "patient_id"])


def test_scoring_takes_the_discharges_of_a_day_or_everybodys_latest(tmp_path: Path) -> None:
    """Without an index date each person is scored once, at the latest discharge."""
    stays = [
        stay("a", START, END),
        stay("a", date(2020, 6, 1), date(2020, 6, 1)),
        stay("b", START, END),
        stay("dead", START, END),
    ]
    names = ("a", "b", "dead")
    records = small_records(
        tmp_path,
        {
            "patients": [
                {"patient_id": n, "death_date": END if n == "dead" else None} for n in names
            ],
            "registrations": [{"patient_id": n} for n in names],
            "stays": stays,
        },
    )
    study = discharge_study()
    that_day = build_scoring_cohort(records, study, INDEX).frame
    assert that_day["patient_id"].tolist() == ["a", "b"]
    latest = build_scoring_cohort(records, study, None)
    days = latest.frame["index_date"].dt.strftime("%Y-%m-%d")
    assert dict(zip(latest.frame["patient_id"], days, strict=True)) == {
        "a": "2020-06-02", "b": "2020-03-11",
    }  # fmt: skip
    assert [(step.rule, step.rows) for step in latest.attrition][-2:] == [
        ("latest event of each person", 2),
        ("of these, dead but not yet notified", 0),
    ]
