"""LACE, HOSPITAL and PARR-30 at discharge: every step on both sides of its edge."""

import math
from dataclasses import replace

import numpy as np
import pytest

from riskstrat.errors import UsageError
from riskstrat.features.indices import (
    HospitalStay,
    Parr30Facts,
    hospital_score,
    hospital_score_band,
    lace,
    lace_band,
    lace_charlson_points,
    parr30,
)

WELL = HospitalStay(
    haemoglobin_g_per_l=120,
    sodium_mmol_per_l=135,
    is_oncology_discharge=False,
    has_procedure=False,
    is_urgent=False,
    prior_admissions=0,
    length_of_stay_days=4,
)
NEWBORN = Parr30Facts(
    age_years=0,
    imd_score=9.99,
    emergency_admissions=0,
    was_discharged_last_30_days=False,
    is_emergency=False,
)


@pytest.mark.parametrize(
    ("days", "points"),
    [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (6, 4), (7, 5), (13, 5), (14, 7), (400, 7)],
)
def test_lace_length_of_stay(days, points):
    assert lace(days, is_acute=False, charlson_points=0, ed_visits=0) == points


@pytest.mark.parametrize(("charlson", "points"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (20, 5)])
def test_lace_comorbidity_jumps_from_3_to_5(charlson, points):
    assert lace(0, is_acute=False, charlson_points=charlson, ed_visits=0) == points


@pytest.mark.parametrize(("visits", "points"), [(0, 0), (1, 1), (3, 3), (4, 4), (30, 4)])
def test_lace_visits(visits, points):
    assert lace(0, is_acute=False, charlson_points=0, ed_visits=visits) == points


def test_lace_acute_admission_and_the_highest_score():
    assert lace(0, is_acute=True, charlson_points=0, ed_visits=0) == 3
    assert lace(14, is_acute=np.True_, charlson_points=np.int64(4), ed_visits=4) == 19


@pytest.mark.parametrize(
    "wrong",
    [
        {"length_of_stay_days": -1},
        {"length_of_stay_days": 2.5},
        {"length_of_stay_days": None},
        {"is_acute": 1},
        {"is_acute": None},
        {"charlson_points": -1},
        {"ed_visits": "2"},
        {"ed_visits": True},
    ],
)
def test_lace_refuses_what_cannot_be(wrong):
    given = {"length_of_stay_days": 1, "is_acute": True, "charlson_points": 0, "ed_visits": 0}
    with pytest.raises(UsageError, match=next(iter(wrong))):
        lace(**(given | wrong))


@pytest.mark.parametrize(
    ("conditions", "points"),
    [
        ([], 0),
        (["dementia"], 3),
        (["congestive_heart_failure", "previous_mi"], 3),
        (["diabetes_without_complications", "diabetes_with_end_organ_damage"], 2),
        (["mild_liver_or_renal_disease", "severe_liver_or_renal_disease"], 4),
        (["any_tumour", "metastatic_solid_tumour", "aids"], 10),
    ],
)
def test_lace_comorbidity_points(conditions, points):
    assert lace_charlson_points(conditions) == points


def test_lace_comorbidity_is_named_exactly():
    with pytest.raises(UsageError, match="conditions"):
        lace_charlson_points(["renal_disease"])


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({}, 0),
        ({"haemoglobin_g_per_l": 119.9}, 1),
        ({"sodium_mmol_per_l": 134.9}, 1),
        ({"is_oncology_discharge": True}, 2),
        ({"has_procedure": True}, 1),
        ({"is_urgent": True}, 1),
        ({"length_of_stay_days": 5}, 2),
    ],
    ids=["well", "haemoglobin", "sodium", "oncology", "procedure", "urgent", "long stay"],
)
def test_hospital_points_of_each_component(change, points):
    stay = replace(WELL, **change)
    assert hospital_score(stay) == hospital_score(stay, version=2013) == points


@pytest.mark.parametrize(
    ("admissions", "of_2016", "of_2013"),
    [(0, 0, 0), (1, 0, 2), (2, 2, 2), (5, 2, 2), (6, 5, 5), (40, 5, 5)],
)
def test_hospital_prior_admissions_differ_between_the_papers(admissions, of_2016, of_2013):
    stay = replace(WELL, prior_admissions=admissions)
    assert hospital_score(stay) == of_2016
    assert hospital_score(stay, version=2013) == of_2013


def test_the_highest_hospital_score_is_13():
    stay = HospitalStay(
        haemoglobin_g_per_l=70,
        sodium_mmol_per_l=120,
        is_oncology_discharge=True,
        has_procedure=True,
        is_urgent=True,
        prior_admissions=9,
        length_of_stay_days=30,
    )
    assert hospital_score(stay) == 13


@pytest.mark.parametrize(
    "wrong",
    [
        {"haemoglobin_g_per_l": 12.1},
        {"haemoglobin_g_per_l": None},
        {"sodium_mmol_per_l": math.nan},
        {"sodium_mmol_per_l": "135"},
        {"is_urgent": None},
        {"has_procedure": 2},
        {"prior_admissions": -1},
        {"length_of_stay_days": -1},
    ],
)
def test_a_stay_refuses_what_cannot_be(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        replace(WELL, **wrong)


@pytest.mark.parametrize("version", [2014, "2016", None])
def test_an_unknown_version_is_refused(version):
    with pytest.raises(UsageError, match="2016 or 2013"):
        hospital_score(WELL, version)


@pytest.mark.parametrize(("band", "highest"), [(lace_band, 19), (hospital_score_band, 13)])
def test_bands_end_with_the_score(band, highest):
    assert (band(0), band(highest)) == ("low", "high")
    for score in (-1, highest + 1, 4.5, None):
        with pytest.raises(UsageError, match="score"):
            band(score)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"age_years": 100}, 0.60581),
        ({"emergency_admissions": 3}, 0.3645),
        ({"was_discharged_last_30_days": True}, 0.5258),
        ({"is_emergency": True}, 0.5565),
        ({"imd_score": 10}, 0.0209),
        ({"imd_score": 24.99}, 0.0239),
        ({"imd_score": 25}, 0.0661),
        ({"imd_score": 50}, 0.0982),
        ({"conditions": frozenset({"dementia", "renal_disease"})}, 0.2444),
    ],
)
def test_parr30_adds_its_terms_on_the_scale_of_log_odds(change, difference):
    """Without the coefficient of a trust the constant is all that is left of a newborn."""
    assert parr30(NEWBORN).linear_predictor == -2.91821
    found = parr30(replace(NEWBORN, **change))
    assert found.linear_predictor == pytest.approx(-2.91821 + difference)
    assert math.log(found.probability / (1 - found.probability)) == pytest.approx(
        found.linear_predictor
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"age_years": -1},
        {"age_years": 131},
        {"imd_score": -0.1},
        {"imd_score": None},
        {"emergency_admissions": 1.5},
        {"was_discharged_last_30_days": None},
        {"is_emergency": 1},
        {"conditions": frozenset({"constant"})},
        {"conditions": None},
    ],
)
def test_parr30_refuses_what_cannot_be(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        replace(NEWBORN, **wrong)
