"""The rules of use that come with the simulated feeds: ``governance.toml``.

It says for every feed who answers for it, on what legal basis, for which purposes it may be linked,
whose objections count for which purpose, and how long it may be kept. The organisations do not
exist; the rules are those that real feeds of the same kind have in England.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from riskstrat.simulation.feeds.calendar import (
    COMMUNITY,
    COUNCIL,
    EMERGENCY_CARE,
    GP,
    HOSPITAL,
    HOUSING,
    MENTAL_HEALTH,
    NATIONAL_REGISTER,
    VOLUNTARY,
    Calendar,
)
from riskstrat.simulation.timeline import Period, dates

__all__ = ["SOURCES", "GovernedSource", "governance_toml"]

_PUBLIC_TASK = "UK GDPR Article 6(1)(e): public task"
_HEALTH_CARE = "UK GDPR Article 9(2)(h): health or social care"
_REGULATION_5 = (
    "NHS Act 2006 section 251, Control of Patient Information Regulations 2002, regulation 5: "
    "risk stratification, CAG 7-04(a)/2013"
)
_RESEARCH = (
    "NHS Act 2006 section 251, Control of Patient Information Regulations 2002, regulation 5: "
    "research database, example approval"
)
_PSEUDONYMISED = (
    "Pseudonymised linkage by a third party; section 251 support CAG 7-04(a)/2013 covers general "
    "practice, SUS and MHSDS data only"
)
"""What stands in for the section 251 support where a feed is not covered by it."""
_EXPLICIT_CONSENT = ("UK GDPR Article 6(1)(a): consent", "UK GDPR Article 9(2)(a): consent")

_CASE_FINDING = ("risk_stratification",)
"""A general objection to secondary use does not bar case finding; the local one does."""
_NHS_OBJECTIONS = {
    "case_finding": _CASE_FINDING,
    "commissioning": ("national", "risk_stratification"),
    "research": ("national", "risk_stratification"),
}
"""The national opt-out holds where confidential data flow for planning and research."""
_GP_OBJECTIONS = {
    "case_finding": _CASE_FINDING,
    "commissioning": ("type1", "national", "risk_stratification"),
    "research": ("type1", "national", "risk_stratification"),
}
"""A type 1 objection keeps the practice record from leaving the practice for secondary use."""
_COUNCIL_OBJECTIONS = {
    "case_finding": _CASE_FINDING,
    "commissioning": ("national", "risk_stratification"),
}
_LOCAL_OBJECTIONS = {"case_finding": _CASE_FINDING, "commissioning": ("risk_stratification",)}

_NHS_RETENTION_MONTHS = 24
_COUNCIL_RETENTION_MONTHS = 24
_VOLUNTARY_RETENTION_MONTHS = 12
"""Months that a linked copy may be kept (assumption: as data sharing agreements have it)."""
_TOLD = {0: "daily", 1: "monthly", 3: "quarterly"}


@dataclass(frozen=True)
class GovernedSource:
    """What holds for the files of one feed.

    Parameters
    ----------
    name : str
        Also the name of its column dialect.
    files : tuple of str
        Names of its files without their endings.
    calendar : Calendar
        When it tells, and how far back it reaches.
    controller : str
    legal_basis : tuple of str
    opt_outs : mapping of str to tuple of str
        Purposes for which it may be linked, each with the objections that bar a person's rows.
    retention_months : int
    """

    name: str
    files: tuple[str, ...]
    calendar: Calendar
    controller: str
    legal_basis: tuple[str, ...]
    opt_outs: Mapping[str, tuple[str, ...]]
    retention_months: int = _NHS_RETENTION_MONTHS


_PRACTICES = "Example general practices, jointly with Example Integrated Care Board"
_HOSPITAL = "Example Hospitals NHS Foundation Trust"
_COMMUNITY = "Example Community Health NHS Trust"
_COUNCIL = "Example County Council"
_NHS_BASIS = (_PUBLIC_TASK, _HEALTH_CARE, _REGULATION_5, _RESEARCH)
_COMMUNITY_BASIS = (_PUBLIC_TASK, _HEALTH_CARE, _PSEUDONYMISED, _RESEARCH)

SOURCES = (
    GovernedSource(
        "gp",
        ("gp_patient", "gp_observation", "gp_medication_order", "gp_appointment", "gp_opt_out"),
        GP,
        _PRACTICES,
        _NHS_BASIS,
        _GP_OBJECTIONS,
    ),
    GovernedSource(
        "nhs_number_merges",
        ("nhs_number_merges",),
        NATIONAL_REGISTER,
        "Example Integrated Care Board, from the national register",
        (_PUBLIC_TASK, _HEALTH_CARE),
        {"case_finding": (), "commissioning": (), "research": ()},
    ),
    GovernedSource("hes_apc", ("hes_apc",), HOSPITAL, _HOSPITAL, _NHS_BASIS, _NHS_OBJECTIONS),
    GovernedSource("hes_op", ("hes_op",), HOSPITAL, _HOSPITAL, _NHS_BASIS, _NHS_OBJECTIONS),
    GovernedSource("ecds", ("ecds",), EMERGENCY_CARE, _HOSPITAL, _NHS_BASIS, _NHS_OBJECTIONS),
    GovernedSource(
        "csds",
        (
            "csds_cyp001mpi",
            "csds_cyp002gp",
            "csds_cyp003accommodation",
            "csds_cyp101referral",
            "csds_cyp102servicetypereferredto",
            "csds_cyp201carecontact",
        ),
        COMMUNITY,
        _COMMUNITY,
        _COMMUNITY_BASIS,
        _NHS_OBJECTIONS,
    ),
    GovernedSource(
        "mhsds",
        (
            "mhsds_mhs001mpi",
            "mhsds_mhs101referral",
            "mhsds_mhs201carecontact",
            "mhsds_mhs501hospprovspell",
        ),
        MENTAL_HEALTH,
        "Example Mental Health NHS Foundation Trust",
        _NHS_BASIS,
        _NHS_OBJECTIONS,
    ),
    GovernedSource(
        "cld",
        ("adult_social_care_cld",),
        COUNCIL,
        _COUNCIL,
        (_PUBLIC_TASK, _HEALTH_CARE, _PSEUDONYMISED),
        _COUNCIL_OBJECTIONS,
        _COUNCIL_RETENTION_MONTHS,
    ),
    GovernedSource(
        "housing",
        ("housing_tenancy", "housing_repair"),
        HOUSING,
        "Example Borough Council",
        (_PUBLIC_TASK, _HEALTH_CARE),
        _LOCAL_OBJECTIONS,
        _COUNCIL_RETENTION_MONTHS,
    ),
    GovernedSource(
        "voluntary",
        ("voluntary_contact",),
        VOLUNTARY,
        "Example Voluntary Alliance",
        _EXPLICIT_CONSENT,
        {"case_finding": _CASE_FINDING},
        _VOLUNTARY_RETENTION_MONTHS,
    ),
)

_HEAD = """\
# Rules of use of these feeds. They are simulated: the people and the organisations do not exist.
# A source without an entry is not linked. A purpose that a source does not name is not allowed.
# 'opt_outs' names, for each purpose, the objections that keep a person's rows of the source out.
# 'declared_lag_days' runs from the day, or from the end of the month or quarter ('told').
"""
_SENSITIVE_CODES = {
    "list": "sensitive_codes",
    "version": "1",
    "action": "withhold_row",
}
"""The list of codes that never enter a store: kept, with its versions, by the records package."""


def governance_toml(period: Period) -> str:
    """The text of ``governance.toml`` for the feeds of a district.

    Parameters
    ----------
    period : Period
        The days that are observed.

    Returns
    -------
    str
        Top level: ``schema_version``, ``synthetic = true`` and ``purposes``; a table
        ``sensitive_codes``; a table ``sources.<name>`` per feed.

    Examples
    --------
    >>> import tomllib
    >>> from datetime import date
    >>> period = Period.of(date(2019, 1, 1), date(2024, 12, 31))
    >>> found = tomllib.loads(governance_toml(period))
    >>> found["synthetic"], found["sources"]["cld"]["purposes"]
    (True, ['case_finding', 'commissioning'])
    """
    top = {"schema_version": 1, "synthetic": True, "purposes": tuple(_NHS_OBJECTIONS)}
    tables = [_HEAD + _lines(top), "[sensitive_codes]\n" + _lines(_SENSITIVE_CODES)]
    tables += [_entry(source, period) for source in SOURCES]
    return "\n".join(tables)


def _entry(source: GovernedSource, period: Period) -> str:
    calendar = source.calendar
    entry = {
        "dialect": source.name,
        "feed": calendar.feed,
        "files": source.files,
        "controller": source.controller,
        "legal_basis": source.legal_basis,
        "purposes": tuple(source.opt_outs),
        "retention_months": source.retention_months,
        "sensitive_codes": "withheld",
        "told": _TOLD[calendar.months],
        "declared_lag_days": calendar.lag_days,
        "data_from": _date(period.first - calendar.history_days),
        "data_to": _date(period.last),
    }
    name = f"sources.{source.name}"
    return f"[{name}]\n{_lines(entry)}\n[{name}.opt_outs]\n{_lines(source.opt_outs)}"


def _date(day: int) -> date:
    found: date = dates(np.array([day]))[0].as_py()
    return found


def _lines(values: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in values.items())


def _value(value: Any) -> str:
    """A value as TOML: a string and an array of strings are written as in JSON."""
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value)
