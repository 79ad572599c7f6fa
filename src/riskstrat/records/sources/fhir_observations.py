"""FHIR observations as measurements and other events.

References
----------
HL7 FHIR R4, Observation: statuses, values and components.

Notes
-----
- An observation with a number is a measurement. One with a coded answer keeps the code of the
  question, and the wording of the answer as its text; answers in free text are not kept. Each
  component, such as systolic and diastolic pressure, is an event.
- What was not measured (``dataAbsentReason``) is left out.
"""

from __future__ import annotations

from riskstrat.records.sources.fhir_codes import TERMS, register_codings
from riskstrat.records.sources.fhir_events import CODED, EVENT
from riskstrat.records.sources.fhir_rows import (
    RESTRICTED,
    day_rules,
    moment_columns,
    refuse_lines,
    stay_of_sql,
    versions,
)
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.work import Work

__all__ = ["OBSERVATION_FACTS", "build_observations"]

OBSERVATION_FACTS = "fhir_observation_facts"
"""Temporary table of these events, of one part of the people."""

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
    work.keep("fhir_parts", _parts_sql("raw_fhir_observation", "row_number as place"))
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
    content = (*CODED, *_SAID)
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
            left join fhir_answered p on p.place = r.row_number
        """,
        identifier="identifier || ' ' || coalesce(last_updated, '')",
        content=content,
    )
    known = work.recorded("event_date", "issued_day")
    told = versions(work, judged, known, (*content, "unit_code"))
    work.keep("fhir_observed", stay_of_sql(work, told))
    work.keep(OBSERVATION_FACTS, _observed_sql(work))
    work.give("events", f"select * from {OBSERVATION_FACTS}")


def _observed_sql(work: Work) -> str:
    """SQL: the event of a row itself, and one for each component with a code and a value."""
    parts = _parts_sql(
        "fhir_observed",
        "patient_id, event_date, event_time, stay_id, recorded_date, superseded_date",
    )
    return f"""
        select {EVENT}, case when value is not null then 'measurement' else 'observation' end
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
