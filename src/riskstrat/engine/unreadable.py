"""What both engines say of records that cannot be read; never a value of them."""

from __future__ import annotations

from collections.abc import Sequence

from riskstrat.errors import RecordsError

__all__ = ["unreadable_query", "unreadable_table"]


def unreadable_table(name: str, files: Sequence[str]) -> RecordsError:
    """The files of a table are missing or no Parquet."""
    return RecordsError(
        f"expected Parquet for table '{name}', but it cannot be read "
        f"(missing, truncated or another format): {', '.join(files)}.",
        do="Link the feeds again, or restore the file from its copy.",
    )


def unreadable_query(kind: str) -> RecordsError:
    """A query came upon a damaged file or a value that does not fit.

    Parameters
    ----------
    kind : str
        The engine's name for it.
    """
    return RecordsError(
        "a query could not read the records: a file is damaged or a value does not fit its "
        f"declared type ({kind}).",
        do="Run 'riskstrat check' on the records, then link them again.",
    )
