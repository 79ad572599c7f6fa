"""What sources give, put together: one relation per canonical table, and who is in the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from riskstrat.engine import Engine
from riskstrat.records.governance.gate import GovernedSource
from riskstrat.records.governance.sensitive import register_sensitive
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.rows import both_versions_sql
from riskstrat.schema import TABLES

__all__ = ["Gathered", "refuse_sensitive"]

_TOLD_PEOPLE = "patient_id varchar, ethnic_category varchar, death_date date, recorded_date date"
_NO_ETHNICITY = ("Z", "X", "99", "9")
"""NHS ethnic category codes for not stated and not known."""


class Gathered:
    """Canonical rows of every source, in temporary tables named like the canonical ones.

    Parameters
    ----------
    engine : Engine
    sensitive_version : str
        Version of the list of sensitive codes.
    """

    def __init__(self, engine: Engine, sensitive_version: str) -> None:
        self._engine = engine
        self._sensitive_version = sensitive_version
        self.codes_withheld = 0
        for table in TABLES.values():
            columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
            engine.connection.execute(f"create or replace temp table {table.name} ({columns})")
        self._forget_people()

    def _forget_people(self) -> None:
        self._engine.connection.execute(
            f"create or replace temp table told_people ({_TOLD_PEOPLE})"
        )

    def add(self, outputs: Mapping[str, Sequence[str]]) -> None:
        """Add the rows of the queries of each canonical table."""
        for table, queries in outputs.items():
            for query in queries:
                self._engine.connection.execute(f"insert into {table} by name {query}")

    def add_whole(self, engine: Engine, feed: str) -> None:
        """Add the canonical relations of another engine, whose people are its own, as a feed."""
        for table in TABLES.values():
            try:
                rows = engine.connection.table(table.name).to_arrow_table()
            except duckdb.CatalogException:
                continue
            self._engine.register("whole_rows", rows)
            named = f" replace ('{feed}' as source)" if "source" in rows.column_names else ""
            self._engine.connection.execute(
                f"insert into {table.name} by name select *{named} from whole_rows"
            )

    def withhold(self) -> None:
        """Take events with a sensitive code out; how many is counted."""
        register_sensitive(self._engine, "withheld_codes", "events", self._sensitive_version)
        ((count,),) = self._engine.connection.execute(
            """
            delete from events using withheld_codes w
            where w.system = events.system and w.code = events.code
            """
        ).fetchall()
        self.codes_withheld += int(count)

    def add_people(self, present: str) -> None:
        """Add the people of the last part to ``patients``.

        Parameters
        ----------
        present : str
            A query of ``patient_id``, ``birth_month`` and ``sex``, one row per person.
        """
        none = ", ".join(f"'{code}'" for code in _NO_ETHNICITY)
        self._engine.connection.execute(
            f"""
            insert into patients by name
            select p.patient_id, p.birth_month, p.sex, t.ethnic_category, t.death_date,
                t.death_recorded_date
            from ({present}) p left join (
                select patient_id,
                    first(ethnic_category order by recorded_date desc, ethnic_category)
                        filter (where ethnic_category not in ({none})) as ethnic_category,
                    first(death_date order by recorded_date, death_date)
                        filter (where death_date is not null) as death_date,
                    min(recorded_date) filter (where death_date is not null) as death_recorded_date
                from told_people group by patient_id
            ) t using (patient_id)
            """
        )
        self._forget_people()

    def add_followed(self, source: GovernedSource) -> None:
        """Add registrations from first to last fact, for people of whom nobody tells any.

        A person whose last fact lies on the last day of the data is still followed.
        """
        days = " union all ".join(
            f"select patient_id, {table.event_date} as day, "
            f"{_last_day(table.column_names)} as last from {table.name}"
            for table in TABLES.values()
            if table.event_date and table.name in {"events", "stays", "services"}
        )
        followed = f"""
            select patient_id, min(day) as start_date,
                case when max(last) < date '{source.data_to}' then max(last) end as end_date
            from ({days}) facts
            where patient_id not in (select patient_id from registrations) group by patient_id
        """
        rows = both_versions_sql(f"({followed}) followed", "patient_id", source.declared_lag_days)
        self._engine.connection.execute(f"insert into registrations by name {rows}")


def _last_day(columns: Iterable[str]) -> str:
    return "coalesce(end_date, start_date)" if "end_date" in columns else "event_date"


def refuse_sensitive(engine: Engine, judged: Iterable[str], version: str) -> None:
    """Give sound rows that are a sensitive code their reason, and take the events of them out.

    Parameters
    ----------
    engine : Engine
        Holds ``events`` and the judged tables of a whole record.
    judged : iterable of str
        Tables with ``reason``; one without ``system`` and ``code`` holds no codes.
    version : str
        Version of the list.
    """
    for table in judged:
        if {"system", "code"} <= set(engine.columns(table)):
            register_sensitive(engine, "sensitive_codes_here", table, version)
            engine.connection.execute(
                f"""
                update {table} set reason = '{Reason.SENSITIVE}' from sensitive_codes_here s
                where reason is null and s.system = {table}.system and s.code = {table}.code
                """
            )
    register_sensitive(engine, "sensitive_codes_here", "events", version)
    engine.connection.execute(
        """
        delete from events using sensitive_codes_here s
        where s.system = events.system and s.code = events.code
        """
    )
