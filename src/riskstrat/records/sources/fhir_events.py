"""FHIR conditions, requests for medicines and procedures as events.

References
----------
HL7 FHIR R4, Condition, MedicationRequest, Procedure: statuses, and which element says when it
happened.

Notes
-----
- Of several codes of a resource one is kept (:mod:`riskstrat.records.sources.fhir_codes`); if any
  of them is sensitive the resource is left out.
- A condition dates from its onset; where that is told as a month or an age, from the day it was
  recorded. What was refuted or entered in error is left out.
- A request for a medicine counts where it is an order: plans and proposals are none, and a repeat
  medicine's plan stands beside the orders that follow from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskstrat.records.sources.fhir_codes import MEDICINES, TERMS, register_codings
from riskstrat.records.sources.fhir_rows import (
    RESTRICTED,
    day_rules,
    moment_columns,
    refuse_lines,
    stay_of_sql,
    versions,
)
from riskstrat.records.sources.fhir_tables import reference_sql
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.work import Work

__all__ = ["CODED", "CODED_FACTS", "EVENT", "build_coded_facts"]


@dataclass(frozen=True)
class _Fact:
    """A resource that is one coded event.

    Parameters
    ----------
    table : str
    kind : str
        Kind of event.
    moments : tuple of str
        Columns that may say when it happened.
    not_done : str
        SQL: it did not take place, or was taken back.
    recorded : tuple of str
        Columns with the day on which it was recorded.
    preference : sequence of str
        Coding systems, the preferred first.
    """

    table: str
    kind: str
    moments: tuple[str, ...]
    not_done: str
    recorded: tuple[str, ...] = ()
    preference: Sequence[str] = TERMS


_FACTS = (
    _Fact(
        "fhir_condition",
        "diagnosis",
        ("onset", "onset_start", "recorded"),
        "verification in ('refuted', 'entered-in-error')",
        recorded=("recorded_day",),
    ),
    _Fact(
        "fhir_medication_request",
        "medication",
        ("authored",),
        "status in ('cancelled', 'entered-in-error', 'draft') or prohibited = 'true' "
        "or intent in ('proposal', 'plan', 'option')",
        preference=MEDICINES,
    ),
    _Fact(
        "fhir_procedure",
        "procedure",
        ("performed", "performed_start"),
        "coalesce(status not in ('completed', 'in-progress', 'stopped'), true)",
    ),
)

CODED_FACTS = tuple(f"{fact.table}_facts" for fact in _FACTS)
"""Temporary tables of these events, of one part of the people."""

CODED = ("event_date", "event_time", "system", "code", "text", "encounter_id")
"""What a resource with a code says."""

EVENT = "patient_id, event_date, event_time, system, code, stay_id"
"""SQL select list of what every event has."""


def build_coded_facts(work: Work) -> None:
    """Judge conditions, requests and procedures; give their events."""
    _resolve_medications(work)
    for fact in _FACTS:
        refuse_lines(work, fact.table)
        codings = f"select distinct codings from raw_{fact.table}"
        register_codings(
            work.engine, "fhir_codings", codings, fact.preference, work.sensitive_version
        )
        judged = work.judge(
            fact.table,
            RESTRICTED,
            (Reason.SENSITIVE, "coalesce(is_sensitive, false)"),
            (Reason.NOT_DONE, fact.not_done),
            *day_rules(*fact.moments),
            (Reason.NO_CODE, "code is null"),
            select=f"c.system, c.code, c.text, c.is_sensitive, {moment_columns(*fact.moments)}",
            joins="left join fhir_codings c on c.codings = r.codings",
            identifier="identifier || ' ' || coalesce(last_updated, '')",
            content=CODED,
        )
        told = versions(work, judged, work.recorded("event_date", *fact.recorded), CODED)
        work.keep(
            f"{fact.table}_facts",
            f"""
            select {EVENT}, text, '{fact.kind}' as kind, {work.feed} as source, recorded_date,
                superseded_date from ({stay_of_sql(work, told)}) t
            """,
        )
        work.give("events", f"select * from {fact.table}_facts")


def _resolve_medications(work: Work) -> None:
    """Give each request the codings of the medicine that it refers to, or that it contains."""
    medicines = _known_medicines(work)
    work.own("fhir_medication_request")
    execute = work.engine.connection.execute
    execute(
        """
        update raw_fhir_medication_request set codings = contained_codings
        where codings is null and medication = '#' || contained_id
        """
    )
    execute(
        f"""
        update raw_fhir_medication_request set codings = m.codings
        from (
            select identifier, first(codings order by updated desc nulls last, codings) as codings
            from {medicines} group by identifier
        ) m
        where raw_fhir_medication_request.codings is null
            and m.identifier = {reference_sql("medication", "Medication")}
        """
    )


def _known_medicines(work: Work) -> str:
    """Keep the medicines that a source lists; returns the name of their table.

    They are about nobody, so all of them stand in the first part of the people, and serve the parts
    after it.
    """
    refuse_lines(work, "fhir_medication")
    is_medicine = "is_json and resource_type = 'Medication'"
    medicines = f"fhir_medicines_{work.source.name}"
    execute = work.engine.connection.execute
    execute(
        f"create temp table if not exists {medicines} "
        "(identifier varchar, updated timestamp, codings varchar)"
    )
    execute(
        f"insert into {medicines} select identifier, updated, codings from raw_fhir_medication "
        f"where {is_medicine} and codings is not null"
    )
    execute(f"update raw_fhir_medication set refusal = '{Reason.VOCABULARY}' where {is_medicine}")
    work.judge("fhir_medication")
    return medicines
