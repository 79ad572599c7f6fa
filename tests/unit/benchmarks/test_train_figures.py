from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.train import FEATURES, as_table, compared, make_rows, run_here
from rich.console import Console

FOUND = {
    "bare": {"seconds": 40.0, "peak_memory_gib": 4.3, "libraries_gib": 0.3},
    "riskstrat": {"seconds": 30.0, "peak_memory_gib": 2.3, "libraries_gib": 0.3},
}


def test_the_made_up_rows_are_as_described(tmp_path: Path) -> None:
    make_rows(20_000, tmp_path)
    values, outcome, people = (
        np.load(tmp_path / f"{name}.npy") for name in ("values", "outcome", "people")
    )
    assert values.shape == (20_000, FEATURES)
    assert values.dtype == np.float32
    assert np.isnan(values).mean() == pytest.approx(0.3, abs=0.01)
    assert (outcome == 1).mean() == pytest.approx(0.07, abs=0.01)
    assert (outcome == 2).mean() == pytest.approx(0.03, abs=0.01)
    assert len(np.unique(people)) < 14_000


def test_both_ways_run_and_tell_what_they_took(tmp_path: Path) -> None:
    run_here("make", tmp_path, 1_500, 1)
    for way in ("riskstrat", "bare"):
        told = run_here(way, tmp_path, 1_500, 2)
        assert told["seconds"] > 0
        assert told["peak_memory_gib"] > 0


def test_ratios_are_to_the_bare_way_and_to_the_matrix() -> None:
    figures = compared(FOUND, 1_000_000)
    assert figures["times_bare_seconds"] == 0.75
    assert figures["matrix_gib"] == pytest.approx(1.118)
    assert figures["times_matrix_memory"] == pytest.approx(1.79)
    assert figures["bare_times_matrix_memory"] == pytest.approx(3.58)


def test_the_table_shows_both_ways_and_the_goal() -> None:
    console = Console(width=120, record=True)
    console.print(as_table(compared(FOUND, 1_000_000)))
    text = console.export_text()
    for part in ("LightGBM alone", "riskstrat", "0.75", "1.79", "1.3 x bare"):
        assert part in text
