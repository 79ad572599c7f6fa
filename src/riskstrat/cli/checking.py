"""How the findings about linked records, and the volume of their feeds, are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from riskstrat.records.checks import FEWEST_SHOWN, Finding
from riskstrat.records.checks.finding import Level

if TYPE_CHECKING:
    from riskstrat.records import LinkedRecords

__all__ = ["checked_json", "covered", "show_checked", "sparkline"]

_LEVELS: dict[Level, str] = {"error": "bold red", "warning": "yellow", "info": "blue"}
"""Worst first, with a colour that only repeats what the word says."""

_WIDE = 130
"""Columns of a terminal from which what to do stands beside what was found, not below it."""

_BARS, _PLAIN_BARS = "▁▂▃▄▅▆▇█", "_.-:=+*#"
_FEW_BAR = " "
"""Stands for fewer than ten rows a month."""

_BESIDE_BARS = 24
"""Columns of a terminal that the table of volumes takes beside the names and the bars."""

_LATELY_MONTHS = 12
"""Newest months whose median is shown as a number."""

_BUCKETS = (("month", "M"), ("quarter", "Q"), ("year", "Y"))
"""Lengths of time, shortest first: the first of which all fit into the terminal is shown."""


def covered(rows: pd.DataFrame, records: LinkedRecords) -> pd.DataFrame:
    """The part of the volumes that lies in the months which every feed covers."""
    first, last = (pd.Timestamp(day) for day in (records.data_from, records.data_to))
    return rows[(rows["month"] >= first.replace(day=1)) & (rows["month"] <= last)]


def checked_json(findings: Sequence[Finding], rows: pd.DataFrame) -> dict[str, Any]:
    """Findings and volumes for machines; counts of 1 to 9 rows are null."""
    volumes = []
    for (feed, kind), part in rows.groupby(["feed", "kind"], sort=True):
        counts = [None if 0 < n < FEWEST_SHOWN else n for n in part["rows"].tolist()]
        first = part["month"].min().strftime("%Y-%m")
        volumes.append({"feed": feed, "kind": kind, "first_month": first, "rows": counts})
    return {
        "findings": [vars(finding) for finding in _worst_first(findings)],
        "volumes": volumes,
        "fewest_shown": FEWEST_SHOWN,
    }


def show_checked(
    findings: Sequence[Finding],
    rows: pd.DataFrame,
    *,
    is_synthetic: bool,
    console: Console | None = None,
) -> None:
    """Print the findings as a table, worst first, and the volume of each feed as a line of bars."""
    console = console or Console()
    if findings:
        console.print(_findings_table(findings, console))
    console.print(_summary(findings))
    if len(rows):
        made_up = "; the people are synthetic" if is_synthetic else ""
        console.print(_volumes_table(rows, console))
        note = f"Per month: median of the last {_LATELY_MONTHS}. Blank: fewer than {FEWEST_SHOWN}"
        console.print(f"{note}{made_up}.", highlight=False)


def _has_all_characters(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")


def _worst_first(findings: Iterable[Finding]) -> list[Finding]:
    order = list(_LEVELS)
    return sorted(findings, key=lambda f: (order.index(f.level), f.code, f.table, f.message))


def _findings_table(findings: Sequence[Finding], console: Console) -> Table:
    is_wide = console.width >= _WIDE
    arrow = "→" if _has_all_characters(console) else "->"
    table = Table(box=box.SIMPLE_HEAD, title="Findings", title_justify="left", pad_edge=False)
    table.add_column("code", no_wrap=True)
    table.add_column("level", no_wrap=True)
    table.add_column("table or file", max_width=16, overflow="fold")
    table.add_column("what was found" if is_wide else "what was found, and what to do", ratio=1)
    if is_wide:
        table.add_column("what to do", ratio=1)
    table.add_column("rows", justify="right", no_wrap=True)
    told: set[str] = set()
    for found in _worst_first(findings):
        do = "" if found.code in told else found.do
        told.add(found.code)
        words = [f"{found.message}.", do if is_wide or not do else f"{arrow} {do}"]
        if not is_wide:
            words = ["\n".join(filter(None, words))]
        level = Text(found.level, style=_LEVELS[found.level])
        cells = [Text(found.table), *map(Text, words), Text(f"{found.count:,}")]
        table.add_row(Text(found.code), level, *cells)
    return table


def _summary(findings: Sequence[Finding]) -> Text:
    if not findings:
        return Text("No findings.")
    counts = Counter(finding.level for finding in findings)
    told = [
        f"{counts[level]} {_counted(level, counts[level])}" for level in _LEVELS if counts[level]
    ]
    return Text(f"{', '.join(told)}. Every code is explained in docs/reference/checks.md.")


def _counted(level: Level, count: int) -> str:
    if level == "info":
        return "for information"
    return level if count == 1 else f"{level}s"


def _volumes_table(rows: pd.DataFrame, console: Console) -> Table:
    names = sum(int(rows[column].str.len().max()) for column in ("feed", "kind"))
    room = console.width - _BESIDE_BARS - names
    name, buckets = _buckets(rows["month"].dt.to_period("M"), room)
    span = f"{buckets[0]} to {buckets[-1]}" if len(buckets) > 1 else f"{buckets[0]}"
    table = Table(box=box.SIMPLE_HEAD, title="Volume", title_justify="left", pad_edge=False)
    table.add_column("feed", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("per month", justify="right", no_wrap=True)
    table.add_column(f"by {name}, {span}", no_wrap=True)
    bars = _BARS if _has_all_characters(console) else _PLAIN_BARS
    for (feed, kind), part in rows.groupby(["feed", "kind"], sort=True):
        months = part["month"].dt.to_period(buckets.freq)
        means = part.groupby(months)["rows"].mean().reindex(buckets, fill_value=0.0)
        usual = int(part["rows"].tail(_LATELY_MONTHS).median())
        table.add_row(
            str(feed),
            str(kind).replace("_", " "),
            f"<{FEWEST_SHOWN}" if usual < FEWEST_SHOWN else f"{usual:,}",
            sparkline(means.tolist(), bars),
        )
    return table


def _buckets(months: pd.Series, room: int) -> tuple[str, pd.PeriodIndex]:
    """The shortest buckets of which all fit into the room, else the newest years that do."""
    for name, frequency in _BUCKETS:
        found = months.dt.to_timestamp().dt.to_period(frequency)
        buckets = pd.period_range(found.min(), found.max(), freq=frequency)
        if len(buckets) <= room:
            return name, buckets
    return name, buckets[-max(room, 1) :]


def sparkline(values: Sequence[float], bars: str = _BARS) -> str:
    """Values as bars between nothing and their highest; fewer than ten rows are blank.

    Examples
    --------
    >>> sparkline([0, 9, 10, 50, 100])
    '  ▁▅█'
    """
    highest = max(values, default=0)
    return "".join(_bar(value, highest, bars) for value in values)


def _bar(value: float, highest: float, bars: str) -> str:
    if value < FEWEST_SHOWN:
        return _FEW_BAR
    return bars[min(int(value / highest * len(bars)), len(bars) - 1)]
