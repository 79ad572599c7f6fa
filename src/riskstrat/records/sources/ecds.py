"""The emergency care data set (ECDS), under the names that its columns have with three owners.

DARS extracts (``ARRIVAL_DATE``), the national commissioning data repository (``EC_Ident``,
``Der_...``) and the lakes of integrated care boards (``attendance.arrival.date``) name the same
items: one table with aliases reads all of them. In a lake, diagnoses stand in a table of their own
that names no person, and are not read.

Acuity, chief complaint, injury, accommodation and the decision to admit are not kept: nothing in
the records has a place for them that would not hide or count something else.

References
----------
NHS Data Dictionary, Emergency Care Data Set; column names as in public code and metadata for these
three owners.
"""

from __future__ import annotations

from riskstrat.records.sources.attendances import (
    AttendanceRows,
    build_attendances,
    clock_of_moment_sql,
    code_columns,
    coded_sql,
)
from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.hospital_columns import SCOPE, who_sql
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.work import Work

__all__ = ["ECDS"]

_DIAGNOSES = 24
"""Most diagnoses of one attendance, in the repository; 12 in other extracts."""

_TABLE = RawTable(
    "ecds",
    (
        Column(
            "identifier",
            (
                *("EPIKEY", "EC_Ident", "attendance.arrival.attendance_identifier"),
                *("attendance.unique_identifier", "PRIMARYKEY_ID"),
            ),
            Kind.IDENTIFIER,
        ),
        Column(
            "local_id",
            ("LOCAL_PATIENT_IDENTIFIER", "patient.local_patient_identifier.value"),
            Kind.IDENTIFIER,
        ),
        Column(
            "provider_of_treatment",
            ("PROVIDER_CODE", "Der_Provider_Code", "attendance.location.hes_provider_3"),
        ),
        Column("provider_trust", ("PROVIDER_CODE_DERIVED", "attendance.location.hes_provider_5")),
        Column("provider_site", ("SITE", "Der_Provider_Site_Code", "attendance.location.site")),
        Column("nhs_number", ("NHS_NUMBER", "patient.nhs_number.value"), Kind.IDENTIFIER),
        Column(
            "token",
            ("TOKEN_PERSON_ID", "Der_Pseudo_NHS_Number", "patient.nhs_number.value Pseudo"),
        ),
        Column("birth_date", ("BIRTH_DATE", "PERSON_BIRTH_DATE", "DATE_OF_BIRTH"), Kind.DAY),
        Column("month_and_year", ("MYDOB",), Kind.MONTH),
        Column("birth_year", ("BIRTH_YEAR",), Kind.INTEGER),
        Column("month_number", ("BIRTH_MONTH",), Kind.INTEGER),
        Column(
            "age",
            (
                *("AGE_AT_ARRIVAL", "Der_Age_At_CDS_Activity_Date"),
                *("patient.hes_age_at_arrival", "patient.age_at_arrival"),
            ),
            Kind.INTEGER,
        ),
        Column("sex", ("STATED_GENDER", "Sex", "patient.stated_gender")),
        Column("ethnic_category", ("ETHNIC_CATEGORY", "patient.ethnic_category")),
        Column("told_postcode", ("PATIENT_POSTCODE",)),
        Column(
            "told_lsoa",
            (
                *("LSOA_2011", "Der_Postcode_LSOA_Code", "Der_Postcode_LSOA_2011_Code"),
                "patient.usual_address.lsoa_11",
            ),
        ),
        Column(
            "told_practice",
            (
                *("PRACTICE_CODE_PATIENT_REGISTRATION", "PDS_GENERAL_PRACTICE"),
                *("GP_Practice_Code", "patient.gp_registration.general_practice"),
            ),
        ),
        Column(
            "submission_date",
            (
                *("SUBMISSION_DATE", "Interchange_Received_Date"),
                "system.interchange.received_date",
            ),
            Kind.DAY,
        ),
        Column("dupe_flag", ("Der_Dupe_Flag",), Kind.INTEGER),
        Column(
            "department_type",
            ("DEPARTMENT_TYPE", "EC_Department_Type", "attendance.location.department_type"),
            required=True,
        ),
        Column(
            "category",
            (
                *("ATTENDANCE_CATEGORY", "EC_AttendanceCategory"),
                "attendance.arrival.attendance_category",
            ),
        ),
        Column("is_planned", ("Arrival_Planned", "attendance.arrival.planned"), Kind.YES_NO),
        Column(
            "arrival_date",
            ("ARRIVAL_DATE", "attendance.arrival.date", "Der_EC_Arrival_Date_Time"),
            Kind.DAY,
            required=True,
            missing=Reason.NO_DATE,
        ),
        Column("arrival_time", ("ARRIVAL_TIME", "attendance.arrival.time")),
        Column("arrival_moment", ("Der_EC_Arrival_Date_Time", "attendance.arrival.timestamp")),
        Column(
            "departure_date",
            (
                *("DEPARTURE_DATE", "EC_Departure_Date", "attendance.departure.date"),
                "Der_EC_Departure_Date_Time",
            ),
            Kind.DAY,
        ),
        Column(
            "departure_time",
            ("DEPARTURE_TIME", "EC_Departure_Time", "attendance.departure.time"),
        ),
        Column(
            "departure_moment", ("Der_EC_Departure_Date_Time", "attendance.departure.timestamp")
        ),
        Column(
            "minutes",
            (
                *("DEPARTURE_TIME_SINCE_ARRIVAL", "EC_Departure_Time_Since_Arrival"),
                "attendance.departure.time_since_arrival",
            ),
            Kind.INTEGER,
        ),
        Column(
            "discharge_status",
            (
                *("DISCHARGE_STATUS", "EC_Discharge_Status_SNOMED_CT"),
                "attendance.discharge.status.code",
            ),
            Kind.CODE,
        ),
        Column(
            "discharge_destination",
            (
                *("DISCHARGE_DESTINATION", "Discharge_Destination_SNOMED_CT"),
                "attendance.discharge.destination.code",
            ),
            Kind.CODE,
        ),
        *code_columns("diagnosis", ("DIAGNOSIS_CODE_{n}", "EC_Diagnosis_{n:02d}"), _DIAGNOSES),
        Column("all_diagnoses", ("Der_EC_Diagnosis_All",)),
    ),
    derived={
        "told_month": "coalesce(month_and_year, try(make_date(birth_year, month_number, 1)))",
        **who_sql("arrival_date"),
        "arrival_clock": clock_of_moment_sql("arrival_time", "arrival_moment"),
        "departure_clock": clock_of_moment_sql("departure_time", "departure_moment"),
    },
    scope=SCOPE,
)

_PLANNED_CATEGORY = "4"
_DEAD_ON_ARRIVAL = "X"
"""NHS Data Dictionary, EMERGENCY CARE ATTENDANCE CATEGORY; 1 to 3 are unplanned."""

_STATUS_DEAD_ON_ARRIVAL = "63238001"
_STATUS_DIED = "75004002"
_TO_MORTUARY = "305398007"
"""SNOMED CT, as in the data set's discharge status and discharge destination."""

_EACH = ", ".join(f"diagnosis_{n}" for n in range(1, _DIAGNOSES + 1))

_ROWS = AttendanceRows(
    _TABLE.name,
    planned=f"is_planned or ltrim(category, '0') = '{_PLANNED_CATEGORY}'",
    dead_on_arrival=f"category = '{_DEAD_ON_ARRIVAL}' "
    f"or discharge_status = '{_STATUS_DEAD_ON_ARRIVAL}'",
    died=f"discharge_status = '{_STATUS_DIED}' or discharge_destination = '{_TO_MORTUARY}'",
    diagnoses=coded_sql(
        f"case when coalesce({_EACH}) is null then string_split(all_diagnoses, ',') "
        f"else [{_EACH}] end",
        "'snomed'",
        "nullif(trim(c), '')",
    ),
    duplicate="dupe_flag <> 0",
)
"""What a row means. Where the repository has all diagnoses in one column, commas part them."""


def _build(work: Work) -> None:
    """What stands on the emergency care data set of some people."""
    build_attendances(work, _ROWS)


ECDS = Dialect("ecds", (_TABLE,), _build)
