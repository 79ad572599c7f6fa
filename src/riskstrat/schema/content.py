"""A hash of what a table holds, whatever the order of its rows and the files they stand in.

Each value is hashed, the values of a row are mixed in the order of the columns, and the hashes of
the rows are added up modulo 2**64. It tells a change from none; it is no proof against somebody who
sets out to deceive.

References
----------
Aumasson JP, Bernstein DJ, SipHash: a fast short-input PRF, INDOCRYPT 2012 (the hash of a text, as
pandas has it); Steele GL, Lea D, Flood CH, Fast splittable pseudorandom number generators, OOPSLA
2014 (the mixing function of SplitMix64).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pandas.util import hash_array

from riskstrat.schema.tables import Table

__all__ = ["content_of"]

Hashes = npt.NDArray[np.uint64]

_ROWS = 262_144
_BITS = 64
_MANY_WORDS = ("stay_id",)
"""Columns of texts that hardly occur twice, for which a dictionary would be as long as they are."""
_NULL = np.uint64(0x9E3779B97F4A7C15)
"""Stands for a missing value: the constant of SplitMix64, as good as any."""
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def content_of(table: Table, paths: Sequence[Path]) -> dict[str, Any]:
    """Row count and hash of a written table. The manifest holds both: a later change is noticed.

    Parameters
    ----------
    table : Table
    paths : sequence of Path
        Its Parquet files.

    Returns
    -------
    dict
        ``rows`` and ``content_hash`` (16 hexadecimal digits).
    """
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda path: _content_of_file(table, path), paths))
    total = sum(hashed for _, hashed in found) % 2**_BITS
    return {"rows": sum(rows for rows, _ in found), "content_hash": f"{total:016x}"}


def _content_of_file(table: Table, path: Path) -> tuple[int, int]:
    rows, total = 0, 0
    columns = list(table.column_names)
    text = [c.name for c in table.columns if c.type == "VARCHAR" and c.name not in _MANY_WORDS]
    for batch in pq.ParquetFile(path, read_dictionary=text).iter_batches(_ROWS, columns=columns):
        rows += batch.num_rows
        total += int(_rows(batch.select(columns)).sum(dtype=np.uint64))
    return rows, total


def _rows(batch: pa.RecordBatch) -> Hashes:
    mixed = np.zeros(batch.num_rows, np.uint64)
    for column in batch.columns:
        mixed = _mix(mixed + _NULL ^ _values(column))
    return mixed


def _mix(bits: Hashes) -> Hashes:
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))


def _values(column: pa.Array) -> Hashes | np.uint64:
    """One hash per value; a single one for a column without any."""
    if column.null_count == len(column):
        return _NULL
    if pa.types.is_string(column.type):
        column = column.dictionary_encode()
    if pa.types.is_dictionary(column.type):
        words = column.dictionary.to_numpy(zero_copy_only=False)
        hashed = hash_array(words, categorize=False) if len(words) else np.zeros(0, np.uint64)
        hashes = np.append(hashed, np.uint64(0))[_numbers(column.indices, -1)]
    else:
        hashes = _mix(_bits(column) + np.uint64(1))
    return hashes if column.null_count == 0 else np.where(_is_null(column), _NULL, hashes)


def _bits(column: pa.Array) -> Hashes:
    if pa.types.is_floating(column.type):
        numbers = column.fill_null(0.0).to_numpy(zero_copy_only=False)
        return np.asarray(numbers, np.float64).view(np.uint64)
    width = pa.int32() if pa.types.is_date32(column.type) else pa.int64()
    plain = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column.cast(width)
    return _numbers(plain, 0).astype(np.uint64)


def _numbers(column: pa.Array, missing: int) -> npt.NDArray[np.int64]:
    numbers = column.cast(pa.int64()).fill_null(missing)
    return np.asarray(numbers.to_numpy(zero_copy_only=False), np.int64)


def _is_null(column: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.is_null(column).to_numpy(zero_copy_only=False), np.bool_)
