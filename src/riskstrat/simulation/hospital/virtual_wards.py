"""Hospital at home: who goes on to a virtual ward when discharged, and for how long."""

from __future__ import annotations

from datetime import date

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.hospital.spells import DISCHARGES, PLACES, Spells
from riskstrat.simulation.timeline import Days, Mask, ages
from riskstrat.windows import days_between

__all__ = ["VIRTUAL_WARDS_FROM", "to_virtual_ward", "virtual_ward_ends"]

VIRTUAL_WARDS_FROM = days_between(date(1970, 1, 1), date(2022, 1, 1))
"""First day on which there were virtual wards, and of the item that tells of them."""
_SHARE = 0.03
"""Share of discharges from a ward, of people of the age, that go on at home."""
_FROM_AGE = 65
_DAYS = (3, 15)
"""Three to fourteen days, as virtual wards are planned for (NHS England, virtual wards
operational framework)."""
_WARDS = ("51", "52", "53", "79")


def to_virtual_ward(block: Block, spells: Spells) -> Mask:
    """Spells of inpatients who went on to a virtual ward when they were discharged."""
    old = ages(block.people.birth[spells.row], spells.end) >= _FROM_AGE
    home = ~np.isin(spells.destination, [PLACES.index(code) for code in _WARDS])
    agreed = spells.discharge == DISCHARGES.index("1")
    ward = spells.is_kind("emergency", "transfer", "inpatient") & spells.finished(block)
    chosen = spells.draws(block, "virtual ward").chance("chosen", _SHARE)
    found: Mask = chosen & ward & old & home & agreed & (spells.end >= VIRTUAL_WARDS_FROM)
    return found


def virtual_ward_ends(block: Block, spells: Spells) -> Days:
    """Last day on a virtual ward of those who go there, at most until they die or move away."""
    days = spells.draws(block, "virtual ward").integers("days", *_DAYS)
    gone = np.minimum(block.lives.death, block.people.leave)[spells.row]
    end: Days = np.minimum(spells.end + days, gone)
    return end
