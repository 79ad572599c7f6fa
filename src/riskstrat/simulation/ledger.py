"""Collects simulated rows in the declared types of the canonical tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.engine import Engine
from riskstrat.schema import TABLES
from riskstrat.simulation.columns import Choice, take_rows
from riskstrat.simulation.timeline import NEVER, Days, dates

__all__ = ["Ledger", "Recorded", "register_parts"]


@dataclass(frozen=True)
class Recorded:
    """When the beginning of a spell, and then its end, became known to the store."""

    start: Days
    end: Days


@dataclass
class Ledger:
    """Rows of every canonical table, added part by part.

    Parameters
    ----------
    patient_id : ndarray of str
        Pseudonym of each person of a block; rows name people by their position in it.
    """

    patient_id: npt.NDArray[np.str_]
    parts: dict[str, list[pa.Table]] = field(default_factory=dict)

    def add(self, table: str, row: npt.NDArray[np.int64], **columns: Any) -> None:
        """Add rows. A column is an array, a :class:`Choice`, or one value for all rows."""
        types = {column.name: column.type for column in TABLES[table].columns}
        arrays = {"patient_id": Choice(self.patient_id.tolist(), row).arrow()}
        for name, values in columns.items():
            arrays[name] = _arrow(values, types[name], len(row))
        self.parts.setdefault(table, []).append(pa.table(arrays))

    def add_spells(
        self, table: str, row: npt.NDArray[np.int64], recorded: Recorded, **columns: Any
    ) -> None:
        """Add spells as they became known: an open row, superseded by a closed one.

        A spell without an end has the open row only; one whose end became known no later than its
        beginning has the closed row only.
        """
        closed = columns["end_date"] != NEVER
        opened = ~closed | (recorded.end > recorded.start)
        superseded = np.where(closed, recorded.end, NEVER)
        for rows, open_row in ((opened, True), (closed, False)):
            kept = {name: take_rows(values, rows) for name, values in columns.items()}
            if open_row:
                kept["end_date"] = np.full(int(rows.sum()), NEVER)
                kept["superseded_date"] = superseded[rows]
            known = recorded.start if open_row else np.maximum(recorded.start, recorded.end)
            self.add(table, row[rows], recorded_date=known[rows], **kept)

    def write(self, folder: Path, part: int) -> None:
        """Write the rows of every table to a folder of its own, as one more part of it."""
        for table, parts in self.parts.items():
            path = folder / table
            path.mkdir(parents=True, exist_ok=True)
            rows = pa.concat_tables([_filled(part, table) for part in parts])
            pq.write_table(rows, path / f"{part:06d}.parquet")


def register_parts(engine: Engine, folder: Path) -> None:
    """Hand every table that has parts in a folder to an engine, under its canonical name."""
    for path in sorted(folder.iterdir()):
        engine.register_parquet(path.name, path / "*.parquet")


def _filled(part: pa.Table, table: str) -> pa.Table:
    columns = {}
    for column in TABLES[table].columns:
        name, declared = column.name, _STORED[column.type]
        given = name in part.column_names
        columns[name] = part[name].cast(declared) if given else pa.nulls(part.num_rows, declared)
    return pa.table(columns)


_TEXT = pa.dictionary(pa.int32(), pa.string())
_TYPES: Mapping[str, pa.DataType] = {
    "VARCHAR": _TEXT,
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "DOUBLE": pa.float64(),
    "INTEGER": pa.int32(),
    "BOOLEAN": pa.bool_(),
}
_STORED = {**_TYPES, "VARCHAR": pa.string()}


def _arrow(values: Any, declared: str, count: int) -> pa.Array:
    if isinstance(values, Choice):
        return values.arrow()
    if values is None:
        return pa.nulls(count, _TYPES[declared])
    if declared == "VARCHAR":
        return _text(values, count)
    filled = np.broadcast_to(np.asarray(values), count)
    if declared == "DATE":
        return dates(filled)
    if declared == "TIME":
        return pa.array(filled.astype(np.int64) * 60_000_000).cast(_TYPES[declared])
    if declared == "DOUBLE":
        return pa.array(filled.astype(np.float64), from_pandas=True)
    return pa.array(filled).cast(_TYPES[declared])


def _text(values: Any, count: int) -> pa.Array:
    if isinstance(values, str):
        return Choice([values], np.zeros(count, np.int64)).arrow()
    return pa.array(values, pa.string()).dictionary_encode()
