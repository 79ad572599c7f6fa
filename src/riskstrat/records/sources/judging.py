"""Judge raw rows: parse what they say, and give each row that cannot stand one reason.

The functions return fragments of DuckDB's SQL. Reading raw feeds runs on DuckDB only, so these
need not keep to the portable subset.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from riskstrat.engine import Engine

__all__ = [
    "Reason",
    "day_sql",
    "identifier_sql",
    "is_as_number_sql",
    "mark_repeats",
    "moment_sql",
    "month_sql",
    "real_day_sql",
    "reason_sql",
    "rejections",
    "time_sql",
    "yes_no_sql",
]


class Reason(StrEnum):
    """Why a raw row is not in the store. A row has the first reason that holds."""

    HEADER_AGAIN = "header line again"
    OBJECTION = "objection to this purpose"
    WITHHELD = "record marked as confidential"
    SENSITIVE = "sensitive code"
    DUMMY = "dummy patient"
    NO_IDENTIFIER = "no identifier"
    NOT_LINKED = "no usable NHS number, and not linked by other details"
    IDENTIFIER_AS_NUMBER = "identifier read as a number"
    UNKNOWN_PATIENT = "unknown patient"
    NO_BIRTH = "patient without a date of birth"
    NO_DATE = "no date"
    UNPARSABLE_DATE = "unparsable date"
    END_BEFORE_START = "end before start"
    NO_CODE = "no code"
    UNKNOWN_KIND = "kind that is not known"
    NOT_DONE = "not done, not finished, or withdrawn"
    CODE_AS_NUMBER = "code read as a number"
    NOT_A_NUMBER = "value is not a number"
    NOT_YES_OR_NO = "value is not yes or no"
    NEGATIVE = "negative length or count"
    IMPOSSIBLE_AGE = "age or birth that cannot be"
    PLANNED = "planned follow-up, not an emergency"
    SAME_DAY_CARE = "same day emergency care, not an emergency department"
    UNMAPPED_VISIT = "kind of visit not mapped"
    DEATH_BEFORE_BIRTH = "death before birth"
    END_WITHOUT_START = "discharge without an admission"
    DUPLICATE = "duplicate"
    CONFLICTING = "same identifier, different content"
    DERIVED = "derived table"
    VOCABULARY = "vocabulary table"
    NOT_USED = "table not used"
    NOT_JSON = "line is not JSON"
    NO_RESOURCE = "not a FHIR resource of this file"
    NO_PARENT = "belongs to a row that is not in the feed"
    NOT_SUPPORT = "nothing that these records hold"


_RECORDED = "recorded_date"
_PLACE = ("file_number", "row_number")

_COMPACT = r"\d{8}"
_ISO = r"(\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?)( ?(Z|[+-]\d{2}(:?\d{2})?))?"
_FLOAT_IDENTIFIER = r"^(\d{1,15})\.0+$"
"""An integer written as a float; up to 15 digits a double holds it exactly, so it can be mended."""
_SCIENTIFIC = r"\d(\.\d+)?[eE]\+\d+|\d\.\d+[eE]\d+"
_FLOAT_CODE = r"\d{6,}\.0*"
"""Only from 6 digits on (the shortest SNOMED CT identifier): '250.0' is a lawful ICD-9 code."""


def moment_sql(column: str) -> str:
    """SQL: `column` as a timestamp, null when it is not a date.

    Year-month-day, with or without dashes, a time of day and an offset. The offset is left out:
    the day that counts is the one on the hospital's calendar.
    """
    dashed = f"{column}[1:4] || '-' || {column}[5:6] || '-' || {column}[7:8]"
    return (
        f"case when regexp_full_match({column}, '{_COMPACT}') then try_cast({dashed} as timestamp) "
        f"when regexp_full_match({column}, '{_ISO}') "
        f"then try_cast(regexp_extract({column}, '^{_ISO}$', 1) as timestamp) end"
    )


_UK_DAY = r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})( \d{1,2}:\d{2}(:\d{2})?)?"
_NAMED_DAY = r"(\d{1,2})[ -]([A-Za-z]{3})[A-Za-z]*[ -](\d{4})( \d{1,2}:\d{2}(:\d{2})?)?"
_FIRST_REAL_DAY = "1801-01-02"
_AFTER_REAL_DAYS = "9999-12-31"
"""Days outside stand for none: HES writes 1800-01-01 for no date and 1801-01-01 for an invalid one
(HES data dictionary, ADMIDATE); 1582-10-15, 1600-01-01 and the last day are epochs of databases."""


def day_sql(column: str) -> str:
    """SQL: `column` as a day, null when it is none.

    Year-month-day with or without dashes and with or without a time; day/month/year as it is
    written in the United Kingdom, never month first; day, name of the month, year.
    """
    uk = ", ".join(f"regexp_extract({column}, '{_UK_DAY}', {part})" for part in (3, 2, 1))
    named = ", ".join(f"regexp_extract({column}, '{_NAMED_DAY}', {part})" for part in (1, 2, 3))
    return (
        f"case when regexp_full_match({column}, '{_UK_DAY}') "
        f"then try_cast(concat_ws('-', {uk}) as date) "
        f"when regexp_full_match({column}, '{_NAMED_DAY}') "
        f"then cast(try_strptime(concat_ws(' ', {named}), '%d %b %Y') as date) "
        f"else cast({moment_sql(column)} as date) end"
    )


def real_day_sql(column: str) -> str:
    """SQL: a date, null when it is a day that stands for no date."""
    return (
        f"case when {column} >= date '{_FIRST_REAL_DAY}' and {column} < date '{_AFTER_REAL_DAYS}' "
        f"then {column} end"
    )


_MONTH_YEAR = r"(0[1-9]|1[0-2])[/-]?((18|19|20)\d{2})"
_YEAR_MONTH = r"((18|19|20)\d{2})[/-]?(0[1-9]|1[0-2])"


def month_sql(column: str) -> str:
    """SQL: `column` as the first day of a month, from a month and year or from a whole date."""
    year = (
        f"case when regexp_full_match({column}, '{_YEAR_MONTH}') "
        f"then regexp_extract({column}, '{_YEAR_MONTH}', 1) "
        f"when regexp_full_match({column}, '{_MONTH_YEAR}') "
        f"then regexp_extract({column}, '{_MONTH_YEAR}', 2) end"
    )
    month = (
        f"case when regexp_full_match({column}, '{_YEAR_MONTH}') "
        f"then regexp_extract({column}, '{_YEAR_MONTH}', 3) "
        f"else regexp_extract({column}, '{_MONTH_YEAR}', 1) end"
    )
    return (
        f"coalesce(try_cast({year} || '-' || {month} || '-01' as date), "
        f"cast(date_trunc('month', {day_sql(column)}) as date))"
    )


def yes_no_sql(column: str) -> str:
    """SQL: `column` as a boolean, null when it is neither yes nor no."""
    word = f"'|' || lower({column}) || '|'"
    return (
        f"case when contains('|y|yes|true|t|1|', {word}) then true "
        f"when contains('|n|no|false|f|0|', {word}) then false end"
    )


def time_sql(moment: str) -> str:
    """SQL: time of day of a timestamp; null at midnight sharp, where feeds write a bare date."""
    return f"nullif(cast({moment} as time), time '00:00:00')"


def identifier_sql(column: str) -> str:
    """SQL: an identifier as text; ``12.0`` (an integer that passed through a float) reads as 12."""
    mended = rf"regexp_replace({column}, '{_FLOAT_IDENTIFIER}', '\1')"
    return f"case when contains({column}, '.') then {mended} else {column} end"


def is_as_number_sql(column: str, *, code: bool = False) -> str:
    """SQL: digits of an identifier or code may be lost, because it was read as a number."""
    shape = f"{_SCIENTIFIC}|{_FLOAT_CODE}" if code else _SCIENTIFIC
    return (
        f"case when contains({column}, '.') or contains({column}, '+') "
        f"then regexp_full_match({column}, '{shape}') else false end"
    )


def reason_sql(*rules: tuple[Reason, str]) -> str:
    """SQL: the first reason whose condition holds, else null.

    Examples
    --------
    >>> reason_sql((Reason.NO_CODE, "code is null"))
    "case when code is null then 'no code' end"
    """
    cases = " ".join(f"when {condition} then '{reason}'" for reason, condition in rules)
    return f"case {cases} end"


def mark_repeats(engine: Engine, table: str, identifier: str, content: Sequence[str]) -> None:
    """Among sound rows with the same identifier keep one and give the others a reason.

    Which one does not depend on the order of the rows: the one that comes first when sorted by
    `content`, then by when it was recorded and by whatever else it says. Rows with the same content
    are duplicates, others are conflicting.

    Parameters
    ----------
    engine : Engine
    table : str
        Temporary table with ``row_number`` and ``reason``.
    identifier : str
        SQL of what names a row; a null names nothing.
    content : sequence of str
        Columns that make up a row's content.
    """
    columns = ", ".join(content)
    engine.connection.execute(
        f"""
        update {table} set reason = case
            when place > 1 then '{Reason.CONFLICTING}' else '{Reason.DUPLICATE}' end
        from (
            select row_number as numbered,
                dense_rank() over (partition by {identifier} order by {columns}) as place,
                row_number() over (
                    partition by {identifier}, {columns} order by {_first_told(engine, table)}
                ) as copy
            from {table}
            where reason is null and {identifier} in (
                select {identifier} from {table}
                where reason is null group by {identifier} having count(*) > 1
            )
        ) ranked
        where ranked.numbered = {table}.row_number and (place > 1 or copy > 1)
        """
    )


def _first_told(engine: Engine, table: str) -> str:
    """SQL: an order of rows with the same content, in which their place in the feed comes last."""
    names = list(engine.columns(table))
    said = sorted((name for name in names if name not in _PLACE), key=_RECORDED.__ne__)
    return ", ".join(f'"{name}"' for name in (*said, *(name for name in _PLACE if name in names)))


def rejections(engine: Engine, table: str) -> dict[int, dict[str | None, int]]:
    """Rows of a judged table by file and reason; None stands for the rows that are kept."""
    rows = engine.connection.execute(
        f"""
        select file_number, reason, count(*) from {table}
        group by file_number, reason order by file_number, reason
        """
    ).fetchall()
    counts: dict[int, dict[str | None, int]] = {}
    for number, reason, count in rows:
        counts.setdefault(number, {})[reason] = count
    return counts
