"""The issues of repeat medicines, and short courses."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block, Occurrences
from riskstrat.simulation.catalogue import condition_index, numbers, rows
from riskstrat.simulation.practice.orders import Orders, first_product, product_column
from riskstrat.simulation.practice.treatments import treatments
from riskstrat.simulation.practice.visits import on_working_days, recurring, visits
from riskstrat.simulation.timeline import Floats, ages, winter

__all__ = ["courses", "repeats"]

_TWO_MONTHS_DAYS = 56
_MONTHLY = 0.25
"""Share of people whose medicines are issued for four weeks instead of eight."""
_LATE_DAYS = 5
_ISSUED = 0.94
"""Share of due issues that are asked for."""

_COURSE_AGES = (1, 5, 15, 25, 45, 65, 85)
_COURSES = (3.2, 2.1, 1.9, 2.3, 2.0, 1.2, 0.9)
"""Short courses a year of people without conditions, men and women alike."""
_COURSES_OF_WOMEN = 1.2
_PER_CONDITION = 0.40
_MOST_COUNTED = 8
_WINTER = 0.12
_KEPT_IN_SHOCK = 0.8
_LIFE_AGES = (10, 20, 50, 80)
"""Up to the first people count as children, about the third as adults, from the fourth as old."""


def repeats(block: Block) -> Orders:
    """Every issue of a repeat medicine while the practice sees the person."""
    taken = treatments(block)
    monthly = block.draws("gp monthly", taken.row).chance("monthly", _MONTHLY)
    usual = _intervals()[taken.product]
    interval = np.where(monthly & (usual == _TWO_MONTHS_DAYS), usual // 2, usual)
    stop = np.minimum(taken.stop, block.stop[taken.row])
    which, due = recurring(taken.start, interval, block.people.entry[taken.row], stop)
    row, product = taken.row[which], taken.product[which]
    draws = block.draws("gp repeat", row, due, product)
    late = due + draws.integers("late", 0, _LATE_DAYS)
    day = on_working_days(late, draws.uniform("working day"))
    issued = draws.chance("issued", _ISSUED) & (day < block.stop[row])
    quantity = _quantities()[product] * interval[which] / usual[which]
    orders = Orders(row, day, product, quantity, interval[which], draws.bits("order"))
    return orders.take(np.flatnonzero(issued))


@cache
def _intervals() -> npt.NDArray[np.int64]:
    return np.concatenate(
        [numbers(name, "interval_days") for name in ("medicines", "medicines_by_age")]
    ).astype(np.int64)


@cache
def _quantities() -> Floats:
    return np.array(product_column("quantity"), dtype=np.float64)


def courses(block: Block) -> Orders:
    """Every short course, of what suits the person's age, sex, conditions and the season."""
    rate = np.interp(block.age, _COURSE_AGES, _COURSES)
    rate *= np.where(block.people.female, _COURSES_OF_WOMEN, 1.0)[:, None]
    rate *= 1 + _PER_CONDITION * np.minimum(block.count, _MOST_COUNTED)
    season = 1 + _WINTER * winter(block.months[:-1])
    visit = visits(
        block, "gp course", rate * season * block.people.contact_rate[:, None], _KEPT_IN_SHOCK
    )
    course = visit.draws.choice("course", _weights(block, visit))
    product = first_product("courses") + course
    days = numbers("courses", "days").astype(np.int64)[course]
    key = visit.draws.bits("order")
    return Orders(visit.row, visit.day, product, _quantities()[product], days, key)


def _weights(block: Block, visit: Occurrences) -> Floats:
    """How likely each course is at each visit, unscaled; shape (visits, courses)."""
    age = ages(block.people.birth[visit.row], visit.day)
    share = np.stack([np.interp(age, _LIFE_AGES, part) for part in np.eye(len(_LIFE_AGES))], axis=1)
    child, adult, old = (numbers("courses", name) for name in ("child", "adult", "old"))
    weights: Floats = share @ np.stack([child, (child + adult) / 2, adult, old])
    weights *= 1 + winter(visit.day)[:, None] * numbers("courses", "winter")
    for number, course in enumerate(rows("courses")):
        if course["sex"] == "female":
            weights[:, number] *= block.people.female[visit.row]
        if course["condition"]:
            onset = block.lives.onset[visit.row, condition_index(course["condition"])]
            weights[:, number] *= np.where(onset < visit.day, float(course["factor"]), 1.0)
    return weights
