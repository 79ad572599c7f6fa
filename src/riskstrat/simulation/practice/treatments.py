"""Who takes which medicine from when until when: for a condition, or from an age on.

A person takes one medicine of a group at a time: who is on one statin starts no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, condition_index, rows
from riskstrat.simulation.practice.orders import first_product
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask
from riskstrat.windows import DAYS_PER_YEAR

__all__ = ["Treatments", "treatments"]

_TO_TREATMENT_DAYS = (1, 62)
"""From the day after the diagnosis to two months later."""
_SEXES = {"": (False, True), "female": (True,), "male": (False,)}


@dataclass(frozen=True)
class Treatments:
    """Repeat medicines of some people.

    Parameters
    ----------
    row : ndarray of int
        Position of the person in the block.
    product : ndarray of int
        Positions among the rows of ``medicines.csv`` and ``medicines_by_age.csv``.
    start, stop : ndarray of day numbers
        The medicine is issued in ``[start, stop)``.
    """

    row: npt.NDArray[np.int64]
    product: npt.NDArray[np.int64]
    start: Days
    stop: Days

    def __len__(self) -> int:
        return len(self.row)

    def take(self, kept: npt.NDArray[Any]) -> Treatments:
        """Some of the treatments."""
        return Treatments(*(getattr(self, part.name)[kept] for part in fields(self)))


def treatments(block: Block) -> Treatments:
    """Every repeat medicine that is taken while the practice sees the person."""
    parts = [*_for_conditions(block), *_by_age(block)]
    found = Treatments(
        *(np.concatenate([getattr(one, part.name) for one in parts]) for part in fields(Treatments))
    )
    found = found.take(found.start < block.stop[found.row])
    group = _groups()[found.product]
    order = np.lexsort((found.product, found.start, group, found.row))
    found, group = found.take(order), group[order]
    return found.take(_one_at_a_time(found.row, group, found.start, found.stop))


@cache
def _groups() -> npt.NDArray[np.int64]:
    """Number of the group of each product."""
    names = [*column("medicines", "group"), *column("medicines_by_age", "group")]
    found: npt.NDArray[np.int64] = np.unique(names, return_inverse=True)[1]
    return found


@njit(cache=True, nogil=True)
def _one_at_a_time(
    row: npt.NDArray[np.int64], group: npt.NDArray[np.int64], start: Days, stop: Days
) -> Mask:
    """Which of the treatments, ordered by person, group and start, find no other still going on."""
    kept = np.zeros(len(row), np.bool_)
    busy = 0
    for number in range(len(row)):
        if number == 0 or row[number] != row[number - 1] or group[number] != group[number - 1]:
            busy = start[number]
        if start[number] >= busy:
            kept[number] = True
            busy = stop[number]
    return kept


def _for_conditions(block: Block) -> Iterator[Treatments]:
    for product, medicine in enumerate(rows("medicines")):
        onset = block.lives.onset[:, condition_index(medicine["condition"])]
        women = block.people.female
        suited = np.isin(women, _SEXES[medicine["sex"]]) & (onset < block.stop)
        row = np.flatnonzero(suited)
        draws = block.draws("gp treatment", row)
        choice = f"{medicine['condition']} {medicine['group']}"
        low, high = _shares()[product]
        drawn = draws.uniform(choice)
        taken = (drawn >= low) & (drawn < high)
        start = onset[row] + draws.integers(f"start {choice}", *_TO_TREATMENT_DAYS)
        length = draws.exponential(f"length {choice}", float(medicine["years"] or "inf"))
        found = Treatments(row, np.full(len(row), product), start, _after(start, length))
        yield found.take(taken)


@cache
def _shares() -> list[tuple[float, float]]:
    """Between which two numbers what is drawn for a condition and group must lie, by medicine."""
    given: dict[tuple[str, str], float] = {}
    bounds = []
    for medicine in rows("medicines"):
        choice = (medicine["condition"], medicine["group"])
        low = given.get(choice, 0.0)
        given[choice] = low + float(medicine["share"])
        bounds.append((low, given[choice]))
    return bounds


def _after(start: Days, years: Floats) -> Days:
    """The days that lie some years later; NEVER if that is never."""
    later = np.where(np.isfinite(years), start + np.floor(years * DAYS_PER_YEAR), NEVER)
    return np.minimum(later, NEVER).astype(np.int64)


def _by_age(block: Block) -> Iterator[Treatments]:
    """Medicines that a share of people take which changes with age, and with nothing else."""
    for number, medicine in enumerate(rows("medicines_by_age")):
        row = np.flatnonzero(np.isin(block.people.female, _SEXES[medicine["sex"]]))
        age, share = (
            np.array([float(text) for text in medicine[name].split(";")])
            for name in ("ages", "shares")
        )
        drawn = block.draws("gp treatment", row).uniform(f"age {medicine['bnf']}")
        birth = block.people.birth[row]
        product = np.full(len(row), first_product("medicines_by_age") + number)
        start, stop = (_after(birth, years) for years in _ages_taken(age, share, drawn))
        yield Treatments(row, product, start, stop).take(drawn < share.max())


def _ages_taken(age: Floats, share: Floats, drawn: Floats) -> tuple[Floats, Floats]:
    """Ages at which the share of takers, rising and then falling, passes what was drawn.

    Examples
    --------
    >>> taken = _ages_taken(np.array([40, 60, 80]), np.array([0, 0.2, 0.1]), np.array([0.1, 0.15]))
    >>> [ages.tolist() for ages in taken]
    [[50.0, 55.0], [inf, 70.0]]
    """
    top = int(share.argmax())
    begins = np.interp(drawn, share[: top + 1], age[: top + 1])
    falling = slice(None, top - 1 if top else None, -1)
    ends = np.interp(drawn, share[falling], age[falling])
    return begins, np.where(drawn <= share[-1], np.inf, ends)
