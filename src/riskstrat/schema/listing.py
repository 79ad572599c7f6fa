"""The codes that a store holds, listed beside its tables.

Which features there are, and since when, depends on all codes of the records. Listing them reads
every event, so it is done once, when the store is written. The list names the content of the events
that it was made from: beside others it is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.engine import Engine, Step

__all__ = ["LISTED_CODES", "read_codes", "write_codes"]

_FILE, _MADE_FROM = "codes.parquet", b"content_hash"

LISTED_CODES = Step(
    "listed_codes",
    """
    select source, kind, system, code, min(greatest(event_date, recorded_date)) as first_known
    from events group by source, kind, system, code
    """,
)
"""Every code with the first day on which it could be known."""


def write_codes(folder: Path, events: Sequence[Path], content: str) -> None:
    """List the codes of a store.

    Parameters
    ----------
    folder : Path
        Of the store.
    events : sequence of Path
        Files of the table ``events``.
    content : str
        Their content hash.
    """
    engine = Engine()
    engine.register_parquet("events", *events)
    codes = engine.fetch(LISTED_CODES)
    order = [(name, "ascending") for name in codes.column_names]
    pq.write_table(
        codes.sort_by(order).replace_schema_metadata({_MADE_FROM: content}), folder / _FILE
    )


def read_codes(folder: Path, content: str) -> pa.Table | None:
    """Rows of :data:`LISTED_CODES` of a store; None where none were listed for these events."""
    try:
        codes = pq.read_table(folder / _FILE)
    except (OSError, pa.ArrowException):
        return None
    made_from = (codes.schema.metadata or {}).get(_MADE_FROM)
    return codes if made_from == content.encode() else None
