"""MEDS datasets as the standard has them, and streams that are nearly so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.records.small_feeds import rejected, rows_of, write_governance

from riskstrat.records import LinkedRecords, link, load_records

Row = tuple[int, str | None, str, float | None, str | None]

STAY: list[Row] = [
    (1, "1950-06-15", "MEDS_BIRTH", None, None),
    (1, None, "GENDER//F", None, None),
    (1, "2015-03-01T10:30", "HOSPITAL_ADMISSION//URGENT//PHYSICIAN REFERRAL", None, None),
    (1, "2015-03-02T08:00", "LAB//50912//mg/dL", 7.2, None),
    (1, "2015-03-05T12:00", "HOSPITAL_DISCHARGE//HOME", None, None),
]
LIFE: list[Row] = [
    (-2, "1960-01-01", "MEDS_BIRTH", None, None),
    (-2, "2016-01-01T09:00", "Some code", float("nan"), "positive"),
    (-2, "2017-01-01", "MEDS_DEATH", None, None),
]

STRICT = (pa.int64(), pa.timestamp("us"), pa.string(), pa.float32(), pa.large_string())
NAMES = ("subject_id", "time", "code", "numeric_value", "text_value")


def table_of(rows: Sequence[Row], types: Sequence[pa.DataType]) -> pa.Table:
    moments = [None if row[1] is None else datetime.fromisoformat(row[1]) for row in rows]
    columns = {
        "subject_id": [row[0] for row in rows],
        "time": moments,
        "code": [row[2] for row in rows],
        "numeric_value": [row[3] for row in rows],
        "text_value": [row[4] for row in rows],
    }
    return pa.table(
        {
            name: pa.array(columns[name], kind)
            if not pa.types.is_dictionary(kind)
            else pa.array(columns[name], pa.string()).dictionary_encode()
            for name, kind in zip(NAMES, types, strict=True)
        }
    )


def dataset(
    folder: Path, shards: Mapping[str, Sequence[Row]], types: Sequence[pa.DataType] = STRICT
) -> Path:
    """A dataset with its metadata, and a governance file beside it."""
    (folder / "metadata").mkdir(parents=True)
    write_governance(folder, "meds", files=["data/**", "metadata/*"])
    for name, rows in shards.items():
        path = folder / "data" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table_of(rows, types), path)
    parents = pa.array([["LOINC/2160-0"]], pa.list_(pa.string()))
    codes = {"code": ["LAB//50912//mg/dL"], "description": ["Creatinine"], "parent_codes": parents}
    pq.write_table(pa.table(codes), folder / "metadata" / "codes.parquet")
    splits = {"subject_id": [1, -2], "split": ["train", "held_out"]}
    pq.write_table(pa.table(splits), folder / "metadata" / "subject_splits.parquet")
    told = {"dataset_name": "example", "meds_version": "0.4.0"}
    (folder / "metadata" / "dataset.json").write_text(json.dumps(told))
    return folder


def linked(folder: Path, feed: Path) -> LinkedRecords:
    link(feed, folder / "records")
    return load_records(folder / "records")


def what_stands(records: LinkedRecords) -> dict[str, list[tuple[Any, ...]]]:
    return {
        "people": rows_of(
            records, "patients", "birth_month::varchar, sex, death_date::varchar", "all"
        ),
        "stays": rows_of(
            records, "stays", "kind, start_date::varchar, end_date::varchar, is_emergency", "all"
        ),
        "events": rows_of(records, "events", "kind, system, code, value, unit, text", "all"),
    }


EXPECTED = {
    "people": [("1950-06-01", "female", None), ("1960-01-01", "unknown", "2017-01-01")],
    "stays": [("inpatient", "2015-03-01", "2015-03-05", True)],
    "events": [
        ("measurement", "local", "LAB//50912", 7.2, "mg/dL", None),
        ("observation", "local", "Some code", None, None, "positive"),
    ],
}


@pytest.mark.parametrize(
    "types",
    [
        STRICT,
        (pa.int64(), pa.timestamp("ns"), pa.large_string(), pa.float64(), pa.string()),
        (pa.int32(), pa.timestamp("ms"), pa.dictionary(pa.int32(), pa.string()), *STRICT[3:]),
        (pa.int64(), pa.timestamp("us", "UTC"), *STRICT[2:]),
    ],
    ids=["as the standard has it", "wider", "categories", "in UTC"],
)
def test_a_dataset_in_shards(tmp_path: Path, types: Sequence[pa.DataType]) -> None:
    shards = {"train/0": STAY, "train/1": [], "held_out/0": LIFE}
    records = linked(tmp_path, dataset(tmp_path / "feed", shards, types))
    assert what_stands(records) == EXPECTED
    for name in shards:
        assert rejected(records, f"data/{name}.parquet") == {}


def test_the_metadata_are_counted_and_left_out(tmp_path: Path) -> None:
    records = linked(tmp_path, dataset(tmp_path / "feed", {"train/0": STAY}))
    assert rejected(records, "metadata/codes.parquet") == {"vocabulary table": 1}
    assert rejected(records, "metadata/subject_splits.parquet") == {"table not used": 2}


def test_somebody_may_stand_in_several_shards(tmp_path: Path) -> None:
    shards = {"train/0": STAY[:3], "train/1": STAY[3:], "held_out/0": LIFE}
    records = linked(tmp_path, dataset(tmp_path / "feed", shards))
    assert what_stands(records) == EXPECTED


def test_a_static_fact_without_a_time_has_its_reason(tmp_path: Path) -> None:
    rows = [*STAY, (1, None, "RACE//OTHER", None, None)]
    records = linked(tmp_path, dataset(tmp_path / "feed", {"train/0": rows}))
    assert rejected(records, "data/train/0.parquet") == {"no date": 1}


@pytest.mark.parametrize("values", [("numeric_value", "text_value"), ("value", None)])
def test_a_stream_that_is_nearly_so(tmp_path: Path, values: tuple[str, str | None]) -> None:
    """As CSV, in one file, with numbers and texts in columns of their own or in one."""
    number, text = values
    lines = [",".join(name for name in ("subject_id", "time", "code", number, text) if name)]
    for subject, time, code, value, words in [*STAY, *LIFE]:
        told = "" if value is None or value != value else str(value)
        cells = [str(subject), time or "", code, told or (words or "" if text is None else "")]
        lines.append(",".join([*cells, words or ""] if text else cells))
    feed = tmp_path / "feed"
    feed.mkdir()
    write_governance(feed, "meds")
    (feed / "stream.csv").write_text("\n".join(lines) + "\n")
    assert what_stands(linked(tmp_path, feed)) == EXPECTED
