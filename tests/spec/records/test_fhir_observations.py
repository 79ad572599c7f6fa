"""FHIR observations: measurements, coded answers, and components that are events of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.unit.records.fhir_feeds import (
    ICD10,
    LOINC,
    SNOMED,
    Resource,
    concept,
    linked_fhir,
    resource,
)
from tests.unit.records.small_feeds import rejected, rows_of

from riskstrat.records import LinkedRecords

NOT_DONE = "not done, not finished, or withdrawn"
EVENT = "kind, system, code, value, unit, text"
SMOKING = concept((LOINC, "72166-2", "Tobacco smoking status"))
FORMER = concept((SNOMED, "8517006", "Former smoker"))
PANEL = concept((LOINC, "85354-9", "Blood pressure panel"))


def linked_cases(folder: Path, cases: Sequence[Resource]) -> LinkedRecords:
    resources = [resource("Observation", **{"id": f"r{n}", **case}) for n, case in enumerate(cases)]
    return linked_fhir(folder, {"Observation": resources})


def events_of(records: LinkedRecords, columns: str = EVENT) -> list[tuple[Any, ...]]:
    return rows_of(records, "events", columns, "all")


def part(code: str, value: object, **more: object) -> dict[str, Any]:
    quantity = {"valueQuantity": {"value": value, "unit": "mmHg"}}
    return {"code": concept((LOINC, code)), **quantity, **more}


def test_a_number_is_a_measurement(tmp_path: Path) -> None:
    cases = [
        {"valueQuantity": {"value": 7.2, "unit": "%"}},
        {"valueQuantity": {"value": "7.3", "code": "%{total}", "unit": None}},
        {"valueQuantity": {"value": 7.4, "comparator": "<"}},
        {"valueQuantity": None, "valueInteger": 8},
    ]
    assert events_of(linked_cases(tmp_path, cases)) == [
        ("measurement", "loinc", "4548-4", 7.2, "%", "HbA1c"),
        ("measurement", "loinc", "4548-4", 7.3, "%{total}", "HbA1c"),
        ("measurement", "loinc", "4548-4", 7.4, None, "HbA1c"),
        ("measurement", "loinc", "4548-4", 8.0, None, "HbA1c"),
    ]


def test_a_coded_answer_is_the_text_of_its_question(tmp_path: Path) -> None:
    cases = [
        {"code": SMOKING, "valueQuantity": None, "valueCodeableConcept": FORMER},
        {"code": FORMER, "valueQuantity": None},
        {"code": SMOKING, "valueQuantity": None, "valueString": "Mr A says he stopped"},
    ]
    assert events_of(linked_cases(tmp_path, cases)) == [
        ("observation", "loinc", "72166-2", None, None, "Former smoker"),
        ("observation", "loinc", "72166-2", None, None, "Tobacco smoking status"),
        ("observation", "snomed", "8517006", None, None, "Former smoker"),
    ]


def test_each_component_is_an_event(tmp_path: Path) -> None:
    answered = {"code": SMOKING, "valueCodeableConcept": FORMER}
    components = [part("8480-6", 130), part("8462-4", "80"), answered]
    cases = [{"code": PANEL, "valueQuantity": None, "component": components}]
    records = linked_cases(tmp_path, cases)
    assert events_of(records) == [
        ("measurement", "loinc", "8462-4", 80.0, "mmHg", None),
        ("measurement", "loinc", "8480-6", 130.0, "mmHg", None),
        ("observation", "loinc", "72166-2", None, None, "Former smoker"),
    ]
    assert rejected(records, "Observation.ndjson") == {}


def test_a_value_beside_components_is_an_event_too(tmp_path: Path) -> None:
    cases = [{"component": [part("8480-6", 130)]}, {"component": [part("8480-6", "high")]}]
    codes = [code for (code,) in events_of(linked_cases(tmp_path, cases), "code")]
    assert codes == ["4548-4", "4548-4", "8480-6"]


def test_components_that_say_nothing_are_passed_over(tmp_path: Path) -> None:
    odd: list[Any] = [
        {"component": [part("8480-6", 130), part("8462-4", None), {"code": "x"}, 3, None]},
        {"component": {"code": PANEL}},
        {"component": "none"},
        {"component": []},
    ]
    cases = [{"code": None, "valueQuantity": None, **case} for case in odd]
    records = linked_cases(tmp_path, cases)
    assert events_of(records, "code, value") == [("8480-6", 130.0)]
    assert rejected(records, "Observation.ndjson") == {"no code": 3}


def test_observations_that_cannot_stand(tmp_path: Path) -> None:
    cases = [
        {"valueQuantity": {"value": "high"}},
        {"valueQuantity": {"value": [7.2]}},
        {"status": "registered"},
        {"status": "cancelled"},
        {"status": "entered-in-error"},
        {"status": None},
        {"valueQuantity": None, "dataAbsentReason": {"text": "not performed"}},
        {"effectiveDateTime": None},
        {"effectiveDateTime": "2015-03"},
        {"code": {"text": "HbA1c"}},
    ]
    records = linked_cases(tmp_path, cases)
    assert rejected(records, "Observation.ndjson") == {
        "value is not a number": 2,
        NOT_DONE: 5,
        "no date": 1,
        "unparsable date": 1,
        "no code": 1,
    }


def test_when_it_was_seen_and_when_it_was_issued(tmp_path: Path) -> None:
    cases = [
        {"effectiveDateTime": "2015-03-02T09:00:00Z", "issued": "2015-03-04T10:00:00.000+01:00"},
        {"effectiveDateTime": None, "effectivePeriod": {"start": "2015-03-05"}},
        {"effectiveDateTime": None, "effectiveInstant": "2015-03-06T01:02:03Z"},
        {"effectiveDateTime": None, "issued": "2015-03-07T10:00:00Z"},
    ]
    columns = "event_date::varchar, event_time::varchar, recorded_date::varchar"
    assert events_of(linked_cases(tmp_path, cases), columns) == [
        ("2015-03-02", "09:00:00", "2015-03-04"),
        ("2015-03-05", None, "2015-03-05"),
        ("2015-03-06", "01:02:03", "2015-03-06"),
        ("2015-03-07", "10:00:00", "2015-03-07"),
    ]


def test_a_sensitive_code_anywhere_leaves_it_out(tmp_path: Path) -> None:
    secret = concept((ICD10, "B20"))
    cases = [
        {"code": secret},
        {"valueQuantity": None, "valueCodeableConcept": secret},
        {"component": [{"code": secret, "valueQuantity": {"value": 1}}]},
        {"component": [{"code": PANEL, "valueCodeableConcept": secret}]},
        {},
    ]
    records = linked_cases(tmp_path, cases)
    assert rejected(records, "Observation.ndjson") == {"sensitive code": 4}


def test_an_amended_value_replaces_the_preliminary_one(tmp_path: Path) -> None:
    versions = [
        resource("Observation", status=status, valueQuantity={"value": value}, meta=meta)
        for status, value, meta in (
            ("preliminary", 5, {"lastUpdated": "2015-03-02T10:00:00Z"}),
            ("amended", 6, {"lastUpdated": "2015-03-09T10:00:00Z"}),
            ("entered-in-error", 6, {"lastUpdated": "2015-03-12T10:00:00Z"}),
        )
    ]
    records = linked_fhir(tmp_path, {"Observation": versions})
    assert events_of(records, "value, recorded_date::varchar, superseded_date::varchar") == [
        (5.0, "2015-03-02", "2015-03-09"),
        (6.0, "2015-03-09", "2015-03-12"),
    ]
