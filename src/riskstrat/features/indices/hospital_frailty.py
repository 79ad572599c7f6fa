"""The Hospital Frailty Risk Score."""

from __future__ import annotations

from collections.abc import Iterable

from riskstrat.features.indices.arguments import icd10_codes, whole_number
from riskstrat.features.indices.condition_groups import weight_of
from riskstrat.reference import load_table

__all__ = ["hfrs", "hfrs_band"]


def hfrs(codes: Iterable[str]) -> int:
    """Hospital Frailty Risk Score in tenths of a point.

    Parameters
    ----------
    codes : iterable of str
        ICD-10 codes of all diagnosis positions of the emergency inpatient spells of two years, in
        any written form. Each three-character code counts once; other codes are ignored.

    Returns
    -------
    int
        Tenths of a point; integers, so that the bands (below 5, 5 to 15, above 15) are exact.
        Without a spell in the two years the score is missing, not 0: do not ask then.

    Raises
    ------
    UsageError
        When the codes are not texts in a list or set.

    References
    ----------
    Gilbert T, Neuburger J, Kraindler J, et al. Lancet 2018;391:1775-82.
    doi:10.1016/S0140-6736(18)30668-8. Validated in patients of 75 and over in hospital.

    Examples
    --------
    >>> hfrs(["F00.1", "F009", "W19"])
    103
    """
    tenths = weight_of("hfrs_gilbert2018", "tenths")
    return sum(tenths.get(code, 0) for code in {code[:3] for code in icd10_codes(codes)})


def hfrs_band(tenths: int) -> str:
    """The published band of a score: ``low``, ``intermediate`` or ``high``.

    Parameters
    ----------
    tenths : int
        Score in tenths of a point.

    Returns
    -------
    str

    Raises
    ------
    UsageError
        When the score is not a whole number of 0 or more.

    References
    ----------
    Gilbert T, et al. Lancet 2018;391:1775-82. doi:10.1016/S0140-6736(18)30668-8.

    Examples
    --------
    >>> [hfrs_band(tenths) for tenths in (49, 50, 150, 151)]
    ['low', 'intermediate', 'intermediate', 'high']
    """
    whole_number(tenths, "tenths")
    bands = load_table("hfrs_cutoffs")
    return [row["band"] for row in bands if int(row["lower_tenths"]) <= tenths][-1]
