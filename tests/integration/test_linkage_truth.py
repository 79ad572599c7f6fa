"""Rows linked to people, by number and by details, beside the true person of each row."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
import pytest
from benchmarks.linkage import judge_details, judge_rows, true_rows
from tests.integration.linked_feeds import SimulatedFeeds, simulated_feeds

from riskstrat.engine import Engine
from riskstrat.records.link_run import LinkRun
from riskstrat.records.linking import link_feeds
from riskstrat.records.options import LinkOptions

__all__ = ["simulated_feeds"]

PRECISION, RECALL = 0.995, 0.95
FILES = 23


@pytest.fixture(scope="module")
def run(simulated_feeds: SimulatedFeeds, tmp_path_factory: pytest.TempPathFactory) -> LinkRun:
    out = tmp_path_factory.mktemp("truth") / "records"
    _, finished = link_feeds(simulated_feeds.feeds, out, None, LinkOptions())
    return finished


@pytest.fixture(scope="module")
def judged(run: LinkRun, simulated_feeds: SimulatedFeeds) -> Engine:
    return true_rows(run, simulated_feeds.feeds)


@pytest.fixture(scope="module")
def files(judged: Engine) -> dict[str, dict[str, Any]]:
    return judge_rows(judged)


def test_every_row_of_every_file_is_judged(
    files: dict[str, dict[str, Any]], simulated_feeds: SimulatedFeeds
) -> None:
    rows = {
        path.stem: pq.read_metadata(path).num_rows
        for path in simulated_feeds.feeds.glob("*.parquet")
    }
    assert len(rows) == FILES
    told = {name: counts["rows"] for name, counts in files.items()}
    assert told == {name: n for name, n in rows.items() if n} | {"all": sum(rows.values())}


def test_rows_of_every_file_are_linked_to_the_right_person(
    files: dict[str, dict[str, Any]],
) -> None:
    low = {
        name: counts
        for name, counts in files.items()
        if counts["precision"] < PRECISION or counts["recall"] < RECALL
    }
    assert low == {}


def test_few_rows_name_nobody(files: dict[str, dict[str, Any]]) -> None:
    """Lines of charities without number and birth date; a dummy on a practice's list."""
    unnamed = {name: c["rows"] - c["named"] for name, c in files.items() if c["rows"] > c["named"]}
    assert set(unnamed) <= {"voluntary_contact", "gp_patient", "all"}
    assert unnamed["all"] < 0.001 * files["all"]["rows"]


def test_links_by_details_alone_are_right(judged: Engine) -> None:
    claims = judge_details(judged)
    assert claims["counts"]["known"] > 30
    assert claims["precision"] >= PRECISION
    assert claims["recall"] >= RECALL
    rows = judge_rows(judged, "how = 'details'")["all"]
    assert rows["linked"] > 300
    assert rows["precision"] >= PRECISION


def test_the_estimates_are_near_what_is_true(
    judged: Engine, simulated_feeds: SimulatedFeeds
) -> None:
    """Linkage estimates how good its links are; nobody tells it the truth."""
    told, claims = simulated_feeds.manifest["linkage"]["by_details"], judge_details(judged)
    assert told["estimated_precision"] == pytest.approx(claims["precision"], abs=0.02)
    assert told["estimated_recall"] == pytest.approx(claims["recall"], abs=0.05)


def test_without_links_by_details_their_rows_are_not_found(
    judged: Engine, files: dict[str, dict[str, Any]]
) -> None:
    """What is lost without them: charities and housing have many rows without a number."""
    numbered = judge_rows(judged, "coalesce(how, '') <> 'details'")
    lost = {name: c["named"] - numbered[name]["named"] for name, c in files.items()}
    assert lost["voluntary_contact"] + lost["housing_repair"] > 0.5 * lost["all"] > 0
