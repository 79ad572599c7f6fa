"""Dates in an order that cannot be."""

from __future__ import annotations

from collections.abc import Iterator

from riskstrat.records.checks.evidence import Evidence
from riskstrat.records.checks.finding import Found, RowCheck, check, count_rows
from riskstrat.schema import TABLES
from riskstrat.windows import days_sql

__all__ = [
    "CHECKS",
    "LONG_ATTENDANCE_DAYS",
    "after_death",
    "after_the_data",
    "before_birth",
    "died_before_birth",
    "ends_before_start",
    "long_attendances",
    "overlapping_registrations",
    "recorded_before_it_happened",
    "superseded_before_recorded",
]

LONG_ATTENDANCE_DAYS = 7
"""Days after which an attendance (emergency department, outpatient) is reported as too long to be
true. A judgement: waits of days are seen in emergency departments, a week is not."""

_DATED = tuple((table, table.event_date) for table in TABLES.values() if table.event_date)
"""Every table of a person's facts, with the column that says when."""


@check("R006", "error")
def ends_before_start(evidence: Evidence) -> Iterator[Found]:
    """A row ends before it starts.

    Why: its length is negative, and it is in force on no day at all.
    Do: ask the supplier which of the two dates is right, then link again.
    """
    return count_rows(
        evidence,
        (
            RowCheck(
                table.name,
                "{count} rows end before they start",
                f"select count(*) as n from {table.name} where end_date < start_date",
            )
            for table, _ in _DATED
            if "end_date" in table.column_names
        ),
    )


@check("R007", "error")
def died_before_birth(evidence: Evidence) -> Iterator[Found]:
    """A person died before the month of birth.

    Why: the age is negative, and two people may have been made one.
    Do: look at how the person was linked; ask the supplier of deaths.
    """
    return count_rows(
        evidence,
        (
            RowCheck(
                "patients",
                "{count} people died before their month of birth",
                "select count(*) as n from patients where death_date < birth_month",
            ),
        ),
    )


@check("R008", "warning")
def recorded_before_it_happened(evidence: Evidence) -> Iterator[Found]:
    """A row became known before the day it is about; appointments may.

    Why: one of the two dates is wrong, and features use what was known: a fact may be seen too
    early.
    Do: ask the supplier which date is meant; many such rows mean that two columns were swapped.
    """
    for table, day in _DATED:
        booked = " and kind <> 'appointment'" if table.name == "events" else ""
        sql = f"select count(*) as n from {table.name} where recorded_date < {day}{booked}"
        message = f"{{count}} rows were recorded before their {day}"
        yield from count_rows(evidence, [RowCheck(table.name, message, sql)])


@check("R009", "warning")
def superseded_before_recorded(evidence: Evidence) -> Iterator[Found]:
    """A row was replaced before it became known.

    Why: it is in force on no day, so what it says is never seen.
    Do: look at the order of the submissions that were linked.
    """
    return count_rows(
        evidence,
        (
            RowCheck(
                table.name,
                "{count} rows were superseded before they were recorded",
                f"select count(*) as n from {table.name} where superseded_date < recorded_date",
            )
            for table, _ in _DATED
        ),
    )


@check("R010", "warning")
def after_death(evidence: Evidence) -> Iterator[Found]:
    """A fact lies after the person's death.

    Why: the date of death is wrong, the fact is about somebody else, or it is paper that followed
    (letters, billing). The first two put an outcome on the wrong person.
    Do: compare the day of death of the feeds; single rows soon after a death need nothing.
    """
    return count_rows(
        evidence,
        (
            RowCheck(
                table.name,
                "{count} rows lie after the person's death",
                f"select count(*) as n from {table.name} t join patients p using (patient_id) "
                f"where t.{day} > p.death_date",
            )
            for table, day in _DATED
        ),
    )


@check("R011", "warning")
def before_birth(evidence: Evidence) -> Iterator[Found]:
    """A fact lies before the person's month of birth.

    Why: the date is a filler such as 1900-01-01, or the fact is the mother's.
    Do: ask the supplier what stands for an unknown date.
    """
    return count_rows(
        evidence,
        (
            RowCheck(
                table.name,
                "{count} rows lie before the person's month of birth",
                f"select count(*) as n from {table.name} t join patients p using (patient_id) "
                f"where t.{day} < p.birth_month",
            )
            for table, day in _DATED
        ),
    )


@check("R012", "warning")
def after_the_data(evidence: Evidence) -> Iterator[Found]:
    """A fact is dated after the last day that every feed covers.

    Why: a window that ends there would count what only some feeds can know.
    Do: nothing, if one feed is newer than the others: studies stop at that day. Otherwise look for
    mistyped years.
    """
    last = evidence.records.data_to.isoformat()
    return count_rows(
        evidence,
        (
            RowCheck(
                table.name,
                f"{{count}} rows are dated after the last day of the data, {last}",
                f"select count(*) as n from {table.name} where {day} > date '{last}'",
            )
            for table, day in _DATED
        ),
    )


@check("R013", "warning")
def overlapping_registrations(evidence: Evidence) -> Iterator[Found]:
    """A registration begins before an earlier one of the same person ends.

    Why: the person is on the lists of two practices at once.
    Do: few need nothing: practices learn late that somebody has left. Many mean that registrations
    never end in a feed.
    """
    sql = """
    select count(*) as n from (
        select start_date < max(coalesce(end_date, date '9999-12-31')) over (
            partition by patient_id order by start_date, end_date
            rows between unbounded preceding and 1 preceding) as overlaps
        from registrations where superseded_date is null
    ) ordered where overlaps
    """
    message = "{count} registrations begin before an earlier one of the same person ends"
    return count_rows(evidence, [RowCheck("registrations", message, sql)])


@check("R017", "warning")
def long_attendances(evidence: Evidence) -> Iterator[Found]:
    """An attendance (emergency department, outpatient) lasts more than a week.

    Why: it is not known before its end, so it is missing from features for as long.
    Do: ask the supplier whether such rows are courses of treatment; they are kept as sent.
    """
    sql = f"""
    select count(*) as n from stays
    where kind in ('emergency_department', 'outpatient')
        and {days_sql("start_date", "end_date")} > {LONG_ATTENDANCE_DAYS}
    """
    message = (
        f"{{count}} attendances last more than {LONG_ATTENDANCE_DAYS} days; each is not known "
        "before its end"
    )
    return count_rows(evidence, [RowCheck("stays", message, sql)])


CHECKS = (
    ends_before_start,
    died_before_birth,
    recorded_before_it_happened,
    superseded_before_recorded,
    after_death,
    before_birth,
    after_the_data,
    overlapping_registrations,
    long_attendances,
)
"""Every check of this module."""
