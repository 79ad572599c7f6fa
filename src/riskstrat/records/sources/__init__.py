"""Raw feeds: one module per dialect that says what stands where, the machinery apart."""

from riskstrat.records.sources import meds, omop
from riskstrat.records.sources.ae import AE
from riskstrat.records.sources.cds_apc import CDS_APC
from riskstrat.records.sources.cld import CLD
from riskstrat.records.sources.csds import CSDS
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.ecds import ECDS
from riskstrat.records.sources.feed import find_files
from riskstrat.records.sources.fhir import FHIR
from riskstrat.records.sources.gp import GP
from riskstrat.records.sources.hes_apc import HES_APC
from riskstrat.records.sources.hes_op import HES_OP
from riskstrat.records.sources.housing import HOUSING
from riskstrat.records.sources.meds_rows import build_meds
from riskstrat.records.sources.mhsds import MHSDS
from riskstrat.records.sources.nhs_number_merges import NHS_NUMBER_MERGES
from riskstrat.records.sources.omop_rows import build_omop
from riskstrat.records.sources.sus_apc import SUS_APC
from riskstrat.records.sources.synthea_csv import SYNTHEA_CSV
from riskstrat.records.sources.voluntary import VOLUNTARY

__all__ = ["DIALECTS", "find_files"]

DIALECTS = {
    dialect.name: dialect
    for dialect in (
        AE,
        CDS_APC,
        CLD,
        CSDS,
        ECDS,
        FHIR,
        GP,
        HES_APC,
        HES_OP,
        HOUSING,
        Dialect("meds", meds.TABLES, build_whole=build_meds, unused=meds.UNUSED),
        MHSDS,
        NHS_NUMBER_MERGES,
        Dialect("omop", omop.TABLES, build_whole=build_omop, unused=omop.UNUSED),
        SUS_APC,
        SYNTHEA_CSV,
        VOLUNTARY,
    )
}
"""Dialects by name."""
