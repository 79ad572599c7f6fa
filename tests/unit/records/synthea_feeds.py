"""Small feeds as Synthea exports them: a few values in, CSV files with its columns out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.unit.records.small_feeds import write_csv, write_governance

from riskstrat.records import LinkedRecords, link, load_records

HEADERS = {
    "patients": "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,MIDDLE,LAST,SUFFIX,"
    "MAIDEN,MARITAL,RACE,ETHNICITY,GENDER,BIRTHPLACE,ADDRESS,CITY,STATE,COUNTY,FIPS,ZIP,LAT,LON,"
    "HEALTHCARE_EXPENSES,HEALTHCARE_COVERAGE,INCOME",
    "encounters": "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,"
    "DESCRIPTION,BASE_ENCOUNTER_COST,TOTAL_CLAIM_COST,PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION",
    "conditions": "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION",
    "medications": "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,PAYER_COVERAGE,"
    "DISPENSES,TOTALCOST,REASONCODE,REASONDESCRIPTION",
    "procedures": "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION,BASE_COST,REASONCODE,"
    "REASONDESCRIPTION",
    "observations": "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
    "allergies": "START,STOP,PATIENT,ENCOUNTER,CODE,SYSTEM,DESCRIPTION,TYPE,CATEGORY,REACTION1,"
    "DESCRIPTION1,SEVERITY1,REACTION2,DESCRIPTION2,SEVERITY2",
    "careplans": "Id,START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION",
    "devices": "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,UDI",
    "imaging_studies": "Id,DATE,PATIENT,ENCOUNTER,SERIES_UID,BODYSITE_CODE,BODYSITE_DESCRIPTION,"
    "MODALITY_CODE,MODALITY_DESCRIPTION,INSTANCE_UID,SOP_CODE,SOP_DESCRIPTION,PROCEDURE_CODE",
    "immunizations": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST",
    "supplies": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,QUANTITY",
    "organizations": "Id,NAME,ADDRESS,CITY,STATE,ZIP,LAT,LON,PHONE,REVENUE,UTILIZATION",
    "payer_transitions": "PATIENT,MEMBERID,START_DATE,END_DATE,PAYER,SECONDARY_PAYER,"
    "PLAN_OWNERSHIP,OWNER_NAME",
}
"""The header lines of Synthea 3."""

DEFAULTS = {
    "patients": {
        "Id": "p",
        "BIRTHDATE": "1950-06-15",
        "GENDER": "F",
        "RACE": "white",
        "ETHNICITY": "nonhispanic",
    },
    "encounters": {
        "Id": "e",
        "START": "2015-03-01T10:30:00Z",
        "STOP": "2015-03-05T12:00:00Z",
        "PATIENT": "p",
        "ENCOUNTERCLASS": "inpatient",
        "CODE": "185347001",
        "DESCRIPTION": "Encounter for problem",
    },
    "conditions": {
        "START": "2015-03-02",
        "PATIENT": "p",
        "ENCOUNTER": "e",
        "SYSTEM": "SNOMED-CT",
        "CODE": "49436004",
        "DESCRIPTION": "Atrial fibrillation",
    },
    "medications": {
        "START": "2015-03-02T11:00:00Z",
        "PATIENT": "p",
        "ENCOUNTER": "e",
        "CODE": "314076",
        "DESCRIPTION": "lisinopril 10 MG Oral Tablet",
        "DISPENSES": "3",
    },
    "procedures": {
        "START": "2015-03-02T11:00:00Z",
        "PATIENT": "p",
        "ENCOUNTER": "e",
        "SYSTEM": "SNOMED-CT",
        "CODE": "80146002",
        "DESCRIPTION": "Appendicectomy",
    },
    "observations": {
        "DATE": "2015-03-02T11:00:00Z",
        "PATIENT": "p",
        "ENCOUNTER": "e",
        "CATEGORY": "laboratory",
        "CODE": "4548-4",
        "DESCRIPTION": "HbA1c",
        "VALUE": "7.2",
        "UNITS": "%",
        "TYPE": "numeric",
    },
}

Files = Mapping[str, Sequence[Mapping[str, str]]]


def synthea_feed(
    folder: Path, files: Files, *, without: Sequence[str] = (), **governance: object
) -> Path:
    """CSV files by name; one plain patient and encounter where none are given."""
    folder.mkdir(parents=True, exist_ok=True)
    write_governance(folder, "synthea_csv", **governance)
    for name, rows in {"patients": [{}], "encounters": [{}], **files}.items():
        columns = [name for name in HEADERS[name].split(",") if name not in without]
        filled = [{**DEFAULTS.get(name, {}), **row} for row in rows]
        held = [{k: v for k, v in row.items() if k in columns} for row in filled]
        write_csv(folder / f"{name}.csv", columns, held)
    return folder


def linked_synthea(
    folder: Path, files: Files, *, without: Sequence[str] = (), **governance: object
) -> LinkedRecords:
    """The linked records of a small export."""
    link(synthea_feed(folder / "feed", files, without=without, **governance), folder / "records")
    return load_records(folder / "records")
