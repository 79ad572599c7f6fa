"""The records as checks see them: what several checks need is counted once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cached_property, lru_cache, partial
from typing import Any

import pandas as pd

from riskstrat.engine import Step
from riskstrat.records.store import LinkedRecords
from riskstrat.windows import add_days

__all__ = ["PRACTICE_MONTHS", "Evidence", "evidence_of", "primary_care_sql"]

PRACTICE_MONTHS = "checked_practice_months"
"""Temporary table: rows and people of each code, month and practice."""

_VOLUMES = """
select name, feed, kind, month, count(*) as n_rows, count(distinct patient_id) as people,
    min(day) as first_day, max(day) as last_day
from (
    select 'events' as name, source as feed, kind, event_date as day, patient_id,
        date_trunc('month', event_date) as month
    from events where superseded_date is null
    union all
    select 'stays', 'stays', kind, start_date, patient_id, date_trunc('month', start_date)
    from stays where superseded_date is null
    union all
    select 'services', source, 'services', start_date, patient_id, date_trunc('month', start_date)
    from services where superseded_date is null
) told
group by name, feed, kind, month
order by name, feed, kind, month
"""
"""Current rows only: a row that was sent again is one row."""

_BY_PRACTICE = """
select r.practice_code as practice, e.source as feed, e.kind, e.system, e.code,
    date_trunc('month', e.event_date) as month, max(e.event_date) as last_day,
    count(*) as n_rows, count(distinct e.patient_id) as people
from events e
join registrations r on r.patient_id = e.patient_id
    and r.start_date <= e.event_date and (r.end_date is null or r.end_date > e.event_date)
where e.superseded_date is null and r.superseded_date is null and r.practice_code is not null
    and e.event_date between $first and $last
group by all
"""

_MOVES = """
select practice_code as practice, month, sum(moved) as moved
from (
    select practice_code, 1 as moved, date_trunc('month', start_date) as month
    from registrations where superseded_date is null
    union all
    select practice_code, -1, date_trunc('month', end_date)
    from registrations where superseded_date is null and end_date is not null
) moves
group by practice_code, month
order by practice_code, month
"""


_read = lru_cache(maxsize=512)(partial(Step, "counted", portable=False))
"""The step of a query, read once: that takes longer than many a query on few rows."""


class Evidence:
    """Linked records, and counts of them that several checks share.

    Parameters
    ----------
    records : LinkedRecords
    """

    def __init__(self, records: LinkedRecords) -> None:
        self.records = records

    def row(self, sql: str, **parameters: object) -> dict[str, Any]:
        """The one row of a query."""
        (found,) = self.rows(sql, **parameters)
        return found

    def rows(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        """Every row of a query."""
        table = self.records.engine.fetch(_read(sql), **parameters)
        found: list[dict[str, Any]] = table.to_pylist()
        return found

    def frame(self, sql: str, **parameters: object) -> pd.DataFrame:
        """Every row of a query, as a frame."""
        return self.records.engine.fetch_frame(_read(sql), **parameters)

    @cached_property
    def volumes(self) -> pd.DataFrame:
        """Rows and people of each feed, kind and month that has any, with first and last day."""
        frame = self.frame(_VOLUMES)
        return frame.assign(month=pd.to_datetime(frame["month"]).dt.to_period("M"))

    @cached_property
    def months(self) -> pd.PeriodIndex:
        """The whole months that every feed covers."""
        first = pd.Period(self.records.data_from, "M")
        last = pd.Period(self.records.data_to, "M")
        begins_within = self.records.data_from > first.start_time.date()
        ends_within = self.records.data_to < last.end_time.date()
        return pd.period_range(first + int(begins_within), last - int(ends_within), freq="M")

    @cached_property
    def registered(self) -> pd.DataFrame:
        """People registered at the beginning of each month: a row a month, a column a practice."""
        moves = self.frame(_MOVES)
        moves["practice"] = moves["practice"].fillna("")
        table = moves.pivot_table(index="month", columns="practice", values="moved", aggfunc="sum")
        table.index = pd.to_datetime(table.index).to_period("M")
        standing = table.fillna(0).cumsum()
        return standing.reindex(self.months, method="ffill").fillna(0)

    @cached_property
    def practice_months(self) -> str:
        """Name of the table of rows and people of each practice, feed, kind, code and month."""
        step = Step(PRACTICE_MONTHS, _BY_PRACTICE, portable=False)
        self.records.engine.create(step, **self.span)
        return PRACTICE_MONTHS

    @property
    def span(self) -> dict[str, date]:
        """First and last day that every feed covers, as parameters of a query."""
        return {"first": self.records.data_from, "last": self.records.data_to}

    def lately(self, days: int) -> dict[str, date]:
        """The last so many days that every feed covers, as parameters of a query."""
        last = self.records.data_to
        return {"first": max(self.records.data_from, add_days(last, 1 - days)), "last": last}


def primary_care_sql(source: str) -> str:
    """SQL: a source is a practice's record, by the names that features know it by.

    Examples
    --------
    >>> primary_care_sql("e.source")
    "regexp_matches(e.source, '^(gp|gpes|primary_care|emis|tpp)(_|$)')"
    """
    return f"regexp_matches({source}, '^(gp|gpes|primary_care|emis|tpp)(_|$)')"


@contextmanager
def evidence_of(records: LinkedRecords) -> Iterator[Evidence]:
    """What checks see of the records; its temporary table is gone afterwards."""
    try:
        yield Evidence(records)
    finally:
        records.engine.forget(PRACTICE_MONTHS)
