from __future__ import annotations

import hashlib
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
    files = find_files(tmp_path / "feed", leave_out=tmp_path / "feed" / "out")
    assert [file.name for file in files] == ["a.csv", "b/x.CSV"]
    assert files[0].sha256 == hashlib.sha256(b"a\n1\n").hexdigest()


def test_characters_of_a_pattern_in_a_path(tmp_path: Path) -> None:
    file = write(tmp_path / "feed[1]*" / "a.csv", "a\n1\n")
    assert rows_in(file, ["a"]) == [("1",)]


@pytest.mark.parametrize(("text", "rows"), [("", 0), ("a,b\n", 0), ("a,b\n1,2\n3,4\n", 2)])
def test_rows_are_counted(tmp_path: Path, text: str, rows: int) -> None:
    (file,) = find_files(write(tmp_path / "a.csv", text))
    assert count_rows(Engine(threads=1), file) == rows


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
    ],
    ids=["latin-1", "utf-16", "utf-16 without mark"],
)
def test_a_file_in_another_encoding(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "a.csv", content)
    with pytest.raises(RecordsError, match=r"'a\.csv': expected text in UTF-8") as caught:
        find_files(tmp_path)
    assert "Caf" not in str(caught.value)


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
