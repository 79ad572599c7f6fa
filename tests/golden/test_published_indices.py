"""The published indices against an independent implementation and the papers' own totals."""

import numpy as np
import polars as pl
import pytest

from riskstrat.features.indices import charlson, hfrs, hfrs_band
from riskstrat.reference import load_table

pycomorb = pytest.importorskip("pycomorb")


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


def _people(seed: int, codes: list[str]) -> dict[int, list[str]]:
    rng = np.random.default_rng(seed)
    return {i: list(rng.choice(codes, rng.integers(1, 9))) for i in range(150)}


def _frame(people: dict[int, list[str]]) -> pl.DataFrame:
    rows = [(person, code, 40) for person, codes in people.items() for code in codes]
    return pl.DataFrame(rows, schema=["id", "code", "age"], orient="row")


def test_hfrs_agrees_with_pycomorb():
    """150 people with random codes; pycomorb 1.20261001.1 (MIT)."""
    listed = [f"{row['icd10_3char']}1" for row in load_table("hfrs_gilbert2018")]
    people = _people(1, [*listed, "I500", "Z000", "K359"])
    theirs = dict(
        pycomorb.HospitalFrailtyRiskScore(_frame(people)).select("id", "HFRS Score").rows()
    )
    for person, codes in people.items():
        assert hfrs(codes) == round(theirs[person] * 10)


@pytest.mark.parametrize(("weights", "peer"), [("quan2011", "quan"), ("charlson1987", "charlson")])
def test_charlson_agrees_with_pycomorb(weights, peer):
    """150 people with random codes of Quan 2005; 40-year-olds have no points for age."""
    listed = [row["icd10_prefix"] for row in load_table("charlson_quan2005_icd10")]
    people = _people(2, [*listed, "Z000", "K359"])
    table = pycomorb.CharlsonComorbidityIndex(_frame(people), weights=peer)
    theirs = dict(table.select("id", "Charlson Age-Comorbidity Score").rows())
    for person, codes in people.items():
        assert charlson(codes, weights) == theirs[person]


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
