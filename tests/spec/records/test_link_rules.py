"""How claims and people are compared, and which of the best candidates are accepted."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.unit.records.naming import claims_of, people_of

from riskstrat.engine import Engine
from riskstrat.records.linkage.link_chance import count_u
from riskstrat.records.linkage.link_decisions import (
    decide,
    lowest_threshold,
    prior_weight,
    share_known,
)
from riskstrat.records.linkage.link_model import COMPARISONS, TRAINING
from riskstrat.records.linkage.link_tables import KEYS, build_tables
from riskstrat.records.linkage.link_truth import judge_links

BORN = date(1950, 3, 4)


def compared(claim: dict[str, Any], *rows: dict[str, Any]) -> dict[str, str]:
    """Level of every comparison that says something about a claim and a person."""
    engine = Engine(threads=1)
    people = people_of(*({"person": "p"} | row for row in rows))
    build_tables(engine, claims_of({"claim": "c"} | claim), people)
    cases = ", ".join(
        "case when {} then null {} else '{}' end as {}".format(
            told.unknown,
            " ".join(f"when {lv.condition} then '{lv.name}'" for lv in told.levels[:-1]),
            told.levels[-1].name,
            told.name,
        )
        for told in COMPARISONS
    )
    (row,) = (
        engine.connection.sql(f"""
        with l as (select columns('(.*)') as '\\1_l' from link_claims),
            r as (select columns('(.*)') as '\\1_r' from link_people)
        select distinct {cases} from l cross join r
    """)
        .df()
        .to_dict("records")
    )
    return {name: level for name, level in row.items() if isinstance(level, str)}


@pytest.mark.parametrize(
    ("of_person", "level"),
    [
        (date(1950, 3, 4), "same day"),
        (date(1950, 3, 14), "same month and year"),
        (date(1950, 8, 4), "one part wrong, or day and month swapped"),
        (date(1905, 3, 4), "one part wrong, or day and month swapped"),
        (date(1950, 4, 3), "one part wrong, or day and month swapped"),
        (date(1951, 4, 3), "other"),
        (date(1951, 8, 4), "other"),
        (date(1951, 3, 5), "other"),
    ],
)
def test_dates_of_birth(of_person: date, level: str) -> None:
    assert compared({"birth_date": BORN}, {"birth_date": of_person}) == {"birth_date": level}


def test_a_month_is_compared_only_where_a_day_is_missing() -> None:
    month = {"birth_month": date(1950, 3, 1)}
    assert compared(month, {"birth_date": BORN}) == {"birth_month": "same"}
    assert compared({"birth_date": BORN}, month) == {"birth_month": "same"}
    assert compared(month, {"birth_date": date(1950, 4, 4)}) == {"birth_month": "other"}


@pytest.mark.parametrize(
    ("claim", "level"),
    [
        ({"postcode": "QQ11AA"}, "same postcode"),
        ({"postcode": "QQ99ZZ"}, "same postcode"),
        ({"postcode": "QQ11BB"}, "same area or sector"),
        ({"postcode": "QQ77BB", "lsoa": "X1"}, "same area or sector"),
        ({"postcode": "QQ77BB", "lsoa": "X2"}, "other"),
        ({"postcode": "QQ77BB"}, "other"),
    ],
)
def test_postcodes_of_all_addresses_of_a_person(claim: dict[str, Any], level: str) -> None:
    addresses = ({"postcode": "QQ11AA", "lsoa": "X1"}, {"postcode": "QQ99ZZ", "lsoa": "X9"})
    assert compared(claim, *addresses) == {"address": level}


def test_an_area_is_compared_only_where_a_postcode_is_missing() -> None:
    address = {"postcode": "QQ11AA", "lsoa": "X1"}
    assert compared({"lsoa": "X1"}, address) == {"area": "same"}
    assert compared({"lsoa": "X2"}, address) == {"area": "other"}
    assert compared({"postcode": "QQ11AA"}, {"lsoa": "X1"}) == {}


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ({"postcode": "QQ11AA"}, "practice_of_same_place"),
        ({"lsoa": "X1"}, "practice_of_same_place"),
        ({"postcode": "QQ77BB"}, "practice_of_other_place"),
        ({}, "practice_of_other_place"),
    ],
)
def test_a_practice_is_weighed_by_whether_the_place_agrees(
    place: dict[str, Any], name: str
) -> None:
    person = {"postcode": "QQ11AA", "lsoa": "X1", "practice_code": "Z1"}
    assert compared(place | {"practice_code": "Z1"}, person)[name] == "same"
    assert compared(place | {"practice_code": "Z2"}, person)[name] == "other"
    practices = [key for key in compared(place | {"practice_code": "Z1"}, person) if "prac" in key]
    assert practices == [name]


def test_what_is_unknown_says_nothing() -> None:
    assert compared({"sex": "male"}, {"postcode": "QQ11AA"}) == {}
    assert compared({"sex": "male"}, {"sex": "female"}) == {"sex": "other"}


def test_a_person_has_each_key_once() -> None:
    engine = Engine(threads=1)
    home = {"person": "p", "birth_date": BORN, "sex": "male", "postcode": "QQ11AA", "lsoa": "X1"}
    rows = [home | {"practice_code": "Z1"}, home | {"practice_code": "Z2"}, home]
    build_tables(engine, claims_of(), people_of(*rows, home | {"postcode": "QQ99ZZ"}))
    told = {
        key.name: engine.connection.execute(
            f"select count({key.name}), count(distinct {key.name}) from link_people"
        ).fetchall()[0]
        for key in KEYS
    }
    assert told == {
        "key_date": (1, 1),
        "key_home_year": (2, 2),
        "key_home_day": (2, 2),
        "key_practice": (2, 2),
        "key_area": (1, 1),
        "key_postcode": (2, 2),
    }


def test_given_shares_sum_to_one_and_agreement_speaks_for_a_person() -> None:
    for told in COMPARISONS:
        assert sum(level.m for level in told.levels) == pytest.approx(1)
        assert sum(level.u for level in told.levels) == pytest.approx(1)
        assert told.levels[0].m > told.levels[0].u
        assert told.levels[-1].condition == "else"


def test_what_is_learnt_is_compared() -> None:
    names = {told.name for told in COMPARISONS}
    assert {name for training in TRAINING for name in training.comparisons} == names


def test_chance_is_counted_between_different_people() -> None:
    """Everybody has a day of birth of their own: true pairs would make it 1 of 400."""
    engine = Engine(threads=1)
    rows = [
        {"person": f"p{n:03d}", "birth_date": date(1930 + n // 12, 1 + n % 12, 1 + n % 28)}
        for n in range(400)
    ]
    build_tables(engine, claims_of(), people_of(*rows))
    u = count_u(engine)
    assert u["birth_date"][0] < 1e-5
    assert sum(u["birth_date"]) == pytest.approx(1)
    assert u["sex"] == [0.5, 0.5]


def best_of(*rows: tuple[str, float, float, bool]) -> pd.DataFrame:
    names = ["claim", "evidence", "all_evidence", "tied"]
    return pd.DataFrame(rows, columns=names).assign(person="p")


def test_the_probability_is_of_the_best_among_all_and_nobody() -> None:
    """Odds 16 against nobody, alone or beside a candidate of odds 4, or of the same odds."""
    best = best_of(("alone", 4, 4, False), ("two", 4, np.log2(20), False), ("tied", 4, 5, True))
    links = decide(best, prior=0.0, precision=0.7).links
    assert links["probability"].tolist() == [0.941176, 0.761905, 0.484848]
    assert links["weight"].tolist() == [4, 4, 4]
    assert links["reason"].tolist() == ["accepted", "accepted", "no single best person"]


def test_the_threshold_is_the_lowest_with_the_precision_asked_for() -> None:
    probability = np.array([0.999, 0.999, 0.95, 0.95, 0.91])
    assert lowest_threshold(probability, 0.97) == 0.95
    assert lowest_threshold(probability, 0.96) == 0.91
    assert lowest_threshold(probability, 0.999) == 0.999
    assert lowest_threshold(probability, 0.9999) == 1


def test_links_of_one_probability_stand_or_fall_together() -> None:
    """With one of the two links of 0.9 the mean would still be 0.95."""
    assert lowest_threshold(np.array([1.0, 0.9, 0.9]), 0.95) == 1
    assert lowest_threshold(np.array([1.0, 1.0, 0.9, 0.9]), 0.95) == 0.9


@pytest.mark.parametrize(("precision", "lowest"), [(0.99, 0.9), (0.97, 0.75), (0.6, 0.5)])
def test_sure_links_make_no_room_for_guesses(precision: float, lowest: float) -> None:
    sure = np.concatenate([np.ones(1000), [0.9, 0.75, 0.5, 0.45]])
    assert lowest_threshold(sure, precision) == lowest


def test_claims_below_the_threshold_say_so() -> None:
    best = best_of(("sure", 20, 20, False), ("unsure", -1, -1, False))
    decisions = decide(best, prior=0.0, precision=0.99)
    assert decisions.links["reason"].tolist() == ["accepted", "below the threshold"]
    assert decisions.links["accepted"].tolist() == [True, False]
    assert decisions.expected_right == pytest.approx(1, abs=1e-5)
    assert decisions.expected_known == pytest.approx(1 + 1 / 3, abs=1e-5)


def test_the_share_of_known_people_is_learnt() -> None:
    """30 claims fit somebody perfectly, 10 nobody at all, 10 more share a key with nobody."""
    evidence = np.array([60.0] * 30 + [-60.0] * 10)
    assert share_known(evidence, claims=50, people=1000) == pytest.approx(30.5 / 51)
    assert share_known(evidence[:30], claims=30, people=1000) == 0.95
    assert share_known(evidence[:0], claims=0, people=0) == 0.5


def test_the_prior_is_even_among_people() -> None:
    assert prior_weight(0.8, people=1) == pytest.approx(2)
    assert prior_weight(0.8, people=4) == pytest.approx(0)


def test_links_are_judged_against_the_truth() -> None:
    links = pa.table(
        {
            "claim": ["right", "wrong", "stranger", "left"],
            "person": ["p", "q", "r", "s"],
            "accepted": [True, True, True, False],
        }
    )
    truth = pa.table(
        {
            "claim": ["right", "wrong", "stranger", "left", "unseen"],
            "person": ["p", "p", None, "s", "t"],
        }
    )
    told = judge_links(links, truth)
    assert told == {
        "precision": pytest.approx(1 / 3, abs=1e-6),
        "recall": 0.25,
        "counts": {
            "claims": 5,
            "known": 4,
            "accepted": 3,
            "right": 1,
            "another_person": 1,
            "nobody_known": 1,
        },
    }
    json.dumps(told["counts"])


def test_nothing_accepted_and_nobody_known_have_no_share() -> None:
    links = pa.table(
        {
            "claim": pa.array([], pa.string()),
            "person": pa.array([], pa.string()),
            "accepted": pa.array([], pa.bool_()),
        }
    )
    truth = pa.table({"claim": ["c"], "person": pa.array([None], pa.string())})
    told = judge_links(links, truth)
    assert (told["precision"], told["recall"]) == (None, None)
