"""Ask the records for the facts of some people, and what no fact means for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from riskstrat.engine import QueryEngine, Step
from riskstrat.features.catalogue import Feature
from riskstrat.features.coded import CODED_EVENTS
from riskstrat.features.coded_facts import MICROSECONDS_PER_MINUTE, NO_FACTS, microseconds
from riskstrat.features.coding import CodeFacts
from riskstrat.features.feeds import FEED_STEPS
from riskstrat.features.hospital import EMERGENCY_STAYS, SPELL_STAYS, STAY_FACTS
from riskstrat.features.packing import Ints, Valued, Values, pack, unpack
from riskstrat.features.person import (
    PERSON_FACTS,
    REGISTERED_FOR,
    RESIDENCE_FACTS,
    SERVICE_FACTS,
)
from riskstrat.features.plan import FeaturePlan
from riskstrat.features.rules import looks_back, starts_at_zero
from riskstrat.features.sets import fact_set, members_of
from riskstrat.schema import LISTED_CODES
from riskstrat.windows import add_days

__all__ = [
    "FACT_QUERIES",
    "FEATURE_QUERIES",
    "Facts",
    "facts_told",
    "known_facts",
    "queries_about",
]

KEPT_QUERIES: tuple[tuple[Step, ...], ...] = (SPELL_STAYS, EMERGENCY_STAYS)
"""Queries kept as tables that others read, in this order."""

FACT_QUERIES: tuple[tuple[Step, ...], ...] = (
    PERSON_FACTS,
    RESIDENCE_FACTS,
    SERVICE_FACTS,
    STAY_FACTS,
)
"""Queries of facts with an amount: row_number, fact_number, day, amount, perhaps event_time."""

FEATURE_QUERIES: tuple[tuple[Step, ...], ...] = (
    *((step,) for step in FEED_STEPS.values()),
    (LISTED_CODES,),
    REGISTERED_FOR,
    *KEPT_QUERIES,
    *FACT_QUERIES,
    CODED_EVENTS,
)
"""Every query of this package, for the contract test that runs them on both engines."""

_PRACTICE_HOURS = (8 * 60, 18 * 60 + 30)
"""Minutes of the day between which a practice is open on working days: 8 am to 6.30 pm, the core
hours of the GP contract in England."""
_EPOCH_WEEKDAY, _SATURDAY = 3, 5
"""1 January 1970 was a Thursday; Monday is 0."""

Facts = tuple[list[pa.RecordBatch], list[Valued]]
"""Rows of the query of coded events; facts with an amount that other queries gave."""

Told = tuple[list[pa.RecordBatch], Mapping[str, pa.Table]]
"""Rows of the query of coded events; rows of the other queries by the name of the last step."""


def known_facts(
    engine: QueryEngine, plan: FeaturePlan, keys: pd.DataFrame, values: Values
) -> Facts:
    """What was known of some people; what no fact means is written into their rows of `values`."""
    queries = queries_about(engine, plan, keys)
    coded = list(engine.fetch_batches(CODED_EVENTS, **queries.pop(CODED_EVENTS)))
    told = {steps[-1].name: engine.fetch(*steps) for steps in queries}
    return facts_told(plan, keys["index_date"], (coded, told), values)


def queries_about(
    engine: QueryEngine, plan: FeaturePlan, keys: pd.DataFrame
) -> dict[tuple[Step, ...], dict[str, Any]]:
    """Register keys, whose rows are numbered, and say what to ask of them: steps and parameters."""
    _register_chunk(engine, keys)
    since = _earliest(keys["index_date"], plan.coding)
    others: tuple[tuple[Step, ...], ...] = (REGISTERED_FOR, *FACT_QUERIES)
    return {CODED_EVENTS: {"since": since}, **{steps: {} for steps in others}}


def facts_told(plan: FeaturePlan, index_dates: pd.Series, told: Told, values: Values) -> Facts:
    """Facts among the answers; what no fact means is written into `values`.

    Parameters
    ----------
    plan : FeaturePlan
    index_dates : Series
        Of the rows, which the answers number from 0.
    told : tuple
        Rows of the query of coded events; rows of the other queries by the name of the last step.
    values : ndarray of float32
        Written to.
    """
    coded, answers = told
    _before_facts(index_dates, plan, values)
    _forget_before_registration(answers[REGISTERED_FOR[-1].name], plan.features, values)
    others = [_facts_with_amounts(answers[steps[-1].name]) for steps in FACT_QUERIES]
    stays = others[FACT_QUERIES.index(STAY_FACTS)]
    others.append(_out_of_hours(stays, plan.facts, index_dates))
    return coded, others


def _earliest(index_dates: pd.Series, coding: CodeFacts) -> date:
    """The first day on which a coded event may count for any of the keys."""
    longest = pc.max(coding.relation["longest_days"]).as_py() or 0
    return add_days(index_dates.min().date(), -longest)


def _register_chunk(engine: QueryEngine, keys: pd.DataFrame) -> None:
    """The keys of a chunk with their row numbers, and what several queries read of them."""
    rows = pa.table(
        {
            "row_number": pa.array(np.arange(len(keys)), pa.int32()),
            "patient_id": pa.array(keys["patient_id"], pa.string()),
            "index_date": pa.array(keys["index_date"]).cast(pa.date32()),
            "index_stay_id": pa.array(keys["index_stay_id"], pa.string(), from_pandas=True),
        }
    )
    engine.register("cohort_keys", rows)
    for query in KEPT_QUERIES:
        engine.create(*query)


def _facts_with_amounts(facts: pa.Table) -> Valued:
    facts = facts.combine_chunks()
    row, fact, day = (
        facts[name].cast(pa.int32()).to_numpy() for name in ("row_number", "fact_number", "day")
    )
    if "event_time" in facts.column_names:
        minutes = _minutes(facts["event_time"].combine_chunks())
    else:
        minutes = np.full(len(row), -1, np.int32)
    return pack(row, fact, day), facts["amount"].to_numpy(), minutes


def _out_of_hours(stays: Valued, facts: Mapping[str, int], index_dates: pd.Series) -> Valued:
    """Attendances of an emergency department at night or at a weekend, as facts of their own."""
    if "ed_out_of_hours" not in facts:
        return NO_FACTS
    packed, _, minutes = stays
    row, fact, day = unpack(packed)
    index_day = index_dates.to_numpy().astype("datetime64[D]").astype(np.int64)[row]
    is_weekend = (index_day - day + _EPOCH_WEEKDAY) % 7 >= _SATURDAY
    opens, closes = _PRACTICE_HOURS
    is_night = (minutes >= 0) & ((minutes < opens) | (minutes >= closes))
    at = np.flatnonzero((fact == facts["ed_attendance"]) & (is_weekend | is_night))
    number = np.full(len(at), facts["ed_out_of_hours"])
    return pack(row[at], number, day[at]), np.zeros(len(at)), minutes[at]


def _minutes(times: pa.Array) -> Ints:
    """Minute of the day of each time; -1 for none."""
    return (microseconds(times) // MICROSECONDS_PER_MINUTE).astype(np.int32)


def _before_facts(index_dates: pd.Series, plan: FeaturePlan, values: Values) -> None:
    """Values of people without facts: zero where the feed is there, else missing."""
    number, dates = pd.factorize(index_dates)
    for i, day in enumerate(dates):
        covered = [starts_at_zero(f) and _is_covered(plan, f, day.date()) for f in plan.features]
        rows = slice(None) if len(dates) == 1 else number == i
        values[rows] = np.where(covered, np.float32(0), np.float32(np.nan))


def _is_covered(plan: FeaturePlan, feature: Feature, index_date: date) -> bool:
    """Whether a feed could tell of it; which codes the records hold by now does not count."""
    found = fact_set(feature.fact)
    if found is not None and found.needs:
        return all(plan.feeds.covers(fact, index_date) for fact in found.needs)
    begun = set() if found is None else {found.prefix}
    members = {*members_of(feature.fact, plan.facts), *begun}
    return any(plan.feeds.covers(fact, index_date) for fact in members)


def _forget_before_registration(
    registered: pa.Table, features: Sequence[Feature], values: Values
) -> None:
    """Make no facts mean not known where registration is shorter than the window (rule 8).

    A row without any known registration is left as it is. Whether somebody is in hospital now does
    not look back, so it stays known.
    """
    row, days = (registered.column(name).to_numpy() for name in ("row_number", "days"))
    windows: dict[int, list[int]] = {}
    for column, feature in enumerate(features):
        window = feature.window_days
        if window is not None and feature.fact != "in_hospital" and starts_at_zero(feature):
            windows.setdefault(looks_back(feature), []).append(column)
    for window, columns in windows.items():
        values[np.ix_(row[days < window], columns)] = np.nan
