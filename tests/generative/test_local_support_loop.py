"""Spells of charities and states of people, beside loops that read row by row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from riskstrat.records.sources.states import states_sql
from riskstrat.records.sources.voluntary import _days_sql, _spells_sql

FIRST = date(2024, 1, 1)
Line = tuple[int, str, int]
Told = tuple[int, int, str]


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


lines = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from(["started", "ongoing", "ended", "did_not_attend"]),
        st.integers(0, 20),
    ),
    max_size=8,
)


def spells_by_sql(rows: list[Line]) -> list[tuple[date, date | None]]:
    """First and last day of each spell of one person, as the steps of the source make them."""
    connection = duckdb.connect()
    connection.register(
        "lines",
        pa.table(
            {
                "patient_id": pa.array(["p"] * len(rows), pa.string()),
                "wording": pa.array(["w"] * len(rows), pa.string()),
                "service": pa.array(["s"] * len(rows), pa.string()),
                "event_date": pa.array([on(day) for day, _, _ in rows], pa.date32()),
                "meaning": pa.array([meaning for _, meaning, _ in rows], pa.string()),
                "recorded_date": pa.array([on(known) for *_, known in rows], pa.date32()),
            }
        ),
    )
    connection.execute(f"create table days as {_days_sql('lines')}")
    spells = f"select start_date, max(end_date) from ({_spells_sql('days')}) group by 1 order by 1"
    return connection.execute(spells).fetchall()


def spells_by_loop(rows: Iterable[Line]) -> list[tuple[date, date | None]]:
    found: list[tuple[date, date | None]] = []
    begun: date | None = None
    for day, of_day in groupby(sorted(rows), key=lambda row: row[0]):
        words = {meaning for _, meaning, _ in of_day}
        was_open = begun is not None
        if was_open and "ended" in words:
            found.append((begun, on(day)))
            begun = on(day) if "started" in words else None
        elif not was_open and words & {"started", "ongoing"}:
            begun = on(day)
            if "ended" in words:
                found.append((begun, begun))
                begun = None
    return [*found, *([(begun, None)] if begun else [])]


@settings(deadline=None, max_examples=60)
@given(lines)
def test_spells_are_those_of_a_loop_over_the_days(rows: list[Line]) -> None:
    assert spells_by_sql(rows) == spells_by_loop(rows)


told = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from(["yes", "no", "maybe"])),
    max_size=8,
)


def states_of(rows: list[Told]) -> list[tuple[date, str, date, date | None]]:
    connection = duckdb.connect()
    connection.register(
        "told",
        pa.table(
            {
                "patient_id": pa.array(["p"] * len(rows), pa.string()),
                "attribute": pa.array(["a"] * len(rows), pa.string()),
                "value": pa.array([value for *_, value in rows], pa.string()),
                "day": pa.array([on(day) for _, day, _ in rows], pa.date32()),
                "since": pa.array([on(day) for _, day, _ in rows], pa.date32()),
                "recorded_date": pa.array([on(known) for known, *_ in rows], pa.date32()),
            }
        ),
    )
    query = f"""
        select day, value, recorded_date, superseded_date
        from ({states_sql("told", "patient_id")}) order by recorded_date, day
    """
    return connection.execute(query).fetchall()


def states_by_loop(rows: list[Told]) -> list[tuple[date, str, date, date | None]]:
    kept: list[tuple[int, str, int, int | None]] = []
    newest, former = -1, "no"
    for (known, day), same in groupby(sorted(rows), key=lambda row: row[:2]):
        value = min(value for *_, value in same)
        if day < newest:
            continue
        if value != former:
            kept = [
                (*state[:3], known) if state[0] == day and state[3] is None else state
                for state in kept
            ]
            kept.append((day, value, known, None))
        newest, former = max(newest, day), value
    return [
        (on(day), value, on(known), None if ended is None else on(ended))
        for day, value, known, ended in kept
    ]


@settings(deadline=None, max_examples=60)
@given(told)
def test_states_are_those_of_a_loop_over_what_was_told(rows: list[Told]) -> None:
    assert states_of(rows) == states_by_loop(rows)


@settings(deadline=None, max_examples=60)
@given(told, st.integers(0, 6))
def test_what_was_known_of_a_state_does_not_depend_on_later_rows(
    rows: list[Told], index: int
) -> None:
    def known(states: list[tuple[date, str, date, date | None]]) -> list[tuple[date, str]]:
        return [
            (day, value)
            for day, value, recorded, superseded in states
            if recorded < on(index) and (superseded is None or superseded >= on(index))
        ]

    earlier = [row for row in rows if row[0] < index]
    assert known(states_of(rows)) == known(states_of(earlier))
