"""Which files an entry of a governance file is for, and an entry to fill in where there is none."""

from __future__ import annotations

import glob
import json
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from riskstrat.records.file_names import unpacked_name
from riskstrat.schema import OPT_OUT_KINDS

__all__ = ["entry_to_fill", "is_match"]


def is_match(file_name: str, pattern: str) -> bool:
    """Whether a pattern is for a file.

    Parameters
    ----------
    file_name : str
        Path inside of a folder, with forward slashes.
    pattern : str
        The same, with or without the ending of the name (of ``a.csv.gz`` both). ``*``, ``?`` and
        ``[...]`` stay within a folder, so that ``hes_*`` is no permission for a folder of that
        name; ``**`` stands for any folders.

    Examples
    --------
    >>> is_match("trust/apc_2019.csv", "trust/apc_*"), is_match("apc_old/x.csv", "apc_*")
    (True, False)
    """
    wanted = pattern.split("/")
    names = (file_name, unpacked_name(file_name), _without_ending(file_name))
    return any(_parts_match(name.split("/"), wanted) for name in names)


def _without_ending(file_name: str) -> str:
    return PurePosixPath(unpacked_name(file_name)).with_suffix("").as_posix()


def _parts_match(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Folder by folder."""
    if not patterns:
        return not parts
    first, *rest = patterns
    if first == "**":
        return any(_parts_match(parts[taken:], rest or ["*"]) for taken in range(len(parts)))
    return bool(parts) and fnmatchcase(parts[0], first) and _parts_match(parts[1:], rest)


def entry_to_fill(name: str, dialect: str, files: Sequence[str], purpose: str) -> str:
    """An entry that is refused until it is filled in; every objection counts until then.

    Parameters
    ----------
    name : str
        Of the entry.
    dialect : str
    files : sequence of str
        Paths inside of the feed's folder.
    purpose : str

    Returns
    -------
    str
        A part of a TOML file.
    """
    patterns = list(dict.fromkeys(glob.escape(_without_ending(file)) for file in files))
    return f"""\
[sources.{name}]
dialect = {_text(dialect)}
feed = ""                       # who sends it
files = [{", ".join(map(_text, patterns))}]
controller = ""                 # the organisation that answers for it
legal_basis = []                # UK GDPR articles, section 251 approval, consent
purposes = [{_text(purpose)}]
retention_months = 0
sensitive_codes = "withheld"
told = ""                       # daily, monthly or quarterly
declared_lag_days = -1
data_from = 9999-12-31          # first day it covers
data_to = 0001-01-01            # last day it covers

[sources.{name}.opt_outs]  # objections that keep a person's rows out
{purpose} = [{", ".join(map(_text, OPT_OUT_KINDS))}]"""


def _text(value: str) -> str:
    """Text as TOML writes it: as JSON does."""
    return json.dumps(value, ensure_ascii=False)
