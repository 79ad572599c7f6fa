"""``catalogue.toml`` as read once: what is declared about features, before a study chooses."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["counted_conditions", "declared"]


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
