"""What goes wrong in feeds: numbers missing, wrong or replaced, rows told twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.people.identity import NO_NUMBER, former_numbers, known_numbers
from riskstrat.simulation.timeline import NEVER, Days, Mask

__all__ = ["Mess", "former_of", "merge_days", "told_numbers", "twice"]

_SOMEBODY_ELSES = 0.25
"""Of wrong numbers, the share that belong to another person; the others are slips of typing."""
_NUMBER_DIGITS = 10
_SWAPPED_PLACES = (1, 6)
"""Powers of ten of the digits that a slip swaps with the next: neither 999 nor the check digit."""


@dataclass(frozen=True)
class Mess:
    """How often things go wrong in a feed.

    Parameters
    ----------
    missing, wrong : float
        Share of rows without an NHS number, and with one that is not the person's.
    twice : float
        Share of rows that are told again, word by word.
    """

    missing: float = 0.0
    wrong: float = 0.0
    twice: float = 0.0


def told_numbers(  # noqa: PLR0913 - a feed, its mess, and the three parts of a record's key
    block: Block, feed: str, mess: Mess, row: npt.NDArray[np.int64], day: Days, record: Days
) -> Days:
    """The NHS number that each record of a feed gives; :data:`NO_NUMBER` = none.

    Before two numbers of a person were merged, the other number is given. A wrong number has two
    neighbouring digits swapped, so that its check digit does not fit, or is somebody else's.
    Records of the same person, day and `record` agree.
    """
    person = block.people.number[row]
    draws = block.keyed.process(f"{feed} number").draws(person, day, record)
    number = np.where(
        day < merge_days(block)[row], former_of(block)[row], block.people.nhs_number[row]
    )
    wrong = draws.chance("wrong", mess.wrong) & (number != NO_NUMBER)
    swapped = _swapped(number, draws.integers("digit", *_SWAPPED_PLACES))
    another = _number_of_another(block, draws)
    told = np.where(draws.chance("whose", _SOMEBODY_ELSES), another, swapped)
    told = np.where(wrong, told, number)
    return np.where(draws.chance("missing", mess.missing), NO_NUMBER, told)


def former_of(block: Block) -> Days:
    """The number that each person of a block once had besides; mostly :data:`NO_NUMBER`."""
    return former_numbers(block.keyed, block.district.people)[block.people.number]


def merge_days(block: Block) -> Days:
    """Day of the period on which the former number of each person was merged into the present one.

    ``-NEVER``, before every day, for people who had one number all along.
    """
    draws = block.draws("nhs_number", np.arange(len(block.people)))
    day = draws.integers("merged on", block.period.first, block.period.last + 1)
    return np.where(former_of(block) == NO_NUMBER, -NEVER, day)


def _number_of_another(block: Block, draws: Draws) -> Days:
    numbers = known_numbers(block.keyed, block.district.people)
    return numbers[draws.integers("another", 0, len(numbers))]


def _swapped(number: Days, place: Days) -> Days:
    """Numbers with the digits at 10^place and 10^(place+1) swapped."""
    low = np.array([10**power for power in range(_NUMBER_DIGITS)])[place]
    first, second = number // (10 * low) % 10, number // low % 10
    swapped: Days = number + (second - first) * 9 * low
    return swapped


def twice(  # noqa: PLR0913 - as told_numbers
    block: Block, feed: str, mess: Mess, row: Days, day: Days, record: Days
) -> Mask:
    """Which rows are told a second time."""
    draws = block.keyed.process(f"{feed} twice").draws(block.people.number[row], day, record)
    return draws.chance("twice", mess.twice)
