"""The benchmark of Spark: what must be equal is compared to the bit, and each way has a row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks.spark import as_table, faster
from benchmarks.spark_equal import compare_matrices, compare_scores, read_scores
from benchmarks.spark_ways import INDEX_DATE, KEYS, MATRIX, SCORES, WAYS, run_here
from rich.console import Console

from riskstrat import build_features, load_records
from riskstrat.cohort import build_scoring_cohort
from riskstrat.risklist import score
from riskstrat.training import RiskModel

Tables = dict[str, pd.DataFrame]


def test_missing_values_are_equal() -> None:
    values = np.array([[1.5, np.nan]], np.float32)
    assert compare_matrices({"duckdb": values, "cluster": values.copy()}) == {
        "told": "every float32 is equal, missing values included",
        "values": 2,
        "missing": 1,
    }


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ([[1.5, 2.0]], "1 values of local are not those of duckdb"),
        ([[np.nextafter(np.float32(1.5), np.float32(2)), np.nan]], "1 values of local"),
        ([[1.5]], "has the shape"),
    ],
    ids=["missing", "last bit", "shape"],
)
def test_what_differs_is_counted(other, words) -> None:
    values = np.array([[1.5, np.nan]], np.float32)
    with pytest.raises(AssertionError, match=words):
        compare_matrices({"duckdb": values, "local": np.array(other, np.float32)})


@pytest.fixture
def tables() -> Tables:
    """One person with two reasons, one of them without a value."""
    key = {"patient_id": ["p1"], "index_date": pd.to_datetime(["2025-01-01"])}
    twice = {name: [*values, *values] for name, values in key.items()}
    told = {"position": [1, 2], "text": ["Two admissions", "Heart failure"], "value": [2.0, None]}
    return {
        "scores": pd.DataFrame({**key, "risk": [0.25], "rank_in_practice": [1]}),
        "contributions": pd.DataFrame({**key, "use": [0.5]}),
        "reasons": pd.DataFrame({**twice, **told}),
    }


def test_tables_in_any_order_with_numbers_nearly_equal_are_equal(tables, tmp_path) -> None:
    (tmp_path / "reasons.parquet").mkdir()
    for name, rows in tables.items():
        part = tmp_path / f"{name}.parquet"
        rows[::-1].to_parquet(part / "part-0.parquet" if part.is_dir() else part)
    other = read_scores(tmp_path)
    other["contributions"]["use"] += 1e-13
    told = compare_scores({"duckdb": read_scores(tmp_path), "local": other})
    assert list(other["reasons"]["position"]) == [1, 2]
    assert told["told"] == ("people, ranks, texts, codes and order are equal, numbers within 1e-12")
    assert told["rows"] == {"scores": 1, "contributions": 1, "reasons": 2}
    assert told["largest_difference"] == pytest.approx(1e-13, rel=0.01)


def _set(name: str, column: str, value: object) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables[name].loc[0, column] = value

    return change


def _swap(tables: Tables) -> None:
    reasons = tables["reasons"]
    reasons["text"] = reasons["text"].to_numpy()[::-1]


def _drop(tables: Tables) -> None:
    tables["reasons"] = tables["reasons"][:1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_set("reasons", "text", "Three admissions"), "1 values in text of reasons of local"),
        (_set("scores", "rank_in_practice", 2), "1 values in rank_in_practice of scores"),
        (_set("scores", "risk", 0.25 + 2e-12), "1 values in risk of scores of local"),
        (_set("reasons", "value", np.nan), "1 values in value of reasons of local"),
        (_swap, "2 values in text of reasons of local are not those of duckdb"),
        (_drop, "1 rows, or their columns, of reasons of local"),
        (lambda tables: tables["scores"].pop("risk"), "1 rows, or their columns, of scores"),
    ],
    ids=["text", "rank", "number", "missing", "order", "rows", "columns"],
)
def test_scores_that_differ_are_counted_by_column(tables, change, words) -> None:
    other = {name: rows.copy() for name, rows in tables.items()}
    change(other)
    with pytest.raises(AssertionError, match=words):
        compare_scores({"duckdb": tables, "local": other})


def test_a_way_leaves_its_matrix_and_its_scores(
    district: Path, district_run: Path, tmp_path: Path
) -> None:
    artefact = district_run / "artefact"
    model, records = RiskModel.load(artefact), load_records(district)
    keys = build_scoring_cohort(records, model.study, INDEX_DATE).keys
    keys.to_parquet(tmp_path / KEYS)
    told = run_here("duckdb", district, artefact, tmp_path, "")
    assert told["rows"] == len(keys) > 1000
    assert min(told["matrix_rows_per_second"], told["scoring_rows_per_second"]) > 0
    matrix = build_features(records, keys, model.study)
    compare_matrices({"duckdb": np.load(tmp_path / "duckdb" / MATRIX), "here": matrix.values})
    score(model, records, INDEX_DATE).save(tmp_path / "here")
    folders = {"duckdb": tmp_path / "duckdb" / SCORES, "here": tmp_path / "here"}
    compare_scores({way: read_scores(folder) for way, folder in folders.items()})


def test_the_table_has_a_row_for_each_way_and_what_workers_gain() -> None:
    told = {"rows": 10, "features": 3, "start_seconds": 1.0}
    for what in ("matrix", "scoring"):
        told |= {f"{what}_seconds": 9.0, f"{what}_again_seconds": 6.0}
        told[f"{what}_rows_per_second"] = 2
    found = dict.fromkeys(WAYS, told) | {"cluster": told | {"scoring_again_seconds": 4.0}}
    assert faster(found) == {"matrix": 1.0, "scoring": 1.5}
    table, console = as_table(found), Console(width=120, record=True)
    assert table.row_count == 3
    console.print(table)
    text = " ".join(console.export_text().split())
    assert "2 workers are 1.0 times as fast as one process of Spark at the matrix, 1.5" in text
