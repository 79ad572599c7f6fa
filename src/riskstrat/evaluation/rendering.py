"""The templates of reports and cards, and how numbers are written in them."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from riskstrat.evaluation.workload import capacity_words

__all__ = [
    "day",
    "estimate",
    "number",
    "percent",
    "percent_estimate",
    "signed",
    "template_environment",
]

NOTHING = "\u2013"
"""Stands where there is no figure: withheld, or it does not exist."""


def day(iso: str | None) -> str:
    """A date as it is read aloud; the parts stay on one line.

    Examples
    --------
    >>> day("2024-01-09").split(), day(None)
    (['9', 'January', '2024'], '–')
    """
    if iso is None:
        return NOTHING
    of = date.fromisoformat(iso)
    return f"{of.day}\u00a0{calendar.month_name[of.month]}\u00a0{of.year}"


def percent(value: float | None, decimals: int = 1) -> str:
    """A share as a percentage.

    Examples
    --------
    >>> percent(0.1234), percent(None)
    ('12.3%', '–')
    """
    return NOTHING if value is None else f"{value * 100:.{decimals}f}%"


def number(value: float | None, decimals: int = 0) -> str:
    """A number with thousands separators.

    Examples
    --------
    >>> number(12345.6), number(0.5, 2)
    ('12,346', '0.50')
    """
    return NOTHING if value is None else f"{value:,.{decimals}f}"


def estimate(value: Mapping[str, Any] | None, decimals: int = 2) -> str:
    """A value with its interval.

    Examples
    --------
    >>> estimate({"value": 0.7512, "low": 0.74, "high": 0.76}, 3)
    '0.751 (0.740 to 0.760)'
    """
    return _with_interval(value, lambda x: f"{x:z.{decimals}f}", "")


def signed(value: float, decimals: int, sign: bool) -> str:
    """A number, with its sign when asked for.

    Examples
    --------
    >>> signed(0.0312, 3, True), signed(0.0312, 2, False)
    ('+0.031', '0.03')
    """
    return f"{value:{'+' if sign else ''}.{decimals}f}"


def percent_estimate(value: Mapping[str, Any] | None, decimals: int = 1) -> str:
    """A share with its interval, in percent.

    Examples
    --------
    >>> percent_estimate({"value": 0.405, "low": 0.36, "high": 0.452})
    '40.5% (36.0 to 45.2)'
    """
    return _with_interval(value, lambda x: f"{x * 100:z.{decimals}f}", "%")


def _with_interval(
    value: Mapping[str, Any] | None, write: Callable[[float], str], unit: str
) -> str:
    if value is None or value["value"] is None:
        return NOTHING
    if value["low"] is None or value["high"] is None:
        return f"{write(value['value'])}{unit}"
    return f"{write(value['value'])}{unit} ({write(value['low'])} to {write(value['high'])})"


def template_environment(*, html: bool) -> Environment:
    """The templates of this package, with the filters they use."""
    environment = Environment(
        loader=PackageLoader("riskstrat.evaluation"),
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        day=day,
        percent=percent,
        number=number,
        estimate=estimate,
        percent_estimate=percent_estimate,
        signed=signed,
        capacity=capacity_words,
    )
    return environment
