"""Features of everybody at one index date, beside a bare count, pandas and MEDS-Tab.

``python -m benchmarks.features [--people N] [--data RECORDS] [--sweep [N ...]] [--json FILE]``

The limit of what any program could reach is taken as DuckDB grouping all events by person and code.
Every run is a process of its own with its own peak of memory. The limit, riskstrat and pandas take
turns, so that all of them meet the machine as it is, and the fastest run of each counts. From
``STREAMED_FROM`` people on, or with ``--write``, the matrix is also streamed to disk. With
``--sweep`` the features of 100,000, 200,000 and 400,000 of the people are built too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.features_meds import (
    AGGREGATIONS,
    WINDOWS,
    make_environment,
    tabularize,
    write_meds,
)
from benchmarks.features_ways import (
    INDEX_DATE,
    WINDOWS_DAYS,
    count_codes,
    count_with_pandas,
    make_matrix,
    rows_of,
    write_subset,
)
from benchmarks.machine import BYTES_PER_GIB, describe_machine, machine_line, write_result

__all__ = ["as_table", "compared", "main", "measure", "measure_sweep", "run_here", "sweep_table"]

PEOPLE = 200_000
SEED = 11
ROUNDS = 3
WARM_PEOPLE = 50
PANDAS_PEOPLE = 20_000
PEER_PEOPLE = 500
PEER_SECONDS = 300.0
STREAMED_FROM = 1_000_000
WIDTH = 120
"""Of the table in characters, where the screen has fewer."""

SWEEP = (100_000, 200_000, 400_000)

ROUND_WAYS = ("limit", "riskstrat", "pandas")
MEDS_WAYS = ("meds_tab", "meds_tab_at_index_dates")
NAMES = {
    "limit": "limit (DuckDB)",
    "riskstrat": "riskstrat",
    "riskstrat_to_disk": "riskstrat, to disk",
    "pandas": "pandas",
    "meds_tab": "MEDS-Tab",
    "meds_tab_at_index_dates": "MEDS-Tab, labels",
}
GOALS = {
    "riskstrat": "at most 2.5",
    "pandas": "at least 10",
    "meds_tab": "at least 500",
}
"""Of the ratio; the notes of the table tell the others."""
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of the largest resident size that the system tells."""


def run_here(way: str, data: Path, folder: Path, people: int, seconds: float) -> dict[str, Any]:
    """Do one of the ways in this process.

    Parameters
    ----------
    way : str
        One of :data:`NAMES`, or 'simulate', 'subset' or 'meds' to write records.
    data : Path
        Linked records.
    folder : Path
        Holds what was prepared, and takes what is written.
    people : int
        How many people at most, where a way does not take all.
    seconds : float
        When MEDS-Tab is stopped.
    """
    told = _ways(data, folder, people, seconds)[way]()
    who = resource.RUSAGE_CHILDREN if way in MEDS_WAYS else resource.RUSAGE_SELF
    peak = resource.getrusage(who).ru_maxrss * _RSS_UNIT / BYTES_PER_GIB
    return {**told, "peak_memory_gib": round(peak, 2)}


def _ways(
    data: Path, folder: Path, people: int, seconds: float
) -> dict[str, Callable[[], dict[str, Any]]]:
    warm = folder / "warm"
    return {
        "simulate": lambda: _simulated(people, folder),
        "subset": lambda: {"rows": write_subset(data, people, folder)},
        "meds": lambda: {"events": write_meds(data, people, folder / "meds")},
        "limit": lambda: count_codes(data),
        "riskstrat": lambda: make_matrix(data, warm),
        "riskstrat_to_disk": lambda: make_matrix(data, warm, folder / "matrix"),
        "pandas": lambda: count_with_pandas(data, people),
        "meds_tab": lambda: _meds_tab(folder, seconds, at_labels=False),
        "meds_tab_at_index_dates": lambda: _meds_tab(folder, seconds, at_labels=True),
    }


def _simulated(people: int, folder: Path) -> dict[str, Any]:
    from riskstrat.simulation import simulate

    simulate(people, SEED, folder / "feeds", records=folder / "records")
    return {}


def _meds_tab(folder: Path, seconds: float, *, at_labels: bool) -> dict[str, Any]:
    with TemporaryDirectory(dir=folder) as out:
        meds = folder / "meds"
        return tabularize(
            folder / "environment", meds, Path(out), at_labels=at_labels, seconds=seconds
        )


def _alone(
    way: str, data: Path, folder: Path, people: int = 0, seconds: float = 0
) -> dict[str, Any]:
    """One way in a process of its own, with the load of the machine before it."""
    load = os.getloadavg()[0]
    asked = ["--here", way, "--data", str(data), "--folder", str(folder)]
    asked += ["--people", str(people), "--peer-seconds", str(seconds)]
    command = [sys.executable, "-m", "benchmarks.features", *asked]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return {**told, "load": round(load, 1)}


def measure(
    data: Path, folder: Path, *, is_streamed: bool, peer_people: int, peer_seconds: float
) -> dict[str, Any]:
    """Every way on the same records.

    Parameters
    ----------
    data : Path
        Linked records.
    folder : Path
        An existing folder for what is written.
    is_streamed : bool
        Whether the matrix is also streamed to disk.
    peer_people : int
        How many people MEDS-Tab is given; 0 leaves it out.
    peer_seconds : float
        When it is stopped.

    Returns
    -------
    dict
        What each way took; for those that took turns ``rounds`` holds every run.
    """
    _alone("subset", data, folder / "warm", WARM_PEOPLE)
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in ROUND_WAYS}
    for _ in range(ROUNDS):
        for way in ROUND_WAYS:
            runs[way].append(_alone(way, data, folder, PANDAS_PEOPLE))
    if is_streamed:
        runs["riskstrat_to_disk"] = [_alone("riskstrat_to_disk", data, folder)]
    found = {way: _fastest(told) for way, told in runs.items()}
    if peer_people:
        found |= _peer(data, folder, peer_people, peer_seconds)
    return compared(found)


def _fastest(runs: list[dict[str, Any]]) -> dict[str, Any]:
    best = min(runs, key=lambda told: told["seconds"])
    rounds = [{"seconds": round(told["seconds"], 2), "load": told["load"]} for told in runs]
    return {**best, "rounds": rounds}


def _peer(data: Path, folder: Path, people: int, seconds: float) -> dict[str, Any]:
    versions = make_environment(folder / "environment")
    if versions is None:
        return {way: {"is_missing": True} for way in MEDS_WAYS}
    events = _alone("meds", data, folder, people)["events"]
    same = {"people": min(people, rows_of(data, "patients")), "events": events}
    return {
        way: {**_alone(way, data, folder, 0, seconds), **same, "packages": versions}
        for way in MEDS_WAYS
    }


def compared(found: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Events a second of each way, beside the limit and beside riskstrat."""
    limit, ours = found["limit"], found["riskstrat"]
    own_pace = ours["events"] / ours["seconds"]
    result = {}
    for way, told in found.items():
        if told.get("is_missing"):
            result[way] = told
            continue
        pace = told["events"] / told["seconds"]
        more: dict[str, float] = {"events_per_second": round(pace)}
        if way.startswith("riskstrat"):
            more["times_limit"] = round(told["seconds"] / limit["seconds"], 2)
        elif way != "limit":
            more["times_slower_than_riskstrat"] = round(own_pace / pace, 1)
        result[way] = {**told, **more, "seconds": round(told["seconds"], 2)}
    return result


def as_table(found: Mapping[str, Mapping[str, Any]]) -> Table:
    """The ways beside each other, with the goals."""
    days = ", ".join(map(str, WINDOWS_DAYS))
    table = Table(title=f"Features at {INDEX_DATE}, windows of {days} days", caption=_notes())
    for name in ("", "columns", "people", "events", "s", "events a second", "peak, GiB"):
        table.add_column(name, justify="right" if name else "left")
    table.add_column("ratio")
    table.add_column("goal")
    for way, told in found.items():
        table.add_row(NAMES[way], *_cells(told), GOALS.get(way, ""))
    return table


def _cells(told: Mapping[str, Any]) -> list[str]:
    if told.get("is_missing"):
        return ["", "", "", "", "", "", "could not be installed here"]
    over, under = ("more than ", "less than ") if told.get("is_stopped") else ("", "")
    ratio = ""
    if "times_limit" in told:
        ratio = f"{told['times_limit']:.2f} x limit"
    if "times_slower_than_riskstrat" in told:
        ratio = f"{over}{told['times_slower_than_riskstrat']:,.0f} x slower"
    return [
        "" if told["columns"] is None else f"{told['columns']:,}",
        f"{told['people']:,}",
        f"{told['events']:,}",
        f"{over}{told['seconds']:,.1f}",
        f"{under}{told['events_per_second']:,}",
        f"{told['peak_memory_gib']:.2f}",
        ratio,
    ]


def _notes() -> str:
    return (
        f"The fastest of {ROUNDS} runs of the limit, riskstrat and pandas, which took turns. "
        "Slower than riskstrat in events a second. Other goals: at least 300 columns; under 4 GiB "
        "at 1.1 million people. pandas counts groups of codes only. "
        f"MEDS-Tab ({', '.join(AGGREGATIONS)}; {', '.join(WINDOWS)}) counts at every event of a "
        "person, not at index dates; given labels it answers at the index date alone, after it "
        "went through every event. Its time includes the start of its three commands."
    )


def measure_sweep(data: Path, folder: Path, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """The features of more and more of the people, and the time per event.

    Parameters
    ----------
    data : Path
        Linked records.
    folder : Path
        Holds the few people that code is compiled with.
    sizes : sequence of int
        How many people; sizes beyond those of the records are the whole records, once.
    """
    people = rows_of(data, "patients")
    found = []
    for size in sorted({min(size, people) for size in sizes}):
        subset = folder / f"first_{size}"
        _alone("subset", data, subset, size)
        runs = [_alone("riskstrat", subset, folder) for _ in range(ROUNDS)]
        best = _fastest(runs)
        pace = best["seconds"] / best["events"] * 1e6
        rounded = round(best["seconds"], 2)
        found.append({**best, "seconds": rounded, "microseconds_per_event": round(pace, 3)})
    return found


def sweep_table(found: Sequence[Mapping[str, Any]]) -> Table:
    """Time per event by the number of people."""
    table = Table(title="riskstrat by the number of people; goal: time per event does not grow")
    for name in ("people", "events", "s", "µs an event", "peak, GiB"):
        table.add_column(name, justify="right")
    for told in found:
        table.add_row(
            f"{told['people']:,}",
            f"{told['events']:,}",
            f"{told['seconds']:,.1f}",
            f"{told['microseconds_per_event']:.2f}",
            f"{told['peak_memory_gib']:.2f}",
        )
    return table


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE, help="1100000 is a whole area")
    parser.add_argument("--data", type=Path, help="linked records that are there already")
    parser.add_argument("--write", action="store_true", help="stream the matrix to disk too")
    parser.add_argument("--sweep", type=int, nargs="*", help="numbers of people to compare")
    parser.add_argument(
        "--peer-people", type=int, default=PEER_PEOPLE, help="for MEDS-Tab; 0 leaves it out"
    )
    parser.add_argument(
        "--peer-seconds", type=float, default=PEER_SECONDS, help="when MEDS-Tab is stopped"
    )
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--here", help="do one of the ways here and say what it took")
    parser.add_argument("--folder", type=Path, help="folder for --here")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables and write the JSON."""
    options = _parsed(arguments)
    if options.here is not None:
        told = run_here(
            options.here, options.data, options.folder, options.people, options.peer_seconds
        )
        sys.stdout.write(json.dumps(told))
        return
    figures = _measured(options)
    machine = describe_machine("riskstrat", "duckdb", "numba", "numpy", "pandas", "pyarrow")
    console = Console(width=max(Console().width, WIDTH))
    console.print(as_table(figures["measured"]))
    if "sweep" in figures:
        console.print(sweep_table(figures["sweep"]))
    console.print(machine_line(machine))
    if options.json:
        write_result(options.json, _command(options), {"machine": machine, **figures})


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    with TemporaryDirectory() as name:
        folder, data = Path(name), options.data
        if data is None:
            _alone("simulate", folder, folder, options.people)
            data = folder / "records"
        figures: dict[str, Any] = {
            "measured": measure(
                data,
                folder,
                is_streamed=options.write or rows_of(data, "patients") >= STREAMED_FROM,
                peer_people=options.peer_people,
                peer_seconds=options.peer_seconds,
            )
        }
        if options.sweep is not None:
            figures["sweep"] = measure_sweep(data, folder, options.sweep or SWEEP)
    return figures


def _command(options: argparse.Namespace) -> str:
    """The command without any path."""
    which = "--data RECORDS" if options.data else f"--people {options.people}"
    command = f"python -m benchmarks.features {which} --peer-people {options.peer_people}"
    command += " --write" if options.write else ""
    if options.sweep is not None:
        command += " ".join([" --sweep", *map(str, options.sweep)])
    return command


if __name__ == "__main__":
    main()
