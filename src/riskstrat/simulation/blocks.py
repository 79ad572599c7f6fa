"""The people of a district, made a block at a time and the same in every order of work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.keyed import Keyed
from riskstrat.simulation.lives.lives import live
from riskstrat.simulation.lives.programme import Enrolments, Programme
from riskstrat.simulation.lives.rates import Rates, build_rates
from riskstrat.simulation.people.identity import nhs_numbers
from riskstrat.simulation.people.people import build_people
from riskstrat.simulation.people.places import District
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.timeline import Days, Period

__all__ = ["BLOCK_PEOPLE", "Blocks", "made_ahead"]

BLOCK_PEOPLE = 4096
"""People worked on at a time. The bytes of feeds do not depend on it; those of linked records and
true risks do, by the order of their rows."""
_AFTERWARDS_DAYS = 366
"""Days that people live beyond the period: the outcome of its last day needs a year."""
_AHEAD = 1
"""Blocks that may wait to be written, besides those being made."""

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Blocks:
    """A district from which any block of people can be made.

    Parameters
    ----------
    keyed : Keyed
    setting : Setting
    period : Period
    district : District
    nhs_number : ndarray of int
        NHS number of everybody, by their number in the district.
    rates : Rates
    """

    keyed: Keyed
    setting: Setting
    period: Period
    district: District
    nhs_number: Days
    rates: Rates

    @classmethod
    def of(cls, people: int, seed: int, period: Period, setting: Setting) -> Blocks:
        """The district in which so many people are ever registered."""
        keyed = Keyed(seed)
        return cls(
            keyed=keyed,
            setting=setting,
            period=period,
            district=District.of(keyed, people),
            nhs_number=nhs_numbers(keyed, people),
            rates=build_rates(setting, period.first, period.last + _AFTERWARDS_DAYS),
        )

    def __len__(self) -> int:
        return len(self.nhs_number)

    @property
    def until(self) -> int:
        """Last day that people live."""
        return self.period.last + _AFTERWARDS_DAYS

    def numbers(self, size: int = BLOCK_PEOPLE) -> list[Days]:
        """Numbers of the people of each block."""
        return [
            np.arange(first, min(first + size, len(self))) for first in range(0, len(self), size)
        ]

    def block(
        self,
        number: Days,
        enrolments: Enrolments | None = None,
        programmes: tuple[Programme, ...] = (),
    ) -> Block:
        """Some people (ascending numbers) with everything that happened to them.

        Parameters
        ----------
        enrolments : Enrolments, optional
            Of anybody; the block keeps those of its own people.
        """
        own = (enrolments or Enrolments.nobody()).among(number)
        people = build_people(
            self.keyed, self.district, number, self.nhs_number[number], self.period
        )
        lives = live(self.keyed, people, self.rates, self.until, own)
        return Block(
            self.keyed, self.setting, self.district, self.period, people, lives, programmes, own
        )


def made_ahead(
    make: Callable[[_Item], _Made], items: Iterable[_Item], workers: int
) -> Iterator[_Made]:
    """What `make` makes of each item, in order, made by threads a few items ahead.

    At most ``workers + 1`` results exist that were not taken yet, so memory is bounded.
    """
    waiting: deque[Future[_Made]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(make, item))
                if len(waiting) > workers + _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
