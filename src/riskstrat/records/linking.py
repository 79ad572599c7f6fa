"""Link a feed: read it, judge every row, replace identifiers, write the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from riskstrat.engine import Engine
from riskstrat.errors import UsageError
from riskstrat.records.linkage import key_id, require_key
from riskstrat.records.sources import DIALECTS, choose_dialect, find_files, read_feed
from riskstrat.schema import MANIFEST, SourceCount, write_store
from riskstrat.staging import require_replaceable

__all__ = ["PURPOSES", "link"]

PURPOSES = ("case_finding", "commissioning", "research")
"""What a store may be used for; objections are enforced for the purpose."""


def link(
    feed: str | Path,
    out: str | Path,
    *,
    dialect: str | None = None,
    purpose: str = "case_finding",
    key: bytes | None = None,
) -> dict[str, Any]:
    """Link every file of a feed into a store of linked records.

    Parameters
    ----------
    feed : str or Path
        A file, or a folder with everything below it.
    out : str or Path
        Folder for the store; an earlier store there is replaced as a whole, or not at all.
    dialect : str, optional
        Name of the dialect; told from the headers when not given.
    purpose : str
        One of :data:`PURPOSES`.
    key : bytes, optional
        Secret key of the pseudonyms, at least 16 bytes. Without one the published test key is
        used, with which anybody can undo them: for tests and trials only.

    Returns
    -------
    dict
        The manifest, in which every row of every file is kept or counted with a reason.

    Raises
    ------
    RecordsError
        When the feed cannot be read, or lacks a table, a column or rows; nothing is written.
    UsageError
        When the dialect or the purpose is unknown, the key too short, or `out` holds other things.
    """
    feed, out = Path(feed), Path(out)
    if purpose not in PURPOSES:
        raise UsageError(f"expected a purpose, one of: {', '.join(PURPOSES)}.")
    secret = require_key(key)
    require_replaceable(out, MANIFEST)
    files = find_files(feed, leave_out=out)
    chosen = choose_dialect(DIALECTS, files, dialect)
    engine = Engine()
    raw = read_feed(engine, chosen, files)
    built = chosen.build(engine, secret)
    counts = raw.counts(engine, built.judged)
    source = SourceCount(chosen.name, chosen.name, built.data_from, built.data_to, counts)
    told = {
        "purpose": purpose,
        "key_id": key_id(secret),
        "governance": "none",
        "assumed": dict(built.assumed),
    }
    return write_store(engine, out, sources=(source,), manifest=told)
