"""Loops compiled to machine code, and kept beside the source until any of it changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

__all__ = ["compiled"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a function at its first call, without the interpreter's lock.

    Machine code holds the functions and constants of other modules that it uses. Numba keeps it
    until the function's own file changes; here it is kept until any file of its package does, so
    that an edited rule never runs in its earlier form.
    """
    dispatcher: Any = njit(cache=True, nogil=True)(function)
    package = function.__module__.split(".")[1]
    dispatcher._cache._cache_file._source_stamp = _stamp(package)  # the only way in
    return cast(_Function, dispatcher)


@cache
def _stamp(package: str) -> tuple[float, int]:
    """The latest change and the size of the source of ``riskstrat.<package>``."""
    folder = Path(__file__).parent / package
    found = [path.stat() for path in sorted(folder.rglob("*.py"))]
    return max(one.st_mtime for one in found), sum(one.st_size for one in found)
