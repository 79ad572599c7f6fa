"""What a source module works with: the raw rows of some people in, canonical rows out.

A source's ``build`` sees only views ``raw_<table>`` of one part of the people, so that
memory is bounded by the part and not by the population. Every raw row has, besides its columns,
``row_number``, ``file_number``, ``patient_id``, and ``refusal`` and ``unreadable``: the reasons for
which it cannot stand, if any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from riskstrat.engine import Engine
from riskstrat.records.governance.gate import GovernedSource
from riskstrat.records.governance.sensitive import register_sensitive
from riskstrat.records.sources.codesystems import register_normal_codes
from riskstrat.records.sources.columns import RawTable
from riskstrat.records.sources.judging import Reason, mark_repeats, reason_sql
from riskstrat.records.sources.rows import create
from riskstrat.windows import submitted_sql

__all__ = ["Work"]


@dataclass
class Work:
    """The rows of one source for one part of the people.

    Parameters
    ----------
    engine : Engine
    source : GovernedSource
        What governs the source: its feed, lag, and the days it covers.
    tables : mapping of str to RawTable
        The raw tables that are there; one without a file has no rows.
    sensitive_version : str
        Version of the list of sensitive codes.
    secret : str
        Makes identifiers of stays unlike those of the source, the same in every run with a key.
    """

    engine: Engine
    source: GovernedSource
    tables: Mapping[str, RawTable]
    sensitive_version: str
    secret: str
    judged: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, list[str]] = field(default_factory=dict)
    spent: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns of raw tables that were used already, and are not copied when rows are judged."""
    owned: list[str] = field(default_factory=list)

    @property
    def feed(self) -> str:
        """What the rows' ``source`` says, as SQL."""
        return f"'{self.source.feed}'"

    def own(self, table: str) -> None:
        """Make the view of a raw table a temporary table, which may be changed."""
        raw = f"raw_{table}"
        if raw not in self.owned:
            self.keep("owned_rows", f"select * from {raw}")
            self.engine.connection.execute(f"drop view {raw}")
            self.engine.connection.execute(f"alter table owned_rows rename to {raw}")
            self.owned.append(raw)

    def release(self) -> None:
        """Remove the raw tables that were changed: the next part's views take their names."""
        for raw in self.owned:
            self.engine.connection.execute(f"drop table {raw}")

    def keep(self, name: str, sql: str) -> str:
        """Keep the rows of a query as the temporary table `name`; returns the name."""
        create(self.engine, name, sql)
        return name

    def judge(
        self,
        table: str,
        *rules: tuple[Reason, str],
        select: str = "",
        joins: str = "",
        identifier: str | None = None,
        content: Sequence[str] = (),
    ) -> str:
        """Judge every row of a raw table: make ``judged_<table>`` with ``reason``.

        A row's reason is the first that holds: nobody or somebody who may not be used, a value that
        cannot be read, a value that is missing though its column declares a reason for that, then
        `rules`.

        Parameters
        ----------
        table : str
        *rules : tuple of (Reason, str)
            Further reasons, each with its condition over ``r`` (the raw row), `select` and `joins`.
        select : str
            Further columns, starting with a comma-free first one; may be used in `rules`.
        joins : str
            Further joins to ``raw_<table> r``; must not repeat rows.
        identifier : str, optional
            SQL of what names a row among the sound ones; repeats are marked.
        content : sequence of str
            Columns that tell repeats with the same content from others.

        Returns
        -------
        str
            Name of the judged table: the raw columns, those of `select`, and ``reason``.
        """
        declared = self.tables[table]
        missing = tuple(
            (column.missing, f"{column.name} is null")
            for column in declared.columns
            if column.missing is not None
        )
        more = f", {select}" if select else ""
        spent = self.spent.get(table, ())
        without = f" exclude ({', '.join(spent)})" if spent else ""
        reason = reason_sql(*missing, *rules) if missing or rules else "null"
        name = f"judged_{table}"
        create(
            self.engine,
            name,
            f"""
            select * exclude (refusal, unreadable),
                coalesce(refusal, unreadable, {reason}) as reason
            from (select r.*{without}{more} from raw_{table} r {joins}) r
            """,
        )
        if identifier is not None:
            mark_repeats(self.engine, name, identifier, [*content, "patient_id"])
        self.judged[table] = name
        return name

    def normalise(self, name: str, table: str, columns: Mapping[str, str]) -> None:
        """Make a relation `name` (``system, code, normal``) of the distinct codes of a raw table.

        Parameters
        ----------
        name : str
        table : str
        columns : mapping of str to str
            Column with codes as they are written, to its coding system.
        """
        pairs = " union ".join(
            f"select distinct '{system}' as system, {column} as code from raw_{table}"
            for column, system in columns.items()
        )
        register_normal_codes(self.engine, name, f"({pairs})")

    def mark_sensitive(self, table: str, system: str, code: str) -> None:
        """Look up the sensitive codes of a raw table, for :meth:`is_sensitive`."""
        pairs = f"(select distinct {system} as system, {code} as code from raw_{table})"
        register_sensitive(self.engine, "sensitive_here", pairs, self.sensitive_version)

    def is_sensitive(self, system: str, code: str) -> tuple[Reason, str]:
        """A rule for a row that is one code, which a list says must not enter the store."""
        pairs = "select system || ' ' || code from sensitive_here"
        return Reason.SENSITIVE, f"coalesce({system} || ' ' || {code} in ({pairs}), false)"

    def give(self, canonical: str, sql: str) -> None:
        """Add rows to a canonical table.

        Parameters
        ----------
        canonical : str
            Name of a canonical table; ``told_people`` (``patient_id, ethnic_category, death_date,
            recorded_date``) for what is told of people besides their birth and sex.
        sql : str
            A query with any of its columns, ``patient_id`` among them.
        """
        self.outputs.setdefault(canonical, []).append(sql)

    def recorded(self, day: str, *told: str) -> str:
        """SQL: the day on which a row became known.

        The first of `told` that it has, else the day on which what happened on `day` is submitted,
        by the source's declared lag.
        """
        lag = submitted_sql(day, self.source.told, self.source.declared_lag_days)
        return f"coalesce({', '.join((*told, lag))})"

    def hidden(self, *parts: str) -> str:
        """SQL: an identifier of these records for what the source names by `parts`."""
        joined = ", '|', ".join(parts)
        return f"sha256(concat('{self.secret}', {joined}))[1:32]"
