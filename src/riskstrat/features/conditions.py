"""Coded facts: long-term conditions, falls, the Charlson index and the Hospital Frailty Risk Score.

The same rules as pure functions on lists of codes are in ``indices.py``; a test compares them.
"""

from __future__ import annotations

from riskstrat.engine import Step
from riskstrat.features.rules import COUNTED, known
from riskstrat.windows import days_sql

__all__ = ["CHARLSON", "CODED_COUNTS", "CODED_DAYS", "CODES", "HFRS"]

CODES = (
    Step(
        "listed_codes",
        """
        select distinct kind, system, code from events where kind in ('diagnosis', 'observation')
        """,
    ),
    Step(
        "feature_codes",
        """
        select distinct c.kind, c.system, c.code, r.fact
        from listed_codes c join feature_code_rules r on r.kind = c.kind and r.system = c.system
        where c.code = r.code or (r.is_prefix and starts_with(c.code, r.code))
        """,
    ),
)
"""Kept as ``feature_codes``: the codes that occur, and the facts each stands for."""

CODED_DAYS = (
    known("events"),
    Step(
        "feature_coded_days",
        f"""
        select e.row_number, c.fact, {days_sql("e.event_date", "e.index_date")} as day
        from known_events e
        join feature_codes c on c.kind = e.kind and c.system = e.system and c.code = e.code
        join feature_feeds f on f.source = e.source
        group by e.row_number, c.fact, {days_sql("e.event_date", "e.index_date")}
        """,
    ),
)
"""Kept as ``feature_coded_days``: each coded fact once a day."""

CODED_COUNTS = (
    Step(
        "facts",
        """
        select row_number, fact, day from feature_coded_days
        union all
        select d.row_number, 'long_term_condition' as fact, min(d.day) as day
        from feature_coded_days d join counted_conditions c on c.fact = d.fact
        group by d.row_number, d.fact
        """,
    ),
    COUNTED,
)
"""Flags of conditions, their number, and days with a fall."""

CHARLSON = (
    Step(
        "charlson_present",
        """
        select d.row_number, r.feature, d.fact, w.weight, min(d.day) as day
        from feature_coded_days d
        join charlson_weights w on w.fact = d.fact
        join feature_rules r on r.how = 'score' and r.fact = 'charlson'
            and d.day between 1 and r.window_days
        group by d.row_number, r.feature, d.fact, w.weight
        """,
    ),
    Step(
        "charlson",
        """
        select p.row_number, p.feature, cast(sum(p.weight) as double) as value,
            coalesce(min(case when p.weight > 0 then p.day end), -1) as fact_day
        from charlson_present p
        left join charlson_hierarchy h on h.drop_fact = p.fact
        left join charlson_present q
            on q.row_number = p.row_number and q.feature = p.feature and q.fact = h.when_present
        where q.fact is null
        group by p.row_number, p.feature
        """,
    ),
)
"""Each condition once; a milder form does not count beside the severe one."""

HFRS = (
    known("events"),
    Step(
        "hfrs_codes",
        """
        select s.row_number, u.feature, substring(e.code, 1, 3) as code3, min(s.start_day) as day
        from known_events e
        join feature_feeds f on f.source = e.source
        join feature_spell_stays s on s.row_number = e.row_number and s.stay_id = e.stay_id
        join feature_rules u on u.how = 'score' and u.fact = 'hfrs'
            and s.start_day between 1 and u.window_days
        where e.kind = 'diagnosis' and e.system = 'icd10' and s.emergency = 1
        group by s.row_number, u.feature, substring(e.code, 1, 3)
        """,
    ),
    Step(
        "hfrs",
        """
        select c.row_number, c.feature,
            cast(sum(coalesce(p.tenths, 0)) as double) / 10 as value, min(c.day) as fact_day
        from hfrs_codes c left join hfrs_points p on p.code3 = c.code3
        group by c.row_number, c.feature
        """,
    ),
)
"""Emergency inpatient spells, every diagnosis position, each three-character code once. Without a
coded emergency spell there is no row: missing, not zero (binding statistical rule 20)."""
