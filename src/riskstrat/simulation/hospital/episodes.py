"""Consultant episodes: the parts of a spell that the national feed tells of, one row each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.hospital.spells import Spells
from riskstrat.simulation.timeline import Days, Floats, Mask, ages

__all__ = ["TREATMENTS", "Episodes", "episodes_of", "main_specialties", "treatments_of"]

TREATMENTS = tuple(
    sorted(
        {
            *column("admission_causes", "specialty"),
            *column("elective_causes", "specialty"),
            *("300", "326", "420", "430"),
        }
    )
)
"""Treatment functions of inpatients (NHS Data Dictionary)."""
_NO_MAIN_SPECIALTY = {
    **{"103": "100", "104": "100", "108": "110", "191": "190", "307": "302", "328": "300"},
    **{"650": "960", "840": "960"},
}
"""Main specialty of those who work in treatment functions that are no main specialty: surgeons,
physicians, allied health professionals."""


def main_specialties(treatments: Iterable[str]) -> tuple[str, ...]:
    """The main specialty that goes with each treatment function."""
    return tuple(_NO_MAIN_SPECIALTY.get(code, code) for code in treatments)


_GENERAL, _ACUTE, _CHILDREN, _OLD = (
    TREATMENTS.index(code) for code in ("300", "326", "420", "430")
)
_CHILD_AGE = 16
_OLD_AGE = 80
"""From this age general medicine is elderly medicine."""
_ORTHOPAEDICS = TREATMENTS.index("110")

_MORE = (0.45, 0.40, 0.35)
"""Share of emergency stays with a second, of these a third, and of these a fourth episode, where
the stay is long enough (about 1.2 episodes a spell, hospital episode statistics)."""
_MORE_PLANNED = 0.06
_NIGHTS_AN_EPISODE = 2
"""At least so many nights for each episode but the first."""


@dataclass(frozen=True)
class Episodes:
    """Consultant episodes, ordered by spell and time.

    Parameters
    ----------
    spell : ndarray of int
        Position of the spell.
    order : ndarray of int
        1 = the first episode of the spell.
    last : ndarray of bool
        The last episode of its spell.
    start, end : ndarray of day numbers
    treatment : ndarray of int
        Position in :data:`TREATMENTS`.
    """

    spell: npt.NDArray[np.int64]
    order: Days
    last: Mask
    start: Days
    end: Days
    treatment: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.spell)


def treatments_of(block: Block, spells: Spells) -> npt.NDArray[np.int64]:
    """The treatment function that discharged each spell: position in :data:`TREATMENTS`."""
    planned = ~spells.is_kind("emergency", "transfer")
    found = np.where(
        planned,
        _table_treatments("elective_causes")[np.where(planned, spells.cause, 0)],
        _table_treatments("admission_causes")[np.where(planned, 0, spells.cause)],
    )
    age = ages(block.people.birth[spells.row], spells.start)
    child = (age < _CHILD_AGE) & (found != _ORTHOPAEDICS)
    old = (age >= _OLD_AGE) & (found == _GENERAL)
    return np.select([child, old], [_CHILDREN, _OLD], found)


def episodes_of(block: Block, spells: Spells) -> Episodes:
    """Split spells into episodes; of an unfinished spell those that have begun."""
    count = _counts(block, spells)
    spell = np.repeat(np.arange(len(spells)), count)
    order = 1 + np.arange(len(spell)) - np.repeat(np.cumsum(count) - count, count)
    last = order == count[spell]
    start = spells.start[spell] + _offset(spells, count, spell, order)
    following = spells.start[spell] + _offset(spells, count, spell, order + 1)
    treatment = treatments_of(block, spells)[spell]
    medical = np.isin(treatment, (_GENERAL, _OLD))
    assessed = (order == 1) & ~last & medical & spells.is_kind("emergency")[spell]
    end = np.where(last, spells.end[spell], following)
    begun = start <= block.period.last
    found = Episodes(spell, order, last, start, end, np.where(assessed, _ACUTE, treatment))
    return Episodes(**{name: getattr(found, name)[begun] for name in vars(found)})


def _table_treatments(table: str) -> npt.NDArray[np.int64]:
    return np.array([TREATMENTS.index(code) for code in column(table, "specialty")])


def _counts(block: Block, spells: Spells) -> Days:
    draws = spells.draws(block, "episodes")
    nights = spells.end - spells.start
    emergency = spells.is_kind("emergency", "transfer")
    shares: list[float | Floats] = [np.where(emergency, _MORE[0], _MORE_PLANNED), *_MORE[1:]]
    more = np.ones(len(spells), bool)
    count = np.ones(len(spells), np.int64)
    for number, share in enumerate(shares):
        more = more & draws.chance(f"more {number}", share)
        count += more
    found: Days = np.minimum(count, 1 + nights // _NIGHTS_AN_EPISODE)
    return found


def _offset(spells: Spells, count: Days, spell: npt.NDArray[np.int64], order: Days) -> Days:
    """Nights of the spell before an episode: one before the second, the others evenly."""
    nights = (spells.end - spells.start)[spell]
    parts = np.maximum(count[spell] - 1, 1)
    evenly = 1 + (nights - 1) * (order - 2) // parts
    return np.where(order == 1, 0, evenly)
