"""On what a measurement ran: cores, memory, library versions. No host name."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import Any

import psutil

__all__ = ["describe_machine", "machine_line"]

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
