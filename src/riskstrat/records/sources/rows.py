"""What every dialect does when raw rows become canonical ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.linkage.pseudonyms import register_pseudonyms
from riskstrat.records.sources.judging import rejections
from riskstrat.windows import after_sql

__all__ = [
    "both_versions_sql",
    "column_of",
    "create",
    "date_range",
    "register_hidden",
    "register_mapping",
    "register_meanings",
    "versions_sql",
]


def create(engine: Engine, name: str, sql: str) -> None:
    """Keep the rows of a query as the temporary table `name`.

    Raises
    ------
    RecordsError
        When a value cannot be read; the engine's own message, which may quote it, is left out.
    """
    try:
        engine.connection.execute(f"create or replace temp table {name} as {sql}")
    except (duckdb.DataError, duckdb.InvalidInputException, duckdb.IOException) as error:
        raise RecordsError(
            f"the feed cannot be linked: a value in what makes up '{name}' cannot be read "
            f"({type(error).__name__}).",
            do="Export the feed again; if it stays, report the name and the kind of error.",
        ) from None


def column_of(engine: Engine, query: str) -> list[str]:
    """The one column of a query."""
    return [value for (value,) in engine.connection.execute(query).fetchall()]


def register_mapping(engine: Engine, name: str, mapping: Mapping[str, str]) -> None:
    """Make a relation `name` (``given, meaning``) of a small mapping."""
    text = pa.string()
    given, meaning = pa.array(list(mapping), text), pa.array(list(mapping.values()), text)
    engine.register(name, pa.table({"given": given, "meaning": meaning}))


def register_meanings(
    engine: Engine,
    name: str,
    mapping: Mapping[str, tuple[str | None, ...]],
    columns: Sequence[str],
) -> None:
    """Make a relation `name` (``given`` and `columns`) of a mapping with several meanings each."""
    text = pa.string()
    meanings = zip(*mapping.values(), strict=True)
    engine.register(
        name,
        pa.table(
            {
                "given": pa.array(list(mapping), text),
                **{
                    column: pa.array(list(values), text)
                    for column, values in zip(columns, meanings, strict=True)
                },
            }
        ),
    )


def versions_sql(rows: str, key: Sequence[str], content: Sequence[str]) -> str:
    """SQL: the versions of each record: a later one supersedes the one before once it is known.

    Of rows that were known on the same day the last by content counts; a later row with the same
    content confirms what is known and is no version.

    Parameters
    ----------
    rows : str
        Relation with `key`, `content` and ``recorded_date``.
    key : sequence of str
        Columns that name a record.
    content : sequence of str
        Its other columns.

    Returns
    -------
    str
        A query of `key`, `content`, ``recorded_date`` and ``superseded_date``.
    """
    keys, contents = ", ".join(key), ", ".join(content)
    return f"""
        select * exclude (same_content), lead(recorded_date) over (
            partition by {keys} order by recorded_date) as superseded_date
        from (
            select *, coalesce(row({contents}) is not distinct from lag(row({contents})) over (
                partition by {keys} order by recorded_date)
                and row_number() over (partition by {keys} order by recorded_date) > 1, false)
                as same_content
            from (
                select {keys}, {contents}, recorded_date from {rows}
                qualify row_number() over (
                    partition by {keys}, recorded_date order by {_last_first(content)}) = 1
            ) daily
        ) told where not same_content
    """


def _last_first(columns: Sequence[str]) -> str:
    return ", ".join(f"{column} desc nulls last" for column in columns)


def register_hidden(engine: Engine, name: str, query: str, key: bytes) -> None:
    """Make a relation `name` of pseudonyms for the identifiers in the one column of `query`."""
    register_pseudonyms(engine, name, sorted(set(column_of(engine, query))), key)


def both_versions_sql(spells: str, columns: str, lag_days: int) -> str:
    """SQL: an open row from start + lag and a closed row from end + lag for every spell.

    That is how an extract, which only knows the end, reads as it did at the time. A spell that ends
    on the day it starts was never seen open.

    Parameters
    ----------
    spells : str
        Relation with ``start_date`` and ``end_date`` (null = still open).
    columns : str
        Its other columns, comma-separated.
    lag_days : int
    """
    start, end = after_sql("start_date", lag_days), after_sql("end_date", lag_days)
    return f"""
        select {columns}, start_date, cast(null as date) as end_date,
            {start} as recorded_date, {end} as superseded_date
        from {spells} where end_date is null or end_date > start_date
        union all
        select {columns}, start_date, end_date, {end}, null
        from {spells} where end_date is not null
    """


def date_range(engine: Engine, query: str, judged: Iterable[str]) -> tuple[str, str]:
    """First and last day (ISO) of a query with the columns ``first_day`` and ``last_day``.

    Parameters
    ----------
    engine : Engine
    query : str
    judged : iterable of str
        The judged tables behind it.

    Raises
    ------
    RecordsError
        When there is no day; the reasons for which rows were rejected are counted.
    """
    ((first_day, last_day),) = engine.connection.execute(query).fetchall()
    if last_day is None:
        reasons: Counter[str] = Counter()
        for table in judged:
            for counts in rejections(engine, table).values():
                reasons.update({str(k): n for k, n in counts.items() if k is not None})
        told = ", ".join(f"{reason}: {rows:,}" for reason, rows in sorted(reasons.items()))
        raise RecordsError(
            "no fact of a known person is left in the feed; rejected rows by reason: "
            f"{told or 'none'}.",
            do="Check that the tables belong together and that their dates are year-month-day.",
        )
    return str(first_day), str(last_day)
