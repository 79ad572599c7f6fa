"""A small real model: eight features, missing values, an admission and a death booster."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from riskstrat.features import Feature, FeatureMatrix
from riskstrat.training import CalibratedTrees

GROUPS_OF_FEATURES = (
    "emergency",
    "heart",
    "emergency",
    "tests",
    "cancer",
    "planned",
    "tests",
    "person",
)
FACTS_OF_FEATURES = ("stays", "angina", "stays", "salt", "cancer", "clinics", "water", "age")
KINDS = ("count", "flag", "days", "measurement", "flag", "count", "measurement", "count")
PEOPLE = 3000


def feature(position: int) -> Feature:
    return Feature(
        name=f"feature_{position}",
        label=f"Feature {position}",
        unit="",
        group=GROUPS_OF_FEATURES[position],
        kind=KINDS[position],
        sources=("hospital", "gp"),
        window_days=365,
        rule=f"sum {FACTS_OF_FEATURES[position]}",
        workable=False,
        monotone=0,
        sensitive=False,
        sentence="" if position == 7 else f"fact {position}: {{value}}, on {{date}}",
        sentence_one=None,
    )


@dataclass(frozen=True)
class SmallModel:
    """What explanation needs of a RiskModel."""

    admission: CalibratedTrees
    death: CalibratedTrees | None
    features: tuple[Feature, ...]
    peers: pd.DataFrame | None = None
    study: Any = field(default_factory=SimpleNamespace)

    def require_matrix(self, matrix: FeatureMatrix) -> None:
        assert matrix.features == self.features


def people_values(rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.poisson(1.0, (rows, 8)).astype(np.float32)
    values[:, [3, 6]] = rng.normal(60, 15, (rows, 2))
    values[rng.random((rows, 8)) < 0.2] = np.nan
    return values


def fit_booster(values: np.ndarray, weights: list[float], seed: int) -> lgb.Booster:
    rng = np.random.default_rng(seed)
    filled = np.nan_to_num(values, nan=1.0)
    log_odds = filled @ np.array(weights) + 0.4 * filled[:, 0] * (filled[:, 1] > 1) - 1.5
    outcome = (rng.random(len(values)) < 1 / (1 + np.exp(-log_odds))).astype(float)
    settings = {
        "objective": "binary",
        "num_leaves": 12,
        "max_depth": 5,
        "min_data_in_leaf": 20,
        "learning_rate": 0.2,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "verbose": -1,
    }
    booster = lgb.train(settings, lgb.Dataset(values, outcome), 12)
    return lgb.Booster(model_str=booster.model_to_string())


@pytest.fixture(scope="session")
def small_matrix() -> FeatureMatrix:
    values = people_values(PEOPLE, 5)
    rng = np.random.default_rng(6)
    days = rng.integers(1, 900, values.shape).astype(np.int32)
    days[np.isnan(values) | (values == 0)] = -1
    keys = pd.DataFrame(
        {
            "patient_id": pd.Series([f"p{row:05d}" for row in range(PEOPLE)], dtype="str"),
            "index_date": pd.Series([pd.Timestamp("2027-01-01")] * PEOPLE).astype("datetime64[s]"),
        }
    )
    return FeatureMatrix(keys, values, tuple(map(feature, range(8))), "hash", days)


@pytest.fixture(scope="session")
def small_model(small_matrix: FeatureMatrix) -> SmallModel:
    admission = fit_booster(small_matrix.values, [0.6, 0.5, -0.3, -0.02, -0.4, 0.2, 0.01, 0.3], 1)
    death = fit_booster(small_matrix.values, [0.1, 0.3, 0.0, -0.03, 0.8, -0.1, 0.0, 0.4], 2)
    return SmallModel(
        CalibratedTrees(admission, slope=0.9, intercept=-0.15),
        CalibratedTrees(death, slope=1.1, intercept=0.05),
        small_matrix.features,
    )


@pytest.fixture(scope="session")
def small_cohort() -> SimpleNamespace:
    """Ages and sexes of the people of the matrix; men of 90 and over are few."""
    rng = np.random.default_rng(7)
    ages = rng.integers(60, 95, PEOPLE)
    sexes = np.where((rng.random(PEOPLE) < 0.5) & (ages < 90), "male", "female")
    sexes[:20] = "male"
    ages[:20] = 92
    frame = pd.DataFrame({"age": ages, "sex": pd.Series(sexes, dtype="str")})
    return SimpleNamespace(frame=frame)
