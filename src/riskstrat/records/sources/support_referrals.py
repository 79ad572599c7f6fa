"""Referrals of the community and the mental health data sets: to whom, from when until when.

Notes
-----
- A referral is an event from the day it was received. It is a spell of support from that day until
  the referral is closed or the team discharges, unless the team rejects it: what had been told as
  support is then superseded by nothing. A referral that several teams take is a spell of each.
- What a referral and its teams say stands in two tables, which need not be submitted in the same
  months: on any day the latest of each counts.
- Planned minutes and costs are in neither data set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.rows import register_meanings, versions_sql
from riskstrat.records.sources.support_codes import OTHER_SERVICE
from riskstrat.records.sources.support_rows import (
    in_submission_sql,
    newest_told_sql,
    own_sql,
    told_columns,
)
from riskstrat.records.sources.work import Work

__all__ = ["SupportFeed", "build_referrals"]


@dataclass(frozen=True)
class SupportFeed:
    """The tables of one of the two data sets, and its list of team types.

    Parameters
    ----------
    name : str
        Starts the codes of its referrals.
    referrals, teams : str
        Raw tables with ``request, start_date, end_date`` and, in either, ``team_type`` and
        ``rejected``; teams have ``request, team, closed``.
    team_types : mapping of str to (str, str)
        Team type to what it is called and the support it gives.
    other : str
        Support of a team whose type is not told or not in the list.
    """

    name: str
    referrals: str
    teams: str
    team_types: Mapping[str, tuple[str, str]]
    other: str = OTHER_SERVICE


_REQUEST = ("patient_id", "request")
_TAKEN = (*_REQUEST, "team")


def build_referrals(work: Work, feed: SupportFeed) -> None:
    """Referrals as events, and as spells of support of the teams that took them."""
    _keep_referrals(work, feed)
    _keep_teams(work, feed)
    work.keep("support_days", _DAYS)
    work.keep("support_states", _STATES)
    register_meanings(work.engine, "team_types", feed.team_types, ("text", "service"))
    named = f"""
        (select s.*, coalesce(m.service, '{feed.other}') as service, m.text,
            coalesce('{feed.name}:team:' || m.given, '{feed.name}:referral') as code,
            start_date as event_date, is_told and not is_rejected as is_held
        from support_states s left join team_types m on m.given = upper(s.team_type))
    """
    spell = ("is_held", "service", "start_date", "end_date")
    work.give(
        "services",
        f"""
        select patient_id, service, {work.feed} as source, start_date, end_date, recorded_date,
            superseded_date
        from ({versions_sql(named, _TAKEN, spell)}) spells where is_held
        """,
    )
    told = ("is_told", "event_date", "code", "text")
    work.give(
        "events",
        f"""
        select patient_id, 'referral' as kind, event_date, {work.feed} as source,
            'local' as system, code, text, recorded_date, superseded_date
        from ({versions_sql(named, _TAKEN, told)}) referrals where is_told
        """,
    )


def _keep_referrals(work: Work, feed: SupportFeed) -> None:
    judged = work.judge(
        feed.referrals,
        (Reason.END_BEFORE_START, "least(end_date, rejected) < start_date"),
        select=told_columns(work, "coalesce(end_date, rejected, start_date)"),
        identifier=in_submission_sql("request"),
        content=("start_date", "end_date", "rejected", "team_type"),
    )
    rows = f"""
        (select patient_id, {own_sql("request")} as request, start_date, end_date, rejected,
            team_type, recorded_date, told_order
        from {judged} where reason is null)
    """
    work.keep("support_referrals", newest_told_sql(rows, _REQUEST))


def _keep_teams(work: Work, feed: SupportFeed) -> None:
    work.keep(
        "support_received",
        "select patient_id, request, min(start_date) as received from support_referrals "
        "group by all",
    )
    judged = work.judge(
        feed.teams,
        (Reason.NO_PARENT, "received is null"),
        (Reason.END_BEFORE_START, "least(closed, rejected) < received"),
        select=f"p.received, {told_columns(work, 'coalesce(r.closed, r.rejected, p.received)')}",
        joins="left join support_received p on p.patient_id = r.patient_id "
        f"and p.request = {own_sql('r.request', 'r.organisation')}",
        identifier=in_submission_sql("request", "coalesce(team, team_type)"),
        content=("team_type", "closed", "rejected"),
    )
    rows = f"""
        (select patient_id, {own_sql("request")} as request,
            coalesce(team, team_type, 'not named') as team, team_type, closed, rejected,
            recorded_date, told_order
        from {judged} where reason is null)
    """
    work.keep("support_teams", newest_told_sql(rows, _TAKEN))


_DAYS = """
    select patient_id, request, team, recorded_date from support_teams
    union select r.patient_id, r.request, t.team, r.recorded_date
    from support_referrals r join support_teams t using (patient_id, request)
    union select patient_id, request, '', recorded_date from support_referrals
    union select patient_id, request, '', min(recorded_date) from support_teams group by all
"""
"""Days on which a submission says something of a referral to a team. The team without a name stands
for a referral until one is told."""

_STATES = """
    select d.patient_id, d.request, d.team, d.recorded_date, r.start_date,
        coalesce(t.team_type, r.team_type) as team_type,
        least(r.end_date, case when t.closed >= r.start_date then t.closed end) as end_date,
        r.rejected is not null or t.rejected is not null as is_rejected,
        d.team <> '' or d.recorded_date < coalesce(f.first_told, date '9999-12-31') as is_told
    from support_days d
    asof join support_referrals r on r.patient_id = d.patient_id and r.request = d.request
        and d.recorded_date >= r.recorded_date
    asof left join support_teams t on t.patient_id = d.patient_id and t.request = d.request
        and t.team = d.team and d.recorded_date >= t.recorded_date
    left join (
        select patient_id, request, min(recorded_date) as first_told from support_teams group by all
    ) f on f.patient_id = d.patient_id and f.request = d.request
    where d.team = '' or t.team is not null
"""
"""What was known of each referral to a team, day by day of submission."""
