"""The model card: what the model is for, what it is not for, and how well it did, in Markdown.

References
----------
Mitchell M et al. Model cards for model reporting. FAT* 2019;220-229.
Collins GS et al. TRIPOD+AI statement. BMJ 2024;385:e078378.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskstrat.evaluation.about import lag_sentence, list_sentence
from riskstrat.evaluation.disclosure import FEWEST_EVENTS, FEWEST_PEOPLE
from riskstrat.evaluation.rendering import template_environment
from riskstrat.evaluation.summary import NO_EFFECT
from riskstrat.study import OUTCOMES

__all__ = ["render_card"]


_ELSEWHERE = {"comparators_left_out", "programme_services_left_out", "sources"}
"""Facts of the provenance that the card tells in a section of its own."""


def render_card(metrics: Mapping[str, Any]) -> str:
    """The model card of an evaluated model.

    Parameters
    ----------
    metrics : mapping
        The metrics of an :class:`EvaluationReport`.

    Returns
    -------
    str
        Markdown; the same metrics give the same text.
    """
    template = template_environment(html=False).get_template("model_card.md.j2")
    return template.render(
        m=metrics,
        words=OUTCOMES[metrics["study"]["outcome_kind"]],
        sentence=lambda section: list_sentence(metrics, section),
        lag=None if metrics["everyone"]["withheld"] else lag_sentence(metrics),
        provenance=_provenance(metrics["model"]["provenance"]),
        no_effect=NO_EFFECT,
        fewest_people=FEWEST_PEOPLE,
        fewest_events=FEWEST_EVENTS,
    )


def _provenance(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Each fact on one line of plain text, without those that have a place of their own."""
    return {
        key.replace("_", " "): _words(value)
        for key, value in provenance.items()
        if key not in _ELSEWHERE
    }


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key.replace('_', ' ')} {_words(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_words(item) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not recorded" if value is None else str(value)
