"""The person, the home and the support in force on the index date."""

from __future__ import annotations

from riskstrat.engine import Step
from riskstrat.features.rules import known
from riskstrat.windows import age_sql, days_sql

__all__ = ["PERSON_FACTS", "REGISTERED_FOR", "RESIDENCE_FACTS", "SERVICE_FACTS"]

PERSON_FACTS = (
    known("patients"),
    Step(
        "person_attributes",
        f"""
        select p.row_number, 'age' as fact, {age_sql("p.birth_month", "p.index_date")} as amount
        from known_patients p
        union all
        select p.row_number, 'sex_female', case when p.sex = 'female' then 1 when p.sex = 'male'
            then 0 end
        from known_patients p
        union all
        select k.row_number, 'winter', case when month(k.index_date) in (11, 12, 1, 2, 3) then 1
            else 0 end
        from cohort_keys k
        union all
        select k.row_number, 'month', month(k.index_date) from cohort_keys k
        """,
    ),
    Step(
        "person_facts",
        """
        select p.row_number, n.fact_number, 0 as day, cast(p.amount as double) as amount
        from person_attributes p join feature_facts n on n.fact = p.fact
        where p.amount is not null
        """,
    ),
)
"""Age in completed years; recorded sex, missing when neither female nor male; the season."""

REGISTERED_FOR = (
    known("registrations"),
    Step(
        "registered_for",
        f"""
        select g.row_number, max({days_sql("g.start_date", "g.index_date")}) as days
        from known_registrations g group by g.row_number
        """,
    ),
)
"""Days since the first known registration of each row that has one."""

RESIDENCE_FACTS = (
    known("residences"),
    known("registrations"),
    Step(
        "open_residences",
        f"""
        select a.row_number, {days_sql("a.start_date", "a.index_date")} as day,
            a.imd_decile, a.care_home, a.lives_alone, a.has_carer, a.tenure, row_number() over (
                partition by a.row_number
                order by a.start_date desc, a.recorded_date desc, a.lsoa, a.imd_decile,
                    a.care_home, a.lives_alone, a.has_carer, a.tenure
            ) as newest
        from known_residences a
        where a.end_date is null
        """,
    ),
    Step(
        "residence_attributes",
        f"""
        select row_number, 'imd_decile' as fact, day, imd_decile as amount
        from open_residences where newest = 1
        union all
        select row_number, 'care_home', day, cast(care_home as integer)
        from open_residences where newest = 1
        union all
        select row_number, 'lives_alone', day, cast(lives_alone as integer)
        from open_residences where newest = 1
        union all
        select row_number, 'has_carer', day, cast(has_carer as integer)
        from open_residences where newest = 1
        union all
        select row_number, 'social_rented', day, case when tenure = 'social_rented' then 1
            when tenure is not null then 0 end
        from open_residences where newest = 1
        union all
        select row_number, 'address_days', day, day from open_residences where newest = 1
        union all
        select distinct a.row_number, 'moved_home',
            {days_sql("a.start_date", "a.index_date")}, 0
        from (
            select row_number, index_date, start_date,
                min(start_date) over (partition by row_number) as first_date
            from known_residences
        ) a where a.start_date > a.first_date
        union all
        select distinct g.row_number, 'registration',
            {days_sql("g.start_date", "g.index_date")}, 0 from known_registrations g
        """,
    ),
    Step(
        "residence_facts",
        """
        select a.row_number, n.fact_number, a.day, cast(a.amount as double) as amount
        from residence_attributes a join feature_facts n on n.fact = a.fact
        where a.amount is not null
        """,
    ),
)
"""Attributes of the latest address in force, missing when there is none or it does not say; moves;
registrations."""

SERVICE_FACTS = (
    known("services"),
    Step(
        "service_spells",
        f"""
        select s.row_number, f.family, {days_sql("s.start_date", "s.index_date")} as start_day,
            coalesce({days_sql("s.end_date", "s.index_date")}, 0) as end_day,
            coalesce(s.minutes_per_week, 0) as minutes
        from known_services s
        join service_families f on f.service = s.service
        """,
    ),
    Step(
        "services_in_force",
        """
        select row_number, family, min(start_day) as day, max(start_day) as first_day,
            sum(minutes) as minutes
        from service_spells where end_day = 0 group by row_number, family
        """,
    ),
    Step(
        "service_attributes",
        """
        select row_number, concat('service.', family) as fact, day, minutes as amount
        from services_in_force
        union all
        select distinct row_number, concat('started.', family), start_day, 0 from service_spells
        union all
        select distinct row_number, concat('stopped.', family), end_day, 0 from service_spells
        where end_day > 0
        """,
    ),
    Step(
        "service_facts",
        """
        select a.row_number, n.fact_number, a.day, cast(a.amount as double) as amount
        from service_attributes a join feature_facts n on n.fact = a.fact
        """,
    ),
)
"""Kinds of support in force (amount: minutes a week), started and stopped; programmes that a list
can start are not in ``service_families``."""
