"""The page about the explanations of a model: one HTML file that loads nothing and prints on A4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskstrat.evaluation.disclosure import FEWEST_EVENTS, FEWEST_PEOPLE
from riskstrat.evaluation.explained_figures import (
    coverage_figure,
    dependence_figure,
    sizes_figure,
)
from riskstrat.evaluation.rendering import template_environment
from riskstrat.explanation import LOWERING, RAISING, caveat
from riskstrat.study import OUTCOMES

__all__ = ["render_explanations"]

SHOWN_FROM = 0.005
"""Share of everybody from which a reason has a column [judgement]: rarer ones stand in the JSON."""

DIRECTIONS = {
    RAISING: "Told as going with a higher risk than that of the peers",
    LOWERING: "Told as going with a lower risk than that of the peers",
}


def render_explanations(found: Mapping[str, Any]) -> str:
    """The page of :class:`riskstrat.evaluation.explained.ExplanationReport`.

    Parameters
    ----------
    found : mapping
        The report's values.

    Returns
    -------
    str
        A complete HTML document; the same values give the same text.
    """
    figures = {}
    if not found["withheld"]:
        figures = {
            "sizes": sizes_figure(found),
            "dependence": dependence_figure(found),
            "coverage": coverage_figure(found),
        }
    return (
        template_environment(html=True)
        .get_template("explanations.html.j2")
        .render(
            x=found,
            words=OUTCOMES[found["study"]["outcome_kind"]],
            figures=figures,
            tables=[] if found["withheld"] else _tables(found["reasons"]),
            caveat=caveat(),
            fewest_people=FEWEST_PEOPLE,
            fewest_events=FEWEST_EVENTS,
        )
    )


def _tables(reasons: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One table per direction: a row per group of people, a column per clinical group."""
    tables = []
    for direction, caption in DIRECTIONS.items():
        shares = [share or 0.0 for share in reasons["everyone"]]
        kept = [
            k
            for k, column in enumerate(reasons["columns"])
            if column["direction"] == direction and shares[k] >= SHOWN_FROM
        ]
        kept.sort(key=lambda k: -shares[k])
        tables.append(
            {
                "caption": caption,
                "columns": [reasons["columns"][k]["label"] for k in kept],
                "everyone": [reasons["everyone"][k] for k in kept],
                "divisions": [
                    {
                        "title": division["title"],
                        "groups": [
                            (group["group"], group["rows"], [group["shares"][k] for k in kept])
                            for group in division["groups"]
                            if not group["withheld"]
                        ],
                        "withheld": [g["group"] for g in division["groups"] if g["withheld"]],
                    }
                    for division in reasons["divisions"].values()
                ],
            }
        )
    return [table for table in tables if table["columns"]]
