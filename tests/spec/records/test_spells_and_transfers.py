"""A stay continues the one before when they overlap, or on evidence of transfer within 2 days."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from tests.spec.records.memory_records import memory_records

from riskstrat.records import spells

FIRST_END = 10


def day(number: int) -> date:
    return date(2021, 3, number)


def stay(name: str, start: int, end: int | None, **more: Any) -> dict[str, Any]:
    row = {"patient_id": "a", "stay_id": name, "start_date": day(start)}
    return {**row, "end_date": None if end is None else day(end), "recorded_date": day(31), **more}


def continuing(*rows: dict[str, Any]) -> list[str]:
    """Names of the stays that continue another, in the order of the history."""
    records = memory_records({"patients": [{"patient_id": "a"}], "stays": list(rows)})
    found = records.engine.fetch_frame(spells("stays", partition=("patient_id",)))
    found = found.sort_values("stay_order")
    return found.loc[found["continues"], "stay_id"].tolist()


@pytest.mark.parametrize(
    ("start", "continues"), [(9, True), (10, False), (11, False), (12, False), (13, False)]
)
def test_without_evidence_only_an_overlap_joins(start: int, continues: bool) -> None:
    """A next-day, even a same-day emergency without evidence of transfer is a readmission."""
    second = stay("second", start, 20, admission_method="21", admission_source="19")
    first = stay("first", 1, FIRST_END, discharge_destination="19")
    assert continuing(first, second) == (["second"] if continues else [])


@pytest.mark.parametrize("start", [10, 11, 12, 13])
@pytest.mark.parametrize(
    "evidence",
    [
        {"admission_method": "81"},
        {"admission_method": "2B"},
        *({"admission_source": code} for code in ("49", "50", "51", "52", "53", "87")),
    ],
    ids=str,
)
def test_evidence_in_the_second_stay_joins_within_two_days(
    start: int, evidence: dict[str, str]
) -> None:
    """Method 81 or 2B, or a hospital as source; the third day after is too late."""
    second = stay("second", start, 20, **evidence)
    expected = ["second"] if start - FIRST_END <= 2 else []
    assert continuing(stay("first", 1, FIRST_END), second) == expected


@pytest.mark.parametrize("start", [10, 12, 13])
@pytest.mark.parametrize("destination", ["49", "50", "51", "52", "53", "84", "87"])
def test_a_hospital_as_destination_of_the_first_joins(start: int, destination: str) -> None:
    """The first stay was discharged to a hospital."""
    first = stay("first", 1, FIRST_END, discharge_destination=destination)
    expected = ["second"] if start - FIRST_END <= 2 else []
    assert continuing(first, stay("second", start, 20)) == expected


@pytest.mark.parametrize(
    "more",
    [
        {"admission_method": "21"},
        {"admission_method": "2A"},
        {"admission_source": "84"},
        {"admission_source": "85"},
    ],
    ids=str,
)
def test_other_codes_are_no_evidence(more: dict[str, str]) -> None:
    """84 is a hospital as a destination only; a care home is none."""
    first = stay("first", 1, FIRST_END, discharge_destination="85")
    assert continuing(first, stay("second", 11, 20, **more)) == []


def test_a_gap_of_a_day_alone_never_joins() -> None:
    """Nulls everywhere are no evidence."""
    assert continuing(stay("first", 1, FIRST_END), stay("second", 11, 12)) == []


def test_a_transfer_after_an_elective_stay_continues_it() -> None:
    """2B after an elective admission continues the elective spell: no emergency of its own."""
    first = stay("first", 1, FIRST_END, admission_method="11", is_emergency=False)
    second = stay("second", 10, 20, admission_method="2B", is_emergency=True)
    assert continuing(first, second) == ["second"]


def test_a_transfer_that_continues_nothing_begins_a_spell() -> None:
    """The hospital it came from is not in the records: the emergency counts."""
    assert continuing(stay("only", 5, 9, admission_method="2B")) == []


def test_a_short_stay_inside_a_long_one_does_not_end_it() -> None:
    """The latest end so far counts, not the end of the row before."""
    rows = (stay("long", 1, 20), stay("inside", 3, 4), stay("third", 18, 25))
    assert continuing(*rows) == ["inside", "third"]


def test_the_destination_of_the_long_stay_is_remembered() -> None:
    """Evidence stands on the stay that ended within two days, not on the row before."""
    rows = (
        stay("long", 1, 20, discharge_destination="51"),
        stay("inside", 3, 4, discharge_destination="19"),
        stay("third", 21, 25),
    )
    assert continuing(*rows) == ["inside", "third"]


def test_an_old_transfer_is_no_evidence_for_a_new_admission() -> None:
    """The short stay went to a hospital long before; the long one went home."""
    rows = (
        stay("long", 1, 20, discharge_destination="19"),
        stay("inside", 3, 4, discharge_destination="51"),
        stay("third", 21, 25),
    )
    assert continuing(*rows) == ["inside"]


def test_a_same_day_transfer_follows_the_stay_that_ended_first() -> None:
    """Both start on one day: the first keeps its method, whatever the stays are called."""
    rows = (
        stay("z-first", 5, 5, admission_method="21", discharge_destination="51"),
        stay("a-second", 5, 12, admission_method="81"),
    )
    assert continuing(*rows) == ["a-second"]


def test_on_one_day_the_time_decides_which_comes_first() -> None:
    """Also where the later one ends first."""
    rows = (
        stay("z-first", 5, 6, start_time=time(8), discharge_destination="51"),
        stay("a-second", 5, 5, start_time=time(17), admission_method="81"),
    )
    assert continuing(*rows) == ["a-second"]


def test_a_stay_without_an_end_does_not_swallow_later_admissions() -> None:
    """Its end was never sent; only an admission on the day it starts could join it."""
    assert continuing(stay("open", 1, None), stay("second", 15, 16)) == []


def test_only_inpatient_stays_are_spells() -> None:
    """Attendances neither join nor are joined."""
    rows = (
        stay("attendance", 1, 20, kind="emergency_department"),
        stay("day", 1, 20, kind="day_case"),
        stay("inpatient", 5, 8),
    )
    assert continuing(*rows) == []


def test_people_do_not_continue_each_other() -> None:
    """The history is one person's."""
    people = [{"patient_id": "a"}, {"patient_id": "b"}]
    rows = [stay("first", 1, 10), {**stay("second", 5, 20), "patient_id": "b"}]
    records = memory_records({"patients": people, "stays": rows})
    found = records.engine.fetch_frame(spells("stays", partition=("patient_id",)))
    assert not found["continues"].any()
