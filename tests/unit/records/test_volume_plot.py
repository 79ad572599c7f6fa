"""The plot of volumes: same frame, same bytes; no number below ten; one clear error."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from riskstrat.errors import DataError, UsageError
from riskstrat.records.checks import plot_volumes

MONTHS = pd.date_range("2020-01-01", periods=12, freq="MS")


def frame(rows: list[int], feed: str = "gp", kind: str = "observation") -> pd.DataFrame:
    return pd.DataFrame({"feed": feed, "kind": kind, "month": MONTHS[: len(rows)], "rows": rows})


BUSY = frame([100, 120, 90, 0, 110, 100, 7, 100, 95, 105, 100, 98])


@pytest.mark.parametrize("name", ["volumes.svg", "volumes.png", "VOLUMES.SVG"])
def test_same_frame_same_bytes(tmp_path: Path, name: str) -> None:
    both = pd.concat([BUSY, frame([50] * 3, "stays", "day_case")], ignore_index=True)
    for folder in ("a", "b"):
        plot_volumes(both, tmp_path / folder / name)
    first = (tmp_path / "a" / name).read_bytes()
    assert first == (tmp_path / "b" / name).read_bytes()
    assert first[:4] in {b"\x89PNG", b"<?xm"}
    assert [path.name for path in (tmp_path / "a").iterdir()] == [name]


def svg(tmp_path: Path, rows: pd.DataFrame, *, is_synthetic: bool = False) -> str:
    plot_volumes(rows, tmp_path / "v.svg", is_synthetic=is_synthetic)
    return (tmp_path / "v.svg").read_text("utf-8")


def test_feeds_are_named_and_synthetic_people_said(tmp_path: Path) -> None:
    """Text stays text; no day of writing is in the file."""
    rows = pd.concat(
        [BUSY, frame([50] * 3, "stays", "day_case"), frame([5], "council", "services")]
    )
    text = svg(tmp_path, rows, is_synthetic=True)
    assert ">gp: observation<" in text
    assert ">stays: day case<" in text
    assert ">council<" in text
    assert "synthetic" in text
    assert "dc:date" not in text
    assert "synthetic" not in svg(tmp_path, rows)


@pytest.mark.parametrize("other", [0, 1, 5, 9])
def test_fewer_than_ten_rows_all_look_alike(tmp_path: Path, other: int) -> None:
    """The file is the same whichever number below ten it was."""
    changed = BUSY.assign(rows=BUSY["rows"].where(BUSY["rows"] >= 10, other))
    assert svg(tmp_path, changed) == svg(tmp_path, BUSY)
    alone = frame([other] * 12)
    assert svg(tmp_path, alone) == svg(tmp_path, frame([3] * 12))


def test_ten_rows_are_shown(tmp_path: Path) -> None:
    assert svg(tmp_path, frame([10, 50, 50])) != svg(tmp_path, frame([9, 50, 50]))


def test_feeds_share_their_months(tmp_path: Path) -> None:
    """A feed that ends early ends early on the page: its later months are empty."""
    short, whole = frame([50] * 3, "a", "contact"), frame([50] * 12, "b", "contact")
    padded = frame([50] * 3 + [0] * 9, "a", "contact")
    assert svg(tmp_path, pd.concat([short, whole])) == svg(tmp_path, pd.concat([padded, whole]))


def test_records_without_rows_are_an_empty_page(tmp_path: Path) -> None:
    text = svg(tmp_path, BUSY.iloc[:0])
    assert "Rows by feed and month" in text
    assert not re.search("gp", text)


@pytest.mark.parametrize("name", ["volumes.pdf", "volumes", "svg"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.svg or \.png"):
        plot_volumes(BUSY, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    """The earlier file is as it was."""
    (tmp_path / "file").write_text("somebody's work")
    with pytest.raises(DataError, match=r"expected to write the file 'v\.svg'"):
        plot_volumes(BUSY, tmp_path / "file" / "v.svg")
    assert (tmp_path / "file").read_text() == "somebody's work"


def test_the_callers_settings_come_back(tmp_path: Path) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    plot_volumes(BUSY, tmp_path / "v.png")
    assert dict(mpl.rcParams) == before
