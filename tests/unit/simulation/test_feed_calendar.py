"""The days on which feeds tell, with the boundary days of months and quarters."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from riskstrat.simulation.feeds.calendar import (
    COMMUNITY,
    COUNCIL,
    EMERGENCY_CARE,
    GP,
    HOSPITAL,
    HOUSING,
    MENTAL_HEALTH,
    VOLUNTARY,
)
from riskstrat.simulation.timeline import NEVER, dates


def number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def told_on(calendar, day: date) -> date:
    return dates(calendar.told(np.array([number(day)])))[0].as_py()


@pytest.mark.parametrize(
    ("calendar", "day", "told"),
    [
        (GP, date(2020, 2, 28), date(2020, 2, 29)),
        (GP, date(2020, 12, 31), date(2021, 1, 1)),
        (EMERGENCY_CARE, date(2020, 2, 28), date(2020, 3, 1)),
        (HOSPITAL, date(2020, 1, 1), date(2020, 2, 20)),
        (HOSPITAL, date(2020, 1, 31), date(2020, 2, 20)),
        (HOSPITAL, date(2020, 2, 1), date(2020, 3, 20)),
        (HOSPITAL, date(2020, 12, 1), date(2021, 1, 20)),
        (COMMUNITY, date(2020, 1, 31), date(2020, 2, 25)),
        (MENTAL_HEALTH, date(2020, 1, 31), date(2020, 2, 25)),
        (COUNCIL, date(2021, 1, 1), date(2021, 4, 28)),
        (COUNCIL, date(2021, 3, 31), date(2021, 4, 28)),
        (COUNCIL, date(2021, 4, 1), date(2021, 7, 28)),
        (COUNCIL, date(2021, 12, 31), date(2022, 1, 28)),
        (HOUSING, date(2020, 1, 1), date(2020, 2, 28)),
        (VOLUNTARY, date(2020, 1, 31), date(2020, 2, 28)),
        (HOSPITAL, date(1969, 12, 31), date(1970, 1, 20)),
    ],
)
def test_a_feed_tells_a_fixed_number_of_days_after_the_day_month_or_quarter(
    calendar, day, told
) -> None:
    assert told_on(calendar, day) == told


@pytest.mark.parametrize(
    ("calendar", "day", "refreshed"),
    [
        (HOSPITAL, date(2020, 1, 31), date(2020, 3, 20)),
        (HOSPITAL, date(2020, 12, 1), date(2021, 2, 20)),
        (COMMUNITY, date(2020, 2, 1), date(2020, 4, 25)),
        (COUNCIL, date(2021, 3, 31), date(2021, 4, 28)),
    ],
)
def test_a_refresh_comes_a_month_later_where_there_is_one(calendar, day, refreshed) -> None:
    found = calendar.refreshed(np.array([number(day)]))
    assert dates(found).to_pylist() == [refreshed]


@pytest.mark.parametrize(
    ("calendar", "day", "first", "last"),
    [
        (HOSPITAL, date(2020, 2, 29), date(2020, 2, 1), date(2020, 2, 29)),
        (HOSPITAL, date(2020, 3, 1), date(2020, 3, 1), date(2020, 3, 31)),
        (COUNCIL, date(2020, 2, 29), date(2020, 1, 1), date(2020, 3, 31)),
        (COUNCIL, date(2020, 12, 31), date(2020, 10, 1), date(2020, 12, 31)),
        (GP, date(2020, 2, 29), date(2020, 2, 29), date(2020, 2, 29)),
    ],
)
def test_a_submission_covers_a_whole_month_or_quarter_or_the_day(
    calendar, day, first, last
) -> None:
    days = np.array([number(day)])
    assert dates(calendar.period_start(days)).to_pylist() == [first]
    assert dates(calendar.period_end(days)).to_pylist() == [last]


@pytest.mark.parametrize(
    "calendar",
    [GP, EMERGENCY_CARE, HOSPITAL, COMMUNITY, MENTAL_HEALTH, COUNCIL, HOUSING, VOLUNTARY],
)
def test_every_day_is_told_after_it_and_none_before_an_earlier_one(calendar) -> None:
    days = np.arange(number(date(2019, 1, 1)), number(date(2021, 1, 1)))
    told = calendar.told(days)
    assert (told > days).all()
    assert (np.diff(told) >= 0).all()
    assert (calendar.refreshed(days) >= told).all()
    assert calendar.told(np.array([NEVER])).tolist() == [NEVER]
    assert calendar.refreshed(np.array([NEVER])).tolist() == [NEVER]


@pytest.mark.parametrize("later", [COMMUNITY, MENTAL_HEALTH, COUNCIL, HOUSING, VOLUNTARY])
def test_what_follows_a_stay_is_told_after_the_stay(later) -> None:
    """So the support of a day tells nothing of admissions that the hospital has not told."""
    days = np.arange(number(date(2019, 1, 1)), number(date(2021, 1, 1)))
    assert (later.told(days) > HOSPITAL.told(days)).all()
