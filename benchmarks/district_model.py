"""A logistic regression like SPARRA version 3, on features that the whole population has.

Additive, but for curves of age that differ between women and men. Developed on the first index
dates, judged on the last: the year after the last development date ends where the judged year
begins.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler

from benchmarks.district_facts import HOSPITAL_CONDITIONS
from benchmarks.district_people import INDEX_DATES

__all__ = ["features", "judged", "v3_like"]

_AGE_KNOTS = np.array([0, 10, 20, 35, 50, 60, 70, 80, 90, 100], dtype=float)[:, None]
_COUNTS = (
    *("emergency_count", "emergency_year_count", "nights_count", "nights_year_count"),
    *("elective_count", "elective_year_count", "day_case_count", "day_case_year_count"),
    *("department_count", "department_year_count", "outpatient_count", "outpatient_year_count"),
    *("sections_count", "items_count", "hospital_ltc_count"),
)
_CONDITIONS = tuple(f"has_{name}" for name in HOSPITAL_CONDITIONS)
_MIDDLE_DECILE = 5.5
_STRENGTH = 0.1
"""Inverse strength of the ridge penalty on standardised features."""
_MOST_ROUNDS = 2000


def features(rows: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Splines of age by sex, deprivation, counts on a logarithmic scale, conditions coded."""
    age = rows[["age"]].to_numpy(np.float64)
    splines = SplineTransformer(knots=_AGE_KNOTS, extrapolation="constant").fit(_AGE_KNOTS)
    curve = splines.transform(age)
    female = rows[["female"]].to_numpy(np.float64)
    counts = np.log1p(rows[list(_COUNTS)].to_numpy(np.float64))
    some = (counts > 0).astype(np.float64)
    decile = rows[["imd_decile"]].fillna(_MIDDLE_DECILE).to_numpy(np.float64) - _MIDDLE_DECILE
    conditions = rows[list(_CONDITIONS)].to_numpy(np.float64)
    return np.hstack([curve, curve * female, female, decile, counts, some, conditions])


def v3_like(rows: pd.DataFrame, outcome: str) -> npt.NDArray[np.float64]:
    """Risk of an outcome on the last index date, from a model of the earlier ones.

    Parameters
    ----------
    rows : DataFrame
        See :class:`~benchmarks.district_people.District`.
    outcome : str
        ``event`` (admission or death) or ``admitted`` (before death).

    Returns
    -------
    ndarray
        One risk per row of the last index date, in the order of the rows.
    """
    late = rows["index_date"] == pd.Timestamp(INDEX_DATES[-1])
    model: Any = make_pipeline(
        StandardScaler(), LogisticRegression(C=_STRENGTH, max_iter=_MOST_ROUNDS)
    )
    model.fit(features(rows[~late]), rows.loc[~late, outcome])
    risk: npt.NDArray[np.float64] = model.predict_proba(features(rows[late]))[:, 1]
    return risk


def judged(rows: pd.DataFrame) -> pd.DataFrame:
    """People of the last index date who have true risks, with every risk that is judged.

    Returns
    -------
    DataFrame
        ``event`` and ``admitted``; for each of them ``<outcome>_v3``, ``<outcome>_best`` and
        ``<outcome>_oracle``.
    """
    late = rows[rows["index_date"] == pd.Timestamp(INDEX_DATES[-1])]
    risks = late.assign(
        event_v3=v3_like(rows, "event"),
        admitted_v3=v3_like(rows, "admitted"),
        event_best=late["best_risk"] + late["best_death_risk"],
        admitted_best=late["best_risk"],
        event_oracle=late["oracle_risk"] + late["oracle_death_risk"],
        admitted_oracle=late["oracle_risk"],
    )
    return risks[risks["best_risk"].notna()]
