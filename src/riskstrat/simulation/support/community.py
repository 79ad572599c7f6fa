"""Community health services: nursing, matrons, therapy, and teams that run programmes."""

from __future__ import annotations

from riskstrat.simulation.block import Block
from riskstrat.simulation.feeds.calendar import COMMUNITY
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.support.canonical import add_services
from riskstrat.simulation.support.contacts import contacts_of
from riskstrat.simulation.support.csds import tell_csds
from riskstrat.simulation.support.referrals import referrals_of
from riskstrat.simulation.support.spells import Spells

__all__ = ["tell_community"]


def tell_community(block: Block, spells: Spells, out: Outputs) -> None:
    """Tell what community services did."""
    referrals = referrals_of(block, COMMUNITY, spells.of_feed(COMMUNITY))
    accepted = ~referrals.rejected
    if out.feed:
        contacts = contacts_of(block, referrals.spells, accepted)
        tell_csds(block, referrals, contacts, out.feed)
    if out.ledger:
        own = referrals.spells.take(accepted)
        add_services(block, out.ledger, COMMUNITY, own, referrals.told_end[accepted])
