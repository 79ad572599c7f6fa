"""Commissioning data set of admitted patient care as a flat file: the long names of its columns.

References
----------
NHS Data Dictionary, CDS types 120 to 200; downloads from the Secondary Uses Service as trusts keep
them, one row an episode.
"""

from __future__ import annotations

from riskstrat.records.sources.apc_rows import apc_dialect
from riskstrat.records.sources.hospital_columns import numbered
from riskstrat.records.sources.stay_codes import MOST_DIAGNOSES, MOST_PROCEDURES

__all__ = ["CDS_APC"]

CDS_APC = apc_dialect(
    "cds_apc",
    {
        "identifier": ("CDS Unique Identifier", "Unique CDS identifier"),
        "submission_date": ("Submission Date", "CDS Extract Date", "Extract date/time"),
        "spell": ("Hospital Provider Spell Number", "Hospital Provider Spell Identifier"),
        "local_id": ("Local Patient Identifier", "Local Patient Identifier (Extended)"),
        "nhs_number": ("NHS Number",),
        "token": ("Pseudo NHS Number", "NHS Number Pseudo"),
        "birth_date": ("Date of Birth", "Person Birth Date", "Birth Date"),
        "age": ("Age at Start of Episode", "Age as on Admission", "Age at CDS Activity Date"),
        "sex": ("Sex", "Person Stated Gender Code", "Person Gender Code Current"),
        "ethnic_category": ("Ethnic Group", "Ethnic Category"),
        "told_practice": (
            "Practice Code of Registered GP",
            "General Medical Practice Code (Patient Registration)",
            "GP Practice (Derived)",
        ),
        "told_lsoa": ("Lower Layer Super Output Area (Residence)",),
        "told_postcode": ("Postcode", "Postcode of Usual Address"),
        "provider_of_treatment": (
            "Organisation Code Code of Provider",
            "Organisation Code (Code of Provider)",
            "Organisation Identifier (Code of Provider)",
        ),
        "provider_site": (
            "Site Code (of Treatment) At Episode Start Date",
            "Site Code (of Treatment)",
        ),
        "admission_date": ("Start Date (Hospital Provider Spell)",),
        "start_time": ("Start Time (Hospital Provider Spell)",),
        "admission_method": (
            "Admission Method (Hospital Provider Spell)",
            "Admission Method Code (Hospital Provider Spell)",
        ),
        "admission_source": (
            "Source of Admission (Hospital Provider Spell)",
            "Source of Admission Code (Hospital Provider Spell)",
            "Admission Source (Hospital Provider Spell)",
        ),
        "patient_class": ("Patient Classification", "Patient Classification Code"),
        "episode_start": ("Start Date (Consultant Episode)", "Start Date (Episode)"),
        "episode_end": ("End Date (Consultant Episode)", "End Date (Episode)"),
        "episode_order": ("Episode Number",),
        "stay_days": ("Hospital Spell Duration",),
        "specialty": ("Treatment Function Code", "Activity Treatment Function Code"),
        "discharge_date": (
            "Discharge Date (From Hospital Provider Spell)",
            "Discharge Date (Hospital Provider Spell)",
        ),
        "discharge_method": (
            "Discharge Method (Hospital Provider Spell)",
            "Discharge Method Code (Hospital Provider Spell)",
        ),
        "discharge_destination": (
            "Discharge Destination (Hospital Provider Spell)",
            "Discharge Destination Code (Hospital Provider Spell)",
        ),
        "at_home": ("Discharge To Hospital At Home Service Indicator",),
    },
    required=("spell", "admission_date", "admission_method", "patient_class"),
    diagnoses=tuple(
        numbered(
            "diagnosis",
            MOST_DIAGNOSES,
            ("Diagnosis {mth} Secondary (ICD)", "Secondary Diagnosis (ICD) {m}"),
            ("Diagnosis Primary (ICD)", "Primary Diagnosis (ICD)"),
        )
    ),
    procedures=(
        *numbered(
            "procedure",
            MOST_PROCEDURES,
            ("{nth} Procedure (OPCS)", "Procedure (OPCS) {n}"),
            ("Primary Procedure (OPCS)",),
        ),
        *numbered(
            "procedure_date",
            MOST_PROCEDURES,
            ("{nth} Procedure Date (OPCS)", "Procedure Date (OPCS) {n}"),
            ("Primary Procedure Date (OPCS)", "Procedure Date"),
        ),
    ),
)
"""Admitted patient care of the commissioning data sets."""
