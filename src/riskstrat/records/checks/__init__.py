"""Coded findings about linked records: what contradicts the schema, itself, or what is known.

A check is one small function. Findings carry names, months, counts, and codes that at least ten
people have, never a patient value.
"""

from __future__ import annotations

from riskstrat.records.checks import (
    coding,
    declared,
    feeds,
    matching,
    order,
    practices,
    rates,
    silent,
)
from riskstrat.records.checks.evidence import evidence_of
from riskstrat.records.checks.feeds import volumes
from riskstrat.records.checks.finding import FEWEST_SHOWN, Check, Finding
from riskstrat.records.checks.order import LONG_ATTENDANCE_DAYS
from riskstrat.records.checks.plot import plot_volumes
from riskstrat.records.store import LinkedRecords

__all__ = [
    "CHECKS",
    "FEWEST_SHOWN",
    "LONG_ATTENDANCE_DAYS",
    "Check",
    "Finding",
    "check_records",
    "plot_volumes",
    "volumes",
]

CHECKS: tuple[Check, ...] = tuple(
    sorted(
        (
            check
            for module in (declared, order, matching, silent, feeds, practices, coding, rates)
            for check in module.CHECKS
        ),
        key=lambda check: check.code,
    )
)
"""Every check, in the order of the codes."""


def check_records(records: LinkedRecords) -> list[Finding]:
    """Check linked records against the schema, the manifest, themselves and what is known.

    Parameters
    ----------
    records : LinkedRecords

    Returns
    -------
    list of Finding
        Sorted by code and table; empty when nothing was found.

    Raises
    ------
    RecordsError
        When a file is so damaged that it cannot be read.
    """
    with evidence_of(records) as evidence:
        findings = [found for check in CHECKS for found in check.findings(evidence)]
    return sorted(findings, key=lambda found: (found.code, found.table, found.message))
