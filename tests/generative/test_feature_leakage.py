"""Nothing that happens, ends or becomes known on or after the index date changes a feature."""

from __future__ import annotations

import copy
from datetime import date

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from tests.unit.features.history import INDEX_DATE, History, days_before

from riskstrat.features import FeatureMatrix

PEOPLE = tuple(f"p{i}" for i in range(8))
_HAPPENED = {"stays": "start_date", "events": "event_date", "services": "start_date"}
_HAPPENED |= {"residences": "start_date", "registrations": "start_date"}


def _history(seed: int) -> History:
    """People with rows of every table on both sides of the index date."""
    rng = np.random.default_rng(seed)
    history = History(*PEOPLE)
    for person in PEOPLE:
        for _ in range(12):
            _add_random_rows(rng, history, person, first=-100, last=1500)
    return history


def _add_random_rows(
    rng: np.random.Generator, history: History, person: str, *, first: int, last: int
) -> None:
    day = int(rng.integers(first, last))
    late = {"recorded_date": days_before(day - int(rng.integers(0, 60)))}
    end = day - int(rng.integers(0, 30))
    kind = str(rng.choice(["inpatient", "emergency_department", "outpatient", "day_case"]))
    stay = history.stay(day, end, person, kind=kind, **late)
    history.diagnosis(day, str(rng.choice(["I500", "F03", "W190"])), person, stay_id=stay, **late)
    gp = {"source": "gp"} | late
    history.event("contact", day, "1", person, system="snomed", **gp)
    history.event("medication", day, "0205051", person, system="bnf", **gp)
    pressure = {"system": "snomed", "value": float(rng.integers(90, 200))} | gp
    history.event("measurement", day, "271649006", person, **pressure)
    spell = {"start_date": days_before(day), "end_date": days_before(end)} | late
    history.add("services", person, service="reablement", source="council", **spell)
    history.add("residences", person, imd_decile=int(rng.integers(1, 11)), **spell)
    history.add("registrations", person, practice_code="Y00001", **spell)


def _is_known(table: str, row: dict) -> bool:
    return row[_HAPPENED[table]] < INDEX_DATE and row["recorded_date"] < INDEX_DATE


def _same(first: FeatureMatrix, second: FeatureMatrix) -> None:
    assert first.names == second.names
    assert_array_equal(first.values, second.values)
    assert_array_equal(first.fact_days, second.fact_days)


@pytest.fixture(params=[1, 2])
def history(request) -> History:
    return _history(request.param)


def test_rows_not_known_yet_change_nothing_when_deleted(history):
    before = history.matrix()
    assert np.nanmax(before.values) > 0
    for table in _HAPPENED:
        kept = [row for row in history.rows[table] if _is_known(table, row)]
        assert 0 < len(kept) < len(history.rows[table])
        history.rows[table] = kept
    _same(before, history.matrix())


def test_rows_added_on_or_after_the_index_date_change_nothing(history):
    """Also rows about the past that become known late."""
    before = history.matrix()
    rng = np.random.default_rng(99)
    for person in PEOPLE:
        _add_random_rows(rng, history, person, first=-300, last=0)
        history.stay(0, None, person)
        history.stay(40, 30, person, recorded_date=INDEX_DATE)
        history.diagnosis(40, "E119", person, recorded_date=INDEX_DATE)
        history.add(
            "services",
            person,
            service="home_care",
            source="council",
            start_date=days_before(40),
            recorded_date=INDEX_DATE,
        )
    _same(before, history.matrix())


def test_ends_and_outcomes_on_or_after_the_index_date_change_nothing(history):
    """An end, destination or death after the index date reads as unknown."""
    before = history.matrix()
    for table in ("stays", "services", "residences", "registrations"):
        for row in history.rows[table]:
            if row["end_date"] is not None and row["end_date"] >= INDEX_DATE:
                row["end_date"] = date(2030, 1, 1)
    for row in history.rows["stays"]:
        if row["end_date"] is not None and row["end_date"] >= INDEX_DATE:
            row |= {"discharge_destination": "51", "discharge_method": "4"}
    for row in history.rows["patients"]:
        row |= {"death_date": INDEX_DATE, "death_recorded_date": INDEX_DATE}
        row["ethnic_category"] = "A"
    _same(before, history.matrix())


def test_a_later_version_changes_nothing(history):
    """A row superseded on or after the index date still stands; its successor is not read."""
    before = history.matrix()
    for table in ("stays", "events"):
        for row in copy.copy(history.rows[table]):
            if _is_known(table, row):
                row["superseded_date"] = INDEX_DATE
                changed = {"recorded_date": INDEX_DATE, "superseded_date": None}
                history.rows[table].append(row | changed | {_HAPPENED[table]: days_before(3)})
    _same(before, history.matrix())


def test_the_order_of_rows_and_keys_does_not_matter(history):
    before = history.matrix()
    rng = np.random.default_rng(5)
    for rows in history.rows.values():
        rng.shuffle(rows)
    after = history.matrix()
    order = after.keys["patient_id"].argsort()
    reference = before.keys["patient_id"].argsort()
    _same(before.take(reference), after.take(order))


def test_other_people_do_not_matter(history):
    """Somebody's features are the same when the keys hold nobody else."""
    before = history.matrix()
    history.rows["patients"] = [r for r in history.rows["patients"] if r["patient_id"] == "p3"]
    _same(before.take(before.keys["patient_id"] == "p3"), history.matrix())


def test_index_dates_do_not_see_each_other(history):
    """Two dates in one pass give what each gives alone."""
    earlier = days_before(400)
    both = history.matrix(index_dates=(earlier, INDEX_DATE))
    _same(both.take(np.arange(len(PEOPLE))), history.matrix(index_dates=(earlier,)))
    _same(both.take(np.arange(len(PEOPLE)) + len(PEOPLE)), history.matrix())
