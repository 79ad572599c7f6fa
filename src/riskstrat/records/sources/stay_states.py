"""What was known of stays on each day on which something was told of them.

A row of a feed holds from the day on which it is told until a later row tells of the same thing.
The *states* of a stay are the spans of days within which nothing new is told; states that follow
each other and say the same are one version. Most stays are told once, by one row, and have one
state: they are kept apart, so that only the others are sorted.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["held_sql", "spans_sql", "told_again_sql", "versions_sql"]


def told_again_sql(told: str, thing: str) -> str:
    """SQL: ``stay_id`` of stays that have more than one row, or a row whose thing has another.

    Parameters
    ----------
    told : str
        Relation with ``stay_id`` and `thing`.
    thing : str
        Column that names what a row tells of.
    """
    return f"""
        select stay_id from {told} group by stay_id having count(*) > 1
        union
        select stay_id from {told} semi join (
            select {thing} from {told} group by {thing} having count(*) > 1
        ) again using ({thing})
    """


def held_sql(rows: str, thing: str, order: Sequence[str]) -> str:
    """SQL: `rows` with ``until``, the day on which a later row tells of the same thing.

    Of rows that are told on the same day the last by `order` holds; the others never do.

    Parameters
    ----------
    rows : str
        Relation with ``recorded_date`` and `thing`.
    thing : str
        Column that names what a row tells of.
    order : sequence of str
    """
    return f"""
        select * from (
            select *, lead(recorded_date) over (
                partition by {thing} order by recorded_date, {", ".join(order)}) as until
            from {rows}
        ) told where until is null or until > recorded_date
    """


def spans_sql(held: str) -> str:
    """SQL: ``state, stay_id, day, next_day``: the spans of each stay; ``state`` is negative.

    One begins on any day on which a row of the stay is told or ceases to hold.

    Parameters
    ----------
    held : str
        Relation with ``stay_id``, ``recorded_date`` and ``until``.
    """
    return f"""
        select -row_number() over (order by stay_id, day) as state, stay_id, day,
            lead(day) over (partition by stay_id order by day) as next_day
        from (
            select distinct stay_id, unnest([recorded_date, until]) as day from {held}
        ) days where day is not null
    """


def versions_sql(states: str, key: Sequence[str], content: Sequence[str]) -> str:
    """SQL: states that follow each other and say the same as one version.

    Parameters
    ----------
    states : str
        Relation with `key`, `content`, ``recorded_date``, ``superseded_date`` and ``is_only`` (no
        other state of the stay); the states of a key do not overlap. Read twice.
    key, content : sequence of str

    Returns
    -------
    str
        A query of `key`, `content`, ``recorded_date`` and ``superseded_date``.
    """
    keys, contents = ", ".join(key), ", ".join(content)
    history = f"partition by {keys} order by recorded_date"
    return f"""
        select {keys}, {contents}, recorded_date, superseded_date from {states} where is_only
        union all
        select {keys}, {contents}, min(recorded_date),
            case when count(superseded_date) = count(*) then max(superseded_date) end
        from (
            select *, count(*) filter (where is_new) over (
                {history} rows unbounded preceding) as version
            from (
                select {keys}, {contents}, recorded_date, superseded_date,
                    lag(superseded_date) over ({history}) is distinct from recorded_date
                    or lag(row({contents})) over ({history}) is distinct from row({contents})
                        as is_new
                from {states} where not is_only
            ) told
        ) numbered group by {keys}, {contents}, version
    """
