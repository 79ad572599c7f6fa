"""Files of a few sound rows in every dialect, to be made malformed; every row is kept."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.unit.records.small_feeds import write_governance

CANARY = "CANARY7731"
"""Stands in the values of every file: it may be in no message, no log and no manifest."""

NUMBERS = ("9998832829", "9990000018", "9990000026")
"""Valid NHS numbers of people who do not exist."""

Row = Mapping[str, Any]
Rows = Sequence[Row]


def _each(common: Row, **different: Sequence[Any]) -> list[dict[str, Any]]:
    """Three rows: what they have in common, and the columns in which they differ."""
    each = zip(*different.values(), strict=True)
    return [{**common, **dict(zip(different, values, strict=True))} for values in each]


_IDS = tuple(f"{CANARY}{letter}" for letter in "abc")
_MONTH = {
    "PERSON ID": f"{CANARY}a",
    "UNIQUE MONTH ID": "1438",
    "FILE TYPE": "Primary",
    "REPORTING PERIOD END DATE": "2020-01-31",
    "EFFECTIVE FROM": "2020-02-25",
}
"""The submission for January 2020, month 1438 since April 1900, about one person."""

_GP = {
    "gp_patient": _each(
        {
            "gender": "2",
            "registered_practice_id": "ZZ0001",
            "registration_start_date": "2000-01-31",
            "postcode": "QQ1 1AA",
            "is_confidential": "false",
            "date_recorded": "2020-01-31",
        },
        person_id=_IDS,
        nhs_number=NUMBERS,
        date_of_birth=("1950-06-15", "1960-07-16", "1970-08-17"),
    ),
    "gp_observation": _each(
        {
            "clinical_effective_date": "2019-05-04",
            "mapped_concept_display": f"{CANARY} text",
            "result_value": "",
        },
        id=("1", "2", "3"),
        person_id=_IDS,
        mapped_concept_code=("49436004", "44054006", "195967001"),
    ),
    "gp_medication_order": _each(
        {
            "clinical_effective_date": "2019-05-04",
            "bnf_reference": "0212000B0AAAAAA",
            "quantity_value": "28",
            "duration_days": "28",
        },
        id=("1", "2", "3"),
        person_id=_IDS,
    ),
}
_HOSPITAL = {"PROCODET": "ZZH01", "SEX": "2", "SUBDATE": "2020-03-20", "HOMEADD": f"{CANARY} road"}
_HES_APC = {
    "hes_apc": _each(
        {
            **_HOSPITAL,
            "ADMIDATE": "2020-01-05",
            "ADMIMETH": "21",
            "CLASSPAT": "1",
            "EPISTART": "2020-01-05",
            "EPIEND": "2020-01-09",
            "EPISTAT": "3",
            "EPITYPE": "1",
            "EPIDUR": "4",
            "DISDATE": "2020-01-09",
            "DISMETH": "1",
            "DIAG_4_01": "I500",
        },
        EPIKEY=("11", "12", "13"),
        LOPATID=_IDS,
        NEWNHSNO=NUMBERS,
        MYDOB=("061950", "071960", "081970"),
    )
}
_HES_OP = {
    "hes_op": _each(
        {**_HOSPITAL, "APPTDATE": "2020-01-05", "ATTENDED": "5", "TRETSPEF": "300"},
        ATTENDKEY=("21", "22", "23"),
        LOPATID=_IDS,
        NEWNHSNO=NUMBERS,
        MYDOB=("061950", "071960", "081970"),
    )
}
_ECDS = {
    "ecds": _each(
        {
            "PROVIDER_CODE": "ZZH01",
            "DEPARTMENT_TYPE": "01",
            "ATTENDANCE_CATEGORY": "1",
            "BIRTH_DATE": "1950-06-15",
            "STATED_GENDER": "2",
            "PATIENT_POSTCODE": f"{CANARY} road",
            "ARRIVAL_DATE": "2020-01-05",
            "ARRIVAL_TIME": "11:27",
            "DEPARTURE_DATE": "2020-01-05",
            "DEPARTURE_TIME": "15:35",
            "DIAGNOSIS_CODE_1": "7895008",
            "DISCHARGE_STATUS": "1066311000000101",
        },
        EPIKEY=("31", "32", "33"),
        LOCAL_PATIENT_IDENTIFIER=_IDS,
        NHS_NUMBER=NUMBERS,
    )
}
_CSDS = {
    "csds_cyp001mpi": [
        {
            **_MONTH,
            "NHS NUMBER": NUMBERS[0],
            "PERSON BIRTH DATE": "1940-06-15",
            "PERSON STATED GENDER CODE": "2",
            "ETHNIC CATEGORY": "A",
            "POSTCODE OF USUAL ADDRESS": f"{CANARY} road",
            "PERSON DEATH DATE": "",
        }
    ],
    "csds_cyp201carecontact": _each(
        {
            **_MONTH,
            "SERVICE REQUEST IDENTIFIER": "R1",
            "CARE CONTACT DATE": "2020-01-20",
            "ATTENDANCE STATUS": "5",
            "CLINICAL CONTACT DURATION OF CARE CONTACT": "30",
        },
        **{"CARE CONTACT IDENTIFIER": ("K1", "K2", "K3")},
    ),
}
_MHSDS = {
    "mhsds_mhs001mpi": [
        {
            **_MONTH,
            "NHSNumber": NUMBERS[0],
            "PersonBirthDate": "1940-06-15",
            "Gender": "2",
            "EthnicCategory": "A",
            "Postcode": f"{CANARY} road",
            "PersDeathDate": "",
        }
    ],
    "mhsds_mhs501hospprovspell": _each(
        {**_MONTH, "DischDateHospProvSpell": "2020-01-20"},
        UniqHospProvSpellID=("S1", "S2", "S3"),
        StartDateHospProvSpell=("2020-01-01", "2020-01-02", "2020-01-03"),
    ),
}
_CLD = {
    "cld_events": _each(
        {
            "LA Code": "999",
            "Date of Birth": "1940-06-15",
            "Postcode": f"{CANARY} road",
            "Client Type": "Service User",
            "Event Type": "Service",
            "Event Start Date": "2020-01-05",
            "Event End Date": "",
            "Service Type": "Long Term Support: Community",
            "Service Component": "Home Support",
            "Unit Cost": "20.5",
            "Cost Frequency (Unit Type)": "Hourly",
            "Planned units per week": "7",
            "Reporting Period End Date": "2020-03-31",
        },
        **{
            "LA Person Unique Identifier": _IDS,
            "NHS Number": NUMBERS,
            "Event Reference": ("E1", "E2", "E3"),
        },
    )
}
_HOUSING = {
    "housing_tenancy": _each(
        {
            "date_of_birth": "1940-06-15",
            "postcode": f"{CANARY} road",
            "tenancy_type": "sheltered",
            "tenancy_start": "2011-08-31",
            "tenancy_end": "",
            "arrears": "no",
            "support_start": "2019-02-01",
            "support_end": "2019-09-30",
            "status_date": "2020-08-28",
            "extract_date": "2020-09-28",
        },
        person_ref=_IDS,
        nhs_number=NUMBERS,
        tenancy_ref=("T1", "T2", "T3"),
    )
}
_VOLUNTARY = {
    "voluntary_contact": _each(
        {
            "Date of contact": "05/01/2020",
            "DOB": "15/06/1940",
            "Gender": "F",
            "Postcode": f"{CANARY} road",
            "Service": "Befriending",
            "Minutes": "30",
            "Outcome": "Started",
        },
        **{"NHS No": NUMBERS},
    )
}
_OMOP_EVENTS = {
    "condition_occurrence": ("condition", "condition_start_date"),
    "drug_exposure": ("drug", "drug_exposure_start_date"),
    "procedure_occurrence": ("procedure", "procedure_date"),
    "measurement": ("measurement", "measurement_date"),
    "observation": ("observation", "observation_date"),
}
_OMOP = {
    "person": [
        {
            "person_id": "1",
            "gender_concept_id": "8532",
            "year_of_birth": "1950",
            "month_of_birth": "6",
            "care_site_id": CANARY,
        }
    ],
    "observation_period": [
        {
            "person_id": "1",
            "observation_period_start_date": "2010-01-01",
            "observation_period_end_date": "2019-12-31",
        }
    ],
    "visit_occurrence": _each(
        {
            "person_id": "1",
            "visit_concept_id": "9202",
            "visit_start_date": "2015-03-01",
            "visit_end_date": "2015-03-01",
        },
        visit_occurrence_id=("1", "2", "3"),
    ),
    **{
        name: [
            {
                "person_id": "1",
                f"{prefix}_concept_id": "0",
                f"{prefix}_source_value": "44054006",
                day: "2015-03-01",
            }
        ]
        for name, (prefix, day) in _OMOP_EVENTS.items()
    },
}
_MEDS = {
    "events": [
        {"subject_id": subject, "time": time, "code": code, "text_value": CANARY}
        for subject in ("1", "2")
        for time, code in (
            ("1950-06-15", "MEDS_BIRTH"),
            ("2015-03-01T10:00:00", "LAB//50912//mg/dL"),
        )
    ]
}

TABLES: Mapping[str, Mapping[str, Rows]] = {
    "cld": _CLD,
    "csds": _CSDS,
    "ecds": _ECDS,
    "gp": _GP,
    "hes_apc": _HES_APC,
    "hes_op": _HES_OP,
    "housing": _HOUSING,
    "meds": _MEDS,
    "mhsds": _MHSDS,
    "omop": _OMOP,
    "voluntary": _VOLUNTARY,
}
"""Dialect to its files, without ending, and their rows: all of them text."""

_PATIENT = {"reference": "Patient/a"}
RESOURCES: Mapping[str, Sequence[Row]] = {
    "Patient": [
        {
            "resourceType": "Patient",
            "id": "a",
            "gender": "female",
            "birthDate": "1950-06-15",
            "name": [{"family": CANARY}],
            "identifier": [
                {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": NUMBERS[0]},
            ],
        }
    ],
    "Encounter": [
        {
            "resourceType": "Encounter",
            "id": f"{CANARY}{number}",
            "status": "finished",
            "class": {"code": "IMP"},
            "subject": _PATIENT,
            "period": {"start": f"2015-03-0{number}", "end": f"2015-04-0{number}"},
        }
        for number in (1, 2, 3)
    ],
}
"""Kind of FHIR resource to its lines."""


def csv_text(rows: Rows, delimiter: str = ",") -> str:
    """Rows as the text of a CSV file."""
    stream = io.StringIO(newline="")
    columns = list(dict.fromkeys(column for row in rows for column in row))
    writer = csv.DictWriter(stream, columns, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def json_text(lines: Sequence[Row]) -> str:
    """Resources as the text of an NDJSON file."""
    return "".join(json.dumps(line) + "\n" for line in lines)


def texts_of(dialect: str) -> dict[str, str]:
    """Name and text of every file of a sound feed."""
    if dialect == "fhir":
        return {f"{kind}.ndjson": json_text(lines) for kind, lines in RESOURCES.items()}
    return {f"{name}.csv": csv_text(rows) for name, rows in TABLES[dialect].items()}


def write_texts(folder: Path, dialect: str, texts: Mapping[str, str | bytes]) -> None:
    """Files with these contents, and a governance file that has an entry for all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    write_governance(folder, dialect)
    for name, content in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def write_parquet(path: Path, rows: Rows, **columns: pa.Array) -> None:
    """Rows as Parquet, some columns replaced by arrays of other types."""
    table = pa.Table.from_pylist([dict(row) for row in rows])
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, values)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
