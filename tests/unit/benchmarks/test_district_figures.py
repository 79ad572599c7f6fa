"""Figures of a district: their limits, their standard errors, and how groups are made."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from benchmarks.district_figure import Figure, Measured, as_table, figure, mean, misses, ratio
from benchmarks.district_health import frailty_bands
from benchmarks.district_outcomes import AGE_BANDS, age_band, as_in_scotland
from benchmarks.district_predictors import Predictor
from benchmarks.district_programme import naive_change
from benchmarks.district_risks import area, calibration_groups


def rows(**columns) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    return frame.assign(
        person=frame.get("person", pd.Series(np.arange(len(frame)))),
        weight=frame.get("weight", pd.Series(np.ones(len(frame)))),
    )


@pytest.mark.parametrize(
    ("found", "within", "widened"),
    [
        (0.089, False, True),
        (0.09, True, True),
        (0.11, True, True),
        (0.1131, False, False),
        (0.08, False, False),
    ],
)
def test_limits_are_a_share_of_what_was_published(found, within, widened) -> None:
    """10 % within a tenth: 9 to 11; three standard errors of 0.1 more: 8.7 to 11.3."""
    one = figure(("group", "name"), Measured(found, 0.001), 10.0, 0.1)
    assert one.is_within() is within
    assert one.is_within(3) is widened
    assert (misses([one], 3) == []) is widened


def test_a_range_is_widened_at_both_ends() -> None:
    one = figure(("group", "name"), Measured(5.0), (4.0, 6.0), 0.1, scale=1)
    assert (one.low, one.high, one.expected) == (3.6, pytest.approx(6.6), "4 to 6")


def test_nothing_is_asked_of_a_figure_for_information_but_it_still_says_how_near_it_is() -> None:
    asked = figure(("group", "name"), Measured(9.9), 0.1)
    shown = asked.for_information()
    assert asked.is_within() is shown.is_within() is False
    assert misses([shown]) == []
    assert "(0.1)" in misses([asked])[0]
    assert figure(("group", "name"), Measured(9.9)).is_within() is None


def test_a_table_marks_what_is_missed() -> None:
    good, bad = (Figure("group", "name", found, 0.1, "1", 0.9, 1.1) for found in (1.0, 2.0))
    unknown = Figure("group", "name", 1.0, 0.1)
    told = [good, bad, good.for_information(), bad.for_information(), unknown]
    cells = list(as_table(told, "title").columns[-1].cells)
    assert cells == ["", "yes", "[bold]NO[/bold]", "yes, not asked", "no, not asked", ""]


def test_a_mean_weighs_rows_and_its_error_counts_people() -> None:
    """Every person twice: the error is that of the people, not of the rows."""
    once = rows(value=[0.0, 1.0, 1.0, 0.0, 1.0])
    twice = pd.concat([once, once])
    assert mean(once, "value").value == mean(twice, "value").value == pytest.approx(0.6)
    assert mean(twice, "value").error == pytest.approx(mean(once, "value").error)
    assert mean(once, "value").error == pytest.approx(np.std([0, 1, 1, 0, 1], ddof=1) / 5**0.5)
    weighed = once.assign(weight=[3, 1, 1, 1, 0])
    assert mean(weighed, "value").value == pytest.approx(2 / 6)
    assert mean(once, "value", once["person"] > 2).value == pytest.approx(0.5)


def test_a_rate_is_events_over_time() -> None:
    measured = ratio(rows(events=[0, 2, 1]), [0, 2, 1], [1.0, 0.5, 0.5])
    assert measured.value == pytest.approx(1.5)
    assert np.isnan(ratio(rows(events=[1]), [1], [0.0]).value)


@pytest.mark.parametrize(("age", "band"), [(0, 0), (9, 0), (10, 1), (89, 8), (90, 9), (104, 9)])
def test_age_bands_at_their_boundaries(age, band) -> None:
    assert age_band(pd.DataFrame({"age": [age]})).tolist() == [band]
    assert AGE_BANDS[band].split(" ")[0] == str(10 * band)


def test_who_had_no_contact_does_not_count_and_bands_weigh_as_in_scotland() -> None:
    people = pd.DataFrame({"age": [5, 15, 15, 25, 25], "stays_count": [1, 0, 0, 2, 0],
                           "items_count": [0, 0, 4, 1, 9]})  # fmt: skip
    kept = as_in_scotland(people)
    assert kept.index.tolist() == [0, 2, 3, 4]
    per_band = kept.groupby("age")["weight"].sum()
    assert (per_band / per_band[5]).tolist() == pytest.approx([1, 1171 / 1356, 1528 / 1356])


@pytest.mark.parametrize(
    ("deficits", "substances", "band"),
    [(4, 4, 0), (4, 5, 1), (5, 0, 1), (8, 0, 1), (8, 5, 2), (12, 0, 2), (12, 9, 3), (13, 0, 3)],
)
def test_frailty_bands_at_their_boundaries(deficits, substances, band) -> None:
    """5, 9 and 13 of 36 deficits pass 0.12, 0.24 and 0.36; five substances are one deficit."""
    one = pd.DataFrame({"deficits_count": [deficits], "substances_count": [substances]})
    assert frailty_bands(one).tolist() == [band]


def test_a_standardised_difference() -> None:
    assert Predictor("c", "l", 30, 50, 10).difference == pytest.approx(0.4 / np.sqrt(0.17))


def test_an_area_with_the_error_of_hanley_and_mcneil() -> None:
    """Their example's formula at an area of one half: 25 cases, 75 others."""
    frame = pd.DataFrame({"event": [True] * 25 + [False] * 75, "event_v3": 0.5})
    measured = area(frame, "event", "v3")
    expected = (0.25 + 24 * (1 / 3 - 0.25) + 74 * (1 / 3 - 0.25)) / (25 * 75)
    assert (measured.value, measured.error) == (0.5, pytest.approx(expected**0.5))


def test_calibration_groups_share_everybody_out_by_age_and_by_what_was_told() -> None:
    people = pd.DataFrame({"age": [3, 45, 95], "emergency_year_count": [0, 1, 7]})
    groups = {name: group.tolist() for name, group in calibration_groups(people).items()}
    assert groups["everybody"] == [True] * 3
    assert groups["age 40 to 49"] == [False, True, False]
    assert groups["no admission told"] == [True, False, False]
    assert groups["one admission told"] == [False, True, False]
    assert groups["two or more told"] == [False, False, True]


def test_a_naive_change_is_one_minus_after_over_before() -> None:
    months = rows(month=[-1, 0, -1, 0], admissions=[3, 1, 1, 1], person=[0, 0, 1, 1])
    assert naive_change(months).value == pytest.approx(0.5)
