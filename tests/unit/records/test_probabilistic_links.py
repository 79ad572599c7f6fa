"""Linking claims by probability: edges, errors, and nothing said of anybody."""

from __future__ import annotations

import logging
import math
import sys
from datetime import date

import pyarrow as pa
import pytest
from tests.unit.records.naming import claims_of, people_of

from riskstrat.errors import MissingExtraError, RecordsError, UsageError
from riskstrat.records.linkage.link_truth import judge_links
from riskstrat.records.linkage.probabilistic import LINKS, LinkResult, LinkSettings, link_claims

BORN = date(1950, 3, 14)
ADA = {"person": "ada", "birth_date": BORN, "sex": "female", "postcode": "QQ11AA", "lsoa": "X1"}
OTHERS = [
    {
        "person": f"other {number}",
        "birth_date": date(1930 + number, 1 + number % 12, 1 + number % 28),
        "sex": "male" if number % 2 else "female",
        "postcode": f"QQ1{1 + number % 9}{'ABDEFG'[number % 6]}B",
        "lsoa": f"X{number % 5}",
        "practice_code": "ZZ0001",
    }
    for number in range(60)
]


def only(result: LinkResult) -> dict[str, object]:
    (link,) = result.links.to_pylist()
    return link


def test_the_right_person_is_found_and_accepted() -> None:
    claim = {"claim": "c", "birth_date": BORN, "sex": "female", "postcode": "QQ11AA"}
    link = only(link_claims(claims_of(claim), people_of(ADA, *OTHERS)))
    assert (link["person"], link["accepted"], link["reason"]) == ("ada", True, "accepted")
    assert link["probability"] > 0.99
    assert link["weight"] == pytest.approx(
        math.log2(link["probability"] / (1 - link["probability"])), abs=0.1
    )


def test_two_people_of_the_same_description_are_both_left() -> None:
    claim = {"claim": "c", "birth_date": BORN, "postcode": "QQ11AA"}
    twin = ADA | {"person": "ida"}
    result = link_claims(claims_of(claim), people_of(twin, ADA, *OTHERS))
    link = only(result)
    assert (link["accepted"], link["reason"]) == (False, "no single best person")
    assert link["person"] == "ada"
    assert link["probability"] <= 0.5
    assert result.counts["no single best person"] == 1


def test_sex_tells_two_twins_apart() -> None:
    claim = {"claim": "c", "birth_date": BORN, "postcode": "QQ11AA", "sex": "male"}
    twin = ADA | {"person": "alan", "sex": "male"}
    link = only(link_claims(claims_of(claim), people_of(ADA, twin, *OTHERS)))
    assert link["person"] == "alan"
    assert link["reason"] != "no single best person"


def test_a_former_address_and_the_present_one_are_one_person() -> None:
    moved = [ADA, ADA | {"postcode": "QQ99ZZ", "lsoa": "X9"}]
    claims = [
        {"claim": "old", "birth_date": BORN, "postcode": "QQ11AA"},
        {"claim": "new", "birth_date": BORN, "postcode": "QQ99ZZ"},
    ]
    result = link_claims(claims_of(*claims), people_of(*moved, *OTHERS))
    assert result.links["person"].to_pylist() == ["ada", "ada"]
    assert result.links["accepted"].to_pylist() == [True, True]
    assert result.counts["people"] == 61


def test_a_second_date_of_birth_of_a_person_counts_too() -> None:
    twice = [ADA | {"birth_date": date(1951, 3, 14)}, ADA]
    claim = {"claim": "c", "birth_date": BORN, "sex": "female", "postcode": "QQ11AA"}
    once = only(link_claims(claims_of(claim), people_of(ADA, *OTHERS)))
    both = only(link_claims(claims_of(claim), people_of(*twice, *OTHERS)))
    assert both["accepted"]
    assert both["weight"] == pytest.approx(once["weight"], abs=0.5)


def test_people_who_share_a_postcode_make_it_weaker_evidence() -> None:
    claim = {"claim": "c", "birth_month": date(1950, 3, 1), "postcode": "QQ11AA"}
    ada = ADA | {"birth_date": None, "birth_month": date(1950, 3, 1)}
    home = [row | {"postcode": "QQ11AA", "lsoa": "X1"} for row in OTHERS[:40]]
    alone = only(link_claims(claims_of(claim), people_of(ada, *OTHERS)))
    in_a_home = only(link_claims(claims_of(claim), people_of(ada, *home, *OTHERS[40:])))
    assert in_a_home["person"] == alone["person"] == "ada"
    assert in_a_home["weight"] < alone["weight"] - 3


@pytest.mark.parametrize("people", [[], [ADA, *OTHERS]])
def test_no_claims_no_links(people: list[dict[str, object]]) -> None:
    result = link_claims(claims_of(), people_of(*people))
    assert result.links.schema == LINKS
    assert result.links.num_rows == 0
    assert (result.threshold, result.estimated_precision, result.estimated_recall) == (1, 0, 0)


def test_no_people_no_links() -> None:
    claim = {"claim": "c", "birth_date": BORN, "postcode": "QQ11AA"}
    result = link_claims(claims_of(claim), people_of())
    assert result.links.num_rows == 0
    assert result.counts["claims_with_key"] == 1
    assert result.counts["people"] == 0


def test_a_claim_that_says_nothing_has_no_candidate() -> None:
    claims = claims_of({"claim": "nothing"}, {"claim": "c", "birth_date": BORN})
    result = link_claims(claims, people_of(ADA, *OTHERS))
    assert result.links["claim"].to_pylist() == ["c"]
    assert result.counts["claims"] == 2
    assert result.counts["claims_with_key"] == 1


def test_tables_may_have_columns_of_nothing() -> None:
    claims = pa.table({name: pa.nulls(0) for name in claims_of().column_names})
    assert link_claims(claims, people_of(ADA)).links.num_rows == 0


def test_few_claims_are_weighed_by_the_given_shares() -> None:
    claim = {"claim": "c", "birth_date": BORN, "postcode": "QQ11AA"}
    comparisons = link_claims(claims_of(claim), people_of(ADA)).parameters["comparisons"]
    assert {told["m_from"] for told in comparisons.values()} == {"default"}
    assert comparisons["sex"]["levels"][0]["m"] == 0.99


@pytest.mark.parametrize("column", ["birth_date", "sex", "lsoa"])
@pytest.mark.parametrize("table", ["claims", "people"])
def test_a_missing_column_is_named(table: str, column: str) -> None:
    tables = {"claims": claims_of(), "people": people_of()}
    tables[table] = tables[table].drop_columns([column])
    with pytest.raises(RecordsError, match=rf"expected {table} .*missing: {column}\."):
        link_claims(**tables)


def test_a_column_of_another_type_is_named_without_its_values() -> None:
    people = people_of(ADA)
    people = people.set_column(1, "birth_date", pa.array(["14/03/1950"]))
    with pytest.raises(RecordsError, match="of another type: birth_date") as caught:
        link_claims(claims_of(), people)
    assert "1950" not in str(caught.value)


def test_a_claim_told_twice_is_refused() -> None:
    with pytest.raises(RecordsError, match="got 3 rows of 2 claims"):
        link_claims(claims_of({"claim": "a"}, {"claim": "b"}, {"claim": "a"}), people_of())


def test_a_row_without_a_person_is_refused() -> None:
    with pytest.raises(RecordsError, match="in every row of people; rows without: 1"):
        link_claims(claims_of(), people_of(ADA | {"person": None}))


@pytest.mark.parametrize("precision", [0.49, 1, 1.5, math.nan])
def test_a_precision_out_of_range_is_refused(precision: float) -> None:
    with pytest.raises(UsageError, match="expected a precision"):
        link_claims(claims_of(), people_of(), precision=precision)
    with pytest.raises(UsageError):
        LinkSettings(precision)


def test_without_splink_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(MissingExtraError, match="'link'"):
        link_claims(claims_of(), people_of())


def test_nothing_is_said_of_anybody(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    before = logging.getLogger("splink").level
    people = [
        row | {"postcode": "CANARY1", "person": f"canary {n}"} for n, row in enumerate(OTHERS)
    ]
    claims = [
        {name: value for name, value in row.items() if name != "person"} | {"claim": f"canary {n}"}
        for n, row in enumerate(people)
    ]
    result = link_claims(claims_of(*claims), people_of(*people))
    assert result.links.num_rows == 60
    assert [r for r in caplog.records if r.name.startswith("splink")] == []
    assert "canary" not in caplog.text.lower()
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("splink").level == before
    assert "canary" not in str((result.parameters, result.counts)).lower()


def test_truth_must_be_known_once_for_every_link() -> None:
    links = pa.table({"claim": ["a"], "person": ["p"], "accepted": [True]})
    with pytest.raises(RecordsError, match="without: 1"):
        judge_links(links, pa.table({"claim": ["b"], "person": ["p"]}))
    with pytest.raises(RecordsError, match="got 2 of 1 claims"):
        judge_links(links, pa.table({"claim": ["a", "a"], "person": ["p", "q"]}))
