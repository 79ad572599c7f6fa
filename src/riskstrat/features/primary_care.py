"""GP contacts, medicines and measurements."""

from __future__ import annotations

from riskstrat.engine import Step
from riskstrat.features.rules import COUNTED, known
from riskstrat.windows import days_sql

__all__ = ["CONTACTS", "FIRST_APPLIANCE_CHAPTER", "MEASUREMENTS", "MEDICINES"]

FIRST_APPLIANCE_CHAPTER = "20"
"""BNF chapters from 20 on are dressings, appliances and stoma care, not medicines (NHSBSA BNF code
information)."""

CONTACTS = (
    known("events"),
    Step(
        "facts",
        f"""
        select distinct e.row_number, 'gp_contact_day' as fact,
            {days_sql("e.event_date", "e.index_date")} as day
        from known_events e
        join feature_feeds f on f.source = e.source and f.family = 'gp'
        where e.kind in ('contact', 'appointment')
            and coalesce(e.attendance, 'attended') = 'attended'
        """,
    ),
    COUNTED,
)
"""Days with a contact: an appointment and the consultation it became are one."""

MEDICINES = (
    known("events"),
    Step(
        "medicine_days",
        f"""
        select e.row_number, {days_sql("e.event_date", "e.index_date")} as day,
            concat(e.system, ' ', case
                when e.system = 'bnf' then substring(e.code, 1, 4) else e.code
            end) as medicine
        from known_events e
        join feature_feeds f on f.source = e.source
        where e.kind = 'medication'
            and not (e.system = 'bnf' and e.code >= '{FIRST_APPLIANCE_CHAPTER}')
        """,
    ),
    Step(
        "facts",
        """
        select row_number, 'medicine_item' as fact, day from medicine_days
        union all
        select row_number, 'medicine_kind' as fact, min(day) as day
        from medicine_days group by row_number, medicine
        """,
    ),
    COUNTED,
)
"""Items, and kinds: BNF sections (four digits), or distinct codes of another system."""

MEASUREMENTS = (
    known("events"),
    Step(
        "readings",
        f"""
        select e.row_number, m.fact, m.minimum, m.maximum, e.event_time,
            {days_sql("e.event_date", "e.index_date")} as day,
            e.value * m.scale + m.shift as value
        from known_events e
        join feature_measurements m on m.kind = e.kind and m.system = e.system and m.code = e.code
        join feature_feeds f on f.source = e.source
        where e.value is not null
        """,
    ),
    Step(
        "plausible",
        """
        select p.row_number, p.fact, p.day, p.value, row_number() over (
                partition by p.row_number, p.fact
                order by p.day, p.event_time desc nulls last, p.value desc
            ) as newest
        from readings p where p.value between p.minimum and p.maximum
        """,
    ),
    Step(
        "latest",
        """
        select p.row_number, r.feature, p.value, p.day as fact_day
        from plausible p
        join feature_rules r on r.how = 'latest' and r.fact = p.fact
            and p.day between 1 and r.window_days
        where p.newest = 1
        """,
    ),
)
"""The latest value in the plausible range; of several on a day the latest by time, then the
highest."""
