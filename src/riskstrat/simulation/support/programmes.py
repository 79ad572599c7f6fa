"""People who take part in programmes, as the community service that runs them sees it."""

from __future__ import annotations

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.support.spells import Spells, ended, one_at_a_time, service_index

__all__ = ["programme_spells"]


def programme_spells(block: Block) -> Spells:
    """A referral to the programme's team for each enrolment, from its first to its last day.

    Of two enrolments in programmes of one kind that overlap, the first makes a referral.
    """
    own = block.enrolments.among(block.people.number)
    kinds = np.array([service_index(programme.service) for programme in block.programmes], np.int64)
    row = np.searchsorted(block.people.number, own.person)
    end = ended(block, own.stop, block.stop[row])
    spells = Spells(kinds[own.programme], row, own.start, own.start, end)
    seen = (own.start >= block.people.entry[row]) & (own.start < block.stop[row])
    parts = [
        part.take(one_at_a_time(part.row, part.start, part.end))
        for part in (
            Spells.of_all([spells.take(seen & (spells.service == kind))])
            for kind in np.unique(kinds)
        )
    ]
    return Spells.of_all([spells.take(np.zeros(len(spells), bool)), *parts])
