"""Feeds over time: gaps, late starts, early ends, steps, late recording; and what is counted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from tests.small_store import small_records
from tests.spec.records.checked_records import (
    FIRST,
    LAST,
    MONTHS,
    Row,
    found,
    monthly,
    patients,
    people,
    registrations,
)

from riskstrat.records.checks import volumes

MANY = people(30)
BASE = {"patients": patients(MANY), "registrations": registrations(MANY)}
CODE = "22298006"


def without(*months: int, ids: list[str] = MANY) -> list[Row]:
    return monthly(ids, lambda number: None if number in months else CODE)


def test_a_month_without_rows_is_a_gap(tmp_path: Path) -> None:
    """Named by feed and month."""
    (gap,) = found("R021", tmp_path, **BASE, events=without(7, 8))
    assert (gap.level, gap.table, gap.count) == ("warning", "events", 0)
    assert gap.message == (
        "gp, observation: far fewer rows than usual in 2020-08 (0 rows), 2020-09 (0 rows)"
    )
    assert gap.detail == {"feed": "gp", "kind": "observation", "months": ["2020-08", "2020-09"]}


@pytest.mark.parametrize(("left", "is_gap"), [(5, True), (6, False)])
def test_less_than_a_fifth_of_the_usual_people_is_a_gap(
    tmp_path: Path, left: int, is_gap: bool
) -> None:
    """Five of thirty are; six are a fifth. A count below ten is not told."""
    rows = without(7) + [row for row in monthly(MANY[:left]) if row["event_date"] == MONTHS[7]]
    gaps = found("R021", tmp_path, **BASE, events=rows)
    assert bool(gaps) is is_gap
    assert all("2020-08 (<10 rows)" in gap.message and gap.count == 0 for gap in gaps)


def test_a_month_of_few_people_is_no_gap(tmp_path: Path) -> None:
    """Nineteen people a month are too few to say."""
    assert found("R021", tmp_path, **BASE, events=without(7, ids=MANY[:19])) == []


def test_before_the_first_and_after_the_last_month_is_no_gap(tmp_path: Path) -> None:
    """A feed may begin and end within the data; five months in the middle are a gap."""
    assert found("R021", tmp_path, **BASE, events=without(0, 1, 2, 22, 23)) == []
    (gap,) = found("R021", tmp_path, **BASE, events=without(*range(7, 12)))
    assert len(gap.detail["months"]) == 5


def test_gaps_of_stays_and_services(tmp_path: Path) -> None:
    """Stays by kind, services by source."""
    days = [(person, day) for person in MANY for day in MONTHS if day != MONTHS[7]]
    stays = [{"patient_id": person, "start_date": day} for person, day in days]
    services = [
        {"patient_id": person, "start_date": day, "service": "home_care", "source": "council"}
        for person, day in days
    ]
    gaps = found("R021", tmp_path, **BASE, stays=stays, services=services)
    assert [(gap.table, gap.message.split(":")[0]) for gap in gaps] == [
        ("services", "council"),
        ("stays", "inpatient"),
    ]


def test_a_feed_that_begins_late_or_ends_early(tmp_path: Path) -> None:
    """Sixty-one days are one too many on either side."""
    late = without(0, 1)
    late = [
        {**row, "event_date": date(2020, 3, 2)} if row["event_date"] == MONTHS[2] else row
        for row in late
    ]
    (finding,) = found("R022", tmp_path, **BASE, events=late)
    assert finding.message == "gp, observation: begins on 2020-03-02, the data on 2020-01-01"
    early = without(22, 23)
    (finding,) = found("R022", tmp_path, **BASE, events=early)
    assert "ends on 2021-10-01, the data on 2021-12-31" in finding.message


def test_a_feed_within_sixty_days_of_both_ends_is_whole(tmp_path: Path) -> None:
    assert found("R022", tmp_path, **BASE, events=without(0, 1, 23)) == []
    assert found("R022", tmp_path, **BASE, events=without(0, 1, 2, 3, ids=MANY[:19])) == []


CROWD = people(120)
CROWDED = {"patients": patients(CROWD), "registrations": registrations(CROWD)}


@pytest.mark.parametrize(("times", "is_step"), [(3, True), (2, False)])
def test_a_feed_that_sends_more_than_twice_as_much(
    tmp_path: Path, times: int, is_step: bool
) -> None:
    """Every month of the second year has each row three times, at most twice is none."""
    once = monthly(CROWD)
    more = [row for row in once if row["event_date"].year == 2021] * (times - 1)
    steps = found("R023", tmp_path, **CROWDED, events=once + more)
    assert [step.level for step in steps] == ["warning"] * is_step
    if is_step:
        assert steps[0].message == (
            "gp, observation: about 120 rows a month until 2020-12, about 360 since"
        )


def test_a_season_is_no_step_of_a_feed(tmp_path: Path) -> None:
    """Three months of each year with three times as many rows."""
    once = monthly(CROWD)
    winter = [row for row in once if row["event_date"].month >= 10] * 2
    assert found("R023", tmp_path, **CROWDED, events=once + winter) == []


def late(count: int, days_of: date, **given: object) -> list[Row]:
    """A hundred events of June 2020, of which so many were recorded on a later day."""
    happened = date(2020, 6, 1)
    return [
        {
            "patient_id": MANY[0],
            "kind": "diagnosis",
            "source": "hospital",
            "system": "icd10",
            "code": "I48",
            "event_date": happened,
            "recorded_date": days_of if number < count else happened,
            **given,
        }
        for number in range(100)
    ]


def test_rows_told_more_than_ninety_days_later(tmp_path: Path) -> None:
    """Six of a hundred, ninety-one days later; median and 95th percentile of the lag in days."""
    (finding,) = found("R028", tmp_path, **BASE, events=late(6, date(2020, 8, 31)))
    assert (finding.level, finding.table, finding.count) == ("warning", "events", 6)
    assert finding.message == (
        "hospital, diagnosis: 6% of rows became known more than 90 days after; half within 0 days, "
        "95 % within 91"
    )


@pytest.mark.parametrize(("count", "day"), [(5, date(2020, 8, 31)), (100, date(2020, 8, 30))])
def test_few_late_rows_or_ninety_days_are_not_late(tmp_path: Path, count: int, day: date) -> None:
    assert found("R028", tmp_path, **BASE, events=late(count, day)) == []


def test_history_entered_when_somebody_registers_is_for_information(tmp_path: Path) -> None:
    """The registration begins between the diagnosis and the day it became known."""
    joined = [{"patient_id": MANY[0], "practice_code": "P1", "start_date": date(2021, 3, 1)}]
    tables = {"patients": patients(MANY), "registrations": joined}
    (finding,) = found("R028", tmp_path, **tables, events=late(50, date(2021, 3, 2)))
    assert finding.level == "info"
    assert finding.message.endswith("; entered when people registered")


def test_what_lies_before_the_data_is_not_late(tmp_path: Path) -> None:
    """Old diagnoses come with the first submission."""
    rows = late(100, date(2020, 8, 31), event_date=date(2019, 6, 1))
    assert found("R028", tmp_path, **BASE, events=rows) == []


def test_stays_are_late_from_their_end(tmp_path: Path) -> None:
    """A stay of four months that is told when it ends was not told late."""
    stay = {"patient_id": MANY[0], "start_date": FIRST, "end_date": date(2020, 5, 1)}
    assert found("R028", tmp_path, **BASE, stays=[stay]) == []
    (finding,) = found("R028", tmp_path, **BASE, stays=[{**stay, "recorded_date": LAST}])
    assert (finding.table, finding.count) == ("stays", 1)


def test_volumes_count_current_rows_by_feed_kind_and_month(tmp_path: Path) -> None:
    """Months between others that have no row are nought."""
    event = monthly(MANY[:1], lambda number: CODE if number in (0, 0, 3) else None)
    replaced = {**event[0], "superseded_date": date(2020, 2, 1)}
    stay = {"patient_id": MANY[0], "start_date": date(2020, 5, 31)}
    service = {"patient_id": MANY[0], "service": "home_care", "source": "council"}
    records = small_records(
        tmp_path,
        {
            **BASE,
            "events": [*event, event[0], replaced],
            "stays": [stay],
            "services": [{**service, "start_date": FIRST}],
        },
    )
    frame = volumes(records)
    assert list(frame.itertuples(index=False, name=None)) == [
        ("council", "services", MONTHS_AS_TIMES[0], 1),
        ("gp", "observation", MONTHS_AS_TIMES[0], 2),
        ("gp", "observation", MONTHS_AS_TIMES[1], 0),
        ("gp", "observation", MONTHS_AS_TIMES[2], 0),
        ("gp", "observation", MONTHS_AS_TIMES[3], 1),
        ("stays", "inpatient", MONTHS_AS_TIMES[4], 1),
    ]


MONTHS_AS_TIMES = [pd.Timestamp(month) for month in MONTHS]


def test_volumes_of_empty_records_are_empty(tmp_path: Path) -> None:
    frame = volumes(small_records(tmp_path, {}))
    assert (list(frame.columns), len(frame)) == (["feed", "kind", "month", "rows"], 0)
