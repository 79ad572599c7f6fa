"""Made-up matrices and cohorts with a known dependence of the outcome on two features."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskstrat.cohort import Cohort
from riskstrat.features import Feature, FeatureMatrix
from riskstrat.study import parse_study

STUDY = """
name = "sample"
[index]
dates = [2022-01-01, 2024-01-01]
[outcome]
kind = "emergency_admission"
window_days = 365
[split]
develop_to = 2022-01-01
evaluate_from = 2024-01-01
"""

KINDS = {
    "age": "count",
    "sex_female": "flag",
    "emergency_admissions_365d": "count",
    "charlson": "score",
    "hfrs": "score",
    "haemoglobin": "measurement",
}


def feature(name: str) -> Feature:
    return Feature(
        name=name,
        label=name,
        unit="",
        group="person",
        kind=KINDS[name],
        sources=("hospital",),
        window_days=365,
        rule=f"rule {name}",
        workable=False,
        monotone=int(name.startswith("emergency")),
        sensitive=False,
        sentence="",
        sentence_one=None,
    )


def sample(
    people: int = 400, *, seed: int = 1, deaths: bool = True, names: tuple[str, ...] = tuple(KINDS)
) -> tuple[FeatureMatrix, Cohort]:
    """Two rows per person; risk rises with age and earlier admissions, death with age alone."""
    rng = np.random.default_rng(seed)
    rows = 2 * people
    age = np.repeat(rng.integers(20, 95, people), 2)
    admissions = rng.poisson(0.4, rows)
    columns = {
        "age": age,
        "sex_female": np.repeat(rng.integers(0, 2, people), 2),
        "emergency_admissions_365d": admissions,
        "charlson": rng.poisson(age / 60),
        "hfrs": np.where(admissions > 0, rng.gamma(1.0, 3.0, rows), np.nan),
        "haemoglobin": np.where(rng.random(rows) < 0.5, rng.normal(130, 15, rows), np.nan),
    }
    admitted = rng.random(rows) < 1 / (1 + np.exp(2.5 - admissions - (age - 60) / 20))
    died = ~admitted & (rng.random(rows) < np.where(age > 70, 0.3, 0.03)) & deaths
    outcome = np.where(admitted, 1, np.where(died, 2, 0)).astype(np.int8)
    left = rng.random(rows) < 0.05
    outcome[left & (outcome == 0)] = -1
    frame = pd.DataFrame(
        {
            "patient_id": np.repeat([f"p{i:05d}" for i in range(people)], 2),
            "index_date": np.tile(pd.to_datetime(["2021-01-01", "2022-01-01"]), people),
            "age": age,
            "sex": np.where(columns["sex_female"] == 1, "female", "male"),
            "part": "development",
            "outcome": outcome,
            "weight": np.where(outcome == -1, 0.0, 1.05),
        }
    )
    values = np.stack([columns[name] for name in names], axis=1).astype(np.float32)
    features = tuple(feature(name) for name in names)
    matrix = FeatureMatrix(frame[["patient_id", "index_date"]], values, features, "hash-1")
    return matrix, Cohort(frame, (), parse_study(STUDY))
