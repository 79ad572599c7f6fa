"""Published indices as functions of a list of codes; the queries give the same values."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Literal

from riskstrat.codes import Codelist, normalise_code
from riskstrat.errors import UsageError
from riskstrat.reference import load_table

__all__ = ["charlson", "hfrs", "hfrs_band"]

CharlsonWeights = Literal["charlson1987", "quan2011"]


def hfrs(codes: Iterable[str]) -> int:
    """Hospital Frailty Risk Score in tenths of a point.

    Parameters
    ----------
    codes : iterable of str
        ICD-10 codes of all diagnosis positions of the emergency inpatient spells of two years, in
        any written form. Each three-character code counts once.

    Returns
    -------
    int
        Tenths of a point; integers, so that the bands (below 5, 5 to 15, above 15) are exact.

    References
    ----------
    Gilbert T, Neuburger J, Kraindler J, et al. Lancet 2018;391:1775-82.
    doi:10.1016/S0140-6736(18)30668-8. Validated in patients of 75 and over in hospital.

    Examples
    --------
    >>> hfrs(["F00.1", "F009", "W19"])
    103
    """
    found = {normalise_code(code, "icd10")[:3] for code in codes}
    return sum(
        int(row["tenths"]) for row in load_table("hfrs_gilbert2018") if row["icd10_3char"] in found
    )


def hfrs_band(tenths: int) -> str:
    """The published band of a score: ``low``, ``intermediate`` or ``high``.

    Examples
    --------
    >>> [hfrs_band(tenths) for tenths in (49, 50, 150, 151)]
    ['low', 'intermediate', 'intermediate', 'high']
    """
    bands = load_table("hfrs_cutoffs")
    return [row["band"] for row in bands if int(row["lower_tenths"]) <= tenths][-1]


def charlson(codes: Iterable[str], weights: CharlsonWeights = "quan2011") -> int:
    """Charlson comorbidity index without points for age.

    Parameters
    ----------
    codes : iterable of str
        ICD-10 diagnosis codes in any written form.
    weights : {"quan2011", "charlson1987"}
        The updated weights (0 to 24) or the original ones.

    Returns
    -------
    int
        Sum of the weights of the conditions present; mild liver disease, uncomplicated diabetes
        and cancer do not count beside their severe form.

    Raises
    ------
    UsageError
        When the weights are not known.

    References
    ----------
    Charlson ME, et al. J Chronic Dis 1987;40:373-83. Quan H, et al. Med Care 2005;43:1130-9
    (codes). Quan H, et al. Am J Epidemiol 2011;173:676-82 (updated weights).

    Examples
    --------
    >>> charlson(["I50.0", "E11.9", "E11.2"]), charlson(["I50.0", "E11.9", "E11.2"], "charlson1987")
    (3, 3)
    """
    if weights not in {"quan2011", "charlson1987"}:
        raise UsageError("expected the weights 'quan2011' or 'charlson1987'.")
    normal = {normalise_code(code, "icd10") for code in codes}
    present = {name for name, listed in _groups().items() if any(map(listed.matches, normal))}
    for row in load_table("charlson_hierarchy"):
        if row["when_present"] in present:
            present.discard(row["drop_condition"])
    table = load_table("charlson_weights")
    return sum(int(row[weights]) for row in table if row["condition"] in present)


@cache
def _groups() -> dict[str, Codelist]:
    """The condition groups of Quan 2005."""
    prefixes: dict[str, list[str]] = {}
    for row in load_table("charlson_quan2005_icd10"):
        prefixes.setdefault(row["condition"], []).append(row["icd10_prefix"])
    return {
        name: Codelist.of(name, "icd10", codes, is_prefix=True) for name, codes in prefixes.items()
    }
