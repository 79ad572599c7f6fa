"""The governance gate: what may be linked for which purpose, and whose objections count.

A governance file has an entry for every source: who answers for it, on what legal basis, for which
purposes it may be linked, and which objections keep a person's rows out. A file of a feed without
an entry is not linked, and neither is one whose entry does not name the purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from riskstrat.errors import RecordsError, UsageError
from riskstrat.records.governance.entry import entry_to_fill, is_match
from riskstrat.records.governance.file import PURPOSES, read_governance
from riskstrat.schema import OPT_OUT_KINDS

__all__ = [
    "KINDS",
    "PURPOSES",
    "Governance",
    "GovernedSource",
    "barred_sql",
    "load_governance",
]

KINDS = OPT_OUT_KINDS
"""Kinds of objection: the type 1 opt-out registered with a practice, the national data opt-out, and
the local objection to risk stratification."""


@dataclass(frozen=True)
class GovernedSource:
    """What holds for the files of one source.

    Parameters
    ----------
    name : str
        Of the entry.
    dialect : str
        Layout of its columns; several sources may share one.
    feed : str
        Who sends it.
    files : tuple of str
        File names or shell patterns, with or without their ending, as paths inside of the feed's
        folder: ``*`` stays within a folder, ``**`` stands for any folders.
    controller : str
        The organisation that answers for it.
    legal_basis : tuple of str
    purposes : tuple of str
        Purposes for which it may be linked.
    retention_months : int
        How long a linked copy may be kept.
    sensitive_codes : str
        ``withheld``: rows with a sensitive code are left out.
    told : str
        ``daily``, ``monthly`` or ``quarterly``.
    declared_lag_days : int
        Days until a row is told, from its day or the end of its month or quarter.
    data_from, data_to : date
        First and last day it covers.
    opt_outs : mapping of str to tuple of str
        For each of its purposes the objections that keep a person's rows out.
    """

    name: str
    dialect: str
    feed: str
    files: tuple[str, ...]
    controller: str
    legal_basis: tuple[str, ...]
    purposes: tuple[str, ...]
    retention_months: int
    sensitive_codes: str
    told: str
    declared_lag_days: int
    data_from: date
    data_to: date
    opt_outs: Mapping[str, tuple[str, ...]] = field(hash=False)

    def covers(self, file_name: str) -> bool:
        """Whether the entry is for a file.

        Parameters
        ----------
        file_name : str
            Path inside of the feed's folder, with forward slashes.
        """
        return any(is_match(file_name, pattern) for pattern in self.files)


@dataclass(frozen=True)
class Governance:
    """A governance file, as read.

    Parameters
    ----------
    name : str
        Of the file.
    sha256 : str
        Of its bytes.
    synthetic : bool
        Whether the people are made up.
    purposes : tuple of str
        Purposes that any source may be linked for.
    sensitive_list, sensitive_version : str
        The list of sensitive codes whose rows are withheld.
    probabilistic : bool
        Whether people may be linked without an NHS number.
    precision : float
        Share of such links that must be right, 0.5 to 1.
    sources : tuple of GovernedSource
        In the order of the file.
    """

    name: str
    sha256: str
    synthetic: bool
    purposes: tuple[str, ...]
    sensitive_list: str
    sensitive_version: str
    probabilistic: bool
    precision: float
    sources: tuple[GovernedSource, ...]

    def source_for(self, dialect: str, file_name: str) -> GovernedSource | None:
        """The entry for a file of a dialect, or None.

        Parameters
        ----------
        dialect : str
        file_name : str
            Path inside of the feed's folder, with forward slashes.

        Raises
        ------
        RecordsError
            When more than one entry is for it.
        """
        found = [s for s in self.sources if s.dialect == dialect and s.covers(file_name)]
        if len(found) > 1:
            raise RecordsError(
                f"{self.name}: expected one entry for the file '{file_name}' of the dialect "
                f"{dialect}, but {len(found)} are for it: "
                f"{', '.join(source.name for source in found)}.",
                do="Make the 'files' of these entries narrower, so that one controller answers.",
            )
        return found[0] if found else None

    def require_allowed(
        self, dialect: str, files: Sequence[str], purpose: str
    ) -> dict[str, GovernedSource]:
        """The entry of every file, or an error when one may not be linked for the purpose.

        Parameters
        ----------
        dialect : str
        files : sequence of str
            Paths inside of the feed's folder, with forward slashes.
        purpose : str
            One of :data:`PURPOSES`.

        Returns
        -------
        dict
            File to its entry, in the order of `files`.

        Raises
        ------
        RecordsError
            When a file has no entry, or its entry does not allow the purpose.
        """
        allowed: dict[str, GovernedSource] = {}
        missing = []
        for file in files:
            if (entry := self.source_for(dialect, file)) is None:
                missing.append(file)
            else:
                allowed[file] = entry
        if missing:
            raise self._without_entry(dialect, missing, purpose)
        if refused := [s for s in dict.fromkeys(allowed.values()) if purpose not in s.purposes]:
            raise _not_for(self.name, refused, purpose)
        return allowed

    def about(self, entries: Iterable[GovernedSource]) -> dict[str, Any]:
        """What a manifest says of the governance that a store was linked under.

        Parameters
        ----------
        entries : iterable of GovernedSource
            Those that files were linked under; each may come more than once.

        Returns
        -------
        dict
            Plain data; sources by name.
        """
        sources = {
            source.name: {
                "controller": source.controller,
                "legal_basis": list(source.legal_basis),
                "purposes": list(source.purposes),
                "retention_months": source.retention_months,
                "opt_outs": {p: list(kinds) for p, kinds in source.opt_outs.items()},
            }
            for source in sorted(set(entries), key=lambda entry: entry.name)
        }
        return {
            "file": self.name,
            "sha256": self.sha256,
            "synthetic": self.synthetic,
            "sensitive_codes": {"list": self.sensitive_list, "version": self.sensitive_version},
            "sources": sources,
        }

    def _without_entry(self, dialect: str, files: Sequence[str], purpose: str) -> RecordsError:
        counted = f"{len(files)} file{'s' if len(files) > 1 else ''}"
        taken = {source.name for source in self.sources}
        names = (dialect, *(f"{dialect}_{n}" for n in range(2, len(taken) + 3)))
        entry = entry_to_fill(
            next(name for name in names if name not in taken), dialect, files, purpose
        )
        return RecordsError(
            f"{self.name} has no entry for {counted} of the dialect {dialect}: "
            f"{', '.join(files)}. A source without an entry is not linked.",
            do="Ask whoever answers for the source, fill this in and add it to the file (empty "
            f"values are refused):\n\n{entry}",
        )


def _not_for(file: str, sources: Sequence[GovernedSource], purpose: str) -> RecordsError:
    listed = "; ".join(f"{s.name} (allows {', '.join(s.purposes)})" for s in sources)
    left_out = " ".join(f"--leave-out {s.name}" for s in sources)
    return RecordsError(
        f"{file} does not allow the purpose {purpose} for: {listed}.",
        do=f"Link for a purpose that every source allows, or without these: {left_out}. An entry "
        "may name a purpose only once its controller has agreed to it.",
    )


def load_governance(path: Path) -> Governance:
    """Read a governance file strictly.

    Parameters
    ----------
    path : Path
        A TOML file.

    Returns
    -------
    Governance

    Raises
    ------
    RecordsError
        When the file is missing, is not TOML in UTF-8, or holds mistakes: all of them are named at
        once.
    """
    read, sha256 = read_governance(Path(path))
    return Governance(
        name=Path(path).name,
        sha256=sha256,
        synthetic=read["synthetic"],
        purposes=tuple(read["purposes"]),
        sensitive_list=read["sensitive_codes"]["list"],
        sensitive_version=read["sensitive_codes"]["version"],
        probabilistic=read["linkage"]["probabilistic"],
        precision=float(read["linkage"]["precision"]),
        sources=tuple(_governed(name, entry) for name, entry in read["sources"].items()),
    )


def _governed(name: str, entry: Mapping[str, Any]) -> GovernedSource:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
    opt_outs = {purpose: tuple(entry["opt_outs"][purpose]) for purpose in entry["purposes"]}
    return GovernedSource(**{**values, "name": name, "opt_outs": MappingProxyType(opt_outs)})


def barred_sql(objections: str, kinds: Sequence[str]) -> str:
    """SQL: the people who have an objection of one of the kinds that is in force.

    Parameters
    ----------
    objections : str
        A relation with the columns of ``opt_outs``.
    kinds : sequence of str
        Some of :data:`KINDS`; with none of them nobody is barred.

    Returns
    -------
    str
        A query of distinct ``patient_id``. An objection is in force when its row is current and it
        has not ended; one that starts on a later day counts already.

    Raises
    ------
    UsageError
        When a kind is not one of :data:`KINDS`.
    """
    if strange := len([kind for kind in kinds if kind not in KINDS]):
        raise UsageError(
            f"expected kinds of objection, some of: {', '.join(KINDS)}; {strange} are none of them."
        )
    chosen = " or ".join(f"kind = '{kind}'" for kind in KINDS if kind in kinds) or "false"
    return (
        f"select distinct patient_id from {objections} "
        f"where ({chosen}) and superseded_date is null and end_date is null"
    )
