"""Whatever is done to a sound file: an error of ours, or every record of it in the manifest.

References
----------
The counts are checked against :mod:`csv`, :mod:`pyarrow` and plain lines, with which the package
does not count.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.records.tiny_files import (
    CANARY,
    RESOURCES,
    TABLES,
    csv_text,
    json_text,
    texts_of,
    write_texts,
)

from riskstrat.errors import RecordsError
from riskstrat.records import link

EXAMPLES = 60

Table = list[list[str]]
Draw = Callable[[st.SearchStrategy[Any]], Any]

CELLS = (
    *("", " ", "NULL", "nan", "inf", "-1", "1e999", "-0.0", "9" * 400, "12.0", "1e5", "7,2"),
    *("2147483647", "-2147483648", "9223372036854775808", "1e308", "99999"),
    *("2020-02-30", "0000-00-00", "0001-01-01", "9999-12-30", "9999-12-31", "99991230"),
    *("31/12/9999", "1 Jan 0001", "24:00", "23:60", "2015-03-01T99:00:00Z", "2020-13"),
    *("\u0663\u0664", "\u202e", "\U0001f9d1", "'", '"', "\\", "%s", "a\nb", "a\r\nb", "\t", "$.id"),
    *("yes", "true", "V81999", "ZZ99 3VZ", "&", "8", "98", "Z", "x" * 5000),
)
"""What stands in cells of spreadsheets and exports, and what may break the reading of it."""

ARRAYS = (
    pa.array([1, None, 3]),
    pa.array([0.5, float("nan"), float("inf")]),
    pa.array([1e308, -1e308, 1e-308]),
    pa.array([2**63 - 1, -(2**63), 0]),
    pa.array([2**64 - 1, 0, 1], pa.uint64()),
    pa.array([True, None, False]),
    pa.array([None, None, None]),
    pa.array([b"\x00\xff", b"", None]),
    pa.array([[1], [], None]),
    pa.array([{"a": 1}, {"a": None}, None]),
    pa.array([2_147_483_646, -2_147_483_646, 18_000], pa.date32()),
    pa.array([2**62, -(2**62), 1], pa.timestamp("us")),
    pa.array([1, 2, 3], pa.timestamp("ns", "Asia/Tokyo")),
    pa.array([1, 86_399, None], pa.time32("s")),
    pa.array([1, 2, 3], pa.duration("s")),
    pa.array(["1", "2", "3"]).dictionary_encode(),
    pa.array(["1.5", "2.5", None]).cast(pa.decimal128(38, 2)),
)
"""Columns of three values in types that nobody expects."""


@dataclass(frozen=True)
class Mutated:
    """One changed file of a sound feed; the rest of the feed is as it was."""

    dialect: str
    name: str
    content: bytes
    instead_of: str


def _place(draw: Draw, items: Sequence[Any]) -> int:
    return int(draw(st.integers(0, max(len(items) - 1, 0))))


def _cell(draw: Draw, table: Table) -> None:
    row = table[_place(draw, table)]
    if row:
        row[_place(draw, row)] = draw(st.sampled_from(CELLS))


def _column(draw: Draw, table: Table) -> None:
    """A column is dropped, said twice, renamed, moved, or has one value throughout."""
    place, kind = _place(draw, table[0]), draw(st.sampled_from(("drop", "twice", "name", "fill")))
    value = draw(st.sampled_from(CELLS))
    for number, row in enumerate(table):
        if place >= len(row):
            continue
        if kind == "drop":
            del row[place]
        elif kind == "twice":
            row.insert(0, row[place])
        elif (kind == "name") == (number == 0):
            row[place] = value


def _swap(draw: Draw, table: Table) -> None:
    """Two names of columns change places."""
    first, second = _place(draw, table[0]), _place(draw, table[0])
    header = table[0]
    if header:
        header[first], header[second] = header[second], header[first]


def _row(draw: Draw, table: Table) -> None:
    """A row is dropped, repeated elsewhere, cut or lengthened."""
    place, kind = _place(draw, table), draw(st.sampled_from(("drop", "again", "cut", "longer")))
    if kind == "drop" and len(table) > 1:
        del table[place]
    elif kind == "again":
        table.insert(_place(draw, table), list(table[place]))
    elif kind == "cut":
        del table[place][1:]
    else:
        table[place].append(draw(st.sampled_from(CELLS)))


def _text(draw: Draw, content: bytes) -> bytes:
    """Bytes are cut off, put in, taken out or changed."""
    place, kind = _place(draw, content), draw(st.sampled_from(("cut", "in", "out", "other")))
    some = draw(
        st.sampled_from((b'"', b"\n", b"\r", b",", b"\t", b";", b"\0", b"\xff", b'"\n"', b"{"))
    )
    if kind == "cut":
        return content[:place]
    if kind == "in":
        return content[:place] + some + content[place:]
    if kind == "out":
        return content[:place] + content[place + draw(st.integers(1, 40)) :]
    return content[:place] + some + content[place + 1 :]


@st.composite
def mutated_csv(draw: Draw) -> Mutated:
    dialect = draw(st.sampled_from(sorted(TABLES)))
    name = draw(st.sampled_from(sorted(texts_of(dialect))))
    table = list(csv.reader(io.StringIO(texts_of(dialect)[name])))
    for change in draw(st.lists(st.sampled_from((_cell, _column, _row, _swap)), max_size=3)):
        change(draw, table)
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(table)
    content = stream.getvalue().encode()
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        content = _text(draw, content)
    return Mutated(dialect, name, content, name)


@st.composite
def mutated_parquet(draw: Draw) -> Mutated:
    dialect = draw(st.sampled_from(sorted(TABLES)))
    name = draw(st.sampled_from(sorted(n for n, rows in TABLES[dialect].items() if len(rows) >= 3)))
    table = pa.Table.from_pylist([dict(row) for row in TABLES[dialect][name][:3]])
    for _ in range(draw(st.integers(0, 3))):
        place = _place(draw, table.column_names)
        array = draw(st.sampled_from(ARRAYS))
        table = table.set_column(place, table.column_names[place], array)
    stream = io.BytesIO()
    pq.write_table(table, stream)
    content = stream.getvalue()
    if draw(st.integers(0, 3)) == 0:
        content = _text(draw, content)
    return Mutated(dialect, f"{name}.parquet", content, f"{name}.csv")


def _json(draw: Draw, record: Any) -> Any:
    """One value somewhere in a record is another one."""
    if isinstance(record, dict) and record and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(record)))
        return {**record, key: _json(draw, record[key])}
    return draw(st.sampled_from((None, 1, 1e308, True, [], [[{}]], {}, {"value": []}, *CELLS)))


@st.composite
def mutated_json(draw: Draw) -> Mutated:
    kind = draw(st.sampled_from(sorted(RESOURCES)))
    lines = [dict(line) for line in RESOURCES[kind]]
    for _ in range(draw(st.integers(0, 2))):
        place = _place(draw, lines)
        lines[place] = _json(draw, lines[place])
    content = json_text(lines).encode()
    for _ in range(draw(st.integers(0, 2))):
        content = _text(draw, content)
    return Mutated("fhir", f"{kind}.ndjson", content, f"{kind}.ndjson")


def counted(file: Mutated) -> int | None:
    """How many records a file has, where that is no matter of opinion."""
    if file.name.endswith(".parquet"):
        return pq.read_table(io.BytesIO(file.content)).num_rows
    if file.name.endswith(".ndjson"):
        return sum(1 for line in file.content.split(b"\n") if line.strip())
    text = file.content.decode("utf-8-sig")
    header = text.splitlines()[0] if text else ""
    if any(header.count(other) >= header.count(",") for other in "\t;|"):
        return None
    records = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    return max(sum(1 for record in records if record) - 1, 0)


def told(file: Mutated) -> str:
    """Links the feed; what was said, after checking that no record went missing."""
    with tempfile.TemporaryDirectory() as folder:
        feed, out = Path(folder, "feed"), Path(folder, "out")
        texts: dict[str, str | bytes] = dict(texts_of(file.dialect))
        del texts[file.instead_of]
        write_texts(feed, file.dialect, {**texts, file.name: file.content})
        try:
            manifest = link(feed, out)
        except RecordsError as error:
            assert not out.exists()
            return str(error)
    found = [f for source in manifest["sources"] for f in source["files"]] + manifest["left_out"]
    assert sorted(f["name"] for f in found) == sorted([*texts, file.name])
    for entry in found:
        assert entry["rows_in"] == entry["rows_kept"] + sum(entry["rejected"].values())
        if entry["name"] == file.name:
            assert entry["sha256"] == hashlib.sha256(file.content).hexdigest()
            records = counted(file)
            assert entry["rows_in"] == (entry["rows_in"] if records is None else records)
    return json.dumps(manifest)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(file=st.one_of(mutated_csv(), mutated_parquet(), mutated_json()))
def test_no_traceback_and_no_record_lost(file: Mutated, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        said = told(file)
    assert CANARY not in said + caplog.text


@pytest.mark.parametrize("dialect", sorted(TABLES))
def test_what_is_not_mutated_is_kept(dialect: str) -> None:
    """The sound files are what the mutations start from; a count is known of each."""
    for name, rows in TABLES[dialect].items():
        assert counted(Mutated(dialect, f"{name}.csv", csv_text(rows).encode(), "")) == len(rows)
