"""Measurements over time: slope, readings, loss, kinds of test."""

import math
from datetime import time

import pytest
from tests.unit.features.history import History

BMI, SYSTOLIC = "60621009", "271649006"


def _measured(*readings, code=BMI):
    history = History()
    for day, value, *at in readings:
        columns = {"source": "gp", "system": "snomed", "event_time": at[0] if at else None}
        history.event("measurement", day, code, value=float(value), **columns)
    return history


def test_a_slope_is_the_change_in_a_year():
    """Two points less in half a year are four less in a year."""
    history = _measured((1, 26), (183, 28))
    assert history.value("bmi_slope") == pytest.approx(-2 * 365.25 / 182)


def test_a_slope_goes_through_the_middle_of_its_readings():
    history = _measured((1, 20), (2, 22), (3, 20), (4, 18))
    assert history.value("bmi_slope") == pytest.approx(0.8 * 365.25)


def test_readings_of_one_day_have_no_slope():
    history = _measured((10, 20), (10, 30, time(9)), (731, 40))
    assert math.isnan(history.value("bmi_slope"))


def test_readings_count_within_a_year_and_the_last_has_a_day():
    history = _measured((40, 20), (40, 21), (365, 22), (366, 23), (10, 9.9))
    assert history.value("bmi_readings_365") == 3
    assert history.value("bmi_days") == 40


def test_loss_is_the_latest_below_the_highest_of_two_years():
    history = _measured((731, 50), (730, 40), (100, 30), (10, 35))
    assert history.value("bmi_loss") == pytest.approx(12.5)


@pytest.mark.parametrize(
    ("readings", "expected"), [([(10, 30)], math.nan), ([(10, 30), (50, 20)], 0)]
)
def test_one_reading_is_no_loss_and_a_gain_is_none(readings, expected):
    assert _measured(*readings).value("bmi_loss") == pytest.approx(expected, nan_ok=True)


def test_kinds_of_test_count_once():
    history = _measured((10, 20), (20, 21), (400, 22))
    history.event("measurement", 366, SYSTOLIC, source="gp", system="snomed", value=120.0)
    history.event("measurement", 5, SYSTOLIC, source="gp", system="snomed", value=999.0)
    assert history.value("tests_done_365") == 1
    assert history.value("tests_done_730") == 2
    assert history.value("days_since_test") == 10
