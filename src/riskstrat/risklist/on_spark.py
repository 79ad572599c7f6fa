"""Score and explain everyone inside Spark: no facts come to the driver.

The cohort, one short row per person and index date, is counted and numbered there. Facts of a row
of the matrix meet in one Python process of an executor, which applies the rules, scores, explains
and words the reasons by the same functions as :func:`riskstrat.risklist.score`. The model travels
as the files of its artefact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from riskstrat.cohort import Cohort, build_scoring_cohort
from riskstrat.engine import Query, SparkEngine, Step
from riskstrat.errors import UsageError
from riskstrat.explanation import REASON_COLUMNS, Explanations
from riskstrat.explanation.shapley import group_columns
from riskstrat.features import FeatureMatrix
from riskstrat.features.build import checked_keys
from riskstrat.features.everyone import ROW, matrix_of, queries_of_everyone
from riskstrat.features.plan import FeaturePlan
from riskstrat.records import LinkedRecords
from riskstrat.risklist.scores import KEY_COLUMNS, SCORE_COLUMNS, Scores
from riskstrat.risklist.scoring import Keep, ScoredRows, as_scores, require_feeds, score_rows
from riskstrat.training import RiskModel

__all__ = ["SparkScores", "score_on_spark"]

_PEOPLE = Step("scored_people", "select * from cohort_people")

_PERSON_TYPES = {
    ROW: pa.int32(),
    "patient_id": pa.string(),
    "index_date": pa.date32(),
    "practice_code": pa.string(),
    "age": pa.int64(),
    "sex": pa.string(),
    "in_hospital": pa.bool_(),
}
"""What scoring needs of a person, beside the facts."""

_TYPES = {
    **dict.fromkeys(("practice_code", "model_version", "sex", "compared_with"), pa.string()),
    **dict.fromkeys(("raw_score", "risk", "risk_death", "baseline"), pa.float64()),
    **dict.fromkeys(("direction", "group", "feature", "code", "text", "source"), pa.string()),
    **dict.fromkeys(("value", "peer_contribution"), pa.float64()),
    **dict.fromkeys(("index_date", "fact_date"), pa.date32()),
    **dict.fromkeys(("workable", "sensitive", "in_hospital"), pa.bool_()),
    "position": pa.int32(),
    "age": pa.int64(),
    "patient_id": pa.string(),
}
_OF_FEATURES = "feature_contributions"
_UNRANKED = tuple(name for name in SCORE_COLUMNS if name != "rank_in_practice")
_SCORE_TYPES = pa.schema([(name, _TYPES[name]) for name in _UNRANKED])
_REASON_TYPES = pa.schema(
    [(name, _TYPES[name]) for name in REASON_COLUMNS if name not in KEY_COLUMNS]
)
_RANK = """
row_number() over (
    partition by practice_code order by risk desc, patient_id, index_date
) as rank_in_practice
"""


@dataclass(frozen=True)
class SparkScores:
    """Everyone scored at one index date, as frames of the session, rows in any order.

    Parameters
    ----------
    scores, contributions, reasons : pyspark.sql.DataFrame
        Columns as in :class:`riskstrat.risklist.Scores`.
    feature_contributions : pyspark.sql.DataFrame or None
        What every single feature contributes, on request: the columns of the file that
        :func:`riskstrat.risklist.score` writes.
    model : RiskModel
    records : LinkedRecords
    index_date : date or None
    """

    scores: Any = field(repr=False)
    contributions: Any = field(repr=False)
    reasons: Any = field(repr=False)
    feature_contributions: Any = field(repr=False)
    model: RiskModel = field(repr=False)
    records: LinkedRecords = field(repr=False)
    index_date: date | None

    def collect(self) -> Scores:
        """All rows in the memory of this machine, as :func:`riskstrat.risklist.score` has them."""
        scores, contributions = (
            _collected(rows).sort_values(list(KEY_COLUMNS), ignore_index=True)
            for rows in (self.scores, self.contributions)
        )
        found = ScoredRows(scores, contributions, _collected(self.reasons))
        return as_scores(self.model, self.records, self.index_date, found)


def score_on_spark(
    model: RiskModel,
    records: LinkedRecords,
    index_date: date | None,
    *,
    feature_contributions: bool = False,
) -> SparkScores:
    """Score, explain and rank everyone who is eligible at an index date, on the executors.

    Parameters
    ----------
    model : RiskModel
    records : LinkedRecords
        On a :class:`riskstrat.engine.SparkEngine`. The executors need riskstrat.
    index_date : date or None
        As of :func:`riskstrat.risklist.score`.
    feature_contributions : bool
        Also keep the contribution of every single feature: log-odds, one column each.

    Returns
    -------
    SparkScores
        Computed; the executors keep the rows for as long as one of the frames is in use.

    Raises
    ------
    UsageError
        When the records are not on Spark.
    ArtefactError, RecordsError, StudyError
        As of :func:`riskstrat.risklist.score`.
    """
    engine = records.engine
    if not isinstance(engine, SparkEngine):
        raise UsageError(
            "expected records on Spark, but these are on another engine.",
            do="Use riskstrat.score, or load the records with a SparkEngine.",
        )
    cohort = build_scoring_cohort(records, model.study, index_date)
    require_feeds(model, cohort)
    plan = FeaturePlan.of(records, model.study)
    _require_plan(model, plan)
    frame = cohort.frame.sort_values("patient_id", kind="stable", ignore_index=True)
    queries = queries_of_everyone(engine, plan, checked_keys(frame))
    engine.register("cohort_people", _people(frame))
    schema = _schema(model, feature_contributions=feature_contributions)
    asked = {**queries, _PEOPLE.name: Query((_PEOPLE,))}
    found = engine.map_groups(asked, _scorer(model, plan, cohort, schema), schema, by=ROW)
    records.register_keys(cohort.keys)
    return SparkScores(
        scores=found.selectExpr(*_UNRANKED, _RANK).select(*SCORE_COLUMNS),
        contributions=found.selectExpr(*KEY_COLUMNS, "contributions.*"),
        reasons=found.selectExpr(*KEY_COLUMNS, "inline(reasons)"),
        feature_contributions=(
            found.selectExpr(*KEY_COLUMNS, f"{_OF_FEATURES}.*") if feature_contributions else None
        ),
        model=model,
        records=records,
        index_date=index_date,
    )


def _require_plan(model: RiskModel, plan: FeaturePlan) -> None:
    """Refuse another catalogue here, not on the executors."""
    values, days = (np.empty((0, len(plan.features)), kind) for kind in (np.float32, np.int16))
    keys = pd.DataFrame(columns=list(KEY_COLUMNS))
    model.require_matrix(FeatureMatrix(keys, values, plan.features, plan.catalogue_hash, days))


def _people(frame: pd.DataFrame) -> pa.Table:
    numbered = frame.assign(**{ROW: np.arange(len(frame))})
    columns = {
        name: pa.array(numbered[name], from_pandas=True).cast(kind)
        for name, kind in _PERSON_TYPES.items()
    }
    return pa.table(columns)


def _schema(model: RiskModel, *, feature_contributions: bool) -> pa.Schema:
    """One row per person and index date: scores, contributions by group, reasons in order."""
    groups = pa.struct([(group, pa.float64()) for group in group_columns(model.features)])
    fields = [("contributions", groups), ("reasons", pa.list_(pa.struct(list(_REASON_TYPES))))]
    if feature_contributions:
        features = pa.struct([(feature.name, pa.float64()) for feature in model.features])
        fields.append((_OF_FEATURES, features))
    return pa.schema([*_SCORE_TYPES, *(pa.field(*one) for one in fields)])


def _scorer(
    model: RiskModel, plan: FeaturePlan, cohort: Cohort, schema: pa.Schema
) -> Callable[[dict[str, pa.Table]], pa.Table]:
    """What the executors do; it carries the artefact's files, the plan and names, no person."""
    files, version = _artefact(model), model.version
    keep_features = _OF_FEATURES in schema.names
    nobody = Cohort(cohort.frame.iloc[:0], (), cohort.study, origin=cohort.origin)

    def scored(answers: dict[str, pa.Table]) -> pa.Table:
        kept: list[Explanations] = []
        keep = kept.append if keep_features else None
        rows = _scored(_model_of(files, version), plan, nobody, answers, keep)
        if kept:
            rows = rows.append_column(_OF_FEATURES, _by_feature(kept))
        return rows.cast(schema)

    return scored


def _artefact(model: RiskModel) -> tuple[tuple[str, bytes], ...]:
    with TemporaryDirectory() as folder:
        model.save(Path(folder, "model"))
        files = sorted(Path(folder, "model").iterdir())
        return tuple((file.name, file.read_bytes()) for file in files)


@lru_cache(maxsize=1)
def _model_of(files: tuple[tuple[str, bytes], ...], version: str) -> RiskModel:
    """The model of an artefact's files, read once in each process, under the name it has here."""
    with TemporaryDirectory() as folder:
        for name, content in files:
            Path(folder, name).write_bytes(content)
        return replace(RiskModel.load(folder), read_version=version)


def _scored(
    model: RiskModel,
    plan: FeaturePlan,
    nobody: Cohort,
    answers: dict[str, pa.Table],
    keep: Keep | None,
) -> pa.Table:
    people = answers.pop(_PEOPLE.name).sort_by(ROW).to_pandas(date_as_object=False)
    people["index_date"] = people["index_date"].astype("datetime64[s]")
    matrix = matrix_of(plan, people[list(KEY_COLUMNS)], people[ROW].to_numpy(), answers)
    found = score_rows(model, matrix, replace(nobody, frame=people), keep=keep)
    rows = pa.Table.from_pandas(found.scores[list(_UNRANKED)], preserve_index=False)
    groups = pa.Table.from_pandas(
        found.contributions.drop(columns=list(KEY_COLUMNS)), preserve_index=False
    )
    return rows.append_column("contributions", groups.to_struct_array()).append_column(
        "reasons", _by_person(found)
    )


def _by_person(found: ScoredRows) -> pa.Array:
    """The reasons of each row of the scores, which they follow, as a list."""
    columns = found.reasons[_REASON_TYPES.names]
    reasons = pa.Table.from_pandas(columns, preserve_index=False).cast(_REASON_TYPES)
    people, told = (
        pd.MultiIndex.from_frame(frame[list(KEY_COLUMNS)])
        for frame in (found.scores, found.reasons)
    )
    counts = np.bincount(people.get_indexer(told), minlength=len(people))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(starts, _whole(reasons.to_struct_array()))


def _by_feature(explained: list[Explanations]) -> pa.Array:
    """What every feature contributes to each row of the scores, as a struct."""
    names = [feature.name for feature in explained[0].features]
    columns = np.asfortranarray(np.concatenate([block.contributions for block in explained])).T
    return pa.StructArray.from_arrays([pa.array(column) for column in columns], names)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _collected(rows: Any) -> pd.DataFrame:
    frame: pd.DataFrame = rows.toArrow().to_pandas(date_as_object=False)
    days = [name for name in ("index_date", "fact_date") if name in frame.columns]
    return frame.astype(dict.fromkeys(days, "datetime64[s]"))
