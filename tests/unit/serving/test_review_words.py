"""Numbers and codes as words, string by string."""

from __future__ import annotations

import pytest

from riskstrat.explanation import risk_sentence
from riskstrat_serving.review import words


@pytest.mark.parametrize(
    ("risk", "text", "figures"),
    [
        (0.0, "fewer than 1 in 100", 0),
        (0.0099, "fewer than 1 in 100", 0),
        (0.01, "1 in 100", 1),
        (0.315, "32 in 100", 32),
        (0.99, "99 in 100", 99),
        (0.9901, "more than 99 in 100", 99),
        (1.0, "more than 99 in 100", 99),
    ],
)
def test_a_risk_is_told_as_people_of_100_and_never_as_0_or_100(risk, text, figures):
    assert words.in_100(risk) == text
    assert words.of_100(risk) == figures


def test_the_page_and_the_library_tell_the_same_number():
    for risk in (k / 1000 for k in range(1001)):
        assert risk_sentence(risk, 365).startswith(f"{words.in_100(risk)} people like this")


@pytest.mark.parametrize(
    ("age", "sex", "text"),
    [
        (82, "female", "82, female"),
        (45, "male", "45, male"),
        (30, "indeterminate", "30, sex indeterminate"),
        (19, "unknown", "19, sex not known"),
    ],
)
def test_age_and_sex(age, sex, text):
    assert words.age_and_sex(age, sex) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.424, "+0.42"), (-0.126, "\u22120.13"), (0.004, "0.00"), (-0.004, "0.00")],
)
def test_a_contribution_has_its_sign_and_zero_has_none(value, text):
    assert words.signed(value) == text


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("hospital", "Hospital records"),
        ("gp", "GP records"),
        ("hospital, gp", "Hospital records, GP records"),
        ("person", "The register"),
        ("something else", ""),
    ],
)
def test_where_a_fact_was_recorded(names, text):
    assert words.sources(names) == text


def test_counts_and_short_pseudonyms():
    assert words.count(1, "person", "people") == "1 person"
    assert words.count(1204, "person", "people") == "1,204 people"
    assert words.short_id("59e19706d51d39f6") == "59e19706"
    assert words.short_id("p1") == "p1"
