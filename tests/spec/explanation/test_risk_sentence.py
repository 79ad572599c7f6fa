"""A risk is told as a natural frequency with the constant denominator 100 and its time span."""

import pytest

from riskstrat.explanation import risk_sentence


@pytest.mark.parametrize(
    ("risk", "days", "sentence"),
    [
        (0.32, 365, "32 in 100 people like this were admitted as an emergency within 12 months"),
        (0.325, 365, "33 in 100 people like this were admitted as an emergency within 12 months"),
        (0.323, 365, "32 in 100 people like this were admitted as an emergency within 12 months"),
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


@pytest.mark.parametrize(
    ("kind", "had"),
    [
        ("emergency_admission", "were admitted as an emergency"),
        ("emergency_or_inpatient_visit", "had an emergency-department or inpatient visit"),
        ("emergency_admission_or_death", "were admitted as an emergency or died"),
        ("emergency_department_attendance", "attended an emergency department"),
        ("readmission", "were readmitted as an emergency"),
    ],
)
def test_every_outcome_is_named_for_what_it_is(kind, had):
    told = risk_sentence(0.32, 365, outcome_kind=kind)
    assert told == f"32 in 100 people like this {had} within 12 months"


@pytest.mark.parametrize("risk", [-0.1, 1.1, float("nan")])
def test_what_is_not_a_probability_is_refused(risk):
    with pytest.raises(ValueError, match="between 0 and 1"):
        risk_sentence(risk, 365)
