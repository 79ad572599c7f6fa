"""Series of index dates."""

from __future__ import annotations

from datetime import date

import pytest

from riskstrat.windows import every


@pytest.mark.parametrize(
    ("first", "last", "step", "expected"),
    [
        ("2024-01-30", "2024-02-06", "7 days", ["2024-01-30", "2024-02-06"]),
        ("2024-01-30", "2024-02-05", "7 days", ["2024-01-30"]),
        ("2024-02-15", "2024-03-14", "2 weeks", ["2024-02-15", "2024-02-29", "2024-03-14"]),
        ("2023-11-28", "2024-02-28", "1 month", ["2023-11-28", "2023-12-28", "2024-01-28",
                                                 "2024-02-28"]),
        ("2023-01-01", "2024-12-31", "6 months", ["2023-01-01", "2023-07-01", "2024-01-01",
                                                  "2024-07-01"]),
        ("2022-04-01", "2024-03-31", "1 year", ["2022-04-01", "2023-04-01"]),
        ("2024-01-02", "2024-01-01", "1 day", []),
        ("2024-01-01", "2024-01-01", " 1 day ", ["2024-01-01"]),
    ],
)  # fmt: skip
def test_dates_are_a_step_apart_and_the_last_day_counts(
    first: str, last: str, step: str, expected: list[str]
) -> None:
    days = every(date.fromisoformat(first), date.fromisoformat(last), step)
    assert [day.isoformat() for day in days] == expected


@pytest.mark.parametrize("step", ["0 days", "monthly", "-1 day", "1.5 months", "1 fortnight", ""])
def test_a_step_is_a_count_and_a_unit(step: str) -> None:
    with pytest.raises(ValueError, match="expected a step such as"):
        list(every(date(2024, 1, 1), date(2024, 2, 1), step))


@pytest.mark.parametrize("day", [29, 30, 31])
def test_months_are_counted_from_a_day_that_every_month_has(day: int) -> None:
    with pytest.raises(ValueError, match="on or before the 28th"):
        list(every(date(2024, 1, day), date(2024, 6, 1), "1 month"))
