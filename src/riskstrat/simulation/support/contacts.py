"""Contacts with people during a spell of support."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.support.spells import Spells, service_number
from riskstrat.simulation.timeline import Days, Mask

__all__ = ["Contacts", "contacts_of"]

_DAYS_A_WEEK = 7


@dataclass(frozen=True)
class Contacts:
    """Contacts, ordered by spell and day.

    Parameters
    ----------
    spell : ndarray of int
        Position of the spell.
    row : ndarray of int
        Position of the person in the block.
    day : ndarray of day numbers
    number : ndarray of int
        Number of the contact in its spell, from 0.
    draws : Draws
    """

    spell: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    day: Days
    number: npt.NDArray[np.int64]
    draws: Draws

    def __len__(self) -> int:
        return len(self.row)


def contacts_of(block: Block, spells: Spells, accepted: Mask) -> Contacts:
    """Contacts of the accepted spells: evenly often, each at a random time of its part of one."""
    first = np.maximum(spells.start, block.people.entry[spells.row])
    last = np.minimum(spells.end, block.stop[spells.row])
    weekly = service_number("contacts_per_week", spells.service) * accepted
    count = np.ceil(np.maximum(last - first, 0) * weekly / _DAYS_A_WEEK).astype(np.int64)
    spell = np.repeat(np.arange(len(spells)), count)
    number = np.arange(len(spell)) - np.repeat(np.cumsum(count) - count, count)
    own = spells.take(spell)
    within = (number + own.draws(block, number).uniform("contact")) * _DAYS_A_WEEK / weekly[spell]
    day = first[spell] + np.floor(within).astype(np.int64)
    kept = np.flatnonzero(day < last[spell])
    own, number = own.take(kept), number[kept]
    return Contacts(spell[kept], own.row, day[kept], number, own.draws(block, number))
