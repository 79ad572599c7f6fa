"""Spells of support: when people asked for it, when it began and when it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, numbers
from riskstrat.simulation.feeds.calendar import Calendar
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.timeline import NEVER, Days, Mask

__all__ = ["Spells", "ended", "one_at_a_time", "service_index", "service_number"]


@dataclass(frozen=True)
class Spells:
    """Spells of support, ordered by person.

    Parameters
    ----------
    service : ndarray of int
        Position in ``tables/services.csv``.
    row : ndarray of int
        Position of the person in the block.
    asked : ndarray of day numbers
        Day of the referral or request.
    start, end : ndarray of day numbers
        First day of support, and the day it ended; NEVER = not begun, not ended.
    """

    service: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    asked: Days
    start: Days
    end: Days

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def of_all(cls, parts: Sequence[Spells]) -> Spells:
        """All the spells of several lists, ordered by person, request and service."""
        joined = (
            np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)
        )
        spells = cls(*joined)
        return spells.take(np.lexsort((spells.service, spells.asked, spells.row)))

    def take(self, rows: npt.NDArray[Any]) -> Spells:
        """Some of the spells: a mask, or positions."""
        return Spells(*(getattr(self, field.name)[rows] for field in fields(self)))

    def begun(self) -> Spells:
        """Those that began."""
        return self.take(self.start < NEVER)

    def of_feed(self, calendar: Calendar) -> Spells:
        """Those that one feed tells of."""
        feeds = np.array(column("services", "calendar"))
        return self.take(feeds[self.service] == calendar.feed)

    def of_services(self, *names: str) -> Spells:
        """Those of some services."""
        return self.take(np.isin(self.service, [service_index(name) for name in names]))

    def draws(self, block: Block, number: Any = 0) -> Draws:
        """Random numbers of each spell; `number` tells several events of a spell apart."""
        services = len(column("services", "service"))
        return block.draws(
            "support", self.row, self.asked, np.asarray(number) * services + self.service
        )


def service_index(service: str) -> int:
    """Position of a service in ``tables/services.csv``."""
    return column("services", "service").index(service)


def service_number(name: str, service: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """A numeric column of ``tables/services.csv`` for each spell."""
    found: npt.NDArray[np.float64] = numbers("services", name)[service]
    return found


def ended(block: Block, natural: Days, until: Days) -> Days:
    """When spells end: in their own time, on the day the person is gone, or not in the period."""
    gone = np.where(until <= block.period.last, until, NEVER)
    return np.where(natural < until, natural, gone)


def one_at_a_time(row: npt.NDArray[np.int64], first: Days, end: Days) -> Mask:
    """Which spells begin when the last one kept of the same person has ended.

    Rows are ordered by person and first day.
    """
    kept: Mask = _one_at_a_time(row, first, end)
    return kept


@compiled
def _one_at_a_time(row: npt.NDArray[np.int64], first: Days, end: Days) -> Mask:
    kept = np.zeros(len(row), np.bool_)
    person, free = -1, 0
    for spell in range(len(row)):
        if row[spell] != person or first[spell] >= free:
            kept[spell] = True
            person, free = row[spell], end[spell]
    return kept
