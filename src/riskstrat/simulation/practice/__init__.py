"""The general practice's clinical record: entries, appointments and orders of medicines."""

from __future__ import annotations

from riskstrat.simulation.block import Block
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.practice.appointments import appointments
from riskstrat.simulation.practice.canonical import add_appointments, add_entries, add_orders
from riskstrat.simulation.practice.care import care
from riskstrat.simulation.practice.diagnoses import problems
from riskstrat.simulation.practice.entries import Entries
from riskstrat.simulation.practice.feed import appointment_rows, observation_rows, order_rows
from riskstrat.simulation.practice.lifestyle import lifestyle
from riskstrat.simulation.practice.measurements import measurements
from riskstrat.simulation.practice.medicines import courses, repeats
from riskstrat.simulation.practice.orders import Orders

__all__ = ["entries_of", "tell"]


def tell(block: Block, out: Outputs) -> None:
    """Tell of everything that practices recorded of the people of a block."""
    entries, booked = entries_of(block), appointments(block)
    orders = Orders.joined([repeats(block), courses(block)])
    if out.feed is not None:
        out.feed(observation_rows(block, entries))
        out.feed(appointment_rows(block, booked))
        out.feed(order_rows(block, orders))
    if out.ledger is not None:
        add_entries(out.ledger, block, entries)
        add_appointments(out.ledger, booked)
        add_orders(out.ledger, orders)


def entries_of(block: Block) -> Entries:
    """Every coded entry of the practice record."""
    domains = (problems, lifestyle, measurements, care)
    return Entries.joined(part for domain in domains for part in domain(block))
