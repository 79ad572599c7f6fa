"""The matrix: choosing rows, saving, loading."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from tests.unit.features.history import History

from riskstrat.errors import ArtefactError, UsageError
from riskstrat.features import FeatureMatrix


@pytest.fixture(scope="module")
def matrix():
    history = History("a", "b", "c")
    history.stay(20, 10, "b")
    return history.matrix()


def test_rows_can_be_taken_by_mask_or_position(matrix):
    by_mask = matrix.take(matrix.keys["patient_id"] == "b")
    by_position = matrix.take([1])
    assert_array_equal(by_mask.values, by_position.values)
    assert list(by_mask.keys["patient_id"]) == ["b"]
    assert list(by_mask.keys.index) == [0]
    assert by_mask.fact_days.shape == by_mask.values.shape


@pytest.mark.parametrize(
    ("rows", "positions", "is_copy"),
    [
        (np.array([1, 2]), [1, 2], False),
        (np.array([False, True, True]), [1, 2], False),
        (np.array([2, 1]), [2, 1], True),
        (np.array([1, 1]), [1, 1], True),
        (np.array([True, False, True]), [0, 2], True),
        (np.array([False, False, False]), [], True),
    ],
)
def test_rows_one_after_the_other_are_not_copied(matrix, rows, positions, is_copy):
    """Development and evaluation rows stand apart by date: neither doubles the matrix."""
    taken = matrix.take(rows)

    assert_array_equal(taken.values, matrix.values[positions])
    assert_array_equal(taken.fact_days, matrix.fact_days[positions])
    assert list(taken.keys["patient_id"]) == [matrix.keys["patient_id"][i] for i in positions]
    assert np.shares_memory(taken.values, matrix.values) is not is_copy
    assert np.shares_memory(taken.fact_days, matrix.fact_days) is not is_copy


def test_an_unknown_feature_is_named(matrix):
    with pytest.raises(UsageError, match="shoe_size"):
        matrix.column("shoe_size")


def test_shapes_must_agree(matrix):
    with pytest.raises(UsageError, match="3 rows"):
        FeatureMatrix(matrix.keys, matrix.values[:2], matrix.features, matrix.catalogue_hash)


def test_a_frame_has_keys_and_features(matrix):
    frame = matrix.to_pandas()
    assert list(frame.columns) == ["patient_id", "index_date", *matrix.names]
    assert frame["emergency_admissions_365"].tolist() == [0, 1, 0]


def test_saving_and_loading_changes_nothing(matrix, tmp_path):
    matrix.save(tmp_path / "m")
    loaded = FeatureMatrix.load(tmp_path / "m")
    assert loaded.features == matrix.features
    assert loaded.catalogue_hash == matrix.catalogue_hash
    assert loaded.values.dtype == np.float32
    assert loaded.fact_days.dtype == np.int16
    assert_array_equal(loaded.values, matrix.values)
    assert_array_equal(loaded.fact_days, matrix.fact_days)
    pd.testing.assert_frame_equal(loaded.keys, matrix.keys)


def test_the_same_matrix_gives_the_same_bytes(matrix, tmp_path):
    for name in ("first", "second"):
        matrix.save(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert files == ["catalogue.json", "fact_days.parquet", "features.parquet"]
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_without_days_none_come_back(matrix, tmp_path):
    FeatureMatrix(matrix.keys, matrix.values, matrix.features, "h").save(tmp_path / "m")
    assert FeatureMatrix.load(tmp_path / "m").fact_days is None


def _truncate(folder):
    path = folder / "features.parquet"
    path.write_bytes(path.read_bytes()[:100])


def _drop_feature(folder):
    path = folder / "catalogue.json"
    content = json.loads(path.read_text())
    content["features"].pop()
    path.write_text(json.dumps(content))


def _remove(folder):
    (folder / "catalogue.json").unlink()


@pytest.mark.parametrize("damage", [_truncate, _drop_feature, _remove])
def test_a_damaged_folder_is_refused(matrix, tmp_path, damage):
    matrix.save(tmp_path / "m")
    damage(tmp_path / "m")
    with pytest.raises(ArtefactError):
        FeatureMatrix.load(tmp_path / "m")
