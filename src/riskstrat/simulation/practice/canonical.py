"""The practice record as canonical events: the right person, nothing missing, nothing twice."""

from __future__ import annotations

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.columns import Choice
from riskstrat.simulation.feeds.calendar import GP
from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.practice.appointments import Appointments
from riskstrat.simulation.practice.entries import KIND_NAMES, Entries, concept_column
from riskstrat.simulation.practice.orders import Orders, product_column
from riskstrat.simulation.timeline import Days

__all__ = ["add_appointments", "add_entries", "add_orders", "recorded"]

_ATTENDANCES = ("attended", "did_not_attend", "cancelled")
"""In the order of the statuses of appointments."""


def recorded(block: Block, entries: Entries) -> Days:
    """Day on which entries become known: older ones when the person registers."""
    return GP.told(np.maximum(entries.day, block.people.registered[entries.row]))


def add_entries(ledger: Ledger, block: Block, entries: Entries) -> None:
    """Add diagnoses, observations and measurements."""
    concept = entries.concept
    units = concept_column(None, "unit")
    unit = np.where(np.isnan(entries.value), -1, concept)
    ledger.add(
        "events",
        entries.row,
        kind=Choice(KIND_NAMES, entries.kind),
        event_date=entries.day,
        source=GP.feed,
        system="snomed",
        code=Choice(concept_column("snomed", "snomed"), concept),
        value=entries.value,
        unit=Choice(units, unit),
        text=Choice(concept_column("term", "term"), concept),
        recorded_date=recorded(block, entries),
    )


def add_appointments(ledger: Ledger, booked: Appointments) -> None:
    """Add appointments: those at the practice, and contacts in other ways."""
    kinds = ("appointment", "contact")
    kind_of_mode = np.array([kinds.index(kind) for kind in column("contact_modes", "kind")])
    ledger.add(
        "events",
        booked.row,
        kind=Choice(kinds, kind_of_mode[booked.mode]),
        event_date=booked.day,
        event_time=booked.minute,
        source=GP.feed,
        system="snomed",
        code=Choice(column("contact_modes", "snomed"), booked.mode),
        text=Choice(column("contact_modes", "term"), booked.mode),
        attendance=Choice(_ATTENDANCES, booked.status),
        recorded_date=GP.told(booked.day),
    )


def add_orders(ledger: Ledger, orders: Orders) -> None:
    """Add issues of medicines."""
    ledger.add(
        "events",
        orders.row,
        kind="medication",
        event_date=orders.day,
        source=GP.feed,
        system="bnf",
        code=Choice(product_column("bnf"), orders.product),
        text=Choice(product_column("text"), orders.product),
        recorded_date=GP.told(orders.day),
    )
