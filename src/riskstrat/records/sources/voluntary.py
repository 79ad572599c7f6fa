"""Contacts of charities: lists of lines without any identifier of their own.

Notes
-----
- Support is a spell from the first contact to the line that ends it; the list says how long a
  contact was, but neither what is planned a week nor what it costs.
- Every line is a contact; one without any time that ends the support is an observation of the end.
- A service in words that no table knows is ``voluntary_sector``; each wording has its own spells.
- Lines of one person may name them differently (with and without a number); spells are made after
  linkage, from all that is linked.
"""

from __future__ import annotations

from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.rows import register_meanings, versions_sql
from riskstrat.records.sources.words import register_words, words_of, words_sql
from riskstrat.records.sources.work import Work

__all__ = ["VOLUNTARY"]

_CONTACT = RawTable(
    "voluntary_contact",
    (
        Column(
            "event_date",
            ("Date of contact", "Contact date"),
            Kind.DAY,
            required=True,
            missing=Reason.NO_DATE,
        ),
        Column("nhs_number", ("NHS No", "NHS No.", "NHS Number"), Kind.IDENTIFIER, required=True),
        Column("birth_date", ("DOB", "Date of birth"), Kind.DAY),
        Column("sex", ("Gender", "Sex")),
        Column("postcode", ("Postcode", "Post code")),
        Column("service", ("Service",), required=True),
        Column("minutes", ("Minutes", "Duration (minutes)"), Kind.NUMBER),
        Column("outcome", ("Outcome",), required=True),
        Column("sent_date", ("Sent on", "Date sent"), Kind.DAY),
    ),
)

_SERVICES = {
    "Social prescribing": ("social_prescribing", "social_prescribing"),
    "Social prescriber": ("social_prescribing", "social_prescribing"),
    "Link worker": ("social_prescribing", "social_prescribing"),
    "Community connector": ("social_prescribing", "social_prescribing"),
    "Befriending": ("befriending", "befriending"),
    "Telephone befriending": ("befriending", "befriending"),
    "Befriender": ("befriending", "befriending"),
    "Food support": ("voluntary_sector", "food_support"),
    "Food bank": ("voluntary_sector", "food_support"),
    "Foodbank": ("voluntary_sector", "food_support"),
    "Food parcel": ("voluntary_sector", "food_support"),
    "Welfare advice": ("voluntary_sector", "welfare_advice"),
    "Benefits advice": ("voluntary_sector", "welfare_advice"),
    "Debt advice": ("voluntary_sector", "welfare_advice"),
}
"""Wording to the service and to the end of the code of a contact."""

_OUTCOMES = {
    "Started": "started",
    "Start": "started",
    "New": "started",
    "Ended": "ended",
    "End": "ended",
    "Closed": "ended",
    "Completed": "ended",
    "Did not attend": "did_not_attend",
    "DNA": "did_not_attend",
    "No show": "did_not_attend",
    "Cancelled": "cancelled",
}
"""What a line says beside that there was contact. Any other word is support that goes on."""


def _build(work: Work) -> None:
    """What stands on the lines of some people."""
    lines = _lines(work)
    _contacts(work, lines)
    days = work.keep("voluntary_days", _days_sql(lines))
    spells = versions_sql(
        f"({_spells_sql(days)})", ("patient_id", "wording", "service", "start_date"), ("end_date",)
    )
    work.give(
        "services", f"select * exclude (wording), {work.feed} as source from ({spells}) spells"
    )


def _lines(work: Work) -> str:
    services = {words_of(text): meaning for text, meaning in _SERVICES.items()}
    register_meanings(work.engine, "voluntary_services", services, ("service", "topic"))
    register_words(work.engine, "voluntary_outcomes", _OUTCOMES)
    judged = work.judge(
        "voluntary_contact",
        (Reason.NEGATIVE, "minutes < 0"),
        select=f"coalesce({words_sql('r.service')}, '') as wording, "
        "coalesce(s.service, 'voluntary_sector') as support, coalesce(s.topic, 'other') as topic, "
        f"coalesce(o.meaning, 'ongoing') as meaning, "
        f"{work.recorded('r.event_date', 'r.sent_date')} as recorded_date",
        joins=f"left join voluntary_services s on s.given = {words_sql('r.service')} "
        f"left join voluntary_outcomes o on o.given = {words_sql('r.outcome')}",
        identifier="concat_ws('|', patient_id, event_date, wording, meaning, recorded_date, "
        "minutes)",
        content=("minutes",),
    )
    return work.keep(
        "voluntary_lines",
        f"""
        select patient_id, event_date, wording, support as service, topic, meaning, minutes,
            recorded_date
        from {judged} where reason is null
        """,
    )


def _contacts(work: Work, lines: str) -> None:
    """Give an event for every line; one that is sent again, as in a growing list, adds nothing."""
    ends_only = "(meaning = 'ended' and minutes = 0)"
    work.give(
        "events",
        f"""
        select patient_id, case when {ends_only} then 'observation' else 'contact' end as kind,
            event_date, {work.feed} as source, 'local' as system,
            concat('voluntary:', topic, case when {ends_only} then ':ended' end) as code,
            case when not {ends_only} then minutes end as value,
            case when not {ends_only} and minutes is not null then 'min' end as unit,
            case when meaning in ('did_not_attend', 'cancelled') then meaning end as attendance,
            min(recorded_date) as recorded_date
        from {lines}
        group by patient_id, event_date, topic, wording, meaning, minutes
        """,
    )


def _days_sql(lines: str) -> str:
    """SQL: each day of a person with one service: whether it was open before, begins and ends.

    A day that ends an open spell and starts another does both; a day that starts and ends with
    nothing open before is a spell of one day.
    """
    before = (
        "(partition by patient_id, wording order by day "
        "rows between unbounded preceding and 1 preceding)"
    )
    return f"""
        select *, is_seen and (not is_open or is_started and is_ended) as begins,
            is_ended and (is_open or is_seen) as ends,
            case when is_started then started_recorded
                else greatest(seen_recorded, max(ended_recorded) over {before})
            end as begin_recorded
        from (
            select *, coalesce(last_value(case when is_started and is_ended then null
                when is_ended then false when is_seen then true end ignore nulls) over {before},
                false) as is_open
            from (
                select patient_id, wording, service, event_date as day,
                    bool_or(meaning = 'started') as is_started,
                    bool_or(meaning = 'ended') as is_ended,
                    bool_or(meaning in ('started', 'ongoing')) as is_seen,
                    min(recorded_date) filter (where meaning = 'started') as started_recorded,
                    min(recorded_date) filter (where meaning = 'ended') as ended_recorded,
                    min(recorded_date) filter (where meaning in ('started', 'ongoing'))
                        as seen_recorded
                from {lines} group by patient_id, wording, service, event_date
            ) daily
        ) ordered
    """


def _spells_sql(days: str) -> str:
    """SQL: what was known of each spell: that it began, then that it ended.

    An end without a beginning is no spell. An end is not known before the beginning is.
    """
    return f"""
        with numbered as (
            select *, sum(begins::int) over (
                partition by patient_id, wording order by day) as number from {days}
        ),
        ended as (
            select patient_id, wording, number - (begins and is_open)::int as number,
                day as end_date, ended_recorded
            from numbered where ends
        ),
        spells as (
            select b.patient_id, b.wording, b.service, b.day as start_date, b.begin_recorded,
                e.end_date, greatest(e.ended_recorded, b.begin_recorded) as end_recorded
            from numbered b left join ended e
                on e.patient_id = b.patient_id and e.wording = b.wording and e.number = b.number
            where b.begins
        )
        select patient_id, wording, service, start_date, cast(null as date) as end_date,
            begin_recorded as recorded_date from spells
        union all
        select patient_id, wording, service, start_date, end_date, end_recorded
        from spells where end_date is not null
    """


VOLUNTARY = Dialect("voluntary", (_CONTACT,), _build)
