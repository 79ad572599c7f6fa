"""Small raw feeds for tests: a few rows in, files as an owner of records would send them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.records import LinkedRecords, link, load_records
from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY, pseudonym
from riskstrat.records.sources import omop

Rows = Sequence[Mapping[str, Any]]

OMOP_DEFAULTS: dict[str, dict[str, Any]] = {
    "person": {
        "person_id": 1,
        "gender_concept_id": 8532,
        "year_of_birth": 1950,
        "month_of_birth": 6,
    },
    "observation_period": {
        "person_id": 1,
        "observation_period_start_date": "2010-01-01",
        "observation_period_end_date": "2019-12-31",
    },
    "visit_occurrence": {
        "visit_occurrence_id": 1,
        "person_id": 1,
        "visit_concept_id": 9202,
        "visit_start_date": "2015-03-01",
        "visit_end_date": "2015-03-01",
    },
}

ALWAYS_THERE = ("person", "observation_period", "visit_occurrence")


def alias(identifier: object) -> str:
    """The pseudonym a source identifier gets from the published test key."""
    return pseudonym(str(identifier), PUBLISHED_TEST_KEY)


def write_governance(folder: Path, dialect: str, **changes: object) -> Path:
    """A governance file for people who do not exist, with one entry for every file of a folder."""
    entry = {
        "dialect": dialect,
        "feed": dialect,
        "files": ["*", "*/*"],
        "controller": "Example practice",
        "legal_basis": ["synthetic data"],
        "purposes": ["case_finding", "commissioning", "research"],
        "retention_months": 12,
        "sensitive_codes": "withheld",
        "told": "daily",
        "declared_lag_days": 0,
        "opt_outs": {"case_finding": [], "commissioning": [], "research": []},
        **changes,
    }
    days = {"data_from": "1900-01-01", "data_to": "2199-12-31"}
    opt_outs = entry.pop("opt_outs")
    lines = [
        "schema_version = 1",
        "synthetic = true",
        f"purposes = {json.dumps(entry['purposes'])}",
        '[sensitive_codes]\nlist = "sensitive_codes"\nversion = "1"\naction = "withhold_row"',
        f"[sources.{dialect}]",
        *(f"{name} = {json.dumps(value)}" for name, value in entry.items() if name not in days),
        *(f"{name} = {entry.get(name, day)}" for name, day in days.items()),
        f"[sources.{dialect}.opt_outs]",
        *(f"{purpose} = {json.dumps(kinds)}" for purpose, kinds in opt_outs.items()),
    ]
    path = folder / "governance.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def omop_feed(folder: Path, /, **tables: Rows) -> Path:
    """An OMOP extract as CSV; a table that is not given has one plain row, or only its header."""
    folder.mkdir(parents=True, exist_ok=True)
    write_governance(folder, "omop")
    for table in omop.TABLES:
        rows = tables.get(table.name)
        if rows is None:
            if not table.must_exist:
                continue
            rows = [{}] if table.name in ALWAYS_THERE else []
        filled = [{**OMOP_DEFAULTS.get(table.name, {}), **row} for row in rows]
        required = [column.name for column in table.columns if column.required]
        columns = list(dict.fromkeys([*required, *(name for row in filled for name in row)]))
        write_csv(folder / f"{table.name.upper()}.csv", columns, filled)
    return folder


def write_csv(path: Path, columns: Sequence[str], rows: Rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)


def linked_omop(folder: Path, /, **tables: Rows) -> LinkedRecords:
    """The linked records of a small OMOP extract."""
    link(omop_feed(folder / "feed", **tables), folder / "records")
    return load_records(folder / "records")


MEDS_SCHEMA = pa.schema(
    [
        ("subject_id", pa.int64()),
        ("time", pa.timestamp("us")),
        ("code", pa.string()),
        ("numeric_value", pa.float32()),
    ]
)

Event = tuple[int, str | None, str] | tuple[int, str | None, str, float]


def meds_feed(path: Path, events: Sequence[Event]) -> Path:
    """An event stream as one Parquet file: subject, moment (ISO or null), code, value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not (path.parent / "governance.toml").exists():
        write_governance(path.parent, "meds")
    rows = [
        {
            "subject_id": event[0],
            "time": None if event[1] is None else datetime.fromisoformat(event[1]),
            "code": event[2],
            "numeric_value": event[3] if len(event) > 3 else None,
        }
        for event in events
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=MEDS_SCHEMA), path)
    return path


def linked_meds(folder: Path, events: Sequence[Event]) -> LinkedRecords:
    """The linked records of a small event stream."""
    link(meds_feed(folder / "feed" / "events.parquet", events), folder / "records")
    return load_records(folder / "records")


def rows_of(records: LinkedRecords, table: str, columns: str, order: str) -> list[tuple[Any, ...]]:
    """Some columns of a table as tuples, ordered."""
    query = f"select {columns} from {table} order by {order}"
    return records.engine.connection.execute(query).fetchall()


def rejected(records: LinkedRecords, file: str) -> dict[str, int]:
    """What the manifest says was rejected of a file, after checking that its rows add up."""
    (found,) = (
        entry
        for source in records.manifest["sources"]
        for entry in source["files"]
        if entry["name"] == file
    )
    assert found["rows_in"] == found["rows_kept"] + sum(found["rejected"].values())
    return dict(found["rejected"])
