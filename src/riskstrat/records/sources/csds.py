"""The community services data set: referrals to community teams, and contacts with people.

References
----------
NHS Data Dictionary, Community Services Data Set, tables CYP001, CYP002, CYP003, CYP101, CYP102 and
CYP201.

Notes
-----
- Practices (CYP002) are not used: registrations come from the practice's own list.
- An accommodation status (CYP003) is an observation with a local code. It is no residence: it does
  not say where, nor since when.
"""

from __future__ import annotations

from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.rows import versions_sql
from riskstrat.records.sources.support_codes import COMMUNITY_TEAMS
from riskstrat.records.sources.support_referrals import SupportFeed, build_referrals
from riskstrat.records.sources.support_rows import (
    MONTH_END,
    build_contacts,
    build_people,
    judge_linkage,
    newest_told_sql,
    support_table,
    told_columns,
)
from riskstrat.records.sources.work import Work

__all__ = ["CSDS"]

_SCOPE = "csds"
_REQUEST = Column(
    "request",
    ("SERVICE REQUEST IDENTIFIER",),
    Kind.IDENTIFIER,
    required=True,
    missing=Reason.NO_IDENTIFIER,
)

_PEOPLE = support_table(
    "csds_cyp001mpi",
    Column("nhs_number", ("NHS NUMBER",), Kind.IDENTIFIER),
    Column("token", ("PSEUDO NHS NUMBER", "Der_Pseudo_NHS_Number")),
    Column("birth_date", ("PERSON BIRTH DATE",), Kind.DAY),
    Column("sex", ("PERSON STATED GENDER CODE",), required=True),
    Column("ethnic_category", ("ETHNIC CATEGORY",), required=True),
    Column("postcode", ("POSTCODE OF USUAL ADDRESS",)),
    Column("lsoa", ("LOWER SUPER OUTPUT AREA (RESIDENCE)",)),
    Column("death_date", ("PERSON DEATH DATE",), Kind.DAY, required=True),
    scope=_SCOPE,
    must_exist=True,
)
_PRACTICES = support_table(
    "csds_cyp002gp",
    Column("practice", ("GENERAL MEDICAL PRACTICE CODE (PATIENT REGISTRATION)",), required=True),
    scope=_SCOPE,
    needs_person=True,
)
_ACCOMMODATION = support_table(
    "csds_cyp003accommodation",
    Column("code", ("ACCOMMODATION STATUS CODE",), required=True, missing=Reason.NO_CODE),
    Column("told_date", ("ACCOMMODATION STATUS RECORDED DATE",), Kind.DAY),
    scope=_SCOPE,
    needs_person=True,
)
_REFERRALS = support_table(
    "csds_cyp101referral",
    _REQUEST,
    Column(
        "start_date",
        ("REFERRAL REQUEST RECEIVED DATE",),
        Kind.DAY,
        required=True,
        missing=Reason.NO_DATE,
    ),
    Column("end_date", ("SERVICE DISCHARGE DATE",), Kind.DAY, required=True),
    Column("rejected", ("REFERRAL REJECTION DATE",), Kind.DAY),
    Column("team_type", ("SERVICE OR TEAM TYPE REFERRED TO (COMMUNITY CARE)",)),
    scope=_SCOPE,
)
_TEAMS = support_table(
    "csds_cyp102servicetypereferredto",
    _REQUEST,
    Column("team", ("CARE PROFESSIONAL TEAM LOCAL IDENTIFIER",)),
    Column("team_type", ("SERVICE OR TEAM TYPE REFERRED TO (COMMUNITY CARE)",), required=True),
    Column("closed", ("REFERRAL CLOSURE DATE",), Kind.DAY),
    Column("rejected", ("REFERRAL REJECTION DATE",), Kind.DAY),
    scope=_SCOPE,
)
_CONTACTS = support_table(
    "csds_cyp201carecontact",
    Column(
        "contact",
        ("CARE CONTACT IDENTIFIER",),
        Kind.IDENTIFIER,
        required=True,
        missing=Reason.NO_IDENTIFIER,
    ),
    Column("event_date", ("CARE CONTACT DATE",), Kind.DAY, required=True, missing=Reason.NO_DATE),
    Column("status", ("ATTENDANCE STATUS", "ATTENDED OR DID NOT ATTEND CODE"), required=True),
    Column("mechanism", ("CONSULTATION MECHANISM (COMMUNITY CARE)", "CONSULTATION MECHANISM")),
    Column("minutes", ("CLINICAL CONTACT DURATION OF CARE CONTACT",), Kind.NUMBER),
    scope=_SCOPE,
)
_BRIDGING = RawTable(
    "csds_bridging",
    (
        Column("local_id", ("PERSON ID",), Kind.IDENTIFIER, missing=Reason.NO_IDENTIFIER),
        Column(
            "token", ("PSEUDO NHS NUMBER", "Der_Pseudo_NHS_Number"), missing=Reason.NO_IDENTIFIER
        ),
    ),
    scope=_SCOPE,
    must_exist=False,
)
"""Person identifiers beside pseudonyms of NHS numbers; told by its name, not by its columns."""

_SUPPORT = SupportFeed(_SCOPE, _REFERRALS.name, _TEAMS.name, COMMUNITY_TEAMS)


def _build(work: Work) -> None:
    """What stands on the community services data of some people."""
    build_people(work, _PEOPLE.name)
    judge_linkage(work, _BRIDGING.name)
    work.judge(_PRACTICES.name, (Reason.NOT_USED, "true"))
    _accommodation(work)
    build_referrals(work, _SUPPORT)
    build_contacts(work, _CONTACTS.name)


def _accommodation(work: Work) -> None:
    """The status that was recorded on a day; a later submission may correct it."""
    judged = work.judge(
        _ACCOMMODATION.name,
        (Reason.NO_DATE, "event_date is null"),
        select=f"coalesce(told_date, {MONTH_END}) as event_date, {told_columns(work, 'told_date')}",
        identifier="concat_ws('|', local_id, organisation, event_date, recorded_date, told_order)",
        content=("code",),
    )
    status = ("patient_id", "organisation", "event_date")
    rows = f"""
        (select patient_id, organisation, event_date, 'accommodation:' || upper(code) as code,
            recorded_date, told_order
        from {judged} where reason is null)
    """
    versions = versions_sql(f"({newest_told_sql(rows, status)})", status, ("code",))
    work.give(
        "events",
        f"""
        select * exclude (organisation), 'observation' as kind, {work.feed} as source,
            'local' as system
        from ({versions}) statuses
        """,
    )


CSDS = Dialect(
    _SCOPE,
    (_PEOPLE, _PRACTICES, _ACCOMMODATION, _REFERRALS, _TEAMS, _CONTACTS, _BRIDGING),
    _build,
    unused={
        "csds_cyp202careactivity": Reason.NOT_USED,
        "csds_cyp612codedscoredassessmentcontact": Reason.NOT_USED,
    },
)
