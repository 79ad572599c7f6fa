"""Classes of medicine, those that add to risks, and items over time."""

import pytest
from tests.unit.features.history import History

OPIOID, ALPHA_BLOCKER, INSULIN, TRICYCLIC = "0407020A0", "0205040D0", "0601011A0", "0403010B0"


def _issued(*issues):
    history = History()
    for day, code in issues:
        history.event("medication", day, code, source="gp", system="bnf")
    return history


@pytest.mark.parametrize(("day", "expected"), [(0, 0), (1, 1), (90, 1), (91, 0)])
def test_a_class_of_medicine_is_a_flag_for_three_months(day, expected):
    history = _issued((800, INSULIN), (day, OPIOID))
    assert history.value("opioid_90") == expected
    assert history.value("statin_90") == 0


def test_a_class_of_medicine_counts_items_of_twelve_months():
    history = _issued((10, OPIOID), (10, OPIOID), (365, "0407020Q0"), (366, OPIOID))
    assert history.value("opioid_365") == 3


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("0407010H0", 0),
        ("0407010B0", 0),
        ("0407010F0", 1),
        ("0407010N0", 1),
        ("0407010Q0", 1),
    ],
    ids=["paracetamol", "aspirin", "co-codamol", "co-dydramol", "co-proxamol"],
)
def test_of_simple_painkillers_those_that_hold_an_opioid_are_opioids(code, expected):
    assert _issued((10, code)).value("opioid_90") == expected


@pytest.mark.parametrize("code", ["0601011A0", "0601012V0"], ids=["aspart", "glargine"])
def test_insulin_is_short_or_long_acting(code):
    """NHSBSA BNF: 0601011 and 0601012. Other medicines for diabetes are not insulin."""
    assert _issued((10, code)).value("insulin_90") == 1
    assert _issued((10, "0601022B0")).value("insulin_90") == 0


def test_risky_medicines_count_by_class():
    """An opioid adds to the risk of falls and is a high-risk medicine; two items are one kind."""
    history = _issued((10, OPIOID), (20, OPIOID), (30, ALPHA_BLOCKER), (40, INSULIN))
    assert history.value("falls_risk_medicines_90") == 2
    assert history.value("high_risk_medicines_90") == 2
    assert history.value("anticholinergic_medicines_90") == 0
    assert history.fact_day("falls_risk_medicines_90") == 10


def test_an_anticholinergic_medicine_of_a_year():
    history = _issued((91, TRICYCLIC))
    assert history.value("anticholinergic_medicines_90") == 0
    assert history.value("anticholinergic_medicines_365") == 1


def test_the_change_of_items_and_the_days_since_the_last():
    history = _issued((5, OPIOID), (90, INSULIN), (91, INSULIN), (181, INSULIN))
    assert history.value("medicine_items_change_90") == 1
    assert history.value("days_since_medicine") == 5
