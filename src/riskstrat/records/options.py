"""How feeds are linked: what is asked for besides the feeds and the place of the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["LinkOptions"]


@dataclass(frozen=True)
class LinkOptions:
    """How feeds are linked.

    Parameters
    ----------
    dialect : str, optional
        Name of the dialect of every file; told from governance and headers when not given.
    purpose : str
        One of :data:`~riskstrat.records.governance.gate.PURPOSES`.
    governance : str or Path, optional
        The governance file; ``governance.toml`` beside the feeds when not given.
    leave_out : tuple of str
        Names of governed sources that are not linked: their rows are counted as left out.
    history : str or Path, optional
        Folder in which what was read is kept for later months, apart from the records.
    add : bool
        Whether the files are added to those of the history.
    memory_limit : str, optional
        Such as ``"4GB"``: what the engine may use; the rest goes to disk.
    """

    dialect: str | None = None
    purpose: str = "case_finding"
    governance: str | Path | None = None
    leave_out: tuple[str, ...] = ()
    history: str | Path | None = None
    add: bool = False
    memory_limit: str | None = None
