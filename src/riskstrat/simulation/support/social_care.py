"""Adult social care: support that the council arranges or pays."""

from __future__ import annotations

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import numbers
from riskstrat.simulation.feeds.calendar import COUNCIL
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.support.canonical import add_services
from riskstrat.simulation.support.cld import tell_cld
from riskstrat.simulation.support.events import cld_row, events_of, units_a_week
from riskstrat.simulation.support.spells import Spells
from riskstrat.simulation.timeline import Floats

__all__ = ["intensity", "tell_social_care"]


def tell_social_care(block: Block, spells: Spells, out: Outputs) -> None:
    """Tell what the council did. Support for carers is not support for the person."""
    own = spells.of_feed(COUNCIL)
    if out.feed:
        out.feed(tell_cld(block, events_of(block, own)))
    if out.ledger:
        begun = own.begun()
        told_end = COUNCIL.told(begun.end)
        add_services(block, out.ledger, COUNCIL, begun, told_end, intensity(block, begun))


def intensity(block: Block, spells: Spells) -> tuple[Floats, Floats]:
    """Minutes and pence a week: planned units times what a unit is and costs."""
    service, units = cld_row(spells.service), units_a_week(block, spells)
    minutes = units * numbers("cld_services", "minutes_per_unit")[service]
    pence = units * numbers("cld_services", "unit_pence")[service]
    return np.rint(minutes), np.rint(pence)
