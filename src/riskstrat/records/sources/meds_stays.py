"""Stays of a MEDS stream: beginnings paired with the ends that follow them."""

from __future__ import annotations

from riskstrat.engine import Engine
from riskstrat.records.sources.judging import Reason, time_sql
from riskstrat.records.sources.meds import LAG_DAYS, Role
from riskstrat.records.sources.rows import create, register_hidden
from riskstrat.windows import after_sql

__all__ = ["JUDGED", "make_stays", "refuse"]

JUDGED = "judged_events"
"""The table of judged rows, one for each row of the stream."""

_PAIRS = (
    ("hospital", Role.ADMISSION, Role.DISCHARGE),
    ("ed", Role.ED_ARRIVAL, Role.ED_DEPARTURE),
)
"""Two kinds of stay, each with the role that begins it and the role that ends it."""


def refuse(engine: Engine, reason: Reason, condition: str) -> None:
    """Give the sound rows that meet a condition a reason."""
    engine.connection.execute(
        f"update {JUDGED} set reason = '{reason}' where reason is null and {condition}"
    )


def _pair(engine: Engine, name: str, start: Role, end: Role) -> None:
    """Pair each beginning with the end that follows it; an end without one is refused.

    Where a beginning and an end share a moment, the end comes first when a stay is open.
    """
    create(engine, f"{name}_marks", _marks_sql(start, end))
    lone = f"role = '{end}' and coalesce(last_role, '{end}') <> '{start}'"
    refuse(
        engine,
        Reason.END_WITHOUT_START,
        f"row_number in (select row_number from {name}_marks where {lone})",
    )
    create(
        engine,
        f"{name}_stays",
        f"""
        select subject, moment as start_moment, raw_code, kind, is_emergency, detail as source,
            case when next_role = '{end}' then next_moment end as end_moment,
            case when next_role = '{end}' then next_detail end as destination,
            case when next_role = '{end}' then next_method end as method
        from {name}_marks where role = '{start}'
        """,
    )


def _marks_sql(start: Role, end: Role) -> str:
    return f"""
        select *, lag(role) over history as last_role, lead(role) over history as next_role,
            lead(moment) over history as next_moment, lead(detail) over history as next_detail,
            lead(method) over history as next_method
        from (
            select *, sum(step) over (partition by subject order by moment)
                - sum(step) over (partition by subject, moment) as open_before
            from (
                select row_number, subject, moment, role, kind, raw_code, is_emergency, detail,
                    method, case when role = '{start}' then 1 else -1 end as step
                from {JUDGED}
                where reason is null and role in ('{start}', '{end}')
            ) marks
        ) counted
        window history as (
            partition by subject
            order by moment, case when open_before > 0 then step else -step end, raw_code
        )
    """


def _add_unregistered_attendances(engine: Engine) -> None:
    """A move into the emergency department outside every registered attendance begins one.

    Its end is not in the stream.
    """
    create(
        engine,
        "attendances",
        f"""
        select subject, start_moment, raw_code, end_moment from ed_stays
        union all
        select e.subject, e.moment, e.raw_code, null from {JUDGED} e
        where e.reason is null and e.role = '{Role.ED_TRANSFER}' and not exists (
            select 1 from ed_stays s
            where s.subject = e.subject and s.start_moment <= e.moment
                and (s.end_moment is null or e.moment <= s.end_moment)
        )
        """,
    )


def _name_stays(engine: Engine, key: bytes) -> None:
    create(
        engine,
        "all_stays",
        """
        select *, 'meds ' || subject || ' ' || cast(start_moment as varchar) || ' ' || raw_code
            as name
        from (
            select subject, start_moment, end_moment, raw_code, kind, is_emergency, source,
                destination, method
            from hospital_stays
            union all
            select subject, start_moment, end_moment, raw_code, 'emergency_department', null, null,
                null, null
            from attendances
        ) stays
        """,
    )
    register_hidden(engine, "hidden_stays", "select name from all_stays", key)
    create(
        engine,
        "named_stays",
        """
        select s.*, i.pseudonym as patient_id, h.pseudonym as stay_id,
            coalesce(cast(s.end_moment as date), cast(s.start_moment as date)) as told_date
        from all_stays s
        join identities i on i.identifier = s.subject
        join hidden_stays h on h.identifier = s.name
        """,
    )


def make_stays(engine: Engine, key: bytes) -> None:
    """Make ``stays``, and ``named_stays`` with the moments of each, from the judged rows."""
    for name, start, end in _PAIRS:
        _pair(engine, name, start, end)
    _add_unregistered_attendances(engine)
    _name_stays(engine, key)
    create(
        engine,
        "stays",
        f"""
        select patient_id, stay_id, kind, cast(start_moment as date) as start_date,
            {time_sql("start_moment")} as start_time, cast(end_moment as date) as end_date,
            source as admission_source, is_emergency, method as discharge_method,
            destination as discharge_destination,
            {after_sql("told_date", LAG_DAYS)} as recorded_date
        from named_stays
        """,
    )
