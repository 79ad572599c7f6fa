"""Blood pressure, weight and blood tests, as often as age and conditions ask for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import rows
from riskstrat.simulation.practice.entries import Entries, noted
from riskstrat.simulation.practice.seen import Seen
from riskstrat.simulation.practice.values import measured
from riskstrat.simulation.practice.visits import visits
from riskstrat.simulation.timeline import Floats

__all__ = ["measurements"]

_ADULT = 18
_MEASURED_IN_SHOCK = 0.6
_MOST_COUNTED = 4

_PRESSURE_AGES = (18, 30, 45, 60, 75, 90)
_PRESSURE = (0.16, 0.20, 0.26, 0.42, 0.60, 0.60)
_PRESSURE_PER_CONDITION = 0.18
_PRESSURE_WITH = (("hypertension", 1.0), ("diabetes", 0.4), ("ckd", 0.3), ("hypotension", 0.4))
"""Readings a year by age, added per condition (at most four), and added by what needs watching; as
often as the blood pressure monitoring rate of practices suggests."""

_WEIGHINGS = 0.40
_WEIGHED_WITH = (("weight_loss", 1.2), ("diabetes", 0.3), ("anorexia_bulimia", 2.0))
"""Weighings a year as a share of readings of blood pressure; added with some conditions."""
_HEIGHT_TAKEN = 0.2

_BLOODS_AGES = (1, 18, 30, 45, 60, 75, 90)
_BLOODS = (0.03, 0.09, 0.13, 0.19, 0.30, 0.44, 0.52)
_BLOODS_PER_CONDITION = 0.09
_BLOODS_WITH = (
    *(("diabetes", 0.6), ("ckd", 0.4), ("heart_failure", 0.4), ("connective_tissue", 1.0)),
    *(("chronic_liver", 0.7), ("anaemia_iron", 0.3), ("thyroid", 0.25), ("psychosis_bipolar", 0.3)),
)
"""Blood samples a year, likewise."""

_ASKED_WITH = 0.97
"""Share of blood samples in which a test is asked for that the person's condition needs; tests with
the same share in ``measurements.csv`` are asked for together."""

_CM_PER_M = 100
_WEIGHT_LOST_A_YEAR = 0.06
_WEIGHT_LOST_AT_MOST = 0.20
"""Share of the body weight, with the condition weight loss."""


def measurements(block: Block) -> Iterator[Entries]:
    """Everything that the practice measures."""
    pressure = _watched(block, _pressure_rate(block), _PRESSURE_WITH)
    yield from _pressures(Seen(block, visits(block, "gp pressure", pressure, _MEASURED_IN_SHOCK)))
    weighed = _watched(block, _WEIGHINGS * _pressure_rate(block), _WEIGHED_WITH)
    yield from _weights(Seen(block, visits(block, "gp weight", weighed, _MEASURED_IN_SHOCK)))
    rate = np.interp(block.age, _BLOODS_AGES, _BLOODS)
    rate += _BLOODS_PER_CONDITION * np.minimum(block.count, _MOST_COUNTED)
    bloods = _watched(block, rate, _BLOODS_WITH)
    yield from _bloods(Seen(block, visits(block, "gp blood", bloods, _MEASURED_IN_SHOCK)))


def _pressure_rate(block: Block) -> Floats:
    rate = np.interp(block.age, _PRESSURE_AGES, _PRESSURE)
    rate += _PRESSURE_PER_CONDITION * np.minimum(block.count, _MOST_COUNTED)
    return np.where(block.age >= _ADULT, rate, 0.0)


def _watched(block: Block, rate: Floats, added: tuple[tuple[str, float], ...]) -> Floats:
    """The rate with what some conditions add to it."""
    total = rate.copy()
    for condition, more in added:
        total += more * block.has(condition)
    return total


def _pressures(seen: Seen) -> Iterator[Entries]:
    yield _taken(seen, "systolic")
    yield _taken(seen, "diastolic")


def _taken(seen: Seen, name: str) -> Entries:
    visit = seen.visit
    return noted(name, visit.row, visit.day, visit.draws, measured(seen, name))


def _weights(seen: Seen) -> Iterator[Entries]:
    metres = np.round(measured(seen, "height")) / _CM_PER_M
    lost = np.minimum(_WEIGHT_LOST_A_YEAR * seen.years_with("weight_loss"), _WEIGHT_LOST_AT_MOST)
    weight = np.round(measured(seen, "bmi") * (1 - lost) * metres**2, 1)
    visit = seen.visit
    yield noted("weight", visit.row, visit.day, visit.draws, weight)
    yield noted("bmi", visit.row, visit.day, visit.draws, weight / metres**2)
    yield _taken(seen.keep(visit.draws.chance("height", _HEIGHT_TAKEN)), "height")


def _bloods(seen: Seen) -> Iterator[Entries]:
    for test in rows("measurements"):
        if test["asked"]:
            with_condition = test["asked_with"]
            share = np.full(len(seen), float(test["asked"]))
            if with_condition:
                share = np.where(seen.has(with_condition), _ASKED_WITH, share)
            asked = seen.visit.draws.chance(f"asked {test['asked']}", share)
            yield _taken(seen.keep(asked), test["observation"])
