"""What a published index accepts; a message names the argument and counts, never a value."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from numbers import Integral, Real

from riskstrat.codes import normalise_code
from riskstrat.errors import UsageError
from riskstrat.reference import load_table

__all__ = [
    "condition_names",
    "icd10_codes",
    "known_names",
    "texts",
    "whole_number",
    "within",
    "yes_or_no",
]


def texts(given: Iterable[str], what: str) -> list[str]:
    """The given texts; one text alone is refused, it would be read letter by letter.

    Examples
    --------
    >>> texts({"E11.9"}, "codes")
    ['E11.9']
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise UsageError(
            f"{what}: expected texts in a list or set, but a {type(given).__name__} came."
        )
    found = list(given)
    wrong = sum(not isinstance(text, str) for text in found)
    if wrong:
        raise UsageError(
            f"{what}: expected texts, but {wrong} of {len(found)} are something else.",
            do="Leave out what is missing.",
        )
    return found


def icd10_codes(codes: Iterable[str], what: str = "codes") -> set[str]:
    """ICD-10 codes in their normal written form.

    Examples
    --------
    >>> icd10_codes(["e11.9", "E119"])
    {'E119'}
    """
    return {normalise_code(code, "icd10") for code in texts(codes, what)}


def known_names(given: Iterable[str], known: Collection[str], what: str) -> set[str]:
    """Names that are all known: a misspelt name would quietly lower a score.

    Examples
    --------
    >>> known_names(["falls"], {"falls", "anaemia"}, "deficits")
    {'falls'}
    """
    found = set(texts(given, what))
    unknown = len(found - set(known))
    if unknown:
        raise UsageError(
            f"{what}: expected names out of {len(known)} known ones, but {unknown} of "
            f"{len(found)} are none of them."
        )
    return found


def condition_names() -> frozenset[str]:
    """Names of coded conditions that come with the package, long-term or not.

    Examples
    --------
    >>> "heart_failure" in condition_names(), "fall" in condition_names()
    (True, True)
    """
    tables = ("ltc_icd10", "ltc_snomed_illustrative")
    return frozenset(row["condition"] for table in tables for row in load_table(table))


def whole_number(value: int, what: str) -> int:
    """A whole number of 0 or more.

    Examples
    --------
    >>> whole_number(3, "days")
    3
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 0:
        raise UsageError(f"{what}: expected a whole number of 0 or more.")
    return int(value)


def within(value: float, what: str, lowest: float, highest: float) -> float:
    """A number within its possible range, both ends included.

    Examples
    --------
    >>> within(138, "sodium", 50, 250)
    138.0
    """
    number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    if not lowest <= number <= highest:
        raise UsageError(f"{what}: expected a number from {lowest} to {highest}.")
    return number


def yes_or_no(value: bool, what: str) -> bool:
    """A truth value, Python's or numpy's; not 0 or 1, which may be a count in the wrong place.

    Examples
    --------
    >>> yes_or_no(True, "is_acute")
    True
    """
    if type(value).__name__ not in {"bool", "bool_"}:
        raise UsageError(f"{what}: expected True or False.")
    return bool(value)
