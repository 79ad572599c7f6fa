"""The shipped tables: readable, complete, in normal form, with provenance."""

from __future__ import annotations

from importlib.resources import files

import pytest

from riskstrat.codes import SYSTEMS, normalise_code
from riskstrat.errors import UsageError
from riskstrat.reference import TABLE_NAMES, load_table

# Verhoeff's dihedral check, as the SNOMED CT release file specification gives it.
_PRODUCT = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
]
_FIRST_ROTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]


def _has_valid_check_digit(code: str) -> bool:
    check = 0
    for position, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(position % 8):
            value = _FIRST_ROTATION[value]
        check = _PRODUCT[check][value]
    return check == 0


def _snomed_codes() -> list[str]:
    listed = [row["snomed_code"] for row in load_table("ltc_snomed_illustrative")]
    measured = [r["code"] for r in load_table("measurements") if r["system"] == "snomed"]
    return listed + measured


def test_the_check_digit_finds_a_wrong_code():
    assert _has_valid_check_digit("44054006")
    assert not _has_valid_check_digit("44054007")


@pytest.mark.parametrize("code", _snomed_codes())
def test_snomed_codes_pass_the_check_digit(code):
    assert _has_valid_check_digit(code)


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_every_table_has_rows_without_gaps_and_a_provenance(name):
    rows = load_table(name)
    assert rows
    assert all(None not in row.values() and None not in row for row in rows)
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    provenance = files("riskstrat.reference").joinpath("PROVENANCE.md").read_text("utf-8")
    assert f"{name}.csv" in provenance


@pytest.mark.parametrize("name", [name for name in TABLE_NAMES if name.endswith("_icd10")])
def test_icd10_prefixes_are_in_normal_form(name):
    for row in load_table(name):
        assert normalise_code(row["icd10_prefix"], "icd10") == row["icd10_prefix"]


def test_illustrative_snomed_codes_belong_to_listed_conditions():
    conditions = {row["condition"] for row in load_table("ltc_icd10")} | {"fall"}
    assert {row["condition"] for row in load_table("ltc_snomed_illustrative")} <= conditions


def test_dementia_includes_dementia_in_other_diseases():
    """F02 is added to the list of Kuan et al., which lacks it."""
    rows = [row for row in load_table("ltc_icd10") if row["condition"] == "dementia"]
    assert {"F00", "F01", "F02", "F03", "G30"} <= {row["icd10_prefix"] for row in rows}


def test_charlson_tables_name_the_same_conditions():
    weighed = {row["condition"] for row in load_table("charlson_weights")}
    assert {row["condition"] for row in load_table("charlson_quan2005_icd10")} == weighed
    for row in load_table("charlson_hierarchy"):
        assert set(row.values()) <= weighed


def test_the_codes_of_the_mortality_indicator_have_its_weights():
    weighed = {row["condition"] for row in load_table("charlson_weights")}
    assert {row["condition"] for row in load_table("charlson_shmi_icd10")} == weighed


def test_elixhauser_tables_name_the_same_31_conditions():
    weighed = {row["condition"] for row in load_table("elixhauser_weights")}
    assert len(weighed) == 31
    assert {row["condition"] for row in load_table("elixhauser_quan2005_icd10")} == weighed
    for row in load_table("elixhauser_hierarchy"):
        assert set(row.values()) <= weighed


def test_illustrative_deficits_belong_to_the_index_and_to_listed_conditions():
    deficits = {row["deficit"] for row in load_table("efi_deficits")}
    conditions = {row["condition"] for row in load_table("ltc_icd10")} | {"fall"}
    for row in load_table("efi_conditions_illustrative"):
        assert row["deficit"] in deficits
        assert row["condition"] in conditions


def test_the_deficits_of_the_frailty_index_carry_no_codes():
    """Read, CTV3 and SNOMED CT lists need a licence; names are facts of the paper."""
    assert set(load_table("efi_deficits")[0]) == {"deficit", "label"}
    assert not any(char.isdigit() for row in load_table("efi_deficits") for char in str(row))


def test_measurements_have_one_unit_and_range_each():
    seen: dict[str, tuple[str, ...]] = {}
    for row in load_table("measurements"):
        same = (row["label"], row["unit"], row["minimum"], row["maximum"])
        assert seen.setdefault(row["measurement"], same) == same
        assert float(row["minimum"]) < float(row["maximum"])
        assert row["system"] in SYSTEMS
        assert (float(row["scale"]) == 1) == (row["code_unit"] == row["unit"])


def test_bnf_sections_have_four_digits():
    assert all(len(row["bnf_section"]) == 4 for row in load_table("bnf_sections"))


def test_an_unknown_table_is_refused():
    with pytest.raises(UsageError, match="shoe_sizes"):
        load_table("shoe_sizes")
