"""The benchmark of linking: the three ways see the same rows, and the ratio is to the copy."""

from __future__ import annotations

import json

import pytest
from benchmarks.link import as_table, main, without_details

from riskstrat.records.governance.gate import load_governance
from riskstrat.simulation import simulate


@pytest.fixture(scope="module")
def feeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("district") / "feeds"
    simulate(120, 1, folder, years=1)
    return folder


@pytest.mark.parametrize("way", ["copy", "link"])
def test_each_way_reads_every_row_of_the_feeds(feeds, tmp_path, capsys, way) -> None:
    main(["--here", way, "--data", str(feeds), "--out", str(tmp_path)])
    told = json.loads(capsys.readouterr().out)
    rows = json.loads((feeds / "feeds.json").read_text())["rows"]
    assert told["rows"] == sum(rows.values())
    assert told["peak_memory_gib"] > 0


def test_the_copy_of_the_rules_asks_for_no_links_by_details(feeds, tmp_path) -> None:
    rules = load_governance(without_details(feeds / "governance.toml", tmp_path / "rules.toml"))
    assert load_governance(feeds / "governance.toml").probabilistic
    assert not rules.probabilistic


def test_the_table_has_a_row_for_each_way() -> None:
    told = {"rows": 10, "seconds": 2.0, "rows_per_second": 5, "times_copy": 1.0}
    found = {way: {**told, "peak_memory_gib": 0.5} for way in ("copy", "link", "link_with_details")}
    assert as_table(found).row_count == 3
