"""Linking beside a bare copy of the same files by the same engine: time, rows a second, memory.

``python -m benchmarks.link [--people N] [--data DIR] [--memory 4GB] [--json FILE]``

The limit of what any linking could reach is taken as DuckDB reading every file and writing it again
as Parquet. Three processes, one after the other, each alone with its peak of memory: the copy,
linking without links by details, linking with them. Without ``--data`` a district is simulated.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks.machine import BYTES_PER_GIB, describe_machine, machine_line, write_result
from riskstrat.records import link
from riskstrat.records.linking import GOVERNANCE

__all__ = ["as_table", "main", "measure", "run_here", "without_details"]

PEOPLE = 200_000
SEED = 5
MEMORY = "4GB"
WAYS = ("copy", "link", "link_with_details")
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of the largest resident size that the system tells."""


def run_here(way: str, feeds: Path, out: Path, memory: str) -> dict[str, Any]:
    """Copy or link the feeds in this process.

    Parameters
    ----------
    way : str
        One of :data:`WAYS`.
    feeds, out : Path
        Folder of feeds in Parquet; an existing folder for what is written.
    memory : str
        What the engine may use.
    """
    started = time.perf_counter()
    if way == "copy":
        rows = _copy(feeds, out, memory)
    else:
        rules = feeds / GOVERNANCE
        if way == "link":
            rules = without_details(rules, out / GOVERNANCE)
        manifest = link(feeds, out / "records", governance=rules, memory_limit=memory)
        rows = sum(file["rows_in"] for s in manifest["sources"] for file in s["files"])
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / BYTES_PER_GIB
    return {"rows": rows, "seconds": round(seconds, 1), "peak_memory_gib": round(peak, 2)}


def _copy(feeds: Path, out: Path, memory: str) -> int:
    rows = 0
    config = {"memory_limit": memory, "preserve_insertion_order": False}
    with duckdb.connect(config=config) as engine:
        engine.execute("set enable_progress_bar = false")
        for file in sorted(feeds.glob("*.parquet")):
            copy = f"copy (from '{file}') to '{out / file.name}' (format parquet)"
            rows += int(engine.execute(copy).fetchall()[0][0])
    return rows


def without_details(rules: Path, out: Path) -> Path:
    """A copy of a governance file with which nobody is linked by details."""
    text = rules.read_text(encoding="utf-8")
    out.write_text(f"{text}\n[linkage]\nprobabilistic = false\n", encoding="utf-8")
    return out


def measure(feeds: Path, memory: str, ways: Sequence[str] = WAYS) -> dict[str, Any]:
    """Each way in a process of its own, the copy first, and the times as ratios to the copy's."""
    found: dict[str, Any] = {}
    for way in ways:
        with TemporaryDirectory() as out:
            asked = ["--here", way, "--data", str(feeds), "--out", out, "--memory", memory]
            command = [sys.executable, "-m", "benchmarks.link", *asked]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            found[way] = json.loads(done.stdout)
    for way in ways:
        found[way]["rows_per_second"] = round(found[way]["rows"] / found[way]["seconds"])
        found[way]["times_copy"] = round(found[way]["seconds"] / found["copy"]["seconds"], 2)
    return found


def as_table(found: dict[str, Any]) -> Table:
    """The ways beside each other."""
    table = Table(title=f"{found['copy']['rows']:,} rows of simulated feeds")
    for name in ("", "s", "rows a second", "times the copy", "peak memory, GiB"):
        table.add_column(name, justify="right" if name else "left")
    for way, told in found.items():
        table.add_row(
            way.replace("_", " "),
            f"{told['seconds']:,.1f}",
            f"{told['rows_per_second']:,}",
            f"{told['times_copy']:.2f}",
            f"{told['peak_memory_gib']:.2f}",
        )
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE, help="1100000 is a whole area")
    parser.add_argument("--data", type=Path, help="feeds that are there already")
    parser.add_argument("--memory", default=MEMORY, help="what the engine may use")
    parser.add_argument(
        "--without-details", action="store_true", help="leave out the linking by details"
    )
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument(
        "--here", choices=WAYS, help="do one of the three here and say what it took"
    )
    parser.add_argument("--out", type=Path, help="folder for what --here writes")
    options = parser.parse_args(arguments)
    if options.here is not None:
        told = run_here(options.here, options.data, options.out, options.memory)
        sys.stdout.write(json.dumps(told))
        return
    with TemporaryDirectory() as folder:
        feeds = options.data or _simulated(options.people, Path(folder))
        found = measure(feeds, options.memory, WAYS[:2] if options.without_details else WAYS)
    machine = describe_machine("riskstrat", "duckdb", "splink", "pyarrow")
    console = Console()
    console.print(as_table(found))
    console.print(machine_line(machine))
    if options.json:
        given = "--data FEEDS" if options.data else f"--people {options.people}"
        command = f"python -m benchmarks.link {given} --memory {options.memory}"
        command += " --without-details" if options.without_details else ""
        write_result(options.json, command, {"machine": machine, "measured": found})


def _simulated(people: int, folder: Path) -> Path:
    from riskstrat.simulation import simulate

    simulate(people, SEED, folder / "feeds")
    return folder / "feeds"


if __name__ == "__main__":
    main()
