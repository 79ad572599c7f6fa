"""The SQL fragments say the same as the Python functions, on any dates."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from riskstrat.engine import Engine, Step
from riskstrat.windows import (
    PredictionWindow,
    add_days,
    after_sql,
    age_sql,
    age_years,
    before_sql,
    days_between,
    lookback_sql,
    prediction_sql,
)

INDEX = date(2024, 3, 1)


def answers(fragment: str, rows: list[dict[str, date]]) -> list[object]:
    engine = Engine(threads=1)
    engine.register("dates", pa.Table.from_pylist([{"n": n, **r} for n, r in enumerate(rows)]))
    step = Step("answers", f"select {fragment} as answer from dates order by n")
    return engine.fetch(step)["answer"].to_pylist()


def random_dates(seed: int, count: int = 500, *, spread: int = 800) -> list[dict[str, date]]:
    """Pairs of an index date and a day near it; leap days and year ends are among them."""
    rng = np.random.default_rng(seed)
    index = [add_days(date(1999, 1, 1), int(n)) for n in rng.integers(0, 12_000, count)]
    moved = rng.integers(-spread, spread, count)
    return [
        {"index_date": day, "day": add_days(day, int(n))}
        for day, n in zip(index, moved, strict=True)
    ]


def around(*offsets: int) -> list[dict[str, date]]:
    return [{"index_date": INDEX, "day": add_days(INDEX, offset)} for offset in offsets]


def test_a_day_is_before_the_index_date_only_if_earlier() -> None:
    """The index date itself is not before; the day before is, over a leap day too."""
    assert answers(before_sql("day"), around(-1, 0, 1)) == [True, False, False]


def test_lookback_holds_the_n_days_before_the_index_date() -> None:
    """``[index - n, index)``: the first day counts, the index date does not."""
    assert answers(lookback_sql("day", 90), around(-91, -90, -1, 0)) == [False, True, True, False]


@pytest.mark.parametrize(
    ("gap", "offsets", "inside"),
    [
        (0, (-1, 0, 364, 365), [False, True, True, False]),
        (7, (0, 6, 7, 371, 372), [False, False, True, True, False]),
    ],
)
def test_prediction_starts_at_the_gap_and_ends_before_its_last_day(
    gap: int, offsets: tuple[int, ...], inside: list[bool]
) -> None:
    """``[index + gap, index + gap + days)``, in SQL and in Python."""
    window = PredictionWindow(days=365, gap=gap)
    assert answers(prediction_sql("day", window), around(*offsets)) == inside
    assert [window.contains(INDEX, add_days(INDEX, offset)) for offset in offsets] == inside


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_windows_agree_with_python_on_random_dates(seed: int) -> None:
    rows = random_dates(seed)
    window = PredictionWindow(days=365, gap=14)
    elapsed = [days_between(row["index_date"], row["day"]) for row in rows]
    assert answers(before_sql("day"), rows) == [n < 0 for n in elapsed]
    assert answers(lookback_sql("day", 365), rows) == [-365 <= n < 0 for n in elapsed]
    expected = [window.contains(row["index_date"], row["day"]) for row in rows]
    assert answers(prediction_sql("day", window), rows) == expected
    assert len(set(expected)) == 2


def test_the_window_ends_on_the_first_day_that_it_does_not_contain() -> None:
    window = PredictionWindow(days=30, gap=2)
    end = window.end(INDEX)
    assert not window.contains(INDEX, end)
    assert window.contains(INDEX, add_days(end, -1))


@pytest.mark.parametrize("days", [-400, -1, 0, 1, 366])
def test_a_moved_day_is_a_date(days: int) -> None:
    """Days are added to dates, over leap days, and stay dates."""
    rows = random_dates(4, 50)
    expected = [add_days(row["day"], days) for row in rows]
    assert answers(after_sql("day", days), rows) == expected


def test_age_changes_at_the_first_of_the_birth_month() -> None:
    """Only the month of birth is known: a birthday has passed once that month has begun."""
    rows = [
        {"birth_month": date(1940, 6, 1), "index_date": day}
        for day in (date(2020, 5, 31), date(2020, 6, 1), date(2021, 5, 31), date(1940, 6, 1))
    ]
    assert answers(age_sql(), rows) == [79, 80, 80, 0]


def test_age_agrees_with_python_on_random_dates() -> None:
    rng = np.random.default_rng(5)
    rows = [
        {
            "birth_month": date(int(year), int(month), 1),
            "index_date": add_days(date(2000, 1, 1), int(n)),
        }
        for year, month, n in zip(
            rng.integers(1900, 2026, 500),
            rng.integers(1, 13, 500),
            rng.integers(0, 9_500, 500),
            strict=True,
        )
    ]
    expected = [age_years(row["birth_month"], row["index_date"]) for row in rows]
    assert answers(age_sql(), rows) == expected
    assert min(expected) < 0 < max(expected)


@pytest.mark.parametrize("name", ["day; drop table x", "day)", "", "a.b.c", "1day", "day -- x"])
def test_only_a_column_name_goes_into_a_fragment(name: str) -> None:
    """Nothing is pasted into SQL: a fragment takes a column name, with an alias at most."""
    for build in (
        lambda: before_sql(name),
        lambda: before_sql("day", name),
        lambda: lookback_sql(name, 1),
        lambda: prediction_sql(name, PredictionWindow(1)),
        lambda: after_sql(name, 1),
        lambda: age_sql(name),
    ):
        with pytest.raises(ValueError, match="expected a column name"):
            build()
