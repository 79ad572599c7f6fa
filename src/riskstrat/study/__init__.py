"""The study file: what is predicted, for whom, when and from what, as strictly read data."""

from riskstrat.study.added import VALUE_RULES, AddedFeature, added_mistakes, columns_of
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
from riskstrat.study.reading import StudyText, load_study, parse_study, read_fields, study_schema

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
    "StudyText",
    "added_mistakes",
    "columns_of",
    "load_study",
    "parse_study",
    "read_fields",
    "study_schema",
]
