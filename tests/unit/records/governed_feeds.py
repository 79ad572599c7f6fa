"""Small feeds with governance for tests: a few rows in, files as an owner would send them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.unit.records.small_feeds import Rows, write_csv, write_governance

from riskstrat.records import LinkedRecords, link, load_records


def governed_feed(
    folder: Path, dialect: str, files: Mapping[str, Rows], **governance: object
) -> Path:
    """CSV files by name, with the columns that their rows have, and one entry for all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    write_governance(folder, dialect, **governance)
    for name, rows in files.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        write_csv(folder / f"{name}.csv", columns, rows)
    return folder


def linked_feed(
    folder: Path, dialect: str, files: Mapping[str, Rows], **governance: object
) -> LinkedRecords:
    """The linked records of a small feed; a second one in the same folder replaces the first."""
    link(governed_feed(folder / "feed", dialect, files, **governance), folder / "records")
    return load_records(folder / "records")
