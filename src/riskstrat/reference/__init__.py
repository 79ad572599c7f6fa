"""Published tables as data, each with its provenance."""

from riskstrat.reference.tables import TABLE_NAMES, load_table

__all__ = ["TABLE_NAMES", "load_table"]
