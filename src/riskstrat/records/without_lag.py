"""The same records as if the feeds of services had no lag: what a daily feed would be worth.

It serves one comparison, of what is reached with the lag there is and without it (binding
statistical rule 15), and nothing else: a model of it cannot be used where the feeds have their lag.
"""

from __future__ import annotations

from dataclasses import replace

from riskstrat.engine import Engine, Step
from riskstrat.errors import UsageError
from riskstrat.records.store import LinkedRecords
from riskstrat.schema import TABLES, files_of

__all__ = ["without_lag"]

_SENT = "sent_"
"""Before the names of the tables as they are in the store."""


def _known_at_once(name: str) -> Step:
    """Current rows, known on the day they began; what is only known at the end waits for it."""
    columns = (
        {"recorded_date": "start_date as recorded_date"}.get(column, column)
        for column in TABLES[name].column_names
    )
    sql = f"select {', '.join(columns)} from {_SENT}{name} where superseded_date is null"
    return Step(name, sql)


_STAY_ENDS = Step(
    "stay_ends",
    f"""
    select patient_id, stay_id, max(end_date) as end_date
    from {_SENT}stays where superseded_date is null and end_date is not null
    group by patient_id, stay_id
    """,
)

_EVENT_COLUMNS = ", ".join(
    "case when s.end_date is null then e.recorded_date"
    " else least(e.recorded_date, greatest(s.end_date, e.event_date)) end as recorded_date"
    if column == "recorded_date"
    else f"e.{column}"
    for column in TABLES["events"].column_names
)

EVENTS_AT_ONCE = (
    _STAY_ENDS,
    Step(
        "events",
        f"""
        select {_EVENT_COLUMNS}
        from {_SENT}events e
        left join stay_ends s on s.patient_id = e.patient_id and s.stay_id = e.stay_id
        """,
    ),
)
"""Codes of a stay, known when the stay ended; other events as they were recorded."""

AT_ONCE = ((_known_at_once("stays"),), (_known_at_once("services"),), EVENTS_AT_ONCE)


def without_lag(records: LinkedRecords) -> LinkedRecords:
    """Stays and services known on the day they began, codes of a stay on the day it ended.

    What happens on or after an index date stays unknown. What the practice recorded later with an
    earlier date stays as it was recorded: that is no lag of a feed, and often a consequence of the
    outcome. So do deaths, registrations and addresses.

    Parameters
    ----------
    records : LinkedRecords
        A store on disk.

    Returns
    -------
    LinkedRecords
        With an engine of its own; its content has no hash, so that nothing takes it for the store.

    Raises
    ------
    UsageError
        When the records are relations of a warehouse.
    """
    if not records.is_stored:
        raise UsageError(
            "expected records in a folder to be read as if they had no lag, but these are "
            "relations of a warehouse.",
            do="Write them to a folder first.",
        )
    engine = Engine()
    changed = {steps[-1].name: steps for steps in AT_ONCE}
    for name, table in TABLES.items():
        prefix = _SENT if name in changed else ""
        engine.register_parquet(f"{prefix}{name}", *files_of(records.path, table))
    for steps in changed.values():
        engine.define(*steps)
    unhashed = {
        name: {**table, "content_hash": None} for name, table in records.manifest["tables"].items()
    }
    return replace(records, engine=engine, manifest={**records.manifest, "tables": unhashed})
