"""How long people are followed in feeds that tell of no registration."""

from __future__ import annotations

from collections.abc import Iterable

from riskstrat.records.sources.work import Work

__all__ = ["followed_sql"]


def followed_sql(work: Work, stays: str, events: Iterable[str]) -> str:
    """SQL: ``patient_id, start_date, end_date`` from the first to the last fact of everybody.

    Somebody whose last fact lies on the last day of the data is still followed: no end.

    Parameters
    ----------
    work : Work
    stays : str
        Relation with ``start_date`` and ``end_date``.
    events : iterable of str
        Relations with ``event_date``.
    """
    facts = " union all ".join(
        f"select patient_id, event_date as day, event_date as last from {table}" for table in events
    )
    return f"""
        select patient_id, min(day) as start_date,
            case when max(last) < date '{work.source.data_to}' then max(last) end as end_date
        from (
            select patient_id, start_date as day, coalesce(end_date, start_date) as last
            from {stays} union all {facts}
        ) days group by patient_id
    """
