"""The canonical tables are those of the design, column for column."""

from __future__ import annotations

import json
import re

import pytest

from riskstrat.schema import KNOWN_WHEN, TABLES, FileCount, describe_tables

DESIGN = {
    "patients": "birth_month sex ethnic_category death_date death_recorded_date",
    "registrations": "practice_code start_date end_date",
    "residences": (
        "start_date end_date lsoa imd_decile accommodation tenure care_home lives_alone has_carer"
    ),
    "events": (
        "kind event_date event_time source system code position value unit text attendance stay_id"
    ),
    "stays": (
        "stay_id kind start_date start_time end_date patient_class admission_source "
        "admission_method is_emergency attendance specialty discharge_method "
        "discharge_destination provider"
    ),
    "services": "service source start_date end_date minutes_per_week weekly_cost_pence",
    "opt_outs": "kind start_date end_date",
}


@pytest.mark.parametrize("name", DESIGN)
def test_a_table_has_the_columns_of_the_design(name: str) -> None:
    """`patient_id` first; every table but patients says when a row became known."""
    known = [] if name == "patients" else ["recorded_date", "superseded_date"]
    assert list(TABLES[name].column_names) == ["patient_id", *DESIGN[name].split(), *known]


def test_there_are_no_other_tables() -> None:
    assert list(TABLES) == list(DESIGN)


def test_types_follow_the_kind_of_column() -> None:
    """Days are DATE, times TIME, identifiers and codes VARCHAR, money and minutes INTEGER."""
    for table in TABLES.values():
        for column in table.columns:
            if re.search(r"_date$|^birth_month$", column.name):
                assert column.type == "DATE"
            elif column.name.endswith("_time"):
                assert column.type == "TIME"
            elif re.search(r"_pence$|_minutes|^minutes|^position$|_decile$", column.name):
                assert column.type == "INTEGER"
            elif re.search(r"^is_|^has_|^lives_|^care_home$", column.name):
                assert column.type == "BOOLEAN"
            elif column.name == "value":
                assert column.type == "DOUBLE"
            else:
                assert column.type == "VARCHAR"


def test_every_table_names_its_person_and_its_day() -> None:
    for table in TABLES.values():
        first = table.columns[0]
        assert (first.name, first.nullable) == ("patient_id", False)
        assert all(column.meaning for column in table.columns)
        assert set(table.key) <= set(table.column_names)
        if table.name != "patients":
            assert table.event_date in table.column_names
            assert table.columns[-2:] == KNOWN_WHEN


def test_no_table_holds_an_nhs_number_or_a_day_of_birth() -> None:
    names = {name for table in TABLES.values() for name in table.column_names}
    assert not [name for name in names if "nhs" in name or name in {"birth_date", "postcode"}]


def test_the_description_is_plain_data() -> None:
    described = json.loads(json.dumps(describe_tables()))
    assert [table["name"] for table in described] == list(TABLES)
    sex = next(c for c in described[0]["columns"] if c["name"] == "sex")
    assert sex["allowed"] == ["female", "male", "indeterminate", "unknown"]


@pytest.mark.parametrize(
    ("kept", "rejected", "fits"),
    [
        (10, {}, True),
        (7, {"death before birth": 1, "unparsable date": 2}, True),
        (0, {"unparsable date": 10}, True),
        (9, {}, False),
        (10, {"unparsable date": 1}, False),
    ],
)
def test_rows_in_are_kept_or_rejected_for_one_reason(
    kept: int, rejected: dict[str, int], fits: bool
) -> None:
    """``rows_in == rows_kept + sum(rejected)``; a count that does not add up is our defect."""
    if fits:
        assert FileCount("f.csv", "0" * 64, 10, kept, rejected).rows_in == 10
    else:
        with pytest.raises(ValueError, match="rows_in must equal"):
            FileCount("f.csv", "0" * 64, 10, kept, rejected)
