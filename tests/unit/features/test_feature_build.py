"""Building: keys, chunks, portability, feeds."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from tests.unit.features.history import INDEX_DATE, History, study

from riskstrat.engine import to_dialect
from riskstrat.errors import StudyError, UsageError
from riskstrat.features import asking, build, build_features, catalogue
from riskstrat.features.codelists import code_rules
from riskstrat.features.sets import members_of

CANARY = "canary-4711"


def _keys(*people):
    return pd.DataFrame({"patient_id": list(people), "index_date": pd.Timestamp(INDEX_DATE)})


@pytest.fixture
def history():
    history = History("a", "b", "c")
    for person in "abc":
        history.stay(20 + ord(person), 15, person)
        history.diagnosis(30, "I500", person)
    history.register()
    return history


def test_rows_come_in_the_order_of_the_keys(history):
    matrix = build_features(history, _keys("c", "a", "b"), study())
    assert list(matrix.keys["patient_id"]) == ["c", "a", "b"]
    expected = [20 + ord(person) for person in "cab"]
    assert_array_equal(matrix.column("days_since_emergency_admission"), expected)


def test_chunks_do_not_change_the_matrix(history, monkeypatch):
    whole = build_features(history, _keys("a", "b", "c"), study())
    monkeypatch.setattr(build, "ROWS_PER_CHUNK", 2)
    parts = build_features(history, _keys("a", "b", "c"), study())
    assert_array_equal(whole.values, parts.values)
    assert_array_equal(whole.fact_days, parts.fact_days)


def test_chunks_hold_whole_people(monkeypatch):
    monkeypatch.setattr(build, "ROWS_PER_CHUNK", 2)
    chunks = list(build._chunks(pd.Series(["a", "a", "b", "b", "c"])))
    assert chunks == [slice(0, 2), slice(2, 4), slice(4, 5)]


def test_no_keys_give_an_empty_matrix(history):
    matrix = build_features(history, _keys().astype({"patient_id": "str"}), study())
    assert matrix.values.shape == (0, len(matrix.names))


def test_a_key_without_records_has_no_facts(history):
    """Somebody registered yesterday: zero where the feeds are there, missing elsewhere."""
    matrix = build_features(history, _keys("nobody"), study())
    assert matrix.column("emergency_admissions_365")[0] == 0
    assert np.isnan(matrix.column("age")[0])


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (_keys(CANARY, CANARY), "1 are repeated"),
        (_keys(CANARY)[["patient_id"]], "index_date"),
        (_keys(CANARY, None), "1 keys"),
    ],
    ids=["repeated", "column", "missing"],
)
def test_wrong_keys_are_refused_with_counts_only(history, keys, words):
    with pytest.raises(UsageError, match=words) as error:
        build_features(history, keys, study())
    assert CANARY not in str(error.value)


def test_a_source_that_is_no_feed_is_refused(history):
    with pytest.raises(StudyError, match="hopsital"):
        build_features(history, _keys("a"), study('sources = ["hopsital"]'))


def test_nothing_about_a_person_is_logged(history, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    history.add("patients", CANARY, birth_month=INDEX_DATE, sex="female")
    history.register()
    described = build_features(history, _keys(CANARY), study()).describe()
    captured = capsys.readouterr()
    assert CANARY not in caplog.text + captured.out + captured.err + described


def test_the_keys_stay_readable_afterwards(history):
    """The chunks replace cohort_keys; at the end it holds all keys again."""
    build_features(history, _keys("a", "b", "c"), study())
    assert history.engine.connection.execute("select count(*) from cohort_keys").fetchone() == (3,)


@pytest.mark.parametrize("query", asking.FEATURE_QUERIES, ids=lambda query: query[-2:][0].name)
def test_every_query_is_portable(query):
    """Each step keeps to the allow-list (by construction) and can be written for Spark."""
    assert all(step.portable for step in query)
    assert to_dialect(query, "spark").lower().startswith(("with", "select"))


def test_every_fact_is_given_by_a_query_or_a_code():
    """No feature keeps its start value because nothing ever gives its fact."""
    text = " ".join(step.sql for query in asking.FACT_QUERIES for step in query)
    coded = {rule.fact for rule in code_rules(study())}
    computed = {"ed_out_of_hours"}
    for feature in catalogue(study()):
        given = [
            fact in coded | computed or f"'{fact}'" in text or f"'{fact.split('.')[0]}.'" in text
            for fact in members_of(feature.fact, coded)
        ]
        assert any(given) or feature.fact in {"medicine", "substance"}, feature.fact
