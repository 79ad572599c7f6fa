"""Days as numbers: months, years, winters and the period at their boundaries."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from riskstrat.simulation.timeline import (
    NEVER,
    Period,
    ages,
    dates,
    day_number,
    month_starts,
    months,
    winter,
)


def test_days_become_dates_and_never_becomes_null() -> None:
    days = np.array([day_number(date(2020, 2, 29)), NEVER, 0])
    assert dates(days).to_pylist() == [date(2020, 2, 29), None, date(1970, 1, 1)]


@pytest.mark.parametrize(
    ("day", "number"),
    [
        (date(1969, 12, 31), -1),
        (date(1970, 1, 1), 0),
        (date(1970, 1, 31), 0),
        (date(2024, 2, 29), 649),
    ],
)
def test_a_month_begins_on_its_first_day(day, number) -> None:
    days = np.array([day_number(day)])
    assert months(days).tolist() == [number]
    assert dates(month_starts(months(days))).to_pylist() == [day.replace(day=1)]


def test_a_year_starts_in_the_period_only_from_its_first_day() -> None:
    whole = Period.of(date(2020, 1, 1), date(2022, 1, 1))
    starts = [day_number(date(year, 1, 1)) for year in (2020, 2021, 2022)]
    assert whole.year_starts() == starts
    late = Period.of(date(2020, 1, 2), date(2021, 12, 31))
    assert late.year_starts() == starts[1:2]


def test_the_months_of_a_period_end_with_the_one_after_it() -> None:
    period = Period.of(date(2023, 11, 1), date(2023, 12, 31))
    assert dates(period.month_starts()).to_pylist() == [
        date(2023, 11, 1),
        date(2023, 12, 1),
        date(2024, 1, 1),
    ]
    assert period.years == pytest.approx(61 / 365.25)


def test_nobody_has_an_age_before_birth() -> None:
    assert ages(np.array([0]), np.array([-10, 0, 3653])).tolist() == pytest.approx([0, 0, 10], 1e-3)


def test_winter_is_highest_in_january_and_lowest_in_july() -> None:
    year = np.arange(day_number(date(2021, 1, 1)), day_number(date(2022, 1, 1)))
    seasons = winter(year)
    assert months(year[[seasons.argmax(), seasons.argmin()]]).tolist() == [612, 618]
    assert (seasons.max(), seasons.min()) == pytest.approx((1, -1), abs=1e-3)
