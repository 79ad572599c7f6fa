"""The practice that changes its way of coding half-way through the period.

Only what is sent changes: reviews that it codes no more, other codes for blood pressure, text for
what it used to code, and the paragraph of the formulary for a medicine's code. What happened does
not.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import condition_index
from riskstrat.simulation.columns import Choice
from riskstrat.simulation.practice.entries import Entries, Kind, concept_column
from riskstrat.simulation.practice.orders import product_column
from riskstrat.simulation.timeline import Days, Mask

__all__ = ["changed", "codes", "drug_codes", "is_sent", "paragraph", "terms"]

_PRACTICE = 0
"""Number of the practice that changes."""
_NOT_REVIEWED = ("hypertension", "diabetes", "depression")
_PARAGRAPH = (slice(0, 2), slice(2, 4), slice(4, 6), slice(6, 7))
"""Chapter, section, paragraph and subparagraph in a presentation's code."""


def changed(block: Block, row: npt.NDArray[np.int64], day: Days) -> Mask:
    """Whether a record of a day is sent by the practice after its change."""
    if not block.setting.coding_change:
        return np.zeros(len(row), dtype=bool)
    middle = (block.period.first + block.period.last + 1) // 2
    found: Mask = (block.people.practice_on(row, day) == _PRACTICE) & (day >= middle)
    return found


def is_sent(entries: Entries, after: Mask) -> Mask:
    """Which entries are sent: after the change, no reviews of some conditions."""
    conditions = [condition_index(name) for name in _NOT_REVIEWED]
    reviewed = (entries.kind == Kind.OBSERVATION) & np.isin(entries.concept, conditions)
    found: Mask = ~(reviewed & after)
    return found


def codes(entries: Entries, after: Mask) -> Choice:
    """Code of each entry; none where there is text instead."""
    usual, other = concept_column("snomed", "snomed"), concept_column(None, "changed_snomed")
    return _worded(entries, after, (usual, other))


def terms(entries: Entries, after: Mask) -> Choice:
    """Wording of each entry."""
    usual, other = concept_column("term", "term"), concept_column(None, "changed_term")
    return _worded(entries, after, (usual, other))


def _worded(
    entries: Entries, after: Mask, words: tuple[tuple[str, ...], tuple[str, ...]]
) -> Choice:
    usual, other = words
    differs = np.array(concept_column(None, "changed_term")) != ""
    place = np.where(after & differs[entries.concept], len(usual), 0) + entries.concept
    labels = usual + other
    empty = np.array([not label for label in labels])
    return Choice(labels, np.where(empty[place], -1, place))


def drug_codes(product: npt.NDArray[np.int64], after: Mask) -> Choice:
    """Reference to the formulary: the presentation's code; after the change the paragraph."""
    usual = product_column("bnf")
    return Choice(usual + _paragraphs(), np.where(after, len(usual), 0) + product)


@cache
def _paragraphs() -> tuple[str, ...]:
    return tuple(paragraph(code) for code in product_column("bnf"))


def paragraph(code: str) -> str:
    """The printed formulary's number of the paragraph of a presentation.

    Examples
    --------
    >>> paragraph("0205051R0AAABAB"), paragraph("0212000B0AAABAB")
    ('2.5.5.1', '2.12')
    """
    parts = [int(code[part]) for part in _PARAGRAPH]
    while parts[-1] == 0:
        parts.pop()
    return ".".join(str(part) for part in parts)
