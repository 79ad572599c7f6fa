"""Client-level data of adult social care: requests, assessments, services and reviews by quarter.

References
----------
NHS England, adult social care client-level data (CLD), under the names of the specification and
under those of the national extract (``Der_...``).

Notes
-----
- A council submits its list every quarter. An event of a later list supersedes what an earlier one
  said of it; each was known on the day it was submitted.
- A service for the person is a spell. Requests are referrals; assessments, reviews and support for
  carers are observations with a code of these records (``cld:...``).
- The outcome of an event is not read: 'admitted to hospital' is what is to be predicted.
- Home, unpaid carer and impairments are observations where they change, never part of an address.
- A row of a carer is about the carer. One who is only *known by association* has no event there:
  the row says that the person cares for somebody.
- A death is told with its month only; no day is made up for it.
"""

from __future__ import annotations

from riskstrat.records.sources import cld_words as words
from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.judging import Reason, yes_no_sql
from riskstrat.records.sources.rows import versions_sql
from riskstrat.records.sources.states import states_sql
from riskstrat.records.sources.words import register_words, words_sql
from riskstrat.records.sources.work import Work

__all__ = ["CLD"]

_EVENTS = RawTable(
    "cld_events",
    (
        Column(
            "local_id",
            ("LA Person Unique Identifier", "Der LA Person Unique Identifier Pseudo"),
            Kind.IDENTIFIER,
            required=True,
        ),
        Column("provider", ("LA Code",), required=True),
        Column("nhs_number", ("NHS Number",), Kind.IDENTIFIER),
        Column(
            "token",
            (
                "Der NHS Number Traced Pseudo",
                "Der Pseudo NHS Number Traced",
                "Der NHS Number Pseudo",
                "Der Pseudo NHS Number",
                "Pseudo NHS Number",
            ),
        ),
        Column("birth_date", ("Date of Birth",), Kind.DAY),
        Column("month_of_birth", ("dm Year And Month Of Birth",), Kind.MONTH),
        Column("year_number", ("Der Birth Year",), Kind.INTEGER),
        Column("month_number", ("Der Birth Month",), Kind.INTEGER),
        Column("sex", ("Gender",)),
        Column("ethnicity", ("Ethnicity",)),
        Column("death_date", ("Date of Death",), Kind.DAY),
        Column("practice_code", ("GP Practice Code",)),
        Column("postcode", ("Postcode",)),
        Column("lsoa", ("Der Postcode LSOA Code",)),
        Column("client_type", ("Client Type",), required=True),
        Column("accommodation_status", ("Accommodation Status",)),
        Column("has_carer", ("Has Unpaid Carer",)),
        Column("visual_impairment", ("Visual Impairment",)),
        Column("hearing_impairment", ("Hearing Impairment",)),
        Column("dementia", ("Dementia",)),
        Column("event_type", ("Event Type",), required=True),
        Column("reference", ("Event Reference",), Kind.IDENTIFIER),
        Column("start_date", ("Event Start Date",), Kind.DAY, required=True),
        Column("end_date", ("Event End Date",), Kind.DAY, required=True),
        Column("route", ("Request: Route of Access", "Request Route of Access")),
        Column("assessment_type", ("Assessment Type",)),
        Column("review_reason", ("Review Reason",)),
        Column("service_type", ("Service Type",), required=True),
        Column("component", ("Service Component",)),
        Column("mechanism", ("Delivery Mechanism",)),
        Column("unit_cost", ("Unit Cost",), Kind.NUMBER),
        Column(
            "frequency",
            ("Cost Frequency (Unit Type)", "Cost Frequency Unit Type", "Cost Frequency"),
        ),
        Column("units", ("Planned units per week",), Kind.NUMBER),
        Column("period_start", ("Reporting Period Start Date",), Kind.DAY),
        Column("period_end", ("Reporting Period End Date",), Kind.DAY),
        Column("submitted_date", ("ImportDate", "Submission Date"), Kind.DAY),
    ),
    derived={
        "birth_month": "coalesce(month_of_birth, cast(date_trunc('month', birth_date) as date), "
        "try(make_date(year_number, month_number, 1)))",
    },
    scope="council",
)

_LISTS = {
    "client": ("r.client_type", words.CLIENTS),
    "event": ("r.event_type", words.EVENTS),
    "type_code": ("r.service_type", words.SERVICE_TYPES),
    "component_code": ("r.component", words.COMPONENTS),
    "mechanism_code": ("r.mechanism", words.COMPONENTS),
    "frequency_code": ("r.frequency", words.FREQUENCIES),
    "route_code": ("r.route", words.ROUTES),
    "assessment_code": ("r.assessment_type", words.ASSESSMENTS),
    "review_code": ("r.review_reason", words.REVIEWS),
    "accommodation": ("r.accommodation_status", words.ACCOMMODATION),
    "ethnic_category": ("regexp_replace(r.ethnicity, '^[^:]*:', '')", words.ETHNICITIES),
}
"""Columns of the judged table that say what a wording means."""

_MINUTES_AN_HOUR = 60
_MINUTES_A_WEEK = 7 * 24 * _MINUTES_AN_HOUR
"""Minutes of support of somebody who lives in a care home."""

_SERVICE = """
    case when event <> 'service' or client <> 'service_user' then null
        when type_code = 'carer_support' then null
        else coalesce(type_code, component_code, mechanism_code, 'social_care_package') end
"""
_MINUTES = f"""
    case when {_SERVICE} in ('residential_care', 'nursing_care') then {_MINUTES_A_WEEK}
        when frequency_code = 'hourly' then try_cast(round({_MINUTES_AN_HOUR} * units) as integer)
    end
"""
"""How long a session or a day of support is, no field says."""

_PENCE = """
    try_cast(round(round(unit_cost * 100) * case
        when frequency_code in ('hourly', 'each') then units else try_cast(frequency_code as double)
    end) as integer)
"""
_CODE = f"""
    'cld:' || case when event = 'request' then 'request:' || coalesce(route_code, 'other')
        when event = 'assessment' then 'assessment:' || coalesce(assessment_code, 'other')
        when event = 'review' then 'review:' || coalesce(review_code, 'other')
        when event = 'service' and {_SERVICE} is null then 'service:carer_support' end
"""
_STATES = {
    "accommodation": "accommodation",
    "unpaid_carer": "case when client <> 'service_user' then 'yes' end",
} | {
    attribute: f"case {yes_no_sql(column)} when true then 'yes' when false then 'no' end"
    for attribute, column in {
        "has_unpaid_carer": "has_carer",
        "visual_impairment": "visual_impairment",
        "hearing_impairment": "hearing_impairment",
        "dementia": "dementia",
    }.items()
}
"""What is told of a person beside the event: attribute to its value."""


def _build(work: Work) -> None:
    """What stands on the council's records of some people."""
    rows = _told(work, _judged(work))
    event = ("patient_id", "provider", "name")
    spell = ("service", "start_date", "end_date", "minutes_per_week", "weekly_cost_pence")
    spells = versions_sql(f"(from {rows} where service is not null)", event, spell)
    work.give(
        "services",
        f"select * exclude (provider, name), {work.feed} as source from ({spells}) spells",
    )
    facts = versions_sql(
        f"(from {rows} where code is not null)", event, ("kind", "event_date", "code")
    )
    work.give(
        "events",
        f"select * exclude (provider, name), {work.feed} as source, 'local' as system "
        f"from ({facts}) facts",
    )
    _states(work, rows)
    work.give(
        "told_people", f"select patient_id, ethnic_category, death_date, recorded_date from {rows}"
    )


def _judged(work: Work) -> str:
    """Every row with what its words mean, and its reason."""
    joins = []
    for name, (column, meanings) in _LISTS.items():
        register_words(work.engine, f"cld_{name}", meanings)
        joins.append(f"left join cld_{name} on cld_{name}.given = {words_sql(column)}")
    known = work.recorded(
        "coalesce(r.period_end, r.end_date, r.start_date, r.period_start)", "r.submitted_date"
    )
    return work.judge(
        "cld_events",
        (Reason.UNKNOWN_KIND, "client is null and client_type is not null"),
        (Reason.UNKNOWN_KIND, "event is null and client is distinct from 'associated'"),
        (Reason.NO_DATE, "start_date is null and client is distinct from 'associated'"),
        (Reason.NO_DATE, "coalesce(start_date, period_start, period_end) is null"),
        (Reason.END_BEFORE_START, "end_date < start_date"),
        (Reason.NEGATIVE, "units < 0 or unit_cost < 0"),
        select=f"{known} as recorded_date, {', '.join(f'cld_{n}.meaning as {n}' for n in _LISTS)}",
        joins=" ".join(joins),
        identifier=f"concat_ws('|', patient_id, provider, recorded_date, client, {_PARTS})",
        content=("end_date", "units", "unit_cost", "frequency", "mechanism", "accommodation"),
    )


_PARTS = "event_type, reference, start_date, service_type, component, route, assessment_type"
"""Names an event within a list. Some councils give the parts of a package one reference."""


def _told(work: Work, judged: str) -> str:
    """Sound rows: the name of the event, and what it is in these records.

    The reference names an event, so that a corrected date or component supersedes; without one, or
    where one list gives it to several components, what the service is belongs to the name.
    """
    within = "(partition by patient_id, provider, event, reference, recorded_date)"
    always = "(partition by patient_id, provider, event, reference)"
    what = "concat_ws('|', service_type, component)"
    return work.keep(
        "cld_told",
        f"""
        select *, case when reference is null
                then concat_ws('|', '', event, start_date, {what}, route, assessment_type)
            when bool_or(is_package) over {always} then concat_ws('|', event, reference, {what})
            else concat_ws('|', event, reference) end as name
        from (
            select patient_id, provider, reference, event, start_date, end_date, service_type,
                component, route, assessment_type, ethnic_category, death_date, recorded_date,
                {_SERVICE} as service, {_MINUTES} as minutes_per_week,
                {_PENCE} as weekly_cost_pence,
                case when event = 'request' then 'referral' else 'observation' end as kind,
                start_date as event_date, {_CODE} as code,
                coalesce(greatest(start_date, period_start), period_end) as day,
                {", ".join(f"{sql} as is_{name}" for name, sql in _STATES.items())},
                min({what}) over {within} <> max({what}) over {within} as is_package
            from (
                select * replace (coalesce(client, 'service_user') as client)
                from {judged} where reason is null
            ) sound
        ) described
        """,
    )


def _states(work: Work, rows: str) -> None:
    """Give what is told of the person with an event: when that is told first, and when it changes.

    An event that goes on repeats what was true when it began, which tells nothing new.
    """
    names = ", ".join(f"'{name}'" for name in _STATES)
    values = ", ".join(f"is_{name}" for name in _STATES)
    event = "partition by patient_id, provider, name, attribute order by recorded_date, day"
    told = f"""
        (select patient_id, provider, attribute, value, day, start_date as since, recorded_date
        from (
            select patient_id, provider, name, day, start_date, recorded_date,
                unnest([{names}]) as attribute, unnest([{values}]) as value from {rows}
        ) each_attribute qualify value is distinct from lag(value) over ({event}))
    """
    states = states_sql(told, "patient_id, provider")
    work.give(
        "events",
        f"""
        select patient_id, 'observation' as kind, day as event_date, {work.feed} as source,
            'local' as system, concat('cld:', attribute, ':', value) as code, recorded_date,
            superseded_date
        from ({states}) states
        """,
    )


CLD = Dialect("cld", (_EVENTS,), _build, has_own_people=True)
