"""FHIR conditions, requests for medicines, procedures and observations as events.

References
----------
HL7 FHIR R4, Condition, MedicationRequest, Procedure, Observation: statuses, and which element says
when it happened.

Notes
-----
- Of several codes of a resource one is kept (:mod:`riskstrat.records.sources.fhir_codes`); if any
  of them is sensitive the resource is left out.
- A condition dates from its onset; where that is told as a month or an age, from the day it was
  recorded. What was refuted or entered in error is left out.
- A request for a medicine counts where it is an order: plans and proposals are none, and a repeat
  medicine's plan stands beside the orders that follow from it.
- An observation with a number is a measurement. One with a coded answer keeps the code of the
  question, and the wording of the answer as its text; answers in free text are not kept. Each
  component, such as systolic and diastolic pressure, is an event.
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

__all__ = ["FACTS", "build_coded_facts", "build_observations"]


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

FACTS = ("fhir_contacts", *(f"{fact.table}_facts" for fact in _FACTS), "fhir_observation_facts")
"""Temporary tables of the events of one part of the people."""

_CODED = ("event_date", "event_time", "system", "code", "text", "encounter_id")
_EVENT = "patient_id, event_date, event_time, system, code, stay_id"


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
            content=_CODED,
        )
        told = versions(work, judged, work.recorded("event_date", *fact.recorded), _CODED)
        work.keep(
            f"{fact.table}_facts",
            f"""
            select {_EVENT}, text, '{fact.kind}' as kind, {work.feed} as source, recorded_date,
                superseded_date from ({stay_of_sql(work, told)}) t
            """,
        )
        work.give("events", f"select * from {fact.table}_facts")


def _resolve_medications(work: Work) -> None:
    """Give each request the codings of the medicine that it refers to.

    A medicine is about nobody, so all of them stand in the first part of the people; they are kept
    for the parts after it.
    """
    refuse_lines(work, "fhir_medication")
    medicines = f"fhir_medicines_{work.source.name}"
    execute = work.engine.connection.execute
    execute(
        f"create temp table if not exists {medicines} "
        "(identifier varchar, updated timestamp, codings varchar)"
    )
    execute(
        f"""
        insert into {medicines} select identifier, updated, codings from raw_fhir_medication
        where is_json and resource_type = 'Medication' and codings is not null
        """
    )
    execute(
        f"""
        update raw_fhir_medication set refusal = '{Reason.VOCABULARY}'
        where is_json and resource_type = 'Medication'
        """
    )
    work.judge("fhir_medication")
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


_OBSERVED = ("final", "amended", "corrected", "preliminary")
"""HL7 observation-status: what has a result that was not taken back."""

_MOMENTS = ("effective", "effective_start", "effective_instant", "issued")

_SAID = ("value", "unit", "answer", "answer_text", "components", "is_whole")

_PART_COLUMNS = """
json_extract_string(part, '$.code.coding') as codings,
json_extract_string(part, '$.valueCodeableConcept.coding') as answer,
try_cast(json_extract_string(part, '$.valueQuantity.value') as double) as number,
coalesce(json_extract_string(part, '$.valueQuantity.unit'),
    json_extract_string(part, '$.valueQuantity.code')) as unit
"""


def _parts_sql(rows: str, columns: str) -> str:
    """SQL: the components of observations, each with `columns` of its row."""
    return f"""
        select * exclude (part), {_PART_COLUMNS} from (
            select {columns},
                unnest(json_extract(try_cast(components as json), '$[*]')) as part
            from {rows} where components is not null
        ) listed
    """


def _with_parts(work: Work) -> None:
    """Make ``fhir_answered``: whether the components of a row say something, or a secret."""
    work.keep("fhir_parts", _parts_sql("raw_fhir_observation", "rowid as place"))
    codings = """
        select distinct codings from (
            select codings from raw_fhir_observation union all
            select answer from raw_fhir_observation union all
            select codings from fhir_parts union all select answer from fhir_parts
        ) written
    """
    register_codings(work.engine, "fhir_codings", codings, TERMS, work.sensitive_version)
    work.keep(
        "fhir_answered",
        """
        select place,
            bool_or(c.code is not null and (isfinite(number) or a.code is not null)) as is_answered,
            bool_or(coalesce(c.is_sensitive, false) or coalesce(a.is_sensitive, false))
                as is_sensitive
        from fhir_parts p left join fhir_codings c on c.codings = p.codings
        left join fhir_codings a on a.codings = p.answer group by place
        """,
    )


def build_observations(work: Work) -> None:
    """Judge observations; give their measurements and other events."""
    refuse_lines(work, "fhir_observation")
    _with_parts(work)
    content = (*_CODED, *_SAID)
    judged = work.judge(
        "fhir_observation",
        RESTRICTED,
        (Reason.SENSITIVE, "has_sensitive"),
        (Reason.NOT_DONE, f"coalesce(status not in {_OBSERVED}, true)"),
        (Reason.NOT_DONE, "absent is not null and not is_answered and value is null"),
        *day_rules(*_MOMENTS),
        (Reason.NO_CODE, "code is null and not is_answered"),
        select=f"""
            c.system, c.code, c.text, a.text as answer_text, {moment_columns(*_MOMENTS)},
            coalesce(r.quantity, r.whole_number) as value,
            coalesce(p.is_answered, false) as is_answered,
            c.code is not null and (not coalesce(p.is_answered, false)
                or coalesce(r.quantity, r.whole_number) is not null or a.code is not null)
                as is_whole,
            coalesce(c.is_sensitive, false) or coalesce(a.is_sensitive, false)
                or coalesce(p.is_sensitive, false) as has_sensitive
        """,
        joins="""
            left join fhir_codings c on c.codings = r.codings
            left join fhir_codings a on a.codings = r.answer
            left join fhir_answered p on p.place = r.rowid
        """,
        identifier="identifier || ' ' || coalesce(last_updated, '')",
        content=content,
    )
    known = work.recorded("event_date", "issued_day")
    told = versions(work, judged, known, (*content, "unit_code"))
    work.keep("fhir_observed", stay_of_sql(work, told))
    work.keep("fhir_observation_facts", _observed_sql(work))
    work.give("events", "select * from fhir_observation_facts")


def _observed_sql(work: Work) -> str:
    """SQL: the event of a row itself, and one for each component with a code and a value."""
    parts = _parts_sql(
        "fhir_observed",
        "patient_id, event_date, event_time, stay_id, recorded_date, superseded_date",
    )
    return f"""
        select {_EVENT}, case when value is not null then 'measurement' else 'observation' end
                as kind, value, case when value is not null then coalesce(unit, unit_code) end
                as unit, coalesce(answer_text, text) as text, {work.feed} as source,
            recorded_date, superseded_date
        from fhir_observed where is_whole
        union all
        select patient_id, event_date, event_time, c.system, c.code, stay_id,
            case when isfinite(number) then 'measurement' else 'observation' end,
            case when isfinite(number) then number end, case when isfinite(number) then unit end,
            coalesce(a.text, c.text), {work.feed}, recorded_date, superseded_date
        from ({parts}) p join fhir_codings c on c.codings = p.codings
        left join fhir_codings a on a.codings = p.answer
        where c.code is not null and (isfinite(number) or a.code is not null)
    """
