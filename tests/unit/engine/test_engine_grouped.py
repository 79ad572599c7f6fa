"""Groups stay whole however the batches cut them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from riskstrat.engine.grouped import whole_groups

ROWS = [1, 1, 1, 2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 5]


def batches(size: int) -> list[pa.RecordBatch]:
    return pa.table({"row": pa.array(ROWS, pa.int32())}).to_batches(max_chunksize=size)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 14])
@pytest.mark.parametrize("rows_at_once", [1, 2, 4, 100])
def test_no_group_is_cut_and_no_row_lost(size, rows_at_once):
    found = [part["row"].to_pylist() for part in whole_groups(batches(size), "row", rows_at_once)]
    assert [row for part in found for row in part] == ROWS
    assert sum(len(set(part)) for part in found) == len(set(ROWS))


def test_rows_are_given_out_as_soon_as_there_are_enough():
    found = [part["row"].to_pylist() for part in whole_groups(batches(4), "row", 4)]
    assert found == [[1, 1, 1], [2], [3] * 7, [4, 4, 5]]


@pytest.mark.parametrize("empty", [[], batches(4)[:1]])
def test_empty_batches_give_nothing(empty):
    assert list(whole_groups([batch[:0] for batch in empty], "row", 4)) == []


def test_an_empty_batch_among_others_changes_nothing():
    first, *others = batches(3)
    given = [first[:0], first, first[:0], *others, first[:0]]
    assert pa.concat_tables(whole_groups(given, "row", 2))["row"].to_pylist() == ROWS
