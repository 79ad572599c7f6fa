"""Objections: how many, from when, withdrawn or in force, and who is left out of linked records."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.register.objections import (
    KINDS,
    objections,
    objects_to_risk_stratification,
    tell_objections,
    write_objections,
)
from riskstrat.simulation.timeline import NEVER, dates

MANY = 40_000


@pytest.fixture(scope="module")
def crowd(small_block, altered):
    return altered(small_block, MANY)


@pytest.fixture(scope="module")
def found(crowd):
    return objections(crowd)


@pytest.mark.parametrize(
    ("kind", "share"), [("type1", 0.03), ("national", 0.055), ("risk_stratification", 0.004)]
)
def test_shares_are_those_stated(small_block, altered, kind, share) -> None:
    """Of people who stay to the end; whoever dies or leaves before the day never objects."""
    stay = altered(small_block, MANY, leave=NEVER, death=NEVER)
    kinds = objections(stay).kind
    assert (kinds == KINDS.index(kind)).mean() * len(kinds) / MANY == pytest.approx(share, rel=0.15)


def test_people_object_while_registered_some_before_the_period(crowd, found) -> None:
    people = crowd.people
    assert (found.start >= people.registered[found.row]).all()
    assert (found.start < crowd.stop[found.row]).all()
    before = found.start < crowd.period.first
    assert 0.3 < before.mean() < 0.7
    assert found.start.min() >= crowd.period.first - 3 * 365


def test_no_national_objection_is_older_than_the_scheme(found) -> None:
    began = (date(2018, 5, 25) - date(1970, 1, 1)).days
    start = found.start[found.kind == KINDS.index("national")]
    assert start.min() == began
    assert found.start[found.kind == KINDS.index("type1")].min() < began


def test_a_few_are_withdrawn_later_while_registered(crowd, found) -> None:
    withdrawn = found.end < NEVER
    assert 0.01 < withdrawn.mean() < 0.06
    assert (found.end[withdrawn] > found.start[withdrawn]).all()
    assert (found.end[withdrawn] < crowd.stop[found.row[withdrawn]]).all()


def test_who_objects_to_risk_stratification_and_has_not_withdrawn_is_left_out(crowd, found) -> None:
    kind = KINDS.index("risk_stratification")
    rows = zip(found.row.tolist(), found.kind.tolist(), found.end.tolist(), strict=True)
    expected = {row for row, of, end in rows if of == kind and end == NEVER}
    barred = objects_to_risk_stratification(crowd)
    assert set(np.flatnonzero(barred).tolist()) == expected
    assert 100 < len(expected) < (found.kind == kind).sum()


def test_linked_records_hold_what_was_known_when(crowd, found) -> None:
    """An open row told the next day; with a withdrawal, superseded by a closed row."""
    ledger = Ledger(np.array([f"p{row}" for row in range(MANY)]))
    write_objections(crowd, ledger)
    rows = pa.concat_tables(
        [part.select(sorted(part.column_names)) for part in _alike(ledger.parts["opt_outs"])]
    ).to_pylist()
    withdrawn = np.flatnonzero(found.end < NEVER)
    assert len(rows) == len(found.row) + len(withdrawn)
    for number in (*range(20), *withdrawn[:20].tolist()):
        start, end = found.start[number], found.end[number]
        told, later, begun, ended = dates(
            np.array([start + 1, end + 1 if end < NEVER else NEVER, start, end])
        ).to_pylist()
        key = {"patient_id": f"p{found.row[number]}", "kind": KINDS[found.kind[number]]}
        opened = key | {
            "start_date": begun,
            "end_date": None,
            "recorded_date": told,
            "superseded_date": later,
        }
        closed = opened | {"end_date": ended, "recorded_date": later, "superseded_date": None}
        assert opened in rows
        assert (closed in rows) == (end < NEVER)


def _alike(parts):
    """Parts with the same columns: closed rows have no day of being superseded."""
    names = sorted({name for part in parts for name in part.column_names})
    for part in parts:
        missing = [name for name in names if name not in part.column_names]
        columns = {name: part[name] for name in part.column_names}
        columns |= {name: pa.nulls(part.num_rows, pa.date32()) for name in missing}
        yield pa.table({name: _plain(columns[name]) for name in names})


def _plain(column):
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def test_the_feed_tells_each_objection_and_later_its_withdrawal(crowd, found) -> None:
    rows = tell_objections(crowd)
    frame = rows.table().to_pandas().assign(person=rows.person)
    withdrawn = frame["end_date"].notna()
    assert withdrawn.sum() == (found.end < NEVER).sum()
    assert len(frame) == len(found.row) + withdrawn.sum()
    assert frame.loc[~withdrawn, "person"].tolist() == found.row.tolist()
    lag = frame["date_recorded"] - frame["end_date"].where(withdrawn, frame["start_date"])
    assert {gap.days for gap in lag} == {1}
    both = frame.groupby(["person_id", "kind", "start_date"])["date_recorded"].agg(
        ["size", "nunique"]
    )
    assert (both["size"] == both["nunique"]).all()
    assert set(both["size"]) == {1, 2}
    assert frame.groupby("person_id")["person"].nunique().max() == 1


def test_people_left_out_of_linked_records_are_in_the_feed(crowd) -> None:
    """Linkage, not the feed, keeps them out."""
    rows = tell_objections(crowd)
    barred = set(np.flatnonzero(objects_to_risk_stratification(crowd)).tolist())
    assert barred <= set(rows.person.tolist())


def test_a_block_without_objections_still_tells_the_columns(small_block, altered) -> None:
    nobody = tell_objections(altered(small_block, 0))
    assert nobody.table().column_names == [
        "person_id",
        "kind",
        "start_date",
        "end_date",
        "date_recorded",
    ]
    assert nobody.table().schema == tell_objections(small_block).table().schema
    assert len(nobody.person) == 0
