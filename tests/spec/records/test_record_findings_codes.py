"""Codes that cannot be codes of their system, and codes of no known system."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.spec.records.checked_records import Row, found

from riskstrat.codes import SYSTEMS, normalise_code
from riskstrat.records.checks.formats import IS_WELL_FORMED

DAY = date(2020, 6, 1)


def events(system: str, codes: list[str], *, people: int = 1, source: str = "gp") -> list[Row]:
    """Each code once for each of so many people."""
    row = {"kind": "diagnosis", "source": source, "system": system, "event_date": DAY}
    return [
        {**row, "patient_id": f"p{number}", "code": code}
        for code in codes
        for number in range(people)
    ]


@pytest.mark.parametrize(
    ("system", "good", "bad"),
    [
        (
            "icd10",
            ["I48", "E119", "C4A", "S72001A", "U071"],
            ["48", "I4", "i48", "I48.X", "S72001AX"],
        ),
        ("icd9", ["250", "25000", "V5867", "E8889", "9671"], ["1", "250000", "X12", "V5", "250.0"]),
        ("opcs4", ["W40", "W401"], ["W4", "W4011", "4011", "W40.1"]),
        (
            "snomed",
            ["22298006", "314530002", "1082641000000106", "1022431000000105"],
            ["22298005", "22289006", "37443015", "22298006.0", "1.02243e15", "022298006", "00845"],
        ),
        ("dmd", ["39113311000001107"], ["39113311000001100"]),
        (
            "bnf",
            ["02", "0205", "020505", "0205051", "0205051R0AAABAB", "0301011R0", "21010900201"],
            ["2551", "212", "0205051R", "0205051R0AAABABX", "2401", "02-05"],
        ),
        ("ctv3", ["XE0Uc", "H33..", "Xa1pF"], ["H33", "H33...", ".....", "H3 .."]),
        ("read2", ["H33..", "14B4.", "246A."], ["H33", "H33..00"]),
        ("loinc", ["4548-4", "8480-6", "29463-7"], ["4548-5", "45484", "LA33-6", "4548-44"]),
    ],
)
def test_what_a_code_looks_like(system: str, good: list[str], bad: list[str]) -> None:
    """Published codes, and what is made of them by spreadsheets, cutting and typing."""
    is_well_formed = IS_WELL_FORMED[system]
    assert [code for code in good if not is_well_formed(code)] == []
    assert [code for code in bad if is_well_formed(code)] == []
    assert all(is_well_formed(normalise_code(code, system)) for code in good)


def test_every_system_but_local_has_a_form() -> None:
    assert set(SYSTEMS) - set(IS_WELL_FORMED) == {"local"}


def test_malformed_codes_are_counted(tmp_path: Path) -> None:
    """Rows and distinct codes; those that ten people have are named, those of nine are not."""
    sound = events("icd10", ["I48"], people=100)
    wrong = events("icd10", ["48X"], people=10) + events("icd10", ["49X"], people=9)
    (finding,) = found("R029", tmp_path, events=sound + wrong)
    assert (finding.level, finding.table, finding.count) == ("warning", "events", 19)
    assert finding.message == (
        "icd10: 19 rows (16.0%) have a code that cannot be one; distinct codes: 2"
    )
    assert finding.detail == {"system": "icd10", "codes": [{"code": "48X", "rows": 10}]}


@pytest.mark.parametrize(("sound", "level"), [(99, "info"), (98, "warning")])
def test_one_in_a_hundred_is_for_information(tmp_path: Path, sound: int, level: str) -> None:
    rows = events("icd10", ["I48"], people=sound) + events("icd10", ["48X"])
    assert [f.level for f in found("R029", tmp_path, events=rows)] == [level]


def test_sound_and_local_codes_have_no_finding(tmp_path: Path) -> None:
    rows = events("snomed", ["22298006"]) + events("local", ["anything at all"])
    assert found("R029", tmp_path, events=rows) == []


def test_unmapped_codes_by_feed_and_kind(tmp_path: Path) -> None:
    """A code with ten rows of one person is not named: it could tell who it is."""
    common, rare = events("local", ["LAB1"], people=12), events("local", ["LAB2"]) * 10
    (finding,) = found("R030", tmp_path, events=common + rare + events("icd10", ["I48"]) * 22)
    assert (finding.level, finding.count) == ("info", 22)
    assert finding.message == (
        "gp, diagnosis: 22 rows (50.0%) have a code of no known system; distinct codes: 2"
    )
    assert finding.detail["codes"] == [{"code": "LAB1", "rows": 12}]


@pytest.mark.parametrize(("local", "level"), [(201, "warning"), (200, "info")])
def test_more_than_a_fifth_of_a_large_feed_is_a_warning(
    tmp_path: Path, local: int, level: str
) -> None:
    rows = events("local", ["LAB1"]) * local + events("icd10", ["I48"]) * (1000 - local)
    assert [f.level for f in found("R030", tmp_path, events=rows)] == [level]


def test_mapped_codes_have_no_finding(tmp_path: Path) -> None:
    assert found("R030", tmp_path, events=events("icd10", ["I48"])) == []


def test_codes_that_these_records_gave_themselves_are_mapped(tmp_path: Path) -> None:
    own = ["contact:01", "cld:request:community", "housing:tenancy:secure", "HOSPITAL_AT_HOME"]
    assert found("R030", tmp_path, events=events("local", own) * 30) == []
    (finding,) = found("R030", tmp_path / "other", events=events("local", [*own, "contact"]) * 30)
    assert finding.count == 30
