"""Who gets which support, from when until when."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import rows
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.support.spells import (
    Spells,
    ended,
    one_at_a_time,
    service_index,
    service_number,
)
from riskstrat.simulation.support.state import State, factor
from riskstrat.simulation.timeline import NEVER, Days, Floats
from riskstrat.windows import DAYS_PER_YEAR

__all__ = ["COUNCIL_FUNDED", "care_home_spells", "planned_start", "spells_of"]

_LENGTH_SIGMA = 0.75
"""Spread of the logarithm of the length of a spell: a few last very long."""
_WAIT_SPREAD = (0.5, 1.5)
"""Support begins after half to one and a half times the usual wait."""
_DAYS_TO_REFERRAL = (0, 8)
"""Days from a discharge to the referral it leads to."""
_MOST_AFTER_DISCHARGE = 0.5
_MOST_A_YEAR = 3.0
"""Referrals to one service a year never exceed it."""
COUNCIL_FUNDED = 0.5
"""Share of care-home residents whose place the council pays (about half; users pay the others)."""
_NURSING = 0.4
"""Share of these who are in a home with nursing."""


def spells_of(block: Block) -> Spells:
    """Spells of every service: no two of a person and a name of ``tables/services.csv`` overlap.

    People are referred at rates that depend on what is recorded of them at the beginning of the
    month, and after a stay in hospital from the day it ended. No referral is told earlier than the
    stay: community, mental-health, council, housing and voluntary feeds arrive after the
    hospital's for the same month.
    """
    states = _States(block)
    services = [service for service in rows("services") if float(service["at_80_per_year"])]
    parts = [_with_lengths(block, service, *states.referrals(service)) for service in services]
    return Spells.of_all([*_apart(services, parts), care_home_spells(block)])


def care_home_spells(block: Block) -> Spells:
    """Places in care homes that the council pays."""
    row = np.flatnonzero(block.lives.care_home < block.stop)
    start = block.lives.care_home[row]
    draws = block.draws("care home place", row)
    nursing = draws.chance("nursing", _NURSING)
    places = np.array([service_index("residential_care"), service_index("nursing_care")])
    end = ended(block, np.full(len(row), NEVER), block.stop[row])
    spells = Spells(places[nursing.astype(np.int64)], row, start, start, end)
    return spells.take(draws.chance("funded", COUNCIL_FUNDED) & (end > block.people.entry[row]))


class _States:
    """What is known of people each month, and when they leave hospital."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.month = State.by_month(block)
        stays = block.lives.admissions
        home = ~stays.died & (stays.end < block.stop[stays.row])
        self.row, self.day = stays.row[home], stays.end[home]
        self.discharge = State.on_days(block, self.row, self.day)

    def referrals(self, service: dict[str, str]) -> tuple[npt.NDArray[np.int64], Days]:
        """Who is referred to a service, and when; ordered by person and day."""
        rate = np.minimum(
            float(service["at_80_per_year"]) * factor(service, self.month), _MOST_A_YEAR
        )
        found = self.block.occurrences(f"support {service['service']}", rate)
        parts = [(found.row, found.day), self._discharged(service), self._before(service, rate)]
        row, day = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((day, row))
        return row[order], day[order]

    def _discharged(self, service: dict[str, str]) -> tuple[npt.NDArray[np.int64], Days]:
        share = float(service["after_discharge_at_80"]) * factor(service, self.discharge)
        draws = self.block.draws(
            f"support {service['service']} after discharge", self.row, self.day
        )
        day = self.day + draws.integers("days", *_DAYS_TO_REFERRAL)
        referred = draws.chance("referred", np.minimum(share, _MOST_AFTER_DISCHARGE))
        referred &= day < self.block.stop[self.row]
        return self.row[referred], day[referred]

    def _before(self, service: dict[str, str], rate: Floats) -> tuple[npt.NDArray[np.int64], Days]:
        """Referrals before the period of people who still have support on its first day.

        There are as many as if the support had always been given.
        """
        block, median = self.block, float(service["median_days"])
        usual = median * np.exp(_LENGTH_SIGMA**2 / 2)
        row = np.flatnonzero(block.people.entry == block.period.first)
        draws = block.draws(f"support {service['service']} before", row)
        in_force = draws.chance("in force", 1 - np.exp(-rate[row, 0] * usual / DAYS_PER_YEAR))
        elapsed = draws.exponential("elapsed", usual)
        day = block.period.first - 1 - np.floor(elapsed).astype(np.int64)
        return row[in_force], day[in_force]


def _with_lengths(
    block: Block, service: dict[str, str], row: npt.NDArray[np.int64], asked: Days
) -> Spells:
    """Spells from referrals, cut where people leave, die or, for most services, enter a home."""
    kind = np.full(len(row), service_index(service["service"]))
    draws = Spells(kind, row, asked, asked, asked).draws(block)
    start = asked + _waits(draws, float(service["wait_days"]))
    length = float(service["median_days"]) * np.exp(_LENGTH_SIGMA * draws.normal("length"))
    since = np.maximum(start, block.people.entry[row])
    until = block.stop[row]
    if float(service["in_care_home"]) == 0:
        known = np.maximum(asked, block.people.entry[row])
        until = np.minimum(until, np.maximum(block.lives.care_home[row], known + 1))
    end = ended(block, since + 1 + np.floor(length).astype(np.int64), until)
    begun = start < until
    return Spells(kind, row, asked, np.where(begun, start, NEVER), np.where(begun, end, NEVER))


def planned_start(block: Block, spells: Spells) -> Days:
    """First day of support, had nobody died or left before it."""
    usual = service_number("wait_days", spells.service)
    return spells.asked + _waits(spells.draws(block), usual)


def _waits(draws: Draws, usual: Any) -> Days:
    spread = _WAIT_SPREAD[0] + draws.uniform("wait") * (_WAIT_SPREAD[1] - _WAIT_SPREAD[0])
    waits: Days = np.floor(usual * spread).astype(np.int64)
    return waits


def _apart(services: list[dict[str, str]], parts: list[Spells]) -> list[Spells]:
    """Without spells that overlap another one of the same person and name."""
    names = [service["name"] or service["service"] for service in services]
    kept = []
    for name in dict.fromkeys(names):
        own = [part for part, found in zip(parts, names, strict=True) if found == name]
        spells = Spells.of_all(own)
        end = np.where(spells.start < NEVER, spells.end, spells.asked + 1)
        kept.append(spells.take(one_at_a_time(spells.row, spells.asked, end)))
    return kept
