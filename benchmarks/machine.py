"""On what a measurement ran, and the file its figures go to. No host name."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

__all__ = ["describe_machine", "machine_line", "write_result"]

BYTES_PER_GIB = 2**30


def describe_machine(*packages: str) -> dict[str, Any]:
    """Cores this process may use, memory in GiB, Python and package versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": cores,
        "memory_gib": round(psutil.virtual_memory().total / BYTES_PER_GIB, 1),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
    }


def machine_line(machine: dict[str, Any]) -> str:
    """The description as one line under a table."""
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    return (
        f"{machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"Python {machine['python']}, {packages}"
    )


def write_result(path: Path, command: str, figures: dict[str, Any]) -> None:
    """Write figures as JSON with the command and the commit they were measured at."""
    told = {"command": command, "commit": _commit(), **figures}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _commit() -> str | None:
    """The commit of this checkout, with a mark where files differ from it; None outside of one."""
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    folder = Path(__file__).parent
    found = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None
