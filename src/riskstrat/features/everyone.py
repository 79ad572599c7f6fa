"""Features of everyone on the executors of Spark: the same queries, the same rules.

Each query is asked once, of all keys; what it tells of a row of the matrix meets what the other
queries tell of it in one Python process of an executor, which fills the row.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from riskstrat.engine import Query, QueryEngine
from riskstrat.features.asking import facts_told, queries_about
from riskstrat.features.build import write_values
from riskstrat.features.coded import CODED_EVENTS
from riskstrat.features.matrix import FeatureMatrix
from riskstrat.features.packing import Ints
from riskstrat.features.plan import FeaturePlan

__all__ = ["ROW", "matrix_of", "queries_of_everyone"]

ROW = "row_number"
"""Column by which rows of all queries belong together: the number of the key."""


def queries_of_everyone(
    engine: QueryEngine, plan: FeaturePlan, keys: pd.DataFrame
) -> dict[str, Query]:
    """Register the keys, and say what to ask of them, by name.

    Parameters
    ----------
    engine : QueryEngine
    plan : FeaturePlan
    keys : DataFrame
        From :func:`riskstrat.features.build.checked_keys`, numbered from 0: that is :data:`ROW`.
    """
    plan.register(engine)
    queries = queries_about(engine, plan, keys)
    return {steps[-1].name: Query(steps, given) for steps, given in queries.items()}


def matrix_of(
    plan: FeaturePlan, keys: pd.DataFrame, numbers: Ints, answers: Mapping[str, pa.Table]
) -> FeatureMatrix:
    """The rows of the matrix that some keys have.

    Parameters
    ----------
    plan : FeaturePlan
    keys : DataFrame
        ``patient_id`` and ``index_date``, numbered from 0.
    numbers : ndarray of int32
        :data:`ROW` of each key, ascending.
    answers : mapping of str to pyarrow.Table
        All that the queries told of these keys, by name, in any order.
    """
    told = {name: _renumbered(rows, numbers) for name, rows in answers.items()}
    coded = told.pop(CODED_EVENTS[-1].name).to_batches()
    values = np.empty((len(keys), len(plan.features)), np.float32)
    fact_days = np.full(values.shape, -1, np.int16)
    facts = facts_told(plan, keys["index_date"], (coded, told), values)
    write_values(plan, facts, values, fact_days)
    return FeatureMatrix(keys, values, plan.features, plan.catalogue_hash, fact_days)


def _renumbered(rows: pa.Table, numbers: Ints) -> pa.Table:
    """Rows in one piece, their keys numbered from 0 instead of as in `numbers`."""
    whole = rows.combine_chunks()
    places = np.searchsorted(numbers, whole[ROW].to_numpy()).astype(np.int32)
    return whole.set_column(whole.column_names.index(ROW), ROW, pa.array(places))
