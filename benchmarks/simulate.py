"""Time, memory and size of a simulated district, all feeds and the truth.

``python -m benchmarks.simulate [--people N] [--records] [--json FILE]``

The district is simulated in a process of its own, so that the peak of memory is its own. What numba
compiles on its first run is timed apart: it is kept for later runs.
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

from rich.console import Console
from rich.table import Table

from benchmarks.machine import BYTES_PER_GIB, describe_machine, machine_line, write_result
from riskstrat.simulation import simulate

__all__ = ["as_table", "main", "measure", "run_here", "sizes"]

PEOPLE = 20_000
YEARS = 6
SEED = 1
SMALLEST = 100
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of the largest resident size that the system tells."""


def run_here(people: int, out: Path, *, records: bool) -> dict[str, Any]:
    """Simulate a district in this process.

    Parameters
    ----------
    people : int
    out : Path
        Folder for everything.
    records : bool
        Whether linked records are written too.
    """
    started = time.perf_counter()
    simulate(SMALLEST, SEED, out / "first", records=out / "first_records", years=1)
    compiled = time.perf_counter()
    made = simulate(
        people,
        SEED,
        out / "feeds",
        records=out / "records" if records else None,
        years=YEARS,
    )
    return {
        "people": made["people"],
        "years": YEARS,
        "seconds_of_first_run": round(compiled - started, 1),
        "seconds": round(time.perf_counter() - compiled, 1),
        "rows": made["feeds"],
    }


def measure(people: int, *, records: bool = False) -> dict[str, Any]:
    """Simulate a district in a process of its own; what it took and what it wrote."""
    with TemporaryDirectory() as folder:
        asked = ["--people", str(people), "--here", folder, *(["--records"] if records else [])]
        command = [sys.executable, "-m", "benchmarks.simulate", *asked]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _RSS_UNIT
        found: dict[str, Any] = json.loads(done.stdout)
        found["peak_memory_gib"] = round(peak / BYTES_PER_GIB, 2)
        found["bytes"] = sizes(Path(folder))
    rows = sum(found["rows"].values())
    return {**found, "total_rows": rows, "rows_per_second": round(rows / found["seconds"])}


def sizes(folder: Path) -> dict[str, int]:
    """Bytes of the feeds, of the truth and of the records."""
    truth = folder / "feeds" / "truth"
    whole, apart, records = (_size(part) for part in (folder / "feeds", truth, folder / "records"))
    return {"feeds": whole - apart, "truth": apart, "records": records}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def as_table(found: dict[str, Any]) -> Table:
    """The figures, and the rows of every file."""
    table = Table(title=f"{found['people']:,} people, {found['years']} years, synthetic")
    table.add_column("what")
    table.add_column("figure", justify="right")
    table.add_row("wall time, s", f"{found['seconds']:,.1f}")
    table.add_row(
        "first run of 100 people, with compiling, s", f"{found['seconds_of_first_run']:,.1f}"
    )
    table.add_row("peak memory, GiB", f"{found['peak_memory_gib']:,.2f}")
    table.add_row("rows of feeds", f"{found['total_rows']:,}")
    table.add_row("rows a second", f"{found['rows_per_second']:,}")
    for name, count in found["bytes"].items():
        table.add_row(f"bytes of {name}", f"{count:,}")
    table.add_section()
    for name, count in found["rows"].items():
        table.add_row(name, f"{count:,}")
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE, help="1100000 is a whole area")
    parser.add_argument("--records", action="store_true", help="write linked records too")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--here", type=Path, help="simulate into a folder and print what it took")
    options = parser.parse_args(arguments)
    if options.here is not None:
        found = run_here(options.people, options.here, records=options.records)
        sys.stdout.write(json.dumps(found))
        return
    found = measure(options.people, records=options.records)
    machine = describe_machine("riskstrat", "numba", "numpy", "pyarrow", "duckdb")
    console = Console()
    console.print(as_table(found))
    console.print(machine_line(machine))
    if options.json:
        command = f"python -m benchmarks.simulate --people {options.people}"
        write_result(options.json, command, {"machine": machine, "measured": found})


if __name__ == "__main__":
    main()
