"""What the feature matrix knows of the people judged, by which they are reported apart.

Features are found by their rule, not by their name, so that a study may call them as it likes. What
a matrix does not hold, or does not know of somebody, is missing, never 'no'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.evaluation.observed import Floats

if TYPE_CHECKING:
    from riskstrat.features import Feature, FeatureMatrix

__all__ = [
    "ADMISSIONS",
    "CARE_HOME",
    "CONDITION",
    "FRAIL",
    "LATELY_DAYS",
    "NOT_ADMITTED_LATELY",
    "known_about",
]

LATELY_DAYS = 730
"""'First-time' is no emergency admission in 24 months (binding statistical rule 22)."""

YEAR_DAYS = 365
"""Look-back of the admissions before that people are told apart by."""

MODERATE_FRAILTY = 0.24
"""An electronic frailty index above this is moderate or severe frailty (Clegg 2016,
doi:10.1093/ageing/afw039)."""

Rows = npt.NDArray[np.bool_] | slice

NOT_ADMITTED_LATELY, FRAIL, CONDITION = "not_admitted_lately", "frail", "condition: "
"""Names of the columns; a condition's label follows :data:`CONDITION`."""

CARE_HOME, ADMISSIONS = "lives_in_care_home", "admissions_before"
"""Names of the columns: 1 or 0, and emergency admissions in the year before the index date."""

CONDITIONS = (
    "dementia",
    "copd",
    "asthma",
    "heart_failure",
    "chd",
    "atrial_fibrillation",
    "stroke_tia",
    "hypertension",
    "diabetes",
    "ckd",
    "cancer",
    "depression",
    "psychosis_bipolar",
    "epilepsy",
    "learning_disability",
)
"""Long-term conditions with a register in the Quality and Outcomes Framework (NHS England, 2024/25
guidance), as the catalogue calls them: those that every practice keeps a list of."""


def known_about(matrix: FeatureMatrix, rows: Rows = slice(None)) -> pd.DataFrame:
    """One column per fact: 1 yes, 0 no (or a count), NaN not known.

    Parameters
    ----------
    matrix : FeatureMatrix
    rows : ndarray of bool, shape (n,), or slice
        Rows to tell about.

    Returns
    -------
    DataFrame
        :data:`NOT_ADMITTED_LATELY`; :data:`FRAIL` (moderate or severe); :data:`CARE_HOME`;
        :data:`ADMISSIONS`, a count; one column for each of the conditions that the matrix knows of
        anybody. Numbered from 0.
    """
    columns = {
        NOT_ADMITTED_LATELY: _not_admitted(matrix, rows),
        FRAIL: _above(_values(matrix, rows, "points efi"), MODERATE_FRAILTY),
        CARE_HOME: _values(matrix, rows, "value care_home"),
        ADMISSIONS: _values(matrix, rows, "count emergency_admission", YEAR_DAYS),
    }
    for condition in CONDITIONS:
        rule = f"any condition.{condition}"
        feature, values = _feature(matrix, rule), _values(matrix, rows, rule)
        if feature is not None and not np.isnan(values).all():
            columns[f"{CONDITION}{feature.label}"] = values
    return pd.DataFrame(columns)


def _feature(matrix: FeatureMatrix, rule: str, days: int | None = None) -> Feature | None:
    """The feature with a rule; of several, that of so many days, or the longest look-back."""
    found = [
        feature
        for feature in matrix.features
        if feature.rule == rule and days in (None, feature.window_days)
    ]
    return max(found, key=lambda feature: feature.window_days or 0, default=None)


def _values(matrix: FeatureMatrix, rows: Rows, rule: str, days: int | None = None) -> Floats:
    feature = _feature(matrix, rule, days)
    if feature is None:
        return np.full(len(matrix.values[rows, :0]), np.nan)
    return np.asarray(matrix.values[rows, matrix.features.index(feature)], dtype=np.float64)


def _not_admitted(matrix: FeatureMatrix, rows: Rows) -> Floats:
    """Whether somebody had no emergency admission in the last two years.

    Days since the last one say no at up to 730. Above that, or without one, they say yes only where
    the feature looks back so far, the feed of admissions is there (a count of them is known) and
    the person has been registered for so long; else nobody can say.
    """
    since = _feature(matrix, "since emergency_admission")
    days = _values(matrix, rows, "since emergency_admission")
    looks_back = since is not None and (since.window_days or 0) >= LATELY_DAYS
    has_feed = ~np.isnan(_values(matrix, rows, "count emergency_admission"))
    is_long = _values(matrix, rows, "longest registration") >= LATELY_DAYS
    known = np.where(has_feed & is_long & looks_back, 1.0, np.nan)
    return np.where(days <= LATELY_DAYS, 0.0, known)


def _above(values: Floats, limit: float) -> Floats:
    return np.where(np.isnan(values), np.nan, (values > limit).astype(np.float64))
