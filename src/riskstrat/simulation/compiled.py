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
    until the function's own file changes; here it is kept until any file of the simulator does, so
    that an edited rule never runs in its earlier form.
    """
    dispatcher: Any = njit(cache=True, nogil=True)(function)
    dispatcher._cache._cache_file._source_stamp = _stamp()  # the only way in
    return cast(_Function, dispatcher)


@cache
def _stamp() -> tuple[float, int]:
    """The latest change and the size of the simulator's source."""
    found = [path.stat() for path in sorted(Path(__file__).parent.rglob("*.py"))]
    return max(one.st_mtime for one in found), sum(one.st_size for one in found)
