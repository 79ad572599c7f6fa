"""Features that tell nothing: one value everywhere, or no record behind any value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.unit.features.history import History, study

from riskstrat.features import FeatureMatrix, catalogue, matrix

NAMES = ("age", "emergency_admissions_365", "haemoglobin", "charlson")
FEATURES = tuple(f for f in catalogue(study()) if f.name in NAMES)
NAN = np.nan


def _matrix(values, days=None):
    """Columns age, emergency admissions, Charlson, haemoglobin."""
    assert [f.name for f in FEATURES] == [
        "age",
        "emergency_admissions_365",
        "charlson",
        "haemoglobin",
    ]
    keys = pd.DataFrame(
        {"patient_id": [f"p{i}" for i in range(len(values))], "index_date": pd.Timestamp("2021")}
    )
    array = np.array(values, np.float32).reshape(-1, len(FEATURES))
    told = None if days is None else np.array(days, np.int16).reshape(array.shape)
    return FeatureMatrix(keys, array, FEATURES, "h", told)


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (
            [[50, 0, 1, NAN], [60, 0, 1, NAN]],
            ("emergency_admissions_365", "charlson", "haemoglobin"),
        ),
        ([[50, 0, 1, NAN], [50, 1, 2, 130]], ("age",)),
        ([[50, 0, 1, 130], [60, NAN, NAN, NAN]], ()),
        ([], ()),
    ],
    ids=["one value or missing", "age alone", "partly missing is not constant", "no rows"],
)
def test_constant_features_are_named(rows, names):
    assert _matrix(rows).constant() == names


NO_DAYS = [[-1, -1, -1, -1], [-1, -1, -1, -1]]


@pytest.mark.parametrize(
    ("rows", "days", "names"),
    [
        (
            [[50, 0, 0, NAN], [60, NAN, 0, NAN]],
            NO_DAYS,
            ("emergency_admissions_365", "charlson", "haemoglobin"),
        ),
        ([[50, 0, 0, 0], [60, 1, 2, NAN]], NO_DAYS, ()),
        (
            [[NAN, 0, 0, NAN], [NAN, 0, 0, NAN]],
            [[-1, 3, -1, -1], NO_DAYS[1]],
            ("age", "charlson", "haemoglobin"),
        ),
        ([[50, 0, 1, NAN], [60, 0, 1, 130]], None, ("emergency_admissions_365",)),
        ([], [], ()),
    ],
    ids=[
        "zero or missing",
        "a measurement of 0 is a fact",
        "a day is a fact",
        "no days",
        "no rows",
    ],
)
def test_features_without_a_fact_are_named(rows, days, names):
    assert _matrix(rows, days).default_only() == names


def test_many_rows_are_looked_at_in_parts(monkeypatch):
    monkeypatch.setattr(matrix, "_ROWS_AT_ONCE", 2)
    whole = _matrix([[50, 0, 1, NAN]] * 4 + [[60, 0, 2, NAN]])
    assert whole.constant() == ("emergency_admissions_365", "haemoglobin")
    assert whole.default_only() == ("emergency_admissions_365", "haemoglobin")


def test_a_feed_that_is_not_there_leaves_features_without_facts():
    history = History("a", "b")
    history.stay(20, 10, "a")
    built = history.matrix()
    silent = set(built.default_only())
    assert {"gp_contacts_90", "haemoglobin", "gout", "emergency_admissions_90"} & silent == {
        "gp_contacts_90",
        "haemoglobin",
        "gout",
    }
    assert "age" not in silent
    assert "sex_female" in built.constant()
    assert "winter" not in silent
