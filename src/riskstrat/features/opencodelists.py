"""Read a codelist as downloaded from opencodelists.org, whatever its columns are called."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from riskstrat.codes import normalise_code
from riskstrat.records.checks.formats import IS_WELL_FORMED

__all__ = ["CODE_COLUMNS", "read_codelist"]

CODE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "snomed": ("snomedctcode", "snomedcode", "snomedctid", "snomedid", "snomedctconceptid"),
    "dmd": ("dmdid", "dmdcode", "vpid", "apid", "vppid", "appid"),
    "bnf": ("bnfcode",),
    "icd10": ("icd10code", "icd10", "icdcode", "icd"),
    "icd9": ("icd9code", "icd9", "icdcode", "icd"),
    "opcs4": ("opcs4code", "opcscode", "opcs4", "opcs"),
    "ctv3": ("ctv3id", "ctv3code", "ctv3", "readcode"),
    "read2": ("read2code", "readv2code", "readcode", "read2", "read"),
    "loinc": ("loinccode", "loincnum", "loinc"),
    "local": ("localcode",),
}
"""Names of the column of codes of each system, without signs and in lower case; before the names
that any system uses."""

_ANY_SYSTEM = ("code", "id", "conceptid", "codes")

_SPREADSHEET = re.compile(r"[0-9]+(\.[0-9]+)?E\+[0-9]+", re.IGNORECASE)
"""How a spreadsheet writes a number that is too long for it: the last digits are lost."""
_DECIMAL = re.compile(r"[0-9]+\.0+")
_IDENTIFIERS = frozenset({"snomed", "dmd"})

_READ_WITH_TERM = re.compile(r"(.{5})[0-9A-Z]{2}", re.IGNORECASE)
"""A Read code of five characters with the two that tell its term (NHS Read codes version 2)."""


def read_codelist(file: Path, system: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The codes of a file in their normal written form, each once, and what is wrong with it.

    Parameters
    ----------
    file : Path
        A CSV in UTF-8 with a header.
    system : str
        Coding system of its codes.

    Returns
    -------
    tuple of str
        Sorted codes; empty when something is wrong.
    tuple of str
        Mistakes in words, with counts and without any value of the file.
    """
    try:
        rows = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline="")))
    except UnicodeDecodeError:
        return (), ("is not in UTF-8; save it as CSV UTF-8",)
    except OSError as error:
        return (), (f"cannot be read ({type(error).__name__})",)
    except csv.Error:
        return (), ("is not a CSV file",)
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        return (), ("is empty",)
    column = _code_column(rows[0], system)
    if column is None:
        expected = ", ".join((*_ANY_SYSTEM[:2], *CODE_COLUMNS.get(system, ())))
        return (), (f"has no column of codes among its {len(rows[0])}; expected one of {expected}",)
    return _codes([_cell(row, column) for row in rows[1:]], system)


def _code_column(header: Sequence[str], system: str) -> int | None:
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    names = (*CODE_COLUMNS.get(system, ()), *_ANY_SYSTEM)
    return next((plain.index(name) for name in names if name in plain), None)


def _cell(row: Sequence[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _codes(cells: Sequence[str], system: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    codes = sorted({_normal(cell, system) for cell in cells if cell})
    as_numbers = sum(_is_number(code, system) for code in codes)
    is_sound = IS_WELL_FORMED.get(system, bool)
    malformed = sum(not is_sound(code) and not _is_number(code, system) for code in codes)
    found = (
        (not codes, "has no codes below its header"),
        (bool(codes) and "" in cells, f"has {cells.count('')} rows without a code"),
        (
            as_numbers,
            f"has {as_numbers} codes that a spreadsheet turned into numbers, such as 1.23E+17; "
            "download it again and do not save it from a spreadsheet",
        ),
        (malformed, f"has {malformed} codes that cannot be {_TOLD.get(system, system)}"),
    )
    mistakes = tuple(message for is_wrong, message in found if is_wrong)
    return () if mistakes else tuple(codes), mistakes


_TOLD = {
    "snomed": "SNOMED CT concepts (digits with a check digit)",
    "dmd": "dm+d identifiers (digits with a check digit)",
    "icd10": "ICD-10 codes, such as I50 or E11.9",
    "icd9": "ICD-9 codes, such as 428 or V10",
    "opcs4": "OPCS-4 codes, such as K40 or K40.1",
    "bnf": "BNF codes, such as 0212000",
    "ctv3": "CTV3 codes (five characters, with their dots)",
    "read2": "Read codes (five characters, with their dots)",
    "loinc": "LOINC codes, such as 4548-4",
}


def _normal(cell: str, system: str) -> str:
    if system == "read2" and (with_term := _READ_WITH_TERM.fullmatch(cell)):
        return with_term[1]
    return normalise_code(cell, system)


def _is_number(code: str, system: str) -> bool:
    if _SPREADSHEET.fullmatch(code):
        return True
    return system in _IDENTIFIERS and _DECIMAL.fullmatch(code) is not None
