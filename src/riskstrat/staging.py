"""Write aside, then swap: a folder is either as it was before or complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from riskstrat.errors import DataError, UsageError

__all__ = ["staged_directory"]


@contextmanager
def staged_directory(out: Path, *, replace_existing: bool = True) -> Iterator[Path]:
    """A directory to write into, put in place of `out` only when everything was written.

    Parameters
    ----------
    out : Path
        Where the finished directory will stand.
    replace_existing : bool
        Whether a finished directory of an earlier run may be replaced.

    Raises
    ------
    DataError
        When the place cannot be written (permission, full disk); `out` is as it was before.
    UsageError
        When `out` exists and is not a directory, or may not be replaced.
    """
    if out.name in {"", ".."}:
        raise UsageError("expected the name of an output folder, not the current or parent one.")
    staged = out.with_name(f".{out.name}.partial")
    try:
        if out.exists() and (not out.is_dir() or not replace_existing):
            raise UsageError(f"expected a new folder for the output, but '{out.name}' exists.")
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        yield staged
        _swap(staged, out)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise DataError(
            f"expected to write the folder '{out.name}', but: {reason}. Nothing was changed.",
            do="Check the folder's permissions and the free disk space, then run it again.",
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _swap(staged: Path, out: Path) -> None:
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    try:
        staged.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)
