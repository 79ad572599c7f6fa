"""Facts that come in any order are put into the same order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from riskstrat.features.coded_facts import coded_facts
from riskstrat.features.coding import CodeFacts
from riskstrat.features.ordering import SortedFacts
from riskstrat.features.packing import LONGEST_DAY, pack, unpack

ROWS, KINDS = 5, 7
NUMBER = 4_000
"""So many that some rows are sorted from scratch."""
NO_FACTS = np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.int32)
NONE = np.zeros(KINDS + 1, np.int32)


def coding_of_kinds() -> CodeFacts:
    """Code i stands for fact i when it took place, and for the next one of an emergency stay."""
    each, facts = np.arange(KINDS + 1, dtype=np.int32), np.arange(KINDS, dtype=np.int32)
    nothing, ones = np.empty(0, np.int32), np.ones(KINDS)
    return CodeFacts(
        pa.table({}),
        (each, NONE, each, NONE),
        (facts, nothing, (facts + 1) % KINDS, nothing),
        np.full(KINDS, -1, np.int32),
        *(ones, ones, ones, ones),
    )


def coded_events(random: np.random.Generator) -> pa.Table:
    stay_day = random.integers(0, 50, NUMBER)
    return pa.table(
        {
            "row_number": pa.array(random.integers(0, ROWS, NUMBER), pa.int32()),
            "code_number": pa.array(random.integers(0, KINDS, NUMBER), pa.int32()),
            "day": pa.array(random.integers(1, LONGEST_DAY + 9, NUMBER)),
            "attendance": pa.array(random.integers(0, 3, NUMBER), pa.int32()),
            "stay_day": pa.array(stay_day, mask=stay_day == 0),
            "position": pa.nulls(NUMBER, pa.int32()),
            "value": pa.nulls(NUMBER, pa.float64()),
            "event_time": pa.nulls(NUMBER, pa.time64("us")),
        }
    )


@pytest.mark.parametrize("rows_per_batch", [NUMBER, 97])
def test_coded_facts_are_those_of_each_event(rows_per_batch: int) -> None:
    events = coded_events(np.random.default_rng(3))
    expected = []
    for event in events.to_pylist():
        row, code, attendance = event["row_number"], event["code_number"], event["attendance"]
        if attendance == 0:
            expected.append((row, code, min(event["day"], LONGEST_DAY)))
        if attendance < 2 and event["stay_day"] is not None:
            expected.append((row, (code + 1) % KINDS, event["stay_day"]))
    parts = events.to_batches(max_chunksize=rows_per_batch)
    plain, _ = coded_facts(coding_of_kinds(), parts, ROWS)
    ordered = SortedFacts.of(plain, NO_FACTS, ROWS).plain
    assert list(zip(*map(np.ndarray.tolist, unpack(ordered)), strict=True)) == sorted(expected)


@pytest.mark.parametrize("order", ["any", "ascending", "descending"])
def test_facts_with_amounts_stand_by_kind_day_time_and_amount(order: str) -> None:
    random = np.random.default_rng(5)
    keys = pack(*(random.integers(0, many, NUMBER) for many in (ROWS, KINDS, 30)))
    keys = {"any": keys, "ascending": np.sort(keys), "descending": np.sort(keys)[::-1]}[order]
    minutes = random.integers(-1, 4, NUMBER).astype(np.int32)
    amounts = random.integers(0, 9, NUMBER) / 2
    expected = np.lexsort((-amounts, -minutes, keys))
    found = SortedFacts.of(np.empty(0, np.int64), (keys, amounts, minutes), ROWS)
    assert_array_equal(found.valued, keys[expected])
    assert_array_equal(found.amounts, amounts[expected])
