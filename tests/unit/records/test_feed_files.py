from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.raw_rows import rows_of_file
from riskstrat.records.sources.columns import RawTable, texts
from riskstrat.records.sources.feed import count_rows, find_files


def rows_in(path: Path, columns: list[str]) -> list[tuple[str | None, ...]]:
    engine = Engine(threads=1)
    table = RawTable("raw", texts(*columns))
    (file,) = find_files(path)
    with rows_of_file(engine, file, table) as rows:
        return engine.connection.execute(f"select {', '.join(columns)} from ({rows})").fetchall()


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("header", ["person_id,code", "PERSON ID,Code", "PersonId,CODE"])
def test_column_names_match_whatever_their_casing_spaces_and_underscores(
    tmp_path: Path, header: str
) -> None:
    file = write(tmp_path / "a.csv", f"{header}\n1,2\n")
    assert rows_in(file, ["person_id", "code", "absent"]) == [("1", "2", None)]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_told_from_the_header(tmp_path: Path, delimiter: str) -> None:
    file = write(tmp_path / "a.csv", f"a{delimiter}b\n1{delimiter}2\n")
    assert rows_in(file, ["a", "b"]) == [("1", "2")]


def test_tab_separated_vocabularies_hold_bare_quotation_marks(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", 'a\tb\n1\t3" pipe\n')
    assert rows_in(file, ["a", "b"]) == [("1", '3" pipe')]


@pytest.mark.parametrize(
    "text",
    [
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\n1,2\n\n3,4",
        "\ufeffa,b\n1,2\n3,4\n",
        'a,b\n"1","2"\n 3 , 4 \n',
    ],
    ids=["crlf", "blank line, no last newline", "byte order mark", "quotes and spaces"],
)
def test_ways_to_write_a_csv(tmp_path: Path, text: str) -> None:
    assert rows_in(write(tmp_path / "a.csv", text), ["a", "b"]) == [("1", "2"), ("3", "4")]


def test_empty_text_is_null(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", 'a,b,c\n,"", \n1,2,3\n')
    assert rows_in(file, ["a", "b", "c"]) == [(None, None, None), ("1", "2", "3")]


def test_long_identifiers_and_leading_zeros_stay_as_written(tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "a,b\n999001741000000102,007\n")
    assert rows_in(file, ["a", "b"]) == [("999001741000000102", "007")]


def test_parquet_is_read_as_text(tmp_path: Path) -> None:
    table = pa.table({"A": [1], "B": pa.array([None], pa.date32()), "C": [0.5]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert rows_in(tmp_path, ["a", "b", "c"]) == [("1", None, "0.5")]


def test_a_moment_with_a_time_zone_reads_the_same_on_every_host(tmp_path: Path) -> None:
    moments = pa.array([1_433_201_400_000_000], pa.timestamp("us", "Europe/London"))
    pq.write_table(pa.table({"a": moments}), tmp_path / "a.parquet")
    engine = Engine(threads=1)
    for zone in ("UTC", "Asia/Tokyo"):
        engine.connection.execute(f"set timezone = '{zone}'")
        (file,) = find_files(tmp_path)
        with rows_of_file(engine, file, RawTable("raw", texts("a"))) as told:
            rows = engine.connection.execute(f"select a from ({told})").fetchall()
        assert rows == [("2015-06-01 23:30:00",)]


def test_files_are_found_below_by_name_with_their_hash(tmp_path: Path) -> None:
    write(tmp_path / "feed" / "b" / "x.CSV", "a\n1\n")
    write(tmp_path / "feed" / "a.csv", "a\n1\n")
    write(tmp_path / "feed" / "LICENSE", "text")
    write(tmp_path / "feed" / ".hidden.csv", "a\n1\n")
    write(tmp_path / "feed" / "_metadata" / "m.csv", "a\n1\n")
    write(tmp_path / "feed" / "out" / "o.csv", "a\n1\n")
    files = find_files(tmp_path / "feed", leave_out=[tmp_path / "feed" / "out"])
    assert [file.name for file in files] == ["a.csv", "b/x.CSV"]
    assert files[0].sha256 == hashlib.sha256(b"a\n1\n").hexdigest()


def test_files_of_another_kind_are_named_and_not_read(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "a\n1\n")
    for name in ("b.xlsx", "c.xml", "d.json", "e", "notes.txt"):
        write(tmp_path / name, "x")
    for name in ("governance.toml", "feeds.json", "README", "readme.md", "LICENCE.txt"):
        write(tmp_path / name, "x")
    others = {file.name: file.sha256 for file in find_files(tmp_path) if file.is_other}
    assert list(others) == ["b.xlsx", "c.xml", "d.json", "e", "notes.txt"]
    assert set(others.values()) == {hashlib.sha256(b"x").hexdigest()}


def test_a_link_inside_of_the_feed_is_read_once(tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    write(feed / "b" / "a.csv", "a\n1\n")
    (feed / "a link.csv").symlink_to("b/a.csv")
    (feed / "a folder").symlink_to("b")
    (feed / "b" / "loop").symlink_to("..")
    (feed / "b" / "same.csv").symlink_to(feed / "b" / "a.csv")
    assert [file.name for file in find_files(feed)] == ["b/a.csv"]


def test_a_link_to_what_is_hidden_is_followed(tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    write(feed / ".store" / "1", "a\n1\n")
    write(feed / ".store" / "folder" / "c.csv", "a\n1\n")
    (feed / "a.csv").symlink_to(".store/1")
    (feed / "b").symlink_to(".store/folder")
    (feed / "same").symlink_to(".store/folder")
    assert [file.name for file in find_files(feed)] == ["a.csv", "b/c.csv"]


def test_a_link_to_what_is_left_out_is_not_followed(tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    for name in ("a.csv", "out/o.csv", "truth/t.csv"):
        write(feed / name, "a\n1\n")
    write(feed / "truth" / "truth.json", "{}")
    for number, target in enumerate(("out", "out/o.csv", "truth")):
        (feed / f"link{number}.csv").symlink_to(target)
    files = find_files(feed, leave_out=[feed / "out"])
    assert [file.name for file in files] == ["a.csv"]


def test_the_feed_itself_may_be_a_link(tmp_path: Path) -> None:
    write(tmp_path / "real" / "a.csv", "a\n1\n")
    (tmp_path / "feed").symlink_to("real")
    assert [file.name for file in find_files(tmp_path / "feed")] == ["a.csv"]


@pytest.mark.parametrize("target", ["../outside.csv", "../outside", "/etc", "../feed2"])
def test_a_link_that_leads_out(tmp_path: Path, target: str) -> None:
    for name in ("feed/sub/a.csv", "outside.csv", "outside/a.csv", "feed2/a.csv"):
        write(tmp_path / name, "a\n1\n")
    (tmp_path / "feed" / "the link").symlink_to(target)
    with pytest.raises(RecordsError, match="'the link' is a link that leads out"):
        find_files(tmp_path / "feed")


@pytest.mark.parametrize("target", ["nothing.csv", "a link.csv", "a.csv/b"])
def test_a_link_that_leads_nowhere(tmp_path: Path, target: str) -> None:
    write(tmp_path / "a.csv", "a\n1\n")
    (tmp_path / "a link.csv").symlink_to(target)
    with pytest.raises(RecordsError, match=r"'a link\.csv' is a link that leads nowhere"):
        find_files(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(RecordsError, match=r"'a\.csv' is neither a file nor a folder"):
        find_files(tmp_path)


def test_characters_of_a_pattern_in_a_path(tmp_path: Path) -> None:
    file = write(tmp_path / "feed[1]*" / "a.csv", "a\n1\n")
    assert rows_in(file, ["a"]) == [("1",)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [("", 0), (" \n\n", 0), ("a,b\n", 0), ("a,b\n1,2\n3,4\n", 2)],
)
def test_rows_are_counted(tmp_path: Path, text: str, rows: int) -> None:
    (file,) = find_files(write(tmp_path / "a.csv", text))
    assert count_rows(Engine(threads=1), file) == rows


@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_break_in_a_column_name(tmp_path: Path, inside: str, end: str) -> None:
    """Where it is of another kind than those of the rows, the engine would see no row at all."""
    write(tmp_path / "a.csv", f'a,"b{inside}c"{end}1,2{end}3,4{end}')
    with pytest.raises(RecordsError, match="a line break in the name of a column"):
        find_files(tmp_path)


@pytest.mark.parametrize("text", ["\na,b\n1,2\n", "\ufeff \na,b\n1,2\n", "\r\n" * 9 + "x"])
def test_a_blank_line_instead_of_the_header(tmp_path: Path, text: str) -> None:
    write(tmp_path / "a.csv", text)
    with pytest.raises(RecordsError, match=r"'a\.csv'.* first line, but it is blank"):
        find_files(tmp_path)


@pytest.mark.parametrize("text", ['a,"b\n1,2\n', 'a,"b\n1,2\n3,4"\n5,6\n', 'a,"b" c\n1,2\n'])
def test_an_open_quotation_mark_in_the_header(tmp_path: Path, text: str) -> None:
    """The engine would take the rows up to the next mark for the header, or all of them."""
    write(tmp_path / "a.csv", text)
    with pytest.raises(RecordsError, match="has a quotation mark") as caught:
        rows_in(tmp_path, ["a", "b"])
    assert caught.value.exit_code == 3


def test_a_header_that_is_too_long(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "a" * (1 << 21))
    with pytest.raises(RecordsError, match="too long"):
        find_files(tmp_path)


@pytest.mark.parametrize("text", ["a,b\n1,2\r\n3,4\n", "a,b\n1,2\r3,4\n", "a,b\r\n1,2\n"])
def test_lines_that_end_in_different_ways(tmp_path: Path, text: str) -> None:
    write(tmp_path / "a.csv", text)
    with pytest.raises(RecordsError, match="do not all end in the same way"):
        rows_in(tmp_path, ["a", "b"])


def test_a_line_that_is_too_long(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", f"a,b\n1,{'x' * 2_000_001}\n")
    with pytest.raises(RecordsError, match=r"line 2: .* is longer than 2,000,000"):
        rows_in(tmp_path, ["a", "b"])


def test_a_feed_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="no such file or folder"):
        find_files(tmp_path / "nowhere")


def test_a_folder_without_csv_or_parquet(tmp_path: Path) -> None:
    write(tmp_path / "notes.txt", "a")
    with pytest.raises(RecordsError, match="found none"):
        find_files(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "a,b\nCafé,1\n".encode("latin-1"),
        "a,b\nCafé,1\n".encode("utf-16"),
        "a\n1\n".encode("utf-16-le"),
        b"a\n\0\n",
    ],
    ids=["latin-1", "utf-16", "utf-16 without mark", "nul"],
)
def test_a_file_in_another_encoding(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "a.csv", content)
    with pytest.raises(RecordsError, match=r"'a\.csv': expected text in UTF-8") as caught:
        find_files(tmp_path)
    assert "Caf" not in str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("cp1252", "WINDOWS-1252"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16LE")],
)
def test_how_to_save_a_file_in_another_encoding(tmp_path: Path, encoding: str, told: str) -> None:
    """What the message says to do makes the file readable."""
    write(
        tmp_path / "a.csv",
        "\u00e9,b\n1,2\n".encode(encoding) if told != "UTF-16LE" else "a,b\n1,2\n".encode(encoding),
    )
    with pytest.raises(RecordsError, match=f"iconv -f {told} -t UTF-8") as caught:
        find_files(tmp_path)
    command = str(caught.value).partition("example: ")[2].split()
    converted = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    (tmp_path / "a.csv").write_bytes(converted)
    assert find_files(tmp_path)[0].columns[1] == "b"


def test_a_letter_cut_by_the_end_of_a_block_is_still_utf8(tmp_path: Path) -> None:
    text = "a\n" + "x" * ((1 << 20) - 3) + "é\n"
    (file,) = find_files(write(tmp_path / "a.csv", text))
    assert count_rows(Engine(threads=1), file) == 1


@pytest.mark.parametrize("length", [0, 4, 60])
def test_a_truncated_parquet_file(tmp_path: Path, length: int) -> None:
    pq.write_table(pa.table({"a": list(range(100))}), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[:length])
    with pytest.raises(RecordsError, match=r"'a\.parquet' cannot be read"):
        find_files(tmp_path)


def test_a_parquet_file_that_is_damaged_inside(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [f"text {i}" for i in range(5000)]}), tmp_path / "a.parquet")
    whole = bytearray((tmp_path / "a.parquet").read_bytes())
    whole[8:2000] = bytes(1992)
    (tmp_path / "a.parquet").write_bytes(bytes(whole))
    with pytest.raises(RecordsError, match=r"'a\.parquet' cannot be read"):
        rows_in(tmp_path, ["a"])


@pytest.mark.parametrize("row", ["secret", "secret,2,3", '"secret,2'])
def test_a_row_of_another_length(tmp_path: Path, row: str) -> None:
    file = write(tmp_path / "a.csv", f"a,b\n1,2\n{row}\n")
    with pytest.raises(RecordsError, match=r"'a\.csv', line 3: expected 2 columns") as caught:
        rows_in(file, ["a", "b"])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"x"])
def test_json_lines_of_one_byte(tmp_path: Path, content: bytes) -> None:
    """The engine takes such a file for an empty one."""
    write(tmp_path / "a.ndjson", content)
    with pytest.raises(RecordsError, match=r"'a\.ndjson' cannot be read"):
        find_files(tmp_path)


def test_json_lines_in_utf16(tmp_path: Path) -> None:
    write(tmp_path / "a.ndjson", "{}\n".encode("utf-16"))
    with pytest.raises(RecordsError, match="iconv -f UTF-16 -t UTF-8"):
        find_files(tmp_path)
