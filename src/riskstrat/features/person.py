"""The person, the home and the support in force on the index date."""

from __future__ import annotations

from riskstrat.engine import Step
from riskstrat.features.rules import COUNTED, known
from riskstrat.windows import age_sql, days_sql

__all__ = ["PERSON", "REGISTERED_FOR", "REGISTRATION", "RESIDENCE", "SERVICES"]

PERSON = (
    known("patients"),
    Step(
        "person_attributes",
        f"""
        select p.row_number, u.feature, cast(case
                when u.fact = 'age' then {age_sql("p.birth_month", "p.index_date")}
                when p.sex = 'female' then 1
                when p.sex = 'male' then 0
            end as double) as value
        from known_patients p
        join feature_rules u on u.how = 'person'
        """,
    ),
    Step(
        "person",
        """
        select row_number, feature, value, -1 as fact_day from person_attributes
        where value is not null
        """,
    ),
)
"""Age in completed years; recorded sex, missing when neither female nor male."""

REGISTRATION = (
    known("registrations"),
    Step(
        "registration",
        f"""
        select g.row_number, u.feature, cast(least(
                max({days_sql("g.start_date", "g.index_date")}), max(u.window_days)
            ) as double) as value, -1 as fact_day
        from known_registrations g
        join feature_rules u on u.how = 'longest' and u.fact = 'registration'
        group by g.row_number, u.feature
        """,
    ),
)
"""How long the person can have left facts in the records, cut at the history that is read."""

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

RESIDENCE = (
    known("residences"),
    Step(
        "open_residences",
        f"""
        select a.row_number, {days_sql("a.start_date", "a.index_date")} as day,
            a.imd_decile, a.care_home, a.lives_alone, a.has_carer, row_number() over (
                partition by a.row_number
                order by a.start_date desc, a.recorded_date desc, a.lsoa, a.imd_decile,
                    a.care_home, a.lives_alone, a.has_carer
            ) as newest
        from known_residences a
        where a.end_date is null
        """,
    ),
    Step(
        "residence_attributes",
        """
        select a.row_number, u.feature, a.day as fact_day, cast(case
                when u.fact = 'imd_decile' then a.imd_decile
                when u.fact = 'care_home' then cast(a.care_home as integer)
                when u.fact = 'lives_alone' then cast(a.lives_alone as integer)
                when u.fact = 'has_carer' then cast(a.has_carer as integer)
            end as double) as value
        from open_residences a join feature_rules u on u.how = 'residence'
        where a.newest = 1
        """,
    ),
    Step(
        "residence",
        """
        select row_number, feature, value, fact_day from residence_attributes
        where value is not null
        """,
    ),
)
"""Attributes of the latest address in force; missing when there is none or it does not say."""

SERVICES = (
    known("services"),
    Step(
        "services_in_force",
        f"""
        select s.row_number, f.family, min({days_sql("s.start_date", "s.index_date")}) as day
        from known_services s
        join service_families f on f.service = s.service
        where s.end_date is null
        group by s.row_number, f.family
        """,
    ),
    Step(
        "facts",
        """
        select row_number, concat('service.', family) as fact, day from services_in_force
        union all
        select row_number, 'service_kind' as fact, day from services_in_force
        """,
    ),
    COUNTED,
)
"""Kinds of support in force; programmes that a list can start are not in ``service_families``."""
