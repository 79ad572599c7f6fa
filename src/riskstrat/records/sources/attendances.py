"""Attendances at emergency departments, whatever the names of their columns.

Which rows are attendances
--------------------------
- Departments of type 01 (major), 02 (one specialty), 03 (urgent treatment centre) and 04 (walk-in
  centre), as in the counts that NHS England publishes; so is a department whose type is not told.
- Not type 05, same day emergency care: it replaces a short admission and is recorded in one data
  set or another as hospitals change over.
- First and further unplanned attendances. A planned follow-up is an appointment.
- Somebody who was dead on arrival did not attend: the row only tells of the death.

References
----------
NHS Data Dictionary, EMERGENCY CARE DEPARTMENT TYPE and EMERGENCY CARE ATTENDANCE CATEGORY; NHS
England, A&E Attendances and Emergency Admissions, and Impact of changes to recording of Same Day
Emergency Care activity on Hospital Episode Statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskstrat.records.sources.columns import Column, Kind
from riskstrat.records.sources.hospital_columns import ethnic_sql, impossible_age_sql
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.rows import versions_sql
from riskstrat.records.sources.work import Work
from riskstrat.windows import minutes_later_sql

__all__ = [
    "AttendanceRows",
    "build_attendances",
    "clock_of_moment_sql",
    "code_columns",
    "coded_sql",
]

_SPECIALTY = "180"
"""NHS treatment function code of emergency medicine. What a feed has under that name is the
specialty that somebody was admitted to."""

_SAME_DAY_CARE = ("05", "5")
"""NHS Data Dictionary, EMERGENCY CARE DEPARTMENT TYPE, in commissioning data set 6.2 and 6.3."""

_NOT_KNOWN_MINUTES = "999, 9999"
_NOT_KNOWN_CLOCK = "4000"
"""How feeds write that a length in minutes, or a time of day, is not known (hospital episode
statistics, accident and emergency)."""

_CLOCK = (
    r"(?:.*[ T])?((?:[01]?\d|2[0-3]):?[0-5]\d)"
    r"(?::?[0-5]\d(?:\.\d+)?)?(?:Z| ?[+-]\d{2}:?\d{2})?"
)
"""A time of day, alone or after a day, with or without seconds: hours and minutes are the group."""

_AFTER_DAY = r"[ T](\d{1,2}:.*)$"


@dataclass(frozen=True)
class AttendanceRows:
    """What the rows of a raw table mean, as SQL over its columns.

    Parameters
    ----------
    table : str
        A raw table with the columns that :func:`build_attendances` names.
    planned, dead_on_arrival, died : str
        Conditions; null counts as no.
    diagnoses : str
        A list made by :func:`coded_sql`.
    duplicate : str
        Condition under which a row repeats another, as its owner has found.
    """

    table: str
    planned: str
    dead_on_arrival: str
    died: str
    diagnoses: str
    duplicate: str = "false"


def code_columns(name: str, aliases: Sequence[str], count: int) -> tuple[Column, ...]:
    """Columns of codes in order, ``name_1`` and on, in which no digit may be lost.

    Parameters
    ----------
    name : str
    aliases : sequence of str
        Names in files, with ``{n}`` or ``{n:02d}`` for the number.
    count : int
    """
    return tuple(
        Column(f"{name}_{n}", tuple(alias.format(n=n) for alias in aliases), Kind.CODE)
        for n in range(1, count + 1)
    )


def coded_sql(codes: str, system: str, code: str) -> str:
    """SQL: those of a list of written codes that are codes, with their place in the list.

    Parameters
    ----------
    codes : str
        A list of text.
    system, code : str
        Coding system and code of the text ``c``; no code where it is none.
    """
    entry = f"{{'system': {system}, 'code': {code}, 'position': cast(i as integer)}}"
    return (
        f"list_filter(list_transform({codes}, lambda c, i: {entry}), lambda d: d.code is not null)"
    )


def _clock_sql(text: str) -> str:
    """SQL: a text as a time of day, null when it is none."""
    digits = f"lpad(replace(regexp_extract({text}, '^{_CLOCK}$', 1), ':', ''), 4, '0')"
    return (
        f"case when regexp_full_match({text}, '{_CLOCK}') "
        f"then cast({digits}[1:2] || ':' || {digits}[3:4] as time) end"
    )


def clock_of_moment_sql(time: str, moment: str) -> str:
    """SQL: the text of a time of day: of its own, else as part of a moment, and null for a day."""
    return f"coalesce({time}, nullif(regexp_extract({moment}, '{_AFTER_DAY}', 1), ''))"


def build_attendances(work: Work, rows: AttendanceRows) -> None:
    """What stands on attendances: a stay each, its diagnoses, and what is told of people.

    A later submission of an attendance supersedes an earlier one.

    Parameters
    ----------
    work : Work
    rows : AttendanceRows
        Its table has the columns ``identifier, provider, submission_date, department_type,
        arrival_date, arrival_clock, departure_date, departure_clock, minutes, age, birth_month,
        ethnic_category``.
    """
    judged = work.judge(
        rows.table,
        *_rules(rows),
        select=_select(work, rows),
        identifier="concat(stay_id, ' ', recorded_date)",
        content=(
            *("arrival_date", "start_time", "end_date", "diagnoses"),
            *("is_dead_on_arrival", "death_date", "ethnic_category"),
        ),
    )
    attended = work.keep(
        f"{rows.table}_attended",
        f"""
        select patient_id, stay_id, provider, arrival_date as start_date, start_time, end_date,
            diagnoses, recorded_date
        from {judged} where reason is null and not is_dead_on_arrival
        """,
    )
    _give_stays(work, attended)
    _give_diagnoses(work, attended)
    kept = f"(from {judged} where reason is null)"
    work.give("told_people", ethnic_sql(f"{kept} kept"))
    work.give(
        "told_people",
        f"select patient_id, death_date, recorded_date from {kept} where death_date is not null",
    )


def _rules(rows: AttendanceRows) -> tuple[tuple[Reason, str], ...]:
    same_day_care = ", ".join(f"'{code}'" for code in _SAME_DAY_CARE)
    unreadable = " or ".join(
        f"({column} <> '{_NOT_KNOWN_CLOCK}' and {_clock_sql(column)} is null)"
        for column in ("arrival_clock", "departure_clock")
    )
    return (
        (Reason.DUPLICATE, rows.duplicate),
        (Reason.SAME_DAY_CARE, f"department_type in ({same_day_care})"),
        (Reason.PLANNED, rows.planned),
        (Reason.IMPOSSIBLE_AGE, impossible_age_sql("arrival_date")),
        (Reason.UNPARSABLE_DATE, unreadable),
        (Reason.NEGATIVE, "minutes < 0"),
        (
            Reason.END_BEFORE_START,
            "departure_date < arrival_date "
            "or (departure_date = arrival_date and end_time < start_time)",
        ),
    )


def _select(work: Work, rows: AttendanceRows) -> str:
    """Columns beside those of the raw table; each may use those before it."""
    told = "case when submission_date >= arrival_date then submission_date end"
    named = "coalesce(identifier, concat_ws(' ', arrival_date, start_time))"
    hidden = work.hidden(f"'{rows.table}'", "patient_id", "provider", named)
    return f"""
        {_clock_sql("arrival_clock")} as start_time,
        {_clock_sql("departure_clock")} as end_time,
        case when minutes not in ({_NOT_KNOWN_MINUTES}) then minutes end as known_minutes,
        coalesce(departure_date, {minutes_later_sql("arrival_date", "start_time", "known_minutes")})
            as end_date,
        {hidden} as stay_id,
        {work.recorded("coalesce(end_date, arrival_date)", told)} as recorded_date,
        coalesce({rows.dead_on_arrival}, false) as is_dead_on_arrival,
        case when ({rows.died}) or is_dead_on_arrival then coalesce(end_date, arrival_date) end
            as death_date,
        {rows.diagnoses} as diagnoses
    """


def _give_stays(work: Work, attended: str) -> None:
    stay = ("patient_id", "stay_id", "provider")
    versions = versions_sql(attended, stay, ("start_date", "start_time", "end_date"))
    work.give(
        "stays",
        f"""
        select *, 'emergency_department' as kind, false as is_emergency,
            'attended' as attendance, '{_SPECIALTY}' as specialty
        from ({versions}) versions
        """,
    )


def _give_diagnoses(work: Work, attended: str) -> None:
    versions = versions_sql(attended, ("patient_id", "stay_id"), ("start_date", "diagnoses"))
    work.give(
        "events",
        f"""
        select * exclude (diagnosis), 'diagnosis' as kind, {work.feed} as source,
            diagnosis.system, diagnosis.code, diagnosis.position
        from (
            select patient_id, stay_id, start_date as event_date, recorded_date, superseded_date,
                unnest(diagnoses) as diagnosis
            from ({versions}) versions
        ) coded
        """,
    )
