"""Names that all tables of Hospital Episode Statistics share.

References
----------
NHS England, Hospital Episode Statistics data dictionaries; extracts of the Data Access Request
Service, and the lower-case names of research databases made from them.
"""

from __future__ import annotations

from riskstrat.records.sources.hospital_columns import numbered
from riskstrat.records.sources.stay_codes import MOST_DIAGNOSES, MOST_PROCEDURES

__all__ = ["HES_CODES", "HES_DIAGNOSES", "HES_PEOPLE", "HES_PROCEDURES"]

HES_PEOPLE = {
    "submission_date": ("SUBDATE", "SUBMISSION_DATE"),
    "local_id": ("LOPATID",),
    "nhs_number": ("NEWNHSNO", "NHS_NUMBER", "NHSNO"),
    "token": (
        "PSEUDO_HESID",
        "TOKEN_PERSON_ID",
        "ENCRYPTED_HESID",
        "EXTRACT_HESID",
        "PSEUDO_NHS_NUMBER",
        "PATID",
    ),
    "birth_date": ("DOB", "DATE_OF_BIRTH"),
    "told_month": ("MYDOB",),
    "sex": ("SEX",),
    "ethnic_category": ("ETHNOS",),
    "told_practice": ("GPPRAC",),
    "told_lsoa": ("LSOA21", "LSOA11", "LSOA01"),
    "told_postcode": ("HOMEADD", "POSTCODE"),
    "provider_of_treatment": ("PROCODET",),
    "provider_trust": ("PROCODE3",),
    "provider_site": ("PROCODE5", "PROCODE"),
    "specialty": ("TRETSPEF",),
}
"""Of whom a row tells, who treated them, and when the row was submitted."""

HES_CODES = {
    "all_diagnoses": ("DIAG_4_CONCAT", "DIAG_3_CONCAT"),
    "all_procedures": ("OPERTN_4_CONCAT", "OPERTN_3_CONCAT"),
}
HES_DIAGNOSES = tuple(
    numbered("diagnosis", MOST_DIAGNOSES, ("DIAG_4_{nn}", "DIAG_{nn}", "DIAG_3_{nn}"))
)
HES_PROCEDURES = tuple(
    numbered("procedure", MOST_PROCEDURES, ("OPERTN_4_{nn}", "OPERTN_{nn}", "OPERTN_3_{nn}"))
)
