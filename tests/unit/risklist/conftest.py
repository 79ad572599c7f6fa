"""A small real model and the people it scores; the cohort and the matrix are written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from riskstrat.cohort import Cohort
from riskstrat.explanation import peer_reference
from riskstrat.features import Feature, FeatureMatrix
from riskstrat.risklist import patient, scoring
from riskstrat.study import parse_study
from riskstrat.training import CalibratedTrees, RiskModel

PEOPLE = 300

STUDY = """
name = "small"
[index]
dates = [2024-01-01, 2026-01-01]
[outcome]
kind = "emergency_admission"
[split]
develop_to = 2024-01-01
evaluate_from = 2026-01-01
"""


def _feature(name: str, group: str, sentence: str) -> Feature:
    return Feature(
        name=name,
        label=name,
        unit="",
        group=group,
        kind="count",
        sources=("hospital",),
        window_days=365,
        rule=f"count {name}",
        workable=False,
        monotone=0,
        sensitive=False,
        sentence=sentence,
        sentence_one=None,
    )


FEATURES = (
    _feature("admissions", "emergency", "{value} admissions, the latest on {date}"),
    _feature("conditions", "heart", "{value} conditions recorded, the latest on {date}"),
    _feature("age", "person", ""),
)


def _booster(values: np.ndarray, weights: list[float]) -> CalibratedTrees:
    rng = np.random.default_rng(1)
    log_odds = values @ np.array(weights) - 2
    outcome = (rng.random(len(values)) < 1 / (1 + np.exp(-log_odds))).astype(float)
    settings = {
        "objective": "binary",
        "max_depth": 3,
        "min_data_in_leaf": 10,
        "num_threads": 1,
        "deterministic": True,
        "seed": 1,
        "verbose": -1,
    }
    booster = lgb.train(settings, lgb.Dataset(values, outcome), 8)
    return CalibratedTrees(lgb.Booster(model_str=booster.model_to_string()), 1.1, -0.2)


@pytest.fixture(scope="session")
def cohort() -> Cohort:
    """People in no order of risk; a third without a practice; 'p000' and 'p001' are alike."""
    study = parse_study(STUDY)
    rng = np.random.default_rng(2)
    codes = np.array(["Z90002", "Z90001", None], dtype=object)[np.arange(PEOPLE) % 3]
    codes[:2] = "Z90001"
    frame = pd.DataFrame(
        {
            "patient_id": pd.Series([f"p{row:03d}" for row in range(PEOPLE)], dtype="str"),
            "index_date": pd.Series([pd.Timestamp("2027-01-01")] * PEOPLE).astype("datetime64[s]"),
            "index_stay_id": pd.Series([None] * PEOPLE, dtype="str"),
            "practice_code": pd.Series(codes, dtype="str"),
            "age": rng.integers(60, 95, PEOPLE),
            "sex": pd.Series(rng.choice(["female", "male"], PEOPLE), dtype="str"),
            "in_hospital": np.arange(PEOPLE) % 50 == 0,
        }
    )
    frame.loc[:1, ["age", "sex"]] = [82, "female"]
    return Cohort(frame, (), study)


@pytest.fixture(scope="session")
def matrix(cohort: Cohort) -> FeatureMatrix:
    rng = np.random.default_rng(3)
    values = rng.poisson(1.0, (PEOPLE, 3)).astype(np.float32)
    values[:, 2] = cohort.frame["age"]
    values[:2, :2] = [4, 3]
    days = np.where(values > 0, 30, -1).astype(np.int32)
    days[:, 2] = -1
    keys = cohort.frame[["patient_id", "index_date"]]
    return FeatureMatrix(keys, values, FEATURES, "hash", days)


@pytest.fixture(scope="session")
def model(cohort: Cohort, matrix: FeatureMatrix) -> RiskModel:
    fitted = RiskModel(
        study=cohort.study,
        params={},
        features=FEATURES,
        catalogue_hash="hash",
        admission=_booster(matrix.values, [0.8, 0.5, 0.01]),
        death=_booster(matrix.values, [0.1, 0.2, 0.02]),
        comparators=(),
        provenance={},
    )
    return replace(fitted, peers=peer_reference(fitted, matrix, cohort))


@pytest.fixture
def records(cohort: Cohort, matrix: FeatureMatrix, monkeypatch: pytest.MonkeyPatch):
    """Stands for linked records: the cohort and the matrix come from this file."""

    def build_scoring_cohort(records, study, index_date):
        return cohort

    def build_features(records, keys, study):
        places = pd.Index(cohort.frame["patient_id"]).get_indexer(keys["patient_id"])
        return matrix.take(places)

    def feature_chunks(records, keys, study):
        by_person = keys.sort_values("patient_id", kind="stable", ignore_index=True)
        for first in range(0, len(by_person), 120):
            yield build_features(records, by_person.iloc[first : first + 120], study)

    for module in (scoring, patient):
        monkeypatch.setattr(module, "build_scoring_cohort", build_scoring_cohort)
    monkeypatch.setattr(scoring, "feature_chunks", feature_chunks)
    monkeypatch.setattr(patient, "build_features", build_features)
    return SimpleNamespace(data_to=date(2026, 12, 31), is_synthetic=True)
