"""MEDS-Tab on some of the people, in an environment of its own: its needs clash with riskstrat's.

MEDS-Tab counts each code over windows that end at every event of a person. Given labels, it answers
only at their times, though it still goes through every event once for each window. Both are
measured. Summaries of values are not asked for: version 0.2.0 writes empty matrices for them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.features_ways import INDEX_DATE, WINDOWS_DAYS, people_of
from riskstrat.schema import TABLES, files_of

__all__ = [
    "AGGREGATIONS",
    "WINDOWS",
    "make_environment",
    "tabularize",
    "write_meds",
]

PACKAGE = "meds-tab==0.2.0"
TOLD_PACKAGES = ("meds-tab", "meds", "polars", "scipy")
AGGREGATIONS = ("static/present", "code/count")
WINDOWS = tuple(f"{days}d" for days in WINDOWS_DAYS)
TABLES_READ = ("events", "patients")


def make_environment(folder: Path) -> dict[str, str] | None:
    """Install MEDS-Tab into a new virtual environment.

    Returns
    -------
    dict or None
        Versions of what matters of it; None where it cannot be installed.
    """
    uv = [sys.executable, "-m", "uv", "--quiet"]
    pip = [*uv, "pip"]
    python = ["--python", str(folder)]
    try:
        subprocess.run([*uv, "venv", str(folder)], check=True, capture_output=True)
        subprocess.run([*pip, "install", *python, PACKAGE], check=True, capture_output=True)
        listed = subprocess.run(
            [*pip, "freeze", *python], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    versions = dict(line.split("==", 1) for line in listed.splitlines() if "==" in line)
    return {name: versions[name] for name in TOLD_PACKAGES}


def write_meds(data: Path, number: int, out: Path) -> int:
    """Write the events of the first people in MEDS, and the index date of each as a label.

    Parameters
    ----------
    data : Path
        Linked records.
    number : int
        How many people, at most.
    out : Path
        Folder for ``data`` and ``labels``.

    Returns
    -------
    int
        How many events.
    """
    people = people_of(data, number).reset_index()
    for name in ("data", "labels"):
        (out / name / "train").mkdir(parents=True)
    with duckdb.connect() as engine:
        engine.register("people", people)
        for name in TABLES_READ:
            files = [str(file) for file in files_of(data, TABLES[name])]
            engine.execute(f"create view {name} as from read_parquet({files})")
        engine.execute(f"copy ({_MEDS}) to '{out}/data/train/0.parquet' (format parquet)")
        label = f"select index::bigint as subject_id, timestamp '{INDEX_DATE}' as prediction_time"
        labels = f"{label}, false as boolean_value from people order by 1"
        engine.execute(f"copy ({labels}) to '{out}/labels/train/0.parquet' (format parquet)")
        found = engine.execute("select count(*) from events semi join people using (patient_id)")
        return int(found.fetchall()[0][0])


_MEDS = """
    select index::bigint as subject_id, null::timestamp as time, 'SEX//' || sex as code,
        null::float as numeric_value
    from patients join people using (patient_id)
    union all
    select index, event_date + coalesce(event_time, time '00:00'), system || '//' || code,
        value::float
    from events join people using (patient_id)
    where event_date is not null and code is not null
    order by subject_id, time nulls first
"""
"""Sex is what MEDS-Tab calls static; without a static code its second command fails."""


def tabularize(
    environment: Path, meds: Path, out: Path, *, at_labels: bool, seconds: float
) -> dict[str, Any]:
    """Run the three commands of MEDS-Tab one after the other, and stop when the time is over.

    Parameters
    ----------
    environment : Path
        Of :func:`make_environment`.
    meds, out : Path
        Of :func:`write_meds`; a folder for what MEDS-Tab writes.
    at_labels : bool
        Whether summaries are wanted at index dates only, rather than at every event.
    seconds : float
        When to stop.

    Returns
    -------
    dict
        ``columns`` that were finished, ``seconds`` and ``is_stopped``.
    """
    asked = [f"input_dir={meds / 'data'}", f"output_dir={out}"]
    tabular = [
        "tabularization.min_code_inclusion_count=1",
        f"tabularization.aggs={_listed(AGGREGATIONS)}",
        f"tabularization.window_sizes={_listed(WINDOWS)}",
        *([f"input_label_dir={meds / 'labels'}"] if at_labels else []),
    ]
    started = time.perf_counter()
    is_stopped = False
    commands = {"describe": [], "tabularize-static": tabular, "tabularize-time-series": tabular}
    for name, settings in commands.items():
        command = [str(environment / "bin" / f"meds-tab-{name}"), *asked, *settings]
        left = seconds - (time.perf_counter() - started)
        try:
            subprocess.run(
                command, check=True, capture_output=True, timeout=left, env=_quiet_environment()
            )
        except subprocess.TimeoutExpired:
            is_stopped = True
            break
    return {
        "columns": _columns(out),
        "seconds": time.perf_counter() - started,
        "is_stopped": is_stopped,
    }


def _listed(names: Sequence[str]) -> str:
    return f"[{','.join(names)}]"


def _quiet_environment() -> dict[str, str]:
    """Without what makes Python look into our own environment."""
    return {name: told for name, told in os.environ.items() if not name.startswith("PYTHON")}


def _columns(out: Path) -> int:
    """Columns of the sparse matrices that were finished."""
    shapes = []
    for file in sorted((out / "tabularize").rglob("*.npz")):
        with np.load(file) as matrix:
            shapes.append(int(matrix["shape"][1]) if "shape" in matrix else 0)
    return sum(shapes)
