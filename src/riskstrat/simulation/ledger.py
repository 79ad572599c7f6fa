"""Collects simulated rows in the declared types of the canonical tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskstrat.engine import Engine
from riskstrat.schema import TABLES
from riskstrat.simulation.timeline import NEVER, Days, dates

__all__ = ["Choice", "Ledger", "Recorded", "take_rows"]


@dataclass(frozen=True)
class Choice:
    """A text column given as positions in a list of labels; -1 is null."""

    labels: Sequence[str]
    positions: npt.NDArray[np.int64]

    def arrow(self) -> pa.Array:
        """The column as an Arrow dictionary."""
        positions = pa.array(self.positions.astype(np.int32), mask=self.positions < 0)
        return pa.DictionaryArray.from_arrays(positions, pa.array(self.labels, pa.string()))

    def take(self, rows: Any) -> Choice:
        """The same choice for some of the rows."""
        return Choice(self.labels, self.positions[rows])


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
        Pseudonym of each person; rows name people by their position in it.
    """

    patient_id: npt.NDArray[np.str_]
    parts: dict[str, list[pa.Table]] = field(default_factory=dict)

    def add(self, table: str, person: npt.NDArray[np.int64], **columns: Any) -> None:
        """Add rows. A column is an array, a :class:`Choice`, or one value for all rows."""
        types = {column.name: column.type for column in TABLES[table].columns}
        arrays = {"patient_id": Choice(self.patient_id.tolist(), person).arrow()}
        for name, values in columns.items():
            arrays[name] = _arrow(values, types[name], len(person))
        self.parts.setdefault(table, []).append(pa.table(arrays))

    def add_spells(
        self, table: str, person: npt.NDArray[np.int64], recorded: Recorded, **columns: Any
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
            self.add(table, person[rows], recorded_date=known[rows], **kept)

    def register(self, engine: Engine) -> None:
        """Hand every table to an engine under its canonical name."""
        for table, parts in self.parts.items():
            names = [name for name in TABLES[table].column_names if _given(parts, name)]
            engine.register(
                table, pa.concat_tables([_filled(part, names, table) for part in parts])
            )


def take_rows(values: Any, rows: npt.NDArray[Any]) -> Any:
    """Some rows of a column; a value that stands for all rows stays as it is."""
    if isinstance(values, Choice):
        return values.take(rows)
    return values[rows] if isinstance(values, np.ndarray) else values


def _given(parts: Sequence[pa.Table], name: str) -> bool:
    return any(name in part.column_names for part in parts)


def _filled(part: pa.Table, names: Sequence[str], table: str) -> pa.Table:
    types = {column.name: _TYPES[column.type] for column in TABLES[table].columns}
    columns = {
        name: part[name] if name in part.column_names else pa.nulls(part.num_rows, types[name])
        for name in names
    }
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
