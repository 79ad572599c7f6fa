"""Every service tells of everybody: into feed files, linked records, and the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from riskstrat.simulation import hospital, practice, register, support
from riskstrat.simulation.block import Block
from riskstrat.simulation.blocks import made_ahead
from riskstrat.simulation.canonical import leave_out
from riskstrat.simulation.feeds.files import FeedFiles, FeedRows
from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.people.identity import pseudonyms
from riskstrat.simulation.timeline import Days
from riskstrat.simulation.truth.tables import TruthTables

__all__ = ["Sinks", "Told", "tell_everybody"]

_SERVICES = (register, hospital, practice, support)
"""Each tells of a block what it did."""


@dataclass(frozen=True)
class Sinks:
    """Where rows go; what is not wanted is None.

    Parameters
    ----------
    feeds : FeedFiles or None
    truth : TruthTables or None
    parts : Path or None
        Folder for the parts of the linked records.
    """

    feeds: FeedFiles | None
    truth: TruthTables | None
    parts: Path | None

    def close(self) -> None:
        """Write what waits, and close every file."""
        for sink in (self.feeds, self.truth):
            if sink is not None:
                sink.close()


@dataclass(frozen=True)
class Told:
    """What was told of a block and is yet to be written.

    Parameters
    ----------
    people : int
    excluded : dict of str to int
        People whom the linked records leave out, by reason.
    feed : list of FeedRows
    truth : dict of str to Table
    """

    people: int
    excluded: dict[str, int]
    feed: list[FeedRows] = field(default_factory=list)
    truth: dict[str, pa.Table] = field(default_factory=dict)


def tell_everybody(
    people: Iterable[Days],
    make: Callable[[Days], Block],
    true_tables: Callable[[Block], dict[str, pa.Table]],
    sinks: Sinks,
    workers: int,
) -> Iterator[Told]:
    """Let every service tell of everybody; yields each block when it was written.

    Threads make some blocks ahead. Blocks are written one at a time, in the order of their people.

    Parameters
    ----------
    people : iterable of ndarray of int
        Numbers of the people of each block.
    make, true_tables : callable
        Make a block, and what is true of it.
    sinks : Sinks
    workers : int
    """
    tell = partial(_tell, make, true_tables, sinks)
    for told in made_ahead(tell, enumerate(people), workers):
        for rows in told.feed:
            if sinks.feeds is not None:
                sinks.feeds.add(rows)
        for name, table in told.truth.items():
            if sinks.truth is not None:
                sinks.truth.add(name, table)
        yield told


def _tell(
    make: Callable[[Days], Block],
    true_tables: Callable[[Block], dict[str, pa.Table]],
    sinks: Sinks,
    item: tuple[int, Days],
) -> Told:
    part, number = item
    block = make(number)
    feed: list[FeedRows] = []
    names = pseudonyms(block.people.nhs_number, number)
    ledger = None if sinks.parts is None else Ledger(names)
    outputs = Outputs(feed.append if sinks.feeds is not None else None, ledger)
    for service in _SERVICES:
        service.tell(block, outputs)
    excluded: dict[str, int] = {}
    if ledger is not None and sinks.parts is not None:
        reasons = register.left_out_of_records(block)
        leave_out(ledger, np.any(list(reasons.values()), axis=0))
        ledger.write(sinks.parts, part)
        excluded = {reason: int(people.sum()) for reason, people in reasons.items()}
    truth = {} if sinks.truth is None else true_tables(block)
    return Told(len(number), excluded, [_ready(rows) for rows in feed], truth)


def _ready(rows: FeedRows) -> FeedRows:
    """The same rows with columns that need no more work when they are written."""
    table = rows.table()
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    return replace(rows, columns=columns)
