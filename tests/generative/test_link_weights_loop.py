"""Weights and probabilities of links, against a loop over every claim and every person."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.unit.records.naming import claims_of, people_of, with_month

from riskstrat.records.linkage.probabilistic import link_claims

Row = dict[str, Any]


def some(rng: np.random.Generator, values: list[Any], missing: float = 0.25) -> Any:
    return None if rng.random() < missing else values[int(rng.integers(0, len(values)))]


def draw_row(rng: np.random.Generator) -> Row:
    """Few values, so that people share them and everything is missing now and then."""
    row = {
        "birth_date": some(
            rng, [date(1950 + y, m, d) for y in (0, 1) for m in (3, 4) for d in (3, 4)]
        ),
        "sex": some(rng, ["female", "male"]),
        "postcode": some(rng, ["QQ11AA", "QQ11BB", "QQ22AA", "QQ22BB", "QQ33AA"]),
        "lsoa": some(rng, ["X1", "X2", "X3"]),
        "practice_code": some(rng, ["Z1", "Z2"]),
    }
    if row["birth_date"] is not None and rng.random() < 0.3:
        row |= {"birth_month": row["birth_date"].replace(day=1), "birth_date": None}
    return with_month(row)


def all_of(rows: list[Row], column: str) -> set[str]:
    return {row[column] for row in rows if row[column] is not None}


def sector(postcode: str) -> str:
    return postcode[:-2]


def date_level(claim: date, person: date) -> int:
    if claim == person:
        return 0
    if (claim.year, claim.month) == (person.year, person.month):
        return 1
    agreeing = [claim.day == person.day, claim.month == person.month, claim.year == person.year]
    swapped = (claim.year, claim.day, claim.month) == (person.year, person.month, person.day)
    return 2 if sum(agreeing) == 2 or swapped else 3


def levels_of(claim: Row, one: Row, rows: list[Row]) -> dict[str, int]:
    """Level of each comparison between a claim and one description of a person with some rows."""
    found: dict[str, int] = {}
    if claim["birth_date"] and one["birth_date"]:
        found["birth_date"] = date_level(claim["birth_date"], one["birth_date"])
    elif claim["birth_month"] and one["birth_month"]:
        found["birth_month"] = int(claim["birth_month"] != one["birth_month"])
    if claim["sex"] and one["sex"]:
        found["sex"] = int(claim["sex"] != one["sex"])
    postcodes, areas = all_of(rows, "postcode"), all_of(rows, "lsoa")
    same_postcode = claim["postcode"] in postcodes
    near = claim["lsoa"] in areas or bool(
        claim["postcode"] and sector(claim["postcode"]) in map(sector, postcodes)
    )
    if claim["postcode"] and postcodes:
        found["address"] = 0 if same_postcode else 1 if near else 2
    elif claim["lsoa"] and areas:
        found["area"] = int(claim["lsoa"] not in areas)
    practices = all_of(rows, "practice_code")
    if claim["practice_code"] and practices:
        place = "same" if same_postcode or near else "other"
        found[f"practice_of_{place}_place"] = int(claim["practice_code"] not in practices)
    return found


def keys_of(row: Row) -> set[tuple[Any, ...]]:
    day, month, postcode = row["birth_date"], row["birth_month"], row["postcode"]
    keys = [
        ("day", day),
        ("home and year", postcode, month and month.year),
        ("home and day", postcode, day and (day.month, day.day)),
        ("practice", month, row["sex"], row["practice_code"]),
        ("area", month, row["lsoa"]),
    ]
    return {key for key in keys if None not in key}


def frequency(people: dict[str, list[Row]], column: str, value: Any, seldom: float) -> float:
    """Chance that somebody else has a value: of its other owners, and a little for any value."""
    owners = defaultdict(set)
    for name, rows in people.items():
        for held in all_of(rows, column):
            owners[held].add(name)
    known = len(set().union(*owners.values()))
    agree = sum(len(o) * (len(o) - 1) for o in owners.values()) / (known * (known - 1))
    return len(owners[value]) / (known - 1 + 1 / (agree or seldom))


RARE = {"birth_date": "birth_date", "birth_month": "birth_month", "address": "postcode"}
SELDOM = {"birth_date": 0.000035, "birth_month": 0.001, "address": 0.0005}


def evidence_of(claim: Row, people: dict[str, list[Row]], name: str, model: Row) -> float | None:
    """The best weight of a person's descriptions that share a key with the claim."""
    weights = []
    for one in people[name]:
        same = [
            r
            for r in people[name]
            if all(r[c] == one[c] for c in ("birth_date", "birth_month", "sex"))
        ]
        if not keys_of(claim) & set().union(*map(keys_of, same)):
            continue
        weight = 0.0
        for comparison, level in levels_of(claim, one, people[name]).items():
            share = model[comparison]["levels"][level]
            u = share["u"]
            if level == 0 and comparison in RARE:
                column = RARE[comparison]
                u = frequency(people, column, claim[column], SELDOM[comparison])
            weight += math.log2(share["m"] / u)
        weights.append(weight)
    return max(weights) if weights else None


@pytest.mark.parametrize("seed", range(4))
def test_every_link_is_what_the_loop_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = {
        f"p{n:02d}": [draw_row(rng) for _ in range(int(rng.integers(1, 4)))] for n in range(30)
    }
    claims = {f"c{n:02d}": draw_row(rng) for n in range(40)}
    result = link_claims(
        claims_of(*({"claim": name} | row for name, row in claims.items())),
        people_of(*({"person": name} | row for name, rows in people.items() for row in rows)),
        precision=0.9,
    )
    known = result.parameters["share_known"]
    prior = known / (1 - known) / len(people)
    odds = {
        name: odds_of(claim, people, result.parameters["comparisons"], prior)
        for name, claim in claims.items()
        if keys_of(claim)
    }
    links = {link["claim"]: link for link in result.links.to_pylist()}
    assert set(links) == {name for name, candidates in odds.items() if candidates}
    assert len(links) > 20
    for name, link in links.items():
        best = max(odds[name].values())
        tied = [p for p, o in odds[name].items() if math.isclose(o, best, rel_tol=1e-6)]
        assert link["person"] == min(tied)
        assert link["weight"] == pytest.approx(math.log2(best), abs=1e-3)
        assert link["probability"] == pytest.approx(best / (1 + sum(odds[name].values())), abs=1e-3)
        assert (link["reason"] == "no single best person") == (len(tied) > 1)
    found = sum(sum(o.values()) / (1 + sum(o.values())) for o in odds.values())
    assert known == pytest.approx(min(0.95, (found + 0.5) / (len(odds) + 1)), abs=1e-3)


def odds_of(claim: Row, people: dict[str, list[Row]], model: Row, prior: float) -> dict[str, float]:
    weights = {name: evidence_of(claim, people, name, model) for name in people}
    return {name: prior * 2**weight for name, weight in weights.items() if weight is not None}
