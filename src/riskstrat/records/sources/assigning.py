"""Which file belongs to which governed source; what nobody answers for is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from riskstrat.errors import RecordsError, UsageError
from riskstrat.records.governance.gate import Governance, GovernedSource
from riskstrat.records.options import LinkOptions
from riskstrat.records.sources.columns import RawTable
from riskstrat.records.sources.dialect import Dialect, table_by_header, table_of
from riskstrat.records.sources.feed import FeedFile
from riskstrat.records.sources.judging import Reason

__all__ = ["Assigned", "SourceFiles", "assign_files", "require_tables"]


@dataclass(frozen=True)
class SourceFiles:
    """The files of one governed source by raw table, and those left out with their reason."""

    source: GovernedSource
    dialect: Dialect
    tables: Mapping[str, tuple[FeedFile, ...]]
    unused: tuple[tuple[FeedFile, Reason], ...]


@dataclass(frozen=True)
class Assigned:
    """Every file of a feed: those of each source, those left out, and those of other kinds."""

    sources: tuple[SourceFiles, ...]
    others: tuple[FeedFile, ...]
    ignored: tuple[FeedFile, ...] = ()


def assign_files(
    files: Sequence[FeedFile],
    dialects: Mapping[str, Dialect],
    governance: Governance,
    chosen: LinkOptions,
) -> Assigned:
    """Give every file to the source that answers for it.

    The entry in the governance file says the dialect of the files it names; the header says it of
    any other file. A file that some dialect reads and no entry names is refused.

    Raises
    ------
    UsageError
        When there is no dialect of that name.
    RecordsError
        When a file fits more than one dialect, has no entry, may not be used for the purpose, or
        lacks a table or a column; when no file fits a dialect.
    """
    known = _known(dialects, chosen.dialect)
    unnamed = _left_out(governance, chosen.leave_out, dialects)
    by_dialect: dict[str, list[FeedFile]] = {}
    others: list[FeedFile] = []
    ignored = tuple(file for file in files if file.is_other)
    for file in files:
        if file.is_other:
            continue
        name = _dialect_of(file, known, governance)
        if name is None or any(source.covers(file.name) for source in unnamed):
            others.append(file)
        else:
            by_dialect.setdefault(name, []).append(file)
    if not by_dialect:
        raise RecordsError(
            f"the headers of {len(files) - len(ignored)} files fit none of the known dialects: "
            f"{', '.join(sorted(known))}.",
            do="Name the dialect with --dialect to see what is missing, or check the header lines.",
        )
    if len(by_dialect) == 1 and not unnamed:
        (only,) = by_dialect
        by_dialect[only] += others
        others = []
    sources: list[SourceFiles] = []
    for name, held in sorted(by_dialect.items()):
        entries = governance.require_allowed(name, [file.name for file in held], chosen.purpose)
        for entry in {source.name: source for source in entries.values()}.values():
            own = [file for file in held if entries[file.name].name == entry.name]
            sources.append(_source_files(entry, dialects[name], own))
    order = {source.name: place for place, source in enumerate(governance.sources)}
    sources.sort(key=lambda found: order[found.source.name])
    return Assigned(tuple(sources), tuple(others), ignored)


def _left_out(
    governance: Governance, names: Sequence[str], dialects: Mapping[str, Dialect]
) -> list[GovernedSource]:
    """The sources of those names; one that tells who objects cannot be left out."""
    known = {source.name: source for source in governance.sources}
    if unknown := sorted(set(names) - set(known)):
        raise UsageError(
            f"expected sources to leave out, of: {', '.join(known)}; "
            f"got {len(unknown)} other names."
        )
    telling = {name for name, dialect in dialects.items() if dialect.objections is not None}
    if heard := sorted(name for name in set(names) if known[name].dialect in telling):
        raise UsageError(
            f"the source {', '.join(heard)} tells who objects; without it people who object would "
            "be in the records.",
            do="Link it too, or take its entry and its files out of the folder and bring the "
            "objections another way.",
        )
    return [known[name] for name in names]


def _known(dialects: Mapping[str, Dialect], name: str | None) -> Mapping[str, Dialect]:
    if name is None:
        return dialects
    if name not in dialects:
        raise UsageError(f"expected a dialect, one of: {', '.join(sorted(dialects))}.")
    return {name: dialects[name]}


def _dialect_of(
    file: FeedFile, dialects: Mapping[str, Dialect], governance: Governance
) -> str | None:
    if len(dialects) == 1:
        (only,) = dialects
        return only
    named = [name for name in sorted(dialects) if governance.source_for(name, file.name)]
    fitting = [n for n in sorted(dialects) if table_by_header(dialects[n], file) is not None]
    candidates = [name for name in named if name in fitting] or named or fitting
    if len(candidates) > 1:
        raise RecordsError(
            f"file '{file.name}' fits more than one dialect: {', '.join(candidates)}.",
            do="Say which: name the file in the 'files' of one entry of the governance file, or "
            "use --dialect.",
        )
    return candidates[0] if candidates else None


def _source_files(
    source: GovernedSource, dialect: Dialect, files: Sequence[FeedFile]
) -> SourceFiles:
    tables: dict[str, tuple[FeedFile, ...]] = {}
    unused: list[tuple[FeedFile, Reason]] = []
    for file in files:
        table = table_of(dialect, file)
        if isinstance(table, RawTable):
            asked = _asking(file, table)
            _require_columns(asked, table)
            tables[table.name] = (*tables.get(table.name, ()), asked)
        else:
            unused.append((file, table or Reason.NOT_USED))
    return SourceFiles(source, dialect.of_source(source.name), tables, tuple(unused))


def _asking(file: FeedFile, table: RawTable) -> FeedFile:
    """A file of JSON lines with the paths that a table asks for as its columns."""
    if file.holds is None:
        return file
    paths = dict.fromkeys(column.aliases[0] for column in table.columns)
    return replace(file, columns=tuple(paths))


def require_tables(source: SourceFiles) -> None:
    """Refuse a source without one of the tables that its dialect must have.

    Raises
    ------
    RecordsError
    """
    tables, dialect = source.tables, source.dialect
    missing = [t.name for t in dialect.tables if t.must_exist and t.name not in tables]
    if missing:
        raise RecordsError(
            f"the {dialect.name} feed needs the tables {', '.join(missing)}, which no file holds.",
            do="Name each file after its table; one without rows still has its header line.",
        )
    if source.unused and not tables:
        raise RecordsError(
            f"none of {len(source.unused)} files given to dialect {dialect.name} holds one of its "
            f"tables: {', '.join(table.name for table in dialect.tables)}.",
            do="Check the header lines, or the dialect that the governance file names.",
        )


def _require_columns(file: FeedFile, table: RawTable) -> None:
    normal = file.normal_columns
    if doubled := len(normal) - len(set(normal)):
        raise RecordsError(
            f"file '{file.name}': expected every column name once, {doubled} stand there again "
            "(casing, spaces and underscores do not tell names apart).",
            do="Give every column its own name, and check that the file has a header line.",
        )
    if missing := table.lacking(normal):
        raise RecordsError(
            f"file '{file.name}', read as {table.name}, lacks the columns {', '.join(missing)}.",
            do="Export them too, or name the file after the table it holds.",
        )
