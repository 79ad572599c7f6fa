"""Hospital Episode Statistics, admitted patient care: the names of its columns.

References
----------
NHS England, Hospital Episode Statistics data dictionary, admitted patient care.
"""

from __future__ import annotations

from riskstrat.records.sources.apc_rows import apc_dialect
from riskstrat.records.sources.hes_columns import (
    HES_CODES,
    HES_DIAGNOSES,
    HES_PEOPLE,
    HES_PROCEDURES,
)
from riskstrat.records.sources.hospital_columns import numbered
from riskstrat.records.sources.stay_codes import MOST_PROCEDURES

__all__ = ["HES_APC"]

HES_APC = apc_dialect(
    "hes_apc",
    {
        **HES_PEOPLE,
        **HES_CODES,
        "identifier": ("EPIKEY",),
        "spell": ("PROVSPNO", "PROVSPNOPS", "SUSSPELLID", "SPNO"),
        "age": ("STARTAGE",),
        "admission_date": ("ADMIDATE",),
        "admission_method": ("ADMIMETH",),
        "admission_source": ("ADMISORC",),
        "patient_class": ("CLASSPAT",),
        "episode_start": ("EPISTART",),
        "episode_end": ("EPIEND",),
        "episode_order": ("EPIORDER", "EORDER"),
        "episode_status": ("EPISTAT",),
        "episode_type": ("EPITYPE",),
        "episode_days": ("EPIDUR",),
        "stay_days": ("SPELDUR",),
        "discharge_date": ("DISDATE", "DISCHARGED"),
        "discharge_method": ("DISMETH",),
        "discharge_destination": ("DISDEST",),
        "at_home": ("DISCHARGE_TO_HOSPITAL_AT_HOME_SERVICE_INDICATOR",),
        "external_cause": ("CAUSE_4", "CAUSE", "CAUSE_3"),
    },
    required=("admission_date", "admission_method", "patient_class", "episode_start"),
    diagnoses=HES_DIAGNOSES,
    procedures=(
        *HES_PROCEDURES,
        *numbered("procedure_date", MOST_PROCEDURES, ("OPDATE_{nn}",)),
    ),
)
"""Admitted patient care of Hospital Episode Statistics."""
