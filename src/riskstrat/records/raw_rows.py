"""Raw rows of one part of the people: read once, spread over parts on disk if there are many."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.claims import claim_sql, claims_of_sql, makes_claims, merges_sql
from riskstrat.records.nhs_number import Merge
from riskstrat.records.objections import add_marks, add_objections
from riskstrat.records.sources.assigning import SourceFiles
from riskstrat.records.sources.columns import RawTable, read_sql
from riskstrat.records.sources.feed import FeedFile, relation_of, whole
from riskstrat.records.sources.judging import Reason

__all__ = ["Parts", "load_whole", "part_count", "read_people", "rows_of_file"]

_ROWS_PER_PART = 3_000_000
"""Raw rows that are worked on at a time: what fits into about two gigabytes with what is made of
them. The number of parts depends on the rows alone, never on the machine."""

_PART_DIGITS = 2
_MOST_PARTS = 16**_PART_DIGITS
_FLUSH_ROWS = 16_384
"""Rows that are kept in memory for each part and thread before they are written."""


def part_count(rows: int) -> int:
    """How many parts the people of so many raw rows are spread over: a power of two up to 256."""
    parts = 1
    while parts < _MOST_PARTS and parts * _ROWS_PER_PART < rows:
        parts *= 2
    return parts


def read_people(engine: Engine, source: SourceFiles) -> list[Merge]:
    """Add what a source says of who people are to ``claims``, and of who objects or is marked.

    Returns
    -------
    list of tuple
        NHS numbers that were merged: the superseded one, the present one, the day as text.
    """
    merges: list[Merge] = []
    for table in source.dialect.tables:
        for file in source.tables.get(table.name, ()):
            with rows_of_file(engine, file, table) as rows:
                if rows is not None:
                    merges += _read_table(engine, source, table, rows)
    return merges


def _read_table(engine: Engine, source: SourceFiles, table: RawTable, rows: str) -> list[Merge]:
    if makes_claims(table):
        claims = claims_of_sql(table, rows, source.source.name)
        engine.connection.execute(f"insert into claims by name {claims}")
    add_marks(engine, table, rows)
    if table.name == source.dialect.objections:
        add_objections(engine, table, rows)
    if table.name == source.dialect.merges:
        return engine.connection.execute(merges_sql(rows)).fetchall()
    return []


@contextmanager
def rows_of_file(engine: Engine, file: FeedFile, table: RawTable) -> Iterator[str | None]:
    """SQL of the rows of a file, read by the declaration of `table`; None without even a header."""
    with whole(file):
        relation = relation_of(engine, file)
        if relation is None:
            yield None
            return
        types = [str(found) for found in relation.types]
        read = read_sql(table, file.normal_columns, types)
        relation.create_view("file_rows", replace=True)
        names = ", ".join(f"c{place}" for place in range(1, len(types) + 1))
        more = "".join(f", {sql} as {name}" for name, sql in table.derived.items())
        yield f"select *{more} from (select {read} from file_rows as f({names})) f"


def load_whole(engine: Engine, source: SourceFiles) -> None:
    """Make ``raw_<table>`` of every table of a source, with all rows."""
    for table in source.dialect.tables:
        columns = ", ".join(f"{column.name} varchar" for column in table.columns)
        engine.connection.execute(
            f"create or replace temp table raw_{table.name} "
            f"(file_number integer, {columns}, unreadable varchar)"
        )
        for number, file in enumerate(source.tables.get(table.name, ())):
            with rows_of_file(engine, file, table) as rows:
                if rows is not None:
                    engine.connection.execute(
                        f"insert into raw_{table.name} by name "
                        f"select {number} as file_number, * from ({rows})"
                    )
        _require_rows(engine, table)


def _require_rows(engine: Engine, table: RawTable) -> None:
    ((rows,),) = engine.connection.execute(f"select count(*) from raw_{table.name}").fetchall()
    if table.must_have_rows and not rows:
        raise RecordsError(
            f"table {table.name} has no rows.",
            do="Export it again; without it nobody and nothing can be linked.",
        )


@dataclass(frozen=True)
class Parts:
    """The raw rows of governed sources, by part of the people.

    Parameters
    ----------
    engine : Engine
        Holds ``who_<source>`` for every source: claim, ``patient_id`` and ``refusal``.
    sources : sequence of SourceFiles
    count : int
        Number of parts; with one, files are read where they stand.
    scratch : Path
        Folder that only this user may read.
    """

    engine: Engine
    sources: Sequence[SourceFiles]
    count: int
    scratch: Path

    def spread(self) -> None:
        """Write the raw rows of all sources by part, unless there is one part only."""
        if self.count == 1:
            return
        self.engine.connection.execute(f"set partitioned_write_flush_threshold = {_FLUSH_ROWS}")
        self.engine.connection.execute(f"set partitioned_write_max_open_files = {_MOST_PARTS + 1}")
        for source, table, number, file in self._files():
            with rows_of_file(self.engine, file, table) as rows:
                if rows is not None:
                    folder = self._folder(source, table) / str(number)
                    folder.mkdir(parents=True)
                    self.engine.connection.execute(
                        f"copy (select *, {self._part_sql()} as part "
                        f"from ({self._named(rows, source, table, number)}) named) "
                        f"to '{folder}' (format parquet, compression lz4, partition_by (part))"
                    )

    def load(self, source: SourceFiles, part: int) -> None:
        """Make ``raw_<table>`` of every table of a source, with the rows of one part."""
        for table in source.dialect.tables:
            selects = list(self._selects(source, table, part))
            empty = self._named(_nothing(table), source, table, 0)
            self.engine.connection.execute(
                f"create or replace temp table raw_{table.name} as {empty} limit 0"
            )
            for select in selects:
                self.engine.connection.execute(f"insert into raw_{table.name} by name {select}")

    def people_sql(self, part: int) -> str:
        """SQL: ``patient_id, birth_month, sex`` of everybody of a part whom a source may name."""
        named = " union ".join(
            f"select w.patient_id from who_{source.source.name} w semi join claims c "
            f"on c.claim = w.claim and c.source = '{source.source.name}' "
            "where w.patient_id is not null"
            for source in self.sources
            if source.dialect.merges is None
        )
        if not named:
            return "select patient_id, birth_month, sex from patients where false"
        return f"""
            select distinct i.patient_id, i.birth_month, i.sex from identities i
            semi join ({named}) named on named.patient_id = i.patient_id
            where {self._part_sql("i.")} = {part}
        """

    def clear(self, source: SourceFiles, part: int) -> None:
        """Remove what was written of one part of a source."""
        for table in source.dialect.tables:
            for folder in self._folder(source, table).glob(f"*/part={part}"):
                shutil.rmtree(folder)

    def _files(self) -> Iterator[tuple[SourceFiles, RawTable, int, FeedFile]]:
        for source in self.sources:
            for table in source.dialect.tables:
                for number, file in enumerate(source.tables.get(table.name, ())):
                    yield source, table, number, file

    def _folder(self, source: SourceFiles, table: RawTable) -> Path:
        return self.scratch / source.source.name / table.name

    def _part_sql(self, prefix: str = "") -> str:
        """The part of a person by the first digits of the pseudonym: parts are in its order."""
        digits = f"('0x' || {prefix}patient_id[1:{_PART_DIGITS}])::integer"
        return f"coalesce({digits} * {self.count} // {_MOST_PARTS}, 0)"

    def _selects(self, source: SourceFiles, table: RawTable, part: int) -> Iterator[str]:
        if self.count > 1:
            found = sorted(self._folder(source, table).glob(f"*/part={part}/*.parquet"))
            for path in found:
                yield (
                    f"select * exclude (part) from read_parquet('{path}', hive_partitioning=true)"
                )
            return
        for number, file in enumerate(source.tables.get(table.name, ())):
            with rows_of_file(self.engine, file, table) as rows:
                if rows is not None:
                    yield self._named(rows, source, table, number)

    def _named(self, rows: str, source: SourceFiles, table: RawTable, number: int) -> str:
        """SQL: the rows with the person each is about, or why it is about nobody."""
        return f"""
            select {number}::integer as file_number, r.* exclude (claim_of_row), w.patient_id,
                case when w.claim is not null then w.refusal
                    when claim_of_row is null then '{Reason.NO_IDENTIFIER}'
                    else '{Reason.UNKNOWN_PATIENT}' end as refusal
            from (select *, {claim_sql(table)} as claim_of_row from ({rows}) told) r
            left join who_{source.source.name} w on w.claim = r.claim_of_row
        """


def _nothing(table: RawTable) -> str:
    """SQL: no rows with the declared columns."""
    more = "".join(f", {sql} as {name}" for name, sql in table.derived.items())
    return f"select *{more} from (select {read_sql(table, (), ())} limit 0) f"
