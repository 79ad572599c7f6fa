"""Published scores of the matrix: frailty, comorbidity, multimorbidity; counts of conditions."""

import math
from datetime import date

import pytest
from tests.unit.features.history import INDEX_DATE, History, days_before

DIABETES, FALL, HEART_FAILURE = "44054006", "161898004", "88805009"


def _born(born, *codes):
    """Somebody with codes of a practice a year ago."""
    history = History()
    history.rows["patients"][0]["birth_month"] = born
    for code in codes:
        history.diagnosis(365, code, source="gp", system="snomed")
    return history


OLD = date(1940, 6, 1)


def test_the_efi_is_the_share_of_36_deficits_that_a_practice_recorded():
    """Falls and diabetes; heart failure from a hospital does not count."""
    history = _born(OLD, DIABETES, DIABETES, FALL)
    history.diagnosis(20, "I500")
    assert history.value("efi") == pytest.approx(2 / 36)
    assert history.fact_day("efi") == 365


@pytest.mark.parametrize(
    ("born", "is_missing"), [(date(1956, 1, 1), False), (date(1956, 2, 1), True)]
)
def test_the_efi_is_for_people_of_65_and_over(born, is_missing):
    assert math.isnan(_born(born, DIABETES).value("efi")) is is_missing


@pytest.mark.parametrize(("kinds", "points"), [(4, 1), (5, 2)])
def test_five_substances_within_a_year_are_a_deficit(kinds, points):
    """Strengths and brands of one substance are one, several of one section are several."""
    history = _born(OLD, DIABETES)
    for kind in range(kinds):
        for product in ("AAAAAA", "BBACAC"):
            code = f"0205051{kind}0{product}"
            history.event("medication", 365, code, source="gp", system="bnf")
    history.event("medication", 366, "0301", source="gp", system="bnf")
    assert history.value("efi") == pytest.approx(points / 36)


def test_the_efi_is_missing_without_a_practice_feed():
    history = History()
    history.diagnosis(20, "I500")
    for kind in range(6):
        history.event("medication", 20, f"02{kind + 1:02d}", source="hospital", system="bnf")
    assert math.isnan(history.value("efi"))


def test_elixhauser_adds_weights_once_and_drops_milder_forms():
    """Heart failure 7, renal failure 5, obesity -4, metastases 12 without the tumour's 4."""
    history = History()
    for code in ("I500", "I501", "N184", "E660", "C509", "C780"):
        history.diagnosis(10, code)
    assert history.value("elixhauser") == 7 + 5 - 4 + 12


def test_a_milder_form_counts_where_the_severe_one_is_too_long_ago():
    history = History()
    history.diagnosis(10, "C509")
    history.diagnosis(1096, "C780")
    assert history.value("elixhauser") == 4


def test_imperial_frailty_counts_syndromes_of_two_years():
    """F03 and F009 are both dementia; pressure ulcer; delirium is too long ago."""
    history = History()
    for day, code in ((10, "F03"), (20, "F009"), (730, "L890"), (731, "F05")):
        history.diagnosis(day, code)
    assert history.value("imperial_frailty") == 2


def test_imperial_frailty_is_zero_where_hospital_codes_hold_none_of_it():
    history = History()
    history.diagnosis(10, "Z000")
    assert history.value("imperial_frailty") == 0


def test_cambridge_takes_anxiety_and_depression_together():
    """0.50 for both, 1.18 for heart failure, from hospital or practice."""
    history = _born(OLD, HEART_FAILURE)
    for code in ("F329", "F419"):
        history.diagnosis(10, code)
    assert history.value("cambridge_multimorbidity") == pytest.approx(1.68)


def test_conditions_of_mind_and_body_count_apart():
    history = History()
    for code in ("F329", "F419", "I500", "F059"):
        history.diagnosis(10, code)
    assert history.value("mental_conditions") == 2
    assert history.value("physical_conditions") == 1
    assert history.value("conditions_count") == 3


def test_a_condition_has_the_day_it_was_first_recorded():
    history = History()
    for day in (1096, 1000, 20):
        history.diagnosis(day, "I500")
    assert history.value("heart_failure_first_days") == 1000
    assert history.value("days_since_condition") == 20


def test_a_condition_told_on_the_index_date_has_no_first_day():
    history = History()
    history.diagnosis(20, "I500", recorded_date=INDEX_DATE)
    history.diagnosis(20, "Z000", recorded_date=days_before(1))
    assert math.isnan(history.value("heart_failure_first_days"))
