"""Support that started, ended, and how much of it is in place; the home."""

import math

import pytest
from tests.unit.features.history import History, days_before


def _service(history, service, start, end=None, **columns):
    ends = None if end is None else days_before(end)
    spell = {"start_date": days_before(start), "end_date": ends, "source": "council"}
    history.add("services", service=service, **spell, **columns)


@pytest.mark.parametrize(("start", "expected"), [(0, 0), (1, 1), (90, 1), (91, 0)])
def test_support_started_within_three_months(start, expected):
    history = History()
    _service(history, "reablement", 500, 450)
    _service(history, "home_care", 500, 450)
    _service(history, "home_care", start)
    assert history.value("started_social_care_90") == expected
    assert history.value("services_started_90") == expected


@pytest.mark.parametrize(("end", "expected"), [(0, 0), (1, 1), (90, 1), (91, 0)])
def test_support_ended_within_three_months(end, expected):
    """An end on or after the index date is not known."""
    history = History()
    _service(history, "home_care", 500, end)
    assert history.value("stopped_social_care_90") == expected
    assert history.value("services_stopped_90") == expected


def test_kinds_of_support_that_started_or_ended_count_once():
    history = History()
    for service in ("home_care", "day_care", "reablement", "community_matron"):
        _service(history, service, 80, 20)
    assert history.value("services_started_90") == 2
    assert history.value("services_stopped_90") == 2


def test_minutes_a_week_are_those_in_place():
    """Two packages of social care add up, unknown minutes are none, what ended does not count."""
    history = History()
    _service(history, "home_care", 80, minutes_per_week=300)
    _service(history, "social_care_package", 40, minutes_per_week=120)
    _service(history, "day_care", 40)
    _service(history, "home_care", 200, 90, minutes_per_week=500)
    _service(history, "reablement", 20, 5, minutes_per_week=60)
    assert history.value("minutes_social_care") == 420
    assert history.value("minutes_reablement") == 0
    assert math.isnan(history.value("minutes_community_nursing"))


@pytest.mark.parametrize(
    ("tenure", "expected"), [("social_rented", 1), ("owner_occupied", 0), (None, math.nan)]
)
def test_social_rented_housing(tenure, expected):
    history = History()
    history.add("residences", start_date=days_before(50), tenure=tenure)
    assert history.value("social_rented") == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(("start", "days"), [(1, 1), (1095, 1095), (4000, 1095)])
def test_days_at_the_address_in_force_are_cut_at_the_history(start, days):
    history = History()
    history.add("residences", start_date=days_before(5000), end_date=days_before(start))
    history.add("residences", start_date=days_before(start))
    assert history.value("address_days") == days
