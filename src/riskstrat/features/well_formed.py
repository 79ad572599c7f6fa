"""What is wrong with the text of a catalogue, all of it at once, before features are made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from string import Formatter
from typing import Any

from riskstrat.errors import UsageError
from riskstrat.features.feeds import FACT_STAYS, FAMILIES, PERSON_FACT_NAMES
from riskstrat.features.kernel import How
from riskstrat.features.sets import fact_set
from riskstrat.reference import load_table

__all__ = ["catalogue_mistakes", "raise_mistakes", "repeated_names"]

_FEATURE = ("name", "label", "unit", "group", "kind", "sources", "rule")
_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "feature": (
        _FEATURE,
        ("windows", "index", "workable", "monotone", "sensitive", "sentence", "sentence_one"),
    ),
    "conditions": (("phrase", "group"), ("workable", "sensitive", "counted")),
    "measurements": (("phrase", "normal"), ("workable", "loss")),
    "medicines": (("phrase", "bnf"), ("workable", "sensitive")),
}
"""Keys that an entry of each section must have, and those it may have."""

_SECTIONS = ("groups", *_KEYS, "wording", "sets", "contacts", "contact_modes")
_KINDS = ("count", "flag", "days", "measurement", "score", "category")
_SOURCES = (*FAMILIES, "person")
_INDEXES = ("discharge",)
_PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "name": ("days",),
    "label": ("window",),
    "sentence": ("value", "date", "window"),
    "sentence_one": ("date", "window"),
}
_BNF_SECTION = 4
"""Characters of a section of the British National Formulary (NHSBSA BNF code information)."""


def catalogue_mistakes(content: Mapping[str, Any]) -> list[str]:
    """What is wrong with a catalogue as read from TOML: what came, and what was expected.

    Parameters
    ----------
    content : mapping
        As :func:`riskstrat.features.declared.declared` gives it.
    """
    found = [_unknown("section", key, _SECTIONS) for key in content if key not in _SECTIONS]
    found += [f"missing section '{key}'" for key in _SECTIONS if key not in content]
    if found:
        return found
    facts = _Facts(content)
    for section, entry_mistakes in _ENTRIES.items():
        entries = content[section]
        named = entries.items() if isinstance(entries, dict) else _numbered(entries)
        for name, entry in named:
            mistakes = [*_keys(section, entry)] or [*entry_mistakes(name, entry, content, facts)]
            found += [f"{section} '{name}': {mistake}" for mistake in mistakes]
    for name, members in content["sets"].items():
        unknown = [fact for fact in members if fact not in facts]
        found += [f"sets '{name}': unknown fact '{fact}'" for fact in unknown]
    return found


def raise_mistakes(mistakes: list[str]) -> None:
    """Refuse a catalogue that has mistakes.

    Raises
    ------
    UsageError
    """
    if mistakes:
        listed = "\n".join(f"  - {mistake}" for mistake in mistakes)
        count = f"{len(mistakes)} mistake{'s'[: len(mistakes) > 1]}"
        raise UsageError(
            f"the catalogue of features has {count}:\n{listed}",
            do="Correct catalogue.toml; its head says what every key means.",
        )


def repeated_names(names: Iterable[str]) -> list[str]:
    """Names that are there more than once after the windows were filled in."""
    return [
        f"feature '{name}': expected each name once, but {count} entries or windows give it"
        for name, count in Counter(names).items()
        if count > 1
    ]


def _numbered(entries: list[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, entry in enumerate(entries, start=1):
        yield str(entry.get("name", number)), entry


def _unknown(what: str, came: object, expected: Collection[str]) -> str:
    return f"unknown {what} '{came}'; expected one of {', '.join(expected)}"


def _keys(section: str, entry: Mapping[str, Any]) -> Iterator[str]:
    needed, others = _KEYS[section]
    yield from (
        _unknown("key", key, (*needed, *others)) for key in entry if key not in needed + others
    )
    yield from (f"missing key '{key}'" for key in needed if key not in entry)


class _Facts:
    """The facts there are: those of queries, of codes, and sets of either."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        families = {row["family"] for row in load_table("service_families")}
        coded = [row["condition"] for row in load_table("ltc_icd10")]
        coded += [row["condition"] for row in load_table("ltc_snomed_illustrative")]
        measured = {row["measurement"] for row in load_table("measurements")}
        contacts = content["contacts"].values()
        self.conditions, self.measured = frozenset(coded), frozenset(measured)
        self.names = {
            *PERSON_FACT_NAMES,
            *FACT_STAYS,
            *content["sets"],
            *contacts,
            *(f"{name}.missed" for name in contacts),
            *content["contact_modes"],
            "fall",
            *(f"{what}.{f}" for what in ("service", "started", "stopped") for f in families),
            *(f"condition.{name}" for name in coded),
            *(f"measure.{name}" for name in measured),
            *(f"drug.{name}" for name in content["medicines"]),
        }

    def __contains__(self, fact: str) -> bool:
        return fact in self.names or fact_set(fact) is not None


def _feature(
    _: str, entry: Mapping[str, Any], content: Mapping[str, Any], facts: _Facts
) -> Iterator[str]:
    for key, words in (("group", content["groups"]), ("kind", _KINDS), ("index", _INDEXES)):
        if key in entry and entry[key] not in words:
            yield _unknown(key, entry[key], words)
    yield from (_unknown("source", s, _SOURCES) for s in entry["sources"] if s not in _SOURCES)
    yield from _rule(entry["rule"], facts)
    yield from _windows(entry)
    for key, words in _PLACEHOLDERS.items():
        yield from _placeholders(key, entry.get(key, ""), words)


def _rule(rule: str, facts: _Facts) -> Iterator[str]:
    hows = [how.name.lower() for how in How]
    how, *about = rule.split()
    if how not in hows:
        yield _unknown("rule word", how, hows)
    if len(about) != 1:
        yield f"the rule '{rule}' names {len(about)} facts; expected '<how> <fact>'"
    elif about[0] not in facts:
        yield f"unknown codelist or fact '{about[0]}'; expected one of a query, a codelist or a set"


def _windows(entry: Mapping[str, Any]) -> Iterator[str]:
    windows = entry.get("windows")
    if windows in (None, "each", "history"):
        days: list[object] = []
    else:
        days = windows if isinstance(windows, list) else [windows]
        if not days or any(type(d) is not int or d < 1 for d in days):
            told = f"the window {windows!r} is none"
            yield f"{told}; expected 'each', 'history' or days of 1 and more"
    if len(days) != len(set(map(str, days))):
        yield f"the windows {windows} name one twice"
    if (windows == "each" or len(days) > 1) and "{days}" not in entry["name"]:
        yield "several windows give one name; expected {days} in it"


def _placeholders(key: str, text: str, words: Collection[str]) -> Iterator[str]:
    expected = " and ".join(f"{{{word}}}" for word in words)
    try:
        names = [name for _, name, *_ in Formatter().parse(text) if name is not None]
    except ValueError:
        yield f"'{key}' has a brace without its partner; it may have {expected}"
        return
    for name in names:
        if name not in words:
            yield f"'{key}' has the unknown placeholder {{{name}}}; it may have {expected}"


def _condition(
    name: str, entry: Mapping[str, Any], content: Mapping[str, Any], facts: _Facts
) -> Iterator[str]:
    if entry["group"] not in content["groups"]:
        yield _unknown("group", entry["group"], content["groups"])
    if name not in facts.conditions:
        yield _unknown("codelist", name, sorted(facts.conditions))


def _measurement(
    name: str, entry: Mapping[str, Any], _: Mapping[str, Any], facts: _Facts
) -> Iterator[str]:
    if name not in facts.measured:
        yield _unknown("codelist", name, sorted(facts.measured))
    normal = entry["normal"]
    if len(normal) != 2 or not normal[0] < normal[1]:  # noqa: PLR2004 - least and greatest
        yield f"normal is {normal}; expected the least and the greatest normal value"


def _medicine(
    _: str, entry: Mapping[str, Any], __: Mapping[str, Any], ___: _Facts
) -> Iterator[str]:
    sections = {row["bnf_section"] for row in load_table("bnf_sections")}
    for code in entry["bnf"]:
        if code[:_BNF_SECTION] not in sections:
            yield f"unknown codelist: no section of the BNF begins '{code}'"


_Entry = Callable[[str, Mapping[str, Any], Mapping[str, Any], _Facts], Iterator[str]]
_ENTRIES: Mapping[str, _Entry] = {
    "feature": _feature,
    "conditions": _condition,
    "measurements": _measurement,
    "medicines": _medicine,
}
