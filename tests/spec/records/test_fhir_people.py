"""FHIR patients: who a person is, what is told of them, and when they count as registered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.records.fhir_feeds import NHS_NUMBER, ODS, concept, linked_fhir, resource
from tests.unit.records.small_feeds import rejected, rows_of

from riskstrat.records import LinkedRecords
from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY, pseudonym

NUMBER = "9998832829"


def people(records: LinkedRecords, columns: str) -> list[tuple[Any, ...]]:
    return rows_of(records, "patients", columns, "birth_month, patient_id")


def test_an_nhs_number_is_the_person(tmp_path: Path) -> None:
    """Under the address of the number that is in use, and those that were."""
    systems = (NHS_NUMBER, "http://fhir.nhs.uk/Id/nhs-number", "http://fhir.nhs.net/Id/nhs-number")
    patients = [
        resource(
            "Patient",
            id=f"p{n}",
            identifier=[
                {"system": "https://example.org/Id/hospital-number", "value": "77"},
                {"system": system, "value": "999 883 2829"},
            ],
        )
        for n, system in enumerate(systems)
    ]
    records = linked_fhir(tmp_path, {"Patient": patients})
    assert people(records, "patient_id") == [(pseudonym(NUMBER, PUBLISHED_TEST_KEY),)]
    assert rejected(records, "Patient.ndjson") == {}


def test_without_one_the_identifier_of_the_resource_is_the_person(tmp_path: Path) -> None:
    patients = [resource("Patient"), resource("Patient", id="q"), resource("Patient", id="q")]
    records = linked_fhir(tmp_path, {"Patient": patients})
    assert len(people(records, "patient_id")) == 2
    assert rejected(records, "Patient.ndjson") == {}


def test_how_a_resource_refers_to_its_person(tmp_path: Path) -> None:
    found = (
        "Patient/p",
        "urn:uuid:p",
        "https://example.org/fhir/Patient/p",
        "Patient/p/_history/3",
    )
    no_person = ("Group/p", "#p", "Patient?identifier=a|p", None, ["Patient/p"], {"id": "p"})
    conditions = [
        resource("Condition", id=f"c{n}", subject={"reference": reference})
        for n, reference in enumerate([*found, *no_person, "Patient/nobody"])
    ]
    records = linked_fhir(
        tmp_path, {"Condition": [*conditions, resource("Condition", subject=[1])]}
    )
    assert rejected(records, "Condition.ndjson") == {"unknown patient": 1, "no identifier": 7}
    assert records.manifest["tables"]["events"]["rows"] == 4


def linked_patients(folder: Path, changes: list[dict[str, Any]]) -> LinkedRecords:
    """One patient for each case, born in the order of the cases."""
    patients = [
        resource("Patient", **{"id": f"p{n}", "birthDate": f"19{n + 10}-01-01", **case})
        for n, case in enumerate(changes)
    ]
    return linked_fhir(folder, {"Patient": patients})


def test_a_birth_needs_its_month(tmp_path: Path) -> None:
    births = ("1950-06-15", "1950-07", "1951-08-01T00:00:00Z", "1950", "unknown", None, 1950, ["x"])
    records = linked_patients(tmp_path, [{"birthDate": birth} for birth in births])
    assert people(records, "birth_month::varchar") == [
        ("1950-06-01",),
        ("1950-07-01",),
        ("1951-08-01",),
    ]
    assert rejected(records, "Patient.ndjson") == {"patient without a date of birth": 5}


def test_sex(tmp_path: Path) -> None:
    sexes = {
        "male": "male",
        "female": "female",
        "other": "indeterminate",
        "unknown": "unknown",
        None: "unknown",
    }
    records = linked_patients(tmp_path, [{"gender": gender} for gender in sexes])
    assert people(records, "sex") == [(sex,) for sex in sexes.values()]


def test_a_death_is_known_after_the_lag(tmp_path: Path) -> None:
    dead = resource("Patient", deceasedDateTime="2016-12-31T23:30:00-05:00")
    records = linked_fhir(tmp_path, {"Patient": [dead]}, declared_lag_days=10)
    columns = "death_date::varchar, death_recorded_date::varchar"
    assert people(records, columns) == [("2016-12-31", "2017-01-10")]


def test_deaths_that_do_not_say_a_day(tmp_path: Path) -> None:
    cases = [
        {"deceasedDateTime": "1909-12-31"},
        {"deceasedDateTime": "2016"},
        {"deceasedDateTime": {"value": "2016-01-01"}},
        {"deceasedBoolean": True},
        {"deceasedDateTime": "1914-01-01"},
    ]
    records = linked_patients(tmp_path, cases)
    deaths = [day for (day,) in people(records, "death_date::varchar")]
    assert deaths == [None, None, None, None, "1914-01-01"]
    assert rejected(records, "Patient.ndjson") == {"death before birth": 1, "unparsable date": 2}


def test_the_ethnic_category_of_uk_core(tmp_path: Path) -> None:
    url = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory"
    system = "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategory"
    extension = [
        {"url": "https://example.org/other", "valueString": "x"},
        {"url": url, "valueCodeableConcept": concept((system, "M"))},
    ]
    records = linked_patients(tmp_path, [{"extension": extension}, {"extension": {"url": url}}])
    assert people(records, "ethnic_category") == [("M",), (None,)]


def test_people_who_are_marked_are_left_out(tmp_path: Path) -> None:
    confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    marks = [
        {"system": confidentiality, "code": "R"},
        {"system": confidentiality, "code": "V"},
        {"system": confidentiality, "code": "N"},
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"},
    ]
    patients = [
        resource("Patient", id=f"p{n}", meta={"security": [mark]}) for n, mark in enumerate(marks)
    ]
    conditions = [
        resource("Condition", id=f"c{n}", subject={"reference": f"Patient/p{n}"})
        for n in range(len(marks))
    ]
    records = linked_fhir(tmp_path, {"Patient": patients, "Condition": conditions})
    expected = {"record marked as confidential": 2, "dummy patient": 1}
    assert rejected(records, "Patient.ndjson") == expected
    assert rejected(records, "Condition.ndjson") == expected
    assert len(people(records, "patient_id")) == 1


REGISTRATION = (
    "practice_code, start_date::varchar, end_date::varchar, recorded_date::varchar, "
    "superseded_date::varchar"
)


def registrations(records: LinkedRecords) -> list[tuple[Any, ...]]:
    return rows_of(records, "registrations", REGISTRATION, "recorded_date")


@pytest.mark.parametrize(
    ("data_to", "expected"),
    [
        (
            "2015-03-06",
            [
                (None, "2015-03-01", None, "2015-03-01", "2015-03-05"),
                (None, "2015-03-01", "2015-03-05", "2015-03-05", None),
            ],
        ),
        ("2015-03-05", [(None, "2015-03-01", None, "2015-03-01", None)]),
    ],
    ids=["left before the end of the data", "still there on the last day"],
)
def test_followed_from_the_first_to_the_last_fact(
    tmp_path: Path, data_to: str, expected: list[tuple[Any, ...]]
) -> None:
    files = {
        "Encounter": [resource("Encounter")],
        "Condition": [resource("Condition", onsetDateTime="2015-03-02")],
    }
    assert registrations(linked_fhir(tmp_path, files, data_to=data_to)) == expected


def test_nobody_is_registered_without_a_fact(tmp_path: Path) -> None:
    records = linked_fhir(tmp_path, {})
    assert registrations(records) == []
    assert len(people(records, "patient_id")) == 1


PRACTICE = {"system": ODS, "value": "y12345"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"generalPractitioner": [{"reference": "Practitioner/1"}, {"identifier": PRACTICE}]},
            [("Y12345", "2015-03-02", None, "2015-03-02", None)],
        ),
        (
            {"managingOrganization": {"identifier": PRACTICE}},
            [("Y12345", "2015-03-02", None, "2015-03-02", None)],
        ),
        (
            {"managingOrganization": {"identifier": {"system": "other", "value": "1"}}},
            [(None, "2015-03-02", None, "2015-03-02", None)],
        ),
        (
            {
                "generalPractitioner": [
                    {"identifier": {**PRACTICE, "period": {"start": "2010-01-01"}}}
                ]
            },
            [("Y12345", "2010-01-01", None, "2010-01-01", None)],
        ),
        (
            {
                "generalPractitioner": [
                    {
                        "identifier": {
                            **PRACTICE,
                            "period": {"start": "2010-01-01", "end": "2012-01-01"},
                        }
                    }
                ]
            },
            [
                ("Y12345", "2010-01-01", None, "2010-01-01", "2012-01-01"),
                ("Y12345", "2010-01-01", "2012-01-01", "2012-01-01", None),
            ],
        ),
    ],
    ids=["practice", "organisation", "no NHS code", "practice since", "practice until"],
)
def test_the_practice_where_it_is_named(
    tmp_path: Path, changes: dict[str, Any], expected: list[tuple[Any, ...]]
) -> None:
    files = {"Patient": [resource("Patient", **changes)], "Condition": [resource("Condition")]}
    assert registrations(linked_fhir(tmp_path, files, data_to="2015-03-02")) == expected


def test_the_latest_version_of_a_patient_names_the_practice(tmp_path: Path) -> None:
    versions = [
        resource(
            "Patient",
            meta={"lastUpdated": f"{year}-01-01T00:00:00Z"},
            generalPractitioner=[{"identifier": {"system": ODS, "value": f"Y{year}"}}],
        )
        for year in (2016, 2014)
    ]
    records = linked_fhir(
        tmp_path, {"Patient": versions, "Condition": [resource("Condition")]}, data_to="2015-03-02"
    )
    assert [row[0] for row in registrations(records)] == ["Y2016"]
    assert rejected(records, "Patient.ndjson") == {}
