"""Why the model ranks a person where it does: contributions, peers, reasons in words."""

from riskstrat.explanation.codes import reason_code
from riskstrat.explanation.expert import percentage_points
from riskstrat.explanation.peers import compared_with, peer_reference
from riskstrat.explanation.reasons import REASON_COLUMNS, build_reasons
from riskstrat.explanation.shapley import Explanations, explain
from riskstrat.explanation.tree_shap import TreeShap
from riskstrat.explanation.wording import (
    LOWERING,
    RAISING,
    caveat,
    date_in_words,
    days_in_words,
    risk_sentence,
)

__all__ = [
    "LOWERING",
    "RAISING",
    "REASON_COLUMNS",
    "Explanations",
    "TreeShap",
    "build_reasons",
    "caveat",
    "compared_with",
    "date_in_words",
    "days_in_words",
    "explain",
    "peer_reference",
    "percentage_points",
    "reason_code",
    "risk_sentence",
]
