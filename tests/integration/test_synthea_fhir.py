"""FHIR bulk files made by Synthea, in the shared data, against a plain loop over their lines."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from tests.unit.records.small_feeds import rejected, rows_of

from riskstrat.records import LinkedRecords, check_records, link, load_records
from riskstrat.records.governance.sensitive import load_sensitive

GOVERNANCE = Path(__file__).parents[1] / "data" / "governance" / "synthea_fhir10.toml"
LAST_DAY = "2023-03-22"

SENT = {
    "AllergyIntolerance": 11,
    "Condition": 555,
    "Device": 16,
    "DocumentReference": 1215,
    "Encounter": 1215,
    "Immunization": 161,
    "Location": 44,
    "MedicationRequest": 1745,
    "Organization": 43,
    "Patient": 13,
    "Practitioner": 43,
    "PractitionerRole": 43,
    "Procedure": 2056,
}
USED = ("Condition", "Encounter", "MedicationRequest", "Patient", "Procedure")
STAYS = {"AMB": "outpatient", "EMER": "emergency_department", "IMP": "inpatient"}

Resources = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def records(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> LinkedRecords:
    out = tmp_path_factory.mktemp("fhir") / "records"
    link(shared_data / "synthea_fhir10", out, governance=GOVERNANCE)
    return load_records(out)


@pytest.fixture(scope="module")
def sent(shared_data: Path) -> Resources:
    folder = shared_data / "synthea_fhir10"
    lines = {kind: (folder / f"{kind}.000.ndjson").read_text().splitlines() for kind in USED}
    return {kind: [json.loads(line) for line in written] for kind, written in lines.items()}


def is_sensitive(resource: dict[str, Any]) -> bool:
    listed = load_sensitive("1").to_pylist()
    codes = {row["code"] for row in listed if row["system"] == "snomed"}
    return any(coding["code"] in codes for coding in resource["code"]["coding"])


def person_of(resource: dict[str, Any]) -> str:
    return str(resource["subject"]["reference"].removeprefix("Patient/"))


def facts_of(sent: Resources) -> dict[str, Counter[tuple[str, ...]]]:
    """What a plain loop finds: for each person the events, by kind, day and code."""
    facts: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for condition in sent["Condition"]:
        if not is_sensitive(condition):
            code = condition["code"]["coding"][0]["code"]
            day = condition["onsetDateTime"][:10]
            facts[person_of(condition)]["diagnosis", day, "snomed", code] += 1
    for request in sent["MedicationRequest"]:
        code = request["medicationCodeableConcept"]["coding"][0]["code"]
        day = request["authoredOn"][:10]
        facts[person_of(request)]["medication", day, "local", f"RxNorm:{code}"] += 1
    for procedure in sent["Procedure"]:
        if not is_sensitive(procedure):
            code = procedure["code"]["coding"][0]["code"]
            day = procedure["performedPeriod"]["start"][:10]
            facts[person_of(procedure)]["procedure", day, "snomed", code] += 1
    for encounter in sent["Encounter"]:
        mode = {"HH": "50357006", "VR": "448337001"}.get(encounter["class"]["code"])
        if mode is not None:
            day = encounter["period"]["start"][:10]
            facts[person_of(encounter)]["contact", day, "snomed", mode] += 1
    return facts


def in_any_order(people: Any) -> list[list[tuple[tuple[str, ...], int]]]:
    """What is told of each person, without saying who: pseudonyms do not matter here."""
    return sorted(sorted(told.items()) for told in people)


def test_every_line_is_accounted_for(records: LinkedRecords) -> None:
    (source,) = records.manifest["sources"]
    files = {file["name"]: file for file in source["files"]}
    assert {name.removesuffix(".000.ndjson"): f["rows_in"] for name, f in files.items()} == SENT
    sensitive = {"Condition": 22, "Procedure": 15}
    for kind, lines in SENT.items():
        expected = {"sensitive code": sensitive[kind]} if kind in sensitive else {}
        if kind not in USED:
            expected = {"table not used": lines}
        assert rejected(records, f"{kind}.000.ndjson") == expected


def test_events_are_those_of_a_plain_loop(records: LinkedRecords, sent: Resources) -> None:
    found: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    columns = "patient_id, kind, event_date::varchar, system, code"
    for person, *fact in rows_of(records, "events", columns, "all"):
        found[person][tuple(fact)] += 1
    assert in_any_order(found.values()) == in_any_order(facts_of(sent).values())
    assert sum(map(len, found.values())) > 1_000


def test_stays_are_those_of_a_plain_loop(records: LinkedRecords, sent: Resources) -> None:
    expected: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for encounter in sent["Encounter"]:
        if kind := STAYS.get(encounter["class"]["code"]):
            period = encounter["period"]
            stay = (kind, period["start"][:10], period["start"][11:19], period["end"][:10])
            expected[person_of(encounter)][stay] += 1
    found: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    columns = "patient_id, kind, start_date::varchar, start_time::varchar, end_date::varchar"
    for person, *stay in rows_of(records, "stays", columns, "all"):
        found[person][tuple(stay)] += 1
    assert in_any_order(found.values()) == in_any_order(expected.values())
    kinds = dict(rows_of(records, "stays group by 1", "kind, count(*)", "1"))
    assert kinds == {"emergency_department": 23, "inpatient": 49, "outpatient": 1133}


def test_people(records: LinkedRecords, sent: Resources) -> None:
    expected = sorted(
        (p["birthDate"][:7], p["gender"], p.get("deceasedDateTime", "")[:10])
        for p in sent["Patient"]
    )
    columns = "strftime(birth_month, '%Y-%m'), sex, coalesce(death_date::varchar, '')"
    assert rows_of(records, "patients", columns, "all") == expected


def test_followed_from_the_first_to_the_last_fact(records: LinkedRecords, sent: Resources) -> None:
    """The first fact of everybody is an encounter; one was seen on the last day of the data."""
    first: dict[str, str] = {}
    for encounter in sent["Encounter"]:
        person, day = person_of(encounter), encounter["period"]["start"][:10]
        first[person] = min(day, first.get(person, day))
    current = "registrations where superseded_date is null"
    columns = "start_date::varchar, end_date::varchar, practice_code"
    found = rows_of(records, current, columns, "all")
    assert [start for start, _, _ in found] == sorted(first.values())
    assert [end for _, end, _ in found].count(None) == 1
    assert max(end for _, end, _ in found if end) < LAST_DAY
    assert {practice for _, _, practice in found} == {None}


def test_events_stand_in_the_stays_of_their_encounters(
    records: LinkedRecords, sent: Resources
) -> None:
    stays = {e["id"] for e in sent["Encounter"] if e["class"]["code"] in STAYS}
    linked = sum(
        resource["encounter"]["reference"].removeprefix("Encounter/") in stays
        for kind in ("Condition", "MedicationRequest", "Procedure")
        for resource in sent[kind]
        if kind == "MedicationRequest" or not is_sensitive(resource)
    )
    joined = "events join stays using (stay_id, patient_id)"
    assert rows_of(records, joined, "count(*)", "1") == [(linked,)]


def test_findings(records: LinkedRecords) -> None:
    """No error: that no admission says whether it was an emergency is told."""
    findings = {f.code: f for f in check_records(records)}
    assert {f.level for f in findings.values()} == {"warning", "info"}
    assert findings["R018"].count == 49
    assert findings["R010"].count == 3
