"""Nothing that happens, ends or becomes known on or after the index date changes a feature."""

from __future__ import annotations

import copy
from datetime import date, time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from tests.unit.features.history import INDEX_DATE, History, days_before

from riskstrat.features import FeatureMatrix

PEOPLE = tuple(f"p{i}" for i in range(8))
_HAPPENED = {"stays": "start_date", "events": "event_date", "services": "start_date"}
_HAPPENED |= {"residences": "start_date", "registrations": "start_date"}
_WITH_ENDS = ("stays", "services", "residences", "registrations")
_OF_THE_SEASON = ("age", "winter", "index_month")
"""Features that depend on where the index date lies in the year; birthdays do not move with it."""

DIAGNOSES = ("I500", "F03", "W190", "J440", "F329", "L890", "E112")
BY_PRACTICES = ("44054006", "161898004", "370143000")
CONTACTS = ("1", "50357006", "185317003")
MEDICINES = ("0205051R0AA", "0407020A0AA", "0205040D0AA", "0601012V0AA")
SERVICES = ("reablement", "home_care", "community_nursing", "community_matron")


def _history(seed: int, *, last: int = 1500) -> History:
    """People with rows of every table on both sides of the index date."""
    rng = np.random.default_rng(seed)
    history = History(*PEOPLE)
    for person in PEOPLE:
        for _ in range(12):
            _add_random_rows(rng, history, person, first=-100, last=last)
    return history


def _add_random_rows(
    rng: np.random.Generator, history: History, person: str, *, first: int, last: int
) -> None:
    day = int(rng.integers(first, last))
    late = {"recorded_date": days_before(day - int(rng.integers(0, 60)))}
    end = day - int(rng.integers(0, 30))
    _add_stay(rng, history, person, day, end, late)
    _add_events(rng, history, person, day, {"source": "gp", "system": "snomed"} | late)
    spell = {"start_date": days_before(day), "end_date": days_before(end - 60)} | late
    service = {"service": str(rng.choice(SERVICES)), "minutes_per_week": int(rng.integers(1, 900))}
    history.add("services", person, source="council", **service, **spell)
    tenure = str(rng.choice(["social_rented", "owner_occupied"]))
    home = {"imd_decile": int(rng.integers(1, 11)), "tenure": tenure}
    history.add("residences", person, **home, **spell)
    history.add("registrations", person, practice_code="Y00001", **spell)


def _add_stay(
    rng: np.random.Generator, history: History, person: str, day: int, end: int, late: dict
) -> None:
    kind = str(rng.choice(["inpatient", "emergency_department", "outpatient", "day_case"]))
    at = time(int(rng.integers(0, 24))) if kind == "emergency_department" else None
    missed = kind == "outpatient" and rng.random() < 0.5
    attendance = "did_not_attend" if missed else "attended"
    columns = {"kind": kind, "start_time": at, "attendance": attendance} | late
    stay = history.stay(day, end, person, **columns)
    if kind == "inpatient":
        history.stay(end - 5, end - 8, person)
    code = {"stay_id": stay, "position": int(rng.random() < 0.8)} | late
    history.diagnosis(day, str(rng.choice(DIAGNOSES)), person, **code)


def _add_events(
    rng: np.random.Generator, history: History, person: str, day: int, late: dict
) -> None:
    outcome = str(rng.choice(["attended", "did_not_attend", "cancelled"]))
    for source in ("gp", "csds"):
        columns = late | {"source": source, "attendance": outcome}
        history.event("appointment", day, str(rng.choice(CONTACTS)), person, **columns)
    history.event("contact", day, "1", person, **late)
    history.event("diagnosis", day, str(rng.choice(BY_PRACTICES)), person, **late)
    medicine = late | {"system": "bnf"}
    history.event("medication", day, str(rng.choice(MEDICINES)), person, **medicine)
    pressure, mass = float(rng.integers(90, 200)), float(rng.integers(15, 40))
    history.event("measurement", day, "271649006", person, value=pressure, **late)
    history.event("measurement", day, "60621009", person, value=mass, **late)


def _is_known(table: str, row: dict) -> bool:
    return row[_HAPPENED[table]] < INDEX_DATE and row["recorded_date"] < INDEX_DATE


def _same(first: FeatureMatrix, second: FeatureMatrix, *, but: tuple[str, ...] = ()) -> None:
    assert first.names == second.names
    kept = [name not in but for name in first.names]
    assert_array_equal(first.values[:, kept], second.values[:, kept])
    assert_array_equal(first.fact_days[:, kept], second.fact_days[:, kept])


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


@pytest.mark.parametrize("tenures", [("owner_occupied", "social_rented"), ("social_rented", None)])
def test_the_order_of_two_addresses_from_one_day_does_not_matter(tenures):
    found = []
    for given_tenures in (tenures, tenures[::-1]):
        history = History()
        for tenure in given_tenures:
            history.add("residences", start_date=days_before(50), imd_decile=3, tenure=tenure)
        found.append(history.matrix())
    _same(*found)


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


def test_rows_of_every_kind_are_there(history):
    """Otherwise nothing could leak: every family of features has a value that is not zero."""
    matrix = history.matrix()
    seen = {name for name in matrix.names if np.nan_to_num(matrix.column(name)).any()}
    for name in (
        "acsc_admissions_365",
        "bmi_slope",
        "cambridge_multimorbidity",
        "community_contacts_365",
        "community_missed_365",
        "ed_out_of_hours_365",
        "efi",
        "elixhauser",
        "falls_risk_medicines_365",
        "gp_missed_365",
        "home_moves_365",
        "imperial_frailty",
        "minutes_social_care",
        "outpatient_change_365",
        "outpatient_missed_365",
        "readmissions_365",
        "services_stopped_365",
        "social_rented",
    ):
        assert name in seen


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.integers(-60, 60).filter(bool))
def test_only_the_season_depends_on_the_calendar(seed, weeks):
    """Every date and the index date by whole weeks, so that weekends stay weekends."""
    history = _history(seed)
    before = history.matrix()
    for table, rows in history.rows.items():
        for row in rows if table in _HAPPENED else []:
            for name, value in row.items():
                if isinstance(value, date):
                    row[name] = days_before(-7 * weeks, value)
    after = history.matrix(index_dates=(days_before(-7 * weeks),))
    _same(before, after, but=_OF_THE_SEASON)


def test_codes_that_are_used_for_the_first_time_later_change_nothing():
    """Which codes the records hold at last does not say which scores could be known before."""
    history = History("a", "b")
    history.diagnosis(30, "Z000")
    history.event("medication", 30, "20030100001", source="gp", system="bnf")
    before = history.matrix()
    assert before.column("imperial_frailty")[0] == before.column("medicine_items_90")[0] == 0
    for day, code in enumerate(DIAGNOSES):
        history.diagnosis(-day, code, "b")
    for code in MEDICINES:
        history.event("medication", 0, code, "b", source="gp", system="bnf")
    _same(before, history.matrix())


# ---------------------------------------------------------------- rows in versions


def _in_versions(seed: int) -> History:
    """Each spell as feeds tell it: an open row, and a closed one once its end was recorded.

    Some rows were withdrawn or changed later.
    """
    rng = np.random.default_rng(seed)
    history = _history(seed, last=int(rng.choice([150, 1500])))
    for table in _HAPPENED:
        rows = history.rows[table]
        for row in copy.copy(rows):
            if table in _WITH_ENDS and row["end_date"] is not None:
                told = max(row["end_date"], row["recorded_date"])
                told = days_before(-int(rng.integers(0, 40)), told)
                rows.append(row | {"recorded_date": told})
                row |= {"end_date": None, "superseded_date": told}
            elif rng.random() < 0.2:
                row["superseded_date"] = days_before(
                    -int(rng.integers(1, 200)), row["recorded_date"]
                )
    return history


def _as_it_stood(history: History, index_date: date) -> None:
    """What records written on the index date hold: no later row, and versions still open."""
    for table in _HAPPENED:
        rows = [row for row in history.rows[table] if row["recorded_date"] < index_date]
        for row in rows:
            replaced = row.get("superseded_date")
            if replaced is not None and replaced >= index_date:
                row["superseded_date"] = None
        history.rows[table] = rows


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0, 1, 30, 400, 1400]))
def test_records_of_the_day_and_later_records_give_the_same(seed, ago):
    """Live and history: a list made on the day is what its evaluation later sees."""
    history, index_date = _in_versions(seed), days_before(ago)
    later = history.matrix(index_dates=(index_date,))
    _as_it_stood(history, index_date)
    _same(later, history.matrix(index_dates=(index_date,)))


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.booleans(), st.integers(0, 200))
def test_an_end_that_became_known_later_changes_nothing(seed, is_deleted, longer):
    """Deleted, or another day than was told."""
    history = _in_versions(seed)
    before = history.matrix()
    for table in _WITH_ENDS:
        for row in copy.copy(history.rows[table]):
            if row["end_date"] is not None and row["recorded_date"] >= INDEX_DATE:
                row["end_date"] = days_before(-longer, row["end_date"])
                if is_deleted:
                    history.rows[table].remove(row)
    _same(before, history.matrix())
