"""LACE, HOSPITAL and PARR-30 at discharge: from what was known on the day, else missing."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.unit.features.history import History, days_before, discharge_study, study

from riskstrat.features import catalogue
from riskstrat.features.indices import (
    HospitalStay,
    Parr30Facts,
    hospital_score,
    lace,
    parr30,
)

SCORES = ("lace", "hospital_score", "parr30")
LATE = days_before(-30)
"""A feed that arrives a month after the index date."""

HAEMOGLOBIN, SODIUM = "1022431000000105", "1000661000000107"


def scores(history: History, stay: str | None = None, settings: str = "") -> dict[str, float]:
    matrix = history.matrix(settings, index_stay_id=stay, of=discharge_study)
    return {name: float(matrix.column(name)[0]) for name in SCORES}


def history_with_feeds() -> History:
    """Somebody else had a row of every feed long ago, so that none is missed at the index date."""
    history = History("a", "early")
    history.stay(2500, 2499, "early")
    history.stay(2500, 2500, "early", kind="emergency_department")
    history.diagnosis(2500, "Z000", "early")
    history.event("procedure", 2500, "H221", "early", system="opcs4")
    return history


def left_yesterday(history: History, **columns: Any) -> str:
    """An emergency stay of five nights whose feed arrives after the index date."""
    return history.stay(6, 1, recorded_date=LATE, specialty="300", **columns)


def measured(history: History, code: str, value: float, day: int) -> None:
    history.event("measurement", day, code, system="snomed", value=value)


def home(history: History, decile: int) -> None:
    history.add("residences", "a", imd_decile=decile, start_date=days_before(1000))


def test_the_scores_exist_only_in_studies_of_discharges():
    assert not {f.name for f in catalogue(study())} & set(SCORES)
    labels = {f.name: f.label for f in catalogue(discharge_study()) if f.name in SCORES}
    assert labels.keys() == set(SCORES)
    assert "retrospective: not available at discharge" in labels["hospital_score"]


def test_lace_counts_the_stay_that_ends_and_what_was_known_before_it():
    """Visits in 6 months before the day of admission; comorbidity as recorded by then."""
    history = history_with_feeds()
    stay = left_yesterday(history)
    for day in (6, 7, 6 + 182, 6 + 183):
        history.stay(day, day, kind="emergency_department")
    history.diagnosis(400, "I500")
    history.diagnosis(6, "F03", recorded_date=LATE, stay_id=stay)
    expected = lace(5, is_acute=True, charlson_points=2, ed_visits=2)
    assert scores(history, stay)["lace"] == expected == 4 + 3 + 2 + 2


def test_a_stay_whose_feed_has_not_arrived_is_not_looked_at_unless_it_counts_as_known():
    history = history_with_feeds()
    stay = left_yesterday(history)
    assert scores(history, stay)["lace"] == 7
    assert math.isnan(scores(history)["lace"])


@pytest.mark.parametrize(("codes", "points"), [(["K703"], 2), (["K703", "N183"], 5), (["C780"], 5)])
def test_the_milder_form_does_not_count_beside_the_severe_one(codes, points):
    history = history_with_feeds()
    stay = left_yesterday(history)
    for code in codes:
        history.diagnosis(100, code)
    assert scores(history, stay)["lace"] == 7 + points


def test_hospital_waits_for_the_codes_of_the_stay():
    """Whether there was a procedure cannot be known before the stay is coded."""
    history = history_with_feeds()
    stay = left_yesterday(history)
    measured(history, HAEMOGLOBIN, 119, 2)
    measured(history, SODIUM, 135, 2)
    assert math.isnan(scores(history, stay)["hospital_score"])
    history.diagnosis(6, "I500", stay_id=stay)
    assert scores(history, stay)["hospital_score"] == 1 + 1 + 2
    history.event("procedure", 5, "H221", system="opcs4", stay_id=stay)
    whole = HospitalStay(
        haemoglobin_g_per_l=119,
        sodium_mmol_per_l=135,
        is_oncology_discharge=False,
        has_procedure=True,
        is_urgent=True,
        prior_admissions=0,
        length_of_stay_days=5,
    )
    assert scores(history, stay)["hospital_score"] == hospital_score(whole) == 5


@pytest.mark.parametrize("missing", ["haemoglobin", "sodium", "specialty", None])
def test_hospital_without_an_input_is_missing(missing):
    """A value from before the admission is none of the stay."""
    history = history_with_feeds()
    specialty = None if missing == "specialty" else "370"
    stay = history.stay(6, 1, specialty=specialty)
    history.diagnosis(6, "C509", stay_id=stay)
    measured(history, HAEMOGLOBIN, 125, 7 if missing == "haemoglobin" else 6)
    measured(history, SODIUM, 130, 7 if missing == "sodium" else 1)
    found = scores(history, stay)["hospital_score"]
    assert math.isnan(found) if missing else found == 2 + 1 + 1 + 2


def test_parr30_counts_the_year_before_the_admission_and_discharges_of_a_month():
    history = history_with_feeds()
    stay = left_yesterday(history)
    home(history, decile=1)
    for start, end in ((36, 36), (6 + 365, 300), (6 + 366, 6 + 366)):
        history.stay(start, end)
    history.diagnosis(730, "F03")
    history.diagnosis(731, "C780")
    facts = Parr30Facts(
        age_years=80,
        imd_score=53,
        emergency_admissions=2,
        was_discharged_last_30_days=True,
        is_emergency=True,
        conditions=frozenset({"dementia"}),
    )
    assert scores(history, stay)["parr30"] == pytest.approx(parr30(facts).probability, abs=1e-6)


def test_parr30_without_deprivation_is_missing():
    history = history_with_feeds()
    stay = left_yesterday(history)
    assert math.isnan(scores(history, stay)["parr30"])
    home(history, decile=10)
    assert not math.isnan(scores(history, stay)["parr30"])


def test_scores_are_missing_where_a_feed_or_the_years_before_cannot_be_seen():
    """No emergency department feed for LACE; a registration or a history that is too short."""
    history = history_with_feeds()
    stay = left_yesterday(history)
    home(history, decile=5)
    assert math.isnan(scores(history, stay, "history_days = 365")["parr30"])
    assert not math.isnan(scores(history, stay, "history_days = 371")["parr30"])
    history.add("registrations", "a", start_date=days_before(729))
    found = scores(history, stay)
    assert math.isnan(found["lace"])
    assert math.isnan(found["parr30"])
    no_visits = History("a", "early")
    no_visits.stay(2500, 2499, "early")
    no_visits.diagnosis(2500, "Z000", "early")
    assert math.isnan(scores(no_visits, left_yesterday(no_visits))["lace"])


def test_nobody_who_did_not_leave_yesterday_has_a_score():
    history = history_with_feeds()
    home(history, decile=5)
    history.stay(6, 2)
    history.stay(20, None)
    assert all(math.isnan(value) for value in scores(history).values())
