"""Build the feature matrix: ask for facts, one chunk of people at a time, and apply the rules."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from riskstrat.engine import Engine, Step
from riskstrat.errors import UsageError
from riskstrat.features.catalogue import Feature, catalogue, catalogue_hash
from riskstrat.features.coded import CODED_EVENTS, LISTED_CODES
from riskstrat.features.codelists import code_rules
from riskstrat.features.coding import CodeFacts, code_facts, coded_facts, list_codes
from riskstrat.features.feeds import FEED_STEPS, Feeds, read_feeds
from riskstrat.features.hospital import EMERGENCY_STAYS, SPELL_STAYS, STAY_FACTS
from riskstrat.features.kernel import (
    FactDays,
    Ints,
    Keys,
    Reals,
    Rules,
    SortedFacts,
    Values,
    apply_facts,
    pack,
    unpack,
)
from riskstrat.features.matrix import FeatureMatrix
from riskstrat.features.person import (
    PERSON_FACTS,
    REGISTERED_FOR,
    RESIDENCE_FACTS,
    SERVICE_FACTS,
)
from riskstrat.features.rules import (
    compile_rules,
    looks_back,
    starts_at_zero,
)
from riskstrat.features.sets import fact_set, members_of
from riskstrat.reference import load_table
from riskstrat.study import Study

__all__ = [
    "FEATURE_QUERIES",
    "ROWS_PER_CHUNK",
    "FeaturePlan",
    "KnownRecords",
    "build_features",
    "checked_keys",
    "filled_chunks",
]

ROWS_PER_CHUNK = 150_000
"""Matrix rows whose facts are held at once, rounded up to whole people: bounds the memory, whatever
the population and the number of index dates."""

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
    LISTED_CODES,
    REGISTERED_FOR,
    *KEPT_QUERIES,
    *FACT_QUERIES,
    CODED_EVENTS,
)
"""Every query of this package, for the contract test that runs them on both engines."""


HELPERS = (
    Feature("age", "", "years", "person", "count", ("person",), None, "value age"),
    Feature("medicines", "", "kinds", "primary_care", "count", ("gp",), 365, "points medicine"),
)
"""Features that others are worked out from."""


class KnownRecords(Protocol):
    """What features need of the records: an engine that holds them, and a way to name the keys."""

    @property
    def engine(self) -> Engine:
        """Holds the canonical tables."""

    def register_keys(self, keys: pd.DataFrame) -> None:
        """Make `keys` readable as ``cohort_keys``."""


@dataclass(frozen=True)
class FeaturePlan:
    """What has to be asked of the records for a study, worked out once.

    Parameters
    ----------
    features : tuple of Feature
    catalogue_hash : str
    facts : mapping of str to int
        Number of each fact.
    rules : Rules
    helpers : Rules
        Those of :data:`HELPERS`, which some features need whether or not a study has them.
    coding : CodeFacts
    feeds : Feeds
    """

    features: tuple[Feature, ...]
    catalogue_hash: str
    facts: dict[str, int]
    rules: Rules
    helpers: Rules
    coding: CodeFacts
    feeds: Feeds

    @classmethod
    def of(cls, engine: Engine, study: Study) -> FeaturePlan:
        """Ask the records which codes and feeds they hold, and number the facts.

        Raises
        ------
        StudyError
            When the study names an unknown group, source or codelist.
        """
        features, rules = catalogue(study), code_rules(study)
        listed = engine.fetch(*LISTED_CODES).to_pylist()
        feeds = read_feeds(engine, listed, rules, study.features.sources)
        codes, found = list_codes(listed, rules, feeds.families)
        names = {rule.fact for rule in rules} | {fact for of_code in found for fact, _ in of_code}
        asked = (*features, *HELPERS)
        names |= {fact for f in asked for fact in members_of(f.fact, names)}
        numbers = {fact: number for number, fact in enumerate(sorted(names))}
        looked = np.zeros(len(numbers), np.int64)
        for feature in asked:
            for fact in members_of(feature.fact, numbers):
                looked[numbers[fact]] = max(looked[numbers[fact]], looks_back(feature))
        return cls(
            features,
            catalogue_hash(features, rules),
            numbers,
            compile_rules(features, numbers),
            compile_rules(HELPERS, numbers),
            code_facts(codes, found, numbers, looked),
            feeds,
        )

    def register(self, engine: Engine) -> None:
        """Make the relations that every chunk's queries join readable."""
        ruled = (np.diff(self.rules.starts) > 0) | (np.diff(self.helpers.starts) > 0)
        facts = [(fact, number) for fact, number in self.facts.items() if ruled[number]]
        engine.register(
            "feature_facts",
            pa.table(
                {
                    "fact": pa.array([fact for fact, _ in facts], pa.string()),
                    "fact_number": pa.array([number for _, number in facts], pa.int32()),
                }
            ),
        )
        engine.register("feature_codes", self.coding.relation)
        families = [row for row in load_table("service_families") if row["programme"] == "0"]
        engine.register(
            "service_families",
            pa.table(
                {
                    name: pa.array([row[name] for row in families], pa.string())
                    for name in ("service", "family")
                }
            ),
        )


def build_features(records: KnownRecords, cohort_keys: pd.DataFrame, study: Study) -> FeatureMatrix:
    """What was known of each person before each index date.

    Parameters
    ----------
    records : LinkedRecords
    cohort_keys : DataFrame
        ``patient_id``, ``index_date`` and optionally ``index_stay_id`` (the stay that counts
        although its feed has not arrived). One row per person and index date. No outcome.
    study : Study
        Chooses groups, feeds, windows and codelists.

    Returns
    -------
    FeatureMatrix
        Rows in the order of the keys. Without a fact, a count or flag is missing, not zero, where
        its feed had delivered nothing before the index date, or where the person was first
        registered within its window: what came before could not be seen.

    Raises
    ------
    UsageError
        When the keys lack a column, hold a missing value or repeat a person and index date.
    StudyError
        When the study names an unknown group, source or codelist.
    """
    keys = checked_keys(cohort_keys)
    plan = FeaturePlan.of(records.engine, study)
    order = np.argsort(keys["patient_id"].to_numpy(dtype=object), kind="stable")
    values = np.empty((len(keys), len(plan.features)), np.float32)
    fact_days = np.empty(values.shape, np.int16)
    for _ in filled_chunks(records, plan, keys.iloc[order], room=(values, fact_days)):
        pass
    records.register_keys(keys)
    used = keys[["patient_id", "index_date"]]
    if not np.array_equal(order, np.arange(len(order))):
        back = np.argsort(order)
        values, fact_days = values[back], fact_days[back]
    return FeatureMatrix(used, values, plan.features, plan.catalogue_hash, fact_days)


def filled_chunks(
    records: KnownRecords,
    plan: FeaturePlan,
    by_person: pd.DataFrame,
    *,
    room: tuple[Values, FactDays] | None = None,
    done: Container[int] = (),
) -> Iterator[tuple[slice, Values, FactDays]]:
    """Values and days of one chunk of people after the other.

    The facts of a chunk are asked for while the rules are applied to those of the chunk before.

    Parameters
    ----------
    records : KnownRecords
    plan : FeaturePlan
    by_person : DataFrame
        Keys of :func:`checked_keys`, people in order.
    room : tuple of ndarray, optional
        Arrays for all rows, to be filled; new ones for each chunk when not given.
    done : container of int
        First rows of the chunks to leave out.

    Yields
    ------
    tuple
        Rows of `by_person`, and their values and days, complete.
    """
    plan.register(records.engine)
    with ThreadPoolExecutor(max_workers=1) as later:
        begun: deque[tuple[Future[None], tuple[slice, Values, FactDays]]] = deque()
        for rows in _chunks(by_person["patient_id"]):
            if rows.start in done:
                continue
            values, fact_days = _room(room, rows, len(plan.features))
            facts = _known_facts(records.engine, plan, by_person.iloc[rows], values)
            if begun:
                applied, chunk = begun.popleft()
                applied.result()
                yield chunk
            task = later.submit(_apply, plan, facts, values, fact_days)
            begun.append((task, (rows, values, fact_days)))
        for applied, chunk in begun:
            applied.result()
            yield chunk


def _room(
    room: tuple[Values, FactDays] | None, rows: slice, features: int
) -> tuple[Values, FactDays]:
    if room is None:
        shape = (rows.stop - rows.start, features)
        return np.empty(shape, np.float32), np.full(shape, -1, np.int16)
    values, fact_days = room[0][rows], room[1][rows]
    fact_days.fill(-1)
    return values, fact_days


def checked_keys(cohort_keys: pd.DataFrame) -> pd.DataFrame:
    """The keys with all three columns, numbered from 0."""
    if missing := {"patient_id", "index_date"} - set(cohort_keys.columns):
        raise UsageError(f"the keys need the columns {', '.join(sorted(missing))}.")
    keys = cohort_keys.reset_index(drop=True)
    if empty := int(keys[["patient_id", "index_date"]].isna().any(axis=1).sum()):
        raise UsageError(f"{empty} keys have no patient_id or no index_date.")
    if repeated := int(keys.duplicated(["patient_id", "index_date"]).sum()):
        raise UsageError(
            f"expected one key per person and index date, but {repeated} are repeated.",
            do="With several index stays that end on one day, keep one of them.",
        )
    if "index_stay_id" not in keys:
        keys = keys.assign(index_stay_id=pd.Series(None, index=keys.index, dtype="str"))
    keys = keys.assign(index_date=pd.to_datetime(keys["index_date"]).astype("datetime64[s]"))
    return keys[["patient_id", "index_date", "index_stay_id"]]


def _chunks(patients: pd.Series) -> Iterator[slice]:
    """Rows of whole people, about :data:`ROWS_PER_CHUNK` at a time; people stand in order."""
    first_rows = np.flatnonzero(patients.ne(patients.shift()).to_numpy())
    chunk = first_rows // ROWS_PER_CHUNK
    starts = first_rows[np.flatnonzero(np.diff(chunk, prepend=-1))]
    yield from map(slice, starts, [*starts[1:], len(patients)])


def _known_facts(
    engine: Engine, plan: FeaturePlan, keys: pd.DataFrame, values: Values
) -> tuple[list[Keys], _Valued]:
    """What was known of some people; what no fact means is written into their rows of `values`."""
    _register_chunk(engine, keys)
    _before_facts(keys["index_date"], plan, values)
    _forget_before_registration(engine, plan.features, values)
    coded, measured = _coded_facts(engine, plan.coding)
    others = [_facts_with_amounts(engine, query) for query in FACT_QUERIES]
    others.append(_out_of_hours(others[-1], plan.facts, keys["index_date"]))
    keys_of, amounts, minutes = zip(*measured, *others, strict=True)
    return coded, (np.concatenate(keys_of), np.concatenate(amounts), np.concatenate(minutes))


def _apply(
    plan: FeaturePlan, facts: tuple[list[Keys], _Valued], values: Values, fact_days: FactDays
) -> None:
    ordered = SortedFacts.of(*facts, len(values))
    apply_facts(plan.rules, ordered, values, fact_days)
    helpers = np.full((len(values), len(HELPERS)), np.nan, np.float32)
    apply_facts(plan.helpers, ordered, helpers, np.empty(helpers.shape, np.int16))
    ages, medicines = helpers.T
    for column, feature in enumerate(plan.features):
        found = fact_set(feature.fact)
        if found is not None and feature.how == "points":
            if found.many_medicines:
                values[medicines >= found.many_medicines, column] += 1
            if found.from_age:
                values[ages < found.from_age, column] = np.nan
            if found.divisor > 1:
                values[:, column] /= found.divisor


def _register_chunk(engine: Engine, keys: pd.DataFrame) -> None:
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


_PRACTICE_HOURS = (8 * 60, 18 * 60 + 30)
"""Minutes of the day between which a practice is open on working days: 8 am to 6.30 pm, the core
hours of the GP contract in England."""
_EPOCH_WEEKDAY, _SATURDAY = 3, 5
"""1 January 1970 was a Thursday; Monday is 0."""

_Valued = tuple[Keys, Reals, Ints]
_NO_FACTS: _Valued = (np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.int32))


def _coded_facts(engine: Engine, coding: CodeFacts) -> tuple[list[Keys], list[_Valued]]:
    """Facts of coded events: packed ones, and those with an amount."""
    packed: list[Keys] = []
    valued: list[_Valued] = [_NO_FACTS]
    for batch in engine.fetch_batches(CODED_EVENTS):
        column = {name: batch.column(name) for name in batch.schema.names}
        number = {
            name: column[name].cast(pa.int32()).to_numpy()
            for name in ("row_number", "code_number", "day", "is_missed", "stay_day", "is_primary")
        }
        value = column["value"].to_numpy(zero_copy_only=False)
        keys, measured = coded_facts(coding, number, value, _minutes(column["event_time"]))
        packed.append(keys)
        valued.append(measured)
    return packed, valued


def _facts_with_amounts(engine: Engine, query: Sequence[Step]) -> _Valued:
    facts = engine.fetch(*query).combine_chunks()
    row, fact, day = (
        facts[name].cast(pa.int32()).to_numpy() for name in ("row_number", "fact_number", "day")
    )
    if "event_time" in facts.column_names:
        minutes = _minutes(facts["event_time"].combine_chunks())
    else:
        minutes = np.full(len(row), -1, np.int32)
    return pack(row, fact, day), facts["amount"].to_numpy(), minutes


def _out_of_hours(stays: _Valued, facts: Mapping[str, int], index_dates: pd.Series) -> _Valued:
    """Attendances of an emergency department at night or at a weekend, as facts of their own."""
    if "ed_out_of_hours" not in facts:
        return _NO_FACTS
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
    if times.null_count == len(times):
        return np.full(len(times), -1, np.int32)
    micros = times.cast(pa.time64("us")).cast(pa.int64()).fill_null(-1)
    return np.asarray(micros.to_numpy(zero_copy_only=False) // 60_000_000, np.int32)


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
    begun = set() if found is None else {found.prefix}
    members = {*members_of(feature.fact, plan.facts), *begun}
    return any(plan.feeds.covers(fact, index_date) for fact in members)


def _forget_before_registration(
    engine: Engine, features: Sequence[Feature], values: Values
) -> None:
    """Make no facts mean not known where registration is shorter than the window (rule 8).

    A row without any known registration is left as it is. Whether somebody is in hospital now does
    not look back, so it stays known.
    """
    registered = engine.fetch(*REGISTERED_FOR)
    row, days = (registered.column(name).to_numpy() for name in ("row_number", "days"))
    windows: dict[int, list[int]] = {}
    for column, feature in enumerate(features):
        window = feature.window_days
        if window is not None and feature.fact != "in_hospital" and starts_at_zero(feature):
            windows.setdefault(looks_back(feature), []).append(column)
    for window, columns in windows.items():
        values[np.ix_(row[days < window], columns)] = np.nan
