"""Score everyone at an index date, rank them in their practice, and write the list."""

from riskstrat.risklist.lists import NO_PRACTICE, RiskList, make_risk_list, practices
from riskstrat.risklist.on_spark import SparkScores, score_on_spark
from riskstrat.risklist.patient import PatientExplanation, explain_patient
from riskstrat.risklist.scores import Scores, load_scores
from riskstrat.risklist.scoring import score

__all__ = [
    "NO_PRACTICE",
    "PatientExplanation",
    "RiskList",
    "Scores",
    "SparkScores",
    "explain_patient",
    "load_scores",
    "make_risk_list",
    "practices",
    "score",
    "score_on_spark",
]
