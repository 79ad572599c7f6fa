"""Charities: social prescribing, befriending, food and advice, each contact a line of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.columns import Choice
from riskstrat.simulation.feeds.calendar import VOLUNTARY
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.feeds.mess import Mess, told_numbers
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.people.identity import NO_NUMBER
from riskstrat.simulation.register import postcode_on
from riskstrat.simulation.support.about import day_texts
from riskstrat.simulation.support.canonical import add_services
from riskstrat.simulation.support.contacts import contacts_of
from riskstrat.simulation.support.spells import Spells, service_number
from riskstrat.simulation.support.submissions import feed_rows
from riskstrat.simulation.timeline import NEVER, Days

__all__ = ["MESS", "tell_voluntary"]

MESS = Mess(missing=0.40, wrong=0.01)
_NO_BIRTH, _NO_POSTCODE = 0.12, 0.08
"""Shares of clients of whom the list has no date of birth or no postcode."""
_SPACED = 0.3
"""Share of numbers written as on letters: 3, 3 and 4 digits."""
_DURATION_SIGMA = 0.3
_FIRST, _ONGOING, _LAST = range(3)
_OUTCOMES = ("Started", "Ongoing", "Ended")
_WORDS = {
    "social_prescribing": "Social prescribing",
    "befriending": "Befriending",
    "food_support": "Food support",
    "welfare_advice": "Welfare advice",
}


def tell_voluntary(block: Block, spells: Spells, out: Outputs) -> None:
    """Tell what charities did: the first day of support, each contact, and the end."""
    own = spells.of_feed(VOLUNTARY).begun()
    if out.feed:
        _tell_contacts(block, own, out.feed)
    if out.ledger:
        add_services(block, out.ledger, VOLUNTARY, own, VOLUNTARY.told(own.end))


def _tell_contacts(block: Block, spells: Spells, feed: Callable[[FeedRows], None]) -> None:
    spell, day, outcome, number = _lines(block, spells)
    own = spells.take(spell)
    draws = own.draws(block, number)
    usual = service_number("contact_minutes", own.service)
    minutes = np.rint(usual * np.exp(_DURATION_SIGMA * draws.normal("minutes"))).astype(np.int64)
    columns: dict[str, Any] = {
        "Date of contact": day_texts(day),
        **_client(block, own),
        "Service": _service_words(own.service),
        "Minutes": np.where(outcome == _LAST, 0, minutes),
        "Outcome": Choice(_OUTCOMES, outcome),
        "Sent on": day_texts(VOLUNTARY.told(np.maximum(day, block.people.entry[own.row]))),
    }
    feed(feed_rows("voluntary_contact", columns, draws))


def _lines(block: Block, spells: Spells) -> tuple[npt.NDArray[np.int64], Days, Days, Days]:
    """Spell, day, outcome and number of each line of the list, in no order."""
    contacts = contacts_of(block, spells, np.ones(len(spells), bool))
    over = np.flatnonzero(spells.end < NEVER)
    later = contacts.day > spells.start[contacts.spell]
    spell = np.concatenate([np.arange(len(spells)), contacts.spell[later], over])
    day = np.concatenate([spells.start, contacts.day[later], spells.end[over]])
    outcome = np.repeat([_FIRST, _ONGOING, _LAST], [len(spells), later.sum(), len(over)])
    number = np.concatenate([0 * spells.row, contacts.number[later] + 2, 0 * over + 1])
    return spell, day, outcome, number


def _client(block: Block, spells: Spells) -> dict[str, Any]:
    """Who it was, as the charity knows its client: the same in every line of a spell."""
    row, draws = spells.row, spells.draws(block)
    known = np.maximum(spells.start, block.people.entry[row])
    number = told_numbers(block, "voluntary", MESS, row, known, spells.service)
    birth = np.where(draws.chance("no birth", _NO_BIRTH), NEVER, block.people.birth[row])
    postcode = postcode_on(block, row, known)
    missing = draws.chance("no postcode", _NO_POSTCODE)
    return {
        "NHS No": _written(number, draws.chance("spaced", _SPACED)),
        "DOB": day_texts(birth),
        "Postcode": Choice(postcode.labels, np.where(missing, -1, postcode.positions)),
    }


def _written(number: Days, spaced: npt.NDArray[np.bool_]) -> Choice:
    unique, position = np.unique(number * 2 + spaced, return_inverse=True)
    labels = [
        f"{text[:3]} {text[3:6]} {text[6:]}" if key % 2 else text
        for key, text in ((key, str(key // 2)) for key in unique.tolist())
    ]
    return Choice(labels, np.where(number == NO_NUMBER, -1, position))


def _service_words(service: npt.NDArray[np.int64]) -> Choice:
    names = column("services", "service")
    return Choice([_WORDS.get(name, "") for name in names], service)
