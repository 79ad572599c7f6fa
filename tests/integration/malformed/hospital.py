"""Malformed feeds of hospitals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.integration.malformed.case import Cases, Linked, Refused, columns_swapped, with_cells
from tests.unit.records.tiny_files import CANARY, NUMBERS, TABLES, csv_text, texts_of, write_texts

from riskstrat.records import link


def _twice(folder: Path) -> None:
    text = texts_of("hes_apc")["hes_apc.csv"]
    write_texts(folder, "hes_apc", {"april.csv": text, "copy of april.csv": text})


_TWICE = Linked({"april.csv": (3, {}), "copy of april.csv": (0, {"duplicate": 3})})


def _later(changes: Mapping[str, Sequence[str]]) -> str:
    return csv_text(
        with_cells("hes_apc", "hes_apc.csv", {"SUBDATE": ["2020-04-20"] * 3, **changes})
    )


def _corrected(folder: Path) -> None:
    texts = {
        "march.csv": texts_of("hes_apc")["hes_apc.csv"],
        "april.csv": _later({"DISDATE": ["2020-01-08", "2020-01-09", "2020-01-09"]}),
    }
    write_texts(folder, "hes_apc", texts)


_CORRECTED = Linked({"march.csv": (3, {}), "april.csv": (3, {})})


def _another_month(folder: Path) -> dict[str, Any]:
    first, history = folder.parent / "march", folder.parent / "history"
    write_texts(first, "hes_apc", {"march.csv": texts_of("hes_apc")["hes_apc.csv"]})
    link(first, folder.parent / "records of march", history=history)
    first_row, *rest = TABLES["hes_apc"]["hes_apc"]
    april = csv_text([*rest, {**first_row, "EPIKEY": "14", "ADMIDATE": "2020-01-06"}])
    write_texts(folder, "hes_apc", {"april.csv": april})
    return {"history": history, "add": True}


_ANOTHER_MONTH = Linked({"march.csv": (1, {"duplicate": 2}), "april.csv": (3, {})})

HES_APC, APC = Cases("hes_apc"), "hes_apc.csv"
HES_APC.text(
    "UTF-16 without a byte order mark",
    APC,
    lambda t: t.encode("utf-16-le"),
    Refused("it holds NUL bytes"),
)
HES_APC.text("semicolons between the columns", APC, lambda t: t.replace(",", ";"), HES_APC.sound())
HES_APC.text(
    "another delimiter in the rows than in the header",
    APC,
    lambda t: t.split("\n")[0] + "\n" + t.partition("\n")[2].replace(",", "\t"),
    Refused("line 2: expected 19 columns, but this row has another number"),
)
HES_APC.cells(
    "mixed ways to write a date",
    APC,
    {
        "ADMIDATE": ["20200105", "05/01/2020", "5 January 2020"],
        "EPISTART": ["2020-01-05 10:30"] * 3,
    },
    HES_APC.sound(),
)
HES_APC.cells(
    "month before day, and a date that is none",
    APC,
    {"ADMIDATE": ["01/25/2020", "2020-02-30", "2020-01-05"]},
    HES_APC.lost(APC, UNPARSABLE_DATE=2),
)
HES_APC.cells(
    "days that stand for no date",
    APC,
    {"ADMIDATE": ["1800-01-01", "9999-12-31", "2020-01-05"]},
    HES_APC.lost(APC, END_WITHOUT_START=2),
)
HES_APC.cells("negative lengths", APC, {"EPIDUR": ["-4", "4", "-1"]}, HES_APC.lost(APC, NEGATIVE=2))
HES_APC.cells(
    "a discharge before the admission",
    APC,
    {"DISDATE": ["2020-01-04", "2020-01-09", "2020-01-05"]},
    HES_APC.lost(APC, END_BEFORE_START=1),
)
HES_APC.cells(
    "somebody who is born after the admission",
    APC,
    {"MYDOB": ["062050", "071960", "081970"]},
    HES_APC.lost(APC, IMPOSSIBLE_AGE=1),
)
HES_APC.text(
    "the columns of a date and of a code swapped",
    APC,
    columns_swapped("ADMIDATE", "ADMIMETH"),
    HES_APC.lost(APC, UNPARSABLE_DATE=3),
)
HES_APC.text(
    "the columns of admission and discharge swapped",
    APC,
    columns_swapped("ADMIDATE", "DISDATE"),
    HES_APC.lost(APC, END_BEFORE_START=3),
)
HES_APC.cells(
    "NHS numbers with spaces, with a wrong check digit, and of ten zeros",
    APC,
    {"NEWNHSNO": ["999 883 2829", "9990000019", "0000000000"]},
    HES_APC.lost(APC, NOT_LINKED=2),
)
HES_APC.cells(
    "one row twice, and one with the same key and other content",
    APC,
    {
        "EPIKEY": ["11", "11", "11"],
        "LOPATID": [CANARY] * 3,
        "NEWNHSNO": [NUMBERS[0]] * 3,
        "MYDOB": ["061950"] * 3,
        "ADMIMETH": ["11", "11", "21"],
    },
    HES_APC.lost(APC, DUPLICATE=1, CONFLICTING=1),
)
HES_APC.text(
    "no header line",
    APC,
    lambda t: t.partition("\n")[2],
    Refused("check that the file has a header line"),
)
HES_APC.add("the same file under two names", _twice, _TWICE)
HES_APC.add("a file with all rows of an earlier one and a corrected row", _corrected, _CORRECTED)
HES_APC.add("a month that repeats rows of the month before", _another_month, _ANOTHER_MONTH)

HES_OP, OP = Cases("hes_op"), "hes_op.csv"
HES_OP.cells(
    "a year of two digits, and the day's number of a spreadsheet",
    OP,
    {"APPTDATE": ["05/01/20", "43835", "05/01/2020"]},
    HES_OP.lost(OP, UNPARSABLE_DATE=2),
)
HES_OP.text(
    "a title above the header line",
    OP,
    lambda t: f"Extract for {CANARY}\n" + t,
    Refused("lacks the columns APPTDATE, ATTENDED"),
)
HES_OP.text(
    "a web page instead of the file",
    OP,
    lambda _: f"<!DOCTYPE html>\n<html><body>Please log in, {CANARY}</body></html>\n",
    Refused("lacks the columns APPTDATE, ATTENDED"),
)
HES_OP.text("blank lines between the rows", OP, lambda t: t.replace("\n", "\n\n"), HES_OP.sound())
HES_OP.text(
    "a blank line above the header",
    OP,
    lambda t: "\n" + t,
    Refused("expected the names of the columns in the first line, but it is blank"),
)

ECDS, EC = Cases("ecds"), "ecds.csv"
ECDS.text(
    "text after a closed quotation mark",
    EC,
    lambda t: t.replace(f"{CANARY} road", f'"{CANARY}" road', 1),
    Refused("this row has a quotation mark that is not closed, or text after a closed one"),
)
ECDS.cells(
    "names where dates and times should be",
    EC,
    {
        "ARRIVAL_DATE": [CANARY, "2020-01-05", "2020-01-05"],
        "ARRIVAL_TIME": ["11:27", "25:61", "noon"],
    },
    ECDS.lost(EC, UNPARSABLE_DATE=3),
)
ECDS.cells(
    "a departure before the arrival",
    EC,
    {"DEPARTURE_DATE": ["2020-01-04", "2020-01-05", "2020-01-06"]},
    ECDS.lost(EC, END_BEFORE_START=1),
)
ECDS.text(
    "the columns of NHS number and local identifier swapped",
    EC,
    columns_swapped("NHS_NUMBER", "LOCAL_PATIENT_IDENTIFIER"),
    ECDS.lost(EC, NOT_LINKED=3),
)
ECDS.cells(
    "diagnoses as floats",
    EC,
    {"DIAGNOSIS_CODE_1": ["7895008.0", "1.0663110000001e+15", "7895008"]},
    ECDS.lost(EC, CODE_AS_NUMBER=2),
)
