"""``catalogue.toml`` as read once: what is declared about features, before a study chooses."""

from __future__ import annotations

import math
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["counted_conditions", "declared", "normal_range"]


@cache
def declared() -> dict[str, Any]:
    """The catalogue file. The same object every time: do not change it."""
    text = files("riskstrat.features").joinpath("catalogue.toml").read_text("utf-8")
    return tomllib.loads(text)


def counted_conditions() -> tuple[str, ...]:
    """Facts that count in the number of long-term conditions."""
    return tuple(
        f"condition.{name}"
        for name, entry in declared()["conditions"].items()
        if entry.get("counted", True)
    )


def normal_range(fact: str) -> tuple[float, float]:
    """Least and greatest normal value of a measurement; of other facts every value is normal.

    Examples
    --------
    >>> normal_range("measure.sodium")
    (133.0, 146.0)
    """
    name = fact.removeprefix("measure.")
    measured = declared()["measurements"] if name != fact else {}
    least, greatest = measured[name]["normal"] if name in measured else (-math.inf, math.inf)
    return float(least), float(greatest)
