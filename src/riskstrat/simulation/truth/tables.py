"""Tables of the truth, written block by block in groups of a fixed number of rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["TruthTables"]

_GROUP_ROWS = 131_072


@dataclass
class TruthTables:
    """Open Parquet files of a folder, one per table.

    Parameters
    ----------
    folder : Path
    rows : dict of str to int
        Rows of each table so far.
    """

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    _open: dict[str, pq.ParquetWriter] = field(default_factory=dict)
    _waiting: dict[str, list[pa.Table]] = field(default_factory=dict)

    def add(self, name: str, rows: pa.Table) -> None:
        """Add rows to a table; the first addition fixes its columns."""
        self.rows[name] = self.rows.get(name, 0) + rows.num_rows
        waiting = self._waiting.setdefault(name, [])
        waiting.append(rows)
        count = sum(part.num_rows for part in waiting)
        if whole := count // _GROUP_ROWS * _GROUP_ROWS:
            gathered = pa.concat_tables(waiting)
            self._write(name, gathered.slice(0, whole))
            self._waiting[name] = [gathered.slice(whole)]

    def close(self) -> None:
        """Write what is left and close every file."""
        for name, waiting in self._waiting.items():
            self._write(name, pa.concat_tables(waiting))
        for writer in self._open.values():
            writer.close()

    def _write(self, name: str, rows: pa.Table) -> None:
        if name not in self._open:
            path = self.folder / f"{name}.parquet"
            labelled = rows.schema.with_metadata({"synthetic": "true"})
            self._open[name] = pq.ParquetWriter(path, labelled, compression="zstd")
        self._open[name].write_table(rows.combine_chunks(), row_group_size=_GROUP_ROWS)
