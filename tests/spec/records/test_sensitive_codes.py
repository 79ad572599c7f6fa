"""Sensitive codes: which rows stay out of every store, and that the list itself is sound."""

from __future__ import annotations

import pyarrow as pa
import pytest

from riskstrat.codes import SYSTEMS, normalise_code
from riskstrat.engine import Engine, Step
from riskstrat.errors import RecordsError
from riskstrat.records.governance.sensitive import (
    load_sensitive,
    register_sensitive,
    sensitive_sql,
    sensitive_versions,
)
from riskstrat.reference import load_table

LISTED = load_table("sensitive_codes")

CATEGORIES = {
    "hiv",
    "sexually_transmitted",
    "assisted_fertilisation",
    "termination",
    "gender",
    "abuse",
    "conviction",
}


def sensitive(pairs, version: str = "1") -> list[tuple[str, str]]:
    engine = Engine(threads=1)
    text = pa.string()
    columns = {"system": [s for s, _ in pairs], "code": [c for _, c in pairs]}
    engine.register("facts", pa.table({n: pa.array(v, text) for n, v in columns.items()}))
    register_sensitive(engine, "withheld", "facts", version)
    assert list(engine.columns("withheld")) == ["system", "code"]
    found = engine.fetch(Step("found", "select system, code from withheld order by system, code"))
    return [(row["system"], row["code"]) for row in found.to_pylist()]


@pytest.mark.parametrize(
    ("system", "written", "is_withheld"),
    [
        ("icd10", "B24", True),
        ("icd10", "B20.1", True),
        ("icd10", "B24.X", True),
        ("icd10", "F02.4", True),
        ("icd10", "F02.3", False),
        ("icd10", "F02", False),
        ("icd10", "B25", False),
        ("icd10", "B19", False),
        ("icd10", "Z21", True),
        ("icd10", "Z21X", True),
        ("icd10", "A49.9", False),
        ("icd10", "A50.0", True),
        ("icd10", "A64", True),
        ("icd10", "A65", False),
        ("icd10", "O03.9", False),
        ("icd10", "O04.9", True),
        ("icd10", "O08.1", False),
        ("icd10", "Z31.2", True),
        ("icd10", "Z31.0", False),
        ("icd10", "N97.9", False),
        ("icd10", "F64.0", True),
        ("icd10", "F63.0", False),
        ("icd10", "I48.X", False),
        ("opcs4", "Q13.1", True),
        ("opcs4", "Q14.1", True),
        ("opcs4", "Q10.3", False),
        ("opcs4", "X15.1", True),
        ("opcs4", "X14.1", False),
        ("snomed", "86406008", True),
        ("snomed", "864060081", False),
        ("snomed", "44054006", False),
        ("read2", "A788.", True),
        ("read2", "A788.00", True),
        ("read2", "a788.", False),
        ("read2", "H33..", False),
        ("bnf", "0503010", True),
        ("bnf", "0503021", False),
        ("icd9", "042", True),
        ("icd9", "995.91", False),
        ("icd9", "995.81", True),
        ("loinc", "55277-8", True),
        ("local", "B24", False),
        ("opcs4", "B24", False),
        ("local", "ICD10:B24", False),
    ],
)
def test_a_code_is_judged_in_its_own_system(system, written, is_withheld) -> None:
    pair = (system, normalise_code(written, system))
    assert sensitive([pair, ("icd10", "I10")]) == ([pair] if is_withheld else [])


def test_every_pair_comes_once_however_often_it_occurs() -> None:
    pairs = [("icd10", "B24"), ("snomed", "86406008"), ("icd10", "I10"), ("icd10", "B201")] * 50
    assert sensitive(pairs) == [("icd10", "B201"), ("icd10", "B24"), ("snomed", "86406008")]


def test_rows_without_code_or_system_are_on_no_list() -> None:
    assert sensitive([(None, "B24"), ("icd10", None), (None, None)]) == []


def test_rows_that_may_be_kept_are_those_without_a_partner() -> None:
    engine = Engine(threads=1)
    facts = {
        "row_id": [1, 2, 3, 4],
        "system": ["icd10", "icd10", None, "local"],
        "code": ["B24", "I10", None, "B24"],
    }
    engine.register("facts", pa.table(facts))
    register_sensitive(engine, "withheld", "facts", "1")
    kept = engine.fetch(
        Step(
            "kept",
            "select row_id from facts anti join withheld using (system, code) order by row_id",
            portable=False,
        )
    )
    assert kept.column("row_id").to_pylist() == [2, 3, 4]


def test_an_exact_code_is_no_prefix_and_a_prefix_may_be_the_whole_code() -> None:
    engine = Engine(threads=1)
    listed = {"system": ["x", "x"], "code": ["A1", "B"], "match": ["exact", "prefix"]}
    engine.register("listed", pa.table(listed))
    engine.register(
        "facts", pa.table({"system": ["x"] * 5, "code": ["A1", "A12", "B", "B2", "AB"]})
    )
    found = engine.fetch(Step("found", sensitive_sql("facts", "listed"), portable=False))
    assert sorted(found.column("code").to_pylist()) == ["A1", "B", "B2"]


def test_every_listed_code_is_withheld() -> None:
    pairs = [(row["system"], row["code"]) for row in LISTED]
    assert sensitive(pairs) == sorted(pairs)


def test_an_unknown_version_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RecordsError, match="expected one of: 1") as caught:
        load_sensitive("2")
    assert caught.value.exit_code == 3
    with pytest.raises(RecordsError, match="no such version"):
        sensitive([("icd10", "B24")], version="")


# The list itself


def test_a_version_is_read_as_text() -> None:
    table = load_sensitive("1")
    assert sensitive_versions() == ("1",)
    assert table.num_rows == len([row for row in LISTED if row["version"] == "1"])
    assert set(table.schema.types) == {pa.string()}


def test_every_row_of_the_list_is_sound() -> None:
    for row in LISTED:
        assert row["list"] == "sensitive_codes"
        assert row["system"] in SYSTEMS
        assert row["match"] in {"exact", "prefix"}
        assert row["category"] in CATEGORIES
        assert row["source"]
        assert normalise_code(row["code"], row["system"]) == row["code"] != ""
    assert {row["category"] for row in LISTED} == CATEGORIES
    keys = [(row["version"], row["system"], row["code"]) for row in LISTED]
    assert len(set(keys)) == len(keys)


def test_no_code_is_listed_that_a_shorter_one_stands_for() -> None:
    prefixes = [(r["system"], r["code"]) for r in LISTED if r["match"] == "prefix"]
    longer = [
        (row["system"], row["code"])
        for row in LISTED
        for system, code in prefixes
        if row["system"] == system and row["code"] != code and row["code"].startswith(code)
    ]
    assert longer == []


def test_codes_without_a_hierarchy_are_exact() -> None:
    found = {row["system"] for row in LISTED if row["match"] == "exact"}
    assert found == {"snomed", "loinc"}
    assert {r["system"] for r in LISTED if r["match"] == "prefix"}.isdisjoint(found)


_TURNS = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _five(a: int, b: int) -> int:
    """The product in the symmetries of a pentagon: 0 to 4 turn, 5 to 9 mirror."""
    turned = (a + b if a < 5 else a - b) % 5
    return turned + (0 if (a < 5) == (b < 5) else 5)


def _verhoeff(code: str) -> int:
    """0 when the last digit is the check digit that Verhoeff's scheme gives (SNOMED CT)."""
    check = 0
    for place, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(place % 8):
            value = _TURNS[value]
        check = _five(check, value)
    return check


def test_the_check_digit_finds_every_wrong_digit_and_every_swap() -> None:
    right = "86406008"
    assert _verhoeff(right) == 0
    for place, digit in enumerate(right):
        for other in set("0123456789") - {digit}:
            assert _verhoeff(right[:place] + other + right[place + 1 :]) != 0
    for place in range(len(right) - 1):
        first, second = right[place], right[place + 1]
        if first != second:
            assert _verhoeff(right[:place] + second + first + right[place + 2 :]) != 0


@pytest.mark.parametrize("code", [r["code"] for r in LISTED if r["system"] == "snomed"])
def test_snomed_codes_pass_the_check_digit_and_are_concepts(code) -> None:
    assert _verhoeff(code) == 0
    assert code[-3] in "01", "the partition of a concept: 00, or 10 in an extension"
    assert code[-2] == "0"


def test_the_list_is_named_as_an_illustration() -> None:
    from importlib.resources import files

    told = files("riskstrat.reference").joinpath("PROVENANCE.md").read_text("utf-8")
    _, _, about = told.partition("## sensitive_codes.csv")
    assert "illustration to be replaced" in about.partition("\n## ")[0]
    assert "From memory" in about.partition("\n## ")[0]
