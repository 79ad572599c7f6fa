"""The model: calibrated trees, simpler scores beside them, and an artefact without pickle."""

from riskstrat.training.comparators import Comparator
from riskstrat.training.fitting import fit, fit_outcome, refit
from riskstrat.training.model import RiskModel
from riskstrat.training.trees import CalibratedTrees

__all__ = [
    "CalibratedTrees",
    "Comparator",
    "RiskModel",
    "fit",
    "fit_outcome",
    "refit",
]
