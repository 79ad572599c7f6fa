"""Write aside, then swap: a file or folder is either as it was before or complete."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from riskstrat.errors import DataError, UsageError

__all__ = ["require_replaceable", "staged_directory", "swap", "write_file"]


@contextlib.contextmanager
def staged_directory(out: Path, *, marker: str) -> Iterator[Path]:
    """A directory to write into, put in place of `out` only when everything was written.

    Parameters
    ----------
    out : Path
        Where the finished directory will stand.
    marker : str
        File that tells an earlier output of the same kind, which may be replaced, from somebody's
        work, which may not.

    Raises
    ------
    DataError
        When the place cannot be written (permission, full disk); `out` is as it was before.
    UsageError
        When `out` exists and is neither an empty folder nor an earlier output.
    """
    require_replaceable(out, marker)
    staged = out.with_name(f".{out.name}.partial")
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        yield staged
        swap(staged, out)
    except OSError as error:
        raise _not_written("folder", out, error) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def require_replaceable(out: Path, marker: str) -> None:
    """Refuse a place whose content is not an earlier output: it may hold somebody's work.

    Parameters
    ----------
    out : Path
        Where an output is to stand.
    marker : str
        File that every such output holds.

    Raises
    ------
    DataError
        When the folder cannot be read.
    UsageError
        When `out` is a file, the current or parent folder, or a folder that holds other things.
    """
    if out.name in {"", ".."}:
        raise UsageError("expected the name of an output folder, not the current or parent one.")
    try:
        if out.exists() and not out.is_dir():
            raise UsageError(f"expected a new folder for the output, but '{out.name}' exists.")
        holds_other = out.is_dir() and any(out.iterdir()) and not (out / marker).is_file()
    except OSError as error:
        raise DataError(
            f"the folder for the output, '{out.name}', cannot be read: {error.strerror}. "
            "Nothing was changed.",
            do="Choose another folder with --out, or ask for permission on this one.",
        ) from None
    if holds_other:
        raise UsageError(
            f"expected a new folder or an earlier output with '{marker}', but '{out.name}' holds "
            "other things. Nothing was changed.",
            do="Choose another folder with --out.",
        )


def swap(staged: Path, out: Path) -> None:
    """Put a finished folder in the place of `out`; what stood there stays when that fails."""
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


def write_file(path: Path, content: bytes) -> None:
    """Write a file aside, then swap it in.

    Parameters
    ----------
    path : Path
        The file; its folder is made when missing.
    content : bytes

    Raises
    ------
    DataError
        When the file cannot be written; an earlier one is then as it was.
    """
    aside = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
        aside.replace(path)
    except OSError as error:
        raise _not_written("file", path, error) from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def _not_written(kind: str, path: Path, error: OSError) -> DataError:
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return DataError(
        f"expected to write the {kind} '{path.name}', but: {reason}. Nothing was changed.",
        do="Check the folder's permissions and the free disk space, then run it again.",
    )
