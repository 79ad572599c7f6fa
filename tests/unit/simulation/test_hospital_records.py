"""Hospital care as linked records, and the feeds against them."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from tests.unit.simulation.hospital_told import (
    Told,
    current_episodes,
    numbers_of,
    plain,
    told_of,
    without_lives,
)

from riskstrat.engine import Engine
from riskstrat.records import spells as spells_step
from riskstrat.simulation.feeds.calendar import EMERGENCY_CARE, HOSPITAL
from riskstrat.simulation.hospital.emergency import seen_admissions
from riskstrat.simulation.people.identity import pseudonyms

INDEX_DATE = (date(2022, 7, 1) - date(1970, 1, 1)).days


@pytest.fixture(scope="module")
def told(block) -> Told:
    return told_of(block)


@pytest.fixture(scope="module")
def current(told) -> pd.DataFrame:
    return current_episodes(told)


def test_every_admission_counts_as_an_emergency_and_nothing_else_does(block, told) -> None:
    """By the rule of the linked records: joined stays are one admission with the first method."""
    engine = Engine(threads=1)
    engine.register("stays", told.parts["stays"])
    stays = engine.fetch_frame(spells_step("stays", partition=("patient_id",)))
    found = stays[stays["is_emergency"] & ~stays["continues"]]
    admissions = seen_admissions(block)
    ended = admissions.end <= block.period.last
    names = pseudonyms(block.people.nhs_number, block.people.number)[admissions.row[ended]]
    counted = zip(found["patient_id"], numbers_of(found["start_date"]), strict=True)
    assert sorted(counted) == sorted(zip(names, admissions.start[ended], strict=True))


def test_keys_are_unique_and_times_in_order(block, told) -> None:
    stays = told.tables["stays"]
    assert stays["stay_id"].is_unique
    assert (stays["end_date"] >= stays["start_date"]).all()
    assert (stays["recorded_date"] > stays["end_date"]).all()
    assert numbers_of(stays["end_date"]).max() <= block.period.last
    assert set(stays["kind"]) == {
        *("inpatient", "day_case", "outpatient", "emergency_department", "virtual_ward")
    }


def test_records_are_told_by_the_calendar_of_their_feed(told) -> None:
    stays = told.tables["stays"]
    department = stays["kind"] == "emergency_department"
    arrived = stays[department]
    expected = EMERGENCY_CARE.told(numbers_of(arrived["start_date"]))
    assert (numbers_of(arrived["recorded_date"]) == expected).all()
    others = stays[~department]
    late = numbers_of(others["recorded_date"]) - HOSPITAL.told(numbers_of(others["end_date"]))
    assert (late >= 0).all()
    assert (late > 0).mean() < 0.001


def test_codes_belong_to_stays_and_are_told_with_them(told) -> None:
    events = told.tables["events"].merge(
        told.tables["stays"], on="stay_id", suffixes=("", "_stay"), validate="many_to_one"
    )
    assert len(events) == len(told.tables["events"])
    assert (events["patient_id"] == events["patient_id_stay"]).all()
    assert (events["recorded_date"] == events["recorded_date_stay"]).all()
    assert (events["event_date"] >= events["start_date"]).all()
    assert (events["event_date"] <= events["end_date"]).all()
    assert set(events["source"]) == {"hospital"}
    assert events.groupby(["kind", "system"]).size().index.tolist() == [
        ("diagnosis", "icd10"),
        ("diagnosis", "snomed"),
        ("procedure", "opcs4"),
    ]


def test_what_is_told_early_does_not_depend_on_what_is_told_later(block, told) -> None:
    """Without all admissions and attendances not yet told, nothing told so far would be missing.

    A planned stay that an untold emergency kept from happening would be there besides.
    """
    admissions, attendances = block.lives.admissions, block.lives.attendances
    known = HOSPITAL.told(admissions.end) <= INDEX_DATE
    arrived = EMERGENCY_CARE.told(attendances.day) <= INDEX_DATE
    less = told_of(without_lives(block, known, arrived))
    for name, limit in (("stays", 0.001), ("events", 0.001)):
        so_far = []
        for tables in (told.tables, less.tables):
            rows = tables[name]
            rows = rows[numbers_of(rows["recorded_date"]) <= INDEX_DATE]
            if name == "stays":
                rows = rows[rows["kind"] != "emergency_department"]
            else:
                rows = rows[rows["system"] != "snomed"]
            so_far.append(set(map(tuple, rows.astype(str).to_numpy())))
        assert so_far[0] <= so_far[1]
        assert len(so_far[1] - so_far[0]) <= limit * len(so_far[0])


def test_the_latest_submission_says_what_the_linked_records_say(told, current) -> None:
    stays = told.tables["stays"]
    stays = stays[stays["kind"].isin(["inpatient", "day_case"])].set_index("stay_id")
    last = current[current["SPELEND"] == "Y"].set_index("PROVSPNO")
    first = current[current["EPIORDER"] == 1].set_index("PROVSPNO")
    assert set(last.index) == set(stays.index)
    pairs = {
        **{"start_date": "ADMIDATE", "end_date": "DISDATE", "patient_class": "CLASSPAT"},
        **{"admission_method": "ADMIMETH", "admission_source": "ADMISORC"},
        **{"discharge_method": "DISMETH", "discharge_destination": "DISDEST"},
        **{"provider": "PROCODET", "specialty": "TRETSPEF"},
    }
    for ours, theirs in pairs.items():
        assert (last[theirs].reindex(stays.index) == stays[ours]).all(), ours
    told_first = told.feeds["hes_apc"].groupby("PROVSPNO")["SUBDATE"].min()
    assert (told_first.reindex(stays.index) == stays["recorded_date"]).all()
    assert (first["ADMIDATE"].reindex(stays.index) == stays["start_date"]).all()


def test_the_latest_submission_holds_the_codes_of_the_linked_records(told, current) -> None:
    events = told.tables["events"].sort_values("position")
    events = events[events["system"].isin(["icd10", "opcs4"])]
    expected = events.groupby(["stay_id", "system"])["code"].agg(list)
    ended = set(current.loc[current["SPELEND"] == "Y", "PROVSPNO"])
    columns = [f"DIAG_4_{place:02d}" for place in range(1, 13)]
    last = current[current["SPELEND"] == "Y"].set_index("PROVSPNO")[columns]
    for stay, codes in last.iterrows():
        assert list(map(plain, codes.dropna())) == expected[stay, "icd10"]
    columns = [f"OPERTN_4_{place:02d}" for place in range(1, 5)]
    done = current[current["PROVSPNO"].isin(ended)].set_index("PROVSPNO")[columns].stack()
    done = done[done.notna() & (done != "-")].groupby(level=0).agg(sorted)
    procedures = expected.xs("opcs4", level="system").map(sorted)
    assert done.sort_index().to_dict() == procedures.to_dict()
