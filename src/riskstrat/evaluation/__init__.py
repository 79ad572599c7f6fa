"""How good the risks are, for whom, and what a list made from them holds.

:func:`evaluate` judges a model and its comparators on the same people and writes one page, one JSON
file and a model card. The measures it uses can be called on their own: all take weights, and those
with an interval allow for several rows per person.
"""

from riskstrat.evaluation.blocks import Resampling
from riskstrat.evaluation.bootstrap import Discrimination, bootstrap_discrimination
from riskstrat.evaluation.calibration import (
    calibration_in_the_large,
    calibration_intercept,
    calibration_slope,
    observed_expected_ratio,
)
from riskstrat.evaluation.catalogue import CHECKS, Check, Finding
from riskstrat.evaluation.ceiling import against_truth
from riskstrat.evaluation.characteristics import describe_people
from riskstrat.evaluation.comparison import common_rows, compare
from riskstrat.evaluation.curve import CalibrationCurve, integrated_calibration_index, risk_groups
from riskstrat.evaluation.discrimination import auroc, average_precision
from riskstrat.evaluation.explained import ExplanationReport, explain_evaluation
from riskstrat.evaluation.incidence import cumulative_incidence
from riskstrat.evaluation.intervals import Estimate, proportion
from riskstrat.evaluation.judged import Judged, Score, judge, without_lag_score
from riskstrat.evaluation.net_benefit import net_benefit, net_benefit_of_all
from riskstrat.evaluation.observed import Observed
from riskstrat.evaluation.report import EvaluationReport, add_stability, evaluate
from riskstrat.evaluation.stability import ListStability, list_stability
from riskstrat.evaluation.workload import Missed, Workload, listed, missed, workload

__all__ = [
    "CHECKS",
    "CalibrationCurve",
    "Check",
    "Discrimination",
    "Estimate",
    "EvaluationReport",
    "ExplanationReport",
    "Finding",
    "Judged",
    "ListStability",
    "Missed",
    "Observed",
    "Resampling",
    "Score",
    "Workload",
    "add_stability",
    "against_truth",
    "auroc",
    "average_precision",
    "bootstrap_discrimination",
    "calibration_in_the_large",
    "calibration_intercept",
    "calibration_slope",
    "common_rows",
    "compare",
    "cumulative_incidence",
    "describe_people",
    "evaluate",
    "explain_evaluation",
    "integrated_calibration_index",
    "judge",
    "list_stability",
    "listed",
    "missed",
    "net_benefit",
    "net_benefit_of_all",
    "observed_expected_ratio",
    "proportion",
    "risk_groups",
    "without_lag_score",
    "workload",
]
