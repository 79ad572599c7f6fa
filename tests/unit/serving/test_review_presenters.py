"""Every word of a page, before it is laid out."""

from __future__ import annotations

import pytest

from riskstrat.features import catalogue
from riskstrat_serving.review.people import ScoredPeople
from riskstrat_serving.review.presenters import (
    COMPARISON,
    present_list,
    present_patient,
    present_practices,
)
from riskstrat_serving.review.query import ListQuery

ADA = "ada00000aaaa"


@pytest.fixture
def people(scores):
    return ScoredPeople(scores)


def test_the_first_page_names_each_practice_with_its_people(people):
    page = present_practices(people)
    assert [(row.name, row.href, row.people) for row in page.rows] == [
        ("Practice D82001", "/review/practices/D82001", "3"),
        ("Practice Y02345", "/review/practices/Y02345", "1"),
        ("No practice recorded", "/review/practices/no-practice", "1"),
    ]
    assert page.run.is_synthetic
    assert page.run.facts == (
        ("Predicts", "an emergency admission in the next 12 months"),
        ("Index date", "1 January 2025"),
        ("Records up to", "31 December 2024"),
        ("Study", "small"),
        ("Model version", people.run["model_version"]),
    )


def test_a_list_row_has_facts_without_comparisons_and_at_most_three(people):
    page = present_list(people, "D82001", ListQuery())
    ada = page.rows[0]
    assert (ada.rank, ada.name, ada.age_and_sex, ada.risk, ada.of_100) == (
        1,
        "ada00000",
        "82, female",
        "32 in 100",
        32,
    )
    assert ada.href == f"/review/practices/D82001/patients/{ADA}"
    assert ada.flags == ("In hospital on 1 January 2025",)
    assert [reason.text for reason in ada.reasons] == [
        "2 emergency admissions in the last 12 months, the latest on 3 December 2024",
        "A fall recorded, most recently on 12 November 2024",
        "Alcohol problems recorded, most recently on 9 May 2024",
    ]
    assert [reason.is_sensitive for reason in ada.reasons] == [False, False, True]
    assert page.lead == "3 people were scored. The highest risk has rank 1."
    assert page.caption == "People 1 to 3 of 3"


def test_somebody_without_reasons_is_told_so(people):
    row = present_list(people, "D82001", ListQuery()).rows[1]
    assert row.reasons == ()
    assert row.without_reasons == "No recorded fact stands out from other people aged 45."


def test_a_shortened_list_says_of_how_many(people):
    page = present_list(people, "D82001", ListQuery(top=2))
    assert page.lead == (
        "3 people were scored; 2 of them are listed. Ranks are those of the whole practice."
    )
    empty = present_list(people, "D82001", ListQuery(min_age=120))
    assert (empty.rows, empty.caption) == ((), "Nobody matches what was asked for")


def test_no_sentence_of_the_catalogue_holds_what_parts_fact_and_comparison(model):
    sentences = [f.sentence + (f.sentence_one or "") for f in catalogue(model.study)]
    assert any(sentences)
    assert not any(COMPARISON in sentence for sentence in sentences)


def test_a_patient_page_in_words(people):
    page = present_patient(people, "D82001", ADA)
    assert page.name == "ada00000"
    assert page.facts == (
        ("Age and sex", "82, female"),
        ("Rank in practice", "1 of 3"),
        ("In hospital", "Yes, as known on the index date"),
        ("Index date", "1 January 2025"),
    )
    assert page.sentence == (
        "32 in 100 people like this were admitted as an emergency within 12 months. "
        "Here the 12 months run from 1 January 2025."
    )
    assert page.peers == "other people aged 82"
    assert [reason.text for reason in page.workable] == [
        "A fall recorded, most recently on 12 November 2024",
        "Alcohol problems recorded, most recently on 9 May 2024",
    ]
    assert [reason.text for reason in page.background] == [
        "2 emergency admissions in the last 12 months, the latest on 3 December 2024; "
        "most women aged 80 to 84 had none",
        "Smoking recorded, most recently on 1 May 2024",
    ]
    assert [(reason.text, reason.source) for reason in page.lowering] == [
        ("Blood pressure 128 mmHg on 1 October 2024 (3 months old)", "GP records")
    ]
    assert page.has_sensitive


def test_what_the_model_cannot_see_names_the_feeds_it_lacks(people):
    assert present_patient(people, "D82001", ADA).unseen == (
        "anything after 31 December 2024, when the records end",
        "what stands only in: community health records, council records, voluntary-sector records",
        "anything nobody coded, such as free text, letters and what people say",
        "help from family, friends and neighbours, unless somebody recorded it",
        "what matters to the person, and what they would accept",
    )


def test_the_expert_view_is_ordered_and_adds_up(people):
    page = present_patient(people, "D82001", ADA)
    assert [(bar.label, bar.value) for bar in page.bars] == [
        ("Emergency hospital use", "+1.24"),
        ("Age, sex and area", "\u22120.25"),
        ("Brain and nerves", "+0.25"),
    ]
    assert [(bar.start, bar.length, bar.is_raising) for bar in page.bars] == [
        (100.0, 100.0, True),
        (79.8, 20.2, False),
        (100.0, 20.2, True),
    ]
    assert page.sum_sentence == (
        "Baseline \u22122.00 and all groups together +1.24 give log-odds of \u22120.76, "
        "which is a risk of 31.8 %."
    )


def test_nobody_is_found_outside_their_practice(people):
    assert present_patient(people, "Y02345", ADA) is None
    assert present_patient(people, "D82001", "nobody") is None
    assert present_patient(people, "nowhere", ADA) is None
    assert present_list(people, "nowhere", ListQuery()) is None


def test_the_risk_of_dying_is_on_no_page(people):
    shown = repr(present_patient(people, "D82001", ADA)) + repr(
        present_list(people, "D82001", ListQuery())
    )
    assert "0.0625" not in shown
    assert "6.2" not in shown
    assert "death" not in shown.lower()
