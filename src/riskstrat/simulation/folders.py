"""Where a district is written: judged before any work, filled aside, put in place at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory

from riskstrat.errors import DataError, UsageError
from riskstrat.schema import MANIFEST
from riskstrat.staging import require_replaceable, staged_directory

__all__ = ["FEEDS_MARKER", "TRUTH_MARKER", "Folders", "Staged"]

FEEDS_MARKER = "feeds.json"
TRUTH_MARKER = "truth.json"
"""Files that tell an earlier output, which may be replaced, from somebody's work."""
_TRUTH = "truth"


@dataclass(frozen=True)
class Staged:
    """Folders to write into; what is not wanted is None.

    Parameters
    ----------
    feeds, truth : Path or None
    scratch : Path or None
        Scratch space for the linked records, on the disk on which they will stand.
    """

    feeds: Path | None
    truth: Path | None
    scratch: Path | None


@dataclass(frozen=True)
class Folders:
    """The places of the output; what is not wanted is None.

    Parameters
    ----------
    feeds, records, truth : Path or None
        Without a place of its own the truth stands inside the feeds' folder, if there is one.
    """

    feeds: Path | None = None
    records: Path | None = None
    truth: Path | None = None

    def require_usable(self, *, overwrite: bool) -> None:
        """Refuse places that cannot be written, or whose content must not be replaced.

        Raises
        ------
        DataError
            When a place cannot be written.
        UsageError
            When no place is given, two of them overlap, one holds somebody's work, or an earlier
            output that was not meant to be replaced.
        """
        places = [getattr(self, field.name) for field in fields(self)]
        given = [place for place in places if place is not None]
        if not given:
            raise UsageError("expected a folder for feeds (out), records or truth.")
        _require_apart(given)
        for place, marker in zip(places, (FEEDS_MARKER, MANIFEST, TRUTH_MARKER), strict=True):
            if place is not None:
                require_replaceable(place, marker)
                _require_new(place, overwrite=overwrite)
                _require_writable(place)

    @contextmanager
    def staged(self) -> Iterator[Staged]:
        """Folders to write into, put in place of the old ones when everything was written."""
        with ExitStack() as stack:
            feeds = truth = scratch = None
            if self.feeds is not None:
                feeds = stack.enter_context(staged_directory(self.feeds, marker=FEEDS_MARKER))
                truth = feeds / _TRUTH
                truth.mkdir()
            if self.truth is not None:
                if truth is not None:
                    truth.rmdir()
                truth = stack.enter_context(staged_directory(self.truth, marker=TRUTH_MARKER))
            if self.records is not None:
                scratch = stack.enter_context(_scratch(self.records))
            yield Staged(feeds, truth, scratch)


def _require_apart(places: list[Path]) -> None:
    """A folder that is swapped as a whole must not hold another one of the call."""
    whole = [place.absolute() for place in places]
    overlaps = [a for a in whole for b in whole if a is not b and (a == b or a in b.parents)]
    if overlaps:
        raise UsageError(
            "expected separate folders for feeds, records and truth, but one is inside another.",
            do="Without a folder of its own the truth stands in the feeds' folder, under truth/.",
        )


def _require_new(place: Path, *, overwrite: bool) -> None:
    if not overwrite and place.is_dir() and any(place.iterdir()):
        raise UsageError(
            f"expected a new or empty folder, but '{place.name}' holds an earlier output. Nothing "
            "was changed.",
            do="Choose another folder, or replace this one with --overwrite.",
        )


def _require_writable(place: Path) -> None:
    """Try to write where the output will stand."""
    try:
        with TemporaryDirectory(prefix=".riskstrat-", dir=_standing(place)):
            pass
    except OSError as error:
        raise _unwritable(place, error) from None


@contextmanager
def _scratch(place: Path) -> Iterator[Path]:
    """A folder on the disk of a place, gone at the end."""
    try:
        with TemporaryDirectory(prefix=".riskstrat-", dir=_standing(place)) as folder:
            yield Path(folder)
    except OSError as error:
        raise _unwritable(place, error) from error


def _unwritable(place: Path, error: OSError) -> DataError:
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return DataError(
        f"expected to write the folder '{place.name}', but: {reason}. Nothing was changed.",
        do="Check the folder's permissions and the free disk space, then run it again.",
    )


def _standing(place: Path) -> Path:
    """The nearest folder above a place that exists."""
    return next(parent for parent in place.absolute().parents if parent.exists())
