"""The practice's appointment book: who came, in which way, and who did not."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block, Occurrences
from riskstrat.simulation.catalogue import numbers
from riskstrat.simulation.people.places import MIDDLE_DECILE
from riskstrat.simulation.practice.visits import struck, visits
from riskstrat.simulation.timeline import Days, Floats, ages

__all__ = ["STATUSES", "Appointments", "appointments"]

STATUSES = ("Attended", "DNA", "Cancelled")
_MISSED, _CANCELLED = 0.045, 0.05
"""Shares of appointments (NHS England, Appointments in General Practice, which leaves out cancelled
ones: their share is a guess)."""
_MISSED_AGES = (10, 25, 50, 75)
_MISSED_BY_AGE = (1.0, 1.8, 1.1, 0.6)
_MISSED_DEPRIVATION = 0.07
"""Factors on missing: by age, and per decile towards the most deprived."""

_AGES = (0.5, 2, 5, 10, 18, 30, 45, 60, 70, 80, 90, 100)
_MEN = (7.6, 6.0, 3.4, 2.4, 2.2, 2.7, 3.8, 5.2, 7.0, 9.1, 11.1, 11.6)
_WOMEN = (7.4, 5.8, 3.4, 2.6, 4.2, 5.0, 5.5, 6.1, 7.3, 9.1, 11.1, 11.6)
"""Appointments a year of people without conditions; with their conditions people are seen about 5.2
times a year, 13 times at 85 and over (Hobbs et al. 2016, doi:10.1016/S0140-6736(16)00620-6)."""
_PER_CONDITION = 0.07
_MOST_COUNTED = 6
_KEPT_IN_SHOCK = 0.8

_FACE_TO_FACE, _TELEPHONE, _VIDEO, _HOME = range(4)
"""Positions in ``contact_modes.csv``."""
_REMOTE = {"usual": (0.26, 0.01), "shock": (0.68, 0.03)}
"""Shares by telephone and by video of visits that are not at home (NHS England, as above: before
2020 and in the year from March 2020)."""
_HOME_AGES = (70, 80, 90, 100)
_AT_HOME = (0.01, 0.03, 0.08, 0.12)
_HOUSEBOUND_AT_HOME = 0.55

_SLOT_WEIGHTS = ("face_to_face", "remote", "home", "care_home")
"""Columns of ``appointment_slots.csv``."""
_OPENS_MINUTE = 8 * 60
_SLOT_MINUTES = 5
_SLOTS = 126
"""The last appointment begins at 18:25."""


@dataclass(frozen=True)
class Appointments:
    """Appointments of some people, one position each.

    Parameters
    ----------
    row, day, minute : ndarray of int
        Who, when, and at which minute after midnight.
    status : ndarray of int
        Positions in :data:`STATUSES`.
    mode, slot : ndarray of int
        Positions in ``contact_modes.csv`` and ``appointment_slots.csv``.
    key : ndarray of uint64
        Opaque and the appointment's own.
    """

    row: npt.NDArray[np.int64]
    day: Days
    minute: npt.NDArray[np.int64]
    status: npt.NDArray[np.int64]
    mode: npt.NDArray[np.int64]
    slot: npt.NDArray[np.int64]
    key: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, kept: npt.NDArray[Any]) -> Appointments:
        """Some of the appointments."""
        return Appointments(*(getattr(self, part.name)[kept] for part in fields(self)))


def appointments(block: Block) -> Appointments:
    """Every appointment of a block."""
    visit = visits(block, "gp appointment", _rate(block), _KEPT_IN_SHOCK)
    mode = _mode(block, visit)
    slot = visit.draws.integers("slot time", 0, _SLOTS)
    return Appointments(
        row=visit.row,
        day=visit.day,
        minute=_OPENS_MINUTE + _SLOT_MINUTES * slot,
        status=_status(block, visit),
        mode=mode,
        slot=_slots(block, visit, mode),
        key=visit.draws.bits("appointment"),
    )


def _rate(block: Block) -> Floats:
    men, women = (np.interp(block.age, _AGES, rate) for rate in (_MEN, _WOMEN))
    rate = np.where(block.people.female[:, None], women, men)
    rate *= 1 + _PER_CONDITION * np.minimum(block.count, _MOST_COUNTED)
    return rate * block.people.contact_rate[:, None]


def _mode(block: Block, visit: Occurrences) -> npt.NDArray[np.int64]:
    age = ages(block.people.birth[visit.row], visit.day)
    homely = block.had("housebound", visit.row, visit.day) | _in_home(block, visit)
    share = np.where(homely, _HOUSEBOUND_AT_HOME, np.interp(age, _HOME_AGES, _AT_HOME, left=0.0))
    home = visit.draws.chance("home", share)
    shock = struck(block, visit.day)
    telephone, video = (
        np.where(shock, *(_REMOTE[year][place] for year in ("shock", "usual"))) for place in (0, 1)
    )
    drawn = visit.draws.uniform("mode")
    remote = [drawn < telephone, drawn < telephone + video]
    return np.select([home, *remote], [_HOME, _TELEPHONE, _VIDEO], _FACE_TO_FACE)


def _in_home(block: Block, visit: Occurrences) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = block.lives.care_home[visit.row] < visit.day
    return found


def _slots(block: Block, visit: Occurrences, mode: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    home = np.where(_in_home(block, visit), 3, 2)
    place = np.select([mode == _HOME, mode == _FACE_TO_FACE], [home, 0], 1)
    slot = np.zeros(len(visit), np.int64)
    for number, name in enumerate(_SLOT_WEIGHTS):
        drawn = visit.draws.choice("slot", numbers("appointment_slots", name))
        slot = np.where(place == number, drawn, slot)
    return slot


def _status(block: Block, visit: Occurrences) -> npt.NDArray[np.int64]:
    row = visit.row
    age = ages(block.people.birth[row], visit.day)
    poorer = MIDDLE_DECILE - block.people.decile_on(row, visit.day)
    missed = np.interp(age, _MISSED_AGES, _MISSED_BY_AGE) * np.exp(_MISSED_DEPRIVATION * poorer)
    drawn = visit.draws.uniform("status")
    not_seen = [drawn < _MISSED * missed, drawn > 1 - _CANCELLED]
    return np.select(not_seen, [1, 2], 0)
