"""A MEDS stream judged row by row, and the canonical relations made of the rows that stand."""

from __future__ import annotations

from dataclasses import asdict

import pyarrow as pa

from riskstrat.engine import Engine
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
from riskstrat.records.sources.meds import LAG_DAYS, MappedCode, Role, map_code
from riskstrat.records.sources.meds_stays import JUDGED, make_stays, refuse
from riskstrat.records.sources.rows import (
    both_versions_sql,
    column_of,
    create,
    date_range,
    register_hidden,
)
from riskstrat.windows import after_sql

__all__ = ["build_meds"]


def build_meds(engine: Engine, key: bytes) -> Built:
    """Judge every row of the stream, then name the canonical relations after their tables."""
    _map_codes(engine)
    _judge_rows(engine)
    mark_repeats(engine, JUDGED, "single_fact", ("moment", "raw_code"))
    mark_repeats(engine, JUDGED, "mark", ("mark",))
    people = f"select subject from {JUDGED} where role = '{Role.BIRTH}' and reason is null"
    register_hidden(engine, "identities", people, key)
    _refuse_people_without_birth(engine)
    _refuse_deaths_before_birth(engine)
    make_stays(engine, key)
    _make_events(engine)
    first, last = _covered_days(engine)
    _make_people(engine, last)
    return Built(first, last, {"events": JUDGED})


def _map_codes(engine: Engine) -> None:
    """What each distinct code stands for, once."""
    codes = column_of(engine, "select distinct code from raw_events where code is not null")
    flags = {"is_coded_late", "is_emergency"}
    names = list(asdict(MappedCode(Role.FACT)))
    schema = pa.schema(
        [("raw_code", pa.string())]
        + [(name, pa.bool_() if name in flags else pa.string()) for name in names]
    )
    mapped = [{"raw_code": code, **_plain(map_code(code))} for code in codes]
    engine.register("meds_codes", pa.Table.from_pylist(mapped, schema=schema))


def _plain(mapped: MappedCode) -> dict[str, object]:
    return {**asdict(mapped), "role": str(mapped.role)}


def _judge_rows(engine: Engine) -> None:
    """One row per raw row with its reason, as far as the row alone can tell.

    ``single_fact`` names what a person has once (birth, death, sex), ``mark`` the beginning or end
    of a stay: repeats of either are no second fact.
    """
    reason = reason_sql(
        (Reason.NO_IDENTIFIER, "subject is null"),
        (Reason.IDENTIFIER_AS_NUMBER, is_as_number_sql("subject")),
        (Reason.NO_CODE, "raw_code is null"),
        (Reason.CODE_AS_NUMBER, is_as_number_sql("raw_code", code=True)),
        (Reason.NO_DATE, f"time is null and role <> '{Role.SEX}'"),
        (Reason.UNPARSABLE_DATE, "time is not null and moment is null"),
    )
    single = f"'{Role.BIRTH}', '{Role.DEATH}', '{Role.SEX}'"
    create(
        engine,
        JUDGED,
        f"""
        select *, {reason} as reason,
            case when role in ({single}) then subject || ' ' || role end as single_fact,
            case when role not in ({single}, '{Role.FACT}')
                then subject || ' ' || cast(moment as varchar) || ' ' || raw_code end as mark
        from (
            select e.rowid as row_number, e.file_number, e.code as raw_code, e.time,
                {identifier_sql("e.subject_id")} as subject, {moment_sql("e.time")} as moment,
                try_cast(coalesce(e.numeric_value, e.value) as double) as number,
                case when e.text_value is not null then e.text_value
                    when try_cast(e.value as double) is null then e.value end as words,
                c.* exclude (raw_code)
            from raw_events e left join meds_codes c on c.raw_code = e.code
        ) parsed
        """,
    )


def _refuse_people_without_birth(engine: Engine) -> None:
    refuse(engine, Reason.NO_BIRTH, "subject not in (select identifier from identities)")


def _refuse_deaths_before_birth(engine: Engine) -> None:
    create(
        engine,
        "births",
        f"""
        select subject, cast(date_trunc('month', moment) as date) as birth_month
        from {JUDGED} where role = '{Role.BIRTH}' and reason is null
        """,
    )
    early = f"""
        role = '{Role.DEATH}' and exists (
            select 1 from births b
            where b.subject = {JUDGED}.subject and cast(moment as date) < b.birth_month
        )
    """
    refuse(engine, Reason.DEATH_BEFORE_BIRTH, early)


def _make_events(engine: Engine) -> None:
    """Facts with the stay they fall into, and the day they became known."""
    create(engine, "facts", _FACTS)
    create(engine, "ends", _ENDS)
    create(engine, "hospital_periods", _periods("kind <> 'emergency_department'"))
    create(engine, "ed_periods", _periods("kind = 'emergency_department'"))
    create(engine, "placed_facts", _PLACED)
    create(engine, "dated_facts", _DATED)
    create(
        engine,
        "events",
        f"""
        select patient_id, kind, event_date, {time_sql("moment")} as event_time, 'meds' as source,
            system, code, case when isfinite(number) then number end as value, unit,
            coalesce(text, words) as text, stay_id,
            {after_sql("told_date", LAG_DAYS)} as recorded_date
        from dated_facts
        """,
    )


_FACTS = f"""
    select e.*, i.pseudonym as patient_id, cast(e.moment as date) as event_date,
        case when {time_sql("e.moment")} is null
            then cast(cast(cast(e.moment as date) as varchar) || ' 23:59:59' as timestamp)
            else e.moment end as latest_moment
    from {JUDGED} e join identities i on i.identifier = e.subject
    where e.reason is null and e.role = '{Role.FACT}'
"""
"""A bare date (midnight) may fall into a stay that begins later on the same day."""

_ENDS = """
    select subject, end_moment, max(stay_id) as stay_id, max(told_date) as told_date
    from named_stays where kind <> 'emergency_department' and end_moment is not null
    group by subject, end_moment
"""


def _periods(condition: str) -> str:
    return f"""
        select subject, start_moment, max(end_moment) as end_moment, max(stay_id) as stay_id,
            max(told_date) as told_date
        from named_stays where {condition} group by subject, start_moment
    """


_PLACED = """
    select f.*,
        case when f.is_coded_late and n.stay_id is not null then n.stay_id
            when h.end_moment >= f.moment then h.stay_id
            when a.end_moment >= f.moment then a.stay_id end as stay_id,
        case when f.is_coded_late and n.stay_id is not null then n.told_date
            when h.end_moment >= f.moment then h.told_date
            when a.end_moment >= f.moment then a.told_date end as stay_told_date
    from facts f
    left join ends n on n.subject = f.subject and n.end_moment = f.moment
    asof left join hospital_periods h
        on h.subject = f.subject and f.latest_moment >= h.start_moment
    asof left join ed_periods a
        on a.subject = f.subject and f.latest_moment >= a.start_moment
"""
"""A code that is only known at discharge belongs to the stay that ends at its moment; any other
fact to the hospital stay it falls into, else to the attendance."""

_DATED = """
    select *, case when is_coded_late
            then greatest(event_date, coalesce(stay_told_date, event_date))
            else event_date end as told_date
    from placed_facts
"""


def _covered_days(engine: Engine) -> tuple[str, str]:
    return date_range(
        engine,
        f"""
        select min(cast(moment as date)) as first_day, max(cast(moment as date)) as last_day
        from {JUDGED} where reason is null and role not in ('{Role.BIRTH}', '{Role.SEX}')
        """,
        [JUDGED],
    )


def _make_people(engine: Engine, last_day: str) -> None:
    create(
        engine,
        "deaths",
        f"""
        select subject, cast(moment as date) as death_date
        from {JUDGED} where reason is null and role = '{Role.DEATH}'
        """,
    )
    create(
        engine,
        "patients",
        f"""
        select i.pseudonym as patient_id, b.birth_month, coalesce(x.detail, 'unknown') as sex,
            d.death_date, {after_sql("d.death_date", LAG_DAYS)} as death_recorded_date
        from births b join identities i on i.identifier = b.subject
        left join deaths d on d.subject = b.subject
        left join {JUDGED} x
            on x.subject = b.subject and x.role = '{Role.SEX}' and x.reason is null
        """,
    )
    create(
        engine,
        "followed",
        f"""
        select patient_id, start_date, case when last_date < date '{last_day}' then last_date end
            as end_date
        from (
            select i.pseudonym as patient_id, min(cast(e.moment as date)) as start_date,
                max(cast(e.moment as date)) as last_date
            from {JUDGED} e join identities i on i.identifier = e.subject
            where e.reason is null and e.role not in ('{Role.BIRTH}', '{Role.SEX}')
            group by i.pseudonym
        ) spans
        """,
    )
    create(engine, "registrations", both_versions_sql("followed", "patient_id", LAG_DAYS))
