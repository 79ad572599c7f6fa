"""Episodes and appointments for tests: only what matters is written, under the names of HES."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.unit.records.governed_feeds import linked_feed
from tests.unit.records.small_feeds import alias, rejected, rows_of

from riskstrat.records import LinkedRecords

ANNE, BILL = "9998698162", "9993604372"
PATIENT = alias(ANNE)

EPISODE = {
    "EPIKEY": "E1",
    "SUBDATE": "2024-04-20",
    "PROVSPNO": "S1",
    "PROCODET": "RX1",
    "NEWNHSNO": ANNE,
    "MYDOB": "061950",
    "STARTAGE": "73",
    "SEX": "2",
    "ETHNOS": "A",
    "ADMIDATE": "2024-03-01",
    "ADMIMETH": "21",
    "ADMISORC": "19",
    "CLASSPAT": "1",
    "EPISTART": "2024-03-01",
    "EPIEND": "2024-03-05",
    "EPIORDER": "1",
    "EPISTAT": "3",
    "EPITYPE": "1",
    "EPIDUR": "4",
    "TRETSPEF": "300",
    "DISDATE": "2024-03-05",
    "DISMETH": "1",
    "DISDEST": "19",
    "DIAG_4_01": "J189",
}
APPOINTMENT = {
    "ATTENDKEY": "A1",
    "SUBDATE": "2024-04-20",
    "PROCODET": "RX1",
    "NEWNHSNO": ANNE,
    "MYDOB": "061950",
    "APPTAGE": "73",
    "SEX": "2",
    "ETHNOS": "A",
    "APPTDATE": "2024-03-07",
    "ATTENDED": "5",
    "TRETSPEF": "320",
}
TOLD_MONTHLY = {"told": "monthly", "declared_lag_days": 20, "feed": "hospital"}

FIRST = {"EPIEND": "2024-03-02", "DISDATE": "", "DISMETH": "8", "DISDEST": "98"}
"""What makes :data:`EPISODE` the first of two, told with the stay."""
SECOND = {"EPIKEY": "E2", "EPISTART": "2024-03-02", "EPIORDER": "2", "TRETSPEF": "430"}
"""What makes :data:`EPISODE` the second of two."""


def linked_episodes(folder: Path, *rows: Mapping[str, Any], **governance: object) -> LinkedRecords:
    """Linked records of episodes, each :data:`EPISODE` but for what is written."""
    files = {"hes_apc": [{**EPISODE, **row} for row in rows]}
    return linked_feed(folder, "hes_apc", files, **{**TOLD_MONTHLY, **governance})


def linked_appointments(
    folder: Path, *rows: Mapping[str, Any], **governance: object
) -> LinkedRecords:
    """Linked records of appointments, each :data:`APPOINTMENT` but for what is written."""
    files = {"hes_op": [{**APPOINTMENT, **row} for row in rows]}
    return linked_feed(folder, "hes_op", files, **{**TOLD_MONTHLY, **governance})


def reasons(records: LinkedRecords) -> dict[str, int]:
    """Why rows of the one file were rejected, after checking that its rows add up."""
    ((file,),) = [source["files"] for source in records.manifest["sources"]]
    return rejected(records, file["name"])


def of_each_episode(
    folder: Path, cases: Sequence[Mapping[str, Any]], columns: str, table: str = "stays"
) -> list[list[tuple[Any, ...]]]:
    """What stands on each of several episodes, linked together: each has a spell of its own."""
    rows = [
        {"EPIKEY": f"E{n}", "PROVSPNO": f"S{n}", "PROCODET": f"P{n:02d}", **case}
        for n, case in enumerate(cases)
    ]
    records = linked_episodes(folder, *rows)
    assert reasons(records) == {}
    found: list[list[tuple[Any, ...]]] = [[] for _ in cases]
    joined = "stays" if table == "stays" else f"{table} join stays using (patient_id, stay_id)"
    for provider, *row in rows_of(records, joined, f"provider, {columns}", "provider"):
        found[int(provider[1:])].append(tuple(row))
    return found
