"""What cohort and features ask of an engine; both backends are one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow as pa

from riskstrat.engine.query import Step

__all__ = ["QueryEngine"]


class QueryEngine(Protocol):
    """Named relations, and steps that are run over them.

    The same steps over the same relations give the same rows and the same Arrow schema on every
    engine; the order of rows is that of the last step's ``order by``, else any.
    """

    def register(self, name: str, rows: pa.Table | pd.DataFrame) -> None:
        """Make `rows` readable under `name`; replaces what had that name."""

    def register_parquet(self, name: str, *paths: Path) -> None:
        """Make Parquet files readable under `name`."""

    def columns(self, name: str) -> dict[str, str]:
        """Column names and DuckDB types of a relation."""

    def fetch(self, *steps: Step, **parameters: object) -> pa.Table:
        """Run steps; the last one's rows come back as an Arrow table."""

    def fetch_frame(self, *steps: Step, **parameters: object) -> pd.DataFrame:
        """As :meth:`fetch`, as a pandas frame."""

    def fetch_batches(
        self, steps: Sequence[Step], *, rows_per_batch: int = 1_000_000, **parameters: object
    ) -> Iterator[pa.RecordBatch]:
        """As :meth:`fetch`, in batches, for long results: Spark never holds them whole."""

    def create(self, *steps: Step, **parameters: object) -> None:
        """Keep the last step's rows under that step's name."""

    def forget(self, name: str) -> None:
        """Remove what :meth:`create` keeps under `name`, if anything."""
