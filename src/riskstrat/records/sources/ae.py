"""Accident and emergency attendances before the emergency care data set (2007 to 2020).

Hospital episode statistics (``AEKEY``, ``ARRIVALDATE``) and the commissioning data set as trusts
send it (``A&E Attendance Number``, ``Arrival Date``).

A diagnosis is a condition of the data set's own list, 01 to 39: the local code ``ae:NN``.
Departments that coded in ICD-10 say so; a code of another scheme is not read.

References
----------
Hospital episode statistics data dictionary, accident and emergency (AEATTENDCAT, AEATTENDDISP,
AEPATGROUP, DIAG_NN, DIAGSCHEME, DEPDUR); NHS England counts as unplanned what is not in category 2.
"""

from __future__ import annotations

from riskstrat.records.sources.attendances import (
    AttendanceRows,
    build_attendances,
    code_columns,
    coded_sql,
)
from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.hospital_columns import SCOPE, who_sql
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.work import Work

__all__ = ["AE"]

_DIAGNOSES = 12
_TABLE = RawTable(
    "ae",
    (
        Column("identifier", ("AEKEY", "EPIKEY", "A&E Attendance Number"), Kind.IDENTIFIER),
        Column("local_id", ("LOPATID", "Local Patient Identifier"), Kind.IDENTIFIER),
        Column(
            "provider_of_treatment",
            ("PROCODET", "Organisation Code (Code of Provider)"),
        ),
        Column("provider_trust", ("PROCODE3", "PROCODE")),
        Column("provider_site", ("PROCODE5", "Site Code (Of Treatment)")),
        Column("nhs_number", ("NEWNHSNO", "NHS Number"), Kind.IDENTIFIER),
        Column("token", ("PSEUDO_HESID", "TOKEN_PERSON_ID", "ENCRYPTED_HESID")),
        Column("birth_date", ("DOB", "Date of Birth"), Kind.DAY),
        Column("told_month", ("MYDOB",), Kind.MONTH),
        Column("age", ("ARRIVALAGE", "Age at CDS Activity Date"), Kind.INTEGER),
        Column("sex", ("SEX",)),
        Column("ethnic_category", ("ETHNOS", "Ethnic Category")),
        Column("told_postcode", ("HOMEADD", "Postcode")),
        Column("told_lsoa", ("LSOA11", "LSOA01")),
        Column("told_practice", ("GPPRAC", "Practice Code of Registered GP")),
        Column("submission_date", ("SUBMISSION_DATE", "SUBDATE"), Kind.DAY),
        Column("department_type", ("AEDEPTTYPE", "A&E Department Type")),
        Column("category", ("AEATTENDCAT", "A&E Attendance Category"), required=True),
        Column("disposal", ("AEATTENDDISP", "A&E Attendance Disposal")),
        Column("patient_group", ("AEPATGROUP", "A&E Patient Group")),
        Column(
            "arrival_date",
            ("ARRIVALDATE", "Arrival Date"),
            Kind.DAY,
            required=True,
            missing=Reason.NO_DATE,
        ),
        Column("arrival_clock", ("ARRIVALTIME", "Arrival Time")),
        Column("departure_date", ("A&E Departure Date",), Kind.DAY),
        Column("departure_clock", ("A&E Departure Time",)),
        Column("minutes", ("DEPDUR", "AE Duration"), Kind.INTEGER),
        Column("scheme", ("DIAGSCHEME", "Diagnosis Scheme In Use")),
        *code_columns("diagnosis", ("DIAG3_{n:02d}", "DIAG_{n:02d}", "DIAG2_{n:02d}"), _DIAGNOSES),
    ),
    derived=who_sql("arrival_date"),
    scope=SCOPE,
)

_PLANNED_CATEGORY = "2"
_BROUGHT_IN_DEAD = "70"
_DIED = "10"
"""Hospital episode statistics, AEATTENDCAT, AEPATGROUP and AEATTENDDISP."""

_CONDITION = "(0[1-9]|[12][0-9]|3[0-9])"
_CATEGORY_OF_ICD10 = "[A-Z][0-9]{2}"
_OWN_OR_ICD10 = "coalesce(scheme, '01') in ('01', '02')"
_ICD10 = "scheme = '02'"
"""Hospital episode statistics, DIAGSCHEME: 01 own list, 02 ICD-10, 04 and 05 Read."""

_IS_OWN = f"{_OWN_OR_ICD10} and regexp_matches(c, '^{_CONDITION}')"
_IS_ICD10 = f"{_ICD10} and regexp_matches(c, '^{_CATEGORY_OF_ICD10}')"

_ROWS = AttendanceRows(
    _TABLE.name,
    planned=f"category = '{_PLANNED_CATEGORY}'",
    dead_on_arrival=f"patient_group = '{_BROUGHT_IN_DEAD}'",
    died=f"disposal = '{_DIED}'",
    diagnoses=coded_sql(
        f"[{', '.join(f'diagnosis_{n}' for n in range(1, _DIAGNOSES + 1))}]",
        f"case when {_IS_OWN} then 'local' else 'icd10' end",
        f"case when {_IS_OWN} then 'ae:' || c[1:2] when {_IS_ICD10} then c[1:3] end",
    ),
)


def _build(work: Work) -> None:
    """What stands on the accident and emergency attendances of some people."""
    build_attendances(work, _ROWS)


AE = Dialect("ae", (_TABLE,), _build)
