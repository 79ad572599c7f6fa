"""Spells, episodes, appointments, attendances: what hospitals did, before anybody tells of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from riskstrat.simulation.catalogue import column, condition_index
from riskstrat.simulation.feeds.calendar import HOSPITAL
from riskstrat.simulation.hospital.attendances import attendances_of
from riskstrat.simulation.hospital.emergency import emergency_spells, seen_admissions
from riskstrat.simulation.hospital.episodes import TREATMENTS, episodes_of
from riskstrat.simulation.hospital.outpatients import ATTENDED, appointments_of
from riskstrat.simulation.hospital.planned import planned_spells
from riskstrat.simulation.hospital.spells import (
    DISCHARGES,
    EMERGENCY_METHODS,
    KINDS,
    METHODS,
    PLACES,
    Spells,
)
from riskstrat.simulation.hospital.virtual_wards import to_virtual_ward, virtual_ward_ends
from riskstrat.simulation.lives.lives import Admissions, Attendances
from riskstrat.simulation.timeline import NEVER, ages, months

SHOCK = date(2021, 3, 1)


def day(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days


def codes(labels: tuple[str, ...], positions: np.ndarray) -> np.ndarray:
    return np.array(labels)[positions]


def with_admissions(block, *stays: tuple[int, int, int], died: bool = False):
    """The block with no admissions but these: row, first and last day."""
    row, start, end = (np.array(part, np.int64) for part in zip(*stays, strict=True))
    fatal = np.full(len(row), died)
    found = Admissions(row, start, end, fatal, np.ones(len(row), bool))
    none = Attendances(np.empty(0, np.int64), np.empty(0, np.int64))
    return replace(block, lives=replace(block.lives, admissions=found, attendances=none))


def staying(block, count: int = 1) -> list[int]:
    """People who are seen from the first to the last day and live on."""
    gone = np.minimum(block.lives.death, block.people.leave)
    here = (gone > block.period.last + 100) & (block.people.entry == block.period.first)
    return np.flatnonzero(here)[:count].tolist()


@pytest.fixture(scope="module")
def emergencies(block) -> Spells:
    return emergency_spells(block)


@pytest.fixture(scope="module")
def planned(block) -> Spells:
    return planned_spells(block)


def test_each_admission_that_services_saw_is_one_emergency_spell(block, emergencies) -> None:
    found = block.lives.admissions
    last = np.minimum(block.people.leave[found.row] - 1, block.period.last)
    seen = found.start <= last
    first = emergencies.is_kind("emergency")
    told = sorted(zip(emergencies.row[first], emergencies.start[first], strict=True))
    assert told == sorted(zip(found.row[seen], found.start[seen], strict=True))


def test_method_21_is_the_own_emergency_department_and_nothing_else(block, emergencies) -> None:
    first = emergencies.is_kind("emergency")
    through = seen_admissions(block).through_emergency_department
    method = codes(METHODS, emergencies.method[first])
    assert ((method == "21") == through).all()
    assert set(method) <= set(EMERGENCY_METHODS)
    assert len(set(method)) >= 5


def test_a_transfer_has_its_code_source_and_another_hospital(block, emergencies) -> None:
    """Both stays share a day and the month of their ends, so that one submission tells of both."""
    after = np.flatnonzero(emergencies.is_kind("transfer"))
    assert len(after) > 5
    for number in after:
        same = emergencies.row == emergencies.row[number]
        before = np.flatnonzero(same & (emergencies.end == emergencies.start[number]))
        (before,) = before[emergencies.is_kind("emergency")[before]]
        assert METHODS[emergencies.method[number]] in {"81", "2B"}
        assert emergencies.source[number] == emergencies.destination[before]
        assert PLACES[emergencies.source[number]] in {"51", "52", "53"}
        assert DISCHARGES[emergencies.discharge[before]] == "1"
        assert emergencies.provider[number] != emergencies.provider[before]
        ends = emergencies.end[[before, number]]
        assert months(ends)[0] == months(ends)[1]
        assert ends[1] - ends[0] >= 2


def test_leaving_the_district_ends_a_stay(block, altered) -> None:
    (row,) = staying(block)
    start = day(2021, 5, 3)
    leave = np.where(np.arange(len(block.people)) == row, start + 4, block.people.leave)
    moved = with_admissions(altered(block, leave=leave), (row, start, start + 9), died=True)
    spells = emergency_spells(moved)
    assert (spells.start[0], spells.end[-1]) == (start, start + 4)
    assert DISCHARGES[spells.discharge[-1]] != "4"


@pytest.mark.parametrize(("after", "seen"), [(-1, True), (0, False), (1, False)])
def test_an_admission_on_the_day_of_leaving_is_not_seen(block, altered, after, seen) -> None:
    (row,) = staying(block)
    leave = np.where(np.arange(len(block.people)) == row, day(2021, 5, 3), block.people.leave)
    start = day(2021, 5, 3) + after
    moved = with_admissions(altered(block, leave=leave), (row, start, start))
    assert len(emergency_spells(moved)) == seen


def test_who_dies_in_hospital_is_discharged_as_dead(block) -> None:
    (row,) = staying(block)
    start = day(2021, 5, 3)
    spells = emergency_spells(with_admissions(block, (row, start, start + 1), died=True))
    assert (DISCHARGES[spells.discharge[0]], PLACES[spells.destination[0]]) == ("4", "79")


@pytest.mark.parametrize(
    ("moved", "source", "destination"), [(-1, "85", "85"), (0, "19", "85"), (3, "19", "85")]
)
def test_home_is_a_care_home_from_the_day_of_moving_in(
    block, altered, moved, source, destination
) -> None:
    """Somebody who moves in while in hospital comes from home and goes to the care home."""
    row, start = staying(block)[0], day(2021, 5, 3)
    care_home = np.full(len(block.people), NEVER)
    care_home[row] = start + moved
    spells = emergency_spells(
        with_admissions(altered(block, care_home=care_home), (row, start, start + 3))
    )
    assert PLACES[spells.source[0]] == source
    assert PLACES[spells.destination[0]] == destination


def test_planned_spells_keep_clear_of_emergency_stays(block, planned) -> None:
    """None begins in a stay that has begun before, or within three days of its end."""
    found = seen_admissions(block)
    for row, start in zip(planned.row, planned.start, strict=True):
        mine = (found.row == row) & (found.start < start)
        assert (found.end[mine] + 3 < start).all()


def test_an_emergency_ends_a_planned_stay_and_both_are_told_together(block, planned) -> None:
    """The planned stay is not dropped: on the day it began nobody knew."""
    spell = int(np.flatnonzero(planned.end - planned.start >= 4)[0])
    row, start = int(planned.row[spell]), int(planned.start[spell])
    later = start + 70
    found = planned_spells(with_admissions(block, (row, start + 2, later)))
    (cut,) = np.flatnonzero((found.row == row) & (found.start == start))
    assert found.end[cut] == start + 2
    assert found.told(block)[cut] == HOSPITAL.told(np.array([later]))[0]


def test_no_planned_spell_begins_before_another_ended(planned) -> None:
    order = np.lexsort((planned.start, planned.row))
    row, start, end = planned.row[order], planned.start[order], planned.end[order]
    same = row[1:] == row[:-1]
    assert same.any()
    assert (start[1:] > end[:-1])[same].all()


def test_nothing_is_planned_on_days_when_people_are_not_seen(block, planned) -> None:
    assert (planned.start >= block.people.entry[planned.row]).all()
    assert (planned.start < block.stop[planned.row]).all()
    gone = np.minimum(block.lives.death, block.people.leave)[planned.row]
    assert (planned.end <= gone).all()


def test_planned_care_is_as_common_as_published(make_block) -> None:
    """Over three years 8.1 % of people have a planned stay, 16 % a day case (SPARRA version 4)."""
    block = make_block(5000, seed=4)
    spells, last = planned_spells(block), block.period.last
    here = (block.stop > last) & (block.people.entry <= last - 1096)
    shares = {}
    for kind in ("inpatient", "day_case"):
        recent = spells.is_kind(kind) & (spells.start > last - 1096)
        shares[kind] = np.isin(np.flatnonzero(here), spells.row[recent]).mean()
    assert shares["inpatient"] == pytest.approx(0.081, rel=0.2)
    assert shares["day_case"] == pytest.approx(0.16, rel=0.15)
    first = appointments_of(block)
    recent = first.row[first.first & (first.day > last - 1096)]
    assert np.isin(np.flatnonzero(here), recent).mean() == pytest.approx(0.522, rel=0.1)


def test_a_shock_halves_planned_care_for_a_year_and_changes_nothing_else(block) -> None:
    struck = replace(block, setting=replace(block.setting, shock=SHOCK))
    first = day(SHOCK.year, SHOCK.month, SHOCK.day)
    for spread, kept, of in (
        (0.08, 0.5, lambda b: (s := planned_spells(b)).start[s.is_kind("inpatient", "day_case")]),
        (0.04, 0.7, lambda b: appointments_of(b).day),
    ):
        usual, less = of(block), of(struck)
        inside = [((days >= first) & (days < first + 365)).sum() for days in (usual, less)]
        assert inside[1] / inside[0] == pytest.approx(kept, abs=spread)
        before = [np.sort(days[days < first]) for days in (usual, less)]
        assert np.array_equal(*before)


def test_dialysis_is_regular_attendance_of_people_with_kidney_disease(make_block) -> None:
    block = make_block(3000, seed=3)
    spells = planned_spells(block)
    regular = np.flatnonzero(spells.is_kind("regular"))
    assert len(regular) > 100
    assert (spells.end[regular] == spells.start[regular]).all()
    assert block.had("ckd", spells.row[regular], spells.start[regular]).all()
    assert set(codes(METHODS, spells.method[regular])) == {"13"}


def test_episodes_follow_each_other_through_the_spell(block, emergencies) -> None:
    episodes = episodes_of(block, emergencies)
    finished = emergencies.finished(block)[episodes.spell]
    first, last = episodes.order == 1, episodes.last & finished
    assert (episodes.start[first] == emergencies.start[episodes.spell[first]]).all()
    assert (episodes.end[last] == emergencies.end[episodes.spell[last]]).all()
    following = np.flatnonzero(~first)
    assert len(following) > 100
    assert (episodes.order[following] == episodes.order[following - 1] + 1).all()
    assert (episodes.start[following] == episodes.end[following - 1]).all()
    assert (episodes.start[following] > episodes.start[following - 1]).all()
    assert 1.2 < len(episodes) / len(emergencies) < 1.5


def test_children_and_the_old_have_their_own_medicine(block, emergencies) -> None:
    episodes = episodes_of(block, emergencies)
    spell = episodes.spell
    age = ages(block.people.birth[emergencies.row[spell]], emergencies.start[spell])
    treatment = codes(TREATMENTS, episodes.treatment)
    assert set(treatment[age < 16]) <= {"420", "110"}
    assert "430" in set(treatment[age >= 80])
    assert "420" not in set(treatment[age >= 16])


def test_an_unfinished_spell_has_only_the_episodes_that_have_begun(block) -> None:
    people, last = staying(block, 20), block.period.last
    spells = emergency_spells(
        with_admissions(block, *((row, last - 3, last + 40) for row in people))
    )
    episodes = episodes_of(block, spells)
    assert not spells.finished(block).any()
    assert (episodes.start <= last).all()
    assert (spells.told(block) == HOSPITAL.told(np.array([last]))[0]).all()
    assert (spells.refreshed(block) == NEVER).all()


def test_an_attendance_comes_before_its_admission_in_the_same_hospital(block, emergencies) -> None:
    found = attendances_of(block, emergencies)
    first = emergencies.is_kind("emergency")
    through = np.flatnonzero(first & (emergencies.method == METHODS.index("21")))
    admitted = np.flatnonzero(found.admitted)
    assert len(through) == len(admitted)
    assert (found.row[admitted] == emergencies.row[through]).all()
    assert (found.day[admitted] == emergencies.start[through]).all()
    assert (found.provider[admitted] == emergencies.provider[through]).all()
    departed, minute = found.departed(block)
    assert (departed[admitted] == found.day[admitted]).all()
    assert (minute[admitted] == emergencies.minute[through]).all()
    assert not found.minor[admitted].any()


def test_the_other_attendances_are_those_of_lives_while_people_are_seen(block, emergencies) -> None:
    found, lives = attendances_of(block, emergencies), block.lives.attendances
    seen = lives.day < block.stop[lives.row]
    assert 0 < seen.sum() < len(seen)
    others = ~found.admitted
    assert np.array_equal(found.row[others], lives.row[seen])
    assert np.array_equal(found.day[others], lives.day[seen])


@pytest.mark.parametrize(
    ("dies_after", "days_to_last", "expected"),
    [
        (9, 9, (1, 0 * 60 + 30)),
        (1, 9, (1, 0 * 60 + 30)),
        (0, 9, (0, 23 * 60 + 59)),
        (9, 0, (0, 23 * 60 + 59)),
    ],
)
def test_departure_after_midnight_only_on_a_day_that_is_lived_and_seen(
    block, altered, emergencies, dies_after, days_to_last, expected
) -> None:
    """An hour and a half from 23:00: not past the day of death or the end of the period."""
    arrival = block.period.last - days_to_last
    found = attendances_of(block, emergencies)
    found = replace(
        found,
        day=np.full(len(found), arrival),
        minute=np.full(len(found), 23 * 60),
        minutes=np.full(len(found), 90),
    )
    dead = altered(block, death=np.full(len(block.people), arrival + dies_after))
    departed, minute = found.departed(dead)
    assert (departed[0] - arrival, minute[0]) == expected


def test_virtual_wards_are_for_people_of_65_who_leave_alive_from_2022(make_block) -> None:
    block = make_block(5000, seed=4)
    spells = Spells.together(emergency_spells(block), planned_spells(block))
    chosen = to_virtual_ward(block, spells)
    assert chosen.sum() > 10
    age = ages(block.people.birth[spells.row], spells.end)
    assert age[chosen].min() >= 65
    assert spells.end[chosen].min() >= day(2022, 1, 1)
    assert set(codes(KINDS, spells.kind[chosen])) <= {"emergency", "transfer", "inpatient"}
    assert not set(codes(PLACES, spells.destination[chosen])) & {"79", "51", "52", "53"}
    could = (age >= 65) & (spells.end >= day(2022, 1, 1)) & spells.finished(block)
    could &= spells.is_kind("emergency", "transfer", "inpatient")
    assert 0.015 < chosen[could].mean() < 0.045
    end = virtual_ward_ends(block, spells)
    gone = np.minimum(block.lives.death, block.people.leave)[spells.row]
    days = (end - spells.end)[chosen & (end < gone)]
    assert 3 <= days.min() <= days.max() <= 14
    assert (end <= gone)[chosen].all()


def test_people_of_an_age_miss_appointments_as_often_as_stated(block) -> None:
    found = appointments_of(block)
    kept = codes(ATTENDED, found.attended)
    age = ages(block.people.birth[found.row], found.day)
    assert (kept == "3")[age < 20].mean() == pytest.approx(0.12, abs=0.03)
    assert (kept == "3")[age > 70].mean() == pytest.approx(0.045, abs=0.012)
    assert np.isin(kept, ("5", "6")).mean() > 0.75


def test_appointments_by_telephone_came_in_april_2020(block) -> None:
    found = appointments_of(block)
    before = found.day < day(2020, 4, 1)
    assert found.call[before].mean() == pytest.approx(0.04, abs=0.02)
    assert found.call[~before].mean() == pytest.approx(0.21, abs=0.02)


@pytest.mark.parametrize("condition", ["cancer", "diabetes", "chd"])
def test_a_condition_counts_from_the_day_after_it_began(block, condition) -> None:
    """Clinics that need a condition are for people in whom it began before the appointment."""
    found = appointments_of(block)
    clinics = np.flatnonzero(np.array(column("clinics", "condition")) == condition)
    only = [row for row in clinics if column("clinics", "weight")[row] == "0"]
    at = np.isin(found.clinic, only)
    assert at.any()
    onset = block.lives.onset[found.row[at], condition_index(condition)]
    assert (onset < found.day[at]).all()
