"""Events of adult social care: requests, assessments, services and reviews."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, numbers, rows
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.support.spells import Spells, ended
from riskstrat.simulation.support.starts import planned_start
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask
from riskstrat.windows import DAYS_PER_YEAR

__all__ = ["EVENT_TYPES", "Events", "cld_row", "events_of", "units_a_week"]

EVENT_TYPES = ("Request", "Assessment", "Service", "Review")
_REQUEST, _ASSESSMENT, _SERVICE, _REVIEW = range(len(EVENT_TYPES))
_REQUEST_DAYS = (0, 9)
_ASSESSMENT_DAYS = (0, 12)
_REVIEW_DAYS = (0, 6)
_FIRST_REVIEW = 49
"""Days from the beginning of long-term support to its first review (six to eight weeks); the next
ones follow year by year."""
_REVIEW_SPREAD = (-20, 60)
_MOST_REVIEWS = 40
_NUMBERS = 64
"""More than the events of one kind that a spell has."""


@dataclass(frozen=True)
class Events:
    """Events of spells of social care.

    Parameters
    ----------
    kind : ndarray of int
        Position in :data:`EVENT_TYPES`.
    spells : Spells
        The spell behind each event.
    start, end : ndarray of day numbers
        NEVER = not ended in the period.
    number : ndarray of int
        Tells events of one kind and spell apart.
    """

    kind: npt.NDArray[np.int64]
    spells: Spells
    start: Days
    end: Days
    number: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, which: npt.NDArray[Any]) -> Events:
        """Some of the events: a mask, or positions."""
        return Events(
            self.kind[which],
            self.spells.take(which),
            self.start[which],
            self.end[which],
            self.number[which],
        )

    def draws(self, block: Block, number: Any = 0) -> Draws:
        """Random numbers of each event; `number` tells several rows of an event apart."""
        own = (self.kind * _NUMBERS + self.number) + np.asarray(number) * _NUMBERS * len(
            EVENT_TYPES
        )
        return self.spells.draws(block, own)


@cache
def _cld_rows() -> npt.NDArray[np.int64]:
    services = column("cld_services", "service")
    return np.array(
        [services.index(name) if name in services else -1 for name in column("services", "service")]
    )


def cld_row(service: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Position of services in ``tables/cld_services.csv``."""
    return _cld_rows()[service]


def events_of(block: Block, spells: Spells) -> Events:
    """Events of spells of social care, each while the council sees the person."""
    parts = [
        _requests(block, spells),
        _assessments(block, spells),
        _services(spells),
        _reviews(block, spells),
    ]
    joined = Events(
        kind=np.concatenate([part.kind for part in parts]),
        spells=_joined([part.spells for part in parts]),
        start=np.concatenate([part.start for part in parts]),
        end=np.concatenate([part.end for part in parts]),
        number=np.concatenate([part.number for part in parts]),
    )
    return joined.take(joined.end > block.people.entry[joined.spells.row])


def _joined(parts: list[Spells]) -> Spells:
    return Spells(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Spells))
    )


def _filled(name: str, spells: Spells) -> Mask:
    """Whether the service of each spell has something in a column of ``cld_services.csv``."""
    return np.array([bool(row[name]) for row in rows("cld_services")])[cld_row(spells.service)]


def _requests(block: Block, spells: Spells) -> Events:
    own = spells.take(
        _filled("request_outcome", spells) & (spells.asked >= block.people.entry[spells.row])
    )
    days = own.draws(block).integers("request days", *_REQUEST_DAYS)
    return _events(_REQUEST, own, own.asked, ended(block, own.asked + days, block.stop[own.row]))


def _assessments(block: Block, spells: Spells) -> Events:
    """On a day between the request and the planned beginning, if the person is still there."""
    own = spells.take(_filled("assessment", spells))
    draws = own.draws(block)
    wait = planned_start(block, own) - own.asked
    start = own.asked + np.floor(wait * draws.uniform("assessment")).astype(np.int64)
    days = draws.integers("assessment days", *_ASSESSMENT_DAYS)
    end = ended(block, start + days, block.stop[own.row])
    seen = (start >= block.people.entry[own.row]) & (start < block.stop[own.row])
    return _events(_ASSESSMENT, own, start, end).take(seen)


def _services(spells: Spells) -> Events:
    own = spells.take(_filled("service_type", spells) & (spells.start < NEVER))
    return _events(_SERVICE, own, own.start, own.end)


def _reviews(block: Block, spells: Spells) -> Events:
    """Reviews of long-term support."""
    long_term = np.array(
        [row["service_type"].startswith("Long Term") for row in rows("cld_services")]
    )
    own = spells.take(long_term[cld_row(spells.service)] & (spells.start < NEVER))
    until = np.minimum(own.end, block.stop[own.row])
    lasted = np.maximum(until - own.start, 0) / DAYS_PER_YEAR
    count = np.minimum(np.ceil(lasted).astype(np.int64) + 1, _MOST_REVIEWS)
    which = np.repeat(np.arange(len(own)), count)
    number = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    of, until = own.take(which), until[which]
    draws = of.draws(block, number)
    due = of.start + _FIRST_REVIEW + np.floor(number * DAYS_PER_YEAR).astype(np.int64)
    start = due + draws.integers("review", *_REVIEW_SPREAD)
    end = ended(block, start + draws.integers("review days", *_REVIEW_DAYS), until)
    seen = (start >= block.people.entry[of.row]) & (start < until)
    return Events(np.full(len(of), _REVIEW), of, start, end, number).take(seen)


def _events(kind: int, spells: Spells, start: Days, end: Days) -> Events:
    nothing = np.zeros(len(spells), np.int64)
    return Events(nothing + kind, spells, start, end, nothing)


def units_a_week(block: Block, spells: Spells) -> Floats:
    """Planned hours, sessions or weeks of support a week, in halves."""
    service = cld_row(spells.service)
    usual, spread = (numbers("cld_services", name)[service] for name in ("units", "spread"))
    drawn = usual * np.exp(spread * spells.draws(block).normal("units") - spread**2 / 2)
    units: Floats = np.where(spread > 0, np.maximum(np.rint(2 * drawn) / 2, 0.5), usual)
    return units
