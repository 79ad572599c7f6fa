"""FHIR encounters: which become stays, which contacts, and what is known of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.records.fhir_feeds import ODS, concept, linked_fhir, resource
from tests.unit.records.small_feeds import rejected, rows_of

from riskstrat.records import LinkedRecords

ADMIT_SOURCE = "http://terminology.hl7.org/CodeSystem/admit-source"
DISPOSITION = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
BILLED = "http://www.nubc.org/patient-discharge"
UK_CORE = "https://fhir.hl7.org.uk/CodeSystem/UKCore-"
EXTENSION = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"
PRIORITY = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"


def on_day(number: int) -> dict[str, str]:
    """A period of its own for each case, so that the stay tells which case it is."""
    return {"start": f"2015-01-{number:02d}", "end": f"2015-01-{number:02d}"}


def linked_cases(folder: Path, cases: list[dict[str, Any]]) -> LinkedRecords:
    """One encounter for each case: the first begins on the first of the month, and so on."""
    encounters = [
        resource("Encounter", **{"id": f"e{n}", "period": on_day(n), **case})
        for n, case in enumerate(cases, start=1)
    ]
    return linked_fhir(folder, {"Encounter": encounters})


def stays_of(records: LinkedRecords, column: str) -> list[Any]:
    return [row[0] for row in rows_of(records, "stays", column, "start_date")]


def test_the_class_says_what_kind_of_stay_it_is(tmp_path: Path) -> None:
    kinds = {
        "IMP": "inpatient",
        "ACUTE": "inpatient",
        "NONAC": "inpatient",
        "imp": "inpatient",
        "SS": "day_case",
        "EMER": "emergency_department",
        "AMB": "outpatient",
        "OBSENC": "outpatient",
        "PRENC": "outpatient",
    }
    records = linked_cases(tmp_path, [{"class": {"code": code}} for code in kinds])
    assert stays_of(records, "kind") == list(kinds.values())
    assert rejected(records, "Encounter.ndjson") == {}


def test_what_is_no_visit_is_a_contact_coded_by_its_mode(tmp_path: Path) -> None:
    cases = [{"class": {"code": code}} for code in ("VR", "HH", "FLD")]
    records = linked_cases(tmp_path, cases)
    columns = "kind, event_date::varchar, system, code, source"
    assert rows_of(records, "events", columns, "event_date") == [
        ("contact", "2015-01-01", "snomed", "448337001", "fhir"),
        ("contact", "2015-01-02", "snomed", "50357006", "fhir"),
        ("contact", "2015-01-03", "snomed", "308335008", "fhir"),
    ]
    assert stays_of(records, "kind") == []


def test_only_a_finished_encounter_counts(tmp_path: Path) -> None:
    statuses = ("planned", "arrived", "triaged", "in-progress", "onleave", "cancelled", None)
    others = ("entered-in-error", "unknown", ["finished"], "finished")
    records = linked_cases(tmp_path, [{"status": status} for status in (*statuses, *others)])
    assert stays_of(records, "start_date::varchar") == ["2015-01-11"]
    assert rejected(records, "Encounter.ndjson") == {"not done, not finished, or withdrawn": 10}


def test_encounters_that_do_not_say_enough(tmp_path: Path) -> None:
    cases = [
        {"class": {"code": "XX"}},
        {"class": None},
        {"class": [{"code": "IMP"}]},
        {"period": None},
        {"period": {"end": "2015-01-05"}},
        {"period": {"start": "2015"}},
        {"period": {"start": "2015-02-30"}},
        {"period": {"start": "2015-01-08", "end": "2015-01-07"}},
        {"id": None},
    ]
    records = linked_cases(tmp_path, cases)
    assert rejected(records, "Encounter.ndjson") == {
        "kind of visit not mapped": 3,
        "no date": 2,
        "unparsable date": 2,
        "end before start": 1,
        "no identifier": 1,
    }


def test_the_days_are_those_of_the_local_calendar(tmp_path: Path) -> None:
    """Late on the last day of January in New York is February in London."""
    period = {"start": "2015-01-31T23:30:00.000-05:00", "end": "2015-02-28T23:59:59-05:00"}
    records = linked_cases(tmp_path, [{"period": period}, {"period": {"start": "2015-03-01"}}])
    columns = "start_date::varchar, start_time::varchar, end_date::varchar, recorded_date::varchar"
    assert rows_of(records, "stays", columns, "start_date") == [
        ("2015-01-31", "23:30:00", "2015-02-28", "2015-02-28"),
        ("2015-03-01", None, None, "2015-03-01"),
    ]


def test_an_attendance_that_lasts_for_weeks_is_kept_as_it_was_sent(tmp_path: Path) -> None:
    period = {"start": "2015-01-01", "end": "2015-02-20"}
    records = linked_cases(tmp_path, [{"class": {"code": "EMER"}, "period": period}])
    assert stays_of(records, "end_date::varchar") == ["2015-02-20"]


def test_a_stay_is_known_after_its_end_and_the_lag(tmp_path: Path) -> None:
    files = {"Encounter": [resource("Encounter")]}
    records = linked_fhir(tmp_path, files, told="monthly", declared_lag_days=20)
    assert stays_of(records, "recorded_date::varchar") == ["2015-04-20"]


def admitted(method: str | None = None, source: str | None = None) -> dict[str, Any]:
    """An inpatient stay with a method of admission (NHS) or a place it was admitted from (HL7)."""
    hospitalization: dict[str, Any] = {"preAdmissionIdentifier": {"value": "1"}}
    if method is not None:
        coded = concept((f"{UK_CORE}AdmissionMethodEngland", method))
        hospitalization["extension"] = [
            {"url": f"{EXTENSION}AdmissionMethod", "valueCodeableConcept": coded}
        ]
    if source is not None:
        hospitalization["admitSource"] = concept((ADMIT_SOURCE, source))
    return {"hospitalization": hospitalization}


def test_an_admission_is_an_emergency_only_where_the_data_say_so(tmp_path: Path) -> None:
    emergency = {"priority": concept((PRIORITY, "EM"))}
    cases = [
        ({}, None),
        (admitted(source="emd"), True),
        (admitted(source="gp"), None),
        (emergency, True),
        ({"priority": concept((PRIORITY, "R"))}, None),
        ({"priority": concept(("https://example.org", "EM"))}, None),
        (admitted(method="21"), True),
        (admitted(method="2a"), True),
        (admitted(method="11"), False),
        (admitted(method="81", source="emd"), False),
        (admitted(method="98"), None),
        ({**emergency, "class": {"code": "EMER"}}, None),
        ({**emergency, "class": {"code": "AMB"}}, None),
    ]
    records = linked_cases(tmp_path, [case for case, _ in cases])
    assert stays_of(records, "is_emergency") == [expected for _, expected in cases]
    methods = stays_of(records, "admission_method")
    assert methods[6:11] == ["21", "2A", "11", "81", "98"]


def test_where_somebody_came_from(tmp_path: Path) -> None:
    uk_core = concept((f"{UK_CORE}SourceOfAdmissionEngland", "51"), (ADMIT_SOURCE, "emd"))
    sources = {"hosp-trans": "87", "nursing": "85", "psych": "87", "rehab": "87", "emd": None}
    cases = [admitted(source=source) for source in sources]
    records = linked_cases(tmp_path, [*cases, {"hospitalization": {"admitSource": uk_core}}])
    assert stays_of(records, "admission_source") == [*sources.values(), "51"]


def discharged(*codes: tuple[str, str]) -> dict[str, Any]:
    return {"hospitalization": {"dischargeDisposition": concept(*codes)}}


def test_how_and_where_to_somebody_was_discharged(tmp_path: Path) -> None:
    destination, method = f"{UK_CORE}DischargeDestinationEngland", f"{EXTENSION}DischargeMethod"
    coded = {"url": method, "valueCodeableConcept": concept((f"{UK_CORE}DischargeMethod", "2"))}
    cases = [
        (discharged((DISPOSITION, "exp")), ("4", "79")),
        (discharged((DISPOSITION, "home")), ("1", "19")),
        (discharged((DISPOSITION, "other-hcf")), ("1", "87")),
        (discharged((DISPOSITION, "aadvice")), ("2", None)),
        (discharged((DISPOSITION, "oth")), (None, None)),
        (discharged((BILLED, "01")), ("1", "19")),
        (discharged((BILLED, "1")), ("1", "19")),
        (discharged((BILLED, "20")), ("4", "79")),
        (discharged((BILLED, "201")), (None, None)),
        (discharged(("https://example.org", "exp")), (None, None)),
        (discharged((destination, "54"), (DISPOSITION, "snf")), ("1", "54")),
        ({"hospitalization": {"extension": [coded]}}, ("2", None)),
        ({"hospitalization": "exp"}, (None, None)),
        ({"hospitalization": [{"dischargeDisposition": "exp"}]}, (None, None)),
    ]
    records = linked_cases(tmp_path, [case for case, _ in cases])
    columns = "discharge_method, discharge_destination"
    assert rows_of(records, "stays", columns, "start_date") == [expected for _, expected in cases]


def test_the_provider_is_told_by_its_ods_code(tmp_path: Path) -> None:
    cases = [
        {"serviceProvider": {"identifier": {"system": ODS, "value": "rx1"}}},
        {"serviceProvider": {"identifier": {"system": "https://example.org", "value": "rx1"}}},
        {"serviceProvider": {"reference": "Organization/1"}},
    ]
    assert stays_of(linked_cases(tmp_path, cases), "provider") == ["RX1", None, None]


def updated(day: str, **changes: Any) -> dict[str, Any]:
    return resource("Encounter", meta={"lastUpdated": f"{day}T08:00:00Z"}, **changes)


VERSIONS = "kind, end_date::varchar, recorded_date::varchar, superseded_date::varchar"


def test_a_later_version_replaces_the_one_before_on_the_day_of_its_update(tmp_path: Path) -> None:
    versions = [
        updated("2015-03-09", period={"start": "2015-03-01", "end": "2015-03-06"}),
        updated("2015-03-06", period={"start": "2015-03-01", "end": "2015-03-05"}),
        updated("2015-03-20", period={"start": "2015-03-01", "end": "2015-03-06"}),
    ]
    records = linked_fhir(tmp_path, {"Encounter": versions})
    assert rows_of(records, "stays", VERSIONS, "recorded_date") == [
        ("inpatient", "2015-03-05", "2015-03-05", "2015-03-09"),
        ("inpatient", "2015-03-06", "2015-03-09", None),
    ]
    assert rejected(records, "Encounter.ndjson") == {}
    assert len(set(stays_of(records, "stay_id"))) == 1


def test_what_is_finished_later_is_known_when_it_is_updated(tmp_path: Path) -> None:
    versions = [
        updated("2015-03-02", status="in-progress", period={"start": "2015-03-01"}),
        updated("2015-03-08", period={"start": "2015-03-01", "end": "2015-03-05"}),
    ]
    records = linked_fhir(tmp_path, {"Encounter": versions})
    assert rows_of(records, "stays", VERSIONS, "recorded_date") == [
        ("inpatient", "2015-03-05", "2015-03-08", None)
    ]


def test_what_was_entered_in_error_is_taken_back_on_that_day(tmp_path: Path) -> None:
    versions = [
        updated("2015-03-06"),
        updated("2015-04-01", status="entered-in-error", period=None),
    ]
    records = linked_fhir(tmp_path, {"Encounter": versions})
    assert rows_of(records, "stays", VERSIONS, "recorded_date") == [
        ("inpatient", "2015-03-05", "2015-03-05", "2015-04-01")
    ]
    assert rejected(records, "Encounter.ndjson") == {"not done, not finished, or withdrawn": 1}


def test_the_same_line_twice_is_a_duplicate(tmp_path: Path) -> None:
    other = resource("Encounter", period={"start": "2015-03-01", "end": "2015-03-07"})
    encounters = [other, resource("Encounter"), resource("Encounter")]
    records = linked_fhir(tmp_path, {"Encounter": encounters})
    assert stays_of(records, "end_date::varchar") == ["2015-03-05"]
    assert rejected(records, "Encounter.ndjson") == {
        "duplicate": 1,
        "same identifier, different content": 1,
    }
