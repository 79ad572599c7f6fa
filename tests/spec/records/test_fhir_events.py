"""FHIR conditions, requests for medicines and procedures as events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.unit.records.fhir_feeds import (
    AF,
    ICD10,
    RXNORM,
    SNOMED,
    Resource,
    concept,
    linked_fhir,
    resource,
)
from tests.unit.records.small_feeds import rejected, rows_of

from riskstrat.records import LinkedRecords

NOT_DONE = "not done, not finished, or withdrawn"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def events_of(records: LinkedRecords, columns: str, order: str = "all") -> list[tuple[Any, ...]]:
    return rows_of(records, "events", columns, order)


def linked_cases(folder: Path, kind: str, cases: Sequence[Resource]) -> LinkedRecords:
    """One resource of a kind for each case, with an identifier of its own."""
    resources = [resource(kind, **{"id": f"r{n}", **case}) for n, case in enumerate(cases)]
    return linked_fhir(folder, {kind: resources})


def test_a_resource_of_each_kind_is_an_event(tmp_path: Path) -> None:
    kinds = ("Condition", "MedicationRequest", "Procedure")
    records = linked_fhir(tmp_path, {kind: [resource(kind)] for kind in kinds})
    assert events_of(records, "kind, system, code, text", "kind") == [
        ("diagnosis", "snomed", "49436004", "Atrial fibrillation"),
        ("medication", "local", "RxNorm:314076", "lisinopril 10 MG Oral Tablet"),
        ("procedure", "snomed", "80146002", "Appendicectomy"),
    ]
    columns = "distinct event_date::varchar, event_time, source, recorded_date::varchar"
    assert events_of(records, columns) == [("2015-03-02", None, "fhir", "2015-03-02")]


def test_a_condition_dates_from_its_onset_or_else_from_its_record(tmp_path: Path) -> None:
    cases = [
        {"onsetDateTime": "2015-01-01T23:59:00-08:00", "recordedDate": "2015-02-01"},
        {"onsetDateTime": "2015-01", "recordedDate": "2015-02-02"},
        {"onsetDateTime": None, "onsetPeriod": {"start": "2015-01-03"}},
        {"onsetDateTime": None, "onsetAge": {"value": 52}, "recordedDate": "2015-02-04T10:00:00Z"},
    ]
    records = linked_cases(tmp_path, "Condition", cases)
    columns = "event_date::varchar, event_time::varchar, recorded_date::varchar"
    assert events_of(records, columns) == [
        ("2015-01-01", "23:59:00", "2015-02-01"),
        ("2015-01-03", None, "2015-01-03"),
        ("2015-02-02", None, "2015-02-02"),
        ("2015-02-04", "10:00:00", "2015-02-04"),
    ]


def test_conditions_that_cannot_stand(tmp_path: Path) -> None:
    cases = [
        {"onsetDateTime": "2015"},
        {"onsetDateTime": None},
        {"onsetDateTime": {"value": "2015-01-01"}},
        {"code": None},
        {"code": {"text": "something in words"}},
        {"code": {"coding": {"system": SNOMED, "code": "49436004"}}},
        {"code": [AF]},
        {"verificationStatus": concept((VERIFICATION, "refuted"))},
        {"verificationStatus": concept((VERIFICATION, "entered-in-error"))},
        {"verificationStatus": concept((VERIFICATION, "provisional"))},
        {"verificationStatus": "confirmed"},
    ]
    records = linked_cases(tmp_path, "Condition", cases)
    assert rejected(records, "Condition.ndjson") == {
        "no code": 4,
        "no date": 1,
        "unparsable date": 2,
        NOT_DONE: 2,
    }
    assert len(events_of(records, "code")) == 2


def test_one_of_several_codes_is_kept(tmp_path: Path) -> None:
    local = ("https://example.org/codes", "X1")
    cases = [
        {"code": concept((ICD10, "I48.9"), (SNOMED, "49436004"))},
        {"code": concept(local, ("http://hl7.org/fhir/sid/icd-10-uk", "I48.X", "Flutter"))},
        {"code": concept(local)},
        {"code": concept(("http://read.info/ctv3", "G5730"), ("http://loinc.org", "1-8"))},
    ]
    records = linked_cases(tmp_path, "Condition", cases)
    assert events_of(records, "system, code, text") == [
        ("ctv3", "G5730", None),
        ("icd10", "I48", "Flutter"),
        ("local", "https://example.org/codes:X1", None),
        ("snomed", "49436004", None),
    ]


def test_a_resource_with_any_sensitive_code_is_left_out(tmp_path: Path) -> None:
    """The ICD-10 code of HIV disease stands beside a SNOMED CT code that is on no list."""
    cases = [
        {"code": concept((SNOMED, "49436004"), (ICD10, "B20"))},
        {"code": concept((SNOMED, "49436004"))},
    ]
    records = linked_cases(tmp_path, "Condition", cases)
    assert rejected(records, "Condition.ndjson") == {"sensitive code": 1}
    assert len(events_of(records, "code")) == 1


def test_medicines_are_taken_by_bnf_code_then_by_dm_d(tmp_path: Path) -> None:
    bnf, dmd = (
        ("https://fhir.hl7.org.uk/Id/bnf-drug-codes", "0205051R0"),
        ("https://dmd.nhs.uk", "1"),
    )
    cases = [
        {"medicationCodeableConcept": concept((SNOMED, "318851002"), dmd, bnf)},
        {"medicationCodeableConcept": concept((SNOMED, "318851002"), dmd)},
        {"medicationCodeableConcept": concept((RXNORM, "1"), (SNOMED, "318851002"))},
    ]
    records = linked_cases(tmp_path, "MedicationRequest", cases)
    assert events_of(records, "system, code") == [
        ("bnf", "0205051R0"),
        ("dmd", "1"),
        ("snomed", "318851002"),
    ]


def test_only_an_order_of_a_medicine_counts(tmp_path: Path) -> None:
    cases = [
        {"status": "cancelled"},
        {"status": "entered-in-error"},
        {"status": "draft"},
        {"intent": "plan"},
        {"intent": "proposal"},
        {"doNotPerform": True},
        {"authoredOn": None},
        {"status": "stopped"},
        {"status": "completed", "intent": "original-order", "doNotPerform": False},
    ]
    records = linked_cases(tmp_path, "MedicationRequest", cases)
    assert rejected(records, "MedicationRequest.ndjson") == {NOT_DONE: 6, "no date": 1}
    assert len(events_of(records, "code")) == 2


def test_a_medicine_may_stand_elsewhere(tmp_path: Path) -> None:
    other = {"resourceType": "Medication", "id": "in", "code": concept((RXNORM, "2"))}
    person = {"resourceType": "Practitioner", "id": "x"}
    referred = [
        {"medicationReference": {"reference": "Medication/drug"}},
        {"medicationReference": {"reference": "https://example.org/Medication/drug"}},
        {"medicationReference": {"reference": "urn:uuid:drug"}},
        {"medicationReference": {"reference": "#in"}, "contained": [person, other]},
        {"medicationReference": {"reference": "#out"}, "contained": [other]},
        {"medicationReference": {"reference": "Medication/nowhere"}},
        {"medicationReference": {"display": "Lisinopril"}},
    ]
    requests = [
        resource("MedicationRequest", **{"id": f"r{n}", "medicationCodeableConcept": None, **case})
        for n, case in enumerate(referred)
    ]
    files = {"MedicationRequest": requests, "Medication": [resource("Medication"), "{"]}
    records = linked_fhir(tmp_path, files)
    assert [code for (code,) in events_of(records, "code")] == ["RxNorm:2", *["RxNorm:314076"] * 3]
    assert rejected(records, "MedicationRequest.ndjson") == {"no code": 3}
    assert rejected(records, "Medication.ndjson") == {"vocabulary table": 1, "line is not JSON": 1}


def test_only_what_was_done_is_a_procedure(tmp_path: Path) -> None:
    cases = [
        *({"status": status} for status in ("preparation", "not-done", "entered-in-error", None)),
        {"performedDateTime": "2015"},
        {"performedDateTime": None, "performedString": "last year"},
        {
            "status": "in-progress",
            "performedDateTime": None,
            "performedPeriod": {"start": "2015-03-04"},
        },
        {"status": "stopped"},
    ]
    records = linked_cases(tmp_path, "Procedure", cases)
    assert rejected(records, "Procedure.ndjson") == {
        NOT_DONE: 4,
        "unparsable date": 1,
        "no date": 1,
    }
    assert events_of(records, "event_date::varchar") == [("2015-03-02",), ("2015-03-04",)]


def test_an_event_belongs_to_the_stay_of_its_encounter(tmp_path: Path) -> None:
    encounters = [
        resource("Encounter"),
        resource("Encounter", id="home", **{"class": {"code": "HH"}}),
        resource("Encounter", id="planned", status="planned"),
        resource("Encounter", id="hers", subject={"reference": "Patient/q"}),
    ]
    references = ("Encounter/e", "Encounter/home", "Encounter/planned", "Encounter/hers", "e", None)
    conditions = [
        resource("Condition", id=f"c{n}", encounter={"reference": reference})
        for n, reference in enumerate(references)
    ]
    people = [resource("Patient"), resource("Patient", id="q", birthDate="1960-01-01")]
    files = {"Patient": people, "Encounter": encounters, "Condition": conditions}
    records = linked_fhir(tmp_path, files)
    joined = "events e join stays s using (stay_id, patient_id)"
    assert rows_of(records, joined, "e.kind, s.kind", "all") == [("diagnosis", "inpatient")]
    assert len(rows_of(records, "events where stay_id is null", "kind", "all")) == 6


def updated(day: str, **changes: Any) -> dict[str, Any]:
    return resource("Condition", meta={"lastUpdated": f"{day}T08:00:00.123Z"}, **changes)


def test_versions_of_a_condition(tmp_path: Path) -> None:
    versions = [
        updated("2015-03-02"),
        updated("2015-03-20", clinicalStatus={"text": "recurrence"}),
        updated("2015-04-01", code=concept((SNOMED, "5370000"))),
        updated("2015-05-01", verificationStatus=concept((VERIFICATION, "refuted"))),
    ]
    records = linked_fhir(tmp_path, {"Condition": versions})
    columns = "code, event_date::varchar, recorded_date::varchar, superseded_date::varchar"
    assert events_of(records, columns, "recorded_date") == [
        ("49436004", "2015-03-02", "2015-03-02", "2015-04-01"),
        ("5370000", "2015-03-02", "2015-04-01", "2015-05-01"),
    ]
    assert rejected(records, "Condition.ndjson") == {NOT_DONE: 1}


def test_of_two_versions_of_one_day_the_later_counts(tmp_path: Path) -> None:
    day = "2015-03-02T{}:00:00Z"
    versions = [
        resource("Condition", meta={"lastUpdated": day.format(hour)}, code=concept((SNOMED, code)))
        for hour, code in (("09", "1"), ("11", "2"), ("10", "3"))
    ]
    records = linked_fhir(tmp_path, {"Condition": versions})
    assert events_of(records, "code") == [("2",)]
    assert rejected(records, "Condition.ndjson") == {}


def test_a_confidential_resource_is_left_out(tmp_path: Path) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    cases = [{"meta": {"security": [{"system": system, "code": code}]}} for code in ("R", "V", "N")]
    records = linked_cases(tmp_path, "Condition", cases)
    assert rejected(records, "Condition.ndjson") == {"record marked as confidential": 2}
