"""Which codes stand for which fact: the shipped lists and what a study adds to them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from riskstrat.codes import SYSTEMS, normalise_code
from riskstrat.errors import StudyError
from riskstrat.features.declared import counted_conditions, declared
from riskstrat.reference import load_table
from riskstrat.study import Study

__all__ = ["CodeRule", "code_rules", "facts_behind"]

PREFIX_SYSTEMS = frozenset({"icd10", "icd9", "bnf"})
"""Hierarchical systems: a listed code stands for every code that begins with it."""

FALL_PREFIXES = ("W0", "W1")
"""ICD-10 W00 to W19, falls (WHO ICD-10, chapter XX)."""

_RECORDED = ("diagnosis", "observation")
_MEASURED = ("measurement", "observation")


@dataclass(frozen=True)
class CodeRule:
    """A code, or every code that begins with it, stands for a fact.

    Parameters
    ----------
    fact : str
        Such as ``condition.heart_failure``, ``charlson.chf``, ``fall`` or ``measure.bmi``.
    kinds : tuple of str
        Kinds of event in which it counts.
    system, code : str
        Coding system, and code in its normal written form.
    is_prefix : bool
    scale, shift, minimum, maximum : float, optional
        For a measurement: ``value x scale + shift`` is in the catalogue's unit and counts only
        within the plausible range, both ends included.
    """

    fact: str
    kinds: tuple[str, ...]
    system: str
    code: str
    is_prefix: bool = False
    scale: float = 1.0
    shift: float = 0.0
    minimum: float | None = None
    maximum: float | None = None


def facts_behind(fact: str) -> tuple[str, ...]:
    """Every catalogue fact that a coded fact contributes to, itself included.

    Examples
    --------
    >>> facts_behind("condition.gout"), facts_behind("charlson.chf"), facts_behind("fall")
    (('condition.gout', 'long_term_condition'), ('charlson.chf', 'charlson'), ('fall',))
    """
    if fact in counted_conditions():
        return (fact, "long_term_condition")
    if fact.startswith("charlson."):
        return (fact, "charlson")
    return (fact,)


def code_rules(study: Study) -> tuple[CodeRule, ...]:
    """The shipped rules and those of the study's ``[features] codelists``, sorted, each once.

    Raises
    ------
    StudyError
        When the study's file cannot be read, or has a name or coding system that is not known.
    """
    rules = {*_conditions(), *_falls(), *_charlson(), *_measurements(), *_added(study)}
    return tuple(sorted(rules, key=lambda r: (r.fact, r.system, r.code, r.kinds)))


def _condition_names() -> set[str]:
    single = [f["rule"].split()[1] for f in declared()["feature"] if "condition." in f["rule"]]
    return {*declared()["conditions"], *(fact.removeprefix("condition.") for fact in single)}


def _conditions() -> Iterator[CodeRule]:
    names = _condition_names()
    for row in load_table("ltc_icd10"):
        if row["condition"] in names:
            fact = f"condition.{row['condition']}"
            yield CodeRule(fact, _RECORDED, "icd10", row["icd10_prefix"], is_prefix=True)
    for row in load_table("ltc_snomed_illustrative"):
        if row["condition"] in names:
            yield CodeRule(f"condition.{row['condition']}", _RECORDED, "snomed", row["snomed_code"])


def _falls() -> Iterator[CodeRule]:
    for prefix in FALL_PREFIXES:
        yield CodeRule("fall", _RECORDED, "icd10", prefix, is_prefix=True)
    for row in load_table("ltc_snomed_illustrative"):
        if row["condition"] == "fall":
            yield CodeRule("fall", _RECORDED, "snomed", row["snomed_code"])


def _charlson() -> Iterator[CodeRule]:
    for row in load_table("charlson_quan2005_icd10"):
        fact = f"charlson.{row['condition']}"
        yield CodeRule(fact, ("diagnosis",), "icd10", row["icd10_prefix"], is_prefix=True)


def _measurements() -> Iterator[CodeRule]:
    for row in load_table("measurements"):
        yield _measurement(row, row["system"], row["code"])


def _measurement(
    row: dict[str, str], system: str, code: str, *, is_converted: bool = False
) -> CodeRule:
    scale, shift = (1.0, 0.0) if is_converted else (float(row["scale"]), float(row["shift"]))
    return CodeRule(
        f"measure.{row['measurement']}",
        _MEASURED,
        system,
        code,
        scale=scale,
        shift=shift,
        minimum=float(row["minimum"]),
        maximum=float(row["maximum"]),
    )


def _added(study: Study) -> Iterator[CodeRule]:
    """Rules of the study's own file: name, system, code."""
    if study.features.codelists is None:
        return
    measured = {row["measurement"]: row for row in load_table("measurements")}
    for name, system, code in _read(study, {*_condition_names(), "fall", *measured}):
        normal = normalise_code(code, system)
        if name in measured:
            yield _measurement(measured[name], system, normal, is_converted=True)
        else:
            fact = name if name == "fall" else f"condition.{name}"
            yield CodeRule(fact, _RECORDED, system, normal, is_prefix=system in PREFIX_SYSTEMS)


def _read(study: Study, names: set[str]) -> list[tuple[str, str, str]]:
    file = (study.folder or Path()) / str(study.features.codelists)
    try:
        rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(
            f"expected the codelists '{file.name}' beside the study, but it cannot be read "
            f"({type(error).__name__}).",
            do="Write a CSV in UTF-8 with the columns name,system,code beside the study file.",
        ) from error
    if mistakes := _mistakes(rows, names):
        raise StudyError(f"the codelists '{file.name}': {'; '.join(mistakes)}.")
    return [(row["name"], row["system"], row["code"]) for row in rows]


def _mistakes(rows: list[dict[str, str]], names: set[str]) -> list[str]:
    if not rows or not {"name", "system", "code"} <= rows[0].keys():
        return ["expected rows with the columns name,system,code"]
    unknown = sorted({str(row["name"]) for row in rows} - names)
    systems = sorted({str(row["system"]) for row in rows} - set(SYSTEMS))
    empty = sum(not row["code"] for row in rows)
    found = [
        (unknown, f"unknown names {', '.join(unknown)}; expected {', '.join(sorted(names))}"),
        (systems, f"unknown systems {', '.join(systems)}; expected {', '.join(SYSTEMS)}"),
        (empty, f"{empty} rows have no code"),
    ]
    return [message for is_wrong, message in found if is_wrong]
