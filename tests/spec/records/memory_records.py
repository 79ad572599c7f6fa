"""Linked records in memory, for rules that are read from the tables alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.small_store import Rows, arrow_table

from riskstrat.engine import Engine
from riskstrat.records import LinkedRecords
from riskstrat.schema import TABLES


def memory_records(tables: Mapping[str, Rows], manifest: dict[str, Any] | None = None):
    """Canonical tables with the given rows; the other tables are empty."""
    engine = Engine(threads=1)
    for name in TABLES:
        engine.register(name, arrow_table(name, tables.get(name, ())))
    return LinkedRecords(Path("memory"), engine, manifest or {})
