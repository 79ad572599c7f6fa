"""Log a run in MLflow where it is installed, and say so where it is not."""

from __future__ import annotations

from riskstrat.errors import MissingExtraError
from riskstrat.pipeline import StudyRun
from riskstrat.tracking import log_run as log_in_mlflow

__all__ = ["log_run"]


def log_run(run: StudyRun) -> str:
    """Log a study's run; returns what to tell the user."""
    try:
        run_id = log_in_mlflow(run.folder, run.model, run.report.metrics)
    except MissingExtraError as missing:
        return f"Not logged in MLflow: {missing.message}"
    return f"MLflow run {run_id}"
