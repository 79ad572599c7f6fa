"""``history.json``: which files a history holds, and the merged NHS numbers that they told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from riskstrat.errors import RecordsError
from riskstrat.records.linkage.nhs_number import Merge

__all__ = ["HISTORY", "Entry", "Told", "damaged_history", "read_history", "write_history"]

HISTORY = "history.json"
"""The file that says what a history holds."""

Entry = dict[str, str]
"""One file that was read: its source, dialect, table, name and hash; the reason why it was not."""

_VERSION = 1
_NEEDED = {"source", "dialect", "table", "name", "sha256"}


@dataclass(frozen=True)
class Told:
    """What a history says that it holds.

    Parameters
    ----------
    files : list of dict
    merges : list of tuple
        Pseudonyms of superseded numbers and of the present ones, and the day of each merge.
    """

    files: list[Entry]
    merges: list[Merge]


def read_history(folder: Path, key_id: str) -> Told:
    """What a history says; nothing where there is none.

    Parameters
    ----------
    folder : Path
    key_id : str
        Of the key of the pseudonyms.

    Raises
    ------
    RecordsError
        When it cannot be read, is of a later version or was made with another key.
    """
    file = folder / HISTORY
    if not file.is_file():
        return Told([], [])
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        made_with, version, files = told["key_id"], int(told["version"]), list(told["files"])
        merges = [_read_merge(*merge) for merge in told["merges"]]
        complete = all(set(entry) >= _NEEDED for entry in files)
    except (OSError, ValueError, KeyError, TypeError):
        raise damaged_history(f"'{HISTORY}' cannot be read") from None
    if not complete or version > _VERSION:
        raise damaged_history(f"'{HISTORY}' is incomplete, or of a later version")
    if made_with != key_id:
        raise RecordsError(
            f"the history was made with the key {made_with}, got the key {key_id}: people would "
            "not be recognised.",
            do="Give the key it was made with, or link all feeds again into a new history.",
        )
    return Told(files, merges)


def write_history(
    folder: Path, key_id: str, files: Sequence[Entry], merges: Sequence[Merge]
) -> None:
    """Write what a history holds; files by source and name."""
    told = {
        "version": _VERSION,
        "key_id": key_id,
        "merges": [_written_merge(*merge) for merge in merges],
        "files": sorted(files, key=lambda entry: (entry["source"], entry["name"])),
    }
    (folder / HISTORY).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _read_merge(former: str, present: str, day: str) -> Merge:
    return former, present, date.fromisoformat(day) if day else None


def _written_merge(former: str, present: str, day: date | None = None) -> list[str]:
    return [former, present, day.isoformat() if day else ""]


def damaged_history(what: str) -> RecordsError:
    """The error of a history that is not as it was written."""
    return RecordsError(
        f"the history cannot be added to: {what}.",
        do="Restore the folder from its copy, or link all feeds again into a new history.",
    )
