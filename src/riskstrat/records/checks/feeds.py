"""Feeds over time: months that were not sent, feeds that stop or step, facts told late."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from riskstrat.records.checks.evidence import Evidence
from riskstrat.records.checks.finding import FEWEST_SHOWN, Found, check, few, listed
from riskstrat.records.checks.steps import find_steps
from riskstrat.records.store import LinkedRecords
from riskstrat.windows import days_between, days_sql

__all__ = [
    "CHECKS",
    "LATE_DAYS",
    "feed_steps",
    "gaps",
    "late_recording",
    "late_start_or_early_end",
    "volumes",
]

SMALL_SHARE = 0.2
"""Share of its usual people below which a month of a feed is a gap (judgement)."""

NEIGHBOURS = 6
"""Months on either side whose median is what is usual; a gap may last five of them."""

ENOUGH_PEOPLE = 20
"""People in a usual month from which a gap is no chance: a fifth of 20 or less happens by chance
once in 300,000 months."""

EDGE_DAYS = 60
"""Days without a row at the beginning or end of the data from which a feed starts late or stops
early (judgement; the lag of monthly submissions is within it)."""

ENOUGH_TO_STEP = 100
"""Rows of a usual month from which a feed is looked at for steps (judgement)."""

MONTHS_BESIDE_A_STEP = 12
"""Without others to compare with, a whole year on either side, so that a season is no step."""

LATE_DAYS = 90
"""Days after which a fact was told late: three monthly submissions (judgement)."""

LATE_SHARE = 0.05
"""Share of a feed's rows told late from which it is reported (judgement)."""

FEW_REGISTERED = 100
"""Registered people from which a rate a month says something (judgement)."""


def volumes(records: LinkedRecords) -> pd.DataFrame:
    """Rows of every feed, kind and month, empty months between others included.

    Parameters
    ----------
    records : LinkedRecords

    Returns
    -------
    DataFrame
        ``feed`` (source of events and services; ``stays``), ``kind``, ``month`` (its first day) and
        ``rows``, sorted. Counts are exact: what shows them to people hides those below ten.
    """
    found = Evidence(records).volumes
    parts = [
        _whole(part)["n_rows"].rename("rows").reset_index().assign(feed=feed, kind=kind)
        for (_, feed, kind), part in _feeds(found)
    ]
    if not parts:
        return pd.DataFrame(columns=["feed", "kind", "month", "rows"])
    frame = pd.concat(parts, ignore_index=True)[["feed", "kind", "month", "rows"]]
    frame["month"] = frame["month"].dt.to_timestamp()
    return frame.sort_values(["feed", "kind", "month"], ignore_index=True)


def _feeds(found: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], pd.DataFrame]]:
    for (name, feed, kind), part in found.groupby(["name", "feed", "kind"], sort=True):
        yield (str(name), str(feed), str(kind)), part


def _whole(part: pd.DataFrame) -> pd.DataFrame:
    """Rows and people of one feed and kind, from its first to its last month."""
    by_month = part.set_index("month")[["n_rows", "people"]]
    months = pd.period_range(by_month.index.min(), by_month.index.max(), freq="M", name="month")
    return by_month.reindex(months, fill_value=0).astype("int64")


def _called(feed: str, kind: str) -> str:
    return kind if feed == "stays" else feed if kind == "services" else f"{feed}, {kind}"


@check("R021", "warning")
def gaps(evidence: Evidence) -> Iterator[Found]:
    """A month of a feed has no rows, or concerns less than a fifth of its usual people.

    Usual is the median of the six months before and the six after. Only months that every feed
    covers are looked at.

    Why: people look healthy in a month that was not sent, and an outcome in it is not seen.
    Do: ask the supplier for the month and link again; until then choose index dates whose look-back
    and outcome windows do not cover it.
    """
    for (name, feed, kind), part in _feeds(evidence.volumes):
        series = _whole(part)
        months = _gap_months(series).intersection(evidence.months)
        if not len(months):
            continue
        rows = series.loc[months, "n_rows"]
        told = [f"{month} ({few(int(n))} rows)" for month, n in rows.items()]
        message = f"{_called(feed, kind)}: far fewer rows than usual in {listed(told)}"
        detail = {"feed": feed, "kind": kind, "months": [str(month) for month in months]}
        total = int(rows.sum())
        yield Found(name, message, total if total >= FEWEST_SHOWN else 0, detail=detail)


def _gap_months(series: pd.DataFrame) -> pd.Index:
    people = series["people"].astype("float64")
    around = [people.shift(k) for k in range(-NEIGHBOURS, NEIGHBOURS + 1) if k]
    usual = pd.concat(around, axis=1).median(axis=1)
    before = people.shift(1).rolling(NEIGHBOURS, min_periods=1).max()
    after = people[::-1].shift(1).rolling(NEIGHBOURS, min_periods=1).max()[::-1]
    has_both_sides = np.minimum(before, after) >= usual / 2
    is_gap = (usual >= ENOUGH_PEOPLE) & (people < SMALL_SHARE * usual) & has_both_sides
    return series.index[is_gap]


@check("R022", "warning")
def late_start_or_early_end(evidence: Evidence) -> Iterator[Found]:
    """A feed begins long after, or stops long before, the days that all feeds are said to cover.

    Why: before its first day and after its last nothing is known, but it looks as if nothing
    happened.
    Do: link the missing part, or give the feed's true first and last day and choose index dates
    between them.
    """
    first, last = evidence.records.data_from, evidence.records.data_to
    for (name, feed, kind), part in _feeds(evidence.volumes):
        people = _whole(part)["people"]
        begins, ends = part["first_day"].min().date(), part["last_day"].max().date()
        told = []
        if _is_busy(people.head(NEIGHBOURS)) and days_between(first, begins) > EDGE_DAYS:
            told.append(f"begins on {begins}, the data on {first}")
        if _is_busy(people.tail(NEIGHBOURS)) and days_between(ends, last) > EDGE_DAYS:
            told.append(f"ends on {ends}, the data on {last}")
        if told:
            message = f"{_called(feed, kind)}: {'; '.join(told)}"
            yield Found(name, message, int(part["n_rows"].sum()), detail={"feed": feed})


def _is_busy(people: pd.Series) -> bool:
    return float(people.median()) >= ENOUGH_PEOPLE


@check("R023", "warning")
def feed_steps(evidence: Evidence) -> Iterator[Found]:
    """A feed's monthly rate of rows doubles, or halves, and stays there.

    Why: a model that learnt before the step reads counts after it wrongly, for everybody at once.
    Do: ask the supplier what changed in that month. Train on one side of it, or leave the feed's
    features out.
    """
    registered = evidence.registered.sum(axis=1)
    registered = registered[registered >= FEW_REGISTERED]
    for (name, feed, kind), part in _feeds(evidence.volumes):
        series = _whole(part)["n_rows"]
        months = registered.index.intersection(series.index)
        counts = series.loc[months].to_numpy(dtype=np.float64)[np.newaxis]
        people = registered.loc[months].to_numpy(dtype=np.float64)
        steps = find_steps(counts, people, fewest=ENOUGH_TO_STEP, margin=MONTHS_BESIDE_A_STEP)
        for step in steps:
            message = (
                f"{_called(feed, kind)}: about {step.before:,.0f} rows a month until "
                f"{months[step.month - 1]}, about {step.after:,.0f} since"
            )
            detail = {"feed": feed, "kind": kind, "month": str(months[step.month])}
            yield Found(name, message, int(counts.sum()), detail=detail)


_LAGS = f"""
select name, feed, kind, count(*) as n, count_if(lag > {LATE_DAYS}) as late,
    quantile_disc(lag, 0.5) as half, quantile_disc(lag, 0.95) as most
from (
    select 'events' as name, source as feed, kind, {days_sql("event_date", "recorded_date")} as lag
    from events where event_date >= $first
    union all
    select 'stays', 'stays', kind, {days_sql("coalesce(end_date, start_date)", "recorded_date")}
    from stays where start_date >= $first
    union all
    select 'services', source, 'services',
        {days_sql("coalesce(end_date, start_date)", "recorded_date")}
    from services where start_date >= $first
) told
group by name, feed, kind
having late > {LATE_SHARE} * count(*)
order by name, feed, kind
"""

_ENTERED_ON_JOINING = f"""
select source as feed, kind, count(*) as n
from events e
semi join registrations r on r.patient_id = e.patient_id
    and r.start_date between e.event_date and e.recorded_date
where e.event_date >= $first and {days_sql("e.event_date", "e.recorded_date")} > {LATE_DAYS}
group by source, kind
"""


@check("R028", "warning")
def late_recording(evidence: Evidence) -> Iterator[Found]:
    """More than one row in twenty became known over three months after it happened.

    Of rows since the first day that every feed covers: what lies before was sent with the first
    submission.

    Why: at an index date such facts are not known yet, so features of the newest months are too
    low, and scores of today differ from those a model was trained on. History that a practice
    enters when somebody registers is late by nature: where that explains it, this is for
    information.
    Do: ask the supplier whether the date of recording is that of the extract. If facts are truly
    late, use an index date so far back.
    """
    since = {"first": evidence.records.data_from}
    late = evidence.rows(_LAGS, **since)
    if not late:
        return
    joining = {(r["feed"], r["kind"]): r["n"] for r in evidence.rows(_ENTERED_ON_JOINING, **since)}
    for row in late:
        explained = joining.get((row["feed"], row["kind"]), 0) if row["name"] == "events" else 0
        is_by_nature = row["late"] - explained <= LATE_SHARE * row["n"]
        message = (
            f"{_called(row['feed'], row['kind'])}: {row['late'] / row['n']:.0%} of rows became "
            f"known more than {LATE_DAYS} days after; half within {row['half']:,} days, 95 % "
            f"within {row['most']:,}"
        )
        if is_by_nature:
            message += "; entered when people registered"
        yield Found(row["name"], message, row["late"], "info" if is_by_nature else None)


CHECKS = (gaps, late_start_or_early_end, feed_steps, late_recording)
"""Every check of this module."""
