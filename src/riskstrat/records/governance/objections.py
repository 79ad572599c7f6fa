"""Whose rows may not be used: those who object, confidential records, dummies."""

from __future__ import annotations

from collections.abc import Sequence

from riskstrat.engine import Engine
from riskstrat.records.governance.gate import GovernedSource, barred_sql
from riskstrat.records.sources.columns import RawTable
from riskstrat.records.sources.judging import Reason

__all__ = [
    "MARKED",
    "MARKS",
    "OBJECTIONS",
    "add_marks",
    "add_objections",
    "find_barred",
    "make_who",
    "new_objections",
    "objections_not_linked",
]

OBJECTIONS = "told_objections"
"""Temporary table: objections as they were told, by claim."""

MARKED = "marked"
"""Temporary table: claims of people whose rows are marked."""

MARKS = {"is_withheld": "withheld", "is_dummy": "dummy"}
"""Columns of a raw table that mark a person whose record is confidential, or who is nobody."""


def new_objections(engine: Engine) -> None:
    """Make the empty temporary tables ``told_objections`` and ``marked``."""
    engine.connection.execute(
        """
        create or replace temp table told_objections (
            claim varchar, kind varchar, start_date date, end_date date, recorded_date date)
        """
    )
    engine.connection.execute("create or replace temp table marked (claim varchar, mark varchar)")


def add_marks(engine: Engine, table: RawTable, rows: str) -> None:
    """Remember the claims of rows that mark their person."""
    for column, mark in MARKS.items():
        if column in table.names:
            engine.connection.execute(
                f"insert into marked select distinct claim_of_row, '{mark}' "
                f"from ({rows}) told where {column}"
            )


def add_objections(engine: Engine, rows: str) -> None:
    """Remember objections. A row that cannot stand still objects, but withdraws nothing."""
    engine.connection.execute(
        f"""
        insert into told_objections
        select claim_of_row, kind, start_date,
            case when unreadable is null and end_date >= start_date then end_date end,
            recorded_date
        from ({rows}) told
        where kind is not null and coalesce(unreadable <> '{Reason.HEADER_AGAIN}', true)
        """
    )


def find_barred(engine: Engine) -> None:
    """Make ``objections`` of known people: the latest version of each is current."""
    engine.connection.execute(
        """
        create or replace temp table objections as
        select patient_id, kind, start_date, end_date, recorded_date,
            lead(recorded_date) over (
                partition by patient_id, kind, start_date
                order by recorded_date, end_date nulls first
            ) as superseded_date
        from (
            select distinct i.patient_id, lower(o.kind) as kind, o.start_date, o.end_date,
                coalesce(o.recorded_date, o.end_date, o.start_date) as recorded_date
            from told_objections o join identities i using (claim) where i.patient_id is not null
        ) told
        """
    )


def make_who(engine: Engine, source: GovernedSource, purpose: str) -> dict[str, int]:
    """Make ``who_<source>``: claims with the person each is about, or why that person is not used.

    Returns
    -------
    dict
        People whose rows of the source are left out, by reason.
    """
    kinds: Sequence[str] = source.opt_outs.get(purpose, ())
    reasons = [
        f"select patient_id, '{kind}' as why from ({barred_sql('objections', [kind])}) b"
        for kind in kinds
    ]
    reasons.append(
        """
        select distinct i.patient_id, m.mark as why from marked m join identities i using (claim)
        where i.patient_id is not null
        """
    )
    engine.connection.execute(
        f"create or replace temp table barred as {' union all '.join(reasons)}"
    )
    engine.connection.execute(
        f"""
        create or replace temp table who_{source.name} as
        select i.claim, case when b.patient_id is null then i.patient_id end as patient_id,
            case when b.why = 'dummy' then '{Reason.DUMMY}'
                when b.why = 'withheld' then '{Reason.WITHHELD}'
                when b.why is not null then '{Reason.OBJECTION}' else i.refusal end as refusal
        from identities i left join (
            select patient_id, min(case when why in ('dummy', 'withheld') then why
                else 'objects' end) as why
            from barred group by patient_id
        ) b using (patient_id)
        """
    )
    rows = engine.connection.execute(
        "select why, count(distinct patient_id) from barred group by why order by why"
    ).fetchall()
    return dict(rows)


def objections_not_linked(engine: Engine) -> int:
    """People who object and whom linkage did not find: their rows of other feeds may be in."""
    ((count,),) = engine.connection.execute(
        """
        select count(distinct o.claim) + count(*) filter (where o.claim is null)
        from told_objections o left join identities i using (claim) where i.patient_id is null
        """
    ).fetchall()
    return int(count)
