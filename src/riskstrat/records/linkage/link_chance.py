"""How often two different people agree by chance, of all comparisons.

It is counted between two halves of the known people that have nobody in common, one of them dressed
as claims: counted between claims and people, true pairs would pass for chance, which matters where
few people are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from riskstrat.engine import Engine
from riskstrat.records.linkage.link_model import COMPARISONS, Comparison

__all__ = ["Shares", "count_u", "mixed_shares"]

_WORTH_OF_GIVEN_U = 1000
"""Pairs that the given `u` counts for beside what was counted."""
_PEOPLE_PER_HALF = 1500
"""2.25 million pairs in each dress: about 75 of them share a day of birth by chance."""

Shares = Mapping[str, Sequence[float]]
"""For each comparison by its name, a probability for each level."""


def count_u(engine: Engine) -> dict[str, list[float]]:
    """Share of pairs of two different people in each level of each comparison.

    Parameters
    ----------
    engine : Engine
        With the tables of :func:`~riskstrat.records.linkage.link_tables.build_tables`.
    """
    engine.connection.execute(_HALVES, {"most": _PEOPLE_PER_HALF})
    engine.connection.execute(_HALF_PEOPLE)
    engine.connection.execute(_HALF_CLAIMS)
    cases = ", ".join(f"{_case(comparison)} as {comparison.name}" for comparison in COMPARISONS)
    engine.connection.execute(f"""
        create temp table chance as
        with l as (select columns('(.*)') as '\\1_l' from half_claims),
            r as (select columns('(.*)') as '\\1_r' from half_people)
        select {", ".join(comparison.name for comparison in COMPARISONS)}, count(*) as pairs
        from (select {cases} from l cross join r) group by all
    """)
    return {comparison.name: _u_of(engine, comparison) for comparison in COMPARISONS}


def _case(comparison: Comparison) -> str:
    *levels, _ = comparison.levels
    whens = " ".join(f"when {level.condition} then {n}" for n, level in enumerate(levels))
    return f"case when {comparison.unknown} then null {whens} else {len(levels)} end"


def _u_of(engine: Engine, comparison: Comparison) -> list[float]:
    rows = engine.connection.execute(
        f"select {comparison.name}, sum(pairs) from chance group by all"
    ).fetchall()
    pairs = {level: float(count) for level, count in rows if level is not None}
    given = [level.u for level in comparison.levels]
    return mixed_shares([pairs.get(n, 0.0) for n in range(len(given))], given, _WORTH_OF_GIVEN_U)


def mixed_shares(counts: Sequence[float], given: Sequence[float], worth: float) -> list[float]:
    """Shares of `counts`, with `given` counted as if seen `worth` times.

    Examples
    --------
    >>> mixed_shares([0, 10], [0.5, 0.5], worth=10)
    [0.25, 0.75]
    """
    total = sum(counts) + worth
    return [(count + worth * share) / total for count, share in zip(counts, given, strict=True)]


_HALVES = """
    create temp table halves as
    with ranked as (
        select *, dense_rank() over (order by name) as place,
            row_number() over (partition by name order by unique_id) as row_of_person
        from people_in_rows
    ), thinned as (
        select *, greatest(1, max(place) over () // (2 * $most)) as step from ranked
    )
    select *, place // step % 2 as half from thinned
    where place % step = 0 and row_of_person = 1
"""

_HALF_PEOPLE = """
    create temp table half_people as
    select p.* from halves h join link_people p using (unique_id) where h.half = 0
"""

_HALF_CLAIMS = """
    create temp table half_claims as
    select birth_date, birth_month, sex, postcode, sector, area, practice
    from halves where half = 1
    union all
    select null, birth_month, sex, null, null, area, practice from halves where half = 1
"""
"""Once as they are, once with no more than a month and an area, as some feeds tell them."""
