"""One small simulated district for the tests of linkage: feeds, the truth, and both stores.

A test module imports the fixture ``simulated_feeds``; the district is simulated and linked once for
the whole run, whoever asks first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import duckdb
import pytest

from riskstrat.records import link
from riskstrat.schema import TABLES
from riskstrat.simulation import simulate

PEOPLE, SEED = 600, 5


@dataclass(frozen=True)
class SimulatedFeeds:
    """Folders of one district.

    Parameters
    ----------
    feeds : Path
        Raw feeds with ``governance.toml`` and ``truth/``.
    oracle : Path
        The store of the same people without mess or linkage.
    """

    feeds: Path
    oracle: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What linking the feeds says of them; the store is in :attr:`linked`."""
        return link(self.feeds, self.feeds.parent / "linked")

    @cached_property
    def linked(self) -> Path:
        """The store linked from the feeds."""
        assert self.manifest
        return self.feeds.parent / "linked"

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Views ``linked_<table>``, ``oracle_<table>``, ``feed_<file>`` and ``truth_<file>``.

        A ``truth`` view has the true ``patient_id`` of each row of the file, by ``row`` from 0; one
        about nobody has none.
        """
        connection = duckdb.connect()
        for table in TABLES:
            for name, store in (("linked", self.linked), ("oracle", self.oracle)):
                _view(connection, f"{name}_{table}", f"from '{store}/{table}.parquet'")
        _view(connection, "persons", f"from '{self.feeds}/truth/persons.parquet'")
        for path in self.feeds.glob("*.parquet"):
            _view(connection, f"feed_{path.stem}", f"from '{path}'")
            rows = self.feeds / "truth" / "rows" / path.name
            if rows.is_file():
                _view(
                    connection,
                    f"truth_{path.stem}",
                    f"select r.row, p.patient_id from '{rows}' r "
                    "left join persons p on p.person = r.person",
                )
        return connection

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the views of :attr:`connection`."""
        rows: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return rows

    def file(self, name: str) -> dict[str, Any]:
        """What the manifest says of a file, after checking that its rows add up."""
        (found,) = (
            file
            for source in self.manifest["sources"]
            for file in source["files"]
            if file["name"] == name
        )
        assert found["rows_in"] == found["rows_kept"] + sum(found["rejected"].values())
        return dict(found)


def _view(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    connection.execute(f"create view {name} as {sql}")


@cache
def _simulated(folder: Path) -> SimulatedFeeds:
    feeds, oracle = folder / "district" / "feeds", folder / "district" / "oracle"
    simulate(PEOPLE, SEED, out=feeds, records=oracle)
    return SimulatedFeeds(feeds, oracle)


@pytest.fixture(scope="session")
def simulated_feeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedFeeds]:
    """The district; simulated once however many modules import this."""
    yield _simulated(tmp_path_factory.getbasetemp())
    _simulated.cache_clear()  # a connection that lives until the interpreter ends is a leak
