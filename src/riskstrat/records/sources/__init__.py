"""Raw feeds: one module per dialect that says what stands where, the machinery apart."""

from riskstrat.records.sources import meds, omop
from riskstrat.records.sources.dialect import Dialect, choose_dialect, read_feed
from riskstrat.records.sources.feed import find_files
from riskstrat.records.sources.meds_rows import build_meds
from riskstrat.records.sources.omop_rows import build_omop

__all__ = ["DIALECTS", "choose_dialect", "find_files", "read_feed"]

DIALECTS = {
    "meds": Dialect("meds", meds.TABLES, build_meds),
    "omop": Dialect("omop", omop.TABLES, build_omop, omop.UNUSED),
}
"""Dialects by name."""
