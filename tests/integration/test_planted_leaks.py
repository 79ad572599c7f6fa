"""Features that know the future are caught by the checks, whoever trains on them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskstrat.cohort import ADMITTED, Cohort, build_cohort
from riskstrat.features import FeatureMatrix, build_features
from riskstrat.pipeline import evaluate, train
from riskstrat.records import LinkedRecords, load_records
from riskstrat.study import Study


def plant(matrix: FeatureMatrix, columns: dict[str, np.ndarray]) -> FeatureMatrix:
    """The matrix with a few columns more, as a careless feed would give them."""
    template = matrix.features[0]
    added = tuple(
        dataclasses.replace(template, name=f"planted_{place}", label=label, rule=f"value {label}")
        for place, label in enumerate(columns)
    )
    values = np.column_stack([matrix.values, *columns.values()]).astype(np.float32)
    days = np.full(values.shape, -1, np.int16)
    return dataclasses.replace(
        matrix, values=values, features=(*matrix.features, *added), fact_days=days
    )


def dies_in_window(records: LinkedRecords, cohort: Cohort) -> np.ndarray:
    """Whether somebody dies in the year after the index date, admitted before it or not."""
    people = records.engine.connection.sql("select patient_id, death_date from patients").df()
    joined = cohort.frame[["patient_id", "index_date"]].merge(people, on="patient_id", how="left")
    days = (pd.to_datetime(joined["death_date"]) - joined["index_date"]).dt.days
    return days.between(0, 364).to_numpy()


@pytest.mark.slow
def test_leaks_planted_in_a_district_are_named(district: Path, district_study: Study) -> None:
    records = load_records(district)
    cohort = build_cohort(records, district_study)
    features = build_features(records, cohort.keys, district_study)
    rng = np.random.default_rng(1)
    noise = rng.random((2, len(features)))
    admitted = (cohort.frame["outcome"] == ADMITTED).to_numpy()
    leaking = plant(
        features,
        {
            "Outcome with noise": admitted + noise[0],
            "Discharge letter": admitted & (noise[1] < 0.3),
            "Death code": dies_in_window(records, cohort),
        },
    )

    asking = dataclasses.replace(district_study.report, refits=1)
    cohort = dataclasses.replace(cohort, study=dataclasses.replace(district_study, report=asking))
    report = evaluate(train(leaking, cohort), leaking, cohort)

    messages = {found["code"]: found["message"] for found in report.metrics["findings"]}
    assert "Outcome with noise" in messages["E013"]
    assert "Discharge letter" in messages["E014"]
    assert "Death code" in messages["E014"]
    assert "E014 warning" in report.describe()  # what 'riskstrat train' prints
    assert [row["refits"] for row in report.metrics["stability"]] == [1, 1]
    assert all(0.1 < row["in_common"] <= 1 for row in report.metrics["stability"])
    text = json.dumps(report.metrics)
    assert not any(patient in text for patient in set(cohort.frame["patient_id"]))


def test_the_district_itself_has_no_such_finding(district_run: Path) -> None:
    metrics = json.loads((district_run / "metrics.json").read_text("utf-8"))
    found = {finding["code"] for finding in metrics["findings"]}

    assert not found & {"E013", "E014"}
