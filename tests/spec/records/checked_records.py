"""Records large enough for the checks of volumes, practices and rates, in a few lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from tests.small_store import Rows, small_records

from riskstrat.records.checks import CHECKS, Finding
from riskstrat.records.checks.evidence import evidence_of

Row = dict[str, Any]

FIRST, LAST = date(2020, 1, 1), date(2021, 12, 31)
MONTHS = tuple(date(year, month, 1) for year in (2020, 2021) for month in range(1, 13))
"""The two years that the records of these tests cover."""


def people(count: int, practice: str = "P1") -> list[str]:
    return [f"{practice}-{number:04d}" for number in range(count)]


def patients(ids: Iterable[str], **given: Any) -> list[Row]:
    return [{"patient_id": person, **given} for person in ids]


def registrations(ids: Iterable[str], **given: Any) -> list[Row]:
    """Everybody registered with the practice that the identifier begins with."""
    return [
        {"patient_id": person, "practice_code": person.split("-")[0], **given} for person in ids
    ]


def monthly(
    ids: Iterable[str],
    code_of: Callable[[int], str | None] = lambda _: "22298006",
    **given: Any,
) -> list[Row]:
    """An event a month for everybody; no event where there is no code for the month's number."""
    told = {"kind": "observation", "source": "gp", "system": "snomed", **given}
    return [
        {"patient_id": person, "event_date": month, "code": code, **told}
        for person in ids
        for number, month in enumerate(MONTHS)
        if (code := code_of(number)) is not None
    ]


def found(code: str, folder: Path, **tables: Rows) -> list[Finding]:
    """What the check of a code finds in records of 2020 and 2021."""
    records = small_records(folder, tables, data_from=FIRST, data_to=LAST)
    (check,) = (check for check in CHECKS if check.code == code)
    with evidence_of(records) as evidence:
        return list(check.findings(evidence))
