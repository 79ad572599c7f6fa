"""Hospital stays: spells, admissions, attendances, nights, discharges.

Stays that continue one another are one spell with the type of its first stay. A spell that reads
as open is taken to have ended when the next one begins; if none follows, it lasts until the index
date. An appointment or attendance without a recorded outcome counts as attended: such feeds hold
only what took place.
"""

from __future__ import annotations

from riskstrat.engine import Step
from riskstrat.features.rules import known
from riskstrat.records.known import spells
from riskstrat.windows import days_sql

__all__ = ["EMERGENCY_STAYS", "LONGEST_OPEN_DAYS", "READMITTED_DAYS", "SPELL_STAYS", "STAY_FACTS"]

ONCOLOGY_SPECIALTIES = ("260", "370", "503", "800")
"""Treatment functions of an oncology service: paediatric, medical, gynaecological and clinical (NHS
Data Dictionary, activity treatment function code)."""

LONGEST_OPEN_DAYS = 365
"""An open spell that began earlier is not believed: its end more likely never arrived. A
judgement."""

READMITTED_DAYS = 30
"""An emergency admission within so many days of a discharge is a readmission (NHS England,
emergency readmissions within 30 days of discharge)."""

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

EMERGENCY_STAYS = (
    Step(
        "feature_emergency_stays",
        """
        select row_number, stay_id, max(spell_day) as start_day
        from (
            select f.row_number, f.stay_id, f.emergency,
                max(f.start_day) over (partition by f.row_number, f.spell) as spell_day
            from feature_spell_stays f
        ) s
        where emergency = 1 group by row_number, stay_id
        """,
    ),
)
"""Kept as ``feature_emergency_stays``: the stays of emergency spells, whose codes count on the
first day of the spell for the scores of stays."""

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
        end as left_day,
        min(case when e.end_day > 0 then e.end_day end) over (
            partition by e.row_number order by e.spell
            rows between unbounded preceding and 1 preceding
        ) as left_before_day
    from spell_ends e
    """,
)

BELIEVED_SPELLS = Step(
    "believed_spells",
    f"""
    select *, case when left_day > 0 or start_day <= {LONGEST_OPEN_DAYS} then start_day - left_day
        else 0 end as nights
    from hospital_spells
    """,
)

INPATIENT_FACTS = Step(
    "inpatient_facts",
    f"""
    select row_number, 'inpatient_stay' as fact, start_day as day,
        nights as amount from believed_spells
    union all
    select row_number, case when emergency = 1 then 'emergency_admission'
        else 'elective_admission' end, start_day, nights
    from believed_spells where emergency is not null
    union all
    select row_number, 'emergency_spell', start_day, left_day from believed_spells
    where emergency = 1 and nights > 0
    union all
    select row_number, 'short_emergency_stay', start_day, 0 from believed_spells
    where emergency = 1 and end_day > 0 and start_day - end_day <= 1
    union all
    select row_number, 'readmission', start_day, left_before_day - start_day from believed_spells
    where emergency = 1 and left_before_day - start_day between 0 and {READMITTED_DAYS}
    union all
    select row_number, 'discharge', end_day, start_day - end_day from believed_spells
    where end_day > 0
    union all
    select row_number, 'in_hospital', start_day, 0 from believed_spells where left_day = 0
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
        end as fact, {days_sql("s.start_date", "s.index_date")} as day, 0 as amount, s.start_time
    from known_stays s
    where (s.kind in ('day_case', 'emergency_department', 'outpatient')
            and coalesce(s.attendance, 'attended') = 'attended')
        or (s.kind = 'outpatient' and s.attendance = 'did_not_attend')
    union all
    select s.row_number, 'discharge_specialty', {days_sql("s.end_date", "s.index_date")},
        case when s.specialty in {ONCOLOGY_SPECIALTIES} then 1 else 0 end, s.start_time
    from known_stays s
    where s.kind = 'inpatient' and s.end_date is not null and s.specialty is not null
    """,
)

STAY_FACTS = (
    SPELL_ENDS,
    HOSPITAL_SPELLS,
    BELIEVED_SPELLS,
    INPATIENT_FACTS,
    known("stays"),
    ATTENDANCE_FACTS,
    Step(
        "stay_facts",
        """
        select f.row_number, n.fact_number, f.day, cast(f.amount as double) as amount,
            f.start_time as event_time
        from (
            select row_number, fact, day, amount, cast(null as time) as start_time
            from inpatient_facts
            union all
            select row_number, fact, day, amount, start_time from attendance_facts
        ) f join feature_facts n on n.fact = f.fact
        """,
    ),
)
"""Admissions (amount: nights so far), emergency spells (amount: the day they were left),
readmissions (amount: days since the discharge before), discharges (amount: nights), specialties
that somebody was discharged from (amount: 1 for oncology), attendances."""
