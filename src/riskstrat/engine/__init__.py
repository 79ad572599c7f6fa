"""Run named queries, written in DuckDB's dialect, on an engine; nothing clinical in here."""

from riskstrat.engine.duck import Engine
from riskstrat.engine.grouped import Query
from riskstrat.engine.interface import QueryEngine
from riskstrat.engine.query import PORTABLE_FUNCTIONS, Step, compose, to_dialect
from riskstrat.engine.spark import SparkEngine

__all__ = [
    "PORTABLE_FUNCTIONS",
    "Engine",
    "Query",
    "QueryEngine",
    "SparkEngine",
    "Step",
    "compose",
    "to_dialect",
]
