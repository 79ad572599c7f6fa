"""The benchmark of Spark: matrices are compared to the bit, and each way has a row."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.spark import WAYS, as_table, compare


def test_missing_values_are_equal() -> None:
    values = np.array([[1.5, np.nan]], np.float32)
    told = compare({"duckdb": values, "cluster": values.copy()})
    assert told == {
        "told": "every float32 is equal, missing values included",
        "on": ["DuckDB, one core", "Spark, standalone master, 2 workers of one core"],
        "values": 2,
        "missing": 1,
    }


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ([[1.5, 2.0]], "1 values of local are not those of duckdb"),
        ([[np.nextafter(np.float32(1.5), np.float32(2)), np.nan]], "1 values of local"),
        ([[1.5]], "has the shape"),
    ],
    ids=["missing", "last bit", "shape"],
)
def test_what_differs_is_counted(other, words) -> None:
    values = np.array([[1.5, np.nan]], np.float32)
    with pytest.raises(AssertionError, match=words):
        compare({"duckdb": values, "local": np.array(other, np.float32)})


def test_the_table_has_a_row_for_each_way() -> None:
    told = {"rows": 10, "features": 3, "start_seconds": 1.0, "seconds": 2.0, "again_seconds": 0.0}
    assert as_table(dict.fromkeys(WAYS, told)).row_count == 3
