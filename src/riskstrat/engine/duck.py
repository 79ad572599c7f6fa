"""DuckDB, embedded: the default engine."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from riskstrat.engine.query import Step, compose
from riskstrat.engine.unreadable import unreadable_query, unreadable_table
from riskstrat.errors import UsageError

__all__ = ["Engine"]


_SIZE = re.compile(r"\d+(\.\d+)? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)", re.IGNORECASE)


def _require_size(memory_limit: str) -> str:
    if _SIZE.fullmatch(memory_limit) is None:
        raise UsageError("expected an amount of memory with its unit, such as 4GB or 500MB.")
    return memory_limit


class Engine:
    """One DuckDB connection with named relations.

    Parameters
    ----------
    threads : int, optional
        Worker threads; all cores when not given.
    memory_limit : str, optional
        Such as ``"4GB"``; DuckDB's default when not given.

    Raises
    ------
    UsageError
        When `memory_limit` is no amount with a unit.

    Notes
    -----
    An engine belongs to one thread. Results do not depend on `threads`: every query that is
    written to disk has a total order. What does not fit into memory goes to ``scratch``, a folder
    of its own that only this user may read, removed with the engine; DuckDB's default is the
    current folder.
    """

    def __init__(self, *, threads: int | None = None, memory_limit: str | None = None) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="riskstrat-"))
        weakref.finalize(self, shutil.rmtree, self.scratch, ignore_errors=True)
        config: dict[str, Any] = {
            "preserve_insertion_order": False,
            "temp_directory": str(self.scratch / "spill"),
        }
        if threads is not None:
            config["threads"] = threads
        if memory_limit is not None:
            config["memory_limit"] = _require_size(memory_limit)
        self.connection = duckdb.connect(":memory:", config=config)
        # a bar on standard output would stand in the middle of what --json prints
        self.connection.execute("set enable_progress_bar = false")
        # nothing in memory outlives the process: a checkpoint would only go over all of it again
        self.connection.execute("set checkpoint_threshold = '1TB'")

    def register(self, name: str, rows: pa.Table | pd.DataFrame) -> None:
        """Make `rows` readable under `name`; replaces what had that name."""
        self.connection.register(name, rows)

    def register_parquet(self, name: str, *paths: Path) -> None:
        """Make Parquet files readable under `name`.

        Raises
        ------
        RecordsError
            When a file is missing, truncated or not Parquet.
        """
        try:
            relation = self.connection.read_parquet([str(path) for path in paths])
            relation.create_view(name, replace=True)
        except duckdb.Error as error:
            raise unreadable_table(name, [path.name for path in paths]) from error

    def columns(self, name: str) -> dict[str, str]:
        """Column names and DuckDB types of a relation."""
        relation = self.connection.table(name)
        return dict(zip(relation.columns, map(str, relation.types), strict=True))

    def fetch(self, *steps: Step, **parameters: object) -> pa.Table:
        """Run steps; the last one's rows come back as an Arrow table.

        Raises
        ------
        RecordsError
            When a file breaks off while it is read, or a value does not fit its declared type.
        """
        with _readable():
            return self._relation(steps, parameters).to_arrow_table()

    def fetch_frame(self, *steps: Step, **parameters: object) -> pd.DataFrame:
        """As :meth:`fetch`, as a pandas frame."""
        with _readable():
            frame: pd.DataFrame = self._relation(steps, parameters).df()
        return frame

    def fetch_batches(
        self, steps: Sequence[Step], *, rows_per_batch: int = 1_000_000, **parameters: object
    ) -> Iterator[pa.RecordBatch]:
        """As :meth:`fetch`, in batches, which all threads make side by side: the rows are held."""
        yield from self.fetch(*steps, **parameters).to_batches(max_chunksize=rows_per_batch)

    def create(self, *steps: Step, **parameters: object) -> None:
        """Keep the last step's rows as a temporary table under that step's name."""
        *_, last = steps
        text = f'create or replace temp table "{last.name}" as {compose(steps)}'
        with _readable():
            self.connection.execute(text, dict(parameters) or None)

    def define(self, *steps: Step) -> None:
        """Give the last step a name under which it is read, without keeping its rows."""
        *_, last = steps
        self.connection.execute(f'create or replace view "{last.name}" as {compose(steps)}')

    def forget(self, name: str) -> None:
        """Remove the temporary table `name`, if there is one."""
        self.connection.execute(f'drop table if exists "{name}"')

    def _relation(
        self, steps: Sequence[Step], parameters: Mapping[str, object]
    ) -> duckdb.DuckDBPyRelation:
        return self.connection.sql(compose(steps), params=dict(parameters) or None)


_UNREADABLE = (duckdb.DataError, duckdb.InvalidInputException, duckdb.IOException)
"""What DuckDB raises for damaged files and values that do not fit; for damage inside a Parquet page
it raises its base class itself. Every other kind is a mistake in a query: a defect of ours."""


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if type(error) is not duckdb.Error and not isinstance(error, _UNREADABLE):
            raise
        raise unreadable_query(type(error).__name__) from None
