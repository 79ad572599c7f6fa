"""Runs and registered models in MLflow; the only place that knows it."""

from riskstrat.tracking.registry import (
    Promotion,
    RegisteredVersion,
    load_version,
    promote,
    registered_versions,
    registry_uri,
)
from riskstrat.tracking.runs import log_run

__all__ = [
    "Promotion",
    "RegisteredVersion",
    "load_version",
    "log_run",
    "promote",
    "registered_versions",
    "registry_uri",
]
