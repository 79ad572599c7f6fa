"""Published indices as pure functions of codes, names of conditions and numbers.

Each function cites its paper. The queries that build features give the same values; tests compare
the two, and both with independent implementations. What period the codes are from is up to the
caller, and each docstring says which one the paper took.
"""

from riskstrat.features.indices.ambulatory_care import AmbulatoryCareSensitive, acsc
from riskstrat.features.indices.comorbidity import CharlsonWeights, charlson, elixhauser
from riskstrat.features.indices.discharge import (
    HospitalStay,
    hospital_score,
    hospital_score_band,
    lace,
    lace_band,
    lace_charlson_points,
)
from riskstrat.features.indices.electronic_frailty import (
    EFI_DEFICITS,
    efi,
    efi_band,
    efi_deficits_of,
)
from riskstrat.features.indices.frailty_syndromes import imperial_frailty
from riskstrat.features.indices.hospital_frailty import hfrs, hfrs_band
from riskstrat.features.indices.multimorbidity import (
    CAMBRIDGE_CONDITIONS,
    cambridge_multimorbidity,
)
from riskstrat.features.indices.readmission import Parr30, Parr30Facts, parr30

__all__ = [
    "CAMBRIDGE_CONDITIONS",
    "EFI_DEFICITS",
    "AmbulatoryCareSensitive",
    "CharlsonWeights",
    "HospitalStay",
    "Parr30",
    "Parr30Facts",
    "acsc",
    "cambridge_multimorbidity",
    "charlson",
    "efi",
    "efi_band",
    "efi_deficits_of",
    "elixhauser",
    "hfrs",
    "hfrs_band",
    "hospital_score",
    "hospital_score_band",
    "imperial_frailty",
    "lace",
    "lace_band",
    "lace_charlson_points",
    "parr30",
]
