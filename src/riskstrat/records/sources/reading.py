"""Read the columns of a file by their declared kinds; what cannot be read has its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from riskstrat.records.sources.columns import Column, Kind, RawTable, normal_name
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

__all__ = ["read_sql"]

_ZONED = "TIMESTAMP WITH TIME ZONE"
_HARD_SPACE = 0xA0
_SPACES = f" \t\r\n{chr(_HARD_SPACE)}"
_NO_VALUE = "||NULL|null|None|NaN|NaT|"
"""How database exports, spreadsheets and pandas write that there is no value, between bars. Nothing
here is compared with a list of constants: DuckDB would join such a list, once for every column."""
_LONGEST_NO_VALUE = 4

_STORED = {
    Kind.IDENTIFIER: "VARCHAR",
    Kind.CODE: "VARCHAR",
    Kind.MONTH: "DATE",
}
_AS_IT_IS = {
    (Kind.DAY, "DATE"),
    (Kind.NUMBER, "DOUBLE"),
    (Kind.NUMBER, "FLOAT"),
    (Kind.NUMBER, "BIGINT"),
    (Kind.NUMBER, "INTEGER"),
    (Kind.INTEGER, "INTEGER"),
    (Kind.YES_NO, "BOOLEAN"),
    (Kind.TIME, "TIME"),
}
"""Kinds and the types in files that need no reading of text."""


@dataclass(frozen=True)
class _Found:
    """A declared column and where it stands in a file; place 0 = nowhere."""

    column: Column
    place: int
    type: str

    @property
    def stored(self) -> str:
        """DuckDB type of what is read."""
        return _STORED.get(self.column.kind, str(self.column.kind))

    @property
    def is_as_it_is(self) -> bool:
        return (self.column.kind, self.type) in _AS_IT_IS

    def text(self) -> str:
        """SQL of the column before it is read: its text without spaces around it, or as it is."""
        if not self.place:
            return f"cast(null as {self.stored})"
        if self.is_as_it_is:
            return f"c{self.place}"
        return _trimmed(f"c{self.place}", self.type)

    def word(self) -> str:
        """SQL of ``t_<name>`` without the words for no value, over itself."""
        text = f"t_{self.column.name}"
        if not self.place or self.is_as_it_is or self.type != "VARCHAR":
            return text
        bare = f"not contains('{_NO_VALUE}', concat('|', {text}, '|'))"
        return f"case when strlen({text}) > {_LONGEST_NO_VALUE} or {bare} then {text} end"

    def value(self) -> str:
        """SQL of the value, over ``t_<name>``."""
        text, kind = f"t_{self.column.name}", self.column.kind
        if not self.place or kind in {Kind.TEXT, Kind.CODE}:
            return text
        if self.is_as_it_is:
            return _NATIVE.get(kind, "{0}").format(text)
        return _PARSED[kind](text)

    def told(self) -> str:
        """SQL of the value without what stands for none, over ``v.<name>``."""
        value = f"v.{self.column.name}"
        return real_day_sql(value) if self.column.kind is Kind.DAY else value

    def rules(self) -> list[tuple[Reason, str]]:
        """Conditions under which the column cannot be read, over its text and its value."""
        text, kind = f"t_{self.column.name}", self.column.kind
        if not self.place or self.is_as_it_is or kind is Kind.TEXT:
            return []
        if kind is Kind.IDENTIFIER:
            return [(Reason.IDENTIFIER_AS_NUMBER, is_as_number_sql(text))]
        if kind is Kind.CODE:
            return [(Reason.CODE_AS_NUMBER, is_as_number_sql(text, code=True))]
        return [(_REASONS[kind], f"v.{self.column.name} is null and {text} is not null")]


def read_sql(table: RawTable, present: Sequence[str], types: Sequence[str], rows: str = "") -> str:
    """SQL: every column of a table read by its kind, and ``unreadable``.

    Each text is worked out once, in a query of its own below the values made of it.

    Parameters
    ----------
    table : RawTable
    present : sequence of str
        Normal names of the file's columns, in order.
    types : sequence of str
        Their DuckDB types.
    rows : str
        SQL of the file's rows, with the columns ``c1``, ``c2`` and on.

    Returns
    -------
    str
        A query of the declared columns. ``unreadable`` is the reason why a value cannot be read,
        null for a sound row.
    """
    places = table.places(present)
    found = [
        _Found(c, places.get(c.name, 0), types[places[c.name] - 1] if c.name in places else "")
        for c in table.columns
    ]
    texts = ", ".join(f"{f.text()} as t_{f.column.name}" for f in found)
    words = ", ".join(f"{f.word()} as t_{f.column.name}" for f in found)
    values = ", ".join(f"{f.value()} as {f.column.name}" for f in found)
    rules = [*_header_again(found), *(rule for f in found for rule in f.rules())]
    unreadable = reason_sql(*rules) if rules else "cast(null as varchar)"
    names = ", ".join(f"{f.told()} as {f.column.name}" for f in found)
    source = f"from {rows}" if rows else ""
    return (
        f"select {names}, {unreadable} as unreadable "
        f"from (select *, {values} from (select {words} from (select {texts} {source}) w) t) v"
    )


def _trimmed(column: str, found: str) -> str:
    """SQL: a column as text without spaces around it.

    A moment with a time zone is written in UTC on every host. Most texts have no spaces around
    them: that is told without looking into them, since a space sorts before every other character.
    """
    if found == _ZONED:
        return f"cast(make_timestamp(epoch_us({column})) as varchar)"
    if found != "VARCHAR":
        text = f"cast({column} as varchar)"
        return (
            f"case when {text} <> 'nan' then {text} end" if found in {"DOUBLE", "FLOAT"} else text
        )
    spaces = [f"chr({ord(space)})" for space in _SPACES]
    around = [f"{column} < '!'", f"starts_with({column}, chr({_HARD_SPACE}))"]
    around += [f"ends_with({column}, {space})" for space in spaces]
    return (
        f"case when {' or '.join(around)} then trim({column}, concat({', '.join(spaces)})) "
        f"else {column} end"
    )


def _whole_number(text: str) -> str:
    return f"try_cast({identifier_sql(text)} as integer)"


def _number(text: str) -> str:
    value = f"try_cast({text} as double)"
    return f"case when isfinite({value}) then {value} end"


_TIME = r"\d{1,2}:?\d{2}(:?\d{2}(\.\d+)?)?"


def _time(text: str) -> str:
    digits = f"lpad(replace({text}, ':', ''), 4, '0')"
    return (
        f"case when strlen({text}) = 5 and contains({text}, ':') "
        f"then try_cast({text} || ':00' as time) when regexp_full_match({text}, '{_TIME}') "
        f"then try_cast({digits}[1:2] || ':' || {digits}[3:4] as time) end"
    )


_NATIVE = {
    Kind.NUMBER: "case when isfinite(cast({0} as double)) then cast({0} as double) end",
}
_PARSED: dict[Kind, Callable[[str], str]] = {
    Kind.IDENTIFIER: identifier_sql,
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


def _header_again(found: Sequence[_Found]) -> list[tuple[Reason, str]]:
    """A row that repeats the header line, as joined extracts have it."""
    named = [f for f in found if f.column.required and f.type == "VARCHAR" and not f.is_as_it_is]
    if not named:
        return []
    tests = []
    for f in named[:2]:
        aliases = ", ".join(f"'{normal_name(alias)}'" for alias in f.column.aliases)
        written = f"replace(replace(lower(t_{f.column.name}), ' ', ''), '_', '')"
        tests.append(f"{written} in ({aliases})")
    return [(Reason.HEADER_AGAIN, " and ".join(tests))]
