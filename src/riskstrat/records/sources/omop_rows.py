"""OMOP tables judged row by row, and the canonical relations made of the rows that stand."""

from __future__ import annotations

from riskstrat.engine import Engine
from riskstrat.records.sources import omop
from riskstrat.records.sources.dialect import Built
from riskstrat.records.sources.judging import (
    Reason,
    identifier_sql,
    is_as_number_sql,
    mark_repeats,
    moment_sql,
    reason_sql,
    time_sql,
)
from riskstrat.records.sources.omop_codes import code_match_sql, map_codes
from riskstrat.records.sources.rows import (
    both_versions_sql,
    column_of,
    create,
    date_range,
    register_hidden,
    register_mapping,
)
from riskstrat.windows import after_sql

__all__ = ["build_omop"]

_MIDDLE_MONTH = 7

_JUDGED = {table.name: f"judged_{table.name}" for table in omop.TABLES if table.name != "concept"}
"""Raw table to the table of its judged rows; the vocabulary only serves to read the others."""


def build_omop(engine: Engine, key: bytes) -> Built:
    """Judge every raw table, then name the canonical relations after their tables."""
    register_mapping(engine, "sexes", omop.SEXES)
    register_mapping(engine, "places", omop.PLACES)
    _judge_people(engine)
    people = "select source_id from judged_person where reason is null"
    register_hidden(engine, "identities", people, key)
    _judge_deaths(engine)
    _judge_periods(engine)
    _judge_visits(engine)
    _hide_visits(engine, key)
    map_codes(engine)
    for table in omop.EVENT_TABLES:
        _judge_events(engine, table)
    first, last = _covered_days(engine)
    _make_relations(engine, last)
    judged = {
        table.name: f"judged_{table.name}" for table in omop.TABLES if table.name != "concept"
    }
    return Built(first, last, judged, _assumed(engine))


def _judge_people(engine: Engine) -> None:
    born = moment_sql("birth_datetime")
    year = f"try_cast({identifier_sql('year_of_birth')} as integer)"
    month = f"try_cast({identifier_sql('month_of_birth')} as integer)"
    create(
        engine,
        "parsed_person",
        f"""
        select rowid as row_number, file_number, {identifier_sql("person_id")} as source_id,
            coalesce(s.meaning, 'unknown') as sex, care_site_id as practice_code,
            case when regexp_full_match({identifier_sql("year_of_birth")}, '\\d{{4}}')
                then {year} end as birth_year,
            case when month_of_birth is null then month({born}) else {month} end as given_month,
            month_of_birth is null and birth_datetime is null as is_month_assumed
        from raw_person p left join sexes s on s.given = {identifier_sql("p.gender_concept_id")}
        """,
    )
    reason = reason_sql(
        (Reason.NO_IDENTIFIER, "source_id is null"),
        (Reason.IDENTIFIER_AS_NUMBER, is_as_number_sql("source_id")),
        (Reason.UNPARSABLE_DATE, "birth_month is null"),
    )
    create(
        engine,
        "judged_person",
        f"""
        select *, {reason} as reason from (
            select *, try(make_date(birth_year,
                    case when is_month_assumed then {_MIDDLE_MONTH} else given_month end, 1)
                ) as birth_month
            from parsed_person
        ) dated
        """,
    )
    content = ("birth_month", "sex", "practice_code", "is_month_assumed")
    mark_repeats(engine, "judged_person", "source_id", content)


def _known_person(alias: str) -> str:
    return (
        f"left join identities i on i.identifier = {identifier_sql(f'{alias}.person_id')} "
        f"left join judged_person p on p.source_id = i.identifier and p.reason is null"
    )


def _unknown_person(alias: str) -> tuple[tuple[Reason, str], ...]:
    return (
        (Reason.NO_IDENTIFIER, f"{alias}.person_id is null"),
        (Reason.IDENTIFIER_AS_NUMBER, is_as_number_sql(f"{alias}.person_id")),
        (Reason.UNKNOWN_PATIENT, "p.source_id is null"),
    )


def _judge_deaths(engine: Engine) -> None:
    day = f"cast({moment_sql('d.death_date')} as date)"
    reason = reason_sql(
        *_unknown_person("d"),
        (Reason.NO_DATE, "d.death_date is null"),
        (Reason.UNPARSABLE_DATE, f"{day} is null"),
        (Reason.DEATH_BEFORE_BIRTH, f"{day} < p.birth_month"),
    )
    create(
        engine,
        "judged_death",
        f"""
        select d.rowid as row_number, d.file_number, i.pseudonym as patient_id,
            {day} as death_date, {reason} as reason
        from raw_death d {_known_person("d")}
        """,
    )
    mark_repeats(engine, "judged_death", "patient_id", ("death_date",))


def _judge_periods(engine: Engine) -> None:
    start = f"cast({moment_sql('o.observation_period_start_date')} as date)"
    end = f"cast({moment_sql('o.observation_period_end_date')} as date)"
    reason = reason_sql(
        *_unknown_person("o"),
        (Reason.NO_DATE, "o.observation_period_start_date is null"),
        (
            Reason.UNPARSABLE_DATE,
            f"{start} is null or (o.observation_period_end_date is not null and {end} is null)",
        ),
        (Reason.END_BEFORE_START, f"{end} < {start}"),
    )
    create(
        engine,
        "judged_observation_period",
        f"""
        select o.rowid as row_number, o.file_number, i.pseudonym as patient_id,
            o.observation_period_id as identifier, p.practice_code, {start} as start_date,
            {end} as end_date, {reason} as reason
        from raw_observation_period o {_known_person("o")}
        """,
    )
    content = ("patient_id", "start_date", "end_date")
    mark_repeats(engine, "judged_observation_period", "identifier", content)


def _judge_visits(engine: Engine) -> None:
    start = f"cast({moment_sql('v.visit_start_date')} as date)"
    end = f"cast({moment_sql('v.visit_end_date')} as date)"
    kinds = {kind.concept: kind.kind for kind in omop.VISIT_KINDS}
    register_mapping(engine, "visit_kinds", kinds)
    emergencies = [kind.concept for kind in omop.VISIT_KINDS if kind.is_emergency]
    went = identifier_sql("v.discharged_to_concept_id")
    create(
        engine,
        "judged_visit_occurrence",
        f"""
        select v.rowid as row_number, v.file_number, i.pseudonym as patient_id,
            {identifier_sql("v.visit_occurrence_id")} as visit, k.meaning as kind,
            {start} as start_date, {time_sql(moment_sql("v.visit_start_datetime"))} as start_time,
            {end} as end_date, a.meaning as admission_source, d.meaning as discharge_destination,
            case when k.given in ({_quoted(emergencies)}) then true end as is_emergency,
            case when {went} in ({_quoted(omop.DIED)}) then '4' end as discharge_method,
            {_visit_reason(start, end)} as reason
        from raw_visit_occurrence v {_known_person("v")}
        left join visit_kinds k on k.given = {identifier_sql("v.visit_concept_id")}
        left join places a on a.given = {identifier_sql("v.admitted_from_concept_id")}
        left join places d on d.given = {went}
        """,
    )
    content = (
        *("patient_id", "kind", "is_emergency", "start_date", "start_time", "end_date"),
        *("admission_source", "discharge_destination", "discharge_method"),
    )
    mark_repeats(engine, "judged_visit_occurrence", "visit", content)


def _visit_reason(start: str, end: str) -> str:
    return reason_sql(
        *_unknown_person("v"),
        (Reason.NO_IDENTIFIER, "v.visit_occurrence_id is null"),
        (Reason.IDENTIFIER_AS_NUMBER, is_as_number_sql("v.visit_occurrence_id")),
        (Reason.NO_DATE, "v.visit_start_date is null"),
        (
            Reason.UNPARSABLE_DATE,
            f"{start} is null or (v.visit_end_date is not null and {end} is null)",
        ),
        (Reason.END_BEFORE_START, f"{end} < {start}"),
        (Reason.UNMAPPED_VISIT, "k.meaning is null"),
    )


def _quoted(concepts: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"'{concept}'" for concept in concepts)


def _hide_visits(engine: Engine, key: bytes) -> None:
    visits = "select 'omop visit ' || visit from judged_visit_occurrence where reason is null"
    register_hidden(engine, "hidden_visits", visits, key)
    create(
        engine,
        "visit_stays",
        """
        select v.*, h.pseudonym as stay_id, coalesce(v.end_date, v.start_date) as told_date
        from judged_visit_occurrence v
        join hidden_visits h on h.identifier = 'omop visit ' || v.visit
        where v.reason is null
        """,
    )


def _judge_events(engine: Engine, table: omop.EventTable) -> None:
    day = f"cast({moment_sql(f'e.{table.day}')} as date)"
    number = "try_cast(e.value_as_number as double)" if table.has_value else "cast(null as double)"
    reasons = [
        *_unknown_person("e"),
        (Reason.NO_DATE, f"e.{table.day} is null"),
        (Reason.UNPARSABLE_DATE, f"{day} is null"),
        (Reason.CODE_AS_NUMBER, "c.is_lost"),
        (Reason.NO_CODE, "c.code is null"),
    ]
    if table.has_value:
        wrong = f"e.value_as_number is not null and {number} is null"
        reasons.append((Reason.NOT_A_NUMBER, wrong))
    unit = (
        "coalesce(e.unit_source_value, u.written)" if table.has_value else "cast(null as varchar)"
    )
    units = (
        f"left join concepts u on u.concept = {identifier_sql('e.unit_concept_id')}"
        if table.has_value
        else ""
    )
    create(
        engine,
        f"judged_{table.name}",
        f"""
        select e.rowid as row_number, e.file_number, i.pseudonym as patient_id,
            {identifier_sql(f"e.{table.name}_id")} as identifier, '{table.kind}' as kind,
            {day} as event_date, {time_sql(moment_sql(f"e.{table.time}"))} as event_time,
            'omop' as source, c.system, c.code, c.name as text,
            case when isfinite({number}) then {number} end as value, {unit} as unit, v.stay_id,
            {reason_sql(*reasons)} as reason
        from raw_{table.name} e {_known_person("e")}
        left join event_codes c on {code_match_sql(table.prefix)}
        left join visit_stays v
            on v.visit = {identifier_sql("e.visit_occurrence_id")} and v.patient_id = i.pseudonym
        {units}
        """,
    )
    content = ("patient_id", "event_date", "event_time", "system", "code", "value", "stay_id")
    mark_repeats(engine, f"judged_{table.name}", "identifier", content)


def _covered_days(engine: Engine) -> tuple[str, str]:
    """From the first to the last day with both an open observation period and a fact.

    A single mistyped date cannot move them: it would have to stand among the periods and the facts.
    """
    facts = " union all ".join(
        f"select event_date as day from judged_{table.name} where reason is null"
        for table in omop.EVENT_TABLES
    )
    return date_range(
        engine,
        f"""
        select greatest(min(p.first_day), min(f.first_day)) as first_day,
            least(max(p.last_day), max(f.last_day)) as last_day
        from (
            select min(start_date) as first_day, max(coalesce(end_date, start_date)) as last_day
            from judged_observation_period where reason is null
        ) p cross join (
            select min(day) as first_day, max(day) as last_day
            from (select start_date as day from visit_stays union all {facts}) days
        ) f
        """,
        _JUDGED.values(),
    )


def _make_relations(engine: Engine, last_day: str) -> None:
    lag = omop.LAG_DAYS
    create(
        engine,
        "patients",
        f"""
        select i.pseudonym as patient_id, p.birth_month, p.sex, d.death_date,
            {after_sql("d.death_date", lag)} as death_recorded_date
        from judged_person p join identities i on i.identifier = p.source_id
        left join judged_death d on d.patient_id = i.pseudonym and d.reason is null
        where p.reason is null
        """,
    )
    create(
        engine,
        "periods",
        f"""
        select patient_id, practice_code, start_date,
            case when end_date < date '{last_day}' then end_date end as end_date
        from judged_observation_period where reason is null
        """,
    )
    create(engine, "registrations", both_versions_sql("periods", "patient_id, practice_code", lag))
    create(
        engine,
        "stays",
        f"""
        select patient_id, stay_id, kind, start_date, start_time, end_date, is_emergency,
            admission_source, discharge_destination, discharge_method,
            {after_sql("told_date", lag)} as recorded_date
        from visit_stays
        """,
    )
    facts = " union all ".join(
        "select patient_id, kind, event_date, event_time, source, system, code, value, unit, text, "
        f"stay_id, {after_sql('event_date', lag)} as recorded_date "
        f"from judged_{table.name} where reason is null"
        for table in omop.EVENT_TABLES
    )
    create(engine, "events", facts)


def _assumed(engine: Engine) -> dict[str, int]:
    query = "select count(*) as n from judged_person where reason is null and is_month_assumed"
    (people,) = column_of(engine, query)
    return {"month of birth not given, taken as July": int(people)} if people else {}
