"""Read a store of linked records: the canonical tables as relations, and the manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from riskstrat.engine import Engine, QueryEngine, Step
from riskstrat.errors import RecordsError
from riskstrat.schema import (
    LISTED_CODES,
    SCHEMA_VERSION,
    TABLES,
    SourceCount,
    Table,
    files_of,
    read_codes,
)

__all__ = ["LinkedRecords", "load_records", "records_of"]

_AGAIN = "Link the feeds again, or restore the folder from its copy."
_SCHEMA = "'riskstrat schema' prints the canonical tables."

_KEY_COLUMNS = pa.schema(
    [("patient_id", pa.string()), ("index_date", pa.date32()), ("index_stay_id", pa.string())]
)


@dataclass(frozen=True)
class LinkedRecords:
    """Linked records, ready to be queried.

    Parameters
    ----------
    path : Path
        The store's folder.
    engine : Engine or SparkEngine
        Holds one relation per canonical table, under the table's name.
    manifest : dict
        What was linked, from where, and what became of every row.
    """

    path: Path
    engine: QueryEngine = field(compare=False, repr=False)
    manifest: dict[str, Any] = field(repr=False)

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the feeds, sorted."""
        return tuple(sorted(source["name"] for source in self.manifest["sources"]))

    @property
    def data_from(self) -> date:
        """First day that every feed covers."""
        return max(date.fromisoformat(source["data_from"]) for source in self.manifest["sources"])

    @property
    def data_to(self) -> date:
        """Last day that every feed covers."""
        return min(date.fromisoformat(source["data_to"]) for source in self.manifest["sources"])

    @property
    def is_stored(self) -> bool:
        """Whether they stand in a folder that DuckDB reads, rather than in a warehouse."""
        return isinstance(self.engine, Engine) and self.content is not None

    @property
    def is_synthetic(self) -> bool:
        """Whether the people in the records were made up."""
        return bool(self.manifest.get("synthetic", False))

    @property
    def content(self) -> str | None:
        """The content hashes of the tables as one text; None for tables that were never hashed."""
        hashes = [table.get("content_hash") for table in self.manifest["tables"].values()]
        return None if None in hashes else " ".join(map(str, hashes))

    def listed_codes(self) -> pa.Table:
        """Every code of the events: source, kind, system, code, first day it could be known."""
        content = self.manifest.get("tables", {}).get("events", {}).get("content_hash")
        codes = None if content is None else read_codes(self.path, content)
        return self.engine.fetch(LISTED_CODES) if codes is None else codes

    def register_keys(self, keys: pd.DataFrame) -> None:
        """Make `keys` readable as ``cohort_keys``, which every query of what was known joins.

        Parameters
        ----------
        keys : DataFrame
            ``patient_id``, ``index_date`` and, optionally, ``index_stay_id`` (null unless the
            index stay is known); one row per person and index date. Replaces earlier keys.

        Raises
        ------
        ValueError
            When a person has two rows for one index date.
        """
        if keys.duplicated(["patient_id", "index_date"]).any():
            raise ValueError("expected one row per person and index date in the keys")
        stays = keys.get("index_stay_id", pd.Series([None] * len(keys), dtype=object))
        columns = [
            pa.array(keys["patient_id"], pa.string(), from_pandas=True),
            pa.array(pd.to_datetime(keys["index_date"])).cast(pa.date32(), safe=False),
            pa.array(stays, pa.string(), from_pandas=True),
        ]
        self.engine.register("cohort_keys", pa.table(columns, schema=_KEY_COLUMNS))

    def describe(self) -> str:
        """Counts of tables, feeds and rejected rows; never a patient value."""
        tables = self.manifest["tables"]
        lines = [f"linked records, schema version {self.manifest['schema_version']}"]
        lines += [f"  {name}: {tables[name]['rows']:,} rows" for name in TABLES]
        lines += [_describe_source(source) for source in self.manifest["sources"]]
        return "\n".join(lines)


def _describe_source(source: dict[str, Any]) -> str:
    files = source["files"]
    rows, kept = (sum(file[count] for file in files) for count in ("rows_in", "rows_kept"))
    rejected = sum(sum(file["rejected"].values()) for file in files)
    days = f"{source['data_from']} to {source['data_to']}"
    return (
        f"  from {source['name']}, {days}: {len(files)} files, "
        f"{rows:,} rows in, {kept:,} kept, {rejected:,} rejected"
    )


def load_records(path: str | Path, *, engine: QueryEngine | None = None) -> LinkedRecords:
    """Open a store of linked records and check that it is whole.

    Parameters
    ----------
    path : str or Path
        Folder with ``manifest.json`` and one Parquet file per canonical table.
    engine : Engine or SparkEngine, optional
        Where the tables are registered; DuckDB in this process when not given.

    Returns
    -------
    LinkedRecords

    Raises
    ------
    RecordsError
        When the folder, the manifest, a table or a column is missing, a column has another type,
        a file is damaged, or the store was written by a later version.
    """
    folder = Path(path)
    manifest = _read_manifest(folder)
    engine = engine or Engine()
    for table in TABLES.values():
        _register(engine, folder, table)
    return LinkedRecords(folder, engine, manifest)


def records_of(
    engine: QueryEngine, sources: Sequence[SourceCount], *, synthetic: bool = False
) -> LinkedRecords:
    """Linked records whose canonical tables an engine holds already, such as those of a warehouse.

    Parameters
    ----------
    engine : Engine or SparkEngine
        Holds one relation per canonical table, under the table's name; an empty one where the
        warehouse has nothing.
    sources : sequence of SourceCount
        The feeds and the days that each of them covers.
    synthetic : bool
        Whether the people were made up.

    Returns
    -------
    LinkedRecords
        Without a folder: what reads files of a store, such as ``riskstrat check``, cannot be asked.

    Raises
    ------
    RecordsError
        When there is no source, or a table or a column is missing or has another type.
    """
    if not sources:
        raise RecordsError("expected at least one source with the days that it covers.")
    for table in TABLES.values():
        _require_columns(engine, table, _SCHEMA)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "synthetic": synthetic,
        "sources": [asdict(source) for source in sources],
        "tables": {name: {"rows": _row_count(engine, name)} for name in TABLES},
    }
    return LinkedRecords(Path(), engine, manifest)


def _row_count(engine: QueryEngine, name: str) -> int:
    counted = engine.fetch(Step("counted", f'select count(*) as n from "{name}"'))
    return int(counted["n"][0].as_py())


def _read_manifest(folder: Path) -> dict[str, Any]:
    file = folder / "manifest.json"
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        missing = "manifest.json in the folder" if folder.is_dir() else "a folder of linked records"
        raise RecordsError(
            f"expected {missing} '{folder.name}', but there is none.",
            do="Make one with: riskstrat link FEED --out RECORDS",
        ) from None
    except OSError as error:
        raise RecordsError(
            f"the linked records in '{folder.name}' cannot be read: {error.strerror}.",
            do="Ask for read permission on the folder and its files.",
        ) from None
    except UnicodeDecodeError:
        raise _damaged("it is not text in UTF-8") from None
    return _checked(text)


def _checked(text: str) -> dict[str, Any]:
    try:
        manifest = json.loads(text)
    except json.JSONDecodeError as error:
        raise _damaged(f"it is not JSON (line {error.lineno})") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("schema_version"), int):
        raise _damaged("it names no schema version")
    version = manifest["schema_version"]
    if version > SCHEMA_VERSION:
        raise RecordsError(
            f"the records have schema version {version}, this riskstrat reads up to "
            f"{SCHEMA_VERSION}.",
            do="Upgrade riskstrat, or link the feeds again with this version.",
        )
    try:
        _require_complete(manifest)
    except (KeyError, TypeError, ValueError):
        raise _damaged("a source or a table in it lacks its dates or counts") from None
    return manifest


def _require_complete(manifest: dict[str, Any]) -> None:
    if not manifest["sources"]:
        raise ValueError("no source")
    for source in manifest["sources"]:
        str(source["name"])
        date.fromisoformat(source["data_from"])
        date.fromisoformat(source["data_to"])
        for file in source["files"]:
            int(file["rows_in"]) - int(file["rows_kept"]) - sum(file["rejected"].values())
    for name in TABLES:
        int(manifest["tables"][name]["rows"])
        str(manifest["tables"][name]["content_hash"])


def _damaged(what: str) -> RecordsError:
    return RecordsError(f"manifest.json is damaged: {what}.", do=_AGAIN)


def _register(engine: QueryEngine, folder: Path, table: Table) -> None:
    files = files_of(folder, table)
    if not files[0].is_file():
        name = files[0].name
        raise RecordsError(f"table '{table.name}' is missing: expected '{name}'.", do=_AGAIN)
    engine.register_parquet(table.name, *files)
    _require_columns(engine, table, _AGAIN)


def _require_columns(engine: QueryEngine, table: Table, do: str) -> None:
    try:
        present = engine.columns(table.name)
    except duckdb.CatalogException:
        raise RecordsError(f"table '{table.name}' is missing.", do=do) from None
    if missing := [name for name in table.column_names if name not in present]:
        raise RecordsError(f"table '{table.name}' lacks the columns {', '.join(missing)}.", do=do)
    wrong = [
        f"{column.name} (expected {column.type}, got {present[column.name]})"
        for column in table.columns
        if present[column.name] != column.type
    ]
    if wrong:
        raise RecordsError(
            f"table '{table.name}' has columns of another type: {', '.join(wrong)}.", do=do
        )
