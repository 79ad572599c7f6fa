"""How rows name people: one key per way of naming somebody, and everything said under it.

A *claim* is a local identifier of one scope (a hospital's patient number, a practice's record), or
where there is none the details of a row themselves. Rows of one claim are about one person. NHS
numbers are replaced by pseudonyms as soon as they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from riskstrat.engine import Engine
from riskstrat.records.linkage.nhs_number import Merge, digits_sql, is_valid_sql
from riskstrat.records.linkage.pseudonyms import pseudonym, register_pseudonyms
from riskstrat.records.sources.columns import RawTable

__all__ = [
    "CLAIMS",
    "NUMBERS",
    "add_claims",
    "claim_sql",
    "makes_claims",
    "merges_of",
    "new_claims",
    "sex_sql",
]

CLAIMS = "claims"
"""Temporary table: each distinct claim of a source with everything said under it."""

NUMBERS = "nhs_numbers"
"""Temporary table: the valid NHS numbers that were read, and their pseudonyms, for the vault."""

_DETAILS = ("nhs_number", "token", "birth_date", "birth_month", "sex", "postcode", "lsoa")
_IDENTIFYING = ("nhs_number", "token", "birth_date", "birth_month")
_SECRET = "claim_secret"
_BETWEEN = "chr(31)"
"""SQL: the separator of units (ISO 646), which unlike a space is no part of a name."""

_NO_BIRTHS = "date '1800-01-01', date '1801-01-01', date '1900-01-01'"
"""SQL: days that systems write where the date of birth is not known (HES: none, and an invalid one;
many others: the last), and their months where only that is told."""

_WORD = "upper(replace(postcode, ' ', ''))"
_REAL_POSTCODE = f"case when not starts_with({_WORD}, 'ZZ99') then nullif({_WORD}, '') end"
"""NHS postcodes that begin with ZZ99 stand for no address (NHS Postcode Directory)."""

_SEXES = {
    "male": ("1", "m", "male"),
    "female": ("2", "f", "female"),
    "indeterminate": ("9", "i", "indeterminate", "other"),
}
"""NHS Data Dictionary, person stated gender code, and the words that councils and FHIR use."""


def sex_sql(column: str) -> str:
    """SQL: recorded sex in the words of these records; ``unknown`` for anything else."""
    cases = " ".join(
        f"when lower({column}) in ({', '.join(repr(code) for code in codes)}) then '{sex}'"
        for sex, codes in _SEXES.items()
    )
    return f"case {cases} else 'unknown' end"


def makes_claims(table: RawTable) -> bool:
    """Whether rows of a table say more of a person than a local identifier."""
    return bool(set(_IDENTIFYING) & set(table.names))


def claim_sql(table: RawTable) -> str:
    """SQL: the claim of a row of `table`, null when nothing in it names anybody.

    Parameters
    ----------
    table : RawTable
        Its rows have the columns that it declares.
    """
    details = [name for name in _DETAILS if name in table.names]
    named = [name for name in _IDENTIFYING if name in table.names]
    by_details = "cast(null as varchar)"
    if named:
        parts = f", {_BETWEEN}, ".join(f"coalesce(cast({name} as varchar), '')" for name in details)
        some = ", ".join(f"cast({name} as varchar)" for name in named)
        by_details = (
            f"case when coalesce({some}) is not null then 'details ' || "
            f"sha256(concat(getvariable('{_SECRET}'), {parts}))[1:32] end"
        )
    if "local_id" not in table.names:
        return by_details
    provider = "coalesce(provider, '')" if "provider" in table.names else "''"
    local = f"concat('{table.scope} ', {provider}, {_BETWEEN}, local_id)"
    return f"case when local_id is not null then {local} else {by_details} end"


def new_claims(engine: Engine, key: bytes) -> None:
    """Make the empty temporary tables of claims and numbers, and what keeps details secret."""
    engine.connection.execute(
        f"set variable {_SECRET} = $1", [pseudonym("details of a claim", key)]
    )
    engine.connection.execute(
        f"""
        create or replace temp table {CLAIMS} (
            claim varchar, number varchar, is_numbered boolean, token varchar, birth_date date,
            birth_month date, sex varchar, postcode varchar, lsoa varchar, practice_code varchar,
            is_register boolean, source varchar, rows bigint
        )
        """
    )
    engine.connection.execute(
        f"create or replace temp table {NUMBERS} (digits varchar, number varchar)"
    )


def add_claims(  # noqa: PLR0913 - the rows, whose they are, and how numbers are read
    engine: Engine, table: RawTable, rows: str, source: str, *, key: bytes, synthetic: bool
) -> None:
    """Add what the rows of a table claim to ``claims``.

    Parameters
    ----------
    engine : Engine
    table : RawTable
    rows : str
        A query with the columns that `table` declares.
    source : str
        Name of the governed source.
    key : bytes
        Key of the pseudonyms.
    synthetic : bool
        Whether NHS numbers of the range 999 are people.
    """
    execute = engine.connection.execute
    execute(f"create or replace temp table told_claims as {_claims_of(table, rows)}")
    valid = is_valid_sql("digits", synthetic=synthetic)
    fresh = execute(
        f"""
        select distinct digits from told_claims
        where digits is not null and {valid} and digits not in (select digits from {NUMBERS})
        order by digits
        """
    ).fetchall()
    register_pseudonyms(engine, "fresh_numbers", (digits for (digits,) in fresh), key)
    execute(f"insert into {NUMBERS} select identifier, pseudonym from fresh_numbers")
    execute(
        f"""
        insert into {CLAIMS} by name
        select c.* exclude (digits), n.number, digits is not null as is_numbered,
            '{source}' as source
        from told_claims c left join {NUMBERS} n using (digits)
        """
    )
    execute("drop table told_claims")


def _claims_of(table: RawTable, rows: str) -> str:
    def of(name: str, value: str | None = None) -> str:
        return (value or name) if name in table.names else "null"

    def known(name: str) -> str:
        return of(name, f"case when {name} not in ({_NO_BIRTHS}) then {name} end")

    birth = known("birth_date")
    month = f"coalesce(date_trunc('month', {birth}::date), {known('birth_month')})"
    return f"""
        select {claim_sql(table)} as claim,
            {of("nhs_number", digits_sql("nhs_number"))}::varchar as digits,
            {of("token")}::varchar as token, {birth}::date as birth_date,
            {month}::date as birth_month, nullif({of("sex", sex_sql("sex"))}, 'unknown') as sex,
            {of("postcode", _REAL_POSTCODE)} as postcode,
            {of("lsoa")} as lsoa, {of("practice_code")} as practice_code,
            {str(table.is_register).lower()} as is_register, count(*) as rows
        from ({rows}) told where {claim_sql(table)} is not null group by all
    """


def merges_of(engine: Engine, rows: str, key: bytes, *, synthetic: bool) -> list[Merge]:
    """Merges of one valid number into another, as pseudonyms: superseded, present, day.

    Parameters
    ----------
    engine : Engine
    rows : str
        A query with ``superseded_nhs_number``, ``nhs_number`` and ``merge_date``.
    key : bytes
    synthetic : bool
        Whether NHS numbers of the range 999 are people.
    """
    valid = [is_valid_sql(column, synthetic=synthetic) for column in ("former", "present")]
    found: Sequence[tuple[str, str, date | None]] = engine.connection.execute(
        f"""
        select former, present, merge_date from (
            select {digits_sql("superseded_nhs_number")} as former,
                {digits_sql("nhs_number")} as present, merge_date from ({rows}) told
        ) read where {" and ".join(valid)} order by all
        """
    ).fetchall()
    merges = [(pseudonym(old, key), pseudonym(new, key), day) for old, new, day in found]
    present = [(new, number) for (_, new, _), (_, number, _) in zip(found, merges, strict=True)]
    if present:
        engine.connection.executemany(
            f"insert into {NUMBERS} select $1, $2 where $1 not in (select digits from {NUMBERS})",
            present,
        )
    return list(merges)
