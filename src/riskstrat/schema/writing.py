"""The writer that every feed goes through: Parquet files, one per table or part, and a manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.schema.content import content_of
from riskstrat.schema.listing import write_codes
from riskstrat.schema.tables import TABLES, Table
from riskstrat.staging import staged_directory

__all__ = [
    "MANIFEST",
    "SCHEMA_VERSION",
    "FileCount",
    "SourceCount",
    "StoreWriter",
    "files_of",
    "write_store",
]

MANIFEST = "manifest.json"
"""The file that says what a store holds and where it came from."""

SCHEMA_VERSION = 1
"""Raised when a stored table changes shape; readers accept every version since the last major."""


@dataclass(frozen=True)
class FileCount:
    """What became of one input file: every row is kept or rejected for one reason."""

    name: str
    sha256: str
    rows_in: int
    rows_kept: int
    rejected: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rows_in != self.rows_kept + sum(self.rejected.values()):
            raise ValueError("rows_in must equal rows_kept plus the rejected rows")


@dataclass(frozen=True)
class SourceCount:
    """One feed: its dialect, the days it covers (ISO) and what became of its files."""

    name: str
    dialect: str
    data_from: str
    data_to: str
    files: tuple[FileCount, ...] = ()


class StoreWriter:
    """Writes the tables of a store into a folder that is not in place yet.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, engine: Engine, table: Table) -> None:
        """Write a table from the relation of its name, as one file; empty without a relation.

        Raises
        ------
        RecordsError
            As :func:`write_store`.
        """
        text = _ordered_rows(engine, table)
        _write_table(engine, table.name, text, self._folder / f"{table.name}.parquet")

    def write_part(self, engine: Engine, table: Table, part: str) -> None:
        """Write the relation as one part of a table that is kept in several files.

        Parameters
        ----------
        engine : Engine
        table : Table
        part : str
            Name of the part. Rows of one person stand in one part.
        """
        folder = self._folder / table.name
        folder.mkdir(exist_ok=True)
        _write_table(engine, table.name, _ordered_rows(engine, table), folder / f"{part}.parquet")

    def write_beside(self, name: str, rows: pa.Table) -> None:
        """Write rows that are no canonical table beside the tables."""
        pq.write_table(rows, self._folder / name)

    def finish(
        self,
        sources: tuple[SourceCount, ...],
        manifest: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """List the codes, write the manifest and return it; parameters: :func:`write_store`."""
        tables = {
            table.name: content_of(table, files_of(self._folder, table))
            for table in TABLES.values()
        }
        events = files_of(self._folder, TABLES["events"])
        write_codes(self._folder, events, tables["events"]["content_hash"])
        full = {
            "schema_version": SCHEMA_VERSION,
            "purpose": "case_finding",
            "key_id": None,
            "governance": "none",
            "synthetic": False,
            **(manifest or {}),
            "sources": [asdict(source) for source in sources],
            "tables": tables,
        }
        full.setdefault("people_excluded", {})
        (self._folder / MANIFEST).write_text(json.dumps(full, indent=2) + "\n")
        return full


def files_of(folder: Path, table: Table) -> list[Path]:
    """The files of a table in a store: one, or one per part in a folder of the table's name."""
    parts = sorted((folder / table.name).glob("*.parquet"))
    return parts or [folder / f"{table.name}.parquet"]


def write_store(
    engine: Engine,
    out: Path,
    *,
    sources: tuple[SourceCount, ...],
    manifest: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write a store from relations of `engine` named like the canonical tables.

    Parameters
    ----------
    engine : Engine
        Holds a relation per canonical table, with any subset of its columns (a missing nullable
        column is written as null). A table without a relation is written empty.
    out : Path
        The store's directory; replaced as a whole when everything was written.
    sources : tuple of SourceCount
        The feeds and what became of their rows.
    manifest : mapping, optional
        Further top-level entries: ``purpose``, ``key_id``, ``governance``, ``synthetic``,
        ``people_excluded``.

    Returns
    -------
    dict
        The manifest as written: same rows and versions give the same bytes.

    Raises
    ------
    RecordsError
        When a relation lacks a required column, has one that is not declared, or holds a value
        that does not fit its declared type; when the disk is full. Nothing is changed then.
    """
    with staged_directory(out, marker=MANIFEST) as staged:
        writer = StoreWriter(staged)
        for table in TABLES.values():
            writer.write(engine, table)
        return writer.finish(sources, manifest)


def _write_table(engine: Engine, name: str, text: str, path: Path) -> None:
    try:
        engine.connection.execute(f"copy ({text}) to '{_quoted(path)}' (format parquet)")
    except duckdb.IOException as error:
        raise RecordsError(
            f"table '{name}' could not be written, or what it is made from could not be read "
            f"({type(error).__name__}). Nothing was changed.",
            do="Check the free disk space and the input files, then run it again.",
        ) from None
    except (duckdb.DataError, duckdb.InvalidInputException) as error:
        raise RecordsError(
            f"table '{name}': a value does not fit its declared type ({type(error).__name__}).",
            do="'riskstrat schema' prints the declared types.",
        ) from None


def _literal(path: Path) -> str:
    return f"'{_quoted(path)}'"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _ordered_rows(engine: Engine, table: Table) -> str:
    given = _given_columns(engine, table)
    casts = [
        f"cast({_name(c.name) if c.name in given else 'null'} as {c.type}) as {_name(c.name)}"
        for c in table.columns
    ]
    order = dict.fromkeys(("patient_id", *table.key, *table.column_names))
    rows = f"from {_name(table.name)}" if given else "where false"
    return f"select {', '.join(casts)} {rows} order by {', '.join(map(_name, order))}"


def _given_columns(engine: Engine, table: Table) -> set[str]:
    try:
        given = set(engine.columns(table.name))
    except duckdb.CatalogException:
        return set()
    required = {column.name for column in table.columns if not column.nullable}
    if missing := sorted(required - given):
        raise RecordsError(f"table '{table.name}' needs the columns {', '.join(missing)}.")
    if unknown := sorted(given - set(table.column_names)):
        raise RecordsError(f"table '{table.name}' has no columns {', '.join(unknown)}.")
    return given


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
