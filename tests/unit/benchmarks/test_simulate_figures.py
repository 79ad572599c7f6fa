"""The benchmark of the simulator: what it counts and how it tells it."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.simulate import as_table, main, sizes


def written(path: Path, count: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * count)


def test_the_truth_is_not_counted_among_the_feeds(tmp_path) -> None:
    written(tmp_path / "feeds" / "ecds.parquet", 5)
    written(tmp_path / "feeds" / "truth" / "rows" / "ecds.parquet", 7)
    written(tmp_path / "records" / "stays.parquet", 11)
    written(tmp_path / "first" / "ecds.parquet", 13)
    assert sizes(tmp_path) == {"feeds": 5, "truth": 7, "records": 11}


def test_a_small_district_is_measured_and_told(tmp_path, capsys) -> None:
    main(["--people", "120", "--here", str(tmp_path)])
    found = json.loads(capsys.readouterr().out)
    assert found["people"] == 120
    assert found["seconds"] > 0
    assert found["rows"]["gp_patient"] >= 120
    found |= {"peak_memory_gib": 1.5, "bytes": sizes(tmp_path)}
    found |= {"total_rows": 1234567, "rows_per_second": 89}
    assert found["bytes"]["feeds"] > found["bytes"]["records"] == 0
    assert {"1.50", "1,234,567", "89"} <= set(as_table(found).columns[1].cells)
