"""How facts become values: one row per person, index date and feature.

A fact is (row, fact, day): something that was known of the person of a matrix row, that many days
before the index date. The rules of the catalogue say what becomes of facts:

=========  =======================================================================
how        value
=========  =======================================================================
count      number of facts within the window
any        1 when there is a fact within the window
since      days since the latest fact within the window; missing without one
nights     nights of hospital spells that fall within the window
latest     latest plausible value within the window; missing without one
longest    days since the earliest fact, cut at the window
score      a published index (see indices.py)
residence  an attribute of the address in force
person     an attribute of the person
=========  =======================================================================

Queries read these relations, which :func:`riskstrat.features.build_features` registers:
``cohort_keys`` with a ``row_number``, ``feature_rules`` (feature, how, fact, window_days),
``feature_codes``, ``feature_measurements``, ``feature_feeds``, ``service_families``,
``hfrs_points``, ``charlson_weights`` and ``charlson_hierarchy``.
"""

from __future__ import annotations

from riskstrat.engine import Step
from riskstrat.records.known import as_known

__all__ = ["COUNTED", "known"]


def known(table: str) -> Step:
    """As :func:`riskstrat.records.as_known`, with the ``row_number`` of the key.

    A key's number stands for its person and index date in every later join: joining the keys a
    second time would let an engine pair all people of one index date before it looks at the facts.
    """
    step = as_known(table)
    numbered = step.expression.copy().select("k.row_number", dialect="duckdb")
    return Step(step.name, numbered.sql(dialect="duckdb"))


COUNTED = Step(
    "counted",
    """
    select f.row_number, r.feature,
        cast(case r.how
                when 'count' then count(*) when 'since' then min(f.day) else 1
            end as double) as value,
        min(f.day) as fact_day
    from facts f
    join feature_rules r on r.fact = f.fact
        and (r.window_days is null or f.day between 1 and r.window_days)
    where r.how in ('count', 'any', 'since')
    group by f.row_number, r.feature, r.how
    """,
)
"""The rules count, any and since, from a step named ``facts``."""
