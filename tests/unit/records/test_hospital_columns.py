"""What hospital tables declare, and what they say of people."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from riskstrat.records.sources.columns import Kind
from riskstrat.records.sources.hospital_columns import (
    PEOPLE,
    columns_of,
    ethnic_sql,
    impossible_age_sql,
    numbered,
    who_sql,
)
from riskstrat.records.sources.stay_codes import CODE_COLUMNS, MOST_DIAGNOSES
from riskstrat.records.sources.sus_apc import SUS_APC


def evaluated(sql: str, **given: str) -> Any:
    """A SQL expression over hospital columns that are null but for those given, as SQL."""
    columns = {**dict.fromkeys((*PEOPLE, "day"), "null::varchar"), **given}
    typed = {
        **dict.fromkeys(("told_month", "birth_date", "day"), "date"),
        "age": "integer",
    }
    row = ", ".join(
        f"cast({value} as {typed.get(name, 'varchar')}) as {name}"
        for name, value in columns.items()
    )
    with duckdb.connect() as connection:
        ((found,),) = connection.execute(f"select {sql} from (select {row})").fetchall()
    return found


def test_a_column_without_names_in_files_is_there_and_never_found() -> None:
    columns = columns_of(("seen",), {"seen": ("SEEN", "Seen On")}, ("seen",))
    assert [c.name for c in columns] == [*PEOPLE, "seen"]
    assert {c.name: c.aliases for c in columns}["seen"] == ("SEEN", "Seen On")
    assert [c.name for c in columns if c.required] == ["seen"]
    assert {c.aliases for c in columns if c.name != "seen"} == {()}


def test_names_of_columns_that_are_not_declared_are_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="got 1 others"):
        columns_of(("seen",), {"sene": ("SEEN",)}, ())


def test_numbers_in_names() -> None:
    found = list(numbered("code", 23, ("C{nn}", "C{n}", "{nth} Code", "{mth} other")))
    assert found[0].aliases == ("C01", "C1", "1st Code", "0th other")
    assert found[10].aliases == ("C11", "C11", "11th Code", "10th other")
    assert [found[n - 1].aliases[2] for n in (2, 3, 12, 13, 21, 22, 23)] == [
        *("2nd Code", "3rd Code", "12th Code", "13th Code", "21st Code", "22nd Code", "23rd Code")
    ]
    assert {c.kind for c in numbered("code_date", 2, ("D{n}",))} == {Kind.DAY}
    assert {c.kind for c in found} == {Kind.TEXT}


def test_every_table_of_stays_has_the_columns_of_codes() -> None:
    (table,) = SUS_APC.tables
    assert {*CODE_COLUMNS, "diagnosis_1", f"diagnosis_{MOST_DIAGNOSES}"} <= set(table.names)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("practice_code", {"told_practice": "'y12345'"}, "Y12345"),
        ("practice_code", {"told_practice": "'V81999'"}, None),
        ("practice_code", {"told_practice": "'V81997'"}, None),
        ("practice_code", {"told_practice": "'&'"}, None),
        ("lsoa", {"told_lsoa": "'E01000001'"}, "E01000001"),
        ("lsoa", {"told_lsoa": "'Z99999999'"}, None),
        ("postcode", {"told_postcode": "'AB1 2CD'"}, "AB1 2CD"),
        ("postcode", {"told_postcode": "'ZZ99 3VZ'"}, None),
        ("provider", {"provider_trust": "'RX1'", "provider_site": "'RX1AB'"}, "RX1"),
        ("provider", {"provider_of_treatment": "'RX2'", "provider_trust": "'RX1'"}, "RX2"),
        ("birth_month", {"told_month": "'1950-06-01'"}, date(1950, 6, 1)),
        ("birth_month", {"told_month": "'1801-01-01'"}, None),
        ("birth_month", {"birth_date": "'1950-06-17'"}, date(1950, 6, 1)),
        ("birth_month", {"age": "73", "day": "'2024-03-01'"}, None),
    ],
)
def test_what_stands_for_not_known_says_nothing(
    name: str, given: dict[str, str], expected: object
) -> None:
    assert evaluated(who_sql("day")[name], **given) == expected


@pytest.mark.parametrize(
    ("token", "other", "expected"),
    [
        ("'P1'", {}, date(1950, 9, 1)),
        ("'P1'", {"nhs_number": "'9998698162'"}, None),
        ("'P1'", {"local_id": "'H1'"}, None),
        ("'P1'", {"told_month": "'1950-06-01'"}, date(1950, 6, 1)),
        ("'P1'", {"age": "121"}, None),
        ("null", {}, None),
    ],
)
def test_births_by_age_only_of_people_with_a_pseudonym_alone(
    token: str, other: dict[str, str], expected: date | None
) -> None:
    """Beside an NHS number or a hospital's own the birth must be one that was told."""
    given = {"age": "73", "day": "'2024-03-01'", "token": token, **other}
    assert evaluated(who_sql("day")["birth_month"], **given) == expected


@pytest.mark.parametrize("age", range(1, 121))
def test_an_age_fits_the_birth_that_it_tells(age: int) -> None:
    month = evaluated(who_sql("day")["birth_month"], age=str(age), day="'2024-02-29'", token="'P'")
    passed = (2024 - month.year) * 12 + 2 - month.month
    assert age * 12 <= passed < (age + 1) * 12


def test_impossible_ages() -> None:
    ages = {"0": False, "120": False, "121": True, "7000": True, "7001": False, "7008": True}
    sql = f"coalesce({impossible_age_sql('day').replace('birth_month', 'told_month')}, false)"
    assert {age: evaluated(sql, age=age) for age in ages} == ages
    assert evaluated(sql, told_month="'2024-04-01'", day="'2024-03-31'")
    assert not evaluated(sql, told_month="'2024-03-01'", day="'2024-03-01'")


@pytest.mark.parametrize(
    ("given", "expected"),
    [("A", "A"), ("a", "A"), ("B1", "B"), ("Z", "Z"), ("9", None), ("99", None), ("X", None)],
)
def test_ethnic_categories(given: str, expected: str | None) -> None:
    row = f"(select 'p' as patient_id, '{given}' as ethnic_category, null as recorded_date) told"
    with duckdb.connect() as connection:
        found = connection.execute(ethnic_sql(row)).fetchall()
    assert [category for _, category, _ in found] == ([expected] if expected else [])
