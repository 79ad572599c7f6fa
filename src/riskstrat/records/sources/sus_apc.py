"""Secondary Uses Service, admitted patient care, as national and local warehouses name its columns.

Two spellings: that of the national warehouse (``Admission_Date``), one row an episode, and the
dotted one of the unified tables (``spell.admission.date``), one row a stay.

References
----------
NHS England, National Commissioning Data Repository, APC episodes (APCE) and spells (APCS); SUS
unified admitted patient care, table ``spell``.
"""

from __future__ import annotations

from riskstrat.records.sources.apc_rows import apc_dialect
from riskstrat.records.sources.hospital_columns import numbered
from riskstrat.records.sources.stay_codes import MOST_DIAGNOSES, MOST_PROCEDURES

__all__ = ["SUS_APC"]

_PATIENT = "spell.patient.identity"

SUS_APC = apc_dialect(
    "sus_apc",
    {
        "identifier": ("APCE_Ident", "APCS_Ident", "PRIMARYKEY_ID"),
        "submission_date": ("Submission_Date", "Der_Submission_Date"),
        "spell": (
            "Hospital_Spell_No",
            "Hospital_Provider_Spell_No",
            "Hospital_Provider_Spell_Number",
            "Der_Spell_ID",
            "spell.hospital_provider_spell_number",
        ),
        "local_id": ("Local_Patient_ID", "Local_Patient_Identifier"),
        "nhs_number": ("NHS_Number",),
        "token": (
            "Der_Pseudo_NHS_Number",
            "Pseudo_NHS_Number",
            f"{_PATIENT}.nhs_number.value Pseudo",
        ),
        "birth_date": ("Date_of_Birth", f"{_PATIENT}.birth_date"),
        "told_month": ("Month_of_Birth",),
        "age": (
            "Age_at_Start_of_Episode_SUS",
            "Age_on_Admission",
            "Der_Age_at_CDS_Activity_Date",
            "Age_at_CDS_Activity_Date",
        ),
        "sex": ("Sex", f"{_PATIENT}.gender"),
        "ethnic_category": ("Ethnic_Group", f"{_PATIENT}.ethnic_category"),
        "told_practice": (
            "GP_Practice_Code",
            "GP_Practice_SUS",
            "spell.patient.registration.general_practice",
        ),
        "told_lsoa": (
            "Der_Postcode_LSOA_Code",
            "Der_Postcode_LSOA_2011_Code",
            "Der_Postcode_LSOA_2021_Code",
            "spell.patient.residence_derived.lsoa_11",
        ),
        "told_postcode": ("Postcode",),
        "death_date": (f"{_PATIENT}.pds_date_of_death",),
        "provider_of_treatment": (
            "Der_Provider_Code",
            "Provider_Code",
            "spell.commissioning.service_agreement.provider_derived",
            "spell.commissioning.service_agreement.provider",
        ),
        "provider_site": ("Der_Provider_Site_Code", "spell.care_location.site_code_of_treatment"),
        "admission_date": ("Admission_Date", "spell.admission.date"),
        "start_time": ("Admission_Time", "spell.admission.time"),
        "admission_method": ("Admission_Method", "spell.admission.method"),
        "admission_source": ("Source_of_Admission", "spell.admission.source"),
        "patient_class": ("Patient_Classification", "spell.admission.patient_classification"),
        "episode_start": ("Episode_Start_Date",),
        "episode_end": ("Episode_End_Date",),
        "episode_order": ("Episode_Number",),
        "stay_days": ("spell.discharge.length_of_hospital_stay",),
        "specialty": ("Treatment_Function_Code",),
        "discharge_date": ("Discharge_Date", "spell.discharge.date"),
        "discharge_method": ("Discharge_Method", "spell.discharge.method"),
        "discharge_destination": ("Discharge_Destination", "spell.discharge.destination"),
        "at_home": (
            "Discharge_To_Hospital_At_Home_Service_Indicator",
            "spell.discharge.to_hospital_at_home",
        ),
        "all_diagnoses": ("Der_Diagnosis_All",),
        "all_procedures": ("Der_Procedure_All",),
    },
    required=("identifier", "admission_date", "admission_method", "patient_class"),
    diagnoses=tuple(
        numbered(
            "diagnosis",
            MOST_DIAGNOSES,
            ("Der_Diagnosis_{nn}", "Secondary_Diagnosis_Code_{m}"),
            (
                "Primary_Diagnosis_Code",
                "Der_Primary_Diagnosis_Code",
                "spell.clinical_coding.grouper_derived.primary_diagnosis",
            ),
        )
    ),
    procedures=(
        *numbered(
            "procedure",
            MOST_PROCEDURES,
            ("Secondary_Procedure_Code_{m}",),
            ("Primary_Procedure_Code", "Der_Primary_Procedure_Code"),
        ),
        *numbered(
            "procedure_date",
            MOST_PROCEDURES,
            ("Secondary_Procedure_Date_{m}",),
            ("Primary_Procedure_Date",),
        ),
    ),
)
"""Admitted patient care of the Secondary Uses Service."""
