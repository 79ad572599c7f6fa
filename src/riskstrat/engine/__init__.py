"""Run named queries, written in DuckDB's dialect, on an engine; nothing clinical in here."""

from riskstrat.engine.duck import Engine
from riskstrat.engine.query import PORTABLE_FUNCTIONS, Step, compose, to_dialect

__all__ = ["PORTABLE_FUNCTIONS", "Engine", "Step", "compose", "to_dialect"]
