"""Who is in, at which index date, with what outcome; every exclusion counted."""

from riskstrat.cohort.bands import AGE_BANDS, age_band, age_band_label
from riskstrat.cohort.build import (
    Cohort,
    build_cohort,
    build_matured_cohort,
    build_scoring_cohort,
    last_matured_date,
)
from riskstrat.cohort.censoring import Censoring
from riskstrat.cohort.eligibility import AttritionStep
from riskstrat.cohort.outcome import ADMITTED, CENSORED, DIED, NEITHER

__all__ = [
    "ADMITTED",
    "AGE_BANDS",
    "CENSORED",
    "DIED",
    "NEITHER",
    "AttritionStep",
    "Censoring",
    "Cohort",
    "age_band",
    "age_band_label",
    "build_cohort",
    "build_matured_cohort",
    "build_scoring_cohort",
    "last_matured_date",
]
