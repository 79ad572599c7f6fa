"""What is measured in a person: their own level, what conditions change, and what differs by visit.

Without the condition that a result would stand for, the result is kept on the usual side of the
limit that frailty indices and diagnoses use: nobody has a deficit that is not coded.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from riskstrat.simulation.catalogue import rows
from riskstrat.simulation.practice.seen import Seen
from riskstrat.simulation.timeline import Floats, Mask

__all__ = ["creatinine_of", "measured"]

_REFLECTED = 0.4
"""A result that would lie beyond a limit comes to lie so much of the way on this side of it."""

_CKD_EPI = (141.0, 0.993, 1.018)
"""Factor, factor per year of age, factor of women."""
_CKD_EPI_KAPPA = (79.6, 61.9)
"""umol/L, men and women."""
_CKD_EPI_BELOW = (-0.411, -0.329)
_CKD_EPI_ABOVE = -1.209
"""Exponents of creatinine / kappa below (men and women) and above 1: CKD-EPI equation of 2009
(Levey et al., doi:10.7326/0003-4819-150-9-200905050-00006)."""


def measured(seen: Seen, name: str) -> Floats:
    """What is measured at each visit, as ``measurements.csv`` and its two companions say.

    Parameters
    ----------
    seen : Seen
    name : str
        The observation; creatinine follows from the filtration rate.
    """
    if name == "creatinine":
        return creatinine_of(np.round(measured(seen, "egfr")), seen.age, seen.female)
    measure = _measure(name)
    number = {key: float(measure[key]) for key in _NUMBERS}
    usual = np.where(seen.female, number["women"], number["men"])
    is_logarithmic = measure["logarithmic"] == "1"
    value = np.log(usual) if is_logarithmic else usual
    change, spread = _changes(seen, name)
    value = value + number["per_year"] * np.maximum(seen.age - number["from_age"], 0) + change
    value = value + number["own_sd"] * spread * seen.level(measure["level"])
    value = value + number["visit_sd"] * seen.noise(name)
    result = np.exp(value) if is_logarithmic else value
    return np.clip(_within_limits(seen, name, result), number["minimum"], number["maximum"])


_NUMBERS = (
    *("men", "women", "per_year", "from_age", "own_sd", "visit_sd"),
    *("minimum", "maximum"),
)


@cache
def _measure(name: str) -> dict[str, str]:
    return next(row for row in rows("measurements") if row["observation"] == name)


def _changes(seen: Seen, name: str) -> tuple[Floats, Floats]:
    """What conditions add, and by how much they spread people's own levels."""
    change, spread = np.zeros(len(seen)), np.ones(len(seen))
    for row in rows("measurement_changes"):
        if row["observation"] == name:
            has = seen.has(row["condition"])
            change = change + float(row["change"]) * has
            spread = np.where(has, float(row["spread"]), spread)
    return change, spread


def _within_limits(seen: Seen, name: str, value: Floats) -> Floats:
    for row in rows("measurement_limits"):
        if row["observation"] == name:
            limit = np.where(seen.female, float(row["women"]), float(row["men"]))
            side = 1 if row["side"] == "lowest" else -1
            value = _reflected(value, limit, side * (limit - value) > 0, seen.has(row["condition"]))
    return value


def _reflected(value: Floats, limit: Floats, beyond: Mask, may_be_beyond: Mask) -> Floats:
    kept: Floats = np.where(beyond & ~may_be_beyond, limit + _REFLECTED * (limit - value), value)
    return kept


def creatinine_of(filtration: Floats, age: Floats, female: Mask) -> Floats:
    """Serum creatinine (umol/L) from which a filtration rate (mL/min/1.73m2) was worked out.

    Examples
    --------
    >>> same_age = np.array([70.0, 70.0])
    >>> creatinine_of(np.array([60.0, 60.0]), same_age, np.array([False, True])).round()
    array([107.,  85.])
    """
    factor, yearly, women = _CKD_EPI
    kappa, below = (np.where(female, pair[1], pair[0]) for pair in (_CKD_EPI_KAPPA, _CKD_EPI_BELOW))
    ratio = filtration / (factor * yearly**age * np.where(female, women, 1.0))
    creatinine: Floats = kappa * ratio ** (1 / np.where(ratio < 1, _CKD_EPI_ABOVE, below))
    return creatinine
