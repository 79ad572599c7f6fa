"""Raw rows of files as they are declared, and those of one part of the people."""

from __future__ import annotations

import glob
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.linkage.claims import CLAIMS, claim_sql
from riskstrat.records.sources.assigning import SourceFiles
from riskstrat.records.sources.columns import RawTable
from riskstrat.records.sources.feed import FeedFile, relation_of, whole
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.reading import read_sql

__all__ = ["NUMBER_COLUMNS", "Parts", "load_whole", "part_count", "rows_of_file"]

NUMBER_COLUMNS = ("nhs_number", "superseded_nhs_number")
"""Columns with NHS numbers: known by claims, and written nowhere."""

_ROWS_PER_PART = 3_000_000
"""Raw rows that are worked on at a time: what fits into about two gigabytes with what is made of
them. The number of parts depends on the rows alone, never on the machine."""

_NAMED = "named_people"
_PART_DIGITS = 2
_MOST_PARTS = 16**_PART_DIGITS
_BITS_OF_ROW = 40
"""Of the number of a row in a part, those that count within one file."""
_FLUSH_ROWS = 16_384
"""Rows that are kept in memory for each part and thread before they are written."""


def part_count(rows: int) -> int:
    """How many parts the people of so many raw rows are spread over: a power of two up to 256."""
    parts = 1
    while parts < _MOST_PARTS and parts * _ROWS_PER_PART < rows:
        parts *= 2
    return parts


@contextmanager
def rows_of_file(engine: Engine, file: FeedFile, table: RawTable) -> Iterator[str | None]:
    """SQL of the rows of a file, read by the declaration of `table`; None without even a header.

    Every row has the declared columns, ``unreadable`` and ``claim_of_row``.
    """
    with whole(file):
        if file.is_read:
            yield f"select * from read_parquet('{_quoted(glob.escape(str(file.path)))}')"
            return
        relation = relation_of(engine, file)
        if relation is None:
            yield None
            return
        types = [str(found) for found in relation.types]
        relation.create_view("file_rows", replace=True)
        names = ", ".join(f"c{place}" for place in range(1, len(types) + 1))
        rows = f"file_rows as f({names})"
        yield _completed(table, read_sql(table, file.normal_columns, types, rows))


def _completed(table: RawTable, rows: str) -> str:
    """SQL: rows with the derived columns of a table and the claim of each."""
    more = "".join(f", {sql} as {name}" for name, sql in table.derived.items())
    return f"select *, {claim_sql(table)} as claim_of_row from (select *{more} from ({rows}) f) f"


def _quoted(path: Path | str) -> str:
    return str(path).replace("'", "''")


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
                        f"select {number} as file_number, * exclude (claim_of_row) from ({rows})"
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
        for source in self.sources:
            for table in source.dialect.tables:
                for number, file in enumerate(source.tables.get(table.name, ())):
                    with rows_of_file(self.engine, file, table) as rows:
                        if rows is not None:
                            self._spread_file(rows, source, table, number)

    def _spread_file(self, rows: str, source: SourceFiles, table: RawTable, number: int) -> None:
        folder = self._folder(source, table) / str(number)
        folder.mkdir(parents=True)
        file = source.tables[table.name][number]
        absent = () if file.is_read else table.absent(file.normal_columns)
        without = f" exclude ({', '.join(absent)})" if absent else ""
        self.engine.connection.execute(
            f"copy (select *{without}, {self._part_sql()} as part "
            f"from ({self._named(rows, source, table, number)}) named) "
            f"to '{_quoted(folder)}' (format parquet, compression lz4, partition_by (part))"
        )

    def load(self, source: SourceFiles, part: int) -> None:
        """Make the view ``raw_<table>`` of every table of a source, with the rows of one part."""
        for table in source.dialect.tables:
            paths = sorted(self._folder(source, table).glob(f"*/part={part}/*.parquet"))
            rows = self._written(source, table, paths) if paths else self._read_here(source, table)
            self.engine.connection.execute(
                f"create or replace temp view raw_{table.name} as {rows}"
            )

    def _written(self, source: SourceFiles, table: RawTable, paths: Sequence[Path]) -> str:
        """SQL: what was written of a part, with nulls for columns that no file had."""
        files = ", ".join(f"'{_quoted(path)}'" for path in paths)
        rows = f"read_parquet([{files}], union_by_name=true, hive_partitioning=false)"
        connection = self.engine.connection
        held = set(connection.sql(f"from {rows}").columns)
        declared = connection.sql(self._named(_nothing(table), source, table, 0))
        columns = ", ".join(
            name if name in held else f"cast(null as {kind}) as {name}"
            for name, kind in zip(declared.columns, declared.types, strict=True)
        )
        number = f"(file_index << {_BITS_OF_ROW}) + file_row_number"
        return f"select {columns}, {number} as row_number from {rows}"

    def _read_here(self, source: SourceFiles, table: RawTable) -> str:
        """SQL: the rows of a source that was not spread, kept in a table."""
        rows = f"rows_of_{table.name}"
        empty = self._named(_nothing(table), source, table, 0)
        self.engine.connection.execute(f"create or replace temp table {rows} as {empty} limit 0")
        for number, file in enumerate(source.tables.get(table.name, ()) if self.count == 1 else ()):
            with rows_of_file(self.engine, file, table) as read:
                if read is not None:
                    named = self._named(read, source, table, number)
                    self.engine.connection.execute(f"insert into {rows} by name {named}")
        return f"select *, rowid as row_number from {rows}"

    def people_sql(self, part: int) -> str:
        """SQL: ``patient_id, birth_month, sex`` of everybody of a part whom a source may name."""
        return f"select * exclude (part) from {_NAMED} where part = {part}"

    def find_people(self) -> None:
        """Make the table that :meth:`people_sql` reads."""
        self.engine.connection.execute(f"create temp table {_NAMED} as {self._named_people()}")

    def _named_people(self) -> str:
        named = " union ".join(
            f"select w.patient_id from who_{source.source.name} w semi join {CLAIMS} c "
            f"on c.claim = w.claim and c.source = '{source.source.name}' "
            "where w.patient_id is not null"
            for source in self.sources
            if source.dialect.merges is None
        )
        if not named:
            return "select patient_id, birth_month, sex, 0 as part from patients where false"
        return f"""
            select distinct i.patient_id, i.birth_month, i.sex, {self._part_sql("i.")} as part
            from identities i semi join ({named}) named on named.patient_id = i.patient_id
        """

    def clear(self, source: SourceFiles, part: int) -> None:
        """Remove what was written of one part of a source."""
        for table in source.dialect.tables:
            for folder in self._folder(source, table).glob(f"*/part={part}"):
                shutil.rmtree(folder)

    def _folder(self, source: SourceFiles, table: RawTable) -> Path:
        return self.scratch / source.source.name / table.name

    def _part_sql(self, prefix: str = "") -> str:
        """The part of a person by the first digits of the pseudonym: parts are in its order."""
        digits = f"('0x' || {prefix}patient_id[1:{_PART_DIGITS}])::integer"
        return f"coalesce({digits} * {self.count} // {_MOST_PARTS}, 0)"

    def _named(self, rows: str, source: SourceFiles, table: RawTable, number: int) -> str:
        """SQL: the rows with the person each is about, or why it is about nobody."""
        numbers = "".join(
            f", cast(null as varchar) as {name}" for name in NUMBER_COLUMNS if name in table.names
        )
        numbers = f" replace ({numbers[2:]})" if numbers else ""
        return f"""
            select {number}::integer as file_number, r.* exclude (claim_of_row), w.patient_id,
                case when unreadable = '{Reason.HEADER_AGAIN}' then unreadable
                    when w.claim is not null then w.refusal
                    when claim_of_row is null then '{Reason.NO_IDENTIFIER}'
                    else '{Reason.UNKNOWN_PATIENT}' end as refusal
            from (select *{numbers} from ({rows}) told) r
            left join who_{source.source.name} w on w.claim = r.claim_of_row
        """


def _nothing(table: RawTable) -> str:
    """SQL: no rows with the declared columns."""
    return _completed(table, f"{read_sql(table, (), ())} limit 0")
