"""A row counts for an index date when it happened, and was known, before that day."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from tests.spec.records.memory_records import memory_records

from riskstrat.records import LinkedRecords, as_known

D = date(2020, 6, 15)
DAY_BEFORE = date(2020, 6, 14)
EARLIER = date(2020, 6, 1)
LATER = date(2020, 7, 1)

EVENT = {
    "patient_id": "a",
    "kind": "diagnosis",
    "source": "hospital",
    "system": "icd10",
    "code": "I48",
}


def known(records: LinkedRecords, table: str, stay: str | None = None) -> pd.DataFrame:
    keys = pd.DataFrame({"patient_id": ["a"], "index_date": [pd.Timestamp(D)]})
    records.register_keys(keys.assign(index_stay_id=stay))
    return records.engine.fetch_frame(as_known(table))


@pytest.mark.parametrize(
    ("event_date", "recorded_date", "superseded_date", "counts"),
    [
        (EARLIER, EARLIER, None, True),
        (DAY_BEFORE, DAY_BEFORE, None, True),
        (D, DAY_BEFORE, None, False),
        (LATER, EARLIER, None, False),
        (EARLIER, D, None, False),
        (EARLIER, LATER, None, False),
        (EARLIER, EARLIER, DAY_BEFORE, False),
        (EARLIER, EARLIER, D, True),
        (EARLIER, EARLIER, LATER, True),
    ],
    ids=[
        "long before",
        "happened and recorded the day before",
        "happened on the index date",
        "happened after it",
        "recorded on the index date",
        "recorded after it",
        "superseded the day before",
        "superseded on the index date",
        "superseded after it",
    ],
)
def test_a_fact_counts_if_it_happened_and_was_known_before(
    event_date: date,
    recorded_date: date,
    superseded_date: date | None,
    counts: bool,
) -> None:
    """Happened before D, recorded before D, and not superseded before D."""
    row = {
        **EVENT,
        "event_date": event_date,
        "recorded_date": recorded_date,
        "superseded_date": superseded_date,
    }
    records = memory_records({"patients": [{"patient_id": "a"}], "events": [row]})
    assert len(known(records, "events")) == int(counts)


@pytest.mark.parametrize(
    ("end_date", "reads"),
    [(EARLIER, EARLIER), (DAY_BEFORE, DAY_BEFORE), (D, None), (LATER, None), (None, None)],
)
def test_an_end_on_or_after_the_index_date_is_unknown(
    end_date: date | None, reads: date | None
) -> None:
    """A spell that ends on D or later reads as open, even where the end is already recorded."""
    row = {
        "patient_id": "a",
        "start_date": date(2019, 1, 1),
        "end_date": end_date,
        "recorded_date": date(2019, 1, 1),
    }
    records = memory_records({"patients": [{"patient_id": "a"}], "registrations": [row]})
    (found,) = known(records, "registrations")["end_date"]
    assert (None if pd.isna(found) else found.date()) == reads


@pytest.mark.parametrize(("end_date", "is_read"), [(DAY_BEFORE, True), (D, False)])
def test_what_is_known_at_the_end_of_a_stay_is_unknown_before_it(
    end_date: date, is_read: bool
) -> None:
    """Method and destination of discharge read as null while the stay is open."""
    row = {
        "patient_id": "a",
        "start_date": EARLIER,
        "end_date": end_date,
        "discharge_method": "1",
        "discharge_destination": "19",
        "recorded_date": EARLIER,
    }
    records = memory_records({"patients": [{"patient_id": "a"}], "stays": [row]})
    found = known(records, "stays")
    assert found["discharge_method"].notna().tolist() == [is_read]
    assert found["discharge_destination"].notna().tolist() == [is_read]


@pytest.mark.parametrize("index_date", pd.date_range("2020-05-30", "2020-07-03").date)
def test_an_open_and_a_closed_row_read_as_one_spell_on_every_day(index_date: date) -> None:
    """An open row that a closed row supersedes: from the first day on there is exactly one."""
    start, closed = date(2020, 6, 1), date(2020, 6, 20)
    spell = {"patient_id": "a", "practice_code": "P1", "start_date": start}
    rows = [
        {**spell, "end_date": None, "recorded_date": start, "superseded_date": closed},
        {**spell, "end_date": closed, "recorded_date": closed},
    ]
    records = memory_records({"patients": [{"patient_id": "a"}], "registrations": rows})
    keys = pd.DataFrame({"patient_id": ["a"], "index_date": [pd.Timestamp(index_date)]})
    records.register_keys(keys)
    found = records.engine.fetch_frame(as_known("registrations"))
    assert len(found) == int(index_date > start)
    assert found["end_date"].notna().any() == (index_date > closed)


@pytest.mark.parametrize(
    ("death_date", "recorded_date", "is_known"),
    [
        (EARLIER, EARLIER, True),
        (DAY_BEFORE, DAY_BEFORE, True),
        (EARLIER, D, False),
        (D, EARLIER, False),
        (EARLIER, None, False),
        (None, None, False),
    ],
)
def test_a_death_is_known_when_it_happened_and_was_recorded_before(
    death_date: date | None, recorded_date: date | None, is_known: bool
) -> None:
    """A death not yet notified stays unknown; the person is still in the rows."""
    row = {"patient_id": "a", "death_date": death_date, "death_recorded_date": recorded_date}
    found = known(memory_records({"patients": [row]}), "patients")
    assert found["death_date"].notna().tolist() == [is_known]


def test_ethnicity_is_left_out_because_it_has_no_history() -> None:
    """It serves subgroup reporting, never a feature."""
    records = memory_records({"patients": [{"patient_id": "a", "ethnic_category": "A"}]})
    assert "ethnic_category" not in known(records, "patients").columns


def test_facts_of_other_people_do_not_count() -> None:
    """A key brings its own person's rows only."""
    people = [{"patient_id": "a"}, {"patient_id": "b"}]
    rows = [{**EVENT, "patient_id": "b", "event_date": EARLIER}]
    assert known(memory_records({"patients": people, "events": rows}), "events").empty


def test_the_index_stay_counts_although_its_feed_has_not_arrived() -> None:
    """The stay that the hospital has just ended, no other; its codes wait for their record."""
    stay = {"patient_id": "a", "start_date": EARLIER, "end_date": DAY_BEFORE}
    event = {**EVENT, "event_date": DAY_BEFORE, "recorded_date": LATER}
    tables = {
        "patients": [{"patient_id": "a"}],
        "stays": [
            {**stay, "stay_id": "index", "recorded_date": LATER},
            {**stay, "stay_id": "other", "recorded_date": LATER},
        ],
        "events": [
            {**event, "code": "I48", "stay_id": "index"},
            {**event, "code": "I50", "stay_id": "other"},
            {**event, "code": "I10", "stay_id": None},
        ],
    }
    records = memory_records(tables)
    assert known(records, "stays").empty
    assert known(records, "events").empty
    assert known(records, "stays", "index")["stay_id"].tolist() == ["index"]
    assert known(records, "events", "index").empty


def test_of_the_index_stay_only_the_current_version_counts() -> None:
    """An open row and the closed row that replaced it are one stay, not two."""
    stay = {"patient_id": "a", "stay_id": "index", "start_date": EARLIER}
    rows = [
        {**stay, "end_date": None, "recorded_date": EARLIER, "superseded_date": LATER},
        {**stay, "end_date": DAY_BEFORE, "recorded_date": LATER},
    ]
    records = memory_records({"patients": [{"patient_id": "a"}], "stays": rows})
    assert known(records, "stays", "index")["end_date"].dt.date.tolist() == [DAY_BEFORE]


def test_codes_of_the_index_stay_count_once_they_were_recorded() -> None:
    """Recorded the day before the index date: known. Recorded on it: not yet."""
    row = {**EVENT, "event_date": DAY_BEFORE, "stay_id": "index"}
    rows = [
        {**row, "code": "I48", "recorded_date": DAY_BEFORE},
        {**row, "code": "I50", "recorded_date": D},
    ]
    tables = {"patients": [{"patient_id": "a"}], "events": rows}
    assert known(memory_records(tables), "events", "index")["code"].tolist() == ["I48"]
