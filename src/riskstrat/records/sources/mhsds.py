"""The mental health services data set: referrals to mental-health teams, contacts, stays on wards.

References
----------
NHS Data Dictionary, Mental Health Services Data Set, tables MHS001, MHS101, MHS102, MHS201 and
MHS501.

Notes
-----
- A stay on a mental-health ward (MHS501) is a spell of support and no row of ``stays``. The general
  hospital's feed has the emergency admissions, and it may have the same stay once more; an
  emergency admission out of a ward would be joined to the stay there and be lost as an outcome; and
  a discharge from a ward would count as one from hospital.
- The team, its type and a rejection stand in MHS101 or, where it is there, in MHS102.
"""

from __future__ import annotations

from riskstrat.records.sources.columns import Column, Kind
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.rows import versions_sql
from riskstrat.records.sources.support_codes import MENTAL_HEALTH_TEAMS
from riskstrat.records.sources.support_referrals import SupportFeed, build_referrals
from riskstrat.records.sources.support_rows import (
    build_contacts,
    build_people,
    in_submission_sql,
    newest_told_sql,
    own_sql,
    support_table,
    told_columns,
)
from riskstrat.records.sources.work import Work

__all__ = ["MHSDS", "WARD"]

WARD = "mental_health_ward"
"""Support of a person who is on a mental-health ward; in no family of services, so no feature."""

_SCOPE = "mhsds"
_REQUEST = Column(
    "request",
    ("UniqServReqID", "ServiceRequestId"),
    Kind.IDENTIFIER,
    required=True,
    missing=Reason.NO_IDENTIFIER,
)

_PEOPLE = support_table(
    "mhsds_mhs001mpi",
    Column("nhs_number", ("NHSNumber",), Kind.IDENTIFIER),
    Column("token", ("PseudoNHSNumber", "Der_Pseudo_NHS_Number")),
    Column("birth_date", ("PersonBirthDate",), Kind.DAY),
    Column("sex", ("Gender",), required=True),
    Column("ethnic_category", ("EthnicCategory",), required=True),
    Column("postcode", ("Postcode",)),
    Column("lsoa", ("LSOA2011", "LSOA2021")),
    Column("death_date", ("PersDeathDate",), Kind.DAY, required=True),
    scope=_SCOPE,
    must_exist=True,
)
_REFERRALS = support_table(
    "mhsds_mhs101referral",
    _REQUEST,
    Column(
        "start_date",
        ("ReferralRequestReceivedDate",),
        Kind.DAY,
        required=True,
        missing=Reason.NO_DATE,
    ),
    Column("end_date", ("ServDischDate",), Kind.DAY, required=True),
    Column("rejected", ("ReferRejectionDate",), Kind.DAY),
    Column("team_type", ("ServTeamType", "ServTeamTypeRefToMH")),
    scope=_SCOPE,
)
_TEAMS = support_table(
    "mhsds_mhs102servicetypereferredto",
    _REQUEST,
    Column("team", ("UniqCareProfTeamID", "CareProfTeamLocalId"), required=True),
    Column("team_type", ("ServTeamTypeRefToMH", "ServTeamType"), required=True),
    Column("closed", ("ReferClosureDate",), Kind.DAY),
    Column("rejected", ("ReferRejectionDate",), Kind.DAY),
    scope=_SCOPE,
)
_CONTACTS = support_table(
    "mhsds_mhs201carecontact",
    Column(
        "contact",
        ("UniqCareContID", "CareContactId"),
        Kind.IDENTIFIER,
        required=True,
        missing=Reason.NO_IDENTIFIER,
    ),
    Column("event_date", ("CareContDate",), Kind.DAY, required=True, missing=Reason.NO_DATE),
    Column("status", ("AttendStatus", "AttendOrDNACode"), required=True),
    Column("mechanism", ("ConsMechanismMH",)),
    Column("minutes", ("ClinContDurOfCareCont",), Kind.NUMBER),
    scope=_SCOPE,
)
_WARDS = support_table(
    "mhsds_mhs501hospprovspell",
    Column(
        "spell",
        ("UniqHospProvSpellID", "HospProvSpellID", "UniqHospProvSpellNum", "HospProvSpellNum"),
        Kind.IDENTIFIER,
        required=True,
        missing=Reason.NO_IDENTIFIER,
    ),
    Column(
        "start_date",
        ("StartDateHospProvSpell",),
        Kind.DAY,
        required=True,
        missing=Reason.NO_DATE,
    ),
    Column("end_date", ("DischDateHospProvSpell",), Kind.DAY, required=True),
    scope=_SCOPE,
)

_SUPPORT = SupportFeed(
    _SCOPE, _REFERRALS.name, _TEAMS.name, MENTAL_HEALTH_TEAMS, other="community_mental_health"
)


def _build(work: Work) -> None:
    """What stands on the mental health data of some people."""
    build_people(work, _PEOPLE.name)
    build_referrals(work, _SUPPORT)
    build_contacts(work, _CONTACTS.name)
    _wards(work)


def _wards(work: Work) -> None:
    judged = work.judge(
        _WARDS.name,
        (Reason.END_BEFORE_START, "end_date < start_date"),
        select=told_columns(work, "coalesce(end_date, start_date)"),
        identifier=in_submission_sql("spell"),
        content=("start_date", "end_date"),
    )
    stay = ("patient_id", "spell")
    rows = f"""
        (select patient_id, {own_sql("spell")} as spell, start_date, end_date, recorded_date,
            told_order
        from {judged} where reason is null)
    """
    versions = versions_sql(f"({newest_told_sql(rows, stay)})", stay, ("start_date", "end_date"))
    work.give(
        "services",
        f"""
        select * exclude (spell), '{WARD}' as service, {work.feed} as source from ({versions}) stays
        """,
    )


MHSDS = Dialect(_SCOPE, (_PEOPLE, _REFERRALS, _TEAMS, _CONTACTS, _WARDS), _build)
