"""Small FHIR bulk feeds for tests: resources in, files of JSON lines out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.unit.records.small_feeds import write_governance

from riskstrat.records import LinkedRecords, link, load_records

Resource = Mapping[str, Any]

SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"


def concept(*codes: tuple[str, str] | tuple[str, str, str]) -> dict[str, Any]:
    """A CodeableConcept of systems, codes and wordings."""
    names = ("system", "code", "display")
    return {"coding": [dict(zip(names, code, strict=False)) for code in codes]}


AF = concept((SNOMED, "49436004", "Atrial fibrillation"))

DEFAULTS: dict[str, dict[str, Any]] = {
    "Patient": {"id": "p", "gender": "female", "birthDate": "1950-06-15"},
    "Encounter": {
        "id": "e",
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p"},
        "period": {"start": "2015-03-01T10:30:00+00:00", "end": "2015-03-05T12:00:00+00:00"},
    },
    "Condition": {
        "id": "c",
        "subject": {"reference": "Patient/p"},
        "code": AF,
        "onsetDateTime": "2015-03-02",
    },
    "MedicationRequest": {
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": concept((RXNORM, "314076", "lisinopril 10 MG Oral Tablet")),
        "authoredOn": "2015-03-02",
    },
    "Medication": {"id": "drug", "code": concept((RXNORM, "314076", "lisinopril 10 MG"))},
    "Procedure": {
        "id": "o",
        "status": "completed",
        "subject": {"reference": "Patient/p"},
        "code": concept((SNOMED, "80146002", "Appendicectomy")),
        "performedDateTime": "2015-03-02",
    },
    "Observation": {
        "id": "v",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": concept((LOINC, "4548-4", "HbA1c")),
        "effectiveDateTime": "2015-03-02",
        "valueQuantity": {"value": 7.2, "unit": "%"},
    },
}


def resource(kind: str, /, **changes: Any) -> dict[str, Any]:
    """A sound resource with changes; one that is set to None is left out."""
    filled = {"resourceType": kind, **DEFAULTS.get(kind, {}), **changes}
    return {name: value for name, value in filled.items() if value is not None}


def line_of(given: Resource | str) -> str:
    """A resource as its line; text stays as it is."""
    return given if isinstance(given, str) else json.dumps(given)


def fhir_feed(
    folder: Path, files: Mapping[str, Sequence[Resource | str]], **governance: object
) -> Path:
    """Files of JSON lines by name without ending; one plain patient where no patients are given."""
    folder.mkdir(parents=True, exist_ok=True)
    write_governance(folder, "fhir", **governance)
    for name, resources in {"Patient": [resource("Patient")], **files}.items():
        lines = "".join(f"{line_of(given)}\n" for given in resources)
        (folder / f"{name}.ndjson").write_text(lines, encoding="utf-8")
    return folder


def linked_fhir(
    folder: Path, files: Mapping[str, Sequence[Resource | str]], **governance: object
) -> LinkedRecords:
    """The linked records of a small feed."""
    link(fhir_feed(folder / "feed", files, **governance), folder / "records")
    return load_records(folder / "records")
