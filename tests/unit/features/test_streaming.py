"""A matrix written chunk by chunk is the matrix, and goes on where it broke off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from tests.unit.features.history import INDEX_DATE, History, days_before, study

from riskstrat.errors import UsageError
from riskstrat.features import (
    FeatureMatrix,
    build,
    build_features,
    feature_chunks,
    write_features,
)

PEOPLE = ("b", "a", "d", "c", "e")
KEYS = pd.DataFrame({"patient_id": list(PEOPLE), "index_date": pd.Timestamp(INDEX_DATE)})
STUDY = study('groups = ["person", "emergency", "overall"]')


@pytest.fixture(autouse=True)
def _two_rows_at_a_time(monkeypatch):
    monkeypatch.setattr(build, "ROWS_PER_CHUNK", 2)


@pytest.fixture
def history():
    history = History(*PEOPLE)
    for person in PEOPLE:
        stay = history.stay(20 + ord(person), 15, person)
        history.diagnosis(30, "F03", person, stay_id=stay)
    history.register()
    return history


def _same(found: FeatureMatrix, expected: FeatureMatrix) -> None:
    order = expected.keys["patient_id"].argsort().to_numpy()
    assert list(found.keys["patient_id"]) == sorted(PEOPLE)
    assert_array_equal(found.values, expected.values[order])
    assert_array_equal(found.fact_days, expected.fact_days[order])
    assert found.catalogue_hash == expected.catalogue_hash


def test_the_chunks_together_are_the_matrix(history, tmp_path):
    whole = build_features(history, KEYS, STUDY)
    chunks = list(feature_chunks(history, KEYS, STUDY))
    assert [len(chunk) for chunk in chunks] == [2, 2, 1]
    assert_array_equal(
        np.concatenate([chunk.values for chunk in chunks]), whole.values[[1, 0, 3, 2, 4]]
    )
    write_features(history, KEYS, STUDY, tmp_path / "matrix")
    _same(FeatureMatrix.load(tmp_path / "matrix"), whole)
    read = list(FeatureMatrix.chunks(tmp_path / "matrix"))
    assert [list(chunk.keys["patient_id"]) for chunk in read] == [["a", "b"], ["c", "d"], ["e"]]
    assert not (tmp_path / "matrix.partial").exists()


def _broken_after(monkeypatch, chunks):
    """The disk is full after some chunks."""
    written = FeatureMatrix.write_chunk
    done = []

    def write_chunk(self, folder, first_row):
        if len(done) == chunks:
            raise KeyboardInterrupt
        done.append(first_row)
        written(self, folder, first_row)

    monkeypatch.setattr(FeatureMatrix, "write_chunk", write_chunk)
    return done


def test_a_run_that_broke_off_goes_on(history, tmp_path, monkeypatch):
    whole = build_features(history, KEYS, STUDY)
    with monkeypatch.context() as patch:
        _broken_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            write_features(history, KEYS, STUDY, tmp_path / "matrix")
    assert not (tmp_path / "matrix").exists()
    done = _broken_after(monkeypatch, 9)
    write_features(history, KEYS, STUDY, tmp_path / "matrix")
    assert done == [2, 4]
    _same(FeatureMatrix.load(tmp_path / "matrix"), whole)


@pytest.mark.parametrize("change", ["keys", "study", "records", "end of a stay", "chunks"])
def test_what_belongs_to_another_plan_is_not_taken_over(history, tmp_path, monkeypatch, change):
    with monkeypatch.context() as patch:
        _broken_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            write_features(history, KEYS, STUDY, tmp_path / "matrix")
    keys, asked = KEYS, STUDY
    if change == "keys":
        keys = KEYS.assign(index_date=pd.Timestamp("2021-01-02"))
    elif change == "study":
        asked = study('groups = ["person", "emergency"]')
    elif change == "records":
        history.diagnosis(40, "I500", "a")
    elif change == "end of a stay":
        history.rows["stays"][0]["end_date"] = days_before(16)
    else:
        monkeypatch.setattr(build, "ROWS_PER_CHUNK", 1)
    history.register()
    done = _broken_after(monkeypatch, 9)
    write_features(history, keys, asked, tmp_path / "matrix")
    assert done == ([0, 1, 2, 3, 4] if change == "chunks" else [0, 2, 4])
    assert_array_equal(
        FeatureMatrix.load(tmp_path / "matrix").values,
        build_features(history, keys.sort_values("patient_id"), asked).values,
    )


def test_records_that_cannot_tell_what_they_hold_are_read_again(history, tmp_path, monkeypatch):
    monkeypatch.setattr(History, "content", None)
    with monkeypatch.context() as patch:
        _broken_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            write_features(history, KEYS, STUDY, tmp_path / "matrix")
    done = _broken_after(monkeypatch, 9)
    write_features(history, KEYS, STUDY, tmp_path / "matrix")
    assert done == [0, 2, 4]


def test_an_earlier_matrix_is_replaced_and_nothing_else(history, tmp_path):
    write_features(history, KEYS, STUDY, tmp_path / "matrix")
    write_features(history, KEYS.head(2), STUDY, tmp_path / "matrix")
    assert len(FeatureMatrix.load(tmp_path / "matrix")) == 2
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("x")
    with pytest.raises(UsageError, match="other"):
        write_features(history, KEYS, STUDY, tmp_path / "other")


def test_a_matrix_in_one_file_is_one_chunk(history, tmp_path):
    build_features(history, KEYS, STUDY).save(tmp_path / "matrix")
    assert [len(chunk) for chunk in FeatureMatrix.chunks(tmp_path / "matrix")] == [len(PEOPLE)]
