"""The report page: one HTML file that loads nothing, reads well on screen and prints on A4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from riskstrat.evaluation.about import list_sentence
from riskstrat.evaluation.catalogue import CHECKS
from riskstrat.evaluation.disclosure import FEWEST_EVENTS, FEWEST_PEOPLE
from riskstrat.evaluation.figures import (
    calibration_figure,
    discrimination_figure,
    distribution_figure,
    net_benefit_figure,
)
from riskstrat.evaluation.forest import forest_figure
from riskstrat.evaluation.workload import capacity_words
from riskstrat.study import OUTCOMES

__all__ = [
    "estimate",
    "number",
    "percent",
    "percent_estimate",
    "render_page",
    "signed",
    "template_environment",
]

NOTHING = "\u2013"
"""Stands where there is no figure: withheld, or it does not exist."""

SQUARES = 100
"""Icons of the picture of a list: one per hundredth of the people on it."""


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
        percent=percent,
        number=number,
        estimate=estimate,
        percent_estimate=percent_estimate,
        signed=signed,
        capacity=capacity_words,
    )
    return environment


def render_page(metrics: Mapping[str, Any]) -> str:
    """The page of an evaluation.

    Parameters
    ----------
    metrics : mapping
        The metrics of an :class:`EvaluationReport`.

    Returns
    -------
    str
        A complete HTML document; the same metrics give the same text.
    """
    template = template_environment(html=True).get_template("report.html.j2")
    return template.render(
        m=metrics,
        words=OUTCOMES[metrics["study"]["outcome_kind"]],
        sentence=lambda section: list_sentence(metrics, section),
        figures=_figures(metrics),
        fewest_people=FEWEST_PEOPLE,
        fewest_events=FEWEST_EVENTS,
        squares=SQUARES,
        checks=len(CHECKS),
        frail_is_known=_frail_is_known(metrics),
    )


def _frail_is_known(metrics: Mapping[str, Any]) -> bool:
    groups = [group for part in metrics["subgroups"].values() for group in part["groups"]]
    return any(group.get("frail_share") is not None for group in groups)


def _figures(metrics: Mapping[str, Any]) -> dict[str, str]:
    if metrics["everyone"]["withheld"]:
        return {}
    return {
        "calibration": calibration_figure(metrics),
        "discrimination": discrimination_figure(metrics),
        "net_benefit": net_benefit_figure(metrics),
        "distributions": distribution_figure(metrics),
        "subgroups": forest_figure(metrics),
    }
