"""What brings people to hospital: a row of one of the simulator's tables, drawn by weight."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, condition_index, numbers
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.lives.rules import chosen
from riskstrat.simulation.timeline import Days, Floats, Mask, ages, winter

__all__ = ["Causes", "causes_of", "drawn_causes", "labels_of", "positions_of", "rows_of_kind"]

_OLDEST = 110
"""People who are older count as of this age."""
_USUAL_AGE = 65
"""The age at which the weights of the tables hold."""
_DECADE = 10
_SEXES = ("M", "F")
_NO_CONDITION = -1


class Causes(NamedTuple):
    """The weights of a table's rows.

    Parameters
    ----------
    without, having : ndarray of float, shape (2 sexes, ages, rows)
        Of people without and with the condition that a row names; 1 = female.
    condition : ndarray of int
        Position of that condition; -1 = the row names none.
    winter : ndarray of float
    """

    without: Floats
    having: Floats
    condition: npt.NDArray[np.int64]
    winter: Floats


@cache
def causes_of(table: str) -> Causes:
    """The weights of a table with the columns that ``tables/README.md`` calls a cause."""
    weight = numbers(table, "weight")
    given = column(table, "weight_with")
    having = np.array([float(text) if text else weight[row] for row, text in enumerate(given)])
    likely = _by_sex_and_age(table)
    names = column(table, "condition")
    condition = [condition_index(name) if name else _NO_CONDITION for name in names]
    return Causes(weight * likely, having * likely, np.array(condition), numbers(table, "winter"))


def _by_sex_and_age(table: str) -> Floats:
    """What the weights are multiplied by; shape (2 sexes, ages, rows)."""
    age = np.arange(_OLDEST + 1)[:, None]
    by_age = np.exp(numbers(table, "change_per_decade") * (age - _USUAL_AGE) / _DECADE)
    youngest = np.array([int(text or 0) for text in column(table, "youngest")])
    oldest = np.array([int(text or _OLDEST) for text in column(table, "oldest")])
    only = np.array(column(table, "sex"))
    fits = np.stack([(only == "") | (only == sex) for sex in _SEXES])
    found: Floats = by_age * ((age >= youngest) & (age <= oldest)) * fits[:, None, :]
    return found


def drawn_causes(
    block: Block, table: str, row: Days, draws: Draws, among: Mask | None = None
) -> npt.NDArray[np.int64]:
    """A row of a table for each event: by age, sex, season and the conditions begun before it.

    Parameters
    ----------
    row : ndarray of int
        Position of the person in the block.
    draws : Draws
        Random numbers of the events, which also say on which day they were.
    among : ndarray of bool, optional
        The rows of the table that may be drawn; by default all.
    """
    causes, day, people = causes_of(table), draws.day, block.people
    age = np.minimum(ages(people.birth[row], day), _OLDEST).astype(np.int64)
    event = np.stack([row, day, people.female[row].astype(np.int64), age], axis=1)
    may = np.ones(len(causes.winter)) if among is None else among.astype(np.float64)
    drawn, cold = draws.uniform("cause"), winter(day)
    found: npt.NDArray[np.int64] = _drawn(causes, may, block.lives.onset, event, (drawn, cold))
    return found


@compiled
def _drawn(
    causes: Causes,
    may: Floats,
    onset: Days,
    event: npt.NDArray[np.int64],
    random_and_cold: tuple[Floats, Floats],
) -> npt.NDArray[np.int64]:
    """Positions at which the running sum of weights passes a share of their sum."""
    drawn, cold = random_and_cold
    found = np.empty(len(event), np.int64)
    weight = np.empty(len(may))
    for place in range(len(event)):
        row, day, sex, age = event[place]
        for cause in range(len(may)):
            condition = causes.condition[cause]
            has = condition >= 0 and onset[row, condition] < day
            table = causes.having if has else causes.without
            season = 1.0 + causes.winter[cause] * cold[place]
            weight[cause] = may[cause] * table[sex, age, cause] * season
        found[place] = chosen(weight, drawn[place])
    return found


@cache
def rows_of_kind(table: str, kind: str) -> Mask:
    """The rows of a table whose column ``kind`` says so."""
    found: Mask = np.array(column(table, "kind")) == kind
    return found


@cache
def labels_of(*columns: tuple[str, str]) -> tuple[str, ...]:
    """Every code of some columns of tables, ascending."""
    return tuple(sorted({code for table, key in columns for code in column(table, key)} - {""}))


@cache
def positions_of(labels: tuple[str, ...], table: str, key: str) -> npt.NDArray[np.int64]:
    """Position among some labels of the code in each row of a table; -1 where there is none."""
    place = {code: position for position, code in enumerate(labels)}
    return np.array([place.get(code, -1) for code in column(table, key)], np.int64)
