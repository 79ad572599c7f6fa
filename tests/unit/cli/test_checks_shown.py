"""Findings and volumes on a terminal: widths, words, bars, and terminals without them."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from rich.console import Console

from riskstrat.cli.checking import checked_json, show_checked, sparkline
from riskstrat.records.checks import Finding

FINDINGS = [
    Finding("R016", "info", "events", "1,000 rows repeat another row", 1000, "Nothing."),
    Finding("R026", "info", "stays", "null in every row: [bold]x[/bold]", 5, "Ask."),
    Finding("R026", "info", "events", "null in every row: y", 5, "Ask."),
    Finding("R005", "error", "events", "2 rows are for somebody else", 2, "Link again."),
    Finding("R021", "warning", "events", "gp: far fewer rows", 0, "Ask the supplier."),
]


def rows(months: int, count: int = 100, feed: str = "gp") -> pd.DataFrame:
    month = pd.date_range("2015-01-01", periods=months, freq="MS")
    return pd.DataFrame({"feed": feed, "kind": "contact", "month": month, "rows": count})


def shown(
    findings: list[Finding],
    frame: pd.DataFrame,
    *,
    width: int = 100,
    encoding: str = "utf-8",
    is_synthetic: bool = False,
) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=stream, width=width)
    show_checked(findings, frame, is_synthetic=is_synthetic, console=console)
    stream.flush()
    stream.seek(0)
    return stream.read()


def test_the_worst_come_first_and_the_levels_are_words() -> None:
    text = shown(FINDINGS, rows(12))
    codes = [word for line in text.splitlines() for word in line.split()[:1] if word[:2] == "R0"]
    assert codes == ["R005", "R021", "R016", "R026", "R026"]
    for word in ("error", "warning", "info"):
        assert word in text
    assert "1 error, 1 warning, 3 for information." in text


def test_what_to_do_is_told_once_a_code() -> None:
    assert shown(FINDINGS, rows(12)).count("Ask.") == 1


def test_a_message_is_no_markup() -> None:
    assert "[bold]x[/bold]" in shown(FINDINGS, rows(12))


def test_a_wide_terminal_has_what_to_do_in_a_column_of_its_own() -> None:
    assert "what to do" in shown(FINDINGS, rows(12), width=140)
    assert "what was found, and what to do" in shown(FINDINGS, rows(12), width=100)


def test_nothing_found_is_one_line() -> None:
    assert shown([], rows(0)) == "No findings.\n"


@pytest.mark.parametrize(
    ("months", "said"),
    [
        (24, "by month, 2015-01 to 2016-12"),
        (100, "by quarter, 2015Q1 to 2023Q2"),
        (300, "by year, 2015 to 2039"),
        (2000, "by year, 2115 to 2181"),
    ],
)
def test_the_shortest_time_that_fits(months: int, said: str) -> None:
    """Months, else quarters, else years; else the newest years."""
    text = shown([], rows(months))
    assert said in text
    assert "…" not in text


def test_the_number_is_of_the_newest_year_and_hides_few() -> None:
    frame = rows(24)
    frame.loc[:11, "rows"] = 5000
    assert "5,000" not in shown([], frame)
    assert " 100 " in shown([], frame)
    few = shown([], rows(24, count=9))
    assert " <10 " in few
    assert " 9 " not in few


def test_synthetic_people_are_said() -> None:
    assert "synthetic" in shown([], rows(12), is_synthetic=True)
    assert "synthetic" not in shown([], rows(12))


def test_a_terminal_without_bars_has_plain_ones() -> None:
    text = shown(FINDINGS, rows(12), encoding="ascii")
    assert "############" in text
    assert "-> Link again." in text


def test_bars() -> None:
    assert sparkline([]) == ""
    assert sparkline([0, 9.9, 10, 20, 79, 80]) == "  ▂▃██"
    assert sparkline([100], "_#") == "#"


def test_volumes_for_machines_hide_one_to_nine() -> None:
    frame = rows(4).assign(rows=[0, 1, 9, 10])
    (told,) = checked_json([], frame)["volumes"]
    assert told == {
        "feed": "gp",
        "kind": "contact",
        "first_month": "2015-01",
        "rows": [0, None, None, 10],
    }
