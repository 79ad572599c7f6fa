"""Feeds of councils, landlords and charities give the same rows in any order and in any parts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.integration.linked_feeds import SimulatedFeeds, simulated_feeds  # noqa: F401 - a fixture

from riskstrat.records import link, raw_rows
from riskstrat.schema import TABLES, files_of

FILES = (
    "adult_social_care_cld",
    "gp_patient",
    "housing_repair",
    "housing_tenancy",
    "voluntary_contact",
)


def linked(feeds: Path, folder: Path, order: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rows by table and what became of each file, of some files with their rows in an order."""
    feed = folder / "feed"
    feed.mkdir(parents=True)
    shutil.copy(feeds / "governance.toml", feed)
    for name in FILES:
        rows = f"from '{feeds}/{name}.parquet' order by {order}"
        duckdb.connect().execute(f"copy ({rows}) to '{feed}/{name}.parquet'")
    manifest = link(feed, folder / "records")
    tables = {name: about["rows"] for name, about in manifest["tables"].items()}
    hashes = {name: about["content_hash"] for name, about in manifest["tables"].items()}
    counts = {
        file["name"]: (file["rows_in"], file["rows_kept"], file["rejected"])
        for source in manifest["sources"]
        for file in source["files"]
    }
    assert tables["services"] > 100
    return hashes, counts


def test_same_rows_in_any_order_and_in_any_parts(
    simulated_feeds: SimulatedFeeds,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = linked(simulated_feeds.feeds, tmp_path / "first", "all")
    assert linked(simulated_feeds.feeds, tmp_path / "reversed", "all desc") == first
    monkeypatch.setattr(raw_rows, "_ROWS_PER_PART", 2000)
    assert linked(simulated_feeds.feeds, tmp_path / "parts", "md5(postcode)") == first
    assert len(files_of(tmp_path / "parts" / "records", TABLES["events"])) > 1
