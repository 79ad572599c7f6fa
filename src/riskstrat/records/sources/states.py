"""What a feed says of a person again and again: kept where it changes."""

from __future__ import annotations

__all__ = ["STANDS_FOR_NOTHING", "states_sql"]

STANDS_FOR_NOTHING = "no"
"""The value that is told only where it takes another one back."""


def states_sql(rows: str, key: str) -> str:
    """SQL: each state from the first row that tells of it.

    What becomes known later about an earlier day changes nothing. A state that is told anew about
    the same day corrects the one before.

    Parameters
    ----------
    rows : str
        Relation with the columns of `key`, ``attribute``, ``value`` (null = not told), ``day``,
        ``since`` and ``recorded_date``. Of what becomes known at the same time about the same day
        that with the latest ``since`` counts.
    key : str
        Columns that name what has the state, comma-separated.

    Returns
    -------
    str
        A query of `key`, ``attribute``, ``value``, ``day``, ``recorded_date`` and
        ``superseded_date``. What was known on a day does not depend on rows that came later.
    """
    before = (
        f"(partition by {key}, attribute order by recorded_date, day "
        "rows between unbounded preceding and 1 preceding)"
    )
    return f"""
        select {key}, attribute, value, day, recorded_date, lead(recorded_date) over (
            partition by {key}, attribute, day order by recorded_date) as superseded_date
        from (
            select *, last_value(value) over {before} as former
            from (
                select *, max(day) over {before} as newest
                from (
                    select {key}, attribute, recorded_date, day,
                        first(value order by since desc, value) as value
                    from {rows} where value is not null
                    group by {key}, attribute, recorded_date, day
                ) told
            ) ordered where newest is null or day >= newest
        ) steady where value <> coalesce(former, '{STANDS_FOR_NOTHING}')
    """
