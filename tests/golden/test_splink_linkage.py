"""Links of a small made-up population whose truth is known: right as often as asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.unit.records.naming import claims_of, people_of

from riskstrat.records.linkage.link_truth import judge_links
from riskstrat.records.linkage.probabilistic import LinkResult, link_claims

PEOPLE, STRANGERS, CLAIMS = 2000, 300, 900
POSTCODES, POSTCODES_PER_AREA = 160, 16
PRACTICES = 4
FIRST_DAY, DAYS = date(1932, 1, 1).toordinal(), 365 * 88
LETTERS = "ABDEFGHJLNPQRSTU"


@dataclass(frozen=True)
class Town:
    claims: pa.Table
    people: pa.Table
    truth: pa.Table


def place(postcode: int) -> dict[str, Any]:
    area, within = divmod(postcode, POSTCODES_PER_AREA)
    return {"postcode": f"QQ{area}1{LETTERS[within]}A", "lsoa": f"X{area:08d}"}


def draw_lives(rng: np.random.Generator) -> list[list[dict[str, Any]]]:
    """For each inhabitant, known and stranger, a row per address; one in five has moved."""
    lives = []
    for _ in range(PEOPLE + STRANGERS):
        born = date.fromordinal(FIRST_DAY + int(rng.integers(0, DAYS)))
        person = {"birth_date": born, "sex": str(rng.choice(["female", "male"]))}
        homes = rng.integers(0, POSTCODES, 2 if rng.random() < 0.2 else 1)
        lives.append([person | place(int(h)) | usual_practice(rng, int(h)) for h in homes])
    return lives


def usual_practice(rng: np.random.Generator, postcode: int) -> dict[str, str]:
    usual = postcode // POSTCODES_PER_AREA % PRACTICES
    chosen = usual if rng.random() < 0.75 else int(rng.integers(0, PRACTICES))
    return {"practice_code": f"ZZ{chosen:04d}"}


def mistyped(rng: np.random.Generator, born: date) -> date:
    """Another day, another year, or day and month swapped where that is a date."""
    kind = int(rng.integers(0, 3))
    if kind == 0:
        return born.replace(day=int(rng.integers(1, 29)))
    if kind == 1 and born.day <= 12:
        return date(born.year, born.day, born.month)
    return born.replace(year=born.year + int(rng.choice([-10, -1, 1, 10])), day=min(born.day, 28))


def draw_claim(rng: np.random.Generator, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How a feed names somebody: hospitals by month and practice, charities by day and place."""
    told = dict(rows[int(rng.integers(0, len(rows)))])
    if rng.random() < 0.03:
        told["birth_date"] = mistyped(rng, told["birth_date"])
    if rng.random() < 0.05:
        told |= place(int(rng.integers(0, POSTCODES)))
    told["birth_month"] = told["birth_date"].replace(day=1)
    hidden = {"birth_date"} if rng.random() < 0.4 else {"sex", "lsoa", "practice_code"}
    hidden |= {"postcode"} if rng.random() < 0.05 else set()
    return told | dict.fromkeys(hidden)


@pytest.fixture(scope="module")
def town() -> Town:
    rng = np.random.default_rng(20240401)
    lives = draw_lives(rng)
    meant = np.where(
        rng.random(CLAIMS) < 0.9,
        rng.integers(0, PEOPLE, CLAIMS),
        rng.integers(PEOPLE, PEOPLE + STRANGERS, CLAIMS),
    ).tolist()
    claims = [{"claim": f"c{n}"} | draw_claim(rng, lives[who]) for n, who in enumerate(meant)]
    people = [{"person": f"p{n}"} | row for n in range(PEOPLE) for row in lives[n]]
    persons = [f"p{who}" if who < PEOPLE else None for who in meant]
    truth = pa.table({"claim": [c["claim"] for c in claims], "person": persons})
    return Town(claims_of(*claims), people_of(*people), truth)


@pytest.fixture(scope="module")
def linked(town: Town) -> LinkResult:
    return link_claims(town.claims, town.people, precision=0.99)


def test_links_are_right_as_often_as_asked_for(town: Town, linked: LinkResult) -> None:
    told = judge_links(linked.links, town.truth)
    assert told["precision"] >= 0.99
    assert told["recall"] >= 0.9


def test_the_model_knows_how_often_it_is_right(town: Town, linked: LinkResult) -> None:
    told = judge_links(linked.links, town.truth)
    assert linked.estimated_precision >= 0.99
    assert linked.estimated_precision == pytest.approx(told["precision"], abs=0.01)
    assert linked.estimated_recall == pytest.approx(told["recall"], abs=0.03)
    assert linked.parameters["share_known"] == pytest.approx(0.9, abs=0.03)


def test_hardly_any_claim_of_a_stranger_is_accepted(town: Town, linked: LinkResult) -> None:
    counts = judge_links(linked.links, town.truth)["counts"]
    strangers = counts["claims"] - counts["known"]
    assert strangers > 60
    assert counts["nobody_known"] <= 0.1 * strangers


def test_it_is_learnt_how_feeds_err(linked: LinkResult) -> None:
    comparisons = linked.parameters["comparisons"]
    learnt = {name for name, told in comparisons.items() if told["m_from"] == "learnt"}
    assert {"birth_date", "birth_month", "sex", "address"} <= learnt
    same_day = comparisons["birth_date"]["levels"][0]
    assert same_day["m"] == pytest.approx(0.97, abs=0.04)
    assert same_day["u"] == pytest.approx(1 / DAYS, rel=0.4)
    assert comparisons["sex"]["levels"][0]["u"] == pytest.approx(0.5, abs=0.01)
    json.dumps(linked.parameters)


def test_a_lower_precision_finds_more_and_errs_more(town: Town, linked: LinkResult) -> None:
    loose = link_claims(town.claims, town.people, precision=0.95)
    assert loose.threshold < linked.threshold
    assert loose.counts["accepted"] > linked.counts["accepted"]
    assert loose.estimated_recall > linked.estimated_recall
    assert (
        judge_links(loose.links, town.truth)["recall"]
        > judge_links(linked.links, town.truth)["recall"]
    )
    same = ["claim", "person", "weight", "probability"]
    assert loose.links.select(same) == linked.links.select(same)


def test_the_order_of_rows_changes_nothing(town: Town, linked: LinkResult) -> None:
    rng = np.random.default_rng(5)
    shuffled = link_claims(
        town.claims.take(rng.permutation(town.claims.num_rows)),
        town.people.take(rng.permutation(town.people.num_rows)),
        precision=0.99,
    )
    assert shuffled == linked


def test_counts_account_for_every_claim(linked: LinkResult) -> None:
    counts, links = linked.counts, linked.links
    reasons = ("accepted", "below the threshold", "no single best person")
    assert sum(counts[reason] for reason in reasons) == links.num_rows
    assert counts["claims"] == CLAIMS >= counts["claims_with_key"] >= links.num_rows
    assert counts["people"] == PEOPLE
    assert links["claim"].to_pylist() == sorted(links["claim"].to_pylist())
    accepted = links.filter(links["accepted"])
    assert pc.min(accepted["probability"]).as_py() == linked.threshold
    assert set(accepted["reason"].to_pylist()) == {"accepted"}
