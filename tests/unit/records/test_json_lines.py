"""Files of JSON lines: every line is a row, whatever stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.raw_rows import rows_of_file
from riskstrat.records.sources.assigning import _asking
from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.dialect import Dialect, table_by_header, table_of
from riskstrat.records.sources.feed import FeedFile, count_rows, find_files
from riskstrat.records.sources.json_lines import IS_JSON
from riskstrat.records.sources.judging import Reason

THING = RawTable(
    "some_thing",
    (
        Column("identifier", ("$.id",), required=True),
        Column("first_day", ("$.period.start",), Kind.DAY),
        Column("written", ("$.period.start",)),
        Column("is_json", (IS_JSON,), Kind.YES_NO),
    ),
)
SOME = Dialect("some", (THING,), unused={"Other": Reason.DERIVED, "": Reason.NO_RESOURCE})

SOUND = b'{"resourceType":"Thing","id":"a","period":{"start":"2020-02-01"}}'


def written(folder: Path, content: bytes, name: str = "a.ndjson") -> FeedFile:
    path = folder / name
    path.write_bytes(content)
    (file,) = find_files(path)
    return file


def read(file: FeedFile) -> list[tuple[object, ...]]:
    engine = Engine(threads=1)
    with rows_of_file(engine, _asking(file, THING), THING) as rows:
        return engine.connection.execute(
            f"select identifier, first_day::varchar, written, is_json, unreadable from ({rows})"
        ).fetchall()


def test_a_path_is_read_as_the_kind_of_its_column(tmp_path: Path) -> None:
    assert read(written(tmp_path, SOUND)) == [("a", "2020-02-01", "2020-02-01", True, None)]


@pytest.mark.parametrize(
    "line",
    [
        SOUND[:-1],
        SOUND[:20],
        b"{" + SOUND,
        SOUND + SOUND,
        b"not JSON at all",
        b'{"id":"\xff"}',
        b'{"id":"\xe2\x82',
    ],
    ids=["cut", "cut early", "begun twice", "two in one", "words", "not UTF-8", "cut in a letter"],
)
def test_a_line_that_is_no_json_is_a_row_without_values(tmp_path: Path, line: bytes) -> None:
    file = written(tmp_path, SOUND + b"\n" + line)
    assert read(file) == [
        ("a", "2020-02-01", "2020-02-01", True, None),
        (None, None, None, False, None),
    ]
    assert count_rows(Engine(threads=1), file) == 2


@pytest.mark.parametrize("line", [b"[1]", b'"a"', b"12", b"null", b"{}", b'{"period":"2020"}'])
def test_json_of_another_shape_has_no_values(tmp_path: Path, line: bytes) -> None:
    assert read(written(tmp_path, line)) == [(None, None, None, True, None)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"12", "12"),
        (b"1.50", "1.5"),
        (b"true", "true"),
        (b"null", None),
        (b'" a "', "a"),
        (b'["a"]', '["a"]'),
    ],
)
def test_values_are_text(tmp_path: Path, value: bytes, text: str) -> None:
    assert read(written(tmp_path, b'{"id":' + value + b"}"))[0][0] == text


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    file = written(tmp_path, b"\n" + SOUND + b"\r\n  \n\n" + SOUND + b"\r\n")
    assert [row[0] for row in read(file)] == ["a", "a"]
    assert count_rows(Engine(threads=1), file) == 2


def test_a_line_may_be_longer_than_a_reader_expects(tmp_path: Path) -> None:
    long = b'{"id":"b","attachment":"' + b"x" * 17_000_000 + b'"}'
    file = written(tmp_path, b"\n".join([SOUND, long, SOUND]))
    assert [row[0] for row in read(file)] == ["a", "b", "a"]


def test_deep_nesting_is_no_error(tmp_path: Path) -> None:
    deep = b'{"resourceType":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    file = written(tmp_path, deep + b"\n" + SOUND)
    assert file.holds == "Thing"
    assert [row[0] for row in read(file)] == [None, "a"]


NUMBERED = RawTable(
    "some_thing", (Column("number", ('$.identifier[system$="/Id/number"].value',)),)
)


@pytest.mark.parametrize(
    ("identifiers", "number"),
    [
        (b'[{"system":"https://a/Id/number","value":"1"}]', "1"),
        (b'[{"value":"0"},{"system":"b/Id/number","value":"1"},{"system":"/Id/number"}]', "1"),
        (b'[3,{"system":{}},"x",{"system":"b/Id/number","value":1}]', "1"),
        (b'[{"system":"b/Id/number/2","value":"1"}]', None),
        (b'[{"system":"b/Id/number"},{"system":"b/Id/number","value":"2"}]', None),
        (b'{"system":"b/Id/number","value":"1"}', None),
        (b'"b/Id/number"', None),
        (b"null", None),
    ],
    ids=["one", "first of two", "odd items", "other end", "no value", "no list", "text", "null"],
)
def test_a_path_may_pick_from_a_list_by_how_a_text_ends(
    tmp_path: Path, identifiers: bytes, number: str | None
) -> None:
    file = written(tmp_path, b'{"identifier":' + identifiers + b"}\nbroken")
    engine = Engine(threads=1)
    with rows_of_file(engine, _asking(file, NUMBERED), NUMBERED) as rows:
        found = engine.connection.execute(f"select number from ({rows})").fetchall()
    assert found == [(number,), (None,)]


@pytest.mark.parametrize(
    ("content", "holds"),
    [
        (SOUND, "Thing"),
        (b"", ""),
        (b"nothing", ""),
        (b'{"id":"a"}\n[]\n{"resourceType":3}\n' + SOUND[:-1] + b"\n" + SOUND, "Thing"),
        (b'{"resourceType":"Other"}\n' + SOUND, "Other"),
    ],
    ids=["plain", "empty", "no JSON", "not the first line", "the first counts"],
)
def test_the_first_line_that_says_so_tells_what_a_file_holds(
    tmp_path: Path, content: bytes, holds: str
) -> None:
    assert written(tmp_path, content).holds == holds


def test_the_table_is_told_by_what_the_lines_hold_and_not_by_the_name(tmp_path: Path) -> None:
    thing = written(tmp_path, SOUND, "Other.ndjson")
    assert table_of(SOME, thing) is THING
    assert table_by_header(SOME, thing) is THING
    other = written(tmp_path, b'{"resourceType":"Other"}', "some_thing.jsonl")
    assert table_of(SOME, other) is Reason.DERIVED
    assert table_by_header(SOME, other) is None
    assert table_of(SOME, written(tmp_path, b"", "Thing.ndjson")) is Reason.NO_RESOURCE
    unknown = written(tmp_path, b'{"resourceType":"New"}')
    assert table_of(SOME, unknown) is None


def test_a_table_of_lines_is_in_no_csv(tmp_path: Path) -> None:
    (tmp_path / "some_thing.csv").write_text("id\na\n")
    (file,) = find_files(tmp_path)
    assert file.holds is None
    assert table_by_header(SOME, file) is None
    assert THING.lacking(file.normal_columns) == ["$.id"]


def test_a_folder_without_a_file_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("{}")
    with pytest.raises(RecordsError, match="CSV, Parquet or NDJSON"):
        find_files(tmp_path)
