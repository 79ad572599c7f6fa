"""How often people are admitted or die within a year, beside Scotland's figures.

Scotland's cohort is younger than an English shire and has people with some contact only: figures
are of people with a hospital contact or a prescription in the three years before, each row weighing
so much that ten-year age bands are as in Scotland.

References
----------
Liley J. et al. Development and assessment of a machine learning tool for predicting emergency
admission in Scotland. npj Digital Medicine 2024, doi:10.1038/s41746-024-01250-1, with the tables
published beside its code.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.district_figure import Figure, Measured, figure, mean, ratio

__all__ = [
    "AGE_BANDS",
    "age_band",
    "as_in_scotland",
    "by_age",
    "by_decile",
    "by_sex",
    "deaths",
    "first_events",
    "repeat_admissions",
]

AGE_BANDS = (*(f"{first} to {first + 9}" for first in range(0, 90, 10)), "90 and over")
_YEARS_PER_BAND = 10
_SCOTLAND_ROWS = (1356, 1171, 1528, 1518, 1675, 1929, 1701, 1238, 631, 119)
"""Thousands of rows by age band."""
_EVENT_BY_AGE = (6.2, 4.3, 5.1, 5.5, 6.1, 7.4, 9.7, 16.0, 29.0, 45.5)
_EVENT_BY_DECILE = (11.3, 10.7, 10.1, 9.4, 9.1, 8.5, 8.0, 7.4, 7.1, 6.3)
_EVENT_BY_SEX = {"women": 8.7, "men": 9.0}
_EVENT, _ADMISSION, _DEATH, _DEATH_WITHOUT = 8.9, 8.4, 1.3, 35.0
"""Percent of rows with either, with an admission, with a death; of deaths without an admission."""
_ASKED_REPEATS = 2
_REPEATS = {"once": 71.0, "twice": 17.5, "three times": 6.1, "four times": 2.5}
"""Percent of people admitted; the others five times or more often."""
_OFTEN = 5
_FIVE_OR_MORE = (2.7, 3.9)
"""As published, and as heavy as the tail remains where everything else fits."""
_FIRST_MONTH, _LAST_MONTH = 12.0, (7.0, 8.0)
"""Percent of first events."""
_MONTHS = 12
_TENTH = 0.10
_FIFTH = 0.20
_YEAR_DAYS = 365
_GROUP = "admission or death within 12 months"


def age_band(rows: pd.DataFrame) -> pd.Series[int]:
    """Position in :data:`AGE_BANDS`."""
    return (rows["age"] // _YEARS_PER_BAND).clip(upper=len(AGE_BANDS) - 1)


def as_in_scotland(rows: pd.DataFrame) -> pd.DataFrame:
    """People with a contact, weighing so that age bands are as in Scotland's cohort."""
    had_contact = (rows["stays_count"] > 0) | (rows["items_count"] > 0)
    kept = rows[had_contact].copy()
    band = age_band(kept)
    here = band.value_counts(normalize=True).sort_index()
    there = pd.Series(_SCOTLAND_ROWS, dtype=float) / sum(_SCOTLAND_ROWS)
    kept["weight"] = band.map(there / here)
    return kept


def by_age(scotland: pd.DataFrame) -> list[Figure]:
    """Percent with an event, everybody and by age band; `scotland`: see `as_in_scotland`."""
    band = age_band(scotland)
    found = [figure((_GROUP, "everybody"), mean(scotland, "event"), _EVENT, _TENTH)]
    for place, name in enumerate(AGE_BANDS):
        measured = mean(scotland, "event", band == place)
        found.append(figure((_GROUP, f"age {name}"), measured, _EVENT_BY_AGE[place], _TENTH))
    return found


def by_decile(scotland: pd.DataFrame) -> list[Figure]:
    """Percent with an event, by decile of deprivation."""
    return [
        figure(
            (_GROUP, f"deprivation decile {decile}"),
            mean(scotland, "event", scotland["imd_decile"] == decile),
            expected,
            _TENTH,
        )
        for decile, expected in enumerate(_EVENT_BY_DECILE, start=1)
    ]


def by_sex(scotland: pd.DataFrame) -> list[Figure]:
    """Percent with an event, women and men."""
    return [
        figure(
            (_GROUP, sex),
            mean(scotland, "event", scotland["female"] == (sex == "women")),
            expected,
            _TENTH,
        )
        for sex, expected in _EVENT_BY_SEX.items()
    ]


def deaths(scotland: pd.DataFrame) -> list[Figure]:
    """Percent admitted, percent who die, and percent of deaths without an admission."""
    group = "admission and death"
    dead = scotland[scotland["died"]]
    without = ratio(dead, dead["admissions"] == 0)
    return [
        figure((group, "admitted"), mean(scotland, "admitted"), _ADMISSION, _TENTH),
        figure((group, "died"), mean(scotland, "died"), _DEATH, _TENTH),
        figure((group, "deaths without an admission"), without, _DEATH_WITHOUT, _TENTH),
    ]


def repeat_admissions(scotland: pd.DataFrame) -> list[Figure]:
    """How often people were admitted in the year, in percent of those admitted."""
    group = "admissions of people admitted"
    some = scotland[scotland["admissions"] > 0]
    found = []
    for number, (name, expected) in enumerate(_REPEATS.items(), start=1):
        tolerance = _TENTH if number == 1 else _FIFTH
        measured = ratio(some, some["admissions"] == number)
        made = figure((group, name), measured, expected, tolerance)
        found.append(made if number <= _ASKED_REPEATS else made.for_information())
    often = ratio(some, some["admissions"] >= _OFTEN)
    return [*found, figure((group, "five times or more"), often, _FIVE_OR_MORE, _TENTH)]


def first_events(scotland: pd.DataFrame) -> list[Figure]:
    """In which twelfth of the year the first event is, in percent of first events.

    Index dates are 1 January: the first and the last month are both in winter.
    """
    some = scotland[scotland["event"]]
    month = np.floor(some["days"] * _MONTHS / _YEAR_DAYS)
    measured: list[Measured] = [ratio(some, month == number) for number in range(_MONTHS)]
    expected: dict[int, float | tuple[float, float]] = {
        0: _FIRST_MONTH,
        _MONTHS - 1: _LAST_MONTH,
    }
    return [
        figure(
            ("month of the first event", f"month {number + 1}"), one, expected.get(number), _TENTH
        )
        for number, one in enumerate(measured)
    ]
