"""One written form for each code, and what a codelist matches."""

from __future__ import annotations

import pytest

from riskstrat.codes import SYSTEMS, Codelist, normalise_code
from riskstrat.errors import DataError


@pytest.mark.parametrize(
    ("system", "written", "normal"),
    [
        ("icd10", "I50.0", "I500"),
        ("icd10", "i48x", "I48"),
        ("icd10", "I48.X", "I48"),
        ("icd10", "R54-", "R54"),
        ("icd10", " J44 ", "J44"),
        ("icd10", "A41", "A41"),
        ("icd9", "250.00", "25000"),
        ("opcs4", "k40.1", "K401"),
        ("bnf", "0202020l0", "0202020L0"),
        ("read2", "H33..", "H33.."),
        ("ctv3", "XaBVJ", "XaBVJ"),
        ("loinc", "2160-0", "2160-0"),
        ("local", "LAB//50912//mg/dL", "LAB//50912//mg/dL"),
        ("snomed", " 22298006 ", "22298006"),
    ],
)
def test_each_system_has_one_written_form(system: str, written: str, normal: str) -> None:
    """Classifications lose dots, spaces and fillers; Read, CTV3 and local codes stay as written."""
    assert normalise_code(written, system) == normal
    assert normalise_code(normal, system) == normal


def test_an_identifier_written_as_a_float_does_not_become_another_identifier() -> None:
    """Dropping the dot of '22298006.0' would make 222980060, which means something else."""
    assert normalise_code("22298006.0", "snomed") == "22298006.0"


def test_a_plain_list_matches_whole_codes_and_a_prefix_list_what_begins_with_one() -> None:
    whole = Codelist.of("heart failure", "icd10", ["I50.0"])
    prefix = Codelist.of("heart failure", "icd10", ["I50"], is_prefix=True)
    codes = ["I500", "I50", "I509", "I5", "", "J500"]
    assert [code for code in codes if whole.matches(code)] == ["I500"]
    assert [code for code in codes if prefix.matches(code)] == ["I500", "I50", "I509"]


def test_a_list_belongs_to_one_known_system() -> None:
    assert Codelist.of("any", "snomed", ["1"]).system in SYSTEMS
    with pytest.raises(DataError, match="expected a coding system, one of icd10"):
        Codelist.of("any", "icd11", ["1"])
