"""What the queries tell of some keys gives their rows of the matrix, whoever else there is."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.generative.test_discharge_oracle import discharge_keys, random_discharges
from tests.unit.features.history import discharge_study

from riskstrat.features import build_features
from riskstrat.features.build import checked_keys
from riskstrat.features.everyone import ROW, matrix_of, queries_of_everyone
from riskstrat.features.plan import FeaturePlan


@pytest.mark.parametrize("groups", [1, 3])
def test_parts_of_the_keys_give_parts_of_the_matrix(groups: int) -> None:
    """At discharge, where the index stay counts; rows of the answers in any order."""
    history, study = random_discharges(5), discharge_study()
    history.register()
    keys = checked_keys(discharge_keys(history))
    whole = build_features(history, keys, study)
    plan = FeaturePlan.of(history, study)
    told = {
        name: history.engine.fetch(*query.steps, **query.parameters)
        for name, query in queries_of_everyone(history.engine, plan, keys).items()
    }
    rng = np.random.default_rng(5)
    for group in range(groups):
        numbers = np.arange(group, len(keys), groups, dtype=np.int32)
        part = {
            name: rows.filter(pc.is_in(rows[ROW], pa.array(numbers))) for name, rows in told.items()
        }
        mixed = {name: rows.take(rng.permutation(len(rows))) for name, rows in part.items()}
        own = keys.iloc[numbers][["patient_id", "index_date"]].reset_index(drop=True)
        matrix = matrix_of(plan, own, numbers, mixed)
        np.testing.assert_array_equal(matrix.values, whole.values[numbers])
        np.testing.assert_array_equal(matrix.fact_days, whole.fact_days[numbers])
        assert matrix.catalogue_hash == whole.catalogue_hash
    assert np.isfinite(whole.values).any()
