"""Files of emergency departments are told from each other and from any other by their header."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.records.small_feeds import write_csv, write_governance

from riskstrat.errors import RecordsError
from riskstrat.records import link
from riskstrat.records.sources import DIALECTS, find_files
from riskstrat.records.sources.dialect import table_by_header

EXTRACT = (
    *("TOKEN_PERSON_ID", "EPIKEY", "ARRIVAL_DATE", "ARRIVAL_TIME", "ARRIVAL_MODE"),
    *("ATTENDANCE_CATEGORY", "ATTENDANCE_SOURCE", "DEPARTMENT_TYPE", "ACUITY", "CHIEF_COMPLAINT"),
    *(f"COMORBIDITIES_{n}" for n in range(1, 11)),
    *(f"DIAGNOSIS_CODE_{n}" for n in range(1, 13)),
    *(f"DIAGNOSIS_QUALIFIER_{n}" for n in range(1, 13)),
    *("CONCLUSION_DATE", "DEPARTURE_DATE", "DEPARTURE_TIME_SINCE_ARRIVAL", "DISCHARGE_STATUS"),
    *("AGE_AT_ARRIVAL", "STATED_GENDER", "ETHNIC_CATEGORY", "LSOA_2011", "PROVIDER_CODE", "SITE"),
)
REPOSITORY = (
    *("EC_Ident", "Arrival_Date", "Arrival_Planned", "EC_Department_Type"),
    *("Der_EC_Arrival_Date_Time", "Der_EC_Departure_Date_Time", "EC_Chief_Complaint_SNOMED_CT"),
    *("EC_Diagnosis_01", "EC_Acuity_SNOMED_CT", "EC_Arrival_Mode_SNOMED_CT", "Der_Dupe_Flag"),
    *("Discharge_Destination_SNOMED_CT", "Der_Postcode_LSOA_Code", "Der_Pseudo_NHS_Number"),
)
LAKE = (
    *("PRIMARYKEY_ID", "patient.nhs_number.value Pseudo", "patient.age_at_arrival"),
    *("attendance.arrival.date", "attendance.arrival.arrival_mode.code"),
    *("attendance.arrival.attendance_category", "attendance.location.department_type"),
    *("clinical.acuity.code", "clinical.chief_complaint.code", "attendance.arrival.planned"),
    *("attendance.discharge.destination.code", "attendance.decision_to_admit.date"),
)
STATISTICS = (
    *("PSEUDO_HESID", "AEKEY", "AEARRIVALMODE", "AEATTENDCAT", "AEATTENDDISP", "AEDEPTTYPE"),
    *("ARRIVALDATE", "ARRIVALTIME", "DEPDUR", "EPIKEY", "PROCODET", "SEX"),
    *(f"DIAG2_{n:02d}" for n in range(1, 13)),
)
COMMISSIONING = (
    *("NHS Number", "A&E Arrival Mode", "A&E Attendance Category", "A&E Attendance Disposal"),
    *("Arrival Date", "Arrival Time", "Treatment Function Code"),
)
HEADERS = {
    "extract": (EXTRACT, "ecds"),
    "repository": (REPOSITORY, "ecds"),
    "lake": (LAKE, "ecds"),
    "statistics": (STATISTICS, "ae"),
    "commissioning": (COMMISSIONING, "ae"),
}


def dialects_of(folder: Path, header: tuple[str, ...]) -> list[str]:
    """The dialects that a file with this header, and with no telling name, fits."""
    write_csv(folder / "export.csv", header, [])
    (file,) = find_files(folder)
    return [n for n, dialect in DIALECTS.items() if table_by_header(dialect, file) is not None]


@pytest.mark.parametrize("written", [str, str.lower, str.upper, lambda n: n.replace("_", " ")])
@pytest.mark.parametrize(("header", "dialect"), HEADERS.values(), ids=HEADERS)
def test_a_header_fits_one_dialect(
    tmp_path: Path, header: tuple[str, ...], dialect: str, written: type[str]
) -> None:
    assert dialects_of(tmp_path, tuple(written(name) for name in header)) == [dialect]


@pytest.mark.parametrize(
    ("header", "without"),
    [
        (EXTRACT, "ARRIVAL_DATE"),
        (EXTRACT, "DEPARTMENT_TYPE"),
        (LAKE, "attendance.location.department_type"),
        (STATISTICS, "ARRIVALDATE"),
        (STATISTICS, "AEATTENDCAT"),
    ],
)
def test_a_file_without_a_needed_column_fits_none(
    tmp_path: Path, header: tuple[str, ...], without: str
) -> None:
    assert dialects_of(tmp_path, tuple(name for name in header if name != without)) == []


def test_a_named_file_that_lacks_a_column_says_which(tmp_path: Path) -> None:
    write_governance(tmp_path, "ecds")
    write_csv(tmp_path / "ecds.csv", [n for n in EXTRACT if n != "DEPARTMENT_TYPE"], [])
    with pytest.raises(RecordsError, match="ecds, lacks the columns DEPARTMENT_TYPE"):
        link(tmp_path, tmp_path / "records")
