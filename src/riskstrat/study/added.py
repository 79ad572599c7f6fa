"""Features of one's own: what a study says of them, and what of that is wrong in itself.

What needs the catalogue or the codelists to be judged (groups, names that are taken, codes) is
judged where the features are built.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any, Literal, get_args

from riskstrat.codes import SYSTEMS

__all__ = ["VALUE_RULES", "AddedFeature", "added_mistakes", "columns_of"]

AddedRule = Literal[
    "count", "days", "any", "since", "first", "latest", "lowest", "highest", "slope", "change"
]
EventKind = Literal[
    "diagnosis",
    "procedure",
    "medication",
    "measurement",
    "observation",
    "referral",
    "contact",
    "appointment",
]

VALUE_RULES = frozenset({"latest", "lowest", "highest", "slope"})
"""Rules about what was measured; the others are about whether and when there was a record."""

_KINDS_WITH_VALUES: tuple[EventKind, ...] = ("measurement", "observation")
_RECORDED: tuple[EventKind, ...] = ("diagnosis", "observation")
_KINDS_OF_SYSTEM: dict[str, tuple[EventKind, ...]] = {
    "bnf": ("medication",),
    "dmd": ("medication",),
    "opcs4": ("procedure",),
    "loinc": _KINDS_WITH_VALUES,
}
_PLACEHOLDERS = ("value", "date", "window")
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True)
class AddedFeature:
    """A feature of one's own: a codelist, and what becomes of the events that have its codes.

    Parameters
    ----------
    name : str
        Plain lower-case name of the column. With several windows each column is called
        ``<name>_<days>``.
    label : str
        What it is, in words. ``{window}`` stands for the window; without it the window is added.
    group : str
        Clinical group of the catalogue that it is shown with.
    codelist : str
        A CSV beside the study, as downloaded from opencodelists.org.
    system : str
        Coding system of all its codes, one of :data:`riskstrat.codes.SYSTEMS`. In hierarchical
        systems (ICD-10, ICD-9, BNF) a code stands for every code that begins with it.
    how : str
        How events become a value; see :mod:`riskstrat.features.rules`.
    kinds : tuple of str
        Kinds of event that count. When empty: diagnosis and observation; measurement and
        observation for a rule about values or LOINC; medication for BNF and dm+d; procedure for
        OPCS-4.
    windows_days : tuple of int
        Look-backs, one column for each; the study's when empty.
    unit : str, optional
        Unit of what is measured.
    sentence : str
        What is said when it is a reason, with ``{value}``, ``{date}`` and ``{window}``; when empty
        it is never a reason.
    sentence_one : str, optional
        The same for a value of 1.
    workable : bool
        Whether a review could change it or how it is managed.
    sensitive : bool
        Mental health, alcohol and drugs, facts about third parties.
    minimum, maximum : float, optional
        Only events with a value in this range count, both ends included. Values are taken as they
        stand: nothing is converted.

    Examples
    --------
    >>> AddedFeature("falls_clinic", "Seen by the falls clinic", "other", "falls.csv", "snomed",
    ...              how="any", windows_days=(365,)).kinds_used
    ('diagnosis', 'observation')
    """

    name: str
    label: str
    group: str
    codelist: str
    system: str
    how: AddedRule
    kinds: tuple[EventKind, ...] = ()
    windows_days: tuple[int, ...] = ()
    unit: str | None = None
    sentence: str = ""
    sentence_one: str | None = None
    workable: bool = False
    sensitive: bool = False
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        for key in ("kinds", "windows_days"):
            given = getattr(self, key)
            parts = (given,) if isinstance(given, str | int) else tuple(given)
            object.__setattr__(self, key, parts)

    @property
    def kinds_used(self) -> tuple[EventKind, ...]:
        """Kinds of event that count, whether they are named or follow from rule and system."""
        if self.kinds:
            return self.kinds
        return _KINDS_WITH_VALUES if self.has_values else self._kinds_of_system

    @property
    def _kinds_of_system(self) -> tuple[EventKind, ...]:
        return _KINDS_OF_SYSTEM.get(self.system, _RECORDED)

    @property
    def has_values(self) -> bool:
        """Whether only events with a value count."""
        return self.how in VALUE_RULES or self.minimum is not None or self.maximum is not None

    def columns(self, study_windows: Sequence[int]) -> tuple[tuple[str, int], ...]:
        """Name and window in days of each column."""
        return columns_of(self.name, self.windows_days or study_windows)


def columns_of(name: str, windows_days: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """Name and window in days of each column of a feature."""
    windows = tuple(dict.fromkeys(windows_days))
    if len(windows) == 1:
        return ((name, windows[0]),)
    return tuple((f"{name}_{days}", days) for days in windows)


def added_mistakes(
    added: Iterable[AddedFeature], study_windows: Sequence[int], longest_days: int
) -> list[str]:
    """What is wrong with features of one's own, as far as they say it themselves.

    Parameters
    ----------
    added : iterable of AddedFeature
    study_windows : sequence of int
        Windows of the study, for features without their own.
    longest_days : int
        How far back the records of the study are read.
    """
    mistakes: list[str] = []
    taken: set[str] = set()
    for number, feature in enumerate(added, start=1):
        where = f"added feature '{feature.name}'" if feature.name else f"added feature {number}"
        found = [*_named(feature), *_chosen(feature), *_windows(feature, longest_days)]
        found += [*_values(feature), *_sentences(feature)]
        names = {name for name, _ in feature.columns(study_windows)} | {feature.name}
        if taken & names:
            found.append("its name is used by another added feature")
        taken |= names
        mistakes += [f"{where}: {message}" for message in found]
    return mistakes


def _named(feature: AddedFeature) -> list[str]:
    found = []
    if not _PLAIN_NAME.fullmatch(feature.name):
        found.append("'name' must be lower-case letters, digits and _, at most 60, a letter first")
    found += [f"'{key}' is empty" for key in ("label", "codelist") if not getattr(feature, key)]
    if "{" in feature.label.replace("{window}", ""):
        found.append("'label' may have no placeholder but {window}")
    return found


def _chosen(feature: AddedFeature) -> list[str]:
    """What is not among the words there are; a file is read against the same, Python is not."""
    found = [
        _not_among(key, value, words)
        for key, value, words in (
            ("system", feature.system, SYSTEMS),
            ("how", feature.how, get_args(AddedRule)),
        )
        if value not in words
    ]
    unknown = [kind for kind in feature.kinds if kind not in get_args(EventKind)]
    return [*found, *(_not_among("kinds", kind, get_args(EventKind)) for kind in unknown)]


def _not_among(key: str, value: Any, words: Sequence[str]) -> str:
    return f"unknown {key} '{value}'; expected one of {', '.join(words)}"


def _windows(feature: AddedFeature, longest_days: int) -> list[str]:
    windows = feature.windows_days
    if any(type(days) is not int for days in windows):
        return ["'windows_days' must be whole numbers of days"]
    found = []
    if any(days < 1 for days in windows):
        found.append("a window must have at least 1 day")
    if any(days > longest_days for days in windows):
        found.append(f"a window is longer than the {longest_days} days that the study looks back")
    elif feature.how == "change" and any(2 * days > longest_days for days in windows):
        found.append(
            "a change compares with as long a time before the window, and twice the window is "
            f"longer than the {longest_days} days that the study looks back"
        )
    if len(set(windows)) < len(windows):
        found.append("'windows_days' names a window twice")
    return found


def _values(feature: AddedFeature) -> list[str]:
    found = []
    if feature.has_values:
        without = [kind for kind in feature.kinds_used if kind not in _KINDS_WITH_VALUES]
        if without:
            why = f"the rule '{feature.how}'" if feature.how in VALUE_RULES else "a range of values"
            found.append(
                f"{why} needs values, which events of the kind {', '.join(without)} do not have; "
                f"'kinds' may be {' and '.join(_KINDS_WITH_VALUES)}"
            )
    limits = [limit for limit in (feature.minimum, feature.maximum) if limit is not None]
    if not all(map(math.isfinite, limits)) or limits != sorted(set(limits)):
        found.append("'minimum' must be a number below 'maximum'")
    return found


def _sentences(feature: AddedFeature) -> list[str]:
    found = []
    for key in ("sentence", "sentence_one"):
        text = getattr(feature, key)
        if text and (unknown := _unknown_placeholders(text)):
            found.append(f"'{key}' has {unknown}; it may have {{value}}, {{date}} and {{window}}")
    if feature.sentence_one and not feature.sentence:
        found.append("'sentence_one' needs 'sentence'")
    return found


def _unknown_placeholders(text: str) -> str:
    """What cannot be filled in, in words; empty when everything can."""
    try:
        parts = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError:
        return "a brace without its partner"
    unknown = [
        str(name) for _, name, form, cast in parts if name not in _PLACEHOLDERS or form or cast
    ]
    return f"the unknown placeholder {', '.join(f'{{{name}}}' for name in unknown)}" * bool(unknown)
