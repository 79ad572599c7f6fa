"""Build the feature matrix: ask for facts, one chunk of people at a time, and apply the rules."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pandas as pd

from riskstrat.errors import UsageError
from riskstrat.features.asking import Facts, known_facts
from riskstrat.features.avoidable import with_avoidable_admissions
from riskstrat.features.coded_facts import coded_facts
from riskstrat.features.discharge import discharge_columns, write_discharge_scores
from riskstrat.features.kernel import apply_facts
from riskstrat.features.matrix import FeatureMatrix
from riskstrat.features.ordering import SortedFacts
from riskstrat.features.packing import FactDays, Values
from riskstrat.features.plan import HELPERS, FeaturePlan, KnownRecords
from riskstrat.features.sets import fact_set
from riskstrat.study import Study

__all__ = ["ROWS_PER_CHUNK", "build_features", "checked_keys", "filled_chunks", "write_values"]

ROWS_PER_CHUNK = 50_000
"""Matrix rows whose facts are held at once, rounded up to whole people: bounds the memory, whatever
the population and the number of index dates."""


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
        registered within its window: what came before could not be seen. A change is then missing
        also with facts.

    Raises
    ------
    UsageError
        When the keys lack a column, hold a missing value or repeat a person and index date.
    StudyError
        When the study names an unknown group, source or codelist.
    """
    keys = checked_keys(cohort_keys)
    plan = FeaturePlan.of(records, study)
    order = np.arange(len(keys))
    if not (is_in_order := keys["patient_id"].is_monotonic_increasing):
        order = np.argsort(keys["patient_id"].to_numpy(dtype=object), kind="stable")
    values = np.empty((len(keys), len(plan.features)), np.float32)
    fact_days = np.empty(values.shape, np.int16)
    for _ in filled_chunks(records, plan, keys.iloc[order], room=(values, fact_days)):
        pass
    records.register_keys(keys)
    used = keys[["patient_id", "index_date"]]
    if not is_in_order:
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
            facts = known_facts(records.engine, plan, by_person.iloc[rows], values)
            if begun:
                applied, chunk = begun.popleft()
                applied.result()
                yield chunk
            task = later.submit(write_values, plan, facts, values, fact_days)
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


def write_values(plan: FeaturePlan, facts: Facts, values: Values, fact_days: FactDays) -> None:
    """Apply the rules to the facts of a chunk; `values` hold what no fact means, days are -1."""
    at_discharge = discharge_columns(plan.features)
    could_be_known = ~np.isnan(values[:, list(at_discharge)])
    coded, others = facts
    plain, measured = coded_facts(plan.coding, coded, len(values))
    plain = with_avoidable_admissions(plain, plan.facts)
    keys, amounts, minutes = map(np.concatenate, zip(*measured, *others, strict=True))
    ordered = SortedFacts.of(plain, (keys, amounts, minutes), len(values))
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
    write_discharge_scores(at_discharge, plan.facts, ordered, values, could_be_known)
