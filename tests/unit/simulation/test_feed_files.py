"""Files of feeds: the same bytes however the work is cut, types that survive, truth beside them."""

from __future__ import annotations

import csv
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from riskstrat.simulation.columns import Choice, DaysOf, clock, column_of, opaque, take_rows
from riskstrat.simulation.feeds import files
from riskstrat.simulation.feeds.files import FORMATS, FeedFiles, FeedRows, number_column
from riskstrat.simulation.keyed import Keyed
from riskstrat.simulation.timeline import NEVER

PEOPLE = 600
PROCESS = Keyed(1).process("file")


@pytest.fixture(autouse=True)
def _small_groups(monkeypatch) -> None:
    """So that a few hundred people fill several groups of rows and of people."""
    monkeypatch.setattr(files, "_GROUP_ROWS", 256)
    monkeypatch.setattr(files, "_SHUFFLED_PEOPLE", 100)


def rows_of(people, file: str = "events") -> FeedRows:
    """Up to three rows a person, none for some; labels differ from block to block."""
    person = np.repeat(people, people % 4)
    number = np.arange(len(person)) - np.searchsorted(person, person)
    draws = PROCESS.draws(person, 0, number)
    labels, positions = np.unique(person % 17, return_inverse=True)
    columns = {
        "id": opaque("E", draws.bits("id")),
        "nhs_number": number_column(np.where(draws.chance("none", 0.1), 0, 9_990_000_000 + person)),
        "true": person,
        "code": Choice([f"0{label}" for label in labels.tolist()], positions),
        "date": DaysOf(np.where(draws.chance("no date", 0.1), NEVER, 18_000 + person)),
        "value": np.where(draws.chance("no value", 0.3), np.nan, draws.normal("value")),
        "flag": draws.chance("flag", 0.5),
        "unit": "mmol/L",
        "nothing": None,
        "number": 3,
    }
    return FeedRows(file, columns, person, draws.bits("order"))


def written(folder, blocks, file_format: str = "parquet"):
    """Files written from blocks of people, and their bytes."""
    (folder / "truth").mkdir(parents=True)
    out = FeedFiles(folder, folder / "truth", file_format)
    for people in blocks:
        out.add(rows_of(people))
        out.add(rows_of(people, "same"))
    out.close()
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))
    }


def cut(*edges):
    return np.split(np.arange(PEOPLE), edges)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize(
    "blocks",
    [
        cut(100, 200, 300, 400, 500),
        cut(7, 8, 130, 131, 599),
        cut(*range(1, PEOPLE)),
        [np.arange(0), *cut(250), np.arange(0)],
        cut(0, PEOPLE),
    ],
    ids=["units", "uneven", "one by one", "with empty blocks", "empty ends"],
)
def test_bytes_do_not_depend_on_how_many_people_are_worked_on_at_a_time(
    tmp_path, file_format, blocks
) -> None:
    at_once = written(tmp_path / "at_once", cut(), file_format)
    assert written(tmp_path / "cut", blocks, file_format) == at_once
    ending = file_format
    assert set(at_once) == {
        f"events.{ending}",
        f"same.{ending}",
        "truth/events.parquet",
        "truth/same.parquet",
    }
    assert at_once[f"events.{ending}"] == at_once[f"same.{ending}"]


def test_every_row_is_there_once_with_its_true_person(tmp_path) -> None:
    written(tmp_path, cut(300))
    rows = pq.read_table(tmp_path / "events.parquet")
    truth = pq.read_table(tmp_path / "truth" / "events.parquet")
    expected = np.repeat(np.arange(PEOPLE), np.arange(PEOPLE) % 4)
    assert sorted(rows["true"].to_pylist()) == expected.tolist()
    assert truth["row"].to_pylist() == list(range(len(expected)))
    assert truth["person"].to_pylist() == rows["true"].to_pylist()
    assert len(set(rows["id"].to_pylist())) == len(expected)


def test_the_order_of_rows_says_nothing_of_the_order_of_people(tmp_path) -> None:
    """Within a unit of people; units follow one another."""
    written(tmp_path, cut(300))
    person = pq.read_table(tmp_path / "events.parquet")["true"].to_numpy()
    assert (np.diff(person // 100) >= 0).all()
    for unit in range(PEOPLE // 100):
        inside = person[person // 100 == unit]
        assert abs(np.corrcoef(np.arange(len(inside)), inside)[0, 1]) < 0.25
        assert (np.diff(inside) == 0).mean() < 0.1


def test_rows_are_in_groups_of_one_size(tmp_path) -> None:
    written(tmp_path, cut(*range(10, PEOPLE, 10)))
    found = pq.ParquetFile(tmp_path / "events.parquet").metadata
    sizes = [found.row_group(number).num_rows for number in range(found.num_row_groups)]
    assert sizes == [256, 256, 256, 132]
    assert found.metadata[b"synthetic"] == b"true"


def test_text_is_text_and_dates_are_dates(tmp_path) -> None:
    written(tmp_path, cut(300))
    types = {field.name: str(field.type) for field in pq.read_schema(tmp_path / "events.parquet")}
    assert types == {
        "id": "string",
        "nhs_number": "string",
        "true": "int64",
        "code": "string",
        "date": "date32[day]",
        "value": "double",
        "flag": "bool",
        "unit": "string",
        "nothing": "string",
        "number": "int64",
    }


def test_csv_holds_what_parquet_holds(tmp_path) -> None:
    written(tmp_path / "p", cut(300), "parquet")
    written(tmp_path / "c", cut(300), "csv")
    parquet = pq.read_table(tmp_path / "p" / "events.parquet")
    types = pyarrow.csv.ConvertOptions(
        column_types=parquet.schema, strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    read = pyarrow.csv.read_csv(tmp_path / "c" / "events.csv", convert_options=types)
    assert read.equals(parquet.replace_schema_metadata())


def test_csv_is_utf_8_with_a_header_iso_dates_true_and_false_and_nothing_for_null(tmp_path) -> None:
    columns = {
        "NHS Number": number_column(np.array([9_990_000_018, 0, 9_990_000_026])),
        "Event Date": DaysOf(np.array([0, 18_321, NEVER])),
        "text": Choice(['naïve "quoted", with comma', "two\nlines", ""], np.arange(3)),
        "flag": np.array([True, False, True]),
        "value": np.array([1.5, np.nan, 2.0]),
    }
    out = FeedFiles(tmp_path, tmp_path / "truth", "csv")
    (tmp_path / "truth").mkdir()
    out.add(FeedRows("x", columns, np.arange(3), np.array([3, 1, 2], np.uint64)))
    out.close()
    text = (tmp_path / "x.csv").read_bytes().decode("utf-8")
    assert text.split("\n")[0] == '"NHS Number","Event Date","text","flag","value"'
    assert "false" in text
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1:] == [
            ["", "2020-02-29", "two\nlines", "false", ""],
            ["9990000026", "", "", "true", "2"],
            ["9990000018", "1970-01-01", 'naïve "quoted", with comma', "true", "1.5"],
        ]


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_without_rows_has_its_columns(tmp_path, file_format) -> None:
    written(tmp_path, [np.arange(0), np.array([0, 4, 8])], file_format)
    read = pq.read_table if file_format == "parquet" else pyarrow.csv.read_csv
    found = read(tmp_path / f"events.{file_format}")
    assert found.column_names == list(rows_of(np.arange(0)).columns)
    assert found.num_rows == 0
    assert pq.read_table(tmp_path / "truth" / "events.parquet").num_rows == 0


def test_closing_without_any_file_writes_nothing(tmp_path) -> None:
    out = FeedFiles(tmp_path, tmp_path)
    out.close()
    assert list(tmp_path.iterdir()) == []
    assert out.rows == {}


@pytest.mark.parametrize(
    "columns",
    [
        {"code": np.arange(2)},
        {"code": Choice(["a"], np.zeros(2, np.int64)), "more": "x"},
        {"Code": Choice(["a"], np.zeros(2, np.int64))},
        {"code": DaysOf(np.arange(2))},
    ],
    ids=["type", "column too many", "name", "date"],
)
def test_columns_that_differ_between_blocks_are_a_defect(tmp_path, columns) -> None:
    out = FeedFiles(tmp_path, tmp_path / "truth")
    (tmp_path / "truth").mkdir()
    order = np.arange(2, dtype=np.uint64)
    out.add(FeedRows("x", {"code": Choice(["b"], np.zeros(2, np.int64))}, np.arange(2), order))
    with pytest.raises(ValueError, match="file 'x': the columns of two blocks differ"):
        out.add(FeedRows("x", columns, np.arange(2, 4), order))
    out.close()


def test_a_dictionary_and_plain_text_are_the_same_column(tmp_path) -> None:
    out = FeedFiles(tmp_path, tmp_path / "truth")
    (tmp_path / "truth").mkdir()
    order = np.arange(2, dtype=np.uint64)
    for values in (Choice(["b"], np.zeros(2, np.int64)), pa.array(["c", None]), "d", None):
        out.add(FeedRows("x", {"code": values}, np.arange(2), order))
    out.close()
    found = pq.read_table(tmp_path / "x.parquet")["code"].to_pylist()
    assert found == ["b", "c", "d", None, "b", None, "d", None]


def test_people_who_come_before_those_already_written_are_a_defect(tmp_path) -> None:
    out = FeedFiles(tmp_path, tmp_path / "truth")
    (tmp_path / "truth").mkdir()
    out.add(rows_of(np.arange(250, 260)))
    out.add(rows_of(np.arange(200, 240)))
    with pytest.raises(ValueError, match="in the order of their people"):
        out.add(rows_of(np.arange(190, 210)))
    out.close()
    assert out.rows["events"] == sum(n % 4 for n in (*range(250, 260), *range(200, 240)))


def test_a_row_about_nobody_stands_beside_a_person_and_the_truth_says_so(tmp_path) -> None:
    """-1 - n is nobody beside person n: 250 belongs to the third hundred."""
    out = FeedFiles(tmp_path, tmp_path / "truth")
    (tmp_path / "truth").mkdir()
    person = np.array([10, -1 - 250, 240, -1 - 10])
    out.add(FeedRows("x", {"n": np.arange(4)}, person, np.array([4, 3, 2, 1], np.uint64)))
    out.close()
    assert pq.read_table(tmp_path / "x.parquet")["n"].to_pylist() == [3, 0, 2, 1]
    truth = pq.read_table(tmp_path / "truth" / "x.parquet")["person"].to_pylist()
    assert truth == [-1, 10, 240, -1]


def test_identifiers_are_a_letter_and_the_word_in_hexadecimal_digits() -> None:
    words = [0, 1, 0xABCDEF0123456789, 2**64 - 1]
    found = opaque("S", np.array(words, np.uint64))
    found.validate(full=True)
    assert found.to_pylist() == [f"S{word:016X}" for word in words]
    assert opaque("S", np.empty(0, np.uint64)).to_pylist() == []
    assert take_rows(found, np.array([2, 0])).to_pylist() == [f"S{words[2]:016X}", f"S{0:016X}"]


def test_numbers_of_ten_digits_are_text_and_0_is_null() -> None:
    found = number_column(np.array([0, 9_990_000_018, 0, 9_999_999_999, 4_000_000_004]))
    found.validate(full=True)
    assert found.to_pylist() == [None, "9990000018", None, "9999999999", "4000000004"]
    assert number_column(np.array([9_990_000_018])).null_count == 0
    assert number_column(np.zeros(2, np.int64)).to_pylist() == [None, None]
    assert number_column(np.empty(0, np.int64)).type == pa.string()


def test_times_of_day_are_text() -> None:
    assert clock(np.array([0, 61, 1439, -1])).arrow().to_pylist() == [
        "00:00",
        "01:01",
        "23:59",
        None,
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (Choice(("x", "y"), np.array([1, -1])), ["y", None]),
        (DaysOf(np.array([NEVER, -1])), [None, date(1969, 12, 31)]),
        (np.array([np.nan, 2.5]), [None, 2.5]),
        (np.array([True, False]), [True, False]),
        (pa.array([1, None]), [1, None]),
        ("z", ["z", "z"]),
        (None, [None, None]),
        (7, [7, 7]),
        (True, [True, True]),
    ],
)
def test_values_become_columns_and_rows_of_them_can_be_taken(values, expected) -> None:
    assert column_of(values, 2).to_pylist() == expected
    swapped = take_rows(values, np.array([1, 0]))
    assert column_of(swapped, 2).to_pylist() == expected[::-1]
    second = take_rows(values, np.array([False, True]))
    assert column_of(second, 1).to_pylist() == expected[1:]
