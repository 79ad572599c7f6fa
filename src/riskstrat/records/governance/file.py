"""A governance file is read strictly: every mistake is named, and all of them at once.

A message names the table and the key. Numbers, dates and true or false are shown as they came; of
text only that it was text.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from riskstrat.errors import RecordsError
from riskstrat.records.governance.sensitive import LIST_NAME, sensitive_versions
from riskstrat.schema import OPT_OUT_KINDS

__all__ = ["DEFAULT_PRECISION", "HELP_PAGE", "PURPOSES", "read_governance"]

PURPOSES = ("case_finding", "commissioning", "research")
"""What a store may be used for; a source allows some of them."""

DEFAULT_PRECISION = 0.99
"""Share of the links made without an NHS number that must be right, when the file does not say. A
judgement: a wrong link puts somebody else's history on a card."""

HELP_PAGE = "docs/how-to/governance.md has every key and an example."

_FILE_VERSION = 1
_TOLD = ("daily", "monthly", "quarterly")
_LOWEST_PRECISION = 0.5
_PLACE = re.compile(r"\(at (line \d+), column \d+\)")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class _Key:
    """What the value of a key must be; `default` stands for a key that is not given."""

    said: str
    is_sound: Callable[[Any], bool]
    default: Any = None
    is_needed: bool = True


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_texts(value: Any) -> bool:
    """A list of different texts, one at least."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(map(_is_text, value))
        and len(set(value)) == len(value)
    )


def _is_patterns(value: Any) -> bool:
    return _is_texts(value) and not any(v.startswith("/") or "\\" in v for v in value)


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and _LOWEST_PRECISION <= value <= 1


def _whole(least: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and value >= least


def _one_of(*allowed: str) -> _Key:
    said = f"one of {', '.join(allowed)}" if len(allowed) > 1 else f"'{allowed[0]}'"
    return _Key(said, lambda value: isinstance(value, str) and value in allowed)


def _some_of(allowed: Sequence[str], *, or_none: bool = False) -> _Key:
    said = f"a list of some of {', '.join(allowed)}, each once"
    return _Key(
        said if or_none else f"{said}, not empty",
        lambda value: (or_none and value == []) or (_is_texts(value) and set(value) <= {*allowed}),
    )


_TEXT = _Key("text that is not empty", _is_text)
_TEXTS = _Key("a list of different texts, not empty", _is_texts)
_DAY = _Key("a date such as 2024-12-31, without quotation marks", lambda v: type(v) is date)
_TABLE = _Key("a table", lambda value: isinstance(value, dict))

_TOP = {
    "schema_version": _Key(f"{_FILE_VERSION}", lambda v: type(v) is int and v == _FILE_VERSION),
    "synthetic": _Key("true or false", lambda v: isinstance(v, bool), False, is_needed=False),
    "purposes": _some_of(PURPOSES),
    "sensitive_codes": _TABLE,
    "linkage": _Key(_TABLE.said, _TABLE.is_sound, {}, is_needed=False),
    "sources": _Key("a table with one entry at least", lambda v: isinstance(v, dict) and bool(v)),
}
_LINKAGE = {
    "probabilistic": _Key("true or false", lambda v: isinstance(v, bool), True, is_needed=False),
    "precision": _Key(
        f"a number from {_LOWEST_PRECISION} to 1", _is_share, DEFAULT_PRECISION, is_needed=False
    ),
}
_SENSITIVE = {
    "list": _one_of(LIST_NAME),
    "version": _TEXT,
    "action": _one_of("withhold_row"),
}
_SOURCE = {
    "dialect": _TEXT,
    "feed": _TEXT,
    "files": _Key("a list of different file names or patterns with forward slashes", _is_patterns),
    "controller": _TEXT,
    "legal_basis": _TEXTS,
    "purposes": _some_of(PURPOSES),
    "retention_months": _Key("a whole number above 0", _whole(1)),
    "sensitive_codes": _one_of("withheld"),
    "told": _one_of(*_TOLD),
    "declared_lag_days": _Key("a whole number, 0 or more", _whole(0)),
    "data_from": _DAY,
    "data_to": _DAY,
    "opt_outs": _TABLE,
}


def read_governance(path: Path) -> tuple[dict[str, Any], str]:
    """The content of a governance file, checked and with its defaults, and its SHA-256.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of dict and str
        The tables as plain data.

    Raises
    ------
    RecordsError
        When the file cannot be read, is not TOML, or holds mistakes: all of them are named.
    """
    content = _bytes_of(path)
    data = _parsed(content, path.name)
    mistakes: list[str] = []
    read = _read(data, mistakes)
    if mistakes:
        counted = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
        listed = "\n".join(f"  - {mistake}" for mistake in mistakes)
        raise RecordsError(f"{path.name} has {counted}:\n{listed}", do=HELP_PAGE)
    return read, hashlib.sha256(content).hexdigest()


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise RecordsError(
            f"expected a governance file '{path.name}', but there is none.", do=HELP_PAGE
        ) from None
    except OSError as error:
        raise RecordsError(
            f"the governance file '{path.name}' cannot be read: {error.strerror}.",
            do="Give the path of a TOML file that you may read.",
        ) from None


def _parsed(content: bytes, name: str) -> dict[str, Any]:
    try:
        text = content.decode("utf-8-sig")  # Windows editors write a byte order mark
    except UnicodeDecodeError:
        raise RecordsError(
            f"the governance file '{name}': expected text in UTF-8, but it is in another encoding.",
            do="Save it again as UTF-8.",
        ) from None
    try:
        return tomllib.loads(text)
    except ValueError as error:  # tomllib also lets the error of a number that is too long pass
        raise RecordsError(
            f"the governance file '{name}' is not valid TOML: see {_place(text, str(error))}.",
            do=f"Text stands in quotation marks, dates do not. {HELP_PAGE}",
        ) from None


def _place(text: str, said: str) -> str:
    """Where a parser's message points to, without the text that it may quote."""
    if found := _PLACE.search(said):
        return found[1]
    if "end of document" in said:
        return f"line {text.rstrip().count(chr(10)) + 1}, the last"
    return "the numbers, one is too long"


def _read(data: Mapping[str, Any], mistakes: list[str]) -> dict[str, Any]:
    top = _checked(data, _TOP, "top level", mistakes)
    if isinstance(top.get("sensitive_codes"), dict):
        found = _checked(top["sensitive_codes"], _SENSITIVE, "[sensitive_codes]", mistakes)
        mistakes += _version_mistakes(found.get("version"))
        top["sensitive_codes"] = found
    if "linkage" in top:
        top["linkage"] = _checked(top["linkage"], _LINKAGE, "[linkage]", mistakes)
    top["sources"] = {
        name: _source(name, entry, top.get("purposes"), mistakes)
        for name, entry in top.get("sources", {}).items()
    }
    return top


def _checked(
    table: Mapping[str, Any], keys: Mapping[str, _Key], where: str, mistakes: list[str]
) -> dict[str, Any]:
    """The sound values of a table, with defaults; mistakes are collected."""
    mistakes += [
        f"{where}: unknown key {key!r}; expected one of {', '.join(keys)}"
        for key in table
        if key not in keys
    ]
    sound: dict[str, Any] = {}
    for key, rule in keys.items():
        if key not in table and not rule.is_needed:
            sound[key] = rule.default
        elif key not in table:
            mistakes.append(f"{where}: missing key '{key}', {rule.said}")
        elif rule.is_sound(table[key]):
            sound[key] = table[key]
        else:
            came = _came(table[key])
            mistakes.append(f"{where}: '{key}' must be {rule.said}, but {came} came")
    return sound


def _came(value: Any) -> str:
    """What came, without its text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "other text" if value.strip() else "empty text"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "a table" if isinstance(value, dict) else str(value)


def _version_mistakes(version: str | None) -> list[str]:
    known = sensitive_versions()
    if version is None or version in known:
        return []
    return [f"[sensitive_codes]: 'version' must be one that is shipped: {', '.join(known)}"]


def _source(
    name: str, entry: Any, purposes: Sequence[str] | None, mistakes: list[str]
) -> dict[str, Any]:
    if not _PLAIN_NAME.fullmatch(name):
        mistakes.append("[sources]: names must be of letters, digits, '_' and '-' only")
        return {}
    where = f"[sources.{name}]"
    if not isinstance(entry, dict):
        mistakes.append(f"{where}: must be a table, but {_came(entry)} came")
        return {}
    found = _checked(entry, _SOURCE, where, mistakes)
    allowed = found.get("purposes")
    if allowed and purposes and (other := [p for p in allowed if p not in purposes]):
        mistakes.append(f"{where}: 'purposes' has {', '.join(other)}, which top level has not")
    if "data_from" in found and "data_to" in found and found["data_from"] > found["data_to"]:
        mistakes.append(f"{where}: 'data_to' must not be before 'data_from'")
    if "opt_outs" in found:
        objections = _some_of(OPT_OUT_KINDS, or_none=True)
        keys = {
            purpose: _Key(objections.said, objections.is_sound, is_needed=allowed is not None)
            for purpose in allowed or PURPOSES
        }
        found["opt_outs"] = _checked(
            found["opt_outs"], keys, f"[sources.{name}.opt_outs]", mistakes
        )
    return found
