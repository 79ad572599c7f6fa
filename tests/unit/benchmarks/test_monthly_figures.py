"""The benchmark of a monthly run on very few people."""

from __future__ import annotations

from benchmarks import monthly_run
from rich.console import Console

from riskstrat.risklist import scoring


def test_every_stage_is_timed_and_every_practice_listed(
    district, district_run, tmp_path, monkeypatch
):
    for name in ("build_scoring_cohort", "explain", "build_reasons", "feature_chunks"):
        monkeypatch.setattr(scoring, name, getattr(scoring, name))
    found = monthly_run.run_here(district, district_run / "artefact", tmp_path / "out")
    assert set(found["stages"]) == set(monthly_run.STAGES)
    assert found["people"] > 1000
    assert len(list((tmp_path / "out" / "lists").glob("*.csv"))) >= found["practices"]
    assert 0 < sum(found["stages"].values()) <= found["seconds"] + 0.5
    console = Console(width=100, record=True)
    console.print(monthly_run.as_table(found))
    assert "whole run" in console.export_text()
