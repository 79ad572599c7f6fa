"""The report page: one HTML file that loads nothing, reads well on screen and prints on A4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskstrat.evaluation.about import lag_sentence, list_sentence
from riskstrat.evaluation.catalogue import CHECKS
from riskstrat.evaluation.characteristics import side_by_side
from riskstrat.evaluation.disclosure import FEWEST_EVENTS, FEWEST_PEOPLE
from riskstrat.evaluation.figures import (
    calibration_figure,
    discrimination_figure,
    distribution_figure,
    net_benefit_figure,
)
from riskstrat.evaluation.forest import forest_figures
from riskstrat.evaluation.rendering import template_environment
from riskstrat.evaluation.summary import NO_EFFECT, NOT_FOR, findings_sentence, plain_summary
from riskstrat.evaluation.tripod import tripod_counts, tripod_items
from riskstrat.study import OUTCOMES

__all__ = ["render_page"]

SQUARES = 100
"""Icons of the picture of a list: one per hundredth of the people on it."""


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
    items = tripod_items(metrics)
    shown = not metrics["everyone"]["withheld"]
    people = metrics.get("people") or {"development": None, "evaluation": None}
    return template.render(
        m=metrics,
        summary=plain_summary(metrics) if shown else [],
        not_for=NOT_FOR,
        no_effect=NO_EFFECT,
        found=findings_sentence(metrics),
        people=people,
        table_one=side_by_side(people["development"], people["evaluation"]),
        tripod=items,
        tripod_counts=tripod_counts(items),
        words=OUTCOMES[metrics["study"]["outcome_kind"]],
        sentence=lambda section: list_sentence(metrics, section),
        lag=lag_sentence(metrics) if shown else None,
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


def _figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    if metrics["everyone"]["withheld"]:
        return {}
    return {
        "calibration": calibration_figure(metrics),
        "discrimination": discrimination_figure(metrics),
        "net_benefit": net_benefit_figure(metrics),
        "distributions": distribution_figure(metrics),
        "subgroups": forest_figures(metrics),
    }
