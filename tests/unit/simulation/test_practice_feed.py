"""The practice's files: columns, what goes wrong in them, the practice that codes otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.people.places import practice_codes
from riskstrat.simulation.practice import tell
from riskstrat.simulation.practice.coding import paragraph
from riskstrat.simulation.practice.identity import person_ids

OBSERVATION = [
    *("id", "person_id", "practice_code", "clinical_effective_date", "date_recorded"),
    *("mapped_concept_code", "mapped_concept_display", "result_value", "result_unit_display"),
    *("is_problem", "problem_end_date"),
]
ORDER = [
    *("id", "person_id", "practice_code", "clinical_effective_date", "date_recorded"),
    *("bnf_reference", "mapped_concept_code", "statement_medication_name"),
    *("quantity_value", "quantity_unit", "duration_days", "is_repeat"),
]
APPOINTMENT = [
    *("id", "person_id", "practice_code", "start_date", "start_time", "planned_duration"),
    *("date_recorded", "appointment_status_display", "national_slot_category_name"),
    "contact_mode_display",
]
CHANGED = practice_codes(1)[0]
"""The practice that changes."""


@pytest.fixture(scope="module")
def told(make_block: Callable[..., Block]) -> dict[str, Any]:
    """A block, its files as frames with the true person, and its canonical events."""
    made = make_block(4000, seed=4)
    feed: list[FeedRows] = []
    ledger = Ledger(np.array([f"p{number}" for number in made.people.number]))
    tell(made, Outputs(feed.append, ledger))
    frames = {rows.file: rows.table().to_pandas().assign(person=rows.person) for rows in feed}
    events = pd.concat([_plain(part).to_pandas() for part in ledger.parts["events"]])
    return {"block": made, "events": events, **frames}


def _plain(table: pa.Table) -> pa.Table:
    """Text instead of dictionaries, in which a word may stand twice."""
    types = [
        pa.field(field.name, pa.string() if pa.types.is_dictionary(field.type) else field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(types))


def test_files_have_the_columns_of_the_dialect(told: dict[str, Any]) -> None:
    for file, columns in (
        ("gp_observation", OBSERVATION),
        ("gp_medication_order", ORDER),
        ("gp_appointment", APPOINTMENT),
    ):
        assert [*told[file].columns] == [*columns, "person"]
        assert told[file]["id"].str.fullmatch("[OMA][0-9A-F]{16}").all()


def test_rows_name_the_person_whose_record_they_are(told: dict[str, Any]) -> None:
    names = np.array(person_ids(told["block"]).to_pylist())
    assert len(set(names)) == len(names)
    for file in ("gp_observation", "gp_medication_order", "gp_appointment"):
        frame = told[file]
        assert (frame["person_id"].to_numpy() == names[frame["person"]]).all()


def test_canonical_events_are_those_of_the_files_without_mess(told: dict[str, Any]) -> None:
    """As many medicines and appointments; as many entries but for repeats and dropped reviews."""
    events = told["events"]
    counts = events["kind"].value_counts()
    assert counts["medication"] == len(told["gp_medication_order"])
    assert counts["appointment"] + counts["contact"] == len(told["gp_appointment"])
    noted = told["gp_observation"].drop_duplicates()
    coded = counts["diagnosis"] + counts["observation"] + counts["measurement"]
    assert 0.97 < len(noted) / coded < 1
    problems = noted[noted["is_problem"]]
    expected = events[events["kind"] == "diagnosis"]
    assert sorted(problems["mapped_concept_code"]) == sorted(expected["code"])


def test_some_rows_are_told_twice_word_by_word(told: dict[str, Any]) -> None:
    frame = told["gp_observation"]
    repeated = frame.duplicated()
    assert repeated.mean() == pytest.approx(0.003, rel=0.25)
    assert frame["id"].duplicated().sum() == repeated.sum()
    assert not told["gp_medication_order"]["id"].duplicated().any()


def test_a_few_values_are_impossible_lack_a_unit_or_are_no_numbers(told: dict[str, Any]) -> None:
    frame = told["gp_observation"]
    measured = frame[frame["result_value"].notna()]
    value = pd.to_numeric(measured["result_value"], errors="coerce")
    assert value.isna().mean() == pytest.approx(0.0005, rel=0.6)
    assert (measured.loc[value.isna(), "result_value"] == "see comment").all()
    assert measured["result_unit_display"].isna().mean() == pytest.approx(0.004, rel=0.25)
    mass = value[measured["mapped_concept_code"] == "60621009"]
    assert 0 < (mass > 90).sum() < 0.003 * len(mass)
    assert mass[mass > 90].min() > 120
    assert frame.loc[frame["result_value"].isna(), "result_unit_display"].isna().all()


def test_a_few_dates_lie_before_birth(told: dict[str, Any]) -> None:
    frame, block = told["gp_observation"], told["block"]
    day = pd.to_datetime(frame["clinical_effective_date"]).to_numpy().astype("datetime64[D]")
    early = day.astype(int) < block.people.birth[frame["person"]]
    assert 0 < early.sum() < 0.0003 * len(frame)


def test_problems_that_ended_did_so_before_they_were_recorded(told: dict[str, Any]) -> None:
    frame = told["gp_observation"]
    ended = frame[frame["problem_end_date"].notna()]
    assert len(ended) > 0
    assert ended["is_problem"].all()
    assert (ended["problem_end_date"] < ended["date_recorded"]).all()
    assert "44054006" not in set(ended["mapped_concept_code"])


def _halves(told: dict[str, Any], file: str) -> dict[tuple[bool, bool], pd.DataFrame]:
    """Rows by whether the practice is the one that changes, and the day is after the change."""
    frame = told[file]
    day = "start_date" if file == "gp_appointment" else "clinical_effective_date"
    after = pd.to_datetime(frame[day]) >= pd.Timestamp(2022, 1, 1)
    own = frame["practice_code"] == CHANGED
    return {(a, b): frame[(own == a) & (after == b)] for a in (True, False) for b in (True, False)}


def test_one_practice_codes_otherwise_from_the_middle_of_the_period(told: dict[str, Any]) -> None:
    """The first day after the change is 1 January 2022; others, and the days before, are usual."""
    halves = _halves(told, "gp_observation")
    reviewed = {"38341003", "44054006", "35489007"}
    for (own, after), frame in halves.items():
        is_changed = own and after
        codes = frame["mapped_concept_code"]
        reviews = codes.isin(reviewed) & ~frame["is_problem"]
        assert len(frame) > 1000
        assert (codes == "271649006").any() == (not is_changed)
        assert (codes == "72313002").any() == is_changed
        assert reviews.any() == (not is_changed)
        assert (codes.isna() & frame["mapped_concept_display"].notna()).any() == is_changed
    assert halves[True, True]["is_problem"].any()


def test_the_practice_then_gives_paragraphs_for_medicines(told: dict[str, Any]) -> None:
    for (own, after), frame in _halves(told, "gp_medication_order").items():
        given = frame["bnf_reference"]
        assert len(frame) > 1000
        if own and after:
            assert given.str.fullmatch(r"\d+(\.\d+){1,3}").all()
        else:
            assert (given.str.len() == 15).all()
    assert paragraph("0301011R0AAAPAP") == "3.1.1.1"
    assert paragraph("130201000AAAMAM") == "13.2.1"


def test_without_the_change_every_practice_codes_alike(make_block: Callable[..., Block]) -> None:
    made = make_block(300, seed=3, coding_change=False)
    feed: list[FeedRows] = []
    tell(made, Outputs(feed.append, None))
    codes = {rows.file: rows.table() for rows in feed}["gp_observation"]["mapped_concept_code"]
    assert codes.null_count == 0
    assert "72313002" not in set(codes.to_pylist())


def test_canonical_rows_know_nothing_of_the_change(told: dict[str, Any]) -> None:
    events = told["events"]
    other = {code for code in column("observations", "changed_snomed") if code}
    assert not set(events["code"]) & other
    medicines = events[events["kind"] == "medication"]
    assert (medicines["code"].str.len() == 15).all()


def test_appointments_say_how_and_whether_people_came(told: dict[str, Any]) -> None:
    """Appointments at the practice and contacts in other ways; a visit at home has its own code."""
    events, booked = told["events"], told["gp_appointment"]
    attended = events[events["attendance"].notna()]
    assert set(attended["attendance"]) == {"attended", "did_not_attend", "cancelled"}
    assert (attended["kind"] == "appointment").sum() == (
        booked["contact_mode_display"] == "Face-to-Face"
    ).sum()
    assert "439708006" not in set(events["code"])
    homes = booked["national_slot_category_name"].isin(["Home Visit", "Care Home Visit"])
    assert (booked.loc[homes, "contact_mode_display"] == "Home Visit").all()
    assert booked["start_time"].between("08:00", "18:25").all()
    assert booked["planned_duration"].between(5, 60).all()
