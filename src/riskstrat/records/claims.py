"""How rows name people: one key per way of naming somebody, and everything said under it.

A *claim* is a local identifier of one scope (a hospital's patient number, a practice's record), or
where there is none the details of a row themselves. Rows of one claim are about one person.
"""

from __future__ import annotations

from riskstrat.engine import Engine
from riskstrat.records.nhs_number import digits_sql
from riskstrat.records.sources.columns import RawTable

__all__ = ["claim_sql", "claims_of_sql", "makes_claims", "merges_sql", "new_claims", "sex_sql"]

_DETAILS = ("nhs_number", "token", "birth_date", "birth_month", "sex", "postcode", "lsoa")
_IDENTIFYING = ("nhs_number", "token", "birth_date", "birth_month")

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
    by_details = "null"
    if named:
        parts = ", '|', ".join(f"coalesce(cast({name} as varchar), '')" for name in details)
        some = ", ".join(f"cast({name} as varchar)" for name in named)
        by_details = (
            f"case when coalesce({some}) is not null then 'details ' || md5(concat({parts})) end"
        )
    if "local_id" not in table.names:
        return by_details
    provider = "coalesce(provider, '')" if "provider" in table.names else "''"
    local = f"concat('{table.scope} ', {provider}, ' ', local_id)"
    return f"case when local_id is not null then {local} else {by_details} end"


def new_claims(engine: Engine) -> None:
    """Make the empty temporary table ``claims``."""
    engine.connection.execute(
        """
        create or replace temp table claims (
            claim varchar, digits varchar, token varchar, birth_date date, birth_month date,
            sex varchar, postcode varchar, lsoa varchar, practice_code varchar,
            is_register boolean, source varchar, rows bigint
        )
        """
    )


def claims_of_sql(table: RawTable, rows: str, source: str) -> str:
    """SQL: what the rows of a table claim, each distinct claim once with its number of rows.

    Parameters
    ----------
    table : RawTable
    rows : str
        A query with the columns that `table` declares.
    source : str
        Name of the source, for the counts of the manifest.
    """

    def of(name: str, value: str = "{}") -> str:
        return value.format(name) if name in table.names else "null"

    month = (
        f"coalesce({of('birth_month')}, cast(date_trunc('month', {of('birth_date')}) as date))"
        if "birth_date" in table.names
        else of("birth_month")
    )
    postcode = of("postcode", "nullif(upper(replace({}, ' ', '')), '')")
    return f"""
        select {claim_sql(table)} as claim,
            {digits_sql("nhs_number") if "nhs_number" in table.names else "null"} as digits,
            {of("token")} as token, {of("birth_date")} as birth_date, {month} as birth_month,
            nullif({sex_sql("sex") if "sex" in table.names else "'unknown'"}, 'unknown') as sex,
            {postcode} as postcode, {of("lsoa")} as lsoa, {of("practice_code")} as practice_code,
            {str(table.is_register).lower()} as is_register, '{source}' as source,
            count(*) as rows
        from ({rows}) told where {claim_sql(table)} is not null group by all
    """


def merges_sql(rows: str) -> str:
    """SQL: superseded number, present number and day of merges that can be read."""
    return f"""
        select {digits_sql("superseded_nhs_number")}, {digits_sql("nhs_number")},
            merge_date
        from ({rows}) told
        where {digits_sql("superseded_nhs_number")} is not null
            and {digits_sql("nhs_number")} is not null order by all
    """
