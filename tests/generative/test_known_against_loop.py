"""What was known, against a loop over rows that follows the rule word by word."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.small_store import arrow_table

from riskstrat.engine import Engine
from riskstrat.records import as_known
from riskstrat.windows import add_days

START = date(2020, 1, 1)
PEOPLE = ("a", "b", "c")
STAYS = ("s1", "s2", "s3", None)
INDEX_DATES = tuple(add_days(START, days) for days in range(0, 30, 3))


def some_day(rng: np.random.Generator, missing: float = 0.0) -> date | None:
    return None if rng.random() < missing else add_days(START, int(rng.integers(0, 30)))


def random_stays(rng: np.random.Generator, rows: int) -> list[dict[str, Any]]:
    """Rows in which nothing needs to make sense: every column is drawn by itself."""
    return [
        {
            "patient_id": str(rng.choice(PEOPLE)),
            "stay_id": str(rng.choice(STAYS[:3])),
            "start_date": some_day(rng),
            "end_date": some_day(rng, missing=0.3),
            "recorded_date": some_day(rng),
            "superseded_date": some_day(rng, missing=0.5),
            "discharge_method": "1",
            "provider": str(number),
        }
        for number in range(rows)
    ]


def random_events(rng: np.random.Generator, rows: int) -> list[dict[str, Any]]:
    return [
        {
            "patient_id": str(rng.choice(PEOPLE)),
            "kind": "diagnosis",
            "event_date": some_day(rng),
            "source": "hospital",
            "system": "icd10",
            "code": str(number),
            "stay_id": STAYS[int(rng.integers(0, 4))],
            "recorded_date": some_day(rng),
            "superseded_date": some_day(rng, missing=0.5),
        }
        for number in range(rows)
    ]


def random_keys(rng: np.random.Generator) -> list[tuple[str, date, str | None]]:
    return [
        (person, day, STAYS[int(rng.integers(0, 4))])
        for person in PEOPLE
        for day in INDEX_DATES
        if rng.random() < 0.7
    ]


def is_known(row: dict[str, Any], happened: date, index: date, index_stay: str | None) -> bool:
    """The rule as it is written in the design."""
    if happened >= index:
        return False
    if index_stay is not None and row["stay_id"] == index_stay:
        return row["superseded_date"] is None
    if row["recorded_date"] >= index:
        return False
    return row["superseded_date"] is None or row["superseded_date"] >= index


def read_known(
    table: str, rows: list[dict[str, Any]], keys: list[tuple[str, date, str | None]]
) -> pd.DataFrame:
    engine = Engine(threads=1)
    engine.register(table, arrow_table(table, rows))
    frame = pd.DataFrame(keys, columns=["patient_id", "index_date", "index_stay_id"])
    engine.register("cohort_keys", frame.astype({"index_date": "M8[s]", "index_stay_id": "str"}))
    return engine.fetch_frame(as_known(table))


@pytest.mark.parametrize("seed", range(5))
def test_known_stays(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, keys = random_stays(rng, 200), random_keys(rng)
    expected = set()
    for person, index, index_stay in keys:
        for row in rows:
            mine = row["patient_id"] == person
            if mine and is_known(row, row["start_date"], index, index_stay):
                is_over = row["end_date"] is not None and row["end_date"] < index
                end = row["end_date"] if is_over else None
                expected.add((person, index, row["provider"], end, "1" if is_over else None))
    found = read_known("stays", rows, keys)
    columns = ["patient_id", "index_date", "provider", "end_date", "discharge_method"]
    assert len(expected) > 100
    assert len(found) == len(expected)
    assert {plain(values) for values in found[columns].itertuples(index=False)} == expected


@pytest.mark.parametrize("seed", range(5))
def test_known_events(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    rows, keys = random_events(rng, 200), random_keys(rng)
    expected = {
        (person, index, row["code"])
        for person, index, _ in keys
        for row in rows
        if row["patient_id"] == person and is_known(row, row["event_date"], index, None)
    }
    found = read_known("events", rows, keys)
    columns = ["patient_id", "index_date", "code"]
    assert len(expected) > 100
    assert len(found) == len(expected)
    assert {plain(values) for values in found[columns].itertuples(index=False)} == expected


@pytest.mark.parametrize("seed", range(5))
def test_what_becomes_known_later_changes_nothing(seed: int) -> None:
    """Rows that are recorded, or happen, on or after the index date leave no trace before it."""
    rng = np.random.default_rng(200 + seed)
    rows = random_events(rng, 120)
    index = add_days(START, 15)
    keys = [(person, index, None) for person in PEOPLE]
    past = [r for r in rows if r["recorded_date"] < index and r["event_date"] < index]
    seen_then = [
        {**row, "superseded_date": None}
        if row["superseded_date"] is not None and row["superseded_date"] >= index
        else row
        for row in past
    ]
    columns = ["patient_id", "index_date", "code"]
    later = read_known("events", rows, keys)[columns].sort_values(columns, ignore_index=True)
    then = read_known("events", seen_then, keys)[columns].sort_values(columns, ignore_index=True)
    assert len(then) > 10
    pd.testing.assert_frame_equal(later, then)


def plain(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        None if pd.isna(value) else value.date() if isinstance(value, pd.Timestamp) else value
        for value in values
    )
