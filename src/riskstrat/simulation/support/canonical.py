"""Spells of support as rows of the linked records."""

from __future__ import annotations

from typing import Any

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.columns import Choice
from riskstrat.simulation.feeds.calendar import Calendar
from riskstrat.simulation.ledger import Ledger, Recorded
from riskstrat.simulation.support.spells import Spells, service_number
from riskstrat.simulation.timeline import Days

__all__ = ["add_services"]


def add_services(  # noqa: PLR0913 - the spells, and what is known of them when
    block: Block,
    ledger: Ledger,
    calendar: Calendar,
    spells: Spells,
    told_end: Days,
    intensity: tuple[Any, Any] | None = None,
) -> None:
    """Add spells that began to the table ``services``, where they are support for the person.

    Parameters
    ----------
    told_end : ndarray of day numbers
        Day on which the end is first told.
    intensity : tuple of ndarray, optional
        Minutes and pence a week; by default those of ``tables/services.csv``.
    """
    names = column("services", "name")
    minutes, pence = intensity or (
        service_number("minutes_per_week", spells.service),
        service_number("weekly_cost_pence", spells.service),
    )
    own = np.array([bool(name) for name in names])[spells.service] & (
        spells.start <= block.period.last
    )
    kept = spells.take(own)
    ledger.add_spells(
        "services",
        kept.row,
        Recorded(
            calendar.told(np.maximum(kept.start, block.people.entry[kept.row])), told_end[own]
        ),
        service=Choice(names, kept.service),
        source=calendar.feed,
        start_date=kept.start,
        end_date=kept.end,
        minutes_per_week=np.asarray(minutes)[own].astype(np.int64),
        weekly_cost_pence=np.asarray(pence)[own].astype(np.int64),
    )
