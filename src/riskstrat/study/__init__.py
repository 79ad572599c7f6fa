"""The study file: what is predicted, for whom, when and from what, as strictly read data."""

from riskstrat.study.declaration import (
    LONGEST_DAYS,
    Eligibility,
    FeatureRules,
    IndexRule,
    ModelRule,
    Outcome,
    Report,
    Split,
    Study,
)
from riskstrat.study.reading import load_study, parse_study, study_schema

__all__ = [
    "LONGEST_DAYS",
    "Eligibility",
    "FeatureRules",
    "IndexRule",
    "ModelRule",
    "Outcome",
    "Report",
    "Split",
    "Study",
    "load_study",
    "parse_study",
    "study_schema",
]
