"""Mental-health services: community teams, crisis, memory clinic, and stays on their wards."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.feeds.calendar import MENTAL_HEALTH
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.support.canonical import add_services
from riskstrat.simulation.support.contacts import contacts_of
from riskstrat.simulation.support.mhsds import WardStays, tell_mhsds
from riskstrat.simulation.support.referrals import Referrals, referrals_of
from riskstrat.simulation.support.spells import Spells, ended, service_index

__all__ = ["tell_mental_health", "ward_stays"]

_WARD = {"mental_health_crisis": 0.14, "mental_health_team": 0.03}
"""Share of spells that lead to a stay on a mental-health ward: about 0.2 % of adults a year."""
_USUAL_WARD = 0.01
_WARD_WITH_PSYCHOSIS = 3.0
_DAYS_TO_WARD = (1, 30)
_WARD_DAYS, _WARD_SIGMA = 22, 0.9
"""Median length of a stay (adult acute wards, about three to four weeks), and the spread of its
logarithm."""


def tell_mental_health(block: Block, spells: Spells, out: Outputs) -> None:
    """Tell what mental-health services did.

    Stays on mental-health wards stand in the feed only: they are no emergency admissions, which
    come from the hospital's feed.
    """
    referrals = referrals_of(block, MENTAL_HEALTH, spells.of_feed(MENTAL_HEALTH))
    accepted = ~referrals.rejected
    if out.feed:
        contacts = contacts_of(block, referrals.spells, accepted)
        tell_mhsds(block, referrals, contacts, ward_stays(block, referrals), out.feed)
    if out.ledger:
        own = referrals.spells.take(accepted)
        add_services(block, out.ledger, MENTAL_HEALTH, own, referrals.told_end[accepted])


def ward_stays(block: Block, referrals: Referrals) -> WardStays:
    """At most one stay in each spell, within it."""
    spells = referrals.spells
    draws = spells.draws(block)
    psychosis = block.had("psychosis_bipolar", spells.row, spells.asked)
    share = _ward_share(spells.service) * np.where(psychosis, _WARD_WITH_PSYCHOSIS, 1.0)
    start = spells.start + draws.integers("ward after", *_DAYS_TO_WARD)
    until = np.minimum(spells.end, block.stop[spells.row])
    stays = draws.chance("ward", share) & ~referrals.rejected & (start < until)
    stays &= start >= block.period.first
    length = _WARD_DAYS * np.exp(_WARD_SIGMA * draws.normal("ward days"))
    end = ended(block, start + 1 + np.floor(length).astype(np.int64), until)
    return WardStays(np.flatnonzero(stays), start[stays], end[stays])


def _ward_share(service: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    share = np.full(len(service), _USUAL_WARD)
    for name, own in _WARD.items():
        share[service == service_index(name)] = own
    return share
