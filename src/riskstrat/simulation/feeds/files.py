"""Files of feeds: rows are gathered block by block and written in groups of a fixed size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from riskstrat.simulation.columns import column_of, ten_digits
from riskstrat.simulation.timeline import Days

__all__ = ["FORMATS", "FeedFiles", "FeedRows", "number_column"]

FORMATS = ("parquet", "csv")
_GROUP_ROWS = 131_072
_SHUFFLED_PEOPLE = 4096
"""Rows of so many people stand in the order of their opaque keys, then those of the next ones."""
_MOST_DIFFERENT = 0.5
"""Share of different values up to which a Parquet column is written through a dictionary: above it,
which is so for identifiers, a dictionary costs time and saves no room."""


@dataclass(frozen=True)
class FeedRows:
    """Rows of one file of a feed.

    Parameters
    ----------
    file : str
        Name of the file without its ending.
    columns : mapping of str to column
        In the dialect's own names and order; see :func:`~riskstrat.simulation.columns.column_of`.
    person : ndarray of int
        Number of the true person of each row: goes to the truth, never into the feed. ``-1 - n`` is
        nobody, told beside person n.
    order : ndarray of uint64
        Opaque keys: rows stand in their order, which tells nothing about people.
    """

    file: str
    columns: Mapping[str, Any]
    person: npt.NDArray[np.int64]
    order: npt.NDArray[np.uint64]

    def table(self) -> pa.Table:
        """The rows as they stand in the file: text, not dictionaries, which differ by block."""
        count = len(self.person)
        arrays = {name: column_of(values, count) for name, values in self.columns.items()}
        return pa.table({name: _plain(array) for name, array in arrays.items()})


@dataclass
class _File:
    """A file that is being written, and the rows that are yet to be shuffled."""

    name: str
    schema: pa.Schema
    shuffling: list[_Part] = field(default_factory=list)
    unit: int = -1
    rows: int = 0


@dataclass(frozen=True)
class _Part:
    """Rows of one block, with the persons behind them and their keys."""

    table: pa.Table
    person: npt.NDArray[np.int64]
    order: npt.NDArray[np.uint64]

    def take(self, rows: npt.NDArray[np.int64]) -> _Part:
        return _Part(self.table.take(pa.array(rows)), self.person[rows], self.order[rows])


@dataclass
class FeedFiles:
    """Files of a folder, one per name, each with the true persons in another folder.

    Blocks are added in the order of their people. Rows are shuffled among a fixed number of people
    and written in groups of a fixed number, so that the bytes of a file do not depend on how many
    people were worked on at a time.

    Parameters
    ----------
    folder, truth : Path
        Existing folders.
    format : str
        One of :data:`FORMATS`; the truth is always Parquet.
    """

    folder: Path
    truth: Path
    format: str = "parquet"
    _files: dict[str, _File] = field(default_factory=dict)
    _waiting: dict[Path, list[pa.Table]] = field(default_factory=dict)
    _open: dict[Path, Any] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each file has so far."""
        return {name: file.rows for name, file in self._files.items()}

    def add(self, rows: FeedRows) -> None:
        """Add the rows of one block to a file.

        Raises
        ------
        ValueError
            When the columns are not those of the blocks before, or the people come before theirs.
        """
        part = _Part(rows.table(), rows.person, rows.order)
        file = self._files.setdefault(rows.file, _File(rows.file, part.table.schema))
        if part.table.schema != file.schema:
            raise ValueError(f"file '{file.name}': the columns of two blocks differ")
        beside = np.where(part.person < 0, -1 - part.person, part.person)
        units = beside // _SHUFFLED_PEOPLE
        if len(units) and units.min() < file.unit:
            raise ValueError(f"file '{file.name}': blocks must come in the order of their people")
        for unit in np.unique(units):
            if unit != file.unit:
                self._shuffle(file)
            file.unit = int(unit)
            whole = bool((units == unit).all())
            file.shuffling.append(part if whole else part.take(np.flatnonzero(units == unit)))

    def close(self) -> None:
        """Write what is left and close every file; one without any row has its columns only."""
        for file in self._files.values():
            self._shuffle(file)
            self._append(self._path(file), file.schema.empty_table(), last=True)
            self._append(self._truth(file), _true_rows(0, np.empty(0, np.int64)), last=True)
        for writer in self._open.values():
            writer.close()
        self._open.clear()

    def _path(self, file: _File) -> Path:
        return self.folder / f"{file.name}.{self.format}"

    def _truth(self, file: _File) -> Path:
        return self.truth / f"{file.name}.parquet"

    def _shuffle(self, file: _File) -> None:
        """Put the rows of a unit of people into the order of their keys."""
        if not file.shuffling:
            return
        order = np.argsort(np.concatenate([part.order for part in file.shuffling]), kind="stable")
        person = np.concatenate([part.person for part in file.shuffling])[order]
        table = pa.concat_tables([part.table for part in file.shuffling]).take(pa.array(order))
        self._append(self._path(file), table)
        self._append(self._truth(file), _true_rows(file.rows, np.maximum(person, -1)))
        file.rows += len(person)
        file.shuffling = []

    def _append(self, path: Path, table: pa.Table, *, last: bool = False) -> None:
        waiting = self._waiting.setdefault(path, [])
        waiting.append(table)
        count = sum(part.num_rows for part in waiting)
        whole = count if last else count // _GROUP_ROWS * _GROUP_ROWS
        if not (whole or last):
            return
        gathered = pa.concat_tables(waiting)
        self._write(path, gathered.slice(0, whole).combine_chunks())
        # a slice would keep all of the memory that it is a part of
        self._waiting[path] = [gathered.take(pa.array(np.arange(whole, count)))]

    def _write(self, path: Path, table: pa.Table) -> None:
        if path not in self._open:
            self._open[path] = _writer(path, table)
        if path.suffix == ".csv":
            self._open[path].write_table(table)
        else:
            self._open[path].write_table(table, row_group_size=_GROUP_ROWS)


def _writer(path: Path, table: pa.Table) -> Any:
    """A writer of rows like the first ones."""
    if path.suffix == ".csv":
        return pc.CSVWriter(path, table.schema)
    labelled = table.schema.with_metadata({"synthetic": "true"})
    repeated = [name for name in table.column_names if _repeats(table[name])]
    return pq.ParquetWriter(path, labelled, compression="zstd", use_dictionary=repeated)


def _repeats(column: pa.ChunkedArray) -> bool:
    return bool(len(column.unique()) <= _MOST_DIFFERENT * len(column))


def _true_rows(start: int, person: npt.NDArray[np.int64]) -> pa.Table:
    """Number of each row of a file, and the number of the true person; -1 = nobody."""
    rows = np.arange(start, start + len(person))
    return pa.table({"row": rows, "person": person.astype(np.int32)})


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def number_column(number: Days) -> pa.Array:
    """NHS numbers as text; null where there is none."""
    return ten_digits(number)
