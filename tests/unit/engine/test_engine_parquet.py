"""Parquet files as relations: damage is named by table and file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from riskstrat.engine import Engine, Step
from riskstrat.errors import RecordsError


def written(path: Path, rows: int = 3) -> Path:
    pd.DataFrame({"a": range(rows)}).to_parquet(path)
    return path


def test_files_are_read_together_under_one_name(tmp_path: Path) -> None:
    engine = Engine(threads=1)
    engine.register_parquet("t", written(tmp_path / "1.parquet"), written(tmp_path / "2.parquet"))
    assert engine.columns("t") == {"a": "BIGINT"}
    assert engine.fetch(Step("n", "select count(*) as n from t"))["n"].to_pylist() == [6]


def test_a_name_can_be_given_to_other_rows(tmp_path: Path) -> None:
    engine = Engine(threads=1)
    engine.register("t", pd.DataFrame({"a": [1]}))
    engine.register("t", pd.DataFrame({"b": ["x"]}))
    assert list(engine.columns("t")) == ["b"]


@pytest.mark.parametrize("damage", ["missing", "truncated", "text"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "events.parquet"
    if damage == "truncated":
        content = written(path, 10_000).read_bytes()
        path.write_bytes(content[: len(content) // 2])
    elif damage == "text":
        path.write_text("patient_id,event_date\n")
    with pytest.raises(RecordsError, match=r"table 'events'.*events\.parquet") as caught:
        Engine(threads=1).register_parquet("events", path)
    assert str(tmp_path) not in str(caught.value)


def test_a_file_cut_off_later_is_found_when_it_is_read(tmp_path: Path) -> None:
    """The footer is read first; damage inside the data shows only when rows are fetched."""
    path = written(tmp_path / "events.parquet", 50_000)
    content = bytearray(path.read_bytes())
    content[4:2000] = bytes(1996)
    path.write_bytes(bytes(content))
    engine = Engine(threads=1)
    engine.register_parquet("events", path)
    with pytest.raises(RecordsError, match="could not read the records"):
        engine.fetch(Step("total", "select sum(a) as n from events"))
