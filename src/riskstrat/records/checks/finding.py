"""What a check is, what it found, and how what it found is told."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from riskstrat.records.checks.evidence import Evidence

__all__ = [
    "FEWEST_SHOWN",
    "Check",
    "Finding",
    "Found",
    "Level",
    "RowCheck",
    "check",
    "count_rows",
    "few",
    "listed",
]

Level = Literal["error", "warning", "info"]

FEWEST_SHOWN = 10
"""Fewest rows or people whose number, or whose code, is told; below it stands "<10". The limit that
the evaluation report keeps to as well (a judgement; publishers of NHS figures use 5 to 10)."""

MOST_NAMED = 6
"""Most names or months that a message lists; the detail of a finding has all of them."""


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Parameters
    ----------
    code : str
        ``R001`` and on; stable, explained in ``docs/reference/checks.md``.
    level : str
        ``error``: results would be wrong; ``warning``: look at it; ``info``: good to know.
    table : str
        Canonical table, or the file of a feed.
    message : str
        What was found, in words and counts.
    count : int
        Number of rows (or people, or practices) it concerns.
    do : str
        What to do about it.
    detail : mapping
        Months, codes or figures behind the message, for machines; nothing about fewer than ten
        people.
    """

    code: str
    level: Level
    table: str
    message: str
    count: int
    do: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """One thing that a check saw: table, message, rows; its level where it is not the usual one."""

    table: str
    message: str
    count: int
    level: Level | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RowCheck:
    """A query that counts, as ``n``, the rows of one table which something is wrong with."""

    table: str
    message: str
    sql: str


@dataclass(frozen=True)
class Check:
    """A coded check: one small function whose docstring says what, why and what to do.

    Parameters
    ----------
    code : str
    level : str
        The usual level of what it finds.
    function : callable
        Yields what it saw in the records.
    """

    code: str
    level: Level
    function: Callable[[Evidence], Iterable[Found]]

    @property
    def name(self) -> str:
        """Name of the function, in words."""
        return str(getattr(self.function, "__name__", "")).replace("_", " ")

    @property
    def what(self) -> str:
        """What is found."""
        return self._parts[0]

    @property
    def why(self) -> str:
        """Why it matters."""
        return self._parts[1]

    @property
    def do(self) -> str:
        """What to do about it."""
        return self._parts[2]

    @property
    def _parts(self) -> tuple[str, str, str]:
        text = inspect.cleandoc(self.function.__doc__ or "")
        what, _, rest = text.partition("\nWhy: ")
        why, _, do = rest.partition("\nDo: ")
        return _sentence(what), _sentence(why), _sentence(do)

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """Everything it finds in the records."""
        for found in self.function(evidence):
            yield Finding(
                code=self.code,
                level=found.level or self.level,
                table=found.table,
                message=found.message,
                count=int(found.count),
                do=self.do,
                detail=found.detail,
            )


def _sentence(text: str) -> str:
    """Lines joined to one, with a capital at the beginning."""
    joined = " ".join(text.split())
    return f"{joined[:1].upper()}{joined[1:]}"


def check(code: str, level: Level) -> Callable[[Callable[[Evidence], Iterable[Found]]], Check]:
    """Make a check of a function."""

    def made(function: Callable[[Evidence], Iterable[Found]]) -> Check:
        return Check(code, level, function)

    return made


def count_rows(evidence: Evidence, checks: Iterable[RowCheck]) -> Iterator[Found]:
    """Run each query; what counts no row has found nothing."""
    for row_check in checks:
        count = int(evidence.row(row_check.sql)["n"])
        if count:
            yield Found(row_check.table, row_check.message.format(count=f"{count:,}"), count)


def few(count: int) -> str:
    """A count as it may be told.

    Examples
    --------
    >>> few(0), few(9), few(1000)
    ('0', '<10', '1,000')
    """
    return f"<{FEWEST_SHOWN}" if 0 < count < FEWEST_SHOWN else f"{count:,}"


def listed(names: Iterable[str], most: int = MOST_NAMED) -> str:
    """Names with commas between them, and how many more there are.

    Examples
    --------
    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    told = list(names)
    left = len(told) - most
    return ", ".join(told) if left <= 0 else f"{', '.join(told[:most])} and {left} more"
