"""The electronic frailty index, from names of deficits: the code lists are not in the package."""

from __future__ import annotations

from collections.abc import Iterable

from riskstrat.errors import UsageError
from riskstrat.features.indices.arguments import condition_names, known_names, whole_number
from riskstrat.reference import load_table

__all__ = ["EFI_DEFICITS", "efi", "efi_band", "efi_deficits_of"]

EFI_DEFICITS = tuple(row["deficit"] for row in load_table("efi_deficits"))
"""The 36 deficits by name (Clegg 2016): 35 that are coded, and polypharmacy."""

POLYPHARMACY_MEDICINES = 5
"""Distinct medicines within 12 months from which polypharmacy is a deficit (Clegg 2016)."""


def efi(deficits: Iterable[str], medicine_count: int | None = None) -> int:
    """Electronic frailty index as the number of deficits present, out of 36.

    Parameters
    ----------
    deficits : iterable of str
        Names out of :data:`EFI_DEFICITS`, of deficits coded in GP data at any time. A deficit
        counts once.
    medicine_count : int, optional
        Distinct medicines prescribed within 12 months; polypharmacy is present from five. Without
        it polypharmacy counts when `deficits` names it.

    Returns
    -------
    int
        0 to 36. The index is this number divided by 36; as a whole number it can be compared with
        the edges of the bands exactly. Without GP data it is missing, not 0: do not ask then.

    Raises
    ------
    UsageError
        When a deficit is not one of the 36, or the count of medicines is negative.

    References
    ----------
    Clegg A, Bates C, Young J, et al. Age Ageing 2016;45:353-60. doi:10.1093/ageing/afw039.
    Developed and validated in people of 65 to 95.

    Examples
    --------
    >>> efi({"falls", "hypertension", "heart_failure", "ckd"}, medicine_count=5)
    5
    """
    present = known_names(deficits, EFI_DEFICITS, "deficits")
    if medicine_count is not None and (
        whole_number(medicine_count, "medicine_count") >= POLYPHARMACY_MEDICINES
    ):
        present.add("polypharmacy")
    return len(present)


def efi_band(deficit_count: int) -> str:
    """The published band: ``fit``, ``mild``, ``moderate`` or ``severe`` frailty.

    Parameters
    ----------
    deficit_count : int
        Deficits present, 0 to 36.

    Returns
    -------
    str
        Fit up to 0.12 (4 deficits), mild up to 0.24 (8), moderate up to 0.36 (12), else severe.

    Raises
    ------
    UsageError
        When the number is not a whole one from 0 to 36.

    References
    ----------
    Clegg A, et al. Age Ageing 2016;45:353-60. doi:10.1093/ageing/afw039.

    Examples
    --------
    >>> [efi_band(count) for count in (4, 5, 8, 9, 12, 13)]
    ['fit', 'mild', 'mild', 'moderate', 'moderate', 'severe']
    """
    assessed = len(EFI_DEFICITS)
    if whole_number(deficit_count, "deficit_count") > assessed:
        raise UsageError(f"deficit_count: expected at most {assessed} deficits.")
    return next(
        row["band"]
        for row in load_table("efi_bands")
        if deficit_count * 100 <= int(row["upper_hundredths"]) * assessed
    )


def efi_deficits_of(conditions: Iterable[str]) -> frozenset[str]:
    """Deficits that coded conditions of this package amount to: an **illustration**.

    The published index has code lists of its own, which need a licence and are not shipped. An
    index from these counterparts lacks symptoms, function and social deficits and is too low.

    Parameters
    ----------
    conditions : iterable of str
        Names of conditions of the tables ``ltc_icd10`` and ``ltc_snomed_illustrative``. Those
        without a counterpart are ignored.

    Returns
    -------
    frozenset of str
        Names out of :data:`EFI_DEFICITS`.

    Raises
    ------
    UsageError
        When a name is not that of a condition of the package.

    References
    ----------
    Counterparts are this project's own judgement; deficits of Clegg A, et al. Age Ageing
    2016;45:353-60. doi:10.1093/ageing/afw039.

    Examples
    --------
    >>> sorted(efi_deficits_of(["copd", "asthma", "dementia", "migraine"]))
    ['cognitive_problems', 'respiratory_disease']
    """
    present = known_names(conditions, condition_names(), "conditions")
    rows = load_table("efi_conditions_illustrative")
    return frozenset(row["deficit"] for row in rows if row["condition"] in present)
