"""A malformed feed: how it is made from a sound one, and what becomes of it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.unit.records.tiny_files import CANARY, TABLES, csv_text, texts_of, write_texts

from riskstrat.records.sources.judging import Reason

Build = Callable[[Path], dict[str, Any] | None]
"""Makes a feed in a folder; gives the options that it is linked with, if any."""
Change = Callable[[str], str | bytes]
Count = tuple[int, Mapping[str, int]]

WORKBOOK = b"PK\x03\x04 not really" + CANARY.encode()
"""What stands for a workbook of a spreadsheet."""


@dataclass(frozen=True)
class Linked:
    """The feed is linked: rows kept and rejected of every file, and the files that are not read."""

    files: Mapping[str, Count]
    ignored: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The outcome in words."""
        lost = [
            f"{reason}: {count}"
            for _, rejected in self.files.values()
            for reason, count in rejected.items()
        ]
        words = f"rejected: {', '.join(lost)}" if lost else "every row is kept"
        return f"{words}; not read: {', '.join(self.ignored)}" if self.ignored else words


@dataclass(frozen=True)
class Refused:
    """Nothing is written; the message has this in it."""

    message: str
    exit_code: int = 3

    @property
    def told(self) -> str:
        """The outcome in words."""
        return f"error: {self.message.strip()}"


@dataclass(frozen=True)
class Case:
    """One malformed feed."""

    dialect: str
    name: str
    build: Build
    outcome: Linked | Refused

    @property
    def title(self) -> str:
        """Dialect and name."""
        return f"{self.dialect}: {self.name}"


@dataclass
class Cases:
    """Collects the cases of one dialect in ``found``."""

    dialect: str
    found: list[Case] = field(default_factory=list)

    def add(self, name: str, build: Build, outcome: Linked | Refused) -> None:
        """The feed is made in a way of its own."""
        self.found.append(Case(self.dialect, name, build, outcome))

    def text(self, name: str, file: str, change: Change, outcome: Linked | Refused) -> None:
        """The text of one file is changed."""
        self.add(name, partial(_changed, self.dialect, file, change), outcome)

    def cells(
        self, name: str, file: str, cells: Mapping[str, Sequence[str]], outcome: Linked | Refused
    ) -> None:
        """Some columns of a file have other values, by row."""
        self.text(name, file, lambda _: csv_text(with_cells(self.dialect, file, cells)), outcome)

    def sound(self) -> Linked:
        """Every row of every file is kept."""
        return self.lost()

    def sound_but_empty(self, file: str) -> Linked:
        """Every row is kept, and one file has none."""
        return Linked({**self.sound().files, file: (0, {})})

    def lost(self, file: str = "", **reasons: int) -> Linked:
        """Rows of one file are rejected, the others kept; reasons by the name of their member."""
        files: dict[str, Count] = {
            name: (_count_rows(text, name), {}) for name, text in self.texts()
        }
        if file:
            rejected = {str(Reason[name]): count for name, count in reasons.items()}
            files[file] = (files[file][0] - sum(rejected.values()), rejected)
        return Linked(files)

    def texts(self) -> list[tuple[str, str]]:
        return list(texts_of(self.dialect).items())


def _count_rows(text: str, name: str) -> int:
    return len(text.splitlines()) - name.endswith(".csv")


def _changed(dialect: str, file: str, change: Change, folder: Path) -> None:
    texts: dict[str, str | bytes] = dict(texts_of(dialect))
    texts[file] = change(str(texts[file]))
    write_texts(folder, dialect, texts)


def with_cells(dialect: str, file: str, cells: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """The rows of a sound file with other values in some columns, by row."""
    rows = [dict(row) for row in TABLES[dialect][file.removesuffix(".csv")]]
    for column, values in cells.items():
        for row, value in zip(rows, values, strict=True):
            row[column] = value
    return rows


def with_line(text: str, number: int, change: Callable[[str], str]) -> str:
    """The text with one line changed; the header is line 0."""
    lines = text.splitlines(keepends=True)
    lines[number] = change(lines[number])
    return "".join(lines)


def columns_swapped(first: str, second: str) -> Change:
    """The header's names stand over each other's values."""

    def swap(header: str) -> str:
        names = next(csv.reader([header]))
        other = {first: second, second: first}
        return csv_text([dict.fromkeys([other.get(name, name) for name in names])]).split("\n")[0]

    return lambda text: with_line(text, 0, lambda header: swap(header) + "\n")


def only(dialect: str, file: str, folder: Path) -> None:
    """A feed of one of its files."""
    write_texts(folder, dialect, {file: texts_of(dialect)[file]})


def all_but(dialect: str, file: str, folder: Path) -> None:
    """A feed without one of its files."""
    texts = {name: text for name, text in texts_of(dialect).items() if name != file}
    write_texts(folder, dialect, texts)


def made(folder: Path) -> Path:
    """The folder, which is there now."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def to_parquet(outcome: Linked) -> Linked:
    """The same of files that are Parquet."""
    return Linked({f"{Path(name).stem}.parquet": count for name, count in outcome.files.items()})
