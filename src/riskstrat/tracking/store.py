"""MLflow, imported late and quietly: telemetry off first, its own warnings kept to itself."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from riskstrat.errors import MissingExtraError

__all__ = ["ENVIRONMENT_URI", "connected", "load_mlflow", "quiet_mlflow", "store_uri"]

ENVIRONMENT_URI = "RISKSTRAT_MLFLOW_URI"
"""Environment variable that names the MLflow store of an organisation."""

TELEMETRY_OFF = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
"""Set before MLflow is imported: nothing about a run may leave the computer."""

OWN_WARNINGS = {
    "Any type hint is inferred as AnyType": "mlflow 3.17, of its own type hints, at import",
    "The ``noload`` loader strategy is deprecated": "mlflow 3.17 with sqlalchemy 2.1",
    "Operation with range is deprecated": "mlflow 3.17 with pandas 3, of an input example",
    "unclosed database": "mlflow 3.17 leaves connections of a new SQLite store to the collector",
}
"""Warnings of MLflow that no user of riskstrat can act on: start of the text, and their cause."""


@contextmanager
def quiet_mlflow() -> Iterator[None]:
    """Keep back the warnings of MLflow that nobody here can act on; all others pass."""
    with warnings.catch_warnings():
        for text in OWN_WARNINGS:
            # MLflow colours its warnings, so the text may stand behind an escape sequence
            warnings.filterwarnings("ignore", message=rf"(\x1b\[[0-9;]*m)?{text}")
        yield


def load_mlflow() -> Any:
    """The module `mlflow`, with its telemetry off.

    Raises
    ------
    MissingExtraError
        When MLflow is not installed.
    """
    os.environ.update(TELEMETRY_OFF)
    try:
        with quiet_mlflow():
            import mlflow
            import mlflow.pyfunc
    except ImportError as error:
        raise MissingExtraError("track", "MLflow runs") from error
    return mlflow


@contextmanager
def connected(mlflow: Any, uri: str) -> Iterator[None]:
    """Use MLflow on one store; afterwards it is as it was."""
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    levels = {name: logging.getLogger(name).level for name in ("mlflow", "alembic")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.WARNING)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before[0])
        mlflow.set_registry_uri(before[1])
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def store_uri(run_dir: Path, uri: str | None = None) -> str:
    """Where runs are kept: `uri`, else ``RISKSTRAT_MLFLOW_URI``, else beside the run's folder.

    Parameters
    ----------
    run_dir : Path
        Folder that ``riskstrat train`` wrote.
    uri : str, optional
        An MLflow tracking address.

    Examples
    --------
    >>> store_uri(Path("runs/demo"), "http://mlflow.example.nhs.uk")
    'http://mlflow.example.nhs.uk'
    """
    beside = run_dir.resolve().parent / "mlflow.db"
    return uri or os.environ.get(ENVIRONMENT_URI) or f"sqlite:///{beside.as_posix()}"
