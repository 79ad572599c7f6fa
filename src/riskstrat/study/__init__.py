"""The study file: what is predicted, for whom, when and from what, as strictly read data."""

from riskstrat.study.added import VALUE_RULES, AddedFeature, added_mistakes
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
from riskstrat.study.outcomes import OUTCOMES, OutcomeKind, OutcomeWords
from riskstrat.study.reading import load_study, parse_study, study_schema

__all__ = [
    "LONGEST_DAYS",
    "OUTCOMES",
    "VALUE_RULES",
    "AddedFeature",
    "Eligibility",
    "FeatureRules",
    "IndexRule",
    "ModelRule",
    "Outcome",
    "OutcomeKind",
    "OutcomeWords",
    "Report",
    "Split",
    "Study",
    "added_mistakes",
    "load_study",
    "parse_study",
    "study_schema",
]
