"""Practices: who is missing, who stops, and who changed what or how they record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskstrat.records.checks.evidence import Evidence, primary_care_sql
from riskstrat.records.checks.finding import Found, Level, check, listed
from riskstrat.records.checks.steps import Rates, Step, find_steps
from riskstrat.windows import days_between

__all__ = [
    "CHECKS",
    "coding_steps",
    "practices_that_stop",
    "practices_with_few_people",
    "practices_without_events",
    "volume_steps",
]

FEW_REGISTERED = 100
"""People registered with a practice in a month from which its rates say something (judgement; of
173 practices of one area in 2026, one in twenty had fewer than 3,597 people)."""

SMALL_BESIDE_OTHERS = 0.1
"""Share of the median list below which a practice looks like a stray code (judgement)."""

ENOUGH_ROWS = 50
"""Rows a month of a kind, on the larger side of a step (judgement)."""

ENOUGH_PEOPLE = 20
"""People a month with a code, on the larger side of a step (judgement)."""

MANY_CODES = 5
"""Codes that step at one practice from which it is a change of coding; fewer are for information: a
practice may change one medicine for another (judgement)."""

STOPPED_DAYS = 60
"""Days that a practice's last event lies before that of the others (two monthly extracts)."""

_KINDS = """
select practice, feed, kind, '' as code, month, sum(n_rows) as n
from {months}
group by practice, feed, kind, month
order by practice, feed, kind, month
"""

_CODES = """
select practice, feed, kind, code, month, people as n, n_rows
from (
    select practice, feed, kind, system || ' ' || code as code, month, people, n_rows,
        max(people) over (partition by feed, kind, system, code) as busiest
    from {months}
) counted
where busiest >= $fewest
order by practice, feed, kind, code, month
"""

_LAST_DAYS = """
select practice, max(last_day) as last_day from {months} where {primary_care} group by practice
order by practice
"""

_PEOPLE_NOW = """
select practice_code as practice, count(distinct patient_id) as people
from registrations
where superseded_date is null and practice_code is not null and start_date <= $last
    and (end_date is null or end_date > $last)
group by practice_code
order by practice_code
"""


@dataclass(frozen=True)
class _Changed:
    """What stepped at one practice: feed, kind, code (none for a whole kind), month and rates."""

    feed: str
    kind: str
    code: str
    month: str
    before: float
    after: float


@check("R024", "warning")
def volume_steps(evidence: Evidence) -> Iterator[Found]:
    """A practice's monthly rate of a kind of event doubles, or halves, and stays there.

    Compared with the other practices, so that seasons and changes of the whole feed are none.

    Why: the practice sends something else than before, or less of it: its people's risks are too
    high or too low beside those of other practices.
    Do: ask the practice or its system supplier what changed in that month. Until it is mended, tell
    the team that its list is less sure.
    """
    frame = evidence.frame(_KINDS.format(months=evidence.practice_months))
    for practice, changed in _steps_by_practice(evidence, frame, fewest=ENOUGH_ROWS):
        for step in changed:
            message = (
                f"practice {practice}: about {step.before:,.0f} rows a month of {step.feed}, "
                f"{step.kind}, before {step.month}, about {step.after:,.0f} since"
            )
            rows = frame[(frame["practice"] == practice) & (frame["kind"] == step.kind)]
            detail = {"practice": practice, "feed": step.feed, "kind": step.kind}
            detail |= {"month": step.month}
            yield Found("events", message, int(rows["n"].sum()), detail=detail)


@check("R025", "warning")
def coding_steps(evidence: Evidence) -> Iterator[Found]:
    """A practice uses codes twice as often as before, or half as often, and others do not.

    A code may also appear for the first time, or for the last. Fewer than five codes are for
    information: a practice may change one medicine for another.

    Why: the practice codes in another way, often after a change of its system. What it used to say
    in one code it says in another, or in words: conditions and medicines seem to begin or end.
    Do: look at the codes in the detail of `riskstrat check --json`. Add the new ones to the
    codelists, or ask the practice to map them.
    """
    frame = evidence.frame(_CODES.format(months=evidence.practice_months), fewest=ENOUGH_PEOPLE)
    for practice, changed in _steps_by_practice(evidence, frame, fewest=ENOUGH_PEOPLE):
        ((month, together),) = Counter(step.month for step in changed).most_common(1)
        codes = sorted(f"{step.code} ({step.feed}, {step.kind})" for step in changed)
        message = (
            f"practice {practice}: {len(changed)} codes are used more than twice, or less than "
            f"half, as often as before, {together} of them since {month}"
        )
        rows = frame[
            (frame["practice"] == practice) & frame["code"].isin({s.code for s in changed})
        ]
        level: Level | None = "info" if len(changed) < MANY_CODES else None
        detail = {"practice": practice, "month": month, "codes": codes}
        yield Found("events", message, int(rows["n_rows"].sum()), level, detail)


def _steps_by_practice(
    evidence: Evidence, frame: pd.DataFrame, *, fewest: float
) -> Iterator[tuple[str, list[_Changed]]]:
    """What stepped at each practice, beside the other practices where there are any."""
    everyone = _wide(frame)
    registered = evidence.registered
    whole = registered.sum(axis=1)
    for practice, part in frame.groupby("practice", sort=True):
        if practice not in registered:
            continue
        own_people = registered[practice]
        months = own_people.index[own_people >= FEW_REGISTERED]
        own = _wide(part).reindex(columns=months, fill_value=0.0)
        elsewhere = (everyone.loc[own.index].reindex(columns=months, fill_value=0.0)) - own
        people = own_people[months].to_numpy(dtype=np.float64)
        other_people = (whole - own_people)[months].to_numpy(dtype=np.float64)
        steps = find_steps(
            own.to_numpy(), people, others=_rates(elsewhere, other_people), fewest=fewest
        )
        if steps:
            yield str(practice), [_changed(own, step) for step in steps]


def _wide(frame: pd.DataFrame) -> pd.DataFrame:
    """A row a series, a column a month, nought where there is nothing."""
    months = pd.to_datetime(frame["month"]).dt.to_period("M")
    wide = frame.assign(month=months).pivot_table(
        index=["feed", "kind", "code"], columns="month", values="n", aggfunc="sum", fill_value=0
    )
    return wide.astype(np.float64)


def _rates(counts: pd.DataFrame, people: Rates) -> Rates | None:
    """Rates per person elsewhere; None where there are too few people to compare with."""
    if not len(people) or people.min() < FEW_REGISTERED:
        return None
    return counts.to_numpy(dtype=np.float64) / people


def _changed(own: pd.DataFrame, step: Step) -> _Changed:
    feed, kind, code = own.index[step.series]
    month = str(own.columns[step.month])
    return _Changed(feed, kind, code, month, step.before, step.after)


@check("R031", "warning")
def practices_without_events(evidence: Evidence) -> Iterator[Found]:
    """A practice has registered people but no events of primary care, while others have.

    Why: its people look as if they never saw a doctor, and are at the bottom of every list.
    Do: ask whether the practice shares its record. Until it does, do not score its people with
    features of primary care.
    """
    sent = set(_last_days(evidence)["practice"])
    people = _people_now(evidence)
    silent = people[~people.index.isin(sent) & (people >= FEW_REGISTERED)]
    if sent and len(silent):
        message = f"no events of primary care for people of {listed(silent.index)}"
        detail = {"practices": list(silent.index)}
        yield Found("events", message, int(silent.sum()), detail=detail)


@check("R032", "info")
def practices_with_few_people(evidence: Evidence) -> Iterator[Found]:
    """A practice has fewer than 100 registered people and less than a tenth of the median list.

    Why: the code is mistyped or closed, or most of its people live elsewhere. A list for so few
    says who they are.
    Do: compare the code with the ODS register; leave out of the study what is no practice of the
    area.
    """
    people = _people_now(evidence)
    small = people[(people < FEW_REGISTERED) & (people < SMALL_BESIDE_OTHERS * people.median())]
    if len(small):
        message = f"fewer than {FEW_REGISTERED} people are registered with {listed(small.index)}"
        detail = {"practices": list(small.index)}
        yield Found("registrations", message, len(small), detail=detail)


@check("R033", "warning")
def practices_that_stop(evidence: Evidence) -> Iterator[Found]:
    """A practice's last event of primary care lies more than 60 days before that of others.

    Why: its people's newest months are empty, so their risks are too low.
    Do: ask for the missing extracts and link again before scoring this practice.
    """
    last = _last_days(evidence).set_index("practice")["last_day"]
    people = _people_now(evidence)
    last = last[last.index.isin(people.index[people >= FEW_REGISTERED])]
    early = {
        str(practice): day.date()
        for practice, day in last.items()
        if days_between(day.date(), last.max().date()) > STOPPED_DAYS
    }
    if early:
        told = listed(f"{practice} (last on {day})" for practice, day in early.items())
        message = f"primary care stops early at {told}; others go on until {last.max().date()}"
        affected = int(people[list(early)].sum())
        yield Found("events", message, affected, detail={"practices": list(early)})


def _last_days(evidence: Evidence) -> pd.DataFrame:
    from_practices = primary_care_sql("feed")
    sql = _LAST_DAYS.format(months=evidence.practice_months, primary_care=from_practices)
    return evidence.frame(sql)


def _people_now(evidence: Evidence) -> pd.Series:
    """People registered with each practice on the last day of the data."""
    frame = evidence.frame(_PEOPLE_NOW, last=evidence.span["last"])
    return frame.set_index("practice")["people"]


CHECKS = (
    volume_steps,
    coding_steps,
    practices_without_events,
    practices_with_few_people,
    practices_that_stop,
)
"""Every check of this module."""
