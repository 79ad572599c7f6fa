"""A risk is told as a natural frequency with the constant denominator 100 and its time span."""

import pytest

from riskstrat.explanation import risk_sentence


@pytest.mark.parametrize(
    ("risk", "days", "sentence"),
    [
        (0.32, 365, "32 in 100 people like this were admitted as an emergency within 12 months"),
        (0.325, 365, "33 in 100 people like this were admitted as an emergency within 12 months"),
        (0.1, 30, "10 in 100 people like this were admitted as an emergency within 30 days"),
        (0.5, 183, "50 in 100 people like this were admitted as an emergency within 6 months"),
        (0.01, 365, "1 in 100 people like this were admitted as an emergency within 12 months"),
        (
            0.0099,
            365,
            "fewer than 1 in 100 people like this were admitted as an emergency within 12 months",
        ),
        (
            0.0,
            365,
            "fewer than 1 in 100 people like this were admitted as an emergency within 12 months",
        ),
        (0.99, 365, "99 in 100 people like this were admitted as an emergency within 12 months"),
        (
            0.991,
            365,
            "more than 99 in 100 people like this were admitted as an emergency within 12 months",
        ),
        (
            1.0,
            365,
            "more than 99 in 100 people like this were admitted as an emergency within 12 months",
        ),
    ],
)
def test_risk_in_words(risk, days, sentence):
    assert risk_sentence(risk, days) == sentence


def test_another_outcome_is_named_for_what_it_is():
    assert (
        risk_sentence(0.32, 365, outcome_kind="emergency_or_inpatient_visit")
        == "32 in 100 people like this had an emergency or inpatient visit within 12 months"
    )


@pytest.mark.parametrize("risk", [-0.1, 1.1, float("nan")])
def test_what_is_not_a_probability_is_refused(risk):
    with pytest.raises(ValueError, match="between 0 and 1"):
        risk_sentence(risk, 365)
