"""Which codes stand for which fact: the shipped lists and what a study adds to them."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from riskstrat.codes import SYSTEMS, normalise_code
from riskstrat.errors import StudyError
from riskstrat.features.added import added_codes
from riskstrat.features.declared import declared
from riskstrat.reference import load_table
from riskstrat.study import Study

__all__ = ["CodeRule", "When", "code_rules"]

PREFIX_SYSTEMS = frozenset({"icd10", "icd9", "bnf"})
"""Hierarchical systems: a listed code stands for every code that begins with it."""

FALL_PREFIXES = ("W0", "W1")
"""ICD-10 W00 to W19, falls (WHO ICD-10, chapter XX)."""

When = Literal["recorded", "missed", "stay", "primary"]

_RECORDED = ("diagnosis", "observation")
_MEASURED = ("measurement", "observation")
_CONTACTS = ("contact", "appointment")


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
        Coding system, and code in its normal written form; with empty ones and `is_prefix` every
        code of every system.
    is_prefix : bool
    scale, shift, minimum, maximum : float, optional
        For a measurement: ``value x scale + shift`` is in the catalogue's unit and counts only
        within the plausible range, both ends included.
    when : {"recorded", "missed", "stay", "primary"}
        Whether it counts on the day it was recorded; as an appointment that was missed; or, on the
        day the spell began, as any or as the first diagnosis of a stay of an emergency spell.
    families : tuple of str
        Families of feeds in which it counts; empty for all.
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
    when: When = "recorded"
    families: tuple[str, ...] = ()


def code_rules(study: Study) -> tuple[CodeRule, ...]:
    """The shipped rules and those of the study's own codelists, sorted, each once.

    Raises
    ------
    StudyError
        When a file of the study cannot be read, or has a name, code or coding system that cannot
        be.
    """
    added = list(_added(study))
    own = {*added, *_primary_care_scores(added), *_own(study)}
    return tuple(sorted(_shipped() | own, key=_place)) if own else _shipped_in_order()


def _place(rule: CodeRule) -> tuple[str, str, str, tuple[str, ...], str]:
    return rule.fact, rule.system, rule.code, rule.kinds, rule.when


@cache
def _shipped_in_order() -> tuple[CodeRule, ...]:
    return tuple(sorted(_shipped(), key=_place))


@cache
def _shipped() -> frozenset[CodeRule]:
    named = [*_conditions(), *_falls()]
    scores = (_primary_care_scores(named), _hospital_scores(), _avoidable())
    others = (_contacts(), _medicines(), _measurements())
    return frozenset(rule for group in (named, *scores, *others) for rule in group)


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


def _primary_care_scores(conditions: Iterable[CodeRule]) -> Iterator[CodeRule]:
    """Conditions as parts of the Cambridge score and, from practices alone, of the eFI."""
    deficits = {
        row["condition"]: row["deficit"] for row in load_table("efi_conditions_illustrative")
    }
    weighed = {row["condition"] for row in load_table("cambridge_payne2020")}
    together = {"anxiety": "anxiety_depression", "depression": "anxiety_depression"}
    for rule in conditions:
        name = rule.fact.removeprefix("condition.")
        if (scored := together.get(name, name)) in weighed:
            yield replace(rule, fact=f"cambridge.{scored}")
        if name in deficits:
            yield replace(rule, fact=f"efi.{deficits[name]}", families=("gp",))


def _falls() -> Iterator[CodeRule]:
    for prefix in FALL_PREFIXES:
        yield CodeRule("fall", _RECORDED, "icd10", prefix, is_prefix=True)
    for row in load_table("ltc_snomed_illustrative"):
        if row["condition"] == "fall":
            yield CodeRule("fall", _RECORDED, "snomed", row["snomed_code"])


def _hospital_scores() -> Iterator[CodeRule]:
    """Groups of published scores that are made of diagnoses in hospital."""
    for row in load_table("charlson_quan2005_icd10"):
        fact = f"charlson.{row['condition']}"
        yield CodeRule(fact, ("diagnosis",), "icd10", row["icd10_prefix"], is_prefix=True)
    for row in load_table("elixhauser_quan2005_icd10"):
        fact = f"elixhauser.{row['condition']}"
        yield CodeRule(fact, ("diagnosis",), "icd10", row["icd10_prefix"], is_prefix=True)
    for row in load_table("imperial_frailty_icd10"):
        fact = f"imperial.{row['syndrome']}"
        yield CodeRule(fact, ("diagnosis",), "icd10", row["icd10_prefix"], is_prefix=True)
    yield CodeRule("coded.diagnosis", ("diagnosis",), "icd10", "", is_prefix=True)
    yield CodeRule("coded.procedure", ("procedure",), "", "", is_prefix=True)
    yield CodeRule("hfrs.any", ("diagnosis",), "icd10", "", is_prefix=True, when="stay")
    for row in load_table("hfrs_gilbert2018"):
        code = row["icd10_3char"]
        yield CodeRule(f"hfrs.{code}", ("diagnosis",), "icd10", code, is_prefix=True, when="stay")


def _avoidable() -> Iterator[CodeRule]:
    """Diagnoses of avoidable admissions, and those that :mod:`.avoidable` looks for beside them."""
    for row in load_table("acsc_icd10"):
        beside, excluding = (row[key].split("|") for key in ("needs_secondary", "unless_secondary"))
        fact = "if_beside" if row["needs_secondary"] else "avoidable"
        fact = "unless_excluded" if row["unless_secondary"] else fact
        yield _of_stay(
            fact, row["icd10_prefix"], "primary" if row["position"] == "primary" else "stay"
        )
        for code in filter(None, beside):
            yield _of_stay("beside", code, "stay")
        for code in filter(None, excluding):
            yield _of_stay("excluding", code, "stay")
            yield _of_stay("excluding_first", code, "primary")


def _of_stay(fact: str, code: str, when: When) -> CodeRule:
    return CodeRule(f"acsc.{fact}", ("diagnosis",), "icd10", code, is_prefix=True, when=when)


def _contacts() -> Iterator[CodeRule]:
    for family, fact in declared()["contacts"].items():
        yield CodeRule(fact, _CONTACTS, "", "", is_prefix=True, families=(family,))
        missed = f"{fact}.missed"
        yield CodeRule(missed, _CONTACTS, "", "", is_prefix=True, when="missed", families=(family,))
    for fact, code in declared()["contact_modes"].items():
        yield CodeRule(fact, _CONTACTS, "snomed", code, families=("gp",))


def _medicines() -> Iterator[CodeRule]:
    for name, entry in declared()["medicines"].items():
        for prefix in entry["bnf"]:
            yield CodeRule(f"drug.{name}", ("medication",), "bnf", prefix, is_prefix=True)


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


def _own(study: Study) -> Iterator[CodeRule]:
    """Rules of the study's own features; values count as they stand."""
    for feature, codes in added_codes(study):
        low, high = feature.minimum, feature.maximum
        if feature.has_values:
            low = -math.inf if low is None else low
            high = math.inf if high is None else high
        for code in codes:
            yield CodeRule(
                f"own.{feature.name}",
                feature.kinds_used,
                feature.system,
                code,
                is_prefix=feature.system in PREFIX_SYSTEMS,
                minimum=low,
                maximum=high,
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
