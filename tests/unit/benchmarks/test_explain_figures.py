"""The benchmark of explanations on a few rows: exact, and every figure told."""

from __future__ import annotations

import pytest
from benchmarks import explain
from rich.console import Console


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setitem(explain.MODELS, "stated", (3, 7, 4))
    monkeypatch.setattr(explain, "TRAINING_ROWS", 2_000)
    monkeypatch.setattr(explain, "PEER_ROWS", 40)
    monkeypatch.setattr(explain, "ONE_ROW_TRIALS", 2)
    monkeypatch.setattr(explain, "ROUNDS", 1)
    return explain.measure(explain.train("stated"), 60)


def test_every_way_is_measured_and_exact(tiny):
    assert set(tiny["rows_per_second"]) == {
        "riskstrat",
        "riskstrat, by group",
        "shap.TreeExplainer",
        "LightGBM pred_contrib",
        "woodelf",
    }
    assert tiny["largest_difference"] < 1e-9
    assert tiny["largest_difference_from_the_sum"] < 1e-9
    assert tiny["a_row"]["additions"] == 4 * tiny["squares"]


def test_the_table_says_the_goals(tiny):
    console = Console(width=120, record=True)
    console.print(explain.as_table("stated", tiny))
    told = console.export_text()
    assert "goal 20" in told
    assert "250" in told
