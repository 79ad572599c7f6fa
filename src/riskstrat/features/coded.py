"""Coded events: every known event that stands for a fact."""

from __future__ import annotations

from riskstrat.engine import Step
from riskstrat.features.rules import known
from riskstrat.windows import days_sql

__all__ = ["CODED_EVENTS"]

CODED_EVENTS = (
    known("events"),
    Step(
        "coded_events",
        f"""
        select e.row_number, c.code_number, {days_sql("e.event_date", "e.index_date")} as day,
            case when e.attendance is null or e.attendance = 'attended' then 0
                when e.attendance = 'did_not_attend' then 1 else 2 end as attendance,
            s.start_day as stay_day, e.position, e.value, e.event_time
        from known_events e
        join feature_codes c on c.code = e.code and c.system = e.system and c.kind = e.kind
            and c.source = e.source
        left join feature_emergency_stays s
            on s.stay_id = e.stay_id and s.row_number = e.row_number
        where e.event_date >= $since
            and {days_sql("e.event_date", "e.index_date")} <= c.longest_days
        """,
    ),
)
"""The day of an event counts for what it says; the start of the emergency spell that it belongs to
for what is said of stays. Appointments that were cancelled say nothing. Before ``$since`` nothing
counts for any key: engines need not read it."""
