"""What a file is declared to hold: columns by any of their names, read with one meaning each.

A raw table says which columns it needs and which it reads where they exist. A column's kind says
how its text is read; text that cannot be read so gives its row a reason, and never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from riskstrat.records.sources.judging import (
    Reason,
    day_sql,
    identifier_sql,
    is_as_number_sql,
    month_sql,
    real_day_sql,
    reason_sql,
    yes_no_sql,
)

__all__ = ["Column", "Kind", "RawTable", "normal_name", "read_sql", "texts"]


class Kind(StrEnum):
    """How the text of a column is read."""

    TEXT = "VARCHAR"
    IDENTIFIER = "identifier"
    CODE = "code"
    DAY = "DATE"
    MONTH = "month"
    TIME = "TIME"
    NUMBER = "DOUBLE"
    INTEGER = "INTEGER"
    YES_NO = "BOOLEAN"


@dataclass(frozen=True)
class Column:
    """One column of a raw table.

    Parameters
    ----------
    name : str
        Name in queries.
    aliases : tuple of str
        Names in files. Casing, spaces and underscores do not matter; the first that a file has
        counts.
    kind : Kind
    required : bool
        Whether a file without it cannot be read; the required columns are those by which a file is
        recognised.
    missing : Reason or None
        The reason that a row without a value has; None = the value may be missing.
    """

    name: str
    aliases: tuple[str, ...]
    kind: Kind = Kind.TEXT
    required: bool = False
    missing: Reason | None = None


@dataclass(frozen=True)
class RawTable:
    """One table of a dialect.

    Parameters
    ----------
    name : str
    columns : tuple of Column
        The names ``local_id``, ``provider``, ``nhs_number``, ``token``, ``birth_date``,
        ``birth_month``, ``sex``, ``postcode``, ``lsoa`` and ``practice_code`` say who a row is
        about (:mod:`riskstrat.records.identity`).
    scope : str
        Local identifiers of one scope name the same people, whatever the table.
    is_register : bool
        Whether the table says who exists (a practice's list): its people stand even without an NHS
        number.
    derived : mapping of str to str
        Further columns, each as SQL over the columns that are read.
    must_exist, must_have_rows : bool
    """

    name: str
    columns: tuple[Column, ...]
    scope: str = ""
    is_register: bool = False
    derived: Mapping[str, str] = field(default_factory=dict)
    must_exist: bool = True
    must_have_rows: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns in queries."""
        return (*(column.name for column in self.columns), *self.derived)

    def places(self, present: Sequence[str]) -> dict[str, int]:
        """Place from 1 of each column that a file has.

        Parameters
        ----------
        present : sequence of str
            Normal names of the file's columns.
        """
        at = {name: place for place, name in reversed(list(enumerate(present, start=1)))}
        found = {}
        for column in self.columns:
            for alias in map(normal_name, column.aliases):
                if alias in at:
                    found[column.name] = at[alias]
                    break
        return found

    def lacking(self, present: Sequence[str]) -> list[str]:
        """The required columns that a file lacks, by their first name in files."""
        places = self.places(present)
        return [c.aliases[0] for c in self.columns if c.required and c.name not in places]


def texts(*names: str, required: bool = False) -> tuple[Column, ...]:
    """Columns that are read as they are written, under their own names."""
    return tuple(Column(name, (name,), required=required) for name in names)


def normal_name(name: str) -> str:
    """A column or table name without casing, spaces and underscores.

    Examples
    --------
    >>> normal_name("Person ID") == normal_name("PERSON_ID")
    True
    """
    return name.replace(" ", "").replace("_", "").casefold()


_ZONED = "TIMESTAMP WITH TIME ZONE"
_NO_VALUE = "'', 'NULL', 'null', 'None', 'NaN', 'NaT'"
"""How database exports, spreadsheets and pandas write that there is no value."""


def read_sql(table: RawTable, present: Sequence[str], types: Sequence[str]) -> str:
    """SQL select list: every column of a table read by its kind, and ``unreadable``.

    Parameters
    ----------
    table : RawTable
    present : sequence of str
        Normal names of the file's columns, in order.
    types : sequence of str
        Their DuckDB types.

    Returns
    -------
    str
        For a relation whose columns are called ``c1``, ``c2`` and on. ``unreadable`` is the reason
        why a value cannot be read, null for a sound row.
    """
    places = table.places(present)
    native = {column.name: _type_at(places, types, column.name) for column in table.columns}
    selected, rules = [], []
    for column in table.columns:
        place = places.get(column.name)
        if place is None:
            selected.append(f"cast(null as {_stored(column.kind)}) as {column.name}")
            continue
        value, wrong = _read(column.kind, place, native[column.name])
        selected.append(f"{value} as {column.name}")
        rules += [(reason, condition) for reason, condition in wrong]
    rules = [*_header_again(table, places, native), *rules]
    unreadable = reason_sql(*rules) if rules else "cast(null as varchar)"
    return f"{', '.join(selected)}, {unreadable} as unreadable"


def _type_at(places: Mapping[str, int], types: Sequence[str], name: str) -> str:
    return types[places[name] - 1] if name in places else ""


def _stored(kind: Kind) -> str:
    if kind in {Kind.IDENTIFIER, Kind.CODE}:
        return "VARCHAR"
    return "DATE" if kind is Kind.MONTH else str(kind)


def _text(place: int, found: str) -> str:
    """SQL: a column as trimmed text. A moment with a time zone is written in UTC on every host."""
    value = f"make_timestamp(epoch_us(c{place}))" if found == _ZONED else f"c{place}"
    trimmed = f"trim(cast({value} as varchar), ' \t\r\n\u00a0')"
    return f"case when {trimmed} not in ({_NO_VALUE}) then {trimmed} end"


def _read(kind: Kind, place: int, found: str) -> tuple[str, list[tuple[Reason, str]]]:
    """SQL of a value, and the conditions under which it cannot be read."""
    if kind is Kind.DAY and found == "DATE":
        return real_day_sql(f"c{place}"), []
    if found in {"DOUBLE", "BIGINT", "INTEGER"} and kind is Kind.NUMBER:
        return f"case when isfinite(cast(c{place} as double)) then cast(c{place} as double) end", []
    text = _text(place, found)
    if kind is Kind.DAY:
        text = real_day_sql(text)
    if kind is Kind.TEXT:
        return text, []
    if kind is Kind.IDENTIFIER:
        return identifier_sql(text), [(Reason.IDENTIFIER_AS_NUMBER, is_as_number_sql(text))]
    if kind is Kind.CODE:
        return text, [(Reason.CODE_AS_NUMBER, is_as_number_sql(text, code=True))]
    value, reason = _with(text, _PARSED[kind]), _REASONS[kind]
    return value, [(reason, f"{text} is not null and {value} is null")]


def _with(text: str, parsed: Callable[[str], str]) -> str:
    """SQL that works `text` out once however often what is made of it names it."""
    return f"list_transform([{text}], lambda t: {parsed('t')})[1]"


def _whole_number(text: str) -> str:
    return f"try_cast({identifier_sql(text)} as integer)"


def _number(text: str) -> str:
    value = f"try_cast({text} as double)"
    return f"case when isfinite({value}) then {value} end"


def _time(text: str) -> str:
    digits = f"lpad(replace({text}, ':', ''), 4, '0')"
    return (
        f"case when regexp_full_match({text}, '\\d{{1,2}}:?\\d{{2}}(:?\\d{{2}}(\\.\\d+)?)?') "
        f"then try_cast({digits}[1:2] || ':' || {digits}[3:4] as time) end"
    )


_PARSED = {
    Kind.DAY: day_sql,
    Kind.MONTH: month_sql,
    Kind.TIME: _time,
    Kind.NUMBER: _number,
    Kind.INTEGER: _whole_number,
    Kind.YES_NO: yes_no_sql,
}
_REASONS = {
    Kind.DAY: Reason.UNPARSABLE_DATE,
    Kind.MONTH: Reason.UNPARSABLE_DATE,
    Kind.TIME: Reason.UNPARSABLE_DATE,
    Kind.NUMBER: Reason.NOT_A_NUMBER,
    Kind.INTEGER: Reason.NOT_A_NUMBER,
    Kind.YES_NO: Reason.NOT_YES_OR_NO,
}


def _header_again(
    table: RawTable, places: Mapping[str, int], native: Mapping[str, str]
) -> list[tuple[Reason, str]]:
    """A row that repeats the header line, as joined extracts have it."""
    named = [c for c in table.columns if c.required and native.get(c.name) == "VARCHAR"]
    if not named:
        return []
    tests = []
    for column in named[:2]:
        aliases = ", ".join(f"'{normal_name(alias)}'" for alias in column.aliases)
        written = f"replace(replace(lower(c{places[column.name]}), ' ', ''), '_', '')"
        tests.append(f"{written} in ({aliases})")
    return [(Reason.HEADER_AGAIN, " and ".join(tests))]
