"""Conditions behind ICD-10 codes, and published points, as the reference tables hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from riskstrat.reference import load_table

__all__ = ["conditions_of", "drop_milder", "points", "weight_of"]


def conditions_of(codes: Iterable[str], table: str, column: str = "condition") -> set[str]:
    """Conditions of a table that codes stand for; codes the table does not list stand for none.

    Parameters
    ----------
    codes : iterable of str
        ICD-10 codes in normal form.
    table : str
        A reference table with a column ``icd10_prefix``: a code belongs to every condition that
        lists the code or a beginning of it.
    column : str
        What the table calls its conditions.

    Returns
    -------
    set of str

    Examples
    --------
    >>> sorted(conditions_of(["I110", "Z000"], "elixhauser_quan2005_icd10"))
    ['chf', 'hypc']
    """
    listed = _by_prefix(table, column)
    longest = max(map(len, listed))
    found: set[str] = set()
    for code in codes:
        for n in range(1, min(len(code), longest) + 1):
            found |= listed.get(code[:n], frozenset())
    return found


@cache
def _by_prefix(table: str, column: str) -> Mapping[str, frozenset[str]]:
    listed: dict[str, set[str]] = {}
    for row in load_table(table):
        listed.setdefault(row["icd10_prefix"], set()).add(row[column])
    return {prefix: frozenset(names) for prefix, names in listed.items()}


def drop_milder(present: set[str], table: str) -> set[str]:
    """The conditions without those whose severe form is present too.

    Examples
    --------
    >>> sorted(drop_milder({"mld", "msld", "chf"}, "charlson_hierarchy"))
    ['chf', 'msld']
    """
    rules = load_table(table)
    return present - {row["drop_condition"] for row in rules if row["when_present"] in present}


@cache
def weight_of(table: str, column: str) -> Mapping[str, int]:
    """Whole-number weights by the first column of a table: look, do not change.

    Examples
    --------
    >>> weight_of("charlson_weights", "shmi")["diabwc"]
    -1
    """
    return {next(iter(row.values())): int(row[column]) for row in load_table(table)}


def points(table: str, component: str, value: float, column: str = "points") -> int:
    """Points of one component of a score: those of the highest step that the value reaches.

    Examples
    --------
    >>> [points("lace_points", "length_of_stay_days", days) for days in (0, 3, 6, 13, 14)]
    [0, 3, 4, 5, 7]
    """
    steps = (row for row in load_table(table) if row["component"] == component)
    return [int(row[column]) for row in steps if float(row["lower"]) <= value][-1]
