"""Codes to facts: which of the codes in the records stand for what, as small arrays.

The records are asked once which codes they hold and since when. Each code that stands for a fact of
the catalogue gets a number; the query of coded events joins those, and arrays say what each number
stands for. So a rule about a thousand codes costs a query no more than a rule about one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskstrat.features.codelists import CodeRule, When
from riskstrat.features.packing import Ints, Reals

__all__ = [
    "FIRST_APPLIANCE_CHAPTER",
    "CodeFacts",
    "Listed",
    "code_facts",
    "list_codes",
]

FIRST_APPLIANCE_CHAPTER = "20"
"""BNF chapters from 20 on are dressings, appliances and stoma care, not medicines (NHSBSA BNF code
information)."""

_BNF_SECTION, _BNF_SUBSTANCE = 4, 9
"""Characters of a section and of a chemical substance in a code of the British National Formulary
(NHSBSA BNF code information). Codes of other systems each count as a kind and a substance."""

_WHENS: tuple[When, ...] = ("recorded", "missed", "stay", "primary")

_RELATION = pa.schema(
    [
        ("source", pa.string()),
        ("kind", pa.string()),
        ("system", pa.string()),
        ("code", pa.string()),
        ("code_number", pa.int32()),
        ("longest_days", pa.int32()),
        ("is_measured", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Listed:
    """A code that the records hold."""

    source: str
    kind: str
    system: str
    code: str


@dataclass(frozen=True)
class CodeFacts:
    """What the codes in the records stand for.

    Parameters
    ----------
    relation : pyarrow.Table
        ``source, kind, system, code, code_number, longest_days`` (how far back any rule looks at
        it) and ``is_measured``, one row per code that stands for something; a code that stands for
        several measurements has a row for each.
    starts : tuple of ndarray of int32
        For each of 'recorded', 'missed', 'stay' and 'primary': the facts of code i are those from
        ``starts[i]`` up to ``starts[i + 1]``.
    facts : tuple of ndarray
        Numbers of the facts, for each of the same four.
    measured : ndarray of int32
        Number of the measurement of each code, -1 for none.
    scale, shift, minimum, maximum : ndarray of float64
        ``value x scale + shift`` is in the unit of the measurement, and counts within the range.
    """

    relation: pa.Table
    starts: tuple[Ints, Ints, Ints, Ints]
    facts: tuple[Ints, Ints, Ints, Ints]
    measured: Ints
    scale: Reals
    shift: Reals
    minimum: Reals
    maximum: Reals


_Found = list[tuple[str, CodeRule | None]]
"""Facts that a code stands for, each with its rule; None for a kind of medicine or a substance."""


def list_codes(
    rows: Iterable[Mapping[str, object]], rules: Iterable[CodeRule], families: Mapping[str, str]
) -> tuple[list[Listed], list[_Found]]:
    """The codes of the records in order, and what each stands for.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of the query ``listed_codes``.
    rules : iterable of CodeRule
    families : mapping of str to str
        Family of each feed that may be used.
    """
    names = ("source", "kind", "system", "code")
    whole = (row for row in rows if None not in row.values())
    codes = sorted(tuple(str(row[name]) for name in names) for row in whole)
    listed, by_code = [Listed(*code) for code in codes], _Rules(rules)
    return listed, [list(_facts_of(code, by_code, families)) for code in listed]


def _facts_of(
    listed: Listed, rules: _Rules, families: Mapping[str, str]
) -> Iterator[tuple[str, CodeRule | None]]:
    if listed.source not in families:
        return
    family = families[listed.source]
    for rule in rules.matching(listed):
        if not rule.families or family in rule.families:
            yield rule.fact, rule
    if listed.kind == "medication" and not _is_appliance(listed):
        is_bnf = listed.system == "bnf"
        for fact, digits in (("medicine", _BNF_SECTION), ("substance", _BNF_SUBSTANCE)):
            yield f"{fact}.{listed.system} {listed.code[:digits] if is_bnf else listed.code}", None


def _is_appliance(listed: Listed) -> bool:
    return listed.system == "bnf" and listed.code >= FIRST_APPLIANCE_CHAPTER


class _Rules:
    """Rules by what a code must be, for looking up."""

    def __init__(self, rules: Iterable[CodeRule]) -> None:
        self._exact: dict[tuple[str, str, str], list[CodeRule]] = {}
        self._prefixes: dict[tuple[str, str, str], list[CodeRule]] = {}
        for rule in rules:
            where = self._prefixes if rule.is_prefix else self._exact
            for kind in rule.kinds:
                where.setdefault((kind, rule.system, rule.code), []).append(rule)

    def matching(self, listed: Listed) -> Iterator[CodeRule]:
        yield from self._exact.get((listed.kind, listed.system, listed.code), ())
        for length in range(len(listed.code) + 1):
            start = listed.code[:length]
            yield from self._prefixes.get((listed.kind, listed.system, start), ())
        yield from self._prefixes.get((listed.kind, "", ""), ())


def code_facts(
    codes: Sequence[Listed],
    found: Sequence[_Found],
    numbers: Mapping[str, int],
    looked_back: npt.NDArray[np.int64],
) -> CodeFacts:
    """Number the codes that stand for a fact that some rule looks at.

    Parameters
    ----------
    codes : sequence of Listed
    found : sequence
        The facts of each; both from :func:`list_codes`.
    numbers : mapping of str to int
        Number of each fact.
    looked_back : ndarray
        How far back rules look at each fact in days; 0 for one without rules.
    """
    rows, of_code = [], []
    for code, stands_for in zip(codes, found, strict=True):
        used = [(fact, rule) for fact, rule in stands_for if looked_back[numbers[fact]]]
        for part in _with_one_measurement(used):
            longest = int(max(looked_back[numbers[fact]] for fact, _ in part))
            is_measured = _measurement(part) is not None
            rows.append({**vars(code), "longest_days": longest, "is_measured": is_measured})
            of_code.append(part)
    for number, row in enumerate(rows):
        row["code_number"] = number
    recorded, missed, stay, primary = (_by_code(of_code, numbers, when) for when in _WHENS)
    measured = [_measurement(used) for used in of_code]
    limits = [(m.scale, m.shift, m.minimum, m.maximum) if m else (1, 0, 0, 0) for m in measured]
    columns = np.array(limits, np.float64).reshape(-1, 4).T
    return CodeFacts(
        pa.Table.from_pylist(rows, schema=_RELATION),
        (recorded[0], missed[0], stay[0], primary[0]),
        (recorded[1], missed[1], stay[1], primary[1]),
        np.array([numbers[m.fact] if m else -1 for m in measured], np.int32),
        *columns,
    )


def _with_one_measurement(used: _Found) -> Iterator[_Found]:
    """Parts with one measurement at most: a code that stands for several has a number for each."""
    measured: dict[str, CodeRule] = {}
    for fact, rule in used:
        if rule is not None and rule.maximum is not None:
            measured.setdefault(fact, rule)
    plain = [(f, rule) for f, rule in used if rule is None or rule.maximum is None]
    alone: list[_Found] = [[(fact, rule)] for fact, rule in measured.items()]
    first, *others = alone or [[]]
    if plain or first:
        yield [*plain, *first]
    yield from others


def _by_code(
    of_code: Sequence[_Found],
    numbers: Mapping[str, int],
    when: When,
) -> tuple[Ints, Ints]:
    lists = [
        sorted(
            {
                numbers[fact]
                for fact, rule in used
                if (rule.when if rule else "recorded") == when
                and (rule is None or rule.maximum is None)
            }
        )
        for used in of_code
    ]
    starts = np.cumsum([0, *map(len, lists)], dtype=np.int32)
    return starts, np.array([fact for facts in lists for fact in facts], np.int32)


def _measurement(used: _Found) -> CodeRule | None:
    return next((rule for _, rule in used if rule is not None and rule.maximum is not None), None)
