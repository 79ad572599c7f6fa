"""What a dialect declares, and which table of which dialect a file holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from riskstrat.engine import Engine
from riskstrat.records.sources.columns import RawTable, normal_name
from riskstrat.records.sources.feed import FeedFile
from riskstrat.records.sources.json_lines import IS_JSON
from riskstrat.records.sources.judging import Reason

if TYPE_CHECKING:
    from riskstrat.records.sources.work import Work

__all__ = ["Built", "Dialect", "table_by_header", "table_of"]


@dataclass(frozen=True)
class Built:
    """What a whole-record dialect made of a feed, beside the canonical relations in the engine.

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
    build : callable, optional
        Judges the rows of some people and says which canonical rows stand on them.
    build_whole : callable, optional
        Instead of `build`, for records that are whole in themselves and have an identity of their
        own (OMOP, MEDS): makes the canonical relations from the raw ones, given the key.
    unused : mapping of str to Reason
        Tables that are known and left out, with the reason.
    objections : str or None
        The raw table of objections, if it has one: ``kind, start_date, end_date, recorded_date``.
    merges : str or None
        The raw table of merged NHS numbers: ``superseded_nhs_number, nhs_number, merge_date``.
    has_own_people : bool
        Whether its local identifiers are those of one system: in two sources the same identifier is
        two people.
    """

    name: str
    tables: tuple[RawTable, ...]
    build: Callable[[Work], None] | None = None
    build_whole: Callable[[Engine, bytes], Built] | None = None
    unused: Mapping[str, Reason] = field(default_factory=dict)
    objections: str | None = None
    merges: str | None = None
    has_own_people: bool = False

    def of_source(self, source: str) -> Dialect:
        """The dialect as one source speaks it, with the scope of its local identifiers."""
        if not self.has_own_people:
            return self
        tables = (replace(table, scope=f"{table.scope} {source}") for table in self.tables)
        return replace(self, tables=tuple(tables))


def table_of(dialect: Dialect, file: FeedFile) -> RawTable | Reason | None:
    """The table that a file holds: by its name, by the name of its folder, or by its columns.

    Returns
    -------
    RawTable, Reason or None
        The reason for a table that is known and left out; None when nothing fits.
    """
    if file.holds is not None:
        return table_by_header(dialect, file) or dialect.unused.get(file.holds)
    for name in (file.stem, PurePosixPath(file.name).parent.name):
        for table in dialect.tables:
            if normal_name(name) == normal_name(table.name):
                return table
        for table_name, reason in dialect.unused.items():
            if normal_name(name) == normal_name(table_name):
                return reason
    return table_by_header(dialect, file)


def table_by_header(dialect: Dialect, file: FeedFile) -> RawTable | None:
    """The table all of whose required columns a file has: of several, the one with the most.

    Of a file of JSON lines, the table of lines that is named after the dialect and what they hold.
    """
    if file.holds is not None:
        held = normal_name(dialect.name + file.holds)
        named = [table for table in dialect.tables if normal_name(table.name) == held]
        return next((t for t in named if any(IS_JSON in c.aliases for c in t.columns)), None)
    fitting = [
        table
        for table in dialect.tables
        if any(c.required for c in table.columns) and not table.lacking(file.normal_columns)
    ]
    return max(fitting, key=lambda t: len(t.places(file.normal_columns)), default=None)
