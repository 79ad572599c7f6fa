"""Runs and registered models in MLflow; the only place that knows it."""

from riskstrat.tracking.runs import log_run

__all__ = ["log_run"]
