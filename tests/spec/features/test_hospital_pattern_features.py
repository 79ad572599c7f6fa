"""Readmissions, short and long stays, hours of attendance, avoidable admissions, changes."""

import math
from datetime import time

import pytest
from tests.unit.features.history import History, days_before

from riskstrat.features.indices import acsc

SATURDAY, FRIDAY = 6, 7
"""Days before the index date, Friday 1 January 2021."""


@pytest.mark.parametrize(
    ("left", "expected"),
    [(60, 0), (31, 0), (30, 1), (0, 1)],
    ids=["long before", "31 days", "30 days", "same day"],
)
def test_a_readmission_is_an_emergency_within_30_days_of_leaving(left, expected):
    history = History()
    history.stay(50 + left + 5, 50 + left, is_emergency=False)
    history.stay(50, 45)
    assert history.value("readmissions_90") == expected


def test_a_planned_admission_is_no_readmission():
    history = History()
    history.stay(60, 55)
    history.stay(50, 45, is_emergency=False)
    assert history.value("readmissions_90") == 0


def test_the_latest_discharge_before_counts_for_a_readmission():
    """Not the one before it, and not a spell whose end is not known."""
    history = History()
    history.stay(200, 195)
    history.stay(60, None)
    history.stay(50, 45)
    assert history.value("readmissions_90") == 0
    history.stay(70, 65)
    assert history.value("readmissions_90") == 2


@pytest.mark.parametrize(
    ("end", "expected"),
    [(20, 1), (19, 1), (18, 0), (None, 0)],
    ids=["same day", "one night", "two nights", "not ended"],
)
def test_a_short_stay_is_an_emergency_of_one_night_at_most(end, expected):
    history = History()
    history.stay(20, end)
    assert history.value("short_emergency_stays_90") == expected


def test_the_longest_stay_counts_whole_when_it_began_within_the_window():
    """Nights; planned stays count in the one of any kind, what began before the window nowhere."""
    history = History()
    history.stay(200, 100)
    history.stay(90, 70)
    history.stay(60, 55)
    history.stay(40, 10, is_emergency=False)
    assert history.value("longest_emergency_stay_90") == 20
    assert history.value("longest_stay_90") == 30
    assert history.value("longest_emergency_stay_365") == 100


def test_the_longest_stay_of_nobody_admitted_is_none():
    history = History("a", "b")
    history.stay(20, 10, "b")
    assert history.value("longest_stay_90") == 0


@pytest.mark.parametrize(
    ("day", "at", "expected"),
    [
        (FRIDAY, time(7, 59), 1),
        (FRIDAY, time(8), 0),
        (FRIDAY, time(18, 29), 0),
        (FRIDAY, time(18, 30), 1),
        (FRIDAY, None, 0),
        (SATURDAY, time(12), 1),
        (SATURDAY, None, 1),
        (SATURDAY - 1, time(12), 1),
        (SATURDAY - 2, time(12), 0),
    ],
)
def test_out_of_hours_is_when_practices_are_closed(day, at, expected):
    """From 6.30 pm to 8 am and at weekends; a time that is not known is no night."""
    history = History()
    history.stay(day, day, kind="emergency_department", start_time=at)
    assert history.value("ed_out_of_hours_90") == expected
    assert history.value("ed_attendances_90") == 1


def _diagnosed(code, position, *, is_emergency=True):
    history = History()
    stay = history.stay(20, 15, is_emergency=is_emergency)
    history.diagnosis(17, code, stay_id=stay, position=position)
    return history


@pytest.mark.parametrize(
    ("code", "position", "expected"),
    [("J440", 1, 1), ("J440", 2, 0), ("E112", 2, 1), ("K359", 1, 0)],
    ids=["first", "further", "any position is enough", "not on the list"],
)
def test_an_avoidable_admission_by_its_diagnosis(code, position, expected):
    """On the day the stay began."""
    history = _diagnosed(code, position)
    assert history.value("acsc_admissions_90") == expected
    if expected:
        assert history.fact_day("acsc_admissions_90") == 20


def test_a_planned_admission_is_not_avoidable():
    assert _diagnosed("J440", 1, is_emergency=False).value("acsc_admissions_90") == 0


def test_two_diagnoses_of_one_stay_are_one_avoidable_admission():
    history = _diagnosed("J440", 1)
    history.diagnosis(17, "E112", stay_id=history.rows["stays"][0]["stay_id"], position=2)
    assert history.value("acsc_admissions_90") == 1


def test_a_spell_of_two_stays_is_one_avoidable_admission():
    """Told on the day it began, though the diagnosis was only given in the second stay."""
    history = History()
    first = history.stay(20, 10)
    second = history.stay(10, 5, admission_method="81")
    for stay in (first, second):
        history.diagnosis(20, "J440", stay_id=stay, position=1)
    assert history.value("acsc_admissions_90") == 1
    assert history.fact_day("acsc_admissions_90") == 20


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["J209"], 0),
        (["J209", "J439"], 1),
        (["J439", "J209"], 1),
        (["S720", "J209", "J439"], 0),
        (["J181"], 1),
        (["S720", "J181"], 1),
        (["J181", "D570"], 0),
        (["D570", "J181"], 1),
        (["J181", "D570", "E112"], 1),
    ],
    ids=str,
)
def test_bronchitis_counts_with_copd_and_pneumonia_without_sickle_cell_disease(codes, expected):
    """As the published function has it, first diagnosis first."""
    assert bool(acsc(codes[0], codes[1:])) == bool(expected)
    history = History()
    stay = history.stay(20, 15)
    for position, code in enumerate(codes, start=1):
        history.diagnosis(18, code, stay_id=stay, position=position)
    assert history.value("acsc_admissions_90") == expected


def test_codes_of_another_spell_are_not_beside():
    history = History()
    for start, code in ((20, "J209"), (40, "J439")):
        stay = history.stay(start, start - 5)
        history.diagnosis(start, code, stay_id=stay, position=1 if code == "J209" else 2)
    history.diagnosis(40, "S720", stay_id="a1", position=1)
    assert history.value("acsc_admissions_90") == 0


@pytest.mark.parametrize(
    ("registered", "expected"), [(179, math.nan), (180, 1), (None, 1)], ids=str
)
def test_a_change_is_missing_where_the_earlier_window_could_not_be_seen(registered, expected):
    """Also when there is a fact; a registration that is not known says nothing."""
    history = History()
    if registered:
        history.add("registrations", start_date=days_before(registered))
    history.stay(900, 900, kind="emergency_department")
    history.stay(20, 20, kind="emergency_department")
    assert history.value("ed_attendances_90") == 1
    found = history.value("ed_attendances_change_90")
    assert found == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("days", "expected"),
    [([], 0), ([90], 1), ([91], -1), ([180], -1), ([181], 0), ([1, 2, 100], 1)],
    ids=["none", "edge", "before", "edge before", "long before", "two less one"],
)
def test_a_change_is_a_window_less_the_one_before(days, expected):
    history = History()
    history.stay(900, 900, kind="emergency_department")
    for day in days:
        history.stay(day, day, kind="emergency_department")
    assert history.value("ed_attendances_change_90") == expected


def test_the_first_admission_is_the_earliest_within_the_history():
    history = History()
    for start in (1096, 1000, 20):
        history.stay(start, start - 1)
    assert history.value("first_emergency_admission") == 1000


def test_the_last_outpatient_appointment_is_one_that_was_attended():
    history = History()
    history.stay(40, 40, kind="outpatient", attendance="attended")
    history.stay(10, 10, kind="outpatient", attendance="did_not_attend")
    assert history.value("days_since_outpatient") == 40
    assert math.isnan(History().value("days_since_outpatient"))
