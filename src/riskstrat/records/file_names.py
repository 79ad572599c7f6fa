"""Names of files in a feed."""

from __future__ import annotations

__all__ = ["GZIP", "unpacked_name"]

GZIP = ".gz"
"""Ending of the name of a file that is packed alone."""


def unpacked_name(name: str) -> str:
    """The name of a file without the ending that says it is packed alone.

    Examples
    --------
    >>> unpacked_name("gp/person.csv.gz"), unpacked_name("gp/person.csv")
    ('gp/person.csv', 'gp/person.csv')
    """
    return name[: -len(GZIP)] if name.lower().endswith(GZIP) else name
