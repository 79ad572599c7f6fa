"""What was read by earlier linkings, so that a new month is linked without the old files.

A history is a folder apart from the records. It holds the raw rows as their columns were read, and
what was told of who people are; NHS numbers are pseudonyms in it, but dates of birth, postcodes and
local identifiers are not: it is to be kept like the feeds themselves. With it, linking new files
gives what linking all files at once would give.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.claims import CLAIMS
from riskstrat.records.governance import Governance
from riskstrat.records.nhs_number import Merge
from riskstrat.records.objections import MARKED, OBJECTIONS
from riskstrat.records.people_told import PeopleTold
from riskstrat.records.raw_rows import NUMBER_COLUMNS, rows_of_file
from riskstrat.records.sources.assigning import Assigned, SourceFiles
from riskstrat.records.sources.columns import RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.feed import FeedFile

__all__ = ["HISTORY", "History"]

HISTORY = "history.json"
"""The file that says what a history holds."""

_VERSION = 1
_TOLD = (CLAIMS, OBJECTIONS, MARKED)
_NAME_DIGITS = 24

Entry = dict[str, Any]


class History:
    """The files of earlier linkings: rows by file, and what they tell of people.

    Parameters
    ----------
    folder : Path
        The history's folder; missing or empty for the first linking.
    key_id : str
        Of the key of the pseudonyms.

    Raises
    ------
    RecordsError
        When the folder holds something else, or was made with another key or by a later version.
    """

    def __init__(self, folder: Path, key_id: str) -> None:
        self.folder = folder
        self._key_id = key_id
        self._read = _read_manifest(folder, key_id)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was linked before."""
        return not self._read["files"]

    @property
    def files(self) -> list[Entry]:
        """Source, dialect, table, name and hash of every file that was read."""
        return list(self._read["files"])

    def restore(self, people: PeopleTold) -> None:
        """Add what earlier files told of people."""
        if self.is_empty:
            return
        for table in _TOLD:
            people.engine.connection.execute(
                f"insert into {table} by name "
                f"select * from read_parquet('{_quoted(self.folder / f'{table}.parquet')}')"
            )
        people.merges += [
            (former, present, date.fromisoformat(day) if day else None)
            for former, present, day in self._read["merges"]
        ]

    def unread(self, assigned: Assigned) -> Assigned:
        """The files that were not read before, told by their hash."""
        known = {(entry["source"], entry["sha256"]) for entry in self._read["files"]}

        def fresh(source: SourceFiles, files: tuple[FeedFile, ...]) -> tuple[FeedFile, ...]:
            return tuple(f for f in files if (source.source.name, f.sha256) not in known)

        sources = tuple(
            replace(
                source,
                tables={table: fresh(source, files) for table, files in source.tables.items()},
            )
            for source in assigned.sources
        )
        return replace(assigned, sources=sources)

    def keep(self, engine: Engine, fresh: Assigned, people: PeopleTold, staged: Path) -> None:
        """Write a history of the earlier files and the new ones into a folder of its own.

        Parameters
        ----------
        engine : Engine
        fresh : Assigned
            The files that were not read before.
        people : PeopleTold
            What all files told of people.
        staged : Path
            An existing folder that takes the place of the history when it is whole.
        """
        for entry in self._read["files"]:
            _link_file(self.folder / _place(entry), staged / _place(entry))
        entries = [
            _keep_file(engine, source, table, file, staged)
            for source in fresh.sources
            for table in source.dialect.tables
            for file in source.tables.get(table.name, ())
        ]
        for table in _TOLD:
            place = staged / f"{table}.parquet"
            engine.connection.execute(
                f"copy (select * from {table} order by all) to '{_quoted(place)}' (format parquet)"
            )
        files = [*self._read["files"], *entries]
        told = {
            "version": _VERSION,
            "key_id": self._key_id,
            "merges": [_written(merge) for merge in people.merges],
            "files": sorted(files, key=lambda entry: (entry["source"], entry["name"])),
        }
        (staged / HISTORY).write_text(json.dumps(told, indent=2) + "\n")

    def sources(
        self, governance: Governance, dialects: Mapping[str, Dialect], purpose: str
    ) -> tuple[SourceFiles, ...]:
        """Every source with all its files, each read from here.

        Raises
        ------
        RecordsError
            When the governance file does not allow a source any more.
        """
        names = dict.fromkeys((e["dialect"], e["source"]) for e in self._read["files"])
        found = []
        for name, source in names:
            own = [entry for entry in self._read["files"] if entry["source"] == source]
            entries = governance.require_allowed(name, [e["name"] for e in own], purpose)
            entry = entries[own[0]["name"]]
            found.append(SourceFiles(entry, dialects[name], self._tables(own), ()))
        order = {source.name: place for place, source in enumerate(governance.sources)}
        return tuple(sorted(found, key=lambda source: order[source.source.name]))

    def _tables(self, entries: list[Entry]) -> dict[str, tuple[FeedFile, ...]]:
        tables: dict[str, tuple[FeedFile, ...]] = {}
        for entry in entries:
            path = self.folder / _place(entry)
            file = FeedFile(entry["name"], path, entry["sha256"], (), None, is_read=True)
            tables[entry["table"]] = (*tables.get(entry["table"], ()), file)
        return tables


def _written(merge: Merge) -> list[str]:
    former, present, *days = merge
    return [former, present, *(day.isoformat() if day else "" for day in days)]


def _keep_file(
    engine: Engine, source: SourceFiles, table: RawTable, file: FeedFile, staged: Path
) -> Entry:
    entry = {
        "source": source.source.name,
        "dialect": source.dialect.name,
        "table": table.name,
        "name": file.name,
        "sha256": file.sha256,
    }
    path = staged / _place(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    with rows_of_file(engine, file, table) as rows:
        numbers = ", ".join(
            f"cast(null as varchar) as {name}" for name in NUMBER_COLUMNS if name in table.names
        )
        chosen = f"* replace ({numbers})" if numbers else "*"
        engine.connection.execute(
            f"copy (select {chosen} from ({rows or 'select 1 limit 0'}) told) "
            f"to '{_quoted(path)}' (format parquet, compression zstd)"
        )
    return entry


def _place(entry: Entry) -> Path:
    return Path(
        "rows", entry["source"], entry["table"], f"{entry['sha256'][:_NAME_DIGITS]}.parquet"
    )


def _link_file(kept: Path, place: Path) -> None:
    """Put a file into another folder without writing it again."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(kept, place)
    except FileNotFoundError:
        raise _damaged(f"'{kept.name}' is missing") from None


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _read_manifest(folder: Path, key_id: str) -> dict[str, Any]:
    file = folder / HISTORY
    if not file.is_file():
        return {"files": [], "merges": []}
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        version, made_with, files = told["version"], told["key_id"], told["files"]
        complete = all(
            {"source", "dialect", "table", "name", "sha256"} <= set(entry) for entry in files
        )
    except (ValueError, KeyError, TypeError):
        raise _damaged(f"'{HISTORY}' cannot be read") from None
    if not complete or version > _VERSION:
        raise _damaged(f"'{HISTORY}' is incomplete, or of a later version")
    if made_with != key_id:
        raise RecordsError(
            f"the history was made with the key {made_with}, got the key {key_id}: people would "
            "not be recognised.",
            do="Give the key it was made with, or link all feeds again into a new history.",
        )
    return dict(told)


def _damaged(what: str) -> RecordsError:
    return RecordsError(
        f"the history cannot be added to: {what}.",
        do="Restore the folder from its copy, or link all feeds again with --history.",
    )
