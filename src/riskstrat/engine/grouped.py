"""Rows of several queries, group by group, for a Python function on the executors of Spark.

Executors hand rows over in Arrow batches of a size of their own, which cut groups in half. Here the
last group of a batch is carried over to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from riskstrat.engine.query import Step

__all__ = ["PART", "Query", "group_mapper", "whole_groups"]

PART = "part"
"""Column that holds the place of the query, from 0, that a row comes from."""


@dataclass(frozen=True)
class Query:
    """Steps and the parameters bound in them."""

    steps: Sequence[Step]
    parameters: Mapping[str, object] = field(default_factory=dict)


def whole_groups(
    batches: Iterable[pa.RecordBatch], by: str, rows_at_once: int
) -> Iterator[pa.Table]:
    """Tables of whole groups, of about so many rows.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        Rows sorted by the column `by`.
    by : str
    rows_at_once : int
        As soon as so many rows are there they are given out, but for the last group.
    """
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += len(batch)
        if count >= rows_at_once:
            rows = pa.Table.from_batches(held)
            last = pc.index(rows[by], rows[by][-1]).as_py()
            if last > 0:
                yield rows[:last]
            held, count = rows[last:].to_batches(), len(rows) - last
    if count:
        yield pa.Table.from_batches(held)


def group_mapper(
    function: Callable[[dict[str, pa.Table]], pa.Table],
    schemas: Mapping[str, pa.Schema],
    by: str,
    rows_at_once: int,
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Apply a function to whole groups; for ``mapInArrow``.

    Parameters
    ----------
    function : callable
        Rows of each query by name, of the same groups, to a table of what is made of them.
    schemas : mapping of str to pyarrow.Schema
        Of the rows of each query, in the order of :data:`PART`.
    by, rows_at_once
        As of :func:`whole_groups`.
    """

    def mapped(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in whole_groups(batches, by, rows_at_once):
            parts = {
                name: rows.filter(pc.equal(rows[PART], place)).select(schema.names).cast(schema)
                for place, (name, schema) in enumerate(schemas.items())
            }
            yield from function(parts).to_batches()

    return mapped
