"""What all FHIR resources share: lines that are none, when something happened, and versions.

Notes
-----
- A later version of a resource (by ``meta.lastUpdated``) replaces the one before, on the day it was
  updated. One that was entered in error takes it back.
- The first of the moments a resource may have counts, if it says a day: a month or a year alone
  does not.
"""

from __future__ import annotations

from collections.abc import Sequence

from riskstrat.records.sources.fhir_tables import RESOURCES
from riskstrat.records.sources.judging import Reason, moment_sql, time_sql
from riskstrat.records.sources.rows import versions_sql
from riskstrat.records.sources.work import Work

__all__ = [
    "RESTRICTED",
    "day_rules",
    "moment_columns",
    "refuse_lines",
    "stay_id_sql",
    "stay_of_sql",
    "versions",
]

RESTRICTED = (Reason.WITHHELD, "is_restricted")
"""A resource that is itself marked as confidential."""

_KEY = "coalesce(identifier, 'line ' || row_number)"
"""What names a resource. One without an identifier has no versions."""


def refuse_lines(work: Work, table: str) -> None:
    """Give the lines that are no resource of a file their reason, before any other."""
    work.own(table)
    work.engine.connection.execute(
        f"""
        update raw_{table} set patient_id = null,
            refusal = case when is_json then '{Reason.NO_RESOURCE}' else '{Reason.NOT_JSON}' end
        where not is_json or resource_type is distinct from '{RESOURCES[table]}'
        """
    )


def moment_columns(*moments: str) -> str:
    """SQL select list: ``event_date`` and ``event_time`` of the first of `moments` that says a day.

    Parameters
    ----------
    *moments : str
        Columns of texts, each with its day in another column ending in ``_day``.
    """
    days = ", ".join(f"{column}_day" for column in moments)
    cases = " ".join(f"when {column}_day is not null then {column}" for column in moments)
    time = time_sql(moment_sql(f"(case {cases} end)"))
    return f"coalesce({days}) as event_date, {time} as event_time"


def day_rules(*moments: str) -> tuple[tuple[Reason, str], ...]:
    """Rules for a resource of which :func:`moment_columns` found no day."""
    return (
        (Reason.NO_DATE, f"coalesce({', '.join(moments)}) is null"),
        (Reason.UNPARSABLE_DATE, "event_date is null"),
    )


def versions(work: Work, judged: str, known: str, content: Sequence[str]) -> str:
    """Keep the versions of the resources that stand as ``told_<table>``; returns that name.

    Parameters
    ----------
    work : Work
    judged : str
        Judged table with ``updated``.
    known : str
        SQL of the day on which the first version of a resource became known.
    content : sequence of str
        Columns that make up what a resource says; kept, beside ``patient_id``, ``key``,
        ``recorded_date`` and ``superseded_date``.
    """
    columns = ("is_taken_back", *content)
    table = judged.removeprefix("judged_")
    rows = work.keep(
        f"dated_{table}",
        f"""
        select patient_id, key, {", ".join(columns)},
            case when updated > first_updated then greatest(cast(updated as date), {known})
                else {known} end as recorded_date
        from (
            select *, {_KEY} as key, reason is not null as is_taken_back,
                min(updated) over (partition by patient_id, {_KEY}) as first_updated
            from {judged}
            where patient_id is not null and (reason is null or reason = '{Reason.NOT_DONE}')
        ) told
        qualify row_number() over (
            partition by patient_id, key, recorded_date
            order by updated desc nulls last, {", ".join(columns)}) = 1
        """,
    )
    dated = f"(from {rows} where recorded_date is not null)"
    told = versions_sql(dated, ("patient_id", "key"), columns)
    return work.keep(f"told_{table}", f"select * from ({told}) t where not is_taken_back")


def stay_id_sql(work: Work, encounter: str, patient: str = "patient_id") -> str:
    """SQL: identifier of the stay that an encounter of a person is."""
    return work.hidden("'fhir'", f"'{work.source.name}'", patient, encounter)


def stay_of_sql(work: Work, rows: str) -> str:
    """SQL: rows with ``encounter_id``, and the stay that it is, where it is one of the person."""
    return f"""
        select r.*, case when s.key is not null
            then {stay_id_sql(work, "r.encounter_id", "r.patient_id")} end as stay_id
        from {rows} r left join (select distinct patient_id, key from fhir_stays) s
            on s.key = r.encounter_id and s.patient_id = r.patient_id
    """
