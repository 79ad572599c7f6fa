"""The published indices against independent implementations and the papers' own totals."""

import re
from itertools import product
from string import ascii_uppercase

import pytest

from riskstrat.features.indices import (
    Parr30Facts,
    acsc,
    cambridge_multimorbidity,
    charlson,
    elixhauser,
    hfrs_band,
    imperial_frailty,
    lace,
    parr30,
)
from riskstrat.reference import load_table

pytest.importorskip("pycomorb")
from benchmarks.indices import LISTED, PAIRS, judge, measure


def test_hfrs_has_the_published_codes_and_total():
    """Gilbert et al. 2018, appendix: 109 codes; three independent copies add to 173.2 points."""
    rows = load_table("hfrs_gilbert2018")
    assert len({row["icd10_3char"] for row in rows}) == len(rows) == 109
    assert sum(int(row["tenths"]) for row in rows) == 1732
    assert max(rows, key=lambda row: int(row["tenths"]))["icd10_3char"] == "F00"


@pytest.mark.parametrize(
    ("tenths", "band"),
    [(0, "low"), (49, "low"), (50, "intermediate"), (150, "intermediate"), (151, "high")],
)
def test_bands_are_below_5_and_above_15(tenths, band):
    """Gilbert et al. 2018: low < 5, intermediate 5 to 15, high > 15."""
    assert hfrs_band(tenths) == band


@pytest.fixture(scope="module")
def compared():
    """3,000 random sets of codes scored by riskstrat and by pycomorb 1.20261001.1 (MIT)."""
    return measure(3_000, seed=20261127)["indices"]


@pytest.mark.parametrize(
    ("index", "different_scores"),
    [("hfrs", 80), ("charlson1987", 15), ("quan2011", 12), ("shmi", 45), ("elixhauser", 40)],
)
def test_indices_agree_with_pycomorb(compared, index, different_scores):
    """No set disagrees, and the sets are no easy ones: many scores, most of them above nothing."""
    figures = compared[index]
    assert figures["compared"] == 3_000
    assert figures["disagreements"] == 0
    assert figures["different_scores"] >= different_scores
    assert figures["not_zero"] > 1_000


@pytest.mark.parametrize("index", PAIRS)
def test_every_listed_code_alone_agrees_with_pycomorb(index):
    """Each code of each table, and each code with a digit more."""
    prefixes = {row[column] for table, column in LISTED.items() for row in load_table(table)}
    codes = [f"{prefix}{more}" for prefix in prefixes for more in ("", *"0123456789")]
    sets = [[code] for code in sorted(codes) if len(code) >= 3]
    found = judge(sets, {index: PAIRS[index]})[index]
    assert {ours for ours, theirs in found if ours != theirs} == set()


def test_charlson_weights_are_those_of_the_paper():
    """Quan et al. 2011, table 2: twelve conditions keep a weight; the largest sum is 24."""
    weights = {r["condition"]: int(r["quan2011"]) for r in load_table("charlson_weights")}
    positive = {name: weight for name, weight in weights.items() if weight}
    assert len(weights) == 17
    assert positive == {
        "chf": 2,
        "dementia": 2,
        "cpd": 1,
        "rheumd": 1,
        "mld": 2,
        "diabwc": 1,
        "hp": 2,
        "rend": 1,
        "canc": 2,
        "msld": 4,
        "metacanc": 6,
        "aids": 4,
    }
    every = [row["icd10_prefix"] for row in load_table("charlson_quan2005_icd10")]
    assert charlson(every) == 24


def test_the_mortality_indicator_has_the_published_weights():
    """SHMI, as OxWearables/UKB_steps_mortality@dce175b load_charlson_codelist.R has them."""
    assert {r["condition"]: int(r["shmi"]) for r in load_table("charlson_weights")} == {
        **{"mi": 5, "cevd": 11, "chf": 13, "rheumd": 4, "dementia": 14, "diab": 3, "mld": 8},
        **{"pud": 9, "pvd": 6, "cpd": 4, "canc": 8, "diabwc": -1, "hp": 1, "rend": 10},
        **{"metacanc": 14, "msld": 18, "aids": 2},
    }


def test_elixhauser_reaches_the_sums_of_van_walraven():
    """van Walraven et al. 2009, table 2: weights from -7 to 12; all 31 conditions but one tumour.

    The negative ones add to -19 and the positive to 89, of which 4 are the solid tumour.
    """
    weights = [int(row["van_walraven2009"]) for row in load_table("elixhauser_weights")]
    assert (min(weights), max(weights), weights.count(0)) == (-7, 12, 10)
    every = [row["icd10_prefix"] for row in load_table("elixhauser_quan2005_icd10")]
    assert elixhauser(every) == 89 - 19 - 4


POSSIBLE_CODES = [
    f"{letter}{stem:02d}{digit}"
    for letter, stem, digit in product(ascii_uppercase, range(100), ["", *range(10)])
]
"""All codes ICD-10 could have: a letter, two digits, and one more or none."""


@pytest.fixture(scope="module")
def sensitive():
    """The ambulatory-care-sensitive condition of each possible primary diagnosis."""
    return {code: found.condition for code in POSSIBLE_CODES if (found := acsc(code))}


@pytest.mark.parametrize(
    ("condition", "pattern"),
    [
        ("angina", r"I2(0|4[089])"),
        ("asthma", r"J4[56]"),
        ("cellulitis", r"L(0([34]|8[089])|88|980)"),
        ("congestive_heart_failure", r"I110|I50|J81"),
        ("convulsions_epilepsy", r"G4[01]|O15|R56"),
        ("copd", r"J4[12347]"),
        ("dehydration_gastroenteritis", r"E86|K52[289]"),
        ("dental", r"A690|K(0([2-68]|9[89])|1[23])"),
        ("diabetes_complications", r"E1[0-4][0-8]"),
        ("ent_infections", r"H6[67]|J(0[236]|312)"),
        ("gangrene", r"R02"),
        ("hypertension", r"I10|I119"),
        ("influenza_pneumonia", r"J1([0134]|5[3479]|68|8[18])"),
        ("iron_deficiency_anaemia", r"D50[189]"),
        ("nutritional_deficiencies", r"E(4[0123]|550|643)"),
        (
            "other_vaccine_preventable",
            r"A(3[567]|80)|B(0[56]|1(6[19]|8[01])|26)|G000|M014",
        ),
        ("pelvic_inflammatory_disease", r"N7[034]"),
        ("perforated_bleeding_ulcer", r"K2[5-8][012456]"),
        ("pyelonephritis", r"N1([012]|36)"),
    ],
)
def test_ambulatory_care_sensitive_conditions_catch_the_codes_of_the_source(
    sensitive, condition, pattern
):
    """The Strategy Unit's nhp_data@cff9dde (MIT) has the list of the NHS Institute as patterns."""
    found = [code for code in POSSIBLE_CODES if sensitive.get(code) == condition]
    assert found == [code for code in POSSIBLE_CODES if re.match(pattern, code)]


SYNDROMES = {
    "anxiety_depression": r"F(32|33|38|41|43|44)",
    "delirium": r"F05",
    "dementia": r"F0[0-4]|R41",
    "falls_fractures": r"R55|S(32|33|42|43|62|72|73)|W",
    "functional_dependence": r"Z7[45]",
    "incontinence": r"R15|R32",
    "mobility_problems": r"R26|Z74",
    "pressure_ulcer": r"L89",
    "senility": r"R54",
}
"""HFAnalyticsLab/HES_pipeline@8436be2 (MIT), doc/adr/frailty_score.md."""


def test_frailty_syndromes_catch_the_codes_of_the_source():
    for code in POSSIBLE_CODES:
        expected = tuple(name for name, listed in SYNDROMES.items() if re.match(listed, code))
        assert imperial_frailty([code]) == expected


def test_the_cambridge_score_has_the_published_weights():
    """Payne et al. 2020, simplified score of 20 conditions, general outcome."""
    published = {
        **{"hypertension": 0.08, "anxiety_depression": 0.50, "painful_condition": 0.92},
        **{"hearing_loss": 0.09, "irritable_bowel": 0.21, "asthma": 0.19, "diabetes": 0.75},
        **{"chd": 0.49, "ckd": 0.53, "atrial_fibrillation": 1.34, "constipation": 1.12},
        **{"stroke_tia": 0.80, "copd": 1.46, "connective_tissue": 0.43, "cancer": 1.53},
        **{"alcohol": 0.65, "heart_failure": 1.18, "dementia": 2.50, "psychosis_bipolar": 0.64},
        **{"epilepsy": 0.92},
    }
    for name, weight in published.items():
        assert cambridge_multimorbidity([name]) == round(100 * weight)
    assert cambridge_multimorbidity(published) == round(100 * sum(published.values())) == 1633


def test_lace_agrees_with_the_examples_of_another_program():
    """R package cliot, lace_readmission_index: both examples of its manual."""
    assert lace(5, is_acute=True, charlson_points=5, ed_visits=2) == 14
    assert lace(2, is_acute=False, charlson_points=0, ed_visits=0) == 2


def test_parr30_is_the_logistic_sum_of_the_source():
    """robert-waggott/Parr-30-Implementation@2496a1e, added by hand; single source."""
    facts = Parr30Facts(
        age_years=70,
        imd_score=45,
        emergency_admissions=1,
        was_discharged_last_30_days=True,
        is_emergency=True,
        conditions=frozenset({"congestive_heart_failure", "chronic_pulmonary_disease"}),
    )
    log_odds = -2.91821 + 0.2968469 + 0.1215 + 0.5258 + 0.5565 + 0.1017 + 0.095 + 0.2243
    assert parr30(facts).linear_predictor == pytest.approx(log_odds, abs=1e-9)
    assert parr30(facts).probability == pytest.approx(0.269618, abs=1e-6)
