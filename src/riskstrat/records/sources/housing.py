"""Council housing: tenancies with arrears and support, and repairs.

Notes
-----
- A row of tenancies says how a tenancy stood on one day. Support for the tenant is a spell of
  ``housing_support``; how much of it there is, and what it costs, the feed does not say.
- A tenancy, its end, rent that is owed, a repair and an adaptation are observations with a code of
  these records (``housing:...``). When and for how much a repair was done is not read.
- A word that is in none of the tables below is ``other``.
"""

from __future__ import annotations

from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.judging import Reason, yes_no_sql
from riskstrat.records.sources.rows import versions_sql
from riskstrat.records.sources.states import states_sql
from riskstrat.records.sources.words import register_words, slug, words_sql
from riskstrat.records.sources.work import Work

__all__ = ["HOUSING"]

_SCOPE = "housing"
_PERSON = (
    Column("local_id", ("person_ref", "tenant_ref"), Kind.IDENTIFIER, required=True),
    Column("provider", ("landlord_code", "landlord")),
    Column("nhs_number", ("nhs_number", "nhs_no"), Kind.IDENTIFIER),
    Column("birth_date", ("date_of_birth", "dob"), Kind.DAY),
    Column("postcode", ("postcode",)),
)
_EXTRACTED = Column("extract_date", ("extract_date", "extracted_on"), Kind.DAY)

_TENANCY = RawTable(
    "housing_tenancy",
    (
        *_PERSON,
        Column(
            "tenancy",
            ("tenancy_ref",),
            Kind.IDENTIFIER,
            required=True,
            missing=Reason.NO_IDENTIFIER,
        ),
        Column("tenancy_type", ("tenancy_type",), required=True),
        Column("start_date", ("tenancy_start",), Kind.DAY, required=True, missing=Reason.NO_DATE),
        Column("end_date", ("tenancy_end",), Kind.DAY),
        Column("arrears", ("arrears", "rent_arrears")),
        Column("support_start", ("support_start",), Kind.DAY),
        Column("support_end", ("support_end",), Kind.DAY),
        Column("status_date", ("status_date",), Kind.DAY),
        _EXTRACTED,
    ),
    scope=_SCOPE,
    must_exist=False,
)
_REPAIR = RawTable(
    "housing_repair",
    (
        *_PERSON,
        Column(
            "repair", ("repair_ref",), Kind.IDENTIFIER, required=True, missing=Reason.NO_IDENTIFIER
        ),
        Column("category", ("category",), required=True),
        Column("event_date", ("reported_date",), Kind.DAY, required=True, missing=Reason.NO_DATE),
        _EXTRACTED,
    ),
    scope=_SCOPE,
    must_exist=False,
)

_TENANCY_TYPES = {
    name: slug(name)
    for name in (
        "secure",
        "introductory",
        "flexible",
        "sheltered",
        "assured",
        "assured shorthold",
        "starter",
        "licence",
        "leasehold",
        "temporary",
    )
}
_REPAIRS = {
    name: f"housing:repair:{slug(name)}"
    for name in (
        "plumbing",
        "heating and hot water",
        "electrics",
        "doors and windows",
        "damp and mould",
        "kitchen and bathroom",
        "roof and gutters",
        "stairs and handrails",
    )
} | {
    f"adaptation: {name}": f"housing:adaptation:{slug(name)}"
    for name in ("grab rails", "level access shower", "stairlift", "ramp")
}
"""Categories of repairs. An adaptation changes a home for somebody who is frail or disabled."""


def _build(work: Work) -> None:
    """What stands on the housing records of some people."""
    _tenancies(work)
    _repairs(work)


def _tenancies(work: Work) -> None:
    register_words(work.engine, "housing_types", _TENANCY_TYPES)
    judged = work.judge(
        "housing_tenancy",
        (Reason.END_BEFORE_START, "end_date < start_date or support_end < support_start"),
        select="'housing:tenancy:' || coalesce(t.meaning, 'other') as code",
        joins=f"left join housing_types t on t.given = {words_sql('r.tenancy_type')}",
        identifier="concat_ws('|', patient_id, tenancy, status_date, extract_date)",
        content=("start_date", "code", "end_date", "arrears", "support_start", "support_end"),
    )
    day = "coalesce(status_date, end_date, start_date)"
    rows = work.keep(
        "housing_tenancies",
        f"""
        select patient_id, tenancy, code, start_date as event_date, end_date, arrears,
            support_start, support_end, coalesce(status_date, start_date) as day,
            {work.recorded(day, "extract_date")} as recorded_date
        from {judged} where reason is null
        """,
    )
    _support(work, rows)
    _give(work, versions_sql(rows, ("patient_id", "tenancy"), ("event_date", "code")))
    ends = f"(select * replace (end_date as event_date) from {rows})"
    ended = versions_sql(ends, ("patient_id", "tenancy"), ("event_date",))
    _give(work, f"select *, 'housing:tenancy_ended' as code from ({ended}) ended")
    _arrears(work, rows)


def _arrears(work: Work, rows: str) -> None:
    """Give when rent was found to be owed, and when no longer."""
    told = f"""
        (select patient_id, tenancy, 'arrears' as attribute, day, day as since, recorded_date,
            case {yes_no_sql("arrears")} when true then 'yes' when false then 'no' end as value
        from {rows})
    """
    owed = states_sql(told, "patient_id, tenancy")
    code = "'housing:arrears:' || value as code"
    _give(work, f"select *, day as event_date, {code} from ({owed}) owed")


def _support(work: Work, rows: str) -> None:
    """Spells of support; one that began before the feed does begins with its own first day."""
    spells = f"""
        (select patient_id, tenancy, support_start as start_date, support_end as end_date,
            recorded_date from {rows} where support_start is not null)
    """
    versions = versions_sql(spells, ("patient_id", "tenancy", "start_date"), ("end_date",))
    work.give(
        "services",
        f"select * exclude (tenancy), 'housing_support' as service, {work.feed} as source "
        f"from ({versions}) versions",
    )


def _repairs(work: Work) -> None:
    register_words(work.engine, "housing_categories", _REPAIRS)
    judged = work.judge(
        "housing_repair",
        select="coalesce(c.meaning, 'housing:repair:other') as code",
        joins=f"left join housing_categories c on c.given = {words_sql('r.category')}",
        identifier="concat_ws('|', patient_id, repair, extract_date)",
        content=("event_date", "code"),
    )
    known = work.recorded("event_date", "extract_date")
    rows = f"(select *, {known} as recorded_date from {judged} where reason is null)"
    _give(work, versions_sql(rows, ("patient_id", "repair"), ("event_date", "code")))


def _give(work: Work, versions: str) -> None:
    """Add observations: ``patient_id, event_date, code``, each with the days it was known."""
    work.give(
        "events",
        f"""
        select patient_id, 'observation' as kind, event_date, {work.feed} as source,
            'local' as system, code, recorded_date, superseded_date
        from ({versions}) versions where event_date is not null
        """,
    )


HOUSING = Dialect("housing", (_TENANCY, _REPAIR), _build, has_own_people=True)
