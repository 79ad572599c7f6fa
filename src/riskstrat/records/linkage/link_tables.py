"""Claims and known people as tables that can be compared: in one order, with keys and lists.

Claims are numbered by their name, people by everything known of them, so that the order of the
rows that came in changes nothing.
"""

from __future__ import annotations

import pyarrow as pa

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.linkage.link_model import (
    BLOCKING_KEYS,
    COMPARISONS,
    TRAINING,
    Comparison,
    Key,
)

__all__ = ["KEYS", "as_facts", "build_tables"]

KEYS = tuple(dict.fromkeys((*BLOCKING_KEYS, *(training.key for training in TRAINING))))

_IDENTIFIERS = {"claims": "claim", "people": "person"}
_DO = "Build the table as link_claims says."
_FACTS = ("birth_date", "birth_month", "sex", "postcode", "lsoa", "practice_code")
_DATES = ("birth_date", "birth_month")
_UNIT = "name, birth_date, birth_month, sex"
"""A person is compared once for every date of birth and sex that is known of them."""

_OF_PERSON = {
    "postcodes": "postcode",
    "sectors": "sector",
    "areas": "area",
    "practices": "practice",
}
"""Lists of all that a person ever had, and the column that a claim has one of."""


def as_facts(name: str, rows: pa.Table) -> pa.Table:
    """The identifier and the facts of a table, as text and dates.

    Parameters
    ----------
    name : str
        ``claims`` or ``people``.
    rows : pyarrow.Table

    Raises
    ------
    RecordsError
        When a column is missing or of another type, or a row has no identifier.
    """
    identifier = _IDENTIFIERS[name]
    schema = pa.schema(
        [(c, pa.date32() if c in _DATES else pa.string()) for c in (identifier, *_FACTS)]
    )
    if missing := [c for c in schema.names if c not in rows.column_names]:
        raise RecordsError(
            f"expected {name} with {', '.join(schema.names)}; missing: {', '.join(missing)}.",
            do=_DO,
        )
    if wrong := [c for c in schema.names if not _fits(rows.schema.field(c).type, c)]:
        raise RecordsError(
            f"expected text, and dates in {' and '.join(_DATES)}, in {name}; "
            f"of another type: {', '.join(wrong)}.",
            do=_DO,
        )
    if unnamed := rows[identifier].null_count:
        raise RecordsError(
            f"expected a {identifier} in every row of {name}; rows without: {unnamed}.", do=_DO
        )
    return rows.select(schema.names).cast(schema)


def _fits(kind: pa.DataType, column: str) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if column in _DATES:
        return bool(pa.types.is_null(kind) or pa.types.is_date(kind))
    return bool(
        pa.types.is_null(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    )


def build_tables(engine: Engine, claims: pa.Table, people: pa.Table) -> None:
    """Make ``link_claims``, ``link_people``, ``people_in_rows`` and tables of frequencies.

    Raises
    ------
    RecordsError
        When two claims have one name.
    """
    _require_once(claims)
    engine.register("claims_in", claims)
    engine.register("people_in", people)
    frequencies = [_frequency_sql(comparison) for comparison in COMPARISONS if comparison.rare]
    for sql in (
        _facts_sql("claims_in", "claim"),
        _facts_sql("people_in", "person"),
        _claims_sql(),
        _lists_sql(),
        _ROWS,
        _people_sql(),
        *frequencies,
    ):
        engine.connection.execute(sql)


def _require_once(claims: pa.Table) -> None:
    names = len(claims["claim"].unique())
    if names != claims.num_rows:
        raise RecordsError(
            f"expected one row per claim, got {claims.num_rows} rows of {names} claims.", do=_DO
        )


def _facts_sql(name: str, identifier: str) -> str:
    """Rows of a table as they came in, each once, with the facts that follow from others."""
    return f"""
        create temp table {name}_facts as
        select distinct {identifier} as name, birth_date,
            coalesce(birth_month, date_trunc('month', birth_date)::date) as birth_month,
            sex, postcode, nullif(left(postcode, -2), '') as sector, lsoa as area,
            practice_code as practice
        from {name}
    """


def _claims_sql() -> str:
    lists = ", ".join(f"null::varchar[] as {many}" for many in _OF_PERSON)
    keys = ", ".join(f"{key.value} as {key.name}" for key in KEYS)
    return f"""
        create temp table link_claims as
        select row_number() over (order by name) as unique_id, *, {lists}, {keys}
        from claims_in_facts order by unique_id
    """


def _lists_sql() -> str:
    lists = ", ".join(
        f"array_agg(distinct {one} order by {one}) filter (where {one} is not null) as {many}"
        for many, one in _OF_PERSON.items()
    )
    return f"""
        create temp table people_in_lists as
        select name, {lists} from people_in_facts group by name
    """


_ROWS = f"""
    create temp table people_in_rows as
    select row_number() over (order by {_UNIT}, postcode, area, practice) as unique_id, *
    from people_in_facts order by unique_id
"""


def _people_sql() -> str:
    """A row for whatever was ever different; a key only in the first row that has it."""
    ones = ", ".join(f"null::varchar as {one}" for one in _OF_PERSON.values())
    keys = ", ".join(
        f"case when {_is_first(key)} then {key.value} end as {key.name}" for key in KEYS
    )
    return f"""
        create temp table link_people as
        select unique_id, {_UNIT}, {ones}, {", ".join(_OF_PERSON)}, {keys}
        from people_in_rows join people_in_lists using (name) order by unique_id
    """


def _is_first(key: Key) -> str:
    over = _UNIT if key.over is None else f"{_UNIT}, {key.over}"
    return f"row_number() over (partition by {over} order by unique_id) = 1"


def _frequency_sql(comparison: Comparison) -> str:
    """How likely it is that somebody else has a value, for every value that a person has.

    Of `people` who tell the column, `owners` have the value; the candidate is one of them, so the
    others are counted, and one more shared out over all values by the chance that two people agree.
    """
    column = str(comparison.rare)
    seldom = comparison.levels[0].u
    return f"""
        create temp table frequency_{column} as
        with owned as (
            select {column}, count(distinct name) as owners
            from people_in_facts where {column} is not null group by {column}
        ), known as (
            select count(distinct name) as people
            from people_in_facts where {column} is not null
        ), chance as (
            select sum(owners * (owners - 1.0)) / max(people * (people - 1.0)) as agree
            from owned cross join known where people > 1
        )
        select {column},
            owners / (people - 1 + 1 / coalesce(nullif(agree, 0), {seldom})) as tf_{column}
        from owned cross join known cross join chance order by {column}
    """
