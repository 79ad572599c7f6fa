"""Link a folder of feeds into a store of linked records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError, UsageError
from riskstrat.records.governance.gate import PURPOSES, Governance, load_governance
from riskstrat.records.history import History
from riskstrat.records.history_file import HISTORY
from riskstrat.records.link_run import LinkRun
from riskstrat.records.linkage.people_told import PeopleTold
from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY, key_id, require_key
from riskstrat.records.options import LinkOptions
from riskstrat.records.sources import DIALECTS, find_files
from riskstrat.records.sources.assigning import Assigned, assign_files, require_tables
from riskstrat.schema import MANIFEST, StoreWriter
from riskstrat.staging import require_replaceable, staged_directory

__all__ = ["GOVERNANCE", "link", "link_feeds"]

GOVERNANCE = "governance.toml"
"""Name of the governance file in a folder of feeds."""

_ONLY_THIS_USER = 0o700


def link(
    feed: str | Path, out: str | Path, *, key: bytes | None = None, **options: Any
) -> dict[str, Any]:
    """Link every file of a folder of feeds into a store of linked records.

    Parameters
    ----------
    feed : str or Path
        A file, or a folder with everything below it.
    out : str or Path
        Folder for the store; an earlier store there is replaced as a whole, or not at all.
    key : bytes, optional
        Secret key of the pseudonyms, at least 16 bytes. Only where the governance file says that
        the people are synthetic may it be left out: the published test key is used then.
    **options
        Of :class:`LinkOptions`.

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
    manifest, _ = link_feeds(Path(feed), Path(out), key, LinkOptions(**options))
    return manifest


def link_feeds(
    feed: Path,
    out: Path,
    key: bytes | None,
    options: LinkOptions,
    *,
    seal: Callable[[LinkRun], object] | None = None,
) -> tuple[dict[str, Any], LinkRun]:
    """As :func:`link`, with the finished run.

    Parameters
    ----------
    feed, out, key
        As of :func:`link`.
    options : LinkOptions
    seal : callable, optional
        Is given the run while it still knows the NHS numbers, before the records take their place:
        when it raises, records and history are as they were.
    """
    _require_sound(out, options)
    engine = Engine(memory_limit=options.memory_limit)
    files = find_files(feed, leave_out=_not_fed(out, options), scratch=engine.scratch)
    rules = load_governance(_governance_file(feed, options.governance))
    secret = _secret(key, synthetic=rules.synthetic)
    assigned = assign_files(files, DIALECTS, rules, options)
    people = PeopleTold(engine, secret, rules.synthetic)
    with _all_files(engine, people, assigned, rules, options) as linked:
        for source in linked.sources:
            require_tables(source)
        run = LinkRun(engine, rules, linked, people, options.purpose)
        with staged_directory(out, marker=MANIFEST) as staged:
            manifest = run.write(StoreWriter(staged))
            if seal is not None:
                seal(run)
    return manifest, run


@contextmanager
def _all_files(
    engine: Engine,
    people: PeopleTold,
    assigned: Assigned,
    rules: Governance,
    options: LinkOptions,
) -> Iterator[Assigned]:
    """Every file to be linked, those of the history among them, once all told who people are.

    The history is replaced when the block ends without an error: then the store is in place.
    """
    if options.history is None:
        people.read_all(assigned.sources)
        yield assigned
        return
    _require_parts(assigned)
    folder = Path(options.history)
    kept = History(folder, key_id(people.key))
    kept.require_none_of(options.leave_out)
    fresh = kept.unread(assigned)
    kept.restore(people)
    people.read_all(fresh.sources)
    with staged_directory(folder, marker=HISTORY) as staged:
        staged.chmod(_ONLY_THIS_USER)
        kept.keep(engine, fresh, people, staged)
        grown = History(staged, key_id(people.key))
        yield replace(assigned, sources=grown.sources(rules, DIALECTS, options.purpose))


def _require_parts(assigned: Assigned) -> None:
    """Refuse a history of records that cannot be linked part by part."""
    whole = [s.source.name for s in assigned.sources if s.dialect.build_whole is not None]
    if whole:
        raise RecordsError(
            f"the sources {', '.join(whole)} are whole records with people of their own, which "
            "keep no history.",
            do="Link them without --history, all files at once.",
        )


def _not_fed(out: Path, options: LinkOptions) -> list[Path]:
    """What may stand in the folder of a feed and is none: outputs, and the governance file."""
    return [out, *(Path(given) for given in (options.history, options.governance) if given)]


def _require_sound(out: Path, options: LinkOptions) -> None:
    if options.purpose not in PURPOSES:
        raise UsageError(f"expected a purpose, one of: {', '.join(PURPOSES)}.")
    if options.add and options.history is None:
        raise UsageError(
            "expected the history to add to, got none.",
            do="Say --history FOLDER: the folder given when the first feeds were linked.",
        )
    require_replaceable(out, MANIFEST)
    if options.history is not None:
        _require_history(Path(options.history), add=options.add)


def _require_history(folder: Path, *, add: bool) -> None:
    """Refuse to add to what is not there, and to begin where a history would be lost."""
    require_replaceable(folder, HISTORY)
    if add and not (folder / HISTORY).is_file():
        raise RecordsError(
            f"expected a history in '{folder.name}' to add to, but there is none.",
            do="Link all feeds once with --history, without --add.",
        )
    if not add and (folder / HISTORY).is_file():
        raise UsageError(
            f"expected a new folder for the history, but '{folder.name}' holds one.",
            do="Say --add to add to it, or name a new folder to begin again.",
        )


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
