"""Files of JSON lines (NDJSON): what they hold, and what stands at a path of every line.

The columns of such a file are the paths that are asked for. A path is a JSON path; it may pick from
a list by how a text in its items ends::

    $.period.start
    $.identifier[system$="/Id/nhs-number"].value

References
----------
HL7 FHIR, Bulk Data Access, output files (``application/fhir+ndjson``); ndjson.org.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

__all__ = ["IS_JSON", "JSON_LINES", "first_held", "json_lines_sql", "picked_sql"]

JSON_LINES = (".ndjson", ".jsonl")
"""Endings of the names of such files."""

IS_JSON = "is JSON"
"""The column that says whether a line can be read at all."""

_RESOURCE_TYPE = "resourceType"
"""Where a line says what kind of record it is (HL7 FHIR R4, JSON representation)."""

_LONGEST_BYTES = 1 << 26
"""How much of a line is looked at to tell what it holds: a file may have no line breaks at all."""

_PICKED = re.compile(
    r'(?P<list>\$[\w.]+)\[(?P<key>[\w.]+)\$="(?P<end>[^"\']+)"\](?P<rest>[\w.\[\]]+)'
)


def first_held(path: Path) -> str:
    """What the first line that says so holds, as ``Patient``; empty when no line does.

    Raises
    ------
    OSError
        When the file cannot be read.
    """
    with path.open("rb") as stream:
        while line := stream.readline(_LONGEST_BYTES):
            if _RESOURCE_TYPE.encode() in line and (held := _held(line)):
                return held
    return ""


def _held(line: bytes) -> str | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    held = record.get(_RESOURCE_TYPE) if isinstance(record, dict) else None
    return held if isinstance(held, str) else None


def json_lines_sql(place: str, columns: Sequence[str]) -> str:
    """SQL: what stands at each path of every line that is not blank, as text, in order.

    A line that is no JSON has nothing at any path; it is a row nevertheless.

    Parameters
    ----------
    place : str
        Path of the file, as a pattern.
    columns : sequence of str
        Paths, or :data:`IS_JSON`.
    """
    plain = [column for column in columns if column != IS_JSON and not _PICKED.fullmatch(column)]
    paths = [f"$.{_RESOURCE_TYPE}", *plain]
    asked = ", ".join(f"'{path}'" for path in paths)
    places = {path: f"plain[{number}]" for number, path in enumerate(paths, start=1)}
    found = ", ".join(
        f"{places.get(column) or _other_sql(column)} as c{number}"
        for number, column in enumerate(columns)
    )
    quoted = place.replace("'", "''")
    return f"""
        select {found} from (
            select json, json_extract_string(json, [{asked}]) as plain
            from read_ndjson_objects('{quoted}', ignore_errors=true)
        ) lines
    """


def _other_sql(column: str) -> str:
    """SQL of a column that is no plain path: all of those are looked up in one pass of a line."""
    return "json is not null" if column == IS_JSON else picked_sql("json", column)


def picked_sql(record: str, path: str) -> str:
    """SQL: what stands at a path that picks from a list, as text.

    Parameters
    ----------
    record : str
        SQL of JSON; null has nothing at any path.
    path : str
        Such as ``$.extension[url$="AdmissionMethod"].valueCode``: of the items whose text at the
        key in brackets ends so, the first counts.

    Raises
    ------
    ValueError
        When it is no such path.
    """
    picked = _PICKED.fullmatch(path)
    if picked is None:
        raise ValueError("expected a path that picks from a list by how a text ends")
    ends = f"ends_with(json_extract_string(item, '$.{picked['key']}'), '{picked['end']}')"
    items = f"list_filter(json_extract({record}, '{picked['list']}[*]'), lambda item: {ends})"
    return f"json_extract_string({items}[1], '${picked['rest']}')"
