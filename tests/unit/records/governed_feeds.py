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
    write_files(folder, files)
    return folder


def write_files(folder: Path, files: Mapping[str, Rows]) -> None:
    """CSV files by name, with the columns that their rows have."""
    for name, rows in files.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        write_csv(folder / f"{name}.csv", columns, rows)


def linked_feed(
    folder: Path, dialect: str, files: Mapping[str, Rows], **governance: object
) -> LinkedRecords:
    """The linked records of a small feed; a second one in the same folder replaces the first."""
    link(governed_feed(folder / "feed", dialect, files, **governance), folder / "records")
    return load_records(folder / "records")


def joint_feed(
    folder: Path,
    sources: Mapping[str, Mapping[str, Rows]],
    entries: Mapping[str, Mapping[str, object]],
) -> Path:
    """Files of several dialects in one folder, each dialect with an entry of its own.

    Parameters
    ----------
    folder : Path
    sources : mapping
        Dialect to its files by name; names must not be the same in two dialects.
    entries : mapping
        Dialect to what its entry says otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    head, parts = "", []
    for dialect, files in sources.items():
        entry = {"files": list(files), **entries.get(dialect, {})}
        path = write_governance(folder, dialect, **entry)
        head, _, written = path.read_text().partition("[sources.")
        parts.append(f"[sources.{written}")
        write_files(folder, files)
    (folder / "governance.toml").write_text(head + "\n".join(parts))
    return folder
