"""What the rows of an OMOP extract become, and why a row is rejected."""

from __future__ import annotations

from datetime import date, time

import pytest
from tests.unit.records.small_feeds import alias, linked_omop, rejected, rows_of

from riskstrat.records import LinkedRecords

PEOPLE = [
    {"person_id": 1, "gender_concept_id": 8507},
    {"person_id": 2, "gender_concept_id": 8532, "care_site_id": "Y12345"},
    {"person_id": 3, "gender_concept_id": 0},
    {"person_id": 4, "month_of_birth": "", "birth_datetime": "1950-11-30 00:00:00"},
    {"person_id": 5, "month_of_birth": "", "birth_datetime": ""},
    {"person_id": "6.0", "year_of_birth": "1950.0"},
    {"person_id": 7, "year_of_birth": "unknown"},
    {"person_id": 8, "month_of_birth": 13},
    {"person_id": "", "year_of_birth": 1950},
    {"person_id": "1.2E+17"},
    {"person_id": 9},
    {"person_id": 9},
    {"person_id": 10, "year_of_birth": 1930},
    {"person_id": 10, "year_of_birth": 1940},
]

DEATHS = [
    {"person_id": 1, "death_date": "2018-02-03"},
    {"person_id": 2, "death_date": "1950-05-31"},
    {"person_id": 3, "death_date": "1950-06-01"},
    {"person_id": 4, "death_date": "in spring"},
    {"person_id": 5, "death_date": ""},
    {"person_id": 99, "death_date": "2018-01-01"},
]

PERIODS = [
    {"person_id": 1},
    {"person_id": 2, "observation_period_end_date": "2015-06-30"},
    {"person_id": 3, "observation_period_end_date": "2010-01-01"},
    {"person_id": 4, "observation_period_end_date": ""},
    {"person_id": 5, "observation_period_end_date": "2009-12-31"},
    {"person_id": 6, "observation_period_start_date": "2010-02-30"},
    {"person_id": 9, "observation_period_end_date": "2019-13-01"},
    {"person_id": 99},
]

VISITS = [
    {"visit_occurrence_id": 1, "visit_concept_id": 9201, "visit_end_date": "2015-03-04"},
    {"visit_occurrence_id": 2, "visit_concept_id": 9202},
    {"visit_occurrence_id": 3, "visit_concept_id": 9203, "visit_end_date": "2016-03-01"},
    {"visit_occurrence_id": 4, "visit_concept_id": 262, "visit_end_date": ""},
    {"visit_occurrence_id": 5, "visit_concept_id": 9203, "visit_end_date": "2015-02-28"},
    {"visit_occurrence_id": 6, "visit_concept_id": 42},
    {"visit_occurrence_id": 7, "person_id": 99},
    {"visit_occurrence_id": 8, "visit_start_date": "01/03/2015"},
    {"visit_occurrence_id": 9, "visit_end_date": "late"},
    {"visit_occurrence_id": 10, "visit_start_date": ""},
    {"visit_occurrence_id": ""},
    {"visit_occurrence_id": 1, "visit_concept_id": 9202},
    {
        "visit_occurrence_id": 12,
        "visit_concept_id": "9201",
        "visit_start_date": "20150301",
        "visit_start_datetime": "2015-03-01 22:15:00",
        "visit_end_date": "2015-03-02",
        "admitted_from_concept_id": 8717,
        "discharged_to_concept_id": 8863,
    },
    {"visit_occurrence_id": 13, "visit_concept_id": 9201, "discharged_to_concept_id": 4216643},
]

CONCEPTS = [
    {"concept_id": 0, "concept_code": "No matching concept", "vocabulary_id": "None"},
    {"concept_id": 101, "concept_code": "44054006", "vocabulary_id": "SNOMED"},
    {"concept_id": 102, "concept_code": "E11.9", "vocabulary_id": "ICD10"},
    {"concept_id": 103, "concept_code": "314659", "vocabulary_id": "RxNorm"},
    {"concept_id": 104, "concept_code": "2160-0", "vocabulary_id": "LOINC"},
    {"concept_id": 105, "concept_code": "mg/dL", "vocabulary_id": "UCUM"},
]
for concept in CONCEPTS:
    concept["concept_name"] = f"name of {concept['concept_id']}"


def condition(number: int, **more: object) -> dict[str, object]:
    row = {"person_id": 1, "condition_concept_id": 0, "condition_start_date": "2015-03-02"}
    return {"condition_occurrence_id": number, **row, **more}


CONDITIONS = [
    condition(1, condition_concept_id=101, visit_occurrence_id=1),
    condition(2, condition_concept_id="101.0", condition_source_concept_id=102),
    condition(3, condition_concept_id=101, condition_source_concept_id=103),
    condition(4, condition_source_concept_id=103),
    condition(5, condition_source_value="22298006"),
    condition(6, condition_source_value="GP local 7"),
    condition(7, condition_source_value="44054006.0"),
    condition(8, condition_source_value="4.4054006E+07"),
    condition(9, condition_concept_id=101, condition_source_value="44054006.0"),
    condition(10),
    condition(11, condition_concept_id=101, person_id=99),
    condition(12, condition_concept_id=101, condition_start_date="2015-02-29"),
    condition(13, condition_concept_id=101, condition_start_date=""),
    condition(14, condition_concept_id=101, visit_occurrence_id=1, person_id=2),
    condition(15, condition_concept_id=101, condition_start_datetime="2015-03-02 13:45:00"),
    condition(15, condition_concept_id=101, condition_start_datetime="2015-03-02 13:45:00"),
    condition(16, condition_concept_id=101, condition_start_date="2030-01-01"),
    condition(17, condition_source_value="123456"),
    condition(18, condition_source_value="250.0"),
]


def measurement(number: int, **more: object) -> dict[str, object]:
    row = {"person_id": 1, "measurement_concept_id": 104, "measurement_date": "2019-12-31"}
    return {"measurement_id": number, **row, **more}


MEASUREMENTS = [
    measurement(1, value_as_number="88.5", unit_source_value="umol/L"),
    measurement(2, value_as_number="88.5", unit_concept_id=105),
    measurement(3, value_as_number=""),
    measurement(4, value_as_number="high"),
    measurement(5, value_as_number="nan"),
    measurement(6, measurement_concept_id=0, measurement_source_value="8480-6"),
]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> LinkedRecords:
    return linked_omop(
        tmp_path_factory.mktemp("omop"),
        person=PEOPLE,
        death=DEATHS,
        observation_period=PERIODS,
        visit_occurrence=VISITS,
        concept=CONCEPTS,
        condition_occurrence=CONDITIONS,
        measurement=MEASUREMENTS,
    )


def test_gender_concepts_become_sex(records: LinkedRecords) -> None:
    """8507 male, 8532 female, anything else unknown."""
    sexes = dict(rows_of(records, "patients", "patient_id, sex", "sex"))
    assert [sexes[alias(number)] for number in (1, 2, 3)] == ["male", "female", "unknown"]


def test_birth_is_the_first_of_its_month(records: LinkedRecords) -> None:
    """The month given, else that of the date of birth, else July, counted as assumed."""
    born = dict(rows_of(records, "patients", "patient_id, birth_month", "sex"))
    assert born[alias(1)] == date(1950, 6, 1)
    assert born[alias(4)] == date(1950, 11, 1)
    assert born[alias(5)] == date(1950, 7, 1)
    assert records.manifest["assumed"] == {"month of birth not given, taken as July": 1}


def test_an_identifier_that_passed_through_a_float_is_mended(records: LinkedRecords) -> None:
    """Up to 15 digits nothing is lost: 6.0 is 6."""
    assert alias(6) in [row[0] for row in rows_of(records, "patients", "patient_id", "patient_id")]


def test_people_that_cannot_stand_are_counted_with_a_reason(records: LinkedRecords) -> None:
    """A repeated person is a duplicate when the row is the same, else conflicting; one stays."""
    assert rejected(records, "PERSON.csv") == {
        "unparsable date": 2,
        "no identifier": 1,
        "identifier read as a number": 1,
        "duplicate": 1,
        "same identifier, different content": 1,
    }
    born = dict(rows_of(records, "patients", "patient_id, birth_month", "sex"))
    assert born[alias(10)] == date(1930, 6, 1)
    assert len(born) == 8


def test_deaths(records: LinkedRecords) -> None:
    """One before the month of birth is rejected and the person lives on; within it, it stands."""
    died = dict(rows_of(records, "patients", "patient_id, death_date", "sex"))
    assert died[alias(1)] == date(2018, 2, 3)
    assert died[alias(2)] is None
    assert died[alias(3)] == date(1950, 6, 1)
    assert rejected(records, "DEATH.csv") == {
        "death before birth": 1,
        "unparsable date": 1,
        "no date": 1,
        "unknown patient": 1,
    }


def test_observation_periods_become_registrations(records: LinkedRecords) -> None:
    """Open row and closed row; one row where it ends on its first day, with the data, or never."""
    columns = "patient_id, practice_code, start_date, end_date, recorded_date, superseded_date"
    rows = rows_of(records, "registrations", columns, "patient_id, recorded_date")
    by_person = {alias(n): [r[1:] for r in rows if r[0] == alias(n)] for n in range(1, 10)}
    start, end = date(2010, 1, 1), date(2015, 6, 30)
    assert by_person[alias(1)] == [(None, start, None, start, None)]
    assert by_person[alias(2)] == [
        ("Y12345", start, None, start, end),
        ("Y12345", start, end, end, None),
    ]
    assert by_person[alias(3)] == [(None, start, start, start, None)]
    assert by_person[alias(4)] == [(None, start, None, start, None)]
    assert rejected(records, "OBSERVATION_PERIOD.csv") == {
        "end before start": 1,
        "unparsable date": 2,
        "unknown patient": 1,
    }


def test_data_ends_where_periods_and_facts_both_reach(records: LinkedRecords) -> None:
    """A condition of 2030 does not move the end of the data; it is kept, and the check reports."""
    assert records.data_from == date(2015, 3, 1)
    assert records.data_to == date(2019, 12, 31)
    future = "count(*) filter (where event_date = date '2030-01-01')"
    assert rows_of(records, "events", future, "1") == [(1,)]


def test_visits_become_stays(records: LinkedRecords) -> None:
    """Known once, at their end; only the combined visit says that it was an emergency."""
    columns = "kind, is_emergency, start_date, end_date, recorded_date, superseded_date"
    first = date(2015, 3, 1)
    assert rows_of(records, "stays", columns, "kind, end_date, is_emergency") == [
        ("emergency_department", None, first, date(2016, 3, 1), date(2016, 3, 1), None),
        ("inpatient", None, first, first, first, None),
        ("inpatient", None, first, date(2015, 3, 2), date(2015, 3, 2), None),
        ("inpatient", None, first, date(2015, 3, 4), date(2015, 3, 4), None),
        ("inpatient", True, first, None, first, None),
        ("outpatient", None, first, first, first, None),
    ]


def test_visits_that_cannot_stand(records: LinkedRecords) -> None:
    """End before start, unknown person and kind, dates that are none, an identifier used twice."""
    assert rejected(records, "VISIT_OCCURRENCE.csv") == {
        "end before start": 1,
        "kind of visit not mapped": 1,
        "unknown patient": 1,
        "unparsable date": 2,
        "no date": 1,
        "no identifier": 1,
        "same identifier, different content": 1,
    }


def test_where_a_visit_came_from_and_went(records: LinkedRecords) -> None:
    """A hospital as source is evidence of transfer; 'patient died' is discharge method 4."""
    columns = "start_time, admission_source, discharge_destination, discharge_method"
    told = "stays where admission_source is not null or discharge_method is not null"
    assert rows_of(records, told, columns, "start_time") == [
        (time(22, 15), "87", "85", None),
        (None, None, None, "4"),
    ]


def test_codes(records: LinkedRecords) -> None:
    """Recorded concept first, then standard concept, then a local one, then the source value."""
    diagnoses = rows_of(
        records,
        "events where kind = 'diagnosis' and event_date = date '2015-03-02'",
        "system, code, text",
        "system, code",
    )
    assert diagnoses == [
        ("icd10", "E119", "name of 102"),
        ("local", "123456", None),
        ("local", "250.0", None),
        ("local", "GP local 7", None),
        ("local", "RxNorm:314659", "name of 103"),
        ("snomed", "22298006", None),
        *[("snomed", "44054006", "name of 101")] * 5,
    ]


def test_events_that_cannot_stand(records: LinkedRecords) -> None:
    """A code that was read as a number may have lost digits; a mapped concept saves the row."""
    assert rejected(records, "CONDITION_OCCURRENCE.csv") == {
        "code read as a number": 2,
        "no code": 1,
        "unknown patient": 1,
        "unparsable date": 1,
        "no date": 1,
        "duplicate": 1,
    }


def test_events_belong_to_the_stay_of_the_same_person(records: LinkedRecords) -> None:
    """A visit of somebody else is no stay of this person."""
    rows = rows_of(records, "events where stay_id is not null", "patient_id, stay_id", "1")
    assert rows == [(alias(1), alias("omop visit 1"))]


def test_a_time_at_midnight_is_no_time(records: LinkedRecords) -> None:
    """Feeds write bare dates as midnight."""
    rows = rows_of(records, "events where event_time is not null", "event_time", "1")
    assert rows == [(time(13, 45),)]


def test_measurements_have_value_and_unit(records: LinkedRecords) -> None:
    """The unit as written, else the unit's concept; a value that is no number rejects the row."""
    columns = "system, code, value, unit"
    rows = rows_of(records, "events where kind = 'measurement'", columns, "code, value, unit")
    assert rows == [
        ("loinc", "2160-0", 88.5, "mg/dL"),
        ("loinc", "2160-0", 88.5, "umol/L"),
        ("loinc", "2160-0", None, None),
        ("loinc", "2160-0", None, None),
        ("loinc", "8480-6", None, None),
    ]
    assert rejected(records, "MEASUREMENT.csv") == {"value is not a number": 1}


def test_the_vocabulary_is_counted_and_not_kept(records: LinkedRecords) -> None:
    """No canonical row stands on a row of CONCEPT."""
    assert rejected(records, "CONCEPT.csv") == {"vocabulary table": len(CONCEPTS)}


def test_every_kept_event_row_is_one_event(records: LinkedRecords) -> None:
    """Rows kept in the manifest and rows in the table are the same number."""
    kept = {
        file["name"]: file["rows_kept"]
        for source in records.manifest["sources"]
        for file in source["files"]
    }
    assert (
        kept["CONDITION_OCCURRENCE.csv"] + kept["MEASUREMENT.csv"]
        == records.manifest["tables"]["events"]["rows"]
    )
    assert kept["VISIT_OCCURRENCE.csv"] == records.manifest["tables"]["stays"]["rows"]
    assert kept["PERSON.csv"] == records.manifest["tables"]["patients"]["rows"]


def test_no_source_identifier_is_written(records: LinkedRecords) -> None:
    """People and visits carry 32 hexadecimal characters of a keyed hash."""
    for table, column in (("patients", "patient_id"), ("stays", "stay_id")):
        rows = rows_of(records, table, column, "1")
        assert all(len(value) == 32 and int(value, 16) >= 0 for (value,) in rows)
