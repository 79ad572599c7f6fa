"""Every file of a simulated district is told apart by its columns: one dialect, one table."""

from __future__ import annotations

from dataclasses import replace

from tests.integration.linked_feeds import SimulatedFeeds, simulated_feeds  # noqa: F401 - a fixture

from riskstrat.records.governance.gate import load_governance
from riskstrat.records.sources import DIALECTS, find_files
from riskstrat.records.sources.dialect import table_by_header
from riskstrat.records.sources.feed import FeedFile


def fitting(file: FeedFile) -> dict[str, str]:
    """Dialect and table that read a file, going by nothing but its columns."""
    nameless = replace(file, name="file.csv")
    tables = {name: table_by_header(dialect, nameless) for name, dialect in DIALECTS.items()}
    return {name: table.name for name, table in tables.items() if table is not None}


def test_each_file_fits_the_dialect_of_its_entry_and_no_other(
    simulated_feeds: SimulatedFeeds,  # noqa: F811
) -> None:
    governance = load_governance(simulated_feeds.feeds / "governance.toml")
    files = find_files(simulated_feeds.feeds)
    assert len(files) > 20
    wrong = {}
    for file in files:
        (dialect,) = (source.dialect for source in governance.sources if source.covers(file.name))
        if list(found := fitting(file)) != [dialect]:
            wrong[file.name] = found
    assert wrong == {}


def test_files_of_different_tables_fit_different_tables(
    simulated_feeds: SimulatedFeeds,  # noqa: F811
) -> None:
    found = [tuple(fitting(file).items()) for file in find_files(simulated_feeds.feeds)]
    assert len(set(found)) == len(found)


def test_tables_of_all_dialects_have_different_names() -> None:
    names = [table.name for dialect in DIALECTS.values() for table in dialect.tables]
    assert len(set(names)) == len(names)
