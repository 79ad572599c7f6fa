"""Small canonical stores for tests: a few rows in, linked records out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from riskstrat.engine import Engine
from riskstrat.records import LinkedRecords, load_records
from riskstrat.schema import TABLES, SourceCount, write_store
from riskstrat.study import Study, parse_study

Rows = Sequence[Mapping[str, Any]]

ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
}

DEFAULTS: dict[str, dict[str, Any]] = {
    "patients": {"birth_month": date(1950, 1, 1), "sex": "female"},
    "registrations": {"practice_code": "P1", "start_date": date(2000, 1, 1)},
    "residences": {"start_date": date(2000, 1, 1)},
    "stays": {"kind": "inpatient", "is_emergency": True},
}

FIRST_DAY = date(2010, 1, 1)
LAST_DAY = date(2029, 12, 31)


def arrow_table(name: str, rows: Rows) -> pa.Table:
    """Rows of a canonical table with defaults filled in.

    A row that does not say when it became known was known the day after its end, or else the day
    after its beginning; a stay is named after its position.
    """
    declared = TABLES[name]
    schema = pa.schema([(c.name, ARROW_TYPES[c.type]) for c in declared.columns])
    return pa.Table.from_pylist(
        [_filled(name, number, row) for number, row in enumerate(rows)], schema=schema
    )


def _filled(name: str, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    full = {**DEFAULTS.get(name, {}), **row}
    if name == "stays":
        full.setdefault("stay_id", f"s{number:04d}")
        full.setdefault("end_date", full["start_date"])
    if name == "patients":
        full.setdefault("death_recorded_date", full.get("death_date"))
    elif "recorded_date" not in full:
        happened = full.get(TABLES[name].event_date)
        full["recorded_date"] = full.get("end_date") or happened
    return full


def small_records(
    folder: Path,
    tables: Mapping[str, Rows],
    *,
    data_from: date = FIRST_DAY,
    data_to: date = LAST_DAY,
) -> LinkedRecords:
    """Linked records of the given rows, written and read as a user would."""
    engine = Engine(threads=1)
    for name, rows in tables.items():
        engine.register(name, arrow_table(name, rows))
    source = SourceCount("test", "canonical", data_from.isoformat(), data_to.isoformat())
    write_store(engine, folder / "records", sources=(source,))
    return load_records(folder / "records")


def study_of(
    *,
    index: str = "dates = [2020-01-01, 2022-01-01]",
    outcome: str = "",
    eligibility: str = "",
    split: str = "develop_to = 2020-01-01\nevaluate_from = 2022-01-01",
) -> Study:
    """A study with a year's window and a year's look-back; TOML lines change it."""
    kind = "" if "kind" in outcome else 'kind = "emergency_admission"'
    return parse_study(
        f'name = "small"\n[index]\n{index}\n[eligibility]\n{eligibility}\n'
        f"[outcome]\n{kind}\n{outcome}\n"
        f"[features]\nwindows_days = [90]\nhistory_days = 365\n[split]\n{split}\n"
    )
