"""What the community and the mental health data sets have in common: submissions and what they say.

Notes
-----
- Every month is submitted, and again a month later (refresh); a record stands in each month in
  which it is open. What was known on a day is what the latest submission until then says: a row
  about an older month never replaces what one about a later month said, and in the same month the
  refresh replaces the primary submission.
- A contact is an event whatever came of it; ``attendance`` says whether the person was seen, and
  its value is the minutes it took. Its code is local, ``contact:`` and the consultation mechanism.
"""

from __future__ import annotations

from collections.abc import Sequence

from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.rows import register_mapping, versions_sql
from riskstrat.records.sources.support_codes import ATTENDANCE, MECHANISMS
from riskstrat.records.sources.work import Work
from riskstrat.windows import submitted_sql

__all__ = [
    "MONTH_END",
    "build_contacts",
    "build_people",
    "in_submission_sql",
    "judge_linkage",
    "newest_told_sql",
    "own_sql",
    "support_table",
    "told_columns",
]

_NO_DURATION = (0, 999, 9999)
"""Minutes that stand for none or for not known: a contact that did not take place has 0."""

_SUBMITTED = (
    Column("person_id", ("PERSON ID",), Kind.IDENTIFIER),
    Column(
        "local_patient",
        ("LOCAL PATIENT IDENTIFIER (EXTENDED)", "LOCAL PATIENT IDENTIFIER", "LocalPatientId"),
        Kind.IDENTIFIER,
    ),
    Column("organisation", ("ORGANISATION IDENTIFIER (CODE OF PROVIDER)", "OrgIDProv")),
    Column("month_number", ("UNIQUE MONTH ID", "UniqMonthID"), Kind.INTEGER),
    Column("file_type", ("FILE TYPE",)),
    Column("period_end", ("REPORTING PERIOD END DATE",), Kind.DAY),
    Column("effective_from", ("EFFECTIVE FROM",), Kind.DAY),
)
"""Columns of every table: whom it is about, and the submission. Names without spaces are those of
the mental health data set; spaces and casing do not matter."""

MONTH_END = (
    "last_day(coalesce(r.period_end, try(make_date("
    "1900 + (r.month_number + 2) // 12, (r.month_number + 2) % 12 + 1, 1))))"
)
"""SQL: last day of the month that a raw row ``r`` tells of. Unique month identifiers count months
from April 1900 = 1."""
_IS_REFRESH = "coalesce(starts_with(lower(r.file_type), 'refresh'), false)"
_ORDER = f"coalesce(year({MONTH_END}) * 24 + month({MONTH_END}) * 2, 0) + {_IS_REFRESH}::integer"
"""SQL: higher the later the month told, and for a refresh than for the primary submission."""

_LOCAL_ID = "coalesce(person_id, 'local ' || coalesce(organisation, '') || ' ' || local_patient)"


def support_table(
    name: str,
    *columns: Column,
    scope: str,
    must_exist: bool = False,
    needs_person: bool = False,
) -> RawTable:
    """A raw table with the columns that every table of both data sets has.

    Parameters
    ----------
    name : str
    *columns : Column
        Its own columns.
    scope : str
        Person identifiers of one scope name the same people. Where a table has none, the identifier
        that the provider uses takes its place.
    must_exist : bool
    needs_person : bool
        Whether a file without person identifiers is another one.
    """
    person, *others = _SUBMITTED
    if needs_person:
        person = Column(person.name, person.aliases, person.kind, required=True)
    return RawTable(
        name,
        (*columns, person, *others),
        scope=scope,
        derived={"local_id": _LOCAL_ID},
        must_exist=must_exist,
    )


def told_columns(work: Work, day: str) -> str:
    """SQL select list over a raw row ``r``: ``recorded_date`` and ``told_order`` of its submission.

    The day of a submission that the row does not tell is worked out from the month told, with a
    month more for a refresh; and from `day` where no month is told either.
    """
    next_month = submitted_sql(MONTH_END, "daily", 1)
    later = submitted_sql(next_month, "monthly", 0)
    month = f"case when {_IS_REFRESH} then {later} else {MONTH_END} end"
    recorded = work.recorded(f"coalesce({month}, {day})", "r.effective_from")
    return f"{recorded} as recorded_date, {_ORDER} as told_order"


def newest_told_sql(rows: str, key: Sequence[str]) -> str:
    """SQL: `rows` without those about an older month, or submission of it, than was told by then.

    Parameters
    ----------
    rows : str
        Relation with `key`, ``recorded_date`` and ``told_order``.
    key : sequence of str
        Columns that name a record.
    """
    return f"""
        select * from {rows} qualify told_order >= max(told_order) over (
            partition by {", ".join(key)} order by recorded_date
            range between unbounded preceding and current row)
    """


def judge_linkage(work: Work, table: str, *rules: tuple[Reason, str], select: str = "") -> str:
    """Judge rows that say who people are: each stands unless another one says the very same."""
    columns = ", ".join(work.tables[table].names)
    row = f"cast(row({columns}) as varchar)"
    return work.judge(table, *rules, select=select, identifier=row)


def build_people(work: Work, table: str) -> None:
    """What the index of people tells of them: ethnicity, and a death."""
    day = f"coalesce(death_date, date '{work.source.data_to}')"
    judged = judge_linkage(
        work,
        table,
        (Reason.DEATH_BEFORE_BIRTH, "death_date < birth_date"),
        select=told_columns(work, day),
    )
    work.give(
        "told_people",
        f"select patient_id, ethnic_category, death_date, recorded_date from {judged} "
        "where reason is null",
    )


def own_sql(identifier: str, organisation: str = "organisation") -> str:
    """SQL: an identifier that a provider gives, as one of all providers."""
    return f"concat_ws('|', {organisation}, {identifier})"


def in_submission_sql(*names: str) -> str:
    """SQL: what names a row in a submission: no two sound rows have it."""
    return (
        f"concat_ws('|', patient_id, organisation, {', '.join(names)}, recorded_date, told_order)"
    )


def build_contacts(work: Work, table: str) -> None:
    """Contacts as events."""
    register_mapping(work.engine, "contact_statuses", ATTENDANCE)
    register_mapping(work.engine, "contact_mechanisms", MECHANISMS)
    unknown = ", ".join(map(str, _NO_DURATION))
    judged = work.judge(
        table,
        (Reason.NEGATIVE, "minutes < 0"),
        select=f"{told_columns(work, 'event_date')}, s.meaning as attendance, "
        "coalesce('contact:' || m.given, 'contact') as code, m.meaning as text, "
        f"case when minutes not in ({unknown}) then minutes end as value",
        joins="left join contact_statuses s on s.given = r.status "
        "left join contact_mechanisms m on m.given = lpad(r.mechanism, 2, '0')",
        identifier=in_submission_sql("contact"),
        content=("event_date", "status", "mechanism", "minutes"),
    )
    contact = ("patient_id", "contact")
    rows = f"""
        (select patient_id, {own_sql("contact")} as contact, event_date, code, text, attendance,
            value, recorded_date, told_order
        from {judged} where reason is null)
    """
    versions = versions_sql(
        f"({newest_told_sql(rows, contact)})",
        contact,
        ("event_date", "code", "text", "attendance", "value"),
    )
    work.give(
        "events",
        f"""
        select * exclude (contact), 'contact' as kind, {work.feed} as source, 'local' as system,
            case when value is not null then 'min' end as unit
        from ({versions}) contacts
        """,
    )
