"""Charlson and Elixhauser comorbidity from ICD-10 codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from riskstrat.errors import UsageError
from riskstrat.features.indices.arguments import icd10_codes
from riskstrat.features.indices.condition_groups import conditions_of, drop_milder, weight_of

__all__ = ["CharlsonWeights", "charlson", "elixhauser"]

CharlsonWeights = Literal["quan2011", "charlson1987", "shmi"]


def charlson(codes: Iterable[str], weights: CharlsonWeights = "quan2011") -> int:
    """Charlson comorbidity index without points for age.

    Parameters
    ----------
    codes : iterable of str
        ICD-10 diagnosis codes in any written form, here of five years; others are ignored. The SHMI
        takes the secondary diagnoses of one spell.
    weights : {"quan2011", "charlson1987", "shmi"}
        The updated weights (0 to 24), the original ones, or those of the Summary Hospital-level
        Mortality Indicator with its own, narrower lists of codes.

    Returns
    -------
    int
        Sum of the weights of the conditions present; mild liver disease, uncomplicated diabetes
        and cancer do not count beside their severe form. In the SHMI complicated diabetes weighs
        -1, and a sum below 0 counts as 0.

    Raises
    ------
    UsageError
        When the weights are not known, or the codes are not texts in a list or set.

    References
    ----------
    Charlson ME, et al. J Chronic Dis 1987;40:373-83. doi:10.1016/0021-9681(87)90171-8.
    Quan H, et al. Med Care 2005;43:1130-9. doi:10.1097/01.mlr.0000182534.19832.83 (codes).
    Quan H, et al. Am J Epidemiol 2011;173:676-82. doi:10.1093/aje/kwq433 (updated weights).
    NHS England, SHMI indicator specification 1.60, as two programs carry it (see PROVENANCE.md).

    Examples
    --------
    >>> charlson(["I50.0", "E11.9", "E11.2"]), charlson(["I50.0", "E11.9", "E11.2"], "charlson1987")
    (3, 3)
    >>> charlson(["I50.0", "E11.9", "E11.2"], "shmi"), charlson(["E11.2"], "shmi")
    (12, 0)
    """
    if weights not in get_args(CharlsonWeights):
        raise UsageError("expected the weights 'quan2011', 'charlson1987' or 'shmi'.")
    table = "charlson_shmi_icd10" if weights == "shmi" else "charlson_quan2005_icd10"
    present = drop_milder(conditions_of(icd10_codes(codes), table), "charlson_hierarchy")
    weight = weight_of("charlson_weights", weights)
    total = sum(weight[condition] for condition in present)
    return max(total, 0)


def elixhauser(codes: Iterable[str]) -> int:
    """Elixhauser comorbidity as one number, with the weights of van Walraven.

    Parameters
    ----------
    codes : iterable of str
        ICD-10 diagnosis codes in any written form, here of five years; others are ignored. The
        paper took the diagnoses of one stay that were no complication of it.

    Returns
    -------
    int
        Sum of the weights of the 31 conditions present, from -19 to 89; it may be negative.
        Uncomplicated hypertension and diabetes and a solid tumour do not count beside complicated
        hypertension and diabetes and metastatic cancer. With these weights only the tumour matters,
        as the other four weigh 0.

    Raises
    ------
    UsageError
        When the codes are not texts in a list or set.

    References
    ----------
    Elixhauser A, et al. Med Care 1998;36:8-27. doi:10.1097/00005650-199801000-00004.
    Quan H, et al. Med Care 2005;43:1130-9. doi:10.1097/01.mlr.0000182534.19832.83 (codes).
    van Walraven C, et al. Med Care 2009;47:626-33. doi:10.1097/MLR.0b013e31819432e5 (weights).

    Examples
    --------
    >>> elixhauser(["I50.0", "E66.9"]), elixhauser(["F11.2"]), elixhauser(["C50.9", "C78.0"])
    (3, -7, 12)
    """
    present = conditions_of(icd10_codes(codes), "elixhauser_quan2005_icd10")
    weight = weight_of("elixhauser_weights", "van_walraven2009")
    return sum(weight[condition] for condition in drop_milder(present, "elixhauser_hierarchy"))
