"""The table of conditions: what they are coded with, and of which lists they are."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from riskstrat.codes import normalise_code
from riskstrat.simulation.catalogue import column, numbers, rows

POLYPHARMACY = 1
"""The deficit that is no condition."""


def reference(name: str) -> list[dict[str, str]]:
    text = files("riskstrat.reference").joinpath(f"tables/{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize(
    ("table", "field"), [("ltc_icd10", "icd10"), ("ltc_snomed_illustrative", "snomed")]
)
def test_conditions_are_coded_so_that_the_published_lists_find_them(table, field) -> None:
    """Where a list knows a condition by its name, the condition's code is of that list."""
    listed: dict[str, list[str]] = {}
    for row in reference(table):
        code = row.get("icd10_prefix") or row["snomed_code"]
        listed.setdefault(row["condition"], []).append(code)
    known = [row for row in rows("conditions") if row["condition"] in listed]
    wrong = [
        row["condition"]
        for row in known
        if not any(row[field].startswith(code) for code in listed[row["condition"]])
    ]
    assert wrong == []
    assert len(known) >= 20


@pytest.mark.parametrize(("field", "system"), [("icd10", "icd10"), ("snomed", "snomed")])
def test_codes_stand_in_their_one_written_form(field, system) -> None:
    codes = [code for code in column("conditions", field) if code]
    assert [normalise_code(code, system) for code in codes] == codes


def test_there_are_forty_long_term_conditions_and_thirty_six_deficits() -> None:
    """Barnett's conditions but for two that are counted together, and the frailty index's list."""
    assert 38 <= numbers("conditions", "ltc").sum() <= 40
    deficits = set(column("conditions", "efi")) - {""}
    assert len(deficits) + POLYPHARMACY == 36


def test_no_two_conditions_have_one_code_in_the_practice_record() -> None:
    codes = column("conditions", "snomed")
    assert len(set(codes)) == len(codes)
