"""What a code of a coding system looks like: characters, lengths and check digits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["IS_WELL_FORMED", "has_luhn_digit", "has_verhoeff_digit", "is_sctid"]

_DIHEDRAL = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
"""Multiplication in the dihedral group of order ten (Verhoeff 1969)."""

_PERMUTED = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)
"""The permutation of a digit by its place from the right (Verhoeff 1969)."""

_SCTID = re.compile(r"[1-9][0-9]{5,17}")
_CONCEPT = ("00", "10")
"""Partition of a SNOMED CT identifier, its second and third digit from the right, that makes it a
concept; 01 and 11 are descriptions, which some systems export in a concept's place."""

_LOINC = re.compile(r"([0-9]{1,7})-([0-9])")
_READ = re.compile(r"(?=.{5}\Z)[0-9A-Za-z]+\.*")
_ICD10 = re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}")
_ICD9 = re.compile(r"[0-9]{2,5}|V[0-9]{2,4}|E[0-9]{3,4}")
_OPCS4 = re.compile(r"[A-Z][0-9]{2,3}")
_BNF = re.compile(
    r"(?:0[1-9]|1[0-9]|2[0-3])(?:[0-9]{2}(?:[0-9]{2}(?:[0-9A-Z](?:[0-9A-Z]{2}){0,4})?)?)?"
)
"""Chapter (01 to 23), section, paragraph, sub-paragraph, then two characters each for substance,
product, strength and equivalent (NHSBSA): cut off where a code is less precise."""


def has_verhoeff_digit(digits: str) -> bool:
    """Whether the last digit is the Verhoeff check digit of those before it.

    Examples
    --------
    >>> has_verhoeff_digit("22298006"), has_verhoeff_digit("22298060")
    (True, False)
    """
    found = 0
    for place, digit in enumerate(reversed(digits)):
        found = _DIHEDRAL[found][_PERMUTED[place % 8][int(digit)]]
    return found == 0


def is_sctid(code: str) -> bool:
    """Whether a code is an identifier of a SNOMED CT concept (dm+d uses the same).

    Examples
    --------
    >>> is_sctid("22298006"), is_sctid("22298006.0"), is_sctid("37443015")
    (True, False, False)
    """
    return (
        _SCTID.fullmatch(code) is not None and code[-3:-1] in _CONCEPT and has_verhoeff_digit(code)
    )


def has_luhn_digit(digits: str) -> bool:
    """Whether the last digit is the Luhn (mod 10) check digit of those before it.

    Examples
    --------
    >>> has_luhn_digit("45484"), has_luhn_digit("45485")
    (True, False)
    """
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits))]
    return sum(d - 9 * (d > 9) for d in doubled) % 10 == 0  # noqa: PLR2004 - digit sum


def _is_loinc(code: str) -> bool:
    match = _LOINC.fullmatch(code)
    return match is not None and has_luhn_digit(match[1] + match[2])


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda code: pattern.fullmatch(code) is not None


IS_WELL_FORMED: Mapping[str, Callable[[str], bool]] = {
    "icd10": _matches(_ICD10),
    "icd9": _matches(_ICD9),
    "opcs4": _matches(_OPCS4),
    "snomed": is_sctid,
    "dmd": is_sctid,
    "bnf": _matches(_BNF),
    "ctv3": _matches(_READ),
    "read2": _matches(_READ),
    "loinc": _is_loinc,
}
"""Whether a code, in its normal written form, can be one of each system. ``local`` has no form."""
