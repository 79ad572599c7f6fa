"""Who is in the cohort at an index date, by what was known then; index date 1 January 2020."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest
from tests.small_store import study_of

from riskstrat.cohort import Cohort

Build = Callable[..., Cohort]

INDEX = date(2020, 1, 1)
DAY_BEFORE = date(2019, 12, 31)
LONG_AGO = date(2000, 1, 1)


def at_index(cohort: Cohort) -> pd.DataFrame:
    """The rows at the index date but that of the person who is always in."""
    frame = cohort.frame
    frame = frame[(frame["index_date"] == pd.Timestamp(INDEX)) & (frame["patient_id"] != "always")]
    return frame.set_index("patient_id")


def people(*names: str, **columns: object) -> list[dict[str, object]]:
    return [{"patient_id": name, **columns} for name in names]


def spell(
    patient_id: str, start: date, end: date, *, told: date, **columns: object
) -> list[dict[str, object]]:
    """A spell as feeds give it: an open row, and from `told` on a closed one in its place."""
    row = {"patient_id": patient_id, "start_date": start, **columns}
    return [
        {**row, "end_date": None, "recorded_date": start, "superseded_date": told},
        {**row, "end_date": end, "recorded_date": told},
    ]


def test_a_person_is_registered_at_the_index_date(build: Build) -> None:
    """Begun and recorded before it, not known to have ended before it."""
    cohort = build(
        {
            "patients": people(
                "began_before", "began_on", "recorded_on", "ended_before", "ended_on",
                "ended_unknown",
                "withdrawn_before", "withdrawn_on", "never",
            ),
            "registrations": [
                {"patient_id": "began_before", "start_date": DAY_BEFORE},
                {"patient_id": "began_on", "start_date": INDEX},
                {"patient_id": "recorded_on", "recorded_date": INDEX},
                *spell("ended_before", LONG_AGO, DAY_BEFORE, told=DAY_BEFORE),
                {"patient_id": "ended_on", "end_date": INDEX, "recorded_date": DAY_BEFORE},
                *spell("ended_unknown", LONG_AGO, date(2019, 6, 1), told=INDEX),
                {"patient_id": "withdrawn_before", "superseded_date": DAY_BEFORE},
                {"patient_id": "withdrawn_on", "superseded_date": INDEX},
            ],
        }
    )  # fmt: skip
    assert set(at_index(cohort).index) == {
        "began_before", "ended_on", "ended_unknown", "withdrawn_on",
    }  # fmt: skip


def test_age_limits_are_inclusive(build: Build) -> None:
    """18 to 69 on 1 January 2020: born January 2002 is in, February 2002 is 17; 70 is out."""
    cohort = build(
        {
            "patients": [
                {"patient_id": "a17", "birth_month": date(2002, 2, 1)},
                {"patient_id": "a18", "birth_month": date(2002, 1, 1)},
                {"patient_id": "a69", "birth_month": date(1950, 2, 1)},
                {"patient_id": "a70", "birth_month": date(1950, 1, 1)},
                {"patient_id": "a39", "birth_month": date(1980, 2, 1)},
            ]
        },
        study_of(eligibility="min_age = 18\nmax_age = 69"),
    )
    assert at_index(cohort)["age"].to_dict() == {"a18": 18, "a69": 69, "a39": 39}


def test_registered_days_run_on_when_practices_are_changed(build: Build) -> None:
    """At least 365 days; a break of 30 days between practices is paperwork, of 31 is leaving."""
    move = date(2019, 6, 1)
    cohort = build(
        {
            "patients": people("d365", "d364", "gap30", "gap31", "overlap", "nested"),
            "registrations": [
                {"patient_id": "d365", "start_date": date(2019, 1, 1)},
                {"patient_id": "d364", "start_date": date(2019, 1, 2)},
                *spell("gap30", LONG_AGO, move, told=move),
                {"patient_id": "gap30", "start_date": date(2019, 7, 1), "practice_code": "P2"},
                *spell("gap31", LONG_AGO, move, told=move),
                {"patient_id": "gap31", "start_date": date(2019, 7, 2), "practice_code": "P2"},
                *spell("overlap", LONG_AGO, move, told=move),
                {"patient_id": "overlap", "start_date": date(2019, 5, 1), "practice_code": "P2"},
                *spell("nested", LONG_AGO, date(2019, 12, 1), told=date(2019, 12, 1)),
                *spell("nested", date(2010, 1, 1), date(2010, 2, 1), told=date(2010, 2, 1)),
                {"patient_id": "nested", "start_date": date(2019, 12, 20)},
            ],
        },
        study_of(eligibility="min_registered_days = 365"),
    )
    assert set(at_index(cohort).index) == {"d365", "gap30", "overlap", "nested"}


def test_the_practice_is_the_newest_open_registration(build: Build) -> None:
    """A practice that is not known is one group, written as null."""
    cohort = build(
        {
            "patients": people("moved", "twice", "unknown"),
            "registrations": [
                *spell("moved", LONG_AGO, date(2019, 3, 1), told=date(2019, 3, 1)),
                {"patient_id": "moved", "start_date": date(2019, 3, 1), "practice_code": "P2"},
                {"patient_id": "twice", "start_date": LONG_AGO, "practice_code": "P3"},
                {"patient_id": "twice", "start_date": date(2019, 3, 1), "practice_code": "P2"},
                {"patient_id": "unknown", "practice_code": None},
            ],
        }
    )
    practices = at_index(cohort)["practice_code"]
    assert practices[["moved", "twice"]].tolist() == ["P2", "P2"]
    assert pd.isna(practices["unknown"])


def test_people_in_a_care_home_can_be_left_out(build: Build) -> None:
    """By what was known: a move told on the index date, or one that ended before it, counts not."""
    cohort = build(
        {
            "patients": people("in_home", "left_home", "told_late", "own_home", "not_said"),
            "residences": [
                {"patient_id": "in_home", "care_home": True, "start_date": DAY_BEFORE},
                *spell("left_home", LONG_AGO, DAY_BEFORE, told=DAY_BEFORE, care_home=True),
                {"patient_id": "told_late", "care_home": True, "recorded_date": INDEX},
                {"patient_id": "own_home", "care_home": False},
                {"patient_id": "not_said", "care_home": None},
            ],
        },
        study_of(eligibility='exclude = ["care_home"]'),
    )
    assert set(at_index(cohort).index) == {"left_home", "told_late", "own_home", "not_said"}


def test_the_newest_open_address_gives_the_deprivation(build: Build) -> None:
    cohort = build(
        {
            "patients": people("moved", "unknown"),
            "residences": [
                {"patient_id": "moved", "imd_decile": 9, "start_date": LONG_AGO},
                {"patient_id": "moved", "imd_decile": 2, "start_date": date(2019, 5, 1)},
                {"patient_id": "moved", "imd_decile": 5, "start_date": INDEX},
            ],
        }
    )
    deciles = at_index(cohort)["imd_decile"]
    assert deciles["moved"] == 2.0
    assert pd.isna(deciles["unknown"])


def test_people_dead_before_the_index_date_are_out_of_development(build: Build) -> None:
    """By the true day of death, told or not; a death on the index date is an outcome."""
    cohort = build(
        {
            "patients": [
                {"patient_id": "told", "death_date": DAY_BEFORE},
                {
                    "patient_id": "told_late",
                    "death_date": DAY_BEFORE,
                    "death_recorded_date": date(2020, 3, 1),
                },
                {"patient_id": "on_the_day", "death_date": INDEX},
            ]
        }
    )
    assert set(at_index(cohort).index) == {"on_the_day"}


def test_people_in_hospital_stay_in_and_are_flagged(build: Build) -> None:
    """In hospital now: a stay known to have begun, not known to have ended before the day."""
    told = date(2020, 1, 6)
    cohort = build(
        {
            "patients": people(
                "there", "told_at_end", "left_on", "left_before", "day_case", "home"
            ),
            "stays": [
                *spell("there", DAY_BEFORE, date(2020, 1, 5), told=told, stay_id="s1"),
                {
                    "patient_id": "told_at_end",
                    "start_date": DAY_BEFORE,
                    "end_date": date(2020, 1, 5),
                    "recorded_date": told,
                },
                {
                    "patient_id": "left_on",
                    "start_date": DAY_BEFORE,
                    "end_date": INDEX,
                    "recorded_date": DAY_BEFORE,
                },
                {"patient_id": "left_before", "start_date": LONG_AGO, "end_date": DAY_BEFORE},
                {
                    "patient_id": "day_case",
                    "kind": "day_case",
                    "start_date": DAY_BEFORE,
                    "end_date": None,
                },
            ],
        }
    )
    assert at_index(cohort)["in_hospital"].to_dict() == {
        "there": True, "told_at_end": False, "left_on": True, "left_before": False,
        "day_case": False, "home": False,
    }  # fmt: skip


def test_every_rule_is_counted(build: Build) -> None:
    """Rows (person and index date) and people left after each rule, in the order of the rules.

    'both' is in at both dates; the others fall at one rule each, at one date or both.
    """
    cohort = build(
        {
            "patients": [
                {"patient_id": "both"},
                {"patient_id": "unregistered"},
                {"patient_id": "dead_at_second", "death_date": date(2021, 5, 1)},
                {"patient_id": "child_at_first", "birth_month": date(2003, 6, 1)},
                {"patient_id": "new_at_first"},
                {"patient_id": "care_home"},
            ],
            "registrations": [
                {"patient_id": "both"},
                {"patient_id": "dead_at_second"},
                {"patient_id": "child_at_first"},
                {"patient_id": "new_at_first", "start_date": date(2019, 12, 1)},
                {"patient_id": "care_home"},
            ],
            "residences": [{"patient_id": "care_home", "care_home": True}],
        },
        study_of(eligibility='min_registered_days = 365\nexclude = ["care_home"]'),
    )
    assert [(step.rule, step.rows, step.people) for step in cohort.attrition] == [
        ("person and index date in the records", 14, 7),
        ("registered at the index date", 12, 6),
        ("alive at the index date", 11, 6),
        ("aged 18 to 120", 10, 6),
        ("registered for 365 days or more", 9, 6),
        ("not living in a care home", 7, 5),
        ("in development", 3, 3),
        ("in evaluation", 4, 4),
    ]
    assert len(cohort.frame) == 7


def test_the_description_holds_counts_and_no_person(build: Build) -> None:
    cohort = build({"patients": people("CANARY")})
    text = cohort.describe()
    assert "registered at the index date: 4 rows, 2 people" in text
    assert "CANARY" not in text
    assert "CANARY" not in str(cohort.attrition)


@pytest.mark.parametrize("column", ["ethnic_category", "sex"])
def test_attributes_for_reporting_come_from_the_person(build: Build, column: str) -> None:
    cohort = build({"patients": [{"patient_id": "a", "sex": "male", "ethnic_category": "A"}]})
    assert at_index(cohort).loc["a", column] == {"sex": "male", "ethnic_category": "A"}[column]


def test_rows_are_in_order_and_of_the_agreed_types(build: Build) -> None:
    """Sorted by index date and person; features may see three columns only."""
    cohort = build({"patients": people("b", "a")})
    frame = cohort.frame
    assert frame["patient_id"].tolist() == ["a", "always", "b"] * 2
    assert frame["index_date"].is_monotonic_increasing
    assert frame["index_date"].dtype == "M8[s]"
    assert (frame["outcome"].dtype, frame["weight"].dtype) == ("int8", "float64")
    assert list(cohort.keys.columns) == ["patient_id", "index_date", "index_stay_id"]
    assert cohort.keys["index_stay_id"].isna().all()
    chosen = cohort.rows(frame["patient_id"] == "b")
    assert chosen.frame["patient_id"].tolist() == ["b", "b"]
    assert chosen.frame.index.tolist() == [0, 1]
    assert chosen.study is cohort.study
    assert cohort.part("development").frame["index_date"].unique() == [pd.Timestamp(INDEX)]
