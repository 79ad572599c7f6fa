"""Claims and people as tables, from rows in which only what matters is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

FACTS = {
    "birth_date": pa.date32(),
    "birth_month": pa.date32(),
    "sex": pa.string(),
    "postcode": pa.string(),
    "lsoa": pa.string(),
    "practice_code": pa.string(),
}

Rows = Iterable[Mapping[str, Any]]


def _table(identifier: str, rows: Rows) -> pa.Table:
    schema = pa.schema([(identifier, pa.string()), *FACTS.items()])
    whole = [dict.fromkeys(schema.names) | with_month(row) for row in rows]
    return pa.Table.from_pylist(whole, schema=schema)


def with_month(row: Mapping[str, Any]) -> dict[str, Any]:
    """The month of a known day of birth is known too."""
    day: date | None = row.get("birth_date")
    return {"birth_month": day.replace(day=1) if day else None} | dict(row)


def claims_of(*rows: Mapping[str, Any]) -> pa.Table:
    return _table("claim", rows)


def people_of(*rows: Mapping[str, Any]) -> pa.Table:
    return _table("person", rows)
