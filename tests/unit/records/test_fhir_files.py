"""FHIR files: recognised by what their lines hold, and every line accounted for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.records.fhir_feeds import fhir_feed, linked_fhir, resource
from tests.unit.records.small_feeds import rejected

from riskstrat.errors import RecordsError
from riskstrat.records import link, raw_rows
from riskstrat.records.sources import DIALECTS, find_files
from riskstrat.records.sources.dialect import table_by_header, table_of
from riskstrat.records.sources.fhir_codes import Coded, choose, codings
from riskstrat.records.sources.fhir_tables import RESOURCES


def test_a_file_is_recognised_by_its_resources_as_this_dialect_only(tmp_path: Path) -> None:
    kinds = tuple(RESOURCES.values())
    folder = fhir_feed(tmp_path, {f"part-{kind}.000": [resource(kind)] for kind in kinds})
    for file in find_files(folder):
        fitting = {name: table_by_header(dialect, file) for name, dialect in DIALECTS.items()}
        named = [name for name, table in fitting.items() if table is not None]
        assert named == ["fhir"]
        assert RESOURCES[fitting["fhir"].name] == file.holds


def test_a_name_says_nothing(tmp_path: Path) -> None:
    """Everybody's patients in a file that is named after another resource."""
    fhir_feed(tmp_path, {"Encounter": [resource("Patient")]})
    held = {file.name: table_of(DIALECTS["fhir"], file) for file in find_files(tmp_path)}
    assert held["Encounter.ndjson"].name == "fhir_patient"


def test_lines_that_are_no_resource_of_the_file(tmp_path: Path) -> None:
    line = json.dumps(resource("Condition", id="cut"))
    lines = [
        resource("Condition"),
        line[: len(line) // 2],
        line[:-1],
        "words",
        "[]",
        '"text"',
        "{}",
        '{"resourceType": "Condition"',
        resource("Procedure"),
        {"resourceType": ["Condition"]},
        {"resourceType": "Condition"},
        "",
        "   ",
    ]
    records = linked_fhir(tmp_path, {"Condition": lines})
    assert rejected(records, "Condition.ndjson") == {
        "line is not JSON": 4,
        "not a FHIR resource of this file": 5,
        "no identifier": 1,
    }
    assert records.manifest["tables"]["events"]["rows"] == 1


def test_nobody_is_made_of_a_line_that_is_no_patient(tmp_path: Path) -> None:
    stranger = {**resource("Patient", id="x"), "resourceType": "Practitioner"}
    records = linked_fhir(tmp_path, {"Patient": [resource("Patient"), stranger, "{"]})
    assert records.manifest["tables"]["patients"]["rows"] == 1
    assert rejected(records, "Patient.ndjson") == {
        "not a FHIR resource of this file": 1,
        "line is not JSON": 1,
    }


def test_resources_that_are_not_used_are_counted(tmp_path: Path) -> None:
    files = {
        "Immunization": [resource("Immunization", id="i"), "{"],
        "other": [resource("Organization", id="o")],
        "broken": ["{", "[]"],
        "empty": [],
    }
    records = linked_fhir(tmp_path, files)
    assert rejected(records, "Immunization.ndjson") == {"table not used": 2}
    assert rejected(records, "other.ndjson") == {"table not used": 1}
    assert rejected(records, "broken.ndjson") == {"not a FHIR resource of this file": 2}
    assert rejected(records, "empty.ndjson") == {}


def test_a_feed_without_patients_is_refused(tmp_path: Path) -> None:
    folder = fhir_feed(tmp_path / "feed", {"Patient": [resource("Condition")]})
    with pytest.raises(RecordsError, match="fhir_patient"):
        link(folder, tmp_path / "records")


def test_several_files_of_one_resource_are_one_table(tmp_path: Path) -> None:
    files = {
        "Patient.000": [resource("Patient")],
        "Patient.001": [resource("Patient", id="q")],
        "a/Condition.000": [resource("Condition")],
        "b/Condition.000": [resource("Condition", id="d", subject={"reference": "Patient/q"})],
    }
    for folder in ("a", "b"):
        (tmp_path / "feed" / folder).mkdir(parents=True)
    records = linked_fhir(tmp_path, files)
    assert records.manifest["tables"]["events"]["rows"] == 2


def test_the_result_is_the_same_in_parts_and_in_any_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Medicines are about nobody: they stand in one part, and serve the others."""
    people = [resource("Patient", id=f"p{n}") for n in range(12)]
    files = {
        kind: [
            resource(kind, id=f"{kind}{n}", subject={"reference": f"Patient/p{n}"}, **more)
            for n in range(12)
        ]
        for kind, more in (
            ("Encounter", {}),
            ("Condition", {"encounter": {"reference": "Encounter/Encounter3"}}),
            ("Observation", {}),
            (
                "MedicationRequest",
                {
                    "medicationCodeableConcept": None,
                    "medicationReference": {"reference": "Medication/drug"},
                },
            ),
        )
    }
    files |= {"Patient": people, "Medication": [resource("Medication"), "{"]}
    whole = linked_fhir(tmp_path / "whole", files).manifest
    monkeypatch.setattr(raw_rows, "_ROWS_PER_PART", 10)
    turned = {name: lines[::-1] for name, lines in files.items()}
    parts = linked_fhir(tmp_path / "parts", turned).manifest
    assert [t["content_hash"] for t in whole["tables"].values()] == [
        t["content_hash"] for t in parts["tables"].values()
    ]
    counted = [
        [(f["name"], f["rows_in"], f["rows_kept"], f["rejected"]) for f in m["sources"][0]["files"]]
        for m in (whole, parts)
    ]
    assert counted[0] == counted[1]
    assert whole["tables"]["events"]["rows"] == 36


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('[{"system":"http://snomed.info/sct","code":44054006}]', ("snomed", "44054006")),
        ('[{"system":"https://snomed.info/sct/","code":" 44054006 "}]', ("snomed", "44054006")),
        ('[{"system":"HTTP://LOINC.ORG","code":"8480-6"}]', ("loinc", "8480-6")),
        ('[{"system":"http://hl7.org/fhir/sid/icd-10","code":"i48.9"}]', ("icd10", "I489")),
        ('[{"system":"https://fhir.nhs.uk/Id/opcs-4","code":"K45.1"}]', ("opcs4", "K451")),
        ('[{"system":"http://fhir.hl7.org.uk/CodeSystem/OPCS-4","code":"K45"}]', ("opcs4", "K45")),
        ('[{"system":"http://read.info/readv2","code":"H33.."}]', ("read2", "H33..")),
        ('[{"system":"http://hl7.org/fhir/sid/cvx","code":"62"}]', ("local", "CVX:62")),
        ('[{"system":"urn:oid:1.2","code":"a"}]', ("local", "urn:oid:1.2:a")),
        ('[{"code":"a"}]', ("local", "a")),
        ('[{"system":3,"code":"a"}]', ("local", "3:a")),
    ],
)
def test_code_systems(written: str, read: tuple[str, str]) -> None:
    (coded,) = codings(written)
    assert (coded.system, coded.code) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        "text",
        "{}",
        '{"code":"a"}',
        "[3]",
        "[[]]",
        '[{"system":"http://loinc.org"}]',
        '[{"code":4.4e7}]',
        '[{"code":true}]',
        '[{"code":{}}]',
        '[{"code":" "}]',
        '[{"system":"http://hl7.org/fhir/sid/icd-10","code":"."}]',
        "[" * 100_000,
    ],
)
def test_what_is_no_code(written: str) -> None:
    assert codings(written) == ()


def test_a_system_that_is_not_preferred_is_not_chosen() -> None:
    coded = (Coded("icd10", "I48"), Coded("loinc", "1-8"), Coded("loinc", "2-6"))
    assert choose(coded, ("loinc",)) == Coded("loinc", "1-8")
    assert choose(coded, ("bnf",)) is None
