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
        self.engine.connection.execute(
            f"copy (select *, {self._part_sql()} as part "
            f"from ({self._named(rows, source, table, number)}) named) "
            f"to '{_quoted(folder)}' (format parquet, compression lz4, partition_by (part))"
        )

    def load(self, source: SourceFiles, part: int) -> None:
        """Make ``raw_<table>`` of every table of a source, with the rows of one part."""
        for table in source.dialect.tables:
            empty = self._named(_nothing(table), source, table, 0)
            self.engine.connection.execute(
                f"create or replace temp table raw_{table.name} as {empty} limit 0"
            )
            if self.count > 1:
                self._insert_parts(source, table, part)
                continue
            for number, file in enumerate(source.tables.get(table.name, ())):
                with rows_of_file(self.engine, file, table) as rows:
                    if rows is not None:
                        self._insert(table, self._named(rows, source, table, number))

    def _insert_parts(self, source: SourceFiles, table: RawTable, part: int) -> None:
        for path in sorted(self._folder(source, table).glob(f"*/part={part}/*.parquet")):
            rows = f"read_parquet('{_quoted(path)}', hive_partitioning=true)"
            self._insert(table, f"select * exclude (part) from {rows}")

    def _insert(self, table: RawTable, rows: str) -> None:
        self.engine.connection.execute(f"insert into raw_{table.name} by name {rows}")

    def people_sql(self, part: int) -> str:
        """SQL: ``patient_id, birth_month, sex`` of everybody of a part whom a source may name."""
        named = " union ".join(
            f"select w.patient_id from who_{source.source.name} w semi join {CLAIMS} c "
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
