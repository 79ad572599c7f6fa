"""Admitted patient care under the names of HES, SUS and CDS: one reading of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from tests.unit.records.governed_feeds import linked_feed
from tests.unit.records.hospital_feeds import ANNE, EPISODE, FIRST, PATIENT, SECOND, TOLD_MONTHLY
from tests.unit.records.small_feeds import rejected, rows_of

from riskstrat.records import LinkedRecords
from riskstrat.records.sources import DIALECTS
from riskstrat.records.sources.dialect import table_by_header
from riskstrat.records.sources.feed import FeedFile

SUS = {
    "EPIKEY": "APCE_Ident",
    "SUBDATE": "Submission_Date",
    "PROVSPNO": "Hospital_Spell_No",
    "PROCODET": "Der_Provider_Code",
    "NEWNHSNO": "NHS_Number",
    "MYDOB": "Month_of_Birth",
    "STARTAGE": "Age_at_Start_of_Episode_SUS",
    "SEX": "Sex",
    "ETHNOS": "Ethnic_Group",
    "ADMIDATE": "Admission_Date",
    "ADMIMETH": "Admission_Method",
    "ADMISORC": "Source_of_Admission",
    "CLASSPAT": "Patient_Classification",
    "EPISTART": "Episode_Start_Date",
    "EPIEND": "Episode_End_Date",
    "EPIORDER": "Episode_Number",
    "TRETSPEF": "Treatment_Function_Code",
    "DISDATE": "Discharge_Date",
    "DISMETH": "Discharge_Method",
    "DISDEST": "Discharge_Destination",
    "DIAG_4_01": "Primary_Diagnosis_Code",
    "DIAG_4_02": "Secondary_Diagnosis_Code_1",
    "OPERTN_4_01": "Primary_Procedure_Code",
    "OPDATE_01": "Primary_Procedure_Date",
}
CDS = {
    "EPIKEY": "Unique CDS identifier",
    "SUBDATE": "Submission Date",
    "PROVSPNO": "Hospital Provider Spell Number",
    "PROCODET": "Organisation Code Code of Provider",
    "NEWNHSNO": "NHS Number",
    "DOB": "Date of Birth",
    "STARTAGE": "Age at Start of Episode",
    "SEX": "Sex",
    "ETHNOS": "Ethnic Group",
    "ADMIDATE": "Start Date (Hospital Provider Spell)",
    "ADMIMETH": "Admission Method (Hospital Provider Spell)",
    "ADMISORC": "Source of Admission (Hospital Provider Spell)",
    "CLASSPAT": "Patient Classification",
    "EPISTART": "Start Date (Consultant Episode)",
    "EPIEND": "End Date (Consultant Episode)",
    "EPIORDER": "Episode Number",
    "TRETSPEF": "Treatment Function Code",
    "DISDATE": "Discharge Date (From Hospital Provider Spell)",
    "DISMETH": "Discharge Method (Hospital Provider Spell)",
    "DISDEST": "Discharge Destination (Hospital Provider Spell)",
    "DIAG_4_01": "Diagnosis Primary (ICD)",
    "DIAG_4_02": "Diagnosis 1st Secondary (ICD)",
    "OPERTN_4_01": "Primary Procedure (OPCS)",
    "OPDATE_01": "Primary Procedure Date (OPCS)",
}
HES = {name: name.lower() for name in SUS}
NAMES = {"hes_apc": HES, "sus_apc": SUS, "cds_apc": CDS}

ROWS: list[dict[str, str]] = [
    {**FIRST, "DIAG_4_02": "I10X"},
    {**SECOND, "OPERTN_4_01": "W371", "OPDATE_01": "2024-03-03"},
    {**SECOND, "SUBDATE": "2024-05-20", "DISDEST": "85", "DIAG_4_02": "E119"},
]


def told_as(dialect: str, *rows: Mapping[str, str]) -> list[dict[str, str]]:
    """Episodes under the names of a dialect."""
    whole = [{**EPISODE, "DOB": "1950-06-07", **row} for row in rows]
    names = NAMES[dialect]
    return [{names[name]: row.get(name, "") for name in names} for row in whole]


def linked_as(folder: Path, dialect: str, rows: list[dict[str, Any]]) -> LinkedRecords:
    return linked_feed(folder, dialect, {"episodes": rows}, **TOLD_MONTHLY)


STAY = "patient_id, kind, start_date, end_date, patient_class, admission_source, admission_method"
STAY += ", is_emergency, specialty, discharge_method, discharge_destination, provider"
EVENT = "kind, event_date, source, system, code, position"
KNOWN = "recorded_date, superseded_date"


@pytest.mark.parametrize("dialect", ["sus_apc", "cds_apc"])
def test_the_same_episodes_give_the_same_records(tmp_path: Path, dialect: str) -> None:
    hes = linked_as(tmp_path / "hes", "hes_apc", told_as("hes_apc", *ROWS))
    other = linked_as(tmp_path / "other", dialect, told_as(dialect, *ROWS))
    for table, columns in (("stays", STAY), ("events", EVENT), ("patients", "birth_month, sex")):
        known = "" if table == "patients" else f", {KNOWN}"
        expected = rows_of(hes, table, columns + known, "all")
        assert rows_of(other, table, columns + known, "all") == expected
        assert expected
    (source,) = other.manifest["sources"]
    assert source["dialect"] == dialect
    assert rejected(other, "episodes.csv") == {}


@pytest.mark.parametrize("dialect", list(NAMES))
def test_a_file_fits_one_dialect(dialect: str) -> None:
    columns = tuple(NAMES[dialect].values())
    file = FeedFile("file.csv", Path("file.csv"), "", columns, ",")
    fitting = [n for n, known in DIALECTS.items() if table_by_header(known, file) is not None]
    assert fitting == [dialect]


DOTTED = {
    "PRIMARYKEY_ID": "7",
    "spell.patient.identity.nhs_number.value Pseudo": "P1",
    "spell.patient.identity.birth_date": "1950-06-07",
    "spell.patient.identity.gender": "2",
    "spell.patient.identity.ethnic_category": "A",
    "spell.patient.identity.pds_date_of_death": "2024-07-03",
    "spell.hospital_provider_spell_number": "S1",
    "spell.commissioning.service_agreement.provider_derived": "RX1",
    "spell.admission.date": "2024-03-01",
    "spell.admission.time": "10:15:00",
    "spell.admission.method": "21",
    "spell.admission.source": "19",
    "spell.admission.patient_classification": "1",
    "spell.discharge.date": "2024-03-05",
    "spell.discharge.method": "1",
    "spell.discharge.destination": "19",
    "spell.discharge.to_hospital_at_home": "Y",
    "spell.clinical_coding.grouper_derived.primary_diagnosis": "J18.9",
}


def test_a_spell_of_the_unified_tables_is_one_row(tmp_path: Path) -> None:
    """Dotted names; people by a pseudonym; a death as the national register has it."""
    records = linked_as(tmp_path, "sus_apc", [DOTTED])
    assert rows_of(records, "stays", "start_date, start_time, end_date, is_emergency", "1") == [
        (date(2024, 3, 1), time(10, 15), date(2024, 3, 5), True)
    ]
    assert rows_of(records, "events", "kind, code", "kind") == [
        ("diagnosis", "J189"),
        ("referral", "HOSPITAL_AT_HOME"),
    ]
    columns = "birth_month, death_date, death_recorded_date"
    assert rows_of(records, "patients", columns, "1") == [
        (date(1950, 6, 1), date(2024, 7, 3), date(2024, 8, 20))
    ]


def test_all_codes_of_a_spell_in_one_column(tmp_path: Path) -> None:
    """SUS spells: episodes apart by '||', codes by commas; each code at its best position."""
    names = ("Primary_Diagnosis_Code", "Secondary_Diagnosis_Code_1")
    (row,) = told_as("sus_apc", {})
    row = {name: value for name, value in row.items() if name not in names}
    row |= {"Der_Diagnosis_All": "||E119 ,I10X,J849 ||J849 ,N179", "Der_Procedure_All": "W371,Z843"}
    records = linked_as(tmp_path, "sus_apc", [row])
    assert rows_of(records, "events", "code, position", "kind, position, code") == [
        ("E119", 1),
        ("J849", 1),
        ("I10", 2),
        ("N179", 2),
        ("W371", 1),
        ("Z843", 2),
    ]


def test_without_keys_the_number_in_the_spell_names_an_episode(tmp_path: Path) -> None:
    """A CDS download: the second submission supersedes the first, whatever it corrects."""
    rows = told_as("cds_apc", {}, {"SUBDATE": "2024-05-20", "EPISTART": "2024-03-02"})
    rows[1]["Treatment Function Code"] = "430"
    for row in rows:
        del row["Unique CDS identifier"]
    records = linked_as(tmp_path, "cds_apc", rows)
    assert rows_of(records, "stays", f"specialty, {KNOWN}", "recorded_date") == [
        ("300", date(2024, 4, 20), date(2024, 5, 20)),
        ("430", date(2024, 5, 20), None),
    ]


AGES = {
    "73": date(1950, 9, 1),
    "0": date(2023, 9, 1),
    "120": date(1903, 9, 1),
    "7001": date(2024, 3, 1),
    "7003": date(2024, 3, 1),
    "7004": date(2024, 1, 1),
    "7007": date(2023, 5, 1),
}


def test_an_age_tells_the_birth_of_people_with_a_pseudonym_alone(tmp_path: Path) -> None:
    """In the middle of the months that are possible; nobody else's birth is worked out so."""
    rows = [
        {"PSEUDO_HESID": f"P{n}", "NEWNHSNO": "", "MYDOB": "", "STARTAGE": age, "EPIKEY": f"E{n}"}
        for n, age in enumerate(AGES)
    ]
    numbered = {"NEWNHSNO": ANNE, "PSEUDO_HESID": "", "MYDOB": ""}
    whole = [{**EPISODE, **row} for row in (*rows, numbered)]
    records = linked_as(tmp_path, "hes_apc", whole)
    assert rejected(records, "episodes.csv") == {"patient without a date of birth": 1}
    births = rows_of(records, "patients", "birth_month", "1")
    assert births == sorted((month,) for month in AGES.values())
    assert PATIENT not in [
        patient for (patient,) in rows_of(records, "patients", "patient_id", "1")
    ]
