"""Table 1: counts rounded, small groups gone, both parts side by side."""

import re

import numpy as np
import pytest
from tests.unit.evaluation.standin import DEVELOPED_ON, district

from riskstrat.evaluation import describe_people, evaluate
from riskstrat.evaluation.characteristics import characteristics, side_by_side
from riskstrat.evaluation.disclosure import rounded
from riskstrat.evaluation.judged import observed_outcome
from riskstrat.evaluation.page import render_page


@pytest.fixture(scope="module")
def described():
    _, matrix, cohort = district(2500)
    return describe_people(matrix, cohort), cohort


def groups(people, division):
    return {group["group"]: group for group in people["divisions"][division]["groups"]}


def test_it_tells_of_every_kind_of_person(described):
    people, _ = described

    assert list(people["divisions"]) == [
        "age_band", "sex", "imd_quintile", "ethnic_category", "condition_count",
        "long_term_condition", "prior_admissions",
    ]  # fmt: skip
    assert {"none", "1", "not recorded"} >= set(groups(people, "prior_admissions"))
    assert "not recorded" in groups(people, "ethnic_category")


def test_counts_are_rounded_and_shares_and_rates_come_from_them(described):
    people, cohort = described
    female = groups(people, "sex")["female"]
    rows = (cohort.frame["sex"] == "female").to_numpy()
    observed = observed_outcome(cohort.frame).take(rows)

    assert people["rows"] == rounded(len(cohort.frame)) == 5000
    assert female["rows"] == rounded(rows.sum())
    assert female["share"] == round(female["rows"] / 5000, 3)
    assert female["rate"] == round(rounded(observed.rate * len(observed)) / female["rows"], 3)
    counts = [g["rows"] for d in people["divisions"] for g in groups(people, d).values()
              if not g["withheld"]]  # fmt: skip
    assert all(count % 5 == 0 for count in counts)


def test_rates_carry_the_weights_of_those_who_left():
    _, matrix, cohort = district(2500, leaving=0.4)
    people = describe_people(matrix, cohort)
    followed = cohort.frame[cohort.frame["outcome"] >= 0]

    assert people["rate"] == pytest.approx((followed["outcome"] == 1).mean(), abs=0.002)


def test_a_handful_of_people_is_withheld_and_never_alone(described):
    people, cohort = described
    ethnic = groups(people, "ethnic_category")

    assert (cohort.frame["ethnic_category"] == "N").sum() < 20
    assert ethnic["Black: African"] == {"group": "Black: African", "withheld": True}
    assert sum(group["withheld"] for group in ethnic.values()) >= 2


def test_a_group_is_withheld_where_another_table_would_give_the_rest_away():
    _, _, cohort = district(2500)
    frame = cohort.frame.assign(lives_in_care_home=np.nan, admissions_before=np.nan)
    observed = observed_outcome(frame)
    nearly = (frame["sex"] == "female").to_numpy().copy()
    nearly[np.flatnonzero(nearly)[:4]] = False  # shown elsewhere: all women but four

    alone = characteristics(frame, observed, ())
    beside = characteristics(frame, observed, (), [nearly])

    assert not groups(alone, "sex")["female"]["withheld"]
    assert all(group["withheld"] for group in groups(beside, "sex").values())
    assert not groups(beside, "age_band")["75-79"]["withheld"]


def test_too_few_people_have_no_table():
    _, matrix, cohort = district(12, dates=("2021-01-01",))

    assert describe_people(matrix, cohort) == {"withheld": True}
    assert side_by_side({"withheld": True}, None) == []


def test_both_parts_stand_side_by_side_and_each_group_once(described):
    people, _ = described
    by_title = {division["title"]: division for division in side_by_side(DEVELOPED_ON, people)}
    sex = by_title["Sex"]["rows"]

    assert [row["group"] for row in sex] == ["female", "male"]
    assert sex[0]["development"]["rows"] == 4105
    assert sex[0]["evaluation"]["rows"] == 2500
    assert by_title["Age"]["rows"][0]["development"] is None  # development has no such division
    assert [row["is_gone"] for row in by_title["Care home"]["rows"]] == [True, True]


def test_the_page_shows_the_table_and_names_what_it_withholds(report):
    text = re.sub(r"<[^>]+>", " ", render_page(report.metrics))
    text = " ".join(text.split())

    assert "Table 1: who the people are" in text
    assert "Everyone 8,005 100% 15.2% 5,000 100%" in text
    assert "Withheld: in a care home; not recorded" in text


def test_an_artefact_without_its_people_says_so():
    model, matrix, cohort = district(1500)
    del model.provenance["people"]

    metrics = evaluate(model, matrix, cohort, resamples=5).metrics

    assert metrics["people"]["development"] is None
    assert "keeps no table of its development" in render_page(metrics)
