"""Explained risk of emergency admission from linked records.

Linked NHS, council and voluntary-sector records go in; a calibrated, explained risk list comes out.
Every public name is listed in ``__all__`` and is imported when it is first used, so that
``import riskstrat`` is quick and needs no optional dependency.

Examples
--------
>>> import riskstrat as rs
>>> sorted(rs.__all__)[:3]
['RiskClassifier', 'RiskModel', 'TreeShap']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskstrat.classifier import RiskClassifier
    from riskstrat.cohort import build_cohort
    from riskstrat.explanation import TreeShap, explain
    from riskstrat.features import build_features
    from riskstrat.pipeline import evaluate, train
    from riskstrat.records import load_records
    from riskstrat.risklist import make_risk_list, score
    from riskstrat.simulation import simulate
    from riskstrat.study import load_study
    from riskstrat.training import RiskModel

__all__ = [
    "RiskClassifier",
    "RiskModel",
    "TreeShap",
    "build_cohort",
    "build_features",
    "evaluate",
    "explain",
    "load_records",
    "load_study",
    "make_risk_list",
    "score",
    "simulate",
    "train",
]

_HOME = {
    "RiskClassifier": "classifier",
    "RiskModel": "training",
    "TreeShap": "explanation",
    "build_cohort": "cohort",
    "build_features": "features",
    "evaluate": "pipeline",
    "explain": "explanation",
    "load_records": "records",
    "load_study": "study",
    "make_risk_list": "risklist",
    "score": "risklist",
    "simulate": "simulation",
    "train": "pipeline",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"riskstrat.{_HOME[name]}"), name)
    raise AttributeError(f"module 'riskstrat' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
