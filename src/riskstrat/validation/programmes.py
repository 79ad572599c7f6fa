"""What services that a list can start would add as predictors (binding statistical rule 22).

Matron, virtual ward, case management and the like are given to people whom a list, or somebody's
judgement, has chosen. The shipped features leave them out: a model that knew them would learn whom
earlier lists had chosen. Here they are added, and the difference is told.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from riskstrat.engine import Step
from riskstrat.features import Feature, FeatureMatrix
from riskstrat.records import LinkedRecords, as_known
from riskstrat.reference import load_table
from riskstrat.validation.measured import is_too_few, paired
from riskstrat.validation.prepared import Prepared
from riskstrat.windows import days_sql

__all__ = ["PROGRAMME_FACTS", "programme_columns", "programme_worth", "with_programmes"]

PROGRAMME_FACTS = (
    as_known("services"),
    Step(
        "programme_use",
        f"""
        select s.patient_id, s.index_date, p.family,
            min({days_sql("s.start_date", "s.index_date")}) as days
        from known_services s join programme_services p on p.service = s.service
        group by s.patient_id, s.index_date, p.family
        """,
    ),
)
"""Days from the latest known start of each programme to each index date."""


def programme_columns(
    records: LinkedRecords, keys: pd.DataFrame, history_days: int
) -> dict[str, npt.NDArray[np.float32]]:
    """Days since each programme last began for somebody, within the history; missing for none.

    Parameters
    ----------
    records : LinkedRecords
    keys : DataFrame
        ``patient_id``, ``index_date`` and ``index_stay_id``, n rows.
    history_days : int

    Returns
    -------
    dict
        Family of programme to an array of shape (n,); a family that nobody had is left out.
    """
    listed = [row for row in load_table("service_families") if row["programme"] == "1"]
    names = ("service", "family")
    columns = {name: pa.array([row[name] for row in listed], pa.string()) for name in names}
    records.engine.register("programme_services", pa.table(columns))
    records.register_keys(keys)
    used = records.engine.fetch_frame(*PROGRAMME_FACTS)
    used = used[used["days"] <= history_days]
    place = pd.MultiIndex.from_frame(keys[["patient_id", "index_date"]])
    found = {}
    for family, rows in used.groupby("family", sort=True):
        dates = pd.to_datetime(rows["index_date"]).astype(keys["index_date"].dtype)
        at = place.get_indexer(pd.MultiIndex.from_arrays([rows["patient_id"], dates]))
        values = np.full(len(keys), np.nan, dtype=np.float32)
        values[at] = rows["days"].to_numpy(np.float32)
        found[str(family)] = values
    return found


def with_programmes(
    matrix: FeatureMatrix, columns: dict[str, npt.NDArray[np.float32]]
) -> FeatureMatrix:
    """The matrix with a column per programme, for fits that are never saved."""
    if not columns:
        return matrix
    return dataclasses.replace(
        matrix,
        values=np.column_stack([matrix.values, *columns.values()]),
        features=(*matrix.features, *(_feature(family) for family in columns)),
        fact_days=None,
    )


def _feature(family: str) -> Feature:
    words = family.replace("_", " ")
    return Feature(
        name=f"programme_{family}",
        label=f"Days since {words} began",
        unit="days",
        group="support",
        kind="days",
        sources=("community",),
        window_days=None,
        rule=f"since programme.{family}",
    )


def programme_worth(prepared: Prepared, records: LinkedRecords) -> dict[str, Any]:
    """What the model would gain if it knew of programmes.

    Parameters
    ----------
    prepared : Prepared
    records : LinkedRecords
        The rows' own.

    Returns
    -------
    dict
        ``programmes`` and, with them minus without, ``auroc`` and ``average_precision``; or
        ``not_possible``, the reason.
    """
    if is_too_few(prepared.observed):
        return {"not_possible": "too few people to show anything"}
    without = prepared.whole
    days = prepared.cohort.study.features.history_days
    columns = programme_columns(records, prepared.cohort.keys, days)
    if not columns:
        return {"not_possible": "nobody in these records had one"}
    told = dataclasses.replace(without, matrix=with_programmes(prepared.matrix, columns))
    return {
        "programmes": [family.replace("_", " ") for family in columns],
        **paired(prepared.observed, told.risk, without.risk, prepared.resampling),
    }
