"""``riskstrat link``: feeds in, linked records out, and what became of every row."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskstrat.cli.console import JsonOption, show, stages

if TYPE_CHECKING:
    from riskstrat.records.link_run import LinkRun
    from riskstrat.records.vault.keys import KeyRing

__all__ = ["link_command"]


Feed = Annotated[Path, typer.Argument(help="A file or a folder of feeds.")]
Out = Annotated[Path, typer.Option(help="Folder for the linked records.")]
Dialect = Annotated[
    str | None,
    typer.Option(help="Dialect of every file; told from governance and headers otherwise."),
]
GovernanceFile = Annotated[
    Path | None, typer.Option(help="Governance file; governance.toml of the feeds otherwise.")
]
Purpose = Annotated[str, typer.Option(help="case_finding, commissioning or research.")]
LeaveOut = Annotated[
    list[str] | None, typer.Option(help="A source not to link; may be given again.")
]
KeyFile = Annotated[
    Path | None, typer.Option(help="File with the key of the pseudonyms; RISKSTRAT_KEY otherwise.")
]
VaultFolder = Annotated[
    Path | None,
    typer.Option(help="Folder for the way back to NHS numbers, sealed for each practice."),
]
VaultKeyFile = Annotated[
    Path | None, typer.Option(help="File with the key of the vault; RISKSTRAT_VAULT_KEY otherwise.")
]
HistoryFolder = Annotated[
    Path | None, typer.Option(help="Folder that keeps what was read, for --add.")
]
Add = Annotated[bool, typer.Option("--add", help="Add new files to those of the history.")]
Memory = Annotated[
    str | None, typer.Option(help="Memory for the engine, such as 4GB; the rest goes to disk.")
]


def link_command(
    feed: Feed,
    out: Out,
    dialect: Dialect = None,
    governance: GovernanceFile = None,
    purpose: Purpose = "case_finding",
    leave_out: LeaveOut = None,
    key_file: KeyFile = None,
    vault: VaultFolder = None,
    vault_key_file: VaultKeyFile = None,
    history: HistoryFolder = None,
    add: Add = False,
    memory: Memory = None,
    as_json: JsonOption = False,
) -> None:
    """Turn feeds into linked records; every input row is kept or counted with a reason.

    A folder of feeds holds governance.toml, which says who answers for each source, what it may be
    used for and whose objections count.

    Example: riskstrat link feeds/ --out records/

    Example: riskstrat link feeds/ --key-file key.txt --vault vault/ --history history/ --out
    records/

    Example: riskstrat link november/ --add --history history/ --key-file key.txt --out records/
    """
    from riskstrat.records.linking import link_feeds
    from riskstrat.records.options import LinkOptions
    from riskstrat.records.vault.keys import load_keys

    options = LinkOptions(
        dialect=dialect,
        governance=governance,
        purpose=purpose,
        leave_out=tuple(leave_out or ()),
        history=history,
        add=add,
        memory_limit=memory,
    )
    keys = load_keys(key_file, os.environ)
    vault_keys = _vault_keys(vault_key_file) if vault is not None else None
    with stages() as say:
        say("linking")
        key = keys.current if keys else None
        seal = partial(_seal, vault=vault, given=vault_keys, add=add)
        manifest, _ = link_feeds(feed, out, key, options, seal=seal)
    show(manifest, as_json=as_json, lines=[*_files(manifest), *_summary(manifest, out)])


def _vault_keys(key_file: Path | None) -> KeyRing | None:
    """Keys of the vault; what stands in the way of sealing is told before anything is linked."""
    from riskstrat.records.vault.keys import VAULT_KEY_VARIABLE, load_keys
    from riskstrat.records.vault.sealed import require_cryptography

    require_cryptography()
    return load_keys(key_file, os.environ, variable=VAULT_KEY_VARIABLE)


def _seal(run: LinkRun, *, vault: Path | None, given: KeyRing | None, add: bool) -> None:
    """Seal the numbers of everybody in the records, if a vault is asked for."""
    if vault is None:
        return
    import pyarrow.compute as pc

    from riskstrat.records.linkage.pseudonyms import key_id
    from riskstrat.records.vault.keys import require_keys
    from riskstrat.records.vault.opening import seal, seal_again

    keys = require_keys(given, synthetic=run.governance.synthetic)
    write = seal_again if add else seal
    entries = run.vault_entries()
    if not add:
        entries = entries.filter(pc.is_valid(entries["nhs_number"]))
    write(vault, entries, key=keys.current, key_id=key_id(run.key))


def _files(manifest: Mapping[str, Any]) -> list[str]:
    """What became of every row, by feed and file."""
    lines = []
    for source in manifest["sources"]:
        lines.append(f"{source['name']} ({source['dialect']})")
        for file in source["files"]:
            counts = f"{file['rows_in']:,} rows, {file['rows_kept']:,} kept"
            lines.append(f"  {file['name']}: {counts}")
            lines += [f"      {n:,} rejected: {why}" for why, n in file["rejected"].items()]
    for file in manifest["left_out"]:
        lines.append(f"left out: {file['name']}, {file['rows_in']:,} rows")
    if ignored := manifest.get("ignored_files"):
        lines.append(f"not read, of another kind: {len(ignored)} files")
    return lines


def _summary(manifest: Mapping[str, Any], out: Path) -> list[str]:
    lines = [f"Linked into {out}/ for {manifest['purpose'].replace('_', ' ')}."]
    tables = manifest["tables"]
    lines.append("  " + ", ".join(f"{tables[name]['rows']:,} {name}" for name in tables))
    claims = manifest["linkage"].get("claims", {})
    told = ", ".join(f"{found['rows']:,} by {how}" for how, found in claims.items())
    if told:
        lines.append(f"  Rows that name a person: {told.replace('by not linked', 'not linked')}")
    by_details = manifest["linkage"].get("by_details", {})
    if "estimated_precision" in by_details:
        lines.append(
            f"  Links by details: estimated precision {by_details['estimated_precision']:.3f}, "
            f"recall {by_details['estimated_recall']:.3f}"
        )
    if excluded := manifest["people_excluded"]:
        people = ", ".join(f"{why.replace('_', ' ')}: {n:,}" for why, n in excluded.items())
        lines.append(f"  People left out: {people}")
    if manifest["codes_withheld"]:
        lines.append(f"  Sensitive codes withheld: {manifest['codes_withheld']:,}")
    if ignored := manifest["ignored_files"]:
        lines.append(f"  Not read: {len(ignored):,} files of other kinds, named in manifest.json")
    return lines
