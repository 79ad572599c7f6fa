"""The model: calibrated trees, simpler scores beside them, and an artefact without pickle."""

from riskstrat.training.classifier import RiskClassifier
from riskstrat.training.comparators import Comparator
from riskstrat.training.fitting import fit, fit_outcome, refit
from riskstrat.training.model import RiskModel
from riskstrat.training.trees import CalibratedTrees

__all__ = [
    "CalibratedTrees",
    "Comparator",
    "RiskClassifier",
    "RiskModel",
    "fit",
    "fit_outcome",
    "refit",
]
