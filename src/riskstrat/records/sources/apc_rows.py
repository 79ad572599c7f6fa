"""Admitted patient care: consultant episodes in, hospital stays and their codes out.

Notes
-----
- A stay is what a provider calls a hospital provider spell. Where the feed has no spell numbers,
  the episodes of a person with one admission date at one provider are a stay.
- What happened at admission is taken from the first episode of a stay, its end and specialty from
  the last. Episodes are ordered by their start, then by their number.
- A stay ends when its last episode says so. Before, in an unfinished episode, or with the codes for
  'not discharged', it is open; the finished episode of a later submission supersedes that.
- An episode that is submitted again supersedes itself. Nothing is overwritten.
- Stays that continue in another hospital remain two stays here; they are joined when they are read.
- Births and deliveries outside of a stay (episode types 5 and 6) are no stays.
- Discharge to a virtual ward is a referral: the feed says that it began, never how long it lasted.

References
----------
NHS England, Hospital Episode Statistics data dictionary, admitted patient care; NHS Data
Dictionary, patient classification, admission method, discharge method, discharge destination.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from riskstrat.records.sources.apc_spells import (
    EPISODES_SQL,
    KEPT,
    ORDER,
    ROWS_SQL,
    SHORT_CODES,
    STATES_SQL,
)
from riskstrat.records.sources.columns import Column, RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.hospital_columns import (
    SCOPE,
    among_sql,
    code_sql,
    columns_of,
    ethnic_sql,
    impossible_age_sql,
    who_sql,
)
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.stay_codes import (
    CODE_COLUMNS,
    CODES_SQL,
    give_codes,
    take_codes,
)
from riskstrat.records.sources.stay_states import (
    held_sql,
    spans_sql,
    told_again_sql,
    versions_sql,
)
from riskstrat.records.sources.work import Work
from riskstrat.windows import submitted_sql

__all__ = ["apc_dialect"]

_COLUMNS = (
    *("identifier", "spell", "death_date"),
    *("admission_date", "start_time", "admission_method", "admission_source", "patient_class"),
    *("episode_start", "episode_end", "episode_order", "episode_status", "episode_type"),
    *("episode_days", "stay_days"),
    *("discharge_date", "discharge_method", "discharge_destination", "at_home"),
    *CODE_COLUMNS,
)

_OUTSIDE = ("5", "6")
"""Episode types: other delivery event, other birth event."""
_UNFINISHED = ("1", "9")
"""Episode status: unfinished, derived unfinished."""
_DISCHARGED = ("1", "2", "3", "4", "5", "6", "7")
"""Discharge methods; with any other a patient has not been discharged (HES data dictionary,
SPELDUR)."""
_NOT_YET, _NOT_YET_GONE = "8", "98"
"""Discharge method and destination: hospital provider spell not finished at the episode's end."""
_DIED = "4"
_AT_HOME = ("HOSPITAL_AT_HOME", "Discharged to a hospital at home service")

_CONTENT = (
    *("kind", "start_date", "start_time", "end_date", "patient_class", "admission_source"),
    *("admission_method", "is_emergency", "specialty", "discharge_method"),
    *("discharge_destination", "provider"),
)
_STAY = ("patient_id", "stay_id")


def apc_dialect(
    name: str,
    aliases: Mapping[str, tuple[str, ...]],
    *,
    required: Sequence[str],
    diagnoses: Sequence[Column],
    procedures: Sequence[Column],
) -> Dialect:
    """A dialect of admitted patient care that is no more than names of columns.

    Parameters
    ----------
    name : str
        Of the dialect and its one table.
    aliases : mapping of str to tuple of str
        Names in files of the columns of people and of episodes.
    required : sequence of str
        Columns by which a file is recognised.
    diagnoses, procedures : sequence of Column
        ``diagnosis_1`` and on; ``procedure_1`` and ``procedure_date_1`` and on.
    """
    table = RawTable(
        name,
        (*columns_of(_COLUMNS, aliases, required), *diagnoses, *procedures),
        scope=SCOPE,
        derived={**who_sql("coalesce(episode_start, admission_date)"), "codes": CODES_SQL},
    )
    return Dialect(name, (table,), partial(_build, table=name))


def _build(work: Work, table: str) -> None:
    """What stands on the episodes of some people."""
    take_codes(work, table)
    _keep_told(work, _judged(work, table))
    work.keep("apc_again", told_again_sql("apc_told", "episode"))
    again = "(from apc_told semi join apc_again using (stay_id)) again"
    work.keep("apc_held", held_sql(again, "episode", ORDER))
    work.keep("apc_spans", spans_sql("apc_held"))
    work.keep("apc_episodes", EPISODES_SQL)
    work.keep("apc_states", STATES_SQL)
    work.give("stays", versions_sql("apc_states", _STAY, _CONTENT))
    give_codes(work, table, rows=ROWS_SQL, states="apc_states")
    _give_people(work)
    _give_referrals(work)


def _judged(work: Work, table: str) -> str:
    return work.judge(
        table,
        (Reason.NOT_SUPPORT, among_sql(code_sql("episode_type"), _OUTSIDE)),
        (Reason.END_WITHOUT_START, "admission_date is null and discharge_date is not null"),
        (Reason.NO_DATE, "admission_date is null"),
        (Reason.END_BEFORE_START, "discharge_date < admission_date or episode_end < episode_start"),
        (Reason.NEGATIVE, "episode_days < 0 or stay_days < 0 or age < 0"),
        (Reason.IMPOSSIBLE_AGE, impossible_age_sql("admission_date")),
        select=f"{_discharge_sql('r.')} as discharged_on, {_episode_sql('r.')} as episode",
        identifier="concat(episode, ' ', coalesce(submission_date, discharge_date, episode_end))",
        content=(
            *("admission_date", "admission_method", "admission_source", "patient_class"),
            *("episode_start", "episode_end", "episode_status", "discharge_date"),
            *("discharge_method", "discharge_destination", "specialty", "spell", "codes"),
        ),
    )


def _episode_sql(r: str) -> str:
    """What names an episode: the person, and its own identifier or its place in the stay."""
    stay = f"concat({r}patient_id, '|', {r}provider, '|', {r}spell, '|'"
    return (
        f"case when {r}identifier is not null then concat({r}patient_id, ' ', {r}identifier) "
        f"when {r}spell is not null and {r}episode_order is not null "
        f"then {stay}, {r}episode_order) "
        f"else {stay}, {r}admission_date, '|', {r}episode_start, '|', {r}episode_order) end"
    )


def _discharge_sql(r: str) -> str:
    """The day of discharge, if an episode ends its stay.

    Where the method says so and no day is told, it is the last day of the episode.
    """
    status, method, destination = (
        code_sql(f"{r}{name}")
        for name in ("episode_status", "discharge_method", "discharge_destination")
    )
    return (
        f"case when coalesce({among_sql(status, _UNFINISHED)}, false) "
        f"or coalesce({method} = '{_NOT_YET}', false) then null "
        f"when {among_sql(method, _DISCHARGED)} "
        f"then coalesce({r}discharge_date, {r}episode_end) "
        f"when {destination} is distinct from '{_NOT_YET_GONE}' then {r}discharge_date end"
    )


def _keep_told(work: Work, judged: str) -> None:
    """Make ``apc_told``: the rows that stand, each with its stay and the day on which it was told.

    A feed without days of submission is a final extract: all of a stay is known with its end; one
    without an end when the extract was made.
    """
    stay = work.hidden(
        f"'{work.source.name}'",
        "patient_id",
        "coalesce(provider, '')",
        "coalesce('spell ' || spell, concat('admitted ', admission_date))",
    )
    codes = ", ".join(f"{code_sql(name)} as {name}" for name in SHORT_CODES)
    ended = submitted_sql("ended_on", work.source.told, work.source.declared_lag_days)
    last_day = f"date '{work.source.data_to}'"
    made = submitted_sql(last_day, work.source.told, work.source.declared_lag_days)
    work.keep(
        "apc_told",
        f"""
        with standing as (
            select {", ".join(KEPT)}, {codes}, {stay} as stay_id from {judged}
            where reason is null
        ), ends as (
            select stay_id, max(discharged_on) as ended_on from standing
            where submission_date is null group by stay_id
        )
        select standing.*, coalesce(submission_date, {ended}, {made}) as recorded_date
        from standing left join ends using (stay_id)
        """,
    )


def _give_people(work: Work) -> None:
    """Ethnic categories, and deaths: in hospital, or as the feed has them from the register."""
    work.give("told_people", ethnic_sql("apc_told"))
    work.give(
        "told_people",
        f"""
        select patient_id, end_date as death_date, min(recorded_date) as recorded_date
        from apc_states where discharge_method = '{_DIED}'
        group by patient_id, stay_id, end_date having count(*) > count(superseded_date)
        """,
    )
    work.give(
        "told_people",
        f"""
        select distinct patient_id, death_date, {work.recorded("death_date")} as recorded_date
        from apc_told where death_date is not null
        """,
    )


def _give_referrals(work: Work) -> None:
    code, text = _AT_HOME
    states = """
        (select patient_id, stay_id, end_date as event_date, recorded_date, superseded_date, is_only
        from apc_states where is_at_home and end_date is not null) sent
    """
    work.give(
        "events",
        f"""
        select 'referral' as kind, {work.feed} as source, 'local' as system, '{code}' as code,
            '{text}' as text, *
        from ({versions_sql(states, _STAY, ("event_date",))}) versions
        """,
    )
