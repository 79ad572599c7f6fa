"""Apache Spark, for records that outgrow one machine: the same steps, written as Spark SQL.

Beside the session stands a twin: a DuckDB engine with the same relations, all of them empty. It
says which columns and types DuckDB would give, and what Spark gives is cast to them. So the type of
a row number, a sum or a count is the same on both engines without a list of differences.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import reduce
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from riskstrat.engine.duck import Engine
from riskstrat.engine.grouped import PART, Query, group_mapper
from riskstrat.engine.query import Step, to_dialect
from riskstrat.engine.unreadable import unreadable_query, unreadable_table
from riskstrat.errors import MissingExtraError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["SparkEngine"]

_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.timeType.enabled": "true",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": "16m",
}
"""Set on the session: days do not shift, what does not fit is an error, times of day are read, and
a partition is small enough to be handed to the driver whole (Spark's default is 64 MB)."""

_UNREADABLE = frozenset(
    {"FAILED_READ_FILE", "PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA"}
    | {"CAST_INVALID_INPUT", "CAST_OVERFLOW"}
    | {"ARITHMETIC_OVERFLOW", "NUMERIC_VALUE_OUT_OF_RANGE", "DATETIME_OVERFLOW"}
)
"""Spark's names of what damaged files and values that do not fit end in. Every other condition is a
mistake in a query or trouble of the cluster, and is raised as it is."""

ROWS_AT_ONCE = 500_000
"""Rows that a Python process of an executor holds at once when it is given them group by group."""

_LOGGERS = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
"""To these pyspark writes the message of an error, with the value that did not fit; py4j writes
there all that goes to and from Java when asked for every detail."""


class SparkEngine:
    """A Spark session with named relations: temporary views.

    Parameters
    ----------
    session : SparkSession
        Spark 4.1 or later. Options of it are set: time zone UTC, ANSI mode, times of day, size of
        partitions. Give ``session.newSession()`` when something else runs in it.

    Raises
    ------
    MissingExtraError
        When the extra ``spark`` is not installed.

    Notes
    -----
    An engine belongs to one thread. Spark keeps the log of its own processes: a value that does not
    fit its type stands there, so it is as confidential as the records.
    """

    def __init__(self, session: SparkSession) -> None:
        _require_pyspark()
        for setting, value in _SETTINGS.items():
            session.conf.set(setting, value)
        self.session = session
        self._twin = Engine(threads=1)
        self._kept: dict[str, DataFrame] = {}

    def register(self, name: str, rows: pa.Table | pd.DataFrame) -> None:
        """Make `rows` readable under `name`; replaces what had that name."""
        if isinstance(rows, pd.DataFrame):
            rows = self._twin.connection.from_df(rows).to_arrow_table()
        self._register(name, self.session.createDataFrame(rows), rows.schema)

    def register_parquet(self, name: str, *paths: Path | str) -> None:
        """Make Parquet files readable under `name`.

        Parameters
        ----------
        name : str
        *paths : Path or str
            Files, folders or addresses that every executor can read.

        Raises
        ------
        RecordsError
            When a file is missing, truncated or not Parquet.
        """
        places = [str(path) for path in paths]
        names = [PurePath(place).name for place in places]
        with _reading(lambda _: unreadable_table(name, names)):
            self.register_frame(name, self.session.read.parquet(*places))

    def register_frame(self, name: str, rows: DataFrame) -> None:
        """Make a Spark DataFrame of this session readable under `name`."""
        self._register(name, rows, rows.limit(0).toArrow().schema)

    def columns(self, name: str) -> dict[str, str]:
        """Column names and DuckDB types of a relation."""
        return self._twin.columns(name)

    def fetch(self, *steps: Step, **parameters: object) -> pa.Table:
        """Run steps; the last one's rows come back as an Arrow table.

        Raises
        ------
        RecordsError
            When a file breaks off while it is read, or a value does not fit its declared type.
        """
        schema = self._schema(steps, parameters)
        with _reading(unreadable_query):
            return self._rows(steps, parameters).toArrow().cast(schema)

    def fetch_frame(self, *steps: Step, **parameters: object) -> pd.DataFrame:
        """As :meth:`fetch`, as the pandas frame that DuckDB makes of such rows."""
        rows = self._twin.connection.from_arrow(self.fetch(*steps, **parameters))
        frame: pd.DataFrame = rows.df()
        return frame

    def fetch_batches(
        self, steps: Sequence[Step], *, rows_per_batch: int = 1_000_000, **parameters: object
    ) -> Iterator[pa.RecordBatch]:
        """As :meth:`fetch`, in batches and in any order: few partitions are held at a time.

        Executors run the query side by side and share its rows out over partitions of even size;
        these are packed by their own Python and pyarrow and handed over one after the other.
        """
        schema = self._schema(steps, parameters)
        with _reading(unreadable_query):
            packed = self._rows(steps, parameters).mapInArrow(
                _packer(rows_per_batch), "rows binary"
            )
            for row in packed.toLocalIterator(prefetchPartitions=True):
                (batch,) = pa.ipc.open_stream(bytes(row["rows"]))
                yield batch.cast(schema)

    def create(self, *steps: Step, **parameters: object) -> None:
        """Keep the last step's rows, computed now, as a temporary view under that step's name."""
        *_, last = steps
        self._twin.create(*steps, **parameters)
        with _reading(unreadable_query):
            rows = self._rows(steps, parameters)
            self._name(last.name, rows)
            self._kept[last.name] = rows.cache()
            rows.count()

    def map_groups(
        self,
        queries: Mapping[str, Query],
        function: Callable[[dict[str, pa.Table]], pa.Table],
        schema: pa.Schema,
        *,
        by: str,
    ) -> DataFrame:
        """Apply a Python function, on the executors, to the rows of several queries together.

        Parameters
        ----------
        queries : mapping of str to Query
            Each gives rows with the column `by`.
        function : callable
            Is given the rows of each query by name, of whole groups: rows of a value of `by` are
            never apart. It may be asked for many groups at a time, and gives a table of `schema`.
            The executors import the modules it is made of: riskstrat must be installed there.
        schema : pyarrow.Schema
        by : str

        Returns
        -------
        DataFrame
            Computed, and kept by the executors for as long as it is in use; rows in any order.

        Raises
        ------
        RecordsError
            When a file breaks off while it is read, or a value does not fit its declared type.
        """
        from pyspark.sql.pandas.types import from_arrow_schema

        asked = [(query.steps, query.parameters) for query in queries.values()]
        schemas = dict(zip(queries, (self._schema(*one) for one in asked), strict=True))
        mapper = group_mapper(function, schemas, by, ROWS_AT_ONCE)
        with _reading(unreadable_query):
            numbered = (
                self._rows(*one).selectExpr("*", f"cast({place} as tinyint) as {PART}")
                for place, one in enumerate(asked)
            )
            rows = reduce(_both, numbered).repartition(by).sortWithinPartitions(by)
            # what is cached Spark lets go of when a view that it was read from is replaced
            return rows.mapInArrow(mapper, from_arrow_schema(schema)).localCheckpoint()

    def forget(self, name: str) -> None:
        """Remove the temporary view that :meth:`create` made under `name`, if there is one."""
        if (kept := self._kept.pop(name, None)) is not None:
            self.session.catalog.dropTempView(name)
            kept.unpersist()
            self._twin.forget(name)

    def _register(self, name: str, rows: DataFrame, schema: pa.Schema) -> None:
        self._twin.register(name, _as_duckdb_has_it(schema).empty_table())
        self._name(name, rows)

    def _name(self, name: str, rows: DataFrame) -> None:
        """Give rows a name, and give back what was kept under it.

        Before they are cached: Spark lets go of what reads from a view that is replaced.
        """
        rows.createOrReplaceTempView(name)
        if (kept := self._kept.pop(name, None)) is not None:
            kept.unpersist()

    def _rows(self, steps: Sequence[Step], parameters: Mapping[str, object]) -> DataFrame:
        return self.session.sql(to_dialect(steps, "spark"), args=dict(parameters) or None)

    def _schema(self, steps: Sequence[Step], parameters: Mapping[str, object]) -> pa.Schema:
        return self._twin.fetch(*steps, **parameters).schema


def _require_pyspark() -> None:
    try:
        import pyspark  # noqa: F401
    except ImportError:
        raise MissingExtraError("spark", "queries on Spark") from None


def _both(one: DataFrame, other: DataFrame) -> DataFrame:
    """Rows of either; a column that only one of them has is null in the other's."""
    return one.unionByName(other, allowMissingColumns=True)


def _as_duckdb_has_it(schema: pa.Schema) -> pa.Schema:
    """Spark hands times of day over in nanoseconds; the records hold microseconds."""
    return pa.schema(
        field.with_type(pa.time64("us")) if pa.types.is_time(field.type) else field
        for field in schema
    )


def _packer(
    rows_per_batch: int,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function that packs Arrow batches into bytes, each of at most so many rows.

    It is sent to the executors by value: riskstrat need not be installed there.
    """

    def packed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as arrow

        waiting: list[Any] = []
        for batch in batches:
            waiting.append(batch)
            if sum(len(part) for part in waiting) >= rows_per_batch:
                yield from bytes_of(arrow, waiting)
                waiting = []
        if waiting:
            yield from bytes_of(arrow, waiting)

    def bytes_of(arrow: Any, parts: list[Any]) -> Iterator[Any]:
        whole = arrow.Table.from_batches(parts).combine_chunks()
        for batch in whole.to_batches(max_chunksize=rows_per_batch):
            sink = arrow.BufferOutputStream()
            with arrow.ipc.new_stream(sink, batch.schema) as stream:
                stream.write_batch(batch)
            content = arrow.array([sink.getvalue().to_pybytes()], arrow.binary())
            yield arrow.RecordBatch.from_arrays([content], ["rows"])

    return packed


@contextmanager
def _reading(unreadable: Callable[[str], Exception]) -> Iterator[None]:
    """Turn what damaged records end in into `unreadable`, without the values that Spark names."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    with _no_values_in_the_log():
        try:
            yield
        except (PySparkException, Py4JJavaError) as error:
            found = _conditions(error) & _UNREADABLE
            if not found:
                raise
            raise unreadable(min(found)) from None
        except pa.ArrowInvalid as error:
            raise unreadable(type(error).__name__) from None


def _conditions(error: Any) -> set[str]:
    """Spark's names of an error and of its causes, without their finer parts."""
    from py4j.protocol import Py4JError

    named, cause = [], getattr(error, "java_exception", error)
    while cause is not None:
        with suppress(Py4JError):  # a Java exception that is none of Spark's has no condition
            named.append(cause.getCondition())
        cause = cause.getCause() if cause is not error else None
    return {name.split(".")[0] for name in named if name}


@contextmanager
def _no_values_in_the_log() -> Iterator[None]:
    from pyspark.logger import PySparkLogger

    loggers = [logging.getLogger("py4j"), *map(PySparkLogger.getLogger, _LOGGERS)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
