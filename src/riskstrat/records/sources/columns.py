"""What a file is declared to hold: columns by any of their names, read with one meaning each.

A raw table says which columns it needs and which it reads where they exist. A column's kind says
how its text is read; text that cannot be read so gives its row a reason, and never an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from riskstrat.records.sources.judging import Reason

__all__ = ["Column", "Kind", "RawTable", "normal_name", "texts"]


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
        about (:mod:`riskstrat.records.linkage.identity`).
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

    def absent(self, present: Sequence[str]) -> list[str]:
        """The columns that a file does not have; parameters as of :meth:`places`."""
        places = self.places(present)
        return [column.name for column in self.columns if column.name not in places]

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
