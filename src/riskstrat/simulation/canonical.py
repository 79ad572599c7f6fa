"""The store of linked records, written straight from the simulated people: no mess, no linkage."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskstrat.engine import Engine
from riskstrat.schema import SourceCount, write_store
from riskstrat.simulation.feeds.calendar import (
    COMMUNITY,
    COUNCIL,
    GP,
    HOSPITAL,
    HOUSING,
    MENTAL_HEALTH,
    VOLUNTARY,
)
from riskstrat.simulation.ledger import Ledger, register_parts
from riskstrat.simulation.people.identity import PUBLISHED_TEST_KEY
from riskstrat.simulation.timeline import Mask, Period, dates

__all__ = ["PARTS", "leave_out", "write_records"]

PARTS = "tables"
"""Name of the folder of parts in the scratch folder of the records."""

_SORTING_MEMORY = "1GB"
"""DuckDB sorts in so much memory; what does not fit goes to a temporary folder."""
_KEY_ID_LENGTH = 8
_FEEDS = (HOSPITAL, GP, COMMUNITY, MENTAL_HEALTH, COUNCIL, HOUSING, VOLUNTARY)


def leave_out(ledger: Ledger, objects: Mask) -> None:
    """Take every row of people who object out of a ledger.

    Parameters
    ----------
    ledger : Ledger
    objects : ndarray of bool
        Who objects, by position in the block.
    """
    if not objects.any():
        return
    stays = pa.array(~objects)
    for table, parts in ledger.parts.items():
        kept = []
        for part in parts:
            row = part["patient_id"].combine_chunks().indices
            kept.append(part.filter(pc.take(stays, row)))
        ledger.parts[table] = kept


def write_records(
    scratch: Path, out: Path, period: Period, people_excluded: dict[str, int]
) -> dict[str, Any]:
    """Write a store from the parts that ledgers have written.

    Parameters
    ----------
    scratch : Path
        Holds the folder of parts; DuckDB puts there what does not fit into memory.
    out : Path
    period : Period
    people_excluded : dict of str to int
        People without any row, by reason.

    Returns
    -------
    dict
        The store's manifest.
    """
    engine = Engine(memory_limit=_SORTING_MEMORY)
    engine.connection.execute("set temp_directory = $1", [str(scratch / "spill")])
    register_parts(engine, scratch / PARTS)
    manifest = {
        "synthetic": True,
        "key_id": sha256(PUBLISHED_TEST_KEY).hexdigest()[:_KEY_ID_LENGTH],
        "people_excluded": people_excluded,
    }
    written = write_store(engine, out, sources=_sources(period), manifest=manifest)
    engine.connection.close()
    return written


def _iso(day: int) -> str:
    text: str = dates(np.array([day]))[0].as_py().isoformat()
    return text


def _sources(period: Period) -> tuple[SourceCount, ...]:
    """One count per feed; some reach further back than the period."""
    return tuple(
        SourceCount(
            name=feed.feed,
            dialect="simulated",
            data_from=_iso(period.first - feed.history_days),
            data_to=_iso(period.last),
        )
        for feed in _FEEDS
    )
