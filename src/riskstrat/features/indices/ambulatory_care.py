"""Admissions for conditions that care outside hospital can often prevent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from riskstrat.features.indices.arguments import icd10_codes
from riskstrat.reference import load_table

__all__ = ["AmbulatoryCareSensitive", "acsc"]


class AmbulatoryCareSensitive(NamedTuple):
    """An ambulatory-care-sensitive condition.

    Parameters
    ----------
    condition : str
        One of 19, such as ``copd``.
    kind : str
        ``acute``, ``chronic`` or ``vaccine_preventable``.
    """

    condition: str
    kind: str


def acsc(primary: str, secondary: Iterable[str] = ()) -> AmbulatoryCareSensitive | None:
    """The ambulatory-care-sensitive condition an admission was for.

    The 19 conditions of the NHS Institute. They leave out admissions with certain procedures for
    angina, cellulitis, heart failure and hypertension: those exclusions are **not** applied here.

    Parameters
    ----------
    primary : str
        ICD-10 code of the primary diagnosis, in any written form.
    secondary : iterable of str
        Codes of the other diagnoses of the same admission. They decide about acute bronchitis
        (J20 counts as COPD only beside a code of COPD) and about influenza and pneumonia (not with
        sickle-cell disorder, D57). Gangrene, complications of diabetes, influenza and pneumonia,
        and other vaccine-preventable conditions count in any position, so that they are also found
        here when the primary diagnosis is none of the 19.

    Returns
    -------
    AmbulatoryCareSensitive or None
        The condition of the primary diagnosis, else of the others in alphabetical order of
        conditions; None when there is none.

    Raises
    ------
    UsageError
        When a code is not a text.

    References
    ----------
    Purdy S, Griffin T, Salisbury C, Sharp D. Public Health 2009;123:169-73.
    doi:10.1016/j.puhe.2008.11.001. The list of 19 is that of the NHS Institute for Innovation and
    Improvement, as two public programs carry it (see PROVENANCE.md).

    Examples
    --------
    >>> acsc("J44.1")
    AmbulatoryCareSensitive(condition='copd', kind='chronic')
    >>> acsc("J20.9") is None, acsc("J20.9", ["J43.9"]).condition
    (True, 'copd')
    >>> acsc("S72.0") is None, acsc("S72.0", ["E11.5"]).condition
    (True, 'diabetes_complications')
    """
    (code,) = icd10_codes([primary], "primary")
    others = icd10_codes(secondary, "secondary")
    rows = load_table("acsc_icd10")
    found = [row for row in rows if code.startswith(row["icd10_prefix"]) and _holds(row, others)]
    found += [
        row
        for row in rows
        if row["position"] == "any" and _any(others, row["icd10_prefix"]) and _holds(row, others)
    ]
    return AmbulatoryCareSensitive(found[0]["condition"], found[0]["kind"]) if found else None


def _holds(row: dict[str, str], others: set[str]) -> bool:
    """Whether the secondary diagnoses are as the row wants them."""
    needed, excluding = row["needs_secondary"], row["unless_secondary"]
    return (not needed or _any(others, needed)) and not (excluding and _any(others, excluding))


def _any(codes: set[str], prefixes: str) -> bool:
    return any(code.startswith(tuple(prefixes.split("|"))) for code in codes)
