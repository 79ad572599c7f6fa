"""Hospital stays: spells, admissions, attendances, nights, discharges.

Stays that continue one another are one spell with the type of its first stay. A spell that reads
as open is taken to have ended when the next one begins; if none follows, it lasts until the index
date. An appointment or attendance without a recorded outcome counts as attended: such feeds hold
only what took place.
"""

from __future__ import annotations

from riskstrat.engine import Step
from riskstrat.features.rules import COUNTED, known
from riskstrat.records.known import spells
from riskstrat.windows import days_sql

__all__ = ["LONGEST_OPEN_DAYS", "NIGHTS", "SPELL_STAYS", "STAY_COUNTS"]

LONGEST_OPEN_DAYS = 365
"""An open spell that began earlier is not believed: its end more likely never arrived. A
judgement."""

NUMBERED_STAYS = Step(
    "numbered_stays",
    f"""
    select s.row_number, s.stay_id, s.is_emergency, s.continues,
        {days_sql("s.start_date", "s.index_date")} as start_day,
        coalesce({days_sql("s.end_date", "s.index_date")}, 0) as end_day,
        sum(case when s.continues then 0 else 1 end) over (
            partition by s.row_number order by s.stay_order
            rows between unbounded preceding and current row
        ) as spell
    from spells s
    """,
)

FEATURE_SPELL_STAYS = Step(
    "feature_spell_stays",
    """
    select n.row_number, n.stay_id, n.spell, n.start_day, n.end_day,
        max(case
            when n.continues then null when n.is_emergency then 1 when not n.is_emergency then 0
        end) over (partition by n.row_number, n.spell) as emergency
    from numbered_stays n
    """,
)

SPELL_STAYS = (
    known("stays"),
    spells("known_stays", partition=("row_number", "index_date")),
    NUMBERED_STAYS,
    FEATURE_SPELL_STAYS,
)
"""Kept as ``feature_spell_stays``: inpatient stays with number and type of their spell."""

SPELL_ENDS = Step(
    "spell_ends",
    """
    select row_number, spell, max(emergency) as emergency, max(start_day) as start_day,
        min(end_day) as end_day
    from feature_spell_stays group by row_number, spell
    """,
)

HOSPITAL_SPELLS = Step(
    "hospital_spells",
    """
    select e.row_number, e.emergency, e.start_day, e.end_day, case
            when e.end_day > 0 then e.end_day
            else coalesce(lead(e.start_day) over (partition by e.row_number order by e.spell), 0)
        end as left_day
    from spell_ends e
    """,
)

INPATIENT_FACTS = Step(
    "inpatient_facts",
    """
    select row_number, 'inpatient_stay' as fact, start_day as day from hospital_spells
    union all
    select row_number, 'emergency_admission' as fact, start_day as day from hospital_spells
    where emergency = 1
    union all
    select row_number, 'elective_admission' as fact, start_day as day from hospital_spells
    where emergency = 0
    union all
    select row_number, 'discharge' as fact, end_day as day from hospital_spells where end_day > 0
    union all
    select row_number, 'in_hospital' as fact, start_day as day from hospital_spells
    where left_day = 0
    """,
)

ATTENDANCE_FACTS = Step(
    "attendance_facts",
    f"""
    select s.row_number, case
            when s.kind = 'day_case' then 'day_case'
            when s.kind = 'emergency_department' then 'ed_attendance'
            when s.attendance = 'did_not_attend' then 'outpatient_missed'
            else 'outpatient_attended'
        end as fact, {days_sql("s.start_date", "s.index_date")} as day
    from known_stays s
    where (s.kind in ('day_case', 'emergency_department', 'outpatient')
            and coalesce(s.attendance, 'attended') = 'attended')
        or (s.kind = 'outpatient' and s.attendance = 'did_not_attend')
    """,
)

STAY_FACTS = Step(
    "facts",
    """
    select row_number, fact, day from inpatient_facts
    union all
    select row_number, fact, day from attendance_facts
    """,
)

STAY_COUNTS = (
    SPELL_ENDS,
    HOSPITAL_SPELLS,
    INPATIENT_FACTS,
    known("stays"),
    ATTENDANCE_FACTS,
    STAY_FACTS,
    COUNTED,
)
"""Admissions, attendances, discharges: counts, flags and days since."""

NIGHTS = (
    SPELL_ENDS,
    HOSPITAL_SPELLS,
    Step(
        "nights",
        f"""
        select s.row_number, r.feature, cast(least(sum(
                least(s.start_day, r.window_days) - least(s.left_day, r.window_days)
            ), max(r.window_days)) as double) as value, min(s.start_day) as fact_day
        from hospital_spells s join feature_rules r on r.how = 'nights'
        where s.emergency = 1 and s.left_day < r.window_days and s.start_day > s.left_day
            and (s.left_day > 0 or s.start_day <= {LONGEST_OPEN_DAYS})
        group by s.row_number, r.feature
        """,
    ),
)
"""Nights of emergency spells, clipped to the window; overlapping spells never give more nights than
the window has."""
