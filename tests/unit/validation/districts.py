"""A made-up study with both parts: 2021 and 2022 develop, 2024 judges, in several practices."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
from tests.unit.training.samples import sample

from riskstrat.cohort import Cohort
from riskstrat.evaluation.blocks import Resampling
from riskstrat.features import FeatureMatrix
from riskstrat.training.parameters import TreeParameters
from riskstrat.validation.prepared import Prepared

QUICK = TreeParameters(max_rounds=20, early_stopping_rounds=4, folds=3, learning_rate=0.1)
SOURCES = {
    "age": ("person",),
    "sex_female": ("person",),
    "emergency_admissions_365d": ("hospital",),
    "charlson": ("hospital", "gp"),
    "hfrs": ("hospital",),
    "haemoglobin": ("gp",),
}


def prepared(
    people: int = 400, *, practices: int = 4, seed: int = 1, resamples: int = 100
) -> Prepared:
    developed, before = sample(people, seed=seed)
    judged, after = sample(people, seed=seed + 100)
    later = after.frame.assign(part="evaluation", index_date=pd.Timestamp("2024-01-01"))
    first = np.arange(len(later)) % 2 == 0
    frame = pd.concat([before.frame, later[first]], ignore_index=True)
    number = pd.factorize(frame["patient_id"], sort=True)[0]
    frame["practice_code"] = pd.Series([f"P{who % practices}" for who in number], dtype="str")
    frame["unseen"] = False
    values = np.concatenate([developed.values, judged.values[first]])
    features = tuple(
        dataclasses.replace(feature, sources=SOURCES[feature.name])
        for feature in developed.features
    )
    matrix = FeatureMatrix(frame[["patient_id", "index_date"]], values, features, "hash-1")
    cohort = Cohort(frame, (), before.study, origin={"synthetic": True, "sources": []})
    return Prepared(cohort, matrix, QUICK, Resampling(resamples, seed))
