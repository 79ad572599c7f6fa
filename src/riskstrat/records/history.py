"""What was read by earlier linkings, so that a new month is linked without the old files.

A history is a folder apart from the records. It holds the raw rows as their columns were read, and
what was told of who people are; NHS numbers are pseudonyms in it, but dates of birth, postcodes and
local identifiers are not: it is to be kept like the feeds themselves. With it, linking new files
gives what linking all files at once would give.
"""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.governance.gate import Governance
from riskstrat.records.governance.objections import MARKED, OBJECTIONS
from riskstrat.records.history_file import (
    HISTORY,
    Entry,
    damaged_history,
    read_history,
    write_history,
)
from riskstrat.records.linkage.claims import CLAIMS
from riskstrat.records.linkage.people_told import PeopleTold
from riskstrat.records.raw_rows import NUMBER_COLUMNS, rows_of_file
from riskstrat.records.sources.assigning import Assigned, SourceFiles
from riskstrat.records.sources.columns import RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.feed import FeedFile, count_rows
from riskstrat.records.sources.judging import Reason

__all__ = ["History"]

_TOLD = (CLAIMS, OBJECTIONS, MARKED)
_NAME_DIGITS = 24
_UNUSED = "unused"


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
        self._read = read_history(folder, key_id)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was linked before."""
        return not self._read.files

    @property
    def files(self) -> list[Entry]:
        """Source, dialect, table, name and hash of every file that was read."""
        return list(self._read.files)

    def restore(self, people: PeopleTold) -> None:
        """Add what earlier files told of people."""
        if self.is_empty:
            return
        for table in _TOLD:
            place = glob.escape(str(self.folder / f"{table}.parquet"))
            try:
                people.engine.connection.execute(
                    f"insert into {table} by name select * from read_parquet($1)", [place]
                )
            except duckdb.Error:
                raise damaged_history(f"'{table}.parquet' cannot be read") from None
        people.merges += self._read.merges

    def unread(self, assigned: Assigned) -> Assigned:
        """The files that were not read before, told by their name and hash."""
        known = {(e["source"], e["name"], e["sha256"]) for e in self._read.files}

        def is_new(source: SourceFiles, file: FeedFile) -> bool:
            return (source.source.name, file.name, file.sha256) not in known

        sources = tuple(
            replace(
                source,
                tables={
                    table: tuple(file for file in files if is_new(source, file))
                    for table, files in source.tables.items()
                },
                unused=tuple(pair for pair in source.unused if is_new(source, pair[0])),
            )
            for source in assigned.sources
        )
        return replace(assigned, sources=sources)

    def require_none_of(self, left_out: Sequence[str]) -> None:
        """Refuse to leave sources out that are in the history: what they told counts already.

        Raises
        ------
        RecordsError
        """
        held = {entry["source"] for entry in self._read.files}
        if found := [name for name in left_out if name in held]:
            raise RecordsError(
                f"the sources {', '.join(found)} are to be left out, but the history holds files "
                "of them.",
                do="Link all other feeds again into a new history.",
            )

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
        for entry in self._read.files:
            _link_file(self.folder / _place(entry), staged / _place(entry))
        entries = [
            _keep_file(engine, source, table, file, staged)
            for source in fresh.sources
            for table in source.dialect.tables
            for file in source.tables.get(table.name, ())
        ]
        entries += [
            _keep_unused(engine, source, file, reason, staged)
            for source in fresh.sources
            for file, reason in source.unused
        ]
        for table in _TOLD:
            place = staged / f"{table}.parquet"
            engine.connection.execute(
                f"copy (select * from {table} order by all) to '{_quoted(place)}' (format parquet)"
            )
        files = [*self._read.files, *entries]
        write_history(staged, self._key_id, files, people.merges)

    def sources(
        self, governance: Governance, dialects: Mapping[str, Dialect], purpose: str
    ) -> tuple[SourceFiles, ...]:
        """Every source with all its files, each read from here.

        Raises
        ------
        RecordsError
            When the governance file does not allow a source any more.
        """
        names = dict.fromkeys((e["dialect"], e["source"]) for e in self._read.files)
        found = []
        for name, source in names:
            if name not in dialects:
                raise damaged_history(f"'{HISTORY}' names a dialect that is not known")
            own = [entry for entry in self._read.files if entry["source"] == source]
            entries = governance.require_allowed(name, [e["name"] for e in own], purpose)
            if {entry.name for entry in entries.values()} != {source}:
                raise RecordsError(
                    f"files that were read as the source '{source}' now belong to another entry "
                    "of the governance file.",
                    do="Name the entry as before, or link all feeds again into a new history.",
                )
            entry = entries[own[0]["name"]]
            dialect = dialects[name].of_source(source)
            found.append(SourceFiles(entry, dialect, self._tables(own), self._unused(own)))
        order = {source.name: place for place, source in enumerate(governance.sources)}
        return tuple(sorted(found, key=lambda source: order[source.source.name]))

    def _tables(self, entries: list[Entry]) -> dict[str, tuple[FeedFile, ...]]:
        tables: dict[str, tuple[FeedFile, ...]] = {}
        for entry in entries:
            if "reason" not in entry:
                kept = self._file(entry)
                tables[entry["table"]] = (*tables.get(entry["table"], ()), kept)
        return tables

    def _unused(self, entries: list[Entry]) -> tuple[tuple[FeedFile, Reason], ...]:
        return tuple((self._file(e), Reason(e["reason"])) for e in entries if "reason" in e)

    def _file(self, entry: Entry) -> FeedFile:
        path = self.folder / _place(entry)
        return FeedFile(entry["name"], path, entry["sha256"], (), None, is_read=True)


def _keep_file(
    engine: Engine, source: SourceFiles, table: RawTable, file: FeedFile, staged: Path
) -> Entry:
    entry = _entry(source, table.name, file)
    with rows_of_file(engine, file, table) as rows:
        numbers = ", ".join(
            f"cast(null as varchar) as {name}" for name in NUMBER_COLUMNS if name in table.names
        )
        chosen = f"* replace ({numbers})" if numbers else "*"
        _write(engine, f"select {chosen} from ({rows}) told", staged / _place(entry))
    return entry


def _keep_unused(
    engine: Engine, source: SourceFiles, file: FeedFile, reason: Reason, staged: Path
) -> Entry:
    """Of a file that nobody reads, how many rows it has."""
    entry = {**_entry(source, _UNUSED, file), "reason": str(reason)}
    rows = count_rows(engine, file)
    _write(engine, f"select true as is_row from range({rows})", staged / _place(entry))
    return entry


def _entry(source: SourceFiles, table: str, file: FeedFile) -> Entry:
    return {
        "source": source.source.name,
        "dialect": source.dialect.name,
        "table": table,
        "name": file.name,
        "sha256": file.sha256,
    }


def _write(engine: Engine, rows: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    engine.connection.execute(
        f"copy ({rows}) to '{_quoted(path)}' (format parquet, compression zstd)"
    )


def _place(entry: Entry) -> Path:
    return Path(
        "rows", entry["source"], entry["table"], f"{entry['sha256'][:_NAME_DIGITS]}.parquet"
    )


def _link_file(kept: Path, place: Path) -> None:
    """Put a file into another folder, without writing it again where the disk allows that."""
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(kept, place)
    except FileNotFoundError:
        raise damaged_history(f"'{kept.name}' is missing") from None
    except OSError:
        shutil.copy2(kept, place)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
