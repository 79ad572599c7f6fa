"""What a dialect declares, and how the dialect of a feed is told from its headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError, UsageError
from riskstrat.records.sources.feed import FeedFile, count_rows, normal_name, read_text
from riskstrat.records.sources.judging import Reason, rejections
from riskstrat.schema import FileCount

__all__ = ["Built", "Dialect", "Feed", "RawTable", "choose_dialect", "read_feed"]


@dataclass(frozen=True)
class RawTable:
    """One table of a dialect.

    Parameters
    ----------
    name : str
    required : tuple of str
        Columns without which it cannot be read; a file with all of them is recognised by them.
    optional : tuple of str
        Columns that are read where they exist.
    must_exist : bool
    must_have_rows : bool
    """

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    must_exist: bool = True
    must_have_rows: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        return self.required + self.optional


@dataclass(frozen=True)
class Built:
    """What a dialect made of a feed, beside the canonical relations in the engine.

    Parameters
    ----------
    data_from, data_to : str
        Days the feed covers, ISO.
    judged : mapping of str to str
        Raw table to the temporary table in which its rows were judged.
    assumed : mapping of str to int
        What had to be assumed, and for how many people.
    """

    data_from: str
    data_to: str
    judged: Mapping[str, str]
    assumed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Dialect:
    """One kind of feed.

    Parameters
    ----------
    name : str
    tables : tuple of RawTable
    build : callable
        Makes the canonical relations from the raw ones (``raw_<table>``), given the key.
    unused : mapping of str to Reason
        Tables that are known and left out, with the reason.
    """

    name: str
    tables: tuple[RawTable, ...]
    build: Callable[[Engine, bytes], Built]
    unused: Mapping[str, Reason] = field(default_factory=dict)


@dataclass(frozen=True)
class Feed:
    """The files of a feed by raw table, and those that are left out with their reason."""

    dialect: Dialect
    tables: Mapping[str, tuple[FeedFile, ...]]
    unused: tuple[tuple[FeedFile, Reason], ...]

    def counts(self, engine: Engine, judged: Mapping[str, str]) -> tuple[FileCount, ...]:
        """What became of every file, by name.

        Parameters
        ----------
        engine : Engine
        judged : mapping of str to str
            As in :class:`Built`; a table that is not in it only served to read others (a
            vocabulary): no canonical row stands on it.
        """
        found = [_refused(engine, file, reason) for file, reason in self.unused]
        for table, files in self.tables.items():
            if table not in judged:
                found += [_refused(engine, file, Reason.VOCABULARY) for file in files]
                continue
            by_file = rejections(engine, judged[table])
            found += [_judged(file, by_file.get(n, {})) for n, file in enumerate(files)]
        return tuple(sorted(found, key=lambda count: count.name))


def _refused(engine: Engine, file: FeedFile, reason: Reason) -> FileCount:
    rows = count_rows(engine, file)
    return FileCount(file.name, file.sha256, rows, 0, {str(reason): rows} if rows else {})


def _judged(file: FeedFile, counts: Mapping[str | None, int]) -> FileCount:
    rejected = {reason: rows for reason, rows in counts.items() if reason is not None}
    rows_in = sum(counts.values())
    return FileCount(file.name, file.sha256, rows_in, counts.get(None, 0), rejected)


def choose_dialect(
    dialects: Mapping[str, Dialect], files: Sequence[FeedFile], name: str | None
) -> Dialect:
    """The dialect of that name, or the only one whose tables the headers show.

    Raises
    ------
    UsageError
        When there is no dialect of that name.
    RecordsError
        When no dialect fits, or more than one does.
    """
    known = ", ".join(sorted(dialects))
    if name is not None:
        if name not in dialects:
            raise UsageError(f"expected a dialect, one of: {known}.")
        return dialects[name]
    fitting = [
        dialect
        for _, dialect in sorted(dialects.items())
        if any(_by_header(dialect, file) for file in files)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(dialect.name for dialect in fitting)
        raise RecordsError(
            f"the headers of the feed fit more than one dialect: {names}.",
            do="Say which with --dialect, or give each feed its own folder.",
        )
    raise RecordsError(
        f"the headers of {len(files)} files fit none of the known dialects: {known}.",
        do="Name the dialect with --dialect to see what is missing, or check the header lines.",
    )


def read_feed(engine: Engine, dialect: Dialect, files: Sequence[FeedFile]) -> Feed:
    """Read every table of a dialect as text into the temporary tables ``raw_<table>``.

    Raises
    ------
    RecordsError
        When a table or a column is missing, or a table that must have rows has none.
    """
    tables: dict[str, tuple[FeedFile, ...]] = {}
    unused: list[tuple[FeedFile, Reason]] = []
    for file in files:
        table = _table_of(dialect, file)
        if isinstance(table, RawTable):
            tables[table.name] = (*tables.get(table.name, ()), file)
        else:
            unused.append((file, table))
    if missing := [t.name for t in dialect.tables if t.must_exist and t.name not in tables]:
        raise RecordsError(
            f"the {dialect.name} feed needs the tables {', '.join(missing)}, which no file holds.",
            do="Name each file after its table; one without rows still has its header line.",
        )
    for raw in dialect.tables:
        _read(engine, raw, tables.get(raw.name, ()))
    return Feed(dialect, tables, tuple(unused))


def _table_of(dialect: Dialect, file: FeedFile) -> RawTable | Reason:
    """By file name, by the name of its folder, or by its columns."""
    place = PurePosixPath(file.name)
    for name in (place.stem, place.parent.name):
        for table in dialect.tables:
            if normal_name(name) == normal_name(table.name):
                return table
        for table_name, reason in dialect.unused.items():
            if normal_name(name) == normal_name(table_name):
                return reason
    return _by_header(dialect, file) or Reason.NOT_USED


def _by_header(dialect: Dialect, file: FeedFile) -> RawTable | None:
    present = set(file.normal_columns)
    for table in dialect.tables:
        if present.issuperset(map(normal_name, table.required)):
            return table
    return None


def _read(engine: Engine, table: RawTable, files: Sequence[FeedFile]) -> None:
    for file in files:
        present = set(file.normal_columns)
        if missing := [c for c in table.required if normal_name(c) not in present]:
            raise RecordsError(
                f"file '{file.name}', read as {table.name}, lacks the columns "
                f"{', '.join(missing)}.",
                do="Export them too, or name the file after the table it holds.",
            )
    read_text(engine, f"raw_{table.name}", files, columns=table.columns)
    ((rows,),) = engine.connection.table(f"raw_{table.name}").aggregate("count(*)").fetchall()
    if table.must_have_rows and not rows:
        raise RecordsError(
            f"table {table.name} has no rows.",
            do="Export it again; without it nobody and nothing can be linked.",
        )
