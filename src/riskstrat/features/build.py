"""Build the feature matrix: run the queries, scatter their long rows, one chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from riskstrat.engine import Engine, Step
from riskstrat.errors import UsageError
from riskstrat.features.catalogue import Feature, catalogue, catalogue_hash
from riskstrat.features.codelists import code_rules
from riskstrat.features.conditions import CHARLSON, CODED_COUNTS, CODED_DAYS, CODES, HFRS
from riskstrat.features.feeds import FEED_STEPS, Feeds, read_feeds
from riskstrat.features.hospital import NIGHTS, SPELL_STAYS, STAY_COUNTS
from riskstrat.features.matrix import FeatureMatrix
from riskstrat.features.person import PERSON, REGISTERED_FOR, REGISTRATION, RESIDENCE, SERVICES
from riskstrat.features.primary_care import CONTACTS, MEASUREMENTS, MEDICINES
from riskstrat.features.relations import register_relations
from riskstrat.study import Study

__all__ = ["FEATURE_QUERIES", "ROWS_PER_CHUNK", "KnownRecords", "build_features"]

ROWS_PER_CHUNK = 150_000
"""Matrix rows whose facts are held at once, rounded up to whole people: bounds the memory, whatever
the population and the number of index dates."""

KEPT_QUERIES: tuple[tuple[Step, ...], ...] = (SPELL_STAYS, CODED_DAYS)
"""Queries kept as tables that others read, in this order."""

LONG_QUERIES: tuple[tuple[Step, ...], ...] = (
    PERSON,
    REGISTRATION,
    RESIDENCE,
    SERVICES,
    STAY_COUNTS,
    NIGHTS,
    CONTACTS,
    MEDICINES,
    CODED_COUNTS,
    CHARLSON,
    HFRS,
    MEASUREMENTS,
)
"""Queries that give long rows: row_number, feature, value, fact_day."""

FEATURE_QUERIES: tuple[tuple[Step, ...], ...] = (
    *((step,) for step in FEED_STEPS.values()),
    CODES,
    REGISTERED_FOR,
    *KEPT_QUERIES,
    *LONG_QUERIES,
)
"""Every query of this package, for the contract test that runs them on both engines."""


class KnownRecords(Protocol):
    """What features need of the records: an engine that holds them, and a way to name the keys."""

    @property
    def engine(self) -> Engine:
        """Holds the canonical tables."""

    def register_keys(self, keys: pd.DataFrame) -> None:
        """Make `keys` readable as ``cohort_keys``."""


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
    keys = _checked(cohort_keys)
    features, rules = catalogue(study), code_rules(study)
    feeds = read_feeds(records.engine, rules, study.features.sources)
    register_relations(records.engine, features, rules, feeds.families)
    records.engine.create(*CODES)
    values = _before_facts(keys["index_date"], features, feeds)
    fact_days = np.full(values.shape, -1, dtype=np.int32)
    for chunk in _chunks(keys["patient_id"]):
        _register_chunk(records.engine, keys, chunk)
        _forget_before_registration(records.engine, features, values)
        for rows in _long_rows(records.engine):
            values[rows.row, rows.feature] = rows.value
            fact_days[rows.row, rows.feature] = rows.fact_day
    records.register_keys(keys)
    used = keys[["patient_id", "index_date"]]
    return FeatureMatrix(used, values, features, catalogue_hash(features, rules), fact_days)


def _checked(cohort_keys: pd.DataFrame) -> pd.DataFrame:
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


def _chunks(patients: pd.Series) -> Iterator[npt.NDArray[np.int64]]:
    """Row numbers of whole people, about :data:`ROWS_PER_CHUNK` at a time, people in order."""
    order = np.argsort(patients.to_numpy(dtype=object), kind="stable")
    ordered = patients.iloc[order]
    first_rows = np.flatnonzero(ordered.ne(ordered.shift()).to_numpy())
    chunk = first_rows // ROWS_PER_CHUNK
    starts = first_rows[np.flatnonzero(np.diff(chunk)) + 1]
    yield from (rows for rows in np.split(order, starts) if len(rows))


def _register_chunk(engine: Engine, keys: pd.DataFrame, chunk: npt.NDArray[np.int64]) -> None:
    """The keys of a chunk with their row numbers, and what several queries read of them."""
    part = keys.iloc[chunk]
    rows = pa.table(
        {
            "row_number": pa.array(chunk, pa.int32()),
            "patient_id": pa.array(part["patient_id"], pa.string()),
            "index_date": pa.array(part["index_date"]).cast(pa.date32()),
            "index_stay_id": pa.array(part["index_stay_id"], pa.string(), from_pandas=True),
        }
    )
    engine.register("cohort_keys", rows)
    for query in KEPT_QUERIES:
        engine.create(*query)


@dataclass(frozen=True)
class _LongRows:
    """A batch of long rows as arrays of one length."""

    row: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    fact_day: npt.NDArray[np.int64]


def _long_rows(engine: Engine) -> Iterator[_LongRows]:
    for query in LONG_QUERIES:
        for batch in engine.fetch_batches(query):
            column = {name: batch.column(name).to_numpy() for name in batch.schema.names}
            yield _LongRows(
                column["row_number"], column["feature"], column["value"], column["fact_day"]
            )


def _before_facts(
    index_dates: pd.Series, features: Sequence[Feature], feeds: Feeds
) -> npt.NDArray[np.float32]:
    """Values of people without facts: zero where the feed is there, else missing."""
    number, dates = pd.factorize(index_dates)
    base = np.full((len(dates), len(features)), np.nan, dtype=np.float32)
    for i, day in enumerate(dates):
        covered = [_starts_at_zero(f) and feeds.covers(f.fact, day.date()) for f in features]
        base[i, covered] = 0
    return base[number]


def _forget_before_registration(
    engine: Engine, features: Sequence[Feature], values: npt.NDArray[np.float32]
) -> None:
    """Make no facts mean not known where registration is shorter than the window (rule 8).

    A row without any known registration is left as it is. Whether somebody is in hospital now does
    not look back, so it stays known.
    """
    registered = engine.fetch(*REGISTERED_FOR)
    row, days = (registered.column(name).to_numpy() for name in ("row_number", "days"))
    for column, feature in enumerate(features):
        window = feature.window_days
        if window is not None and feature.fact != "in_hospital" and _starts_at_zero(feature):
            values[row[days < window], column] = np.nan


def _starts_at_zero(feature: Feature) -> bool:
    """Whether no fact means none, rather than not known."""
    return feature.how in {"count", "any", "nights"} or feature.rule == "score charlson"
