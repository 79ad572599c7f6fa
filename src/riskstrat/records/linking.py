"""Link a folder of feeds into a store of linked records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError, UsageError
from riskstrat.records.governance import load_governance
from riskstrat.records.link_run import LinkRun
from riskstrat.records.linkage import PUBLISHED_TEST_KEY, require_key
from riskstrat.records.sources import DIALECTS, find_files
from riskstrat.records.sources.assigning import assign_files
from riskstrat.schema import MANIFEST, StoreWriter
from riskstrat.staging import require_replaceable, staged_directory

__all__ = ["GOVERNANCE", "PURPOSES", "link"]

PURPOSES = ("case_finding", "commissioning", "research")
"""What a store may be used for; objections are enforced for the purpose."""

GOVERNANCE = "governance.toml"
"""Name of the governance file in a folder of feeds."""


def link(  # noqa: PLR0913 - each is an option of the command
    feed: str | Path,
    out: str | Path,
    *,
    dialect: str | None = None,
    purpose: str = "case_finding",
    governance: str | Path | None = None,
    key: bytes | None = None,
    memory_limit: str | None = None,
) -> dict[str, Any]:
    """Link every file of a folder of feeds into a store of linked records.

    Parameters
    ----------
    feed : str or Path
        A file, or a folder with everything below it.
    out : str or Path
        Folder for the store; an earlier store there is replaced as a whole, or not at all.
    dialect : str, optional
        Name of the dialect of every file; told from governance and headers when not given.
    purpose : str
        One of :data:`PURPOSES`.
    governance : str or Path, optional
        The governance file; ``governance.toml`` beside the feeds when not given.
    key : bytes, optional
        Secret key of the pseudonyms, at least 16 bytes. Only where the governance file says that
        the people are synthetic may it be left out: the published test key is used then.
    memory_limit : str, optional
        Such as ``"4GB"``: what the engine may use; the rest goes to disk.

    Returns
    -------
    dict
        The manifest, in which every row of every file is kept or counted with a reason.

    Raises
    ------
    RecordsError
        When the governance file is missing or does not allow a source, or a feed cannot be read,
        or lacks a table, a column or rows; nothing is written.
    UsageError
        When the dialect or the purpose is unknown, the key too short, or `out` holds other things.
    """
    feed, out = Path(feed), Path(out)
    if purpose not in PURPOSES:
        raise UsageError(f"expected a purpose, one of: {', '.join(PURPOSES)}.")
    require_replaceable(out, MANIFEST)
    files = find_files(feed, leave_out=out)
    rules = load_governance(_governance_file(feed, governance))
    secret = _secret(key, synthetic=rules.synthetic)
    assigned = assign_files(files, DIALECTS, rules, dialect=dialect, purpose=purpose)
    engine = Engine(memory_limit=memory_limit)
    run = LinkRun(engine, rules, assigned, secret, purpose)
    with staged_directory(out, marker=MANIFEST) as staged:
        return run.write(StoreWriter(staged))


def _governance_file(feed: Path, given: str | Path | None) -> Path:
    if given is not None:
        return Path(given)
    return (feed if feed.is_dir() else feed.parent) / GOVERNANCE


def _secret(key: bytes | None, *, synthetic: bool) -> bytes:
    """The key to use: the published one only for people who do not exist."""
    if (key is None and not synthetic) or (key == PUBLISHED_TEST_KEY and not synthetic):
        raise RecordsError(
            "expected a secret key for the pseudonyms of real people, got none, or the published "
            "test key.",
            do="Make one with: openssl rand -hex 32 > key.txt; chmod 600 key.txt. Then give "
            "--key-file key.txt, or set RISKSTRAT_KEY.",
        )
    return require_key(key)
