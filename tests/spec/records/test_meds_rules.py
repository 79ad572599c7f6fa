"""What the rows of a MEDS stream become together: people, stays, the stay of an event."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from tests.unit.records.small_feeds import (
    Event,
    alias,
    linked_meds,
    meds_feed,
    rejected,
    rows_of,
    write_governance,
)

from riskstrat.records import LinkedRecords, link, load_records

ADMITTED = "HOSPITAL_ADMISSION//EW EMER.//EMERGENCY ROOM"
HOME = "HOSPITAL_DISCHARGE//HOME"

FIRST_PERSON: list[Event] = [
    (1, None, "GENDER//F"),
    (1, "1950-05-20 00:00:00", "MEDS_BIRTH"),
    (1, "2015-01-10 09:00:00", "ED_REGISTRATION"),
    (1, "2015-01-10 09:00:00", "TRANSFER_TO//ED//Emergency Department"),
    (1, "2015-01-10 10:00:00", "LAB//1//mg/dL", 7.5),
    (1, "2015-01-10 11:30:00", ADMITTED),
    (1, "2015-01-10 12:00:00", "ED_OUT"),
    (1, "2015-01-10 11:45:00", "LAB//2//mg/dL", float("nan")),
    (1, "2015-01-10 00:00:00", "PROCEDURE//ICD//9//5491"),
    (1, "2015-01-14 16:00:00", HOME),
    (1, "2015-01-14 16:00:00", "DIAGNOSIS//ICD//9//4280"),
    (1, "2015-01-14 16:00:00", "HOSPITAL_ADMISSION//ELECTIVE//PHYSICIAN REFERRAL"),
    (1, "2015-01-16 10:00:00", "HOSPITAL_DISCHARGE//DIED"),
    (1, "2015-01-16 10:00:00", "MEDS_DEATH"),
]

OTHER_PEOPLE: list[Event] = [
    (2, "1960-01-01 00:00:00", "MEDS_BIRTH"),
    (2, "2016-02-01 08:00:00", ADMITTED),
    (2, "2016-03-01 08:00:00", ADMITTED),
    (2, "2016-03-05 08:00:00", HOME),
    (2, "2016-04-05 08:00:00", HOME),
    (2, "2016-05-05 08:00:00", "TRANSFER_TO//ED//Emergency Department"),
    (2, "2016-06-01 00:00:00", "ED_OUT"),
    (2, "2016-03-05 08:00:00", HOME),
    (3, None, "GENDER//M"),
    (3, "2016-01-01 08:00:00", "LAB//1//mg/dL", 1.0),
    (4, "1970-06-10 00:00:00", "MEDS_BIRTH"),
    (4, "1970-06-10 00:00:00", "MEDS_BIRTH"),
    (4, "1971-06-10 00:00:00", "MEDS_BIRTH"),
    (4, "1970-05-31 00:00:00", "MEDS_DEATH"),
    (4, None, "LAB//1//mg/dL", 2.0),
    (4, "2016-01-01 08:00:00", "44054006.0"),
    (4, "2016-01-01 08:00:00", ADMITTED),
    (4, "2016-01-01 08:00:00", HOME),
]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> LinkedRecords:
    return linked_meds(tmp_path_factory.mktemp("meds"), [*FIRST_PERSON, *OTHER_PEOPLE])


def stays(records: LinkedRecords, person: int) -> list[tuple[object, ...]]:
    columns = "kind, is_emergency, start_date, end_date, recorded_date"
    where = f"stays where patient_id = '{alias(person)}'"
    return rows_of(records, where, columns, "start_date, start_time, kind")


def test_people_come_from_birth_sex_and_death(records: LinkedRecords) -> None:
    """Static rows stand on the person; nobody without a birth is in the store."""
    columns = "patient_id, birth_month, sex, death_date, death_recorded_date"
    rows = {row[0]: row[1:] for row in rows_of(records, "patients", columns, "1")}
    died = date(2015, 1, 16)
    assert rows == {
        alias(1): (date(1950, 5, 1), "female", died, died),
        alias(2): (date(1960, 1, 1), "unknown", None, None),
        alias(4): (date(1970, 6, 1), "unknown", None, None),
    }


def test_an_admission_is_paired_with_the_discharge_that_follows(records: LinkedRecords) -> None:
    """Also where one stay ends at the moment the next begins."""
    first, middle, last = date(2015, 1, 10), date(2015, 1, 14), date(2015, 1, 16)
    assert stays(records, 1) == [
        ("emergency_department", None, first, first, first),
        ("inpatient", True, first, middle, middle),
        ("inpatient", False, middle, last, last),
    ]


def test_an_admission_without_a_discharge_stays_open(records: LinkedRecords) -> None:
    """The next admission comes first: the discharge belongs to that one."""
    assert stays(records, 2) == [
        ("inpatient", True, date(2016, 2, 1), None, date(2016, 2, 1)),
        ("inpatient", True, date(2016, 3, 1), date(2016, 3, 5), date(2016, 3, 5)),
        ("emergency_department", None, date(2016, 5, 5), None, date(2016, 5, 5)),
    ]


def test_a_stay_of_no_length_is_a_stay(records: LinkedRecords) -> None:
    """Admission and discharge at one moment, when no stay was open."""
    day = date(2016, 1, 1)
    assert stays(records, 4) == [("inpatient", True, day, day, day)]


def test_a_death_in_hospital_is_discharge_method_4(records: LinkedRecords) -> None:
    """The discharge says it, beside the death itself."""
    rows = rows_of(records, "stays where discharge_method = '4'", "end_date", "1")
    assert rows == [(date(2015, 1, 16),)]


def test_events_fall_into_a_stay(records: LinkedRecords) -> None:
    """Before admission: the attendance; from admission on: the hospital stay; a bare date: the stay
    that begins on it; a code of discharge: the stay that ends at its moment."""
    columns = "e.code, s.kind, s.is_emergency, e.event_time, e.recorded_date"
    joined = f"events e left join stays s using (stay_id) where e.patient_id = '{alias(1)}'"
    first, left = date(2015, 1, 10), date(2015, 1, 14)
    assert rows_of(records, joined, columns, "e.code") == [
        ("4280", "inpatient", True, time(16), left),
        ("ICD9Proc:5491", "inpatient", True, None, left),
        ("LAB//1", "emergency_department", None, time(10), first),
        ("LAB//2", "inpatient", True, time(11, 45), first),
    ]


def test_a_value_that_is_not_finite_is_no_value(records: LinkedRecords) -> None:
    """A NaN of the stream is a null here; a 32-bit float reads as it is written."""
    rows = rows_of(records, "events where code like 'LAB%'", "code, value", "code")
    assert rows == [("LAB//1", 7.5), ("LAB//2", None)]


def test_people_are_registered_from_their_first_to_their_last_event(
    records: LinkedRecords,
) -> None:
    """Birth apart. Who is seen on the last day of the data is registered still."""
    columns = "start_date, end_date, recorded_date, superseded_date"
    where = f"registrations where patient_id = '{alias(2)}'"
    assert rows_of(records, where, columns, "recorded_date") == [
        (date(2016, 2, 1), None, date(2016, 2, 1), None)
    ]
    where = f"registrations where patient_id = '{alias(1)}'"
    first, last = date(2015, 1, 10), date(2015, 1, 16)
    assert rows_of(records, where, columns, "recorded_date") == [
        (first, None, first, last),
        (first, last, last, None),
    ]
    assert (records.data_from, records.data_to) == (first, date(2016, 5, 5))


def test_rows_that_cannot_stand(records: LinkedRecords) -> None:
    """Each has exactly one reason."""
    assert rejected(records, "events.parquet") == {
        "discharge without an admission": 2,
        "duplicate": 2,
        "patient without a date of birth": 2,
        "same identifier, different content": 1,
        "death before birth": 1,
        "no date": 1,
        "code read as a number": 1,
    }


def test_value_is_tolerated_for_numeric_value(tmp_path: Path) -> None:
    """Also as text: a number is a value, other words are kept as text."""
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "stream.csv").write_text(
        "Subject ID,TIME,Code,value\n"
        "1,1950-01-01,MEDS_BIRTH,\n"
        "1,2015-01-01T10:00:00Z,LAB//1//mmol/L,4.25\n"
        "1,2015-01-02,LAB//2//UNK,negative\n"
    )
    write_governance(tmp_path / "feed", "meds")
    link(tmp_path / "feed", tmp_path / "records")
    records = load_records(tmp_path / "records")
    rows = rows_of(records, "events", "code, value, unit, text, event_time", "code")
    assert rows == [
        ("LAB//1", 4.25, "mmol/L", None, time(10)),
        ("LAB//2", None, None, "negative", None),
    ]


def test_shards_are_one_stream(tmp_path: Path) -> None:
    """A folder of shards reads like one file; other tables of the folder are counted and left."""

    meds_feed(tmp_path / "feed" / "train" / "0.parquet", FIRST_PERSON)
    meds_feed(tmp_path / "feed" / "held_out" / "0.parquet", OTHER_PEOPLE)
    (tmp_path / "feed" / "splits.csv").write_text("subject_id,split\n1,train\n2,held_out\n")
    write_governance(tmp_path / "feed", "meds")
    link(tmp_path / "feed", tmp_path / "records")
    records = load_records(tmp_path / "records")
    assert rejected(records, "splits.csv") == {"table not used": 2}
    assert rejected(records, "train/0.parquet") == {}
    assert records.manifest["tables"]["stays"]["rows"] == 7
