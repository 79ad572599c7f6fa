"""Blocks of simulated people for the tests of the simulator's parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from riskstrat.simulation.block import Block
from riskstrat.simulation.keyed import Keyed
from riskstrat.simulation.lives.lives import live
from riskstrat.simulation.lives.programme import Enrolments
from riskstrat.simulation.lives.rates import build_rates
from riskstrat.simulation.people.identity import nhs_numbers
from riskstrat.simulation.people.people import build_people
from riskstrat.simulation.people.places import District
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.timeline import Period

PERIOD = Period.of(date(2019, 1, 1), date(2024, 12, 31))


def _block(people: int, seed: int = 1, **setting: Any) -> Block:
    keyed, chosen = Keyed(seed), Setting(**setting)
    district = District.of(keyed, people)
    until = PERIOD.last + 366
    folk = build_people(keyed, district, np.arange(people), nhs_numbers(keyed, people), PERIOD)
    rates = build_rates(chosen, PERIOD.first, until)
    lives = live(keyed, folk, rates, until, Enrolments.nobody())
    return Block(keyed, chosen, district, PERIOD, folk, lives)


@pytest.fixture(scope="session")
def make_block() -> Callable[..., Block]:
    """Makes a block: ``make_block(people, seed, **setting)``."""
    return _block


@pytest.fixture(scope="session")
def block() -> Block:
    return _block(1500)


@pytest.fixture(scope="session")
def small_block() -> Block:
    return _block(200, seed=2)


def _altered(block: Block, people: int | None = None, **changed: Any) -> Block:
    count = len(block.people) if people is None else people
    rows = np.arange(count) % len(block.people)
    folk, lives = block.people.take(rows), block.lives
    if people is not None:
        folk = replace(folk, number=np.arange(count), nhs_number=nhs_numbers(block.keyed, count))
    named = {name: np.broadcast_to(values, count).copy() for name, values in changed.items()}
    days = {name: getattr(lives, name)[rows] for name in ("onset", "death", "care_home")}
    return replace(
        block,
        district=replace(block.district, people=max(count, block.district.people)),
        people=replace(folk, **{name: named[name] for name in named if name not in days}),
        lives=replace(lives, **days | {name: named[name] for name in named if name in days}),
    )


@pytest.fixture(scope="session")
def altered() -> Callable[..., Block]:
    """Makes a block from another, ``altered(block, people, death=..., moves=...)``.

    With `people`, so many: those of the block again and again, each with a number of their own.
    Without, the same people. Admissions and attendances stay those of the block.
    """
    return _altered
