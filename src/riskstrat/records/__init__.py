"""Linked records in: sources, pseudonyms, checks, and what was known when."""

from riskstrat.records.checks import Finding, check_records
from riskstrat.records.governance.gate import PURPOSES
from riskstrat.records.known import TRANSFER_GAP_DAYS, as_known, spells
from riskstrat.records.linking import link
from riskstrat.records.store import LinkedRecords, load_records, records_of
from riskstrat.records.without_lag import without_lag

__all__ = [
    "PURPOSES",
    "TRANSFER_GAP_DAYS",
    "Finding",
    "LinkedRecords",
    "as_known",
    "check_records",
    "link",
    "load_records",
    "records_of",
    "spells",
    "without_lag",
]
