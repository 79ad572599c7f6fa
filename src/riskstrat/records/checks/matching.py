"""Orphans and duplicates: rows that belong to nothing, and rows told twice."""

from __future__ import annotations

from collections.abc import Iterator

from riskstrat.records.checks.evidence import Evidence
from riskstrat.records.checks.finding import Found, RowCheck, check, count_rows
from riskstrat.schema import TABLES

__all__ = [
    "CHECKS",
    "events_of_no_stay",
    "people_without_registration",
    "repeated_events",
    "repeated_stays",
    "rows_of_nobody",
    "stays_with_two_current_rows",
]

_TIMED_STAYS = ("inpatient", "day_case", "emergency_department")
"""Kinds of which nobody has two at the same moment; clinics of one day do look alike."""


@check("R005", "error")
def rows_of_nobody(evidence: Evidence) -> Iterator[Found]:
    """A row is for somebody who is not in the table of patients.

    Why: the person has no age and no sex and is in no cohort, so the row is lost without being
    counted.
    Do: link all feeds of a store in one go; if it comes back, report it with the dialect.
    """
    return count_rows(
        evidence,
        (
            RowCheck(
                table.name,
                "{count} rows are for somebody who is not in patients",
                f"select count(*) as n from {table.name} t anti join patients p using (patient_id)",
            )
            for table in TABLES.values()
            if table.event_date
        ),
    )


@check("R015", "error")
def stays_with_two_current_rows(evidence: Evidence) -> Iterator[Found]:
    """A stay has more than one current row.

    Why: it would be counted more than once, also as an outcome.
    Do: link the feeds again, in the order of their submissions.
    """
    sql = """
    select count(*) as n from (
        select stay_id from stays where superseded_date is null
        group by stay_id having count(*) > 1
    ) doubled
    """
    message = "{count} stays have more than one current row, and would be counted more than once"
    return count_rows(evidence, [RowCheck("stays", message, sql)])


@check("R016", "info")
def repeated_events(evidence: Evidence) -> Iterator[Found]:
    """An event repeats another one in every column.

    Why: features that count rows count it twice; those that ask whether, or on how many days, do
    not.
    Do: nothing, if the feed sends repeats (two doses in a minute). If one file has nearly all of
    them, it was sent twice.
    """
    columns = ", ".join(TABLES["events"].column_names)
    sql = f"""
    select coalesce(sum(copies - 1), 0) as n from (
        select count(*) as copies from events group by {columns}
    ) counted
    """
    message = "{count} rows repeat another row in every column"
    return count_rows(evidence, [RowCheck("events", message, sql)])


@check("R035", "warning")
def events_of_no_stay(evidence: Evidence) -> Iterator[Found]:
    """An event names a stay that is not in the table of stays.

    Why: the diagnosis or procedure is there, the admission it belongs to is not: admissions and
    outcomes are too few.
    Do: compare the periods of the two files; a file of stays is missing or was cut short.
    """
    sql = "select count(*) as n from (from events where stay_id is not null) e anti join stays s "
    message = "{count} events belong to a stay that is not in stays"
    return count_rows(evidence, [RowCheck("events", message, f"{sql} using (stay_id)")])


@check("R036", "warning")
def repeated_stays(evidence: Evidence) -> Iterator[Found]:
    """A stay repeats another one of the same person in everything but its identifier.

    Why: one admission counts as two, as history and as an outcome.
    Do: ask the supplier whether two systems sent the same stays, and leave one out.
    """
    columns = ", ".join(
        name
        for name in TABLES["stays"].column_names
        if name not in {"stay_id", "recorded_date", "superseded_date"}
    )
    sql = f"""
    select coalesce(sum(copies - 1), 0) as n from (
        select count(distinct stay_id) as copies from stays
        where superseded_date is null and kind in {_TIMED_STAYS}
        group by {columns}
    ) counted
    """
    message = "{count} stays repeat another stay in everything but their identifier"
    return count_rows(evidence, [RowCheck("stays", message, sql)])


@check("R037", "info")
def people_without_registration(evidence: Evidence) -> Iterator[Found]:
    """A person was never registered with a practice.

    Why: cohorts are made of registered people, so nobody can find this person on a list.
    Do: nothing, for visitors to the area's hospitals. Many mean that registrations of a practice
    are missing, or that identifiers of two feeds do not match.
    """
    if evidence.records.manifest["tables"]["registrations"]["rows"] == 0:
        return
    sql = "select count(*) as n from patients p anti join registrations r using (patient_id)"
    message = "{count} people were never registered with a practice"
    yield from count_rows(evidence, [RowCheck("patients", message, sql)])


CHECKS = (
    rows_of_nobody,
    stays_with_two_current_rows,
    repeated_events,
    events_of_no_stay,
    repeated_stays,
    people_without_registration,
)
"""Every check of this module."""
