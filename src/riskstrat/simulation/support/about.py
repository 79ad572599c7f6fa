"""What feeds of support say of a person beside the number: birth, sex, home, practice."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import Choice, opaque
from riskstrat.simulation.people.people import ETHNIC_CATEGORIES
from riskstrat.simulation.people.places import practice_codes
from riskstrat.simulation.timeline import NEVER, Days

__all__ = [
    "day_texts",
    "ethnic_category",
    "gender_code",
    "local_identifier",
    "month_texts",
    "practice_on",
]

_ETHNICITY_NOT_ASKED = 0.06
"""Share of people with whom a service has not recorded it, though it is recorded elsewhere."""


def gender_code(block: Block, row: Days) -> Choice:
    """Person stated gender code: 1 = male, 2 = female."""
    return Choice(("1", "2"), block.people.female[row].astype(np.int64))


def ethnic_category(block: Block, feed: str, row: Days) -> Choice:
    """Ethnic category as one feed has it: missing more often than elsewhere."""
    draws = block.draws(f"{feed} ethnicity", row)
    known = ~draws.chance("not asked", _ETHNICITY_NOT_ASKED)
    return Choice(ETHNIC_CATEGORIES, np.where(known, block.people.ethnicity[row], -1))


def practice_on(block: Block, row: Days, day: Days) -> Choice:
    """Code of the practice of some people on some days."""
    codes = practice_codes(len(block.district.bounds))
    return Choice(codes, block.people.practice_on(row, day))


def local_identifier(block: Block, feed: str, letter: str, row: Days) -> pa.Array:
    """Identifier that one organisation gives a person, the same in all its rows."""
    return opaque(letter, block.draws(f"{feed} person", row).bits("identifier"))


def day_texts(days: Days) -> Choice:
    """Dates as councils and charities write them, DD/MM/YYYY; null where NEVER."""
    unique, position = np.unique(days, return_inverse=True)
    iso = np.where(unique == NEVER, 0, unique).astype("datetime64[D]").astype(str).tolist()
    labels = [f"{text[8:]}/{text[5:7]}/{text[:4]}" for text in iso]
    return Choice(labels, np.where(days == NEVER, -1, position))


def month_texts(days: Days) -> Choice:
    """Year and month, YYYY-MM; null where NEVER."""
    unique, position = np.unique(days, return_inverse=True)
    labels = np.where(unique == NEVER, 0, unique).astype("datetime64[D]").astype("datetime64[M]")
    return Choice(labels.astype(str).tolist(), np.where(days == NEVER, -1, position))
