"""Score and explain everyone who is eligible at an index date."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.cohort import Cohort, build_scoring_cohort
from riskstrat.errors import RecordsError
from riskstrat.explanation import Explanations, build_reasons, compared_with, explain
from riskstrat.features import FeatureMatrix, feature_chunks
from riskstrat.features.feeds import families_wanted, family_of
from riskstrat.records import LinkedRecords
from riskstrat.risklist.scores import KEY_COLUMNS, SCORE_COLUMNS, Scores
from riskstrat.training import RiskModel

__all__ = ["Keep", "ScoredRows", "as_scores", "require_feeds", "score", "score_rows"]

BLOCK_ROWS = 65_536
"""Most rows scored and explained at a time: contributions of single features are kept for these
only."""

Keep = Callable[[Explanations], None]
"""What is given the explanations of each block."""


@dataclass(frozen=True)
class ScoredRows:
    """Scores, group contributions and reasons of the rows of a cohort, in its order."""

    scores: pd.DataFrame
    contributions: pd.DataFrame
    reasons: pd.DataFrame


def score(
    model: RiskModel,
    records: LinkedRecords,
    index_date: date | None,
    *,
    feature_contributions: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Scores:
    """Score, explain and rank everyone who is eligible at an index date.

    Parameters
    ----------
    model : RiskModel
    records : LinkedRecords
    index_date : date or None
        The day the prediction stands for. For a study at discharge the discharges with that index
        date; None takes each person's latest.
    feature_contributions : Path, optional
        Parquet file to which the contribution of every single feature is written too (log-odds,
        one column each, people in order of ``patient_id``); hand it to :meth:`Scores.save`.
    progress : callable, optional
        Called with the name of each stage as it starts.

    Returns
    -------
    Scores
        By practice and rank. Equal risks rank by ``patient_id``. People without a recorded practice
        are one group with a null ``practice_code``.

    Raises
    ------
    ArtefactError
        When the catalogue has changed since the model was fitted.
    RecordsError
        When the records lack a kind of feed that the model was trained with: its features would be
        missing for everybody, and every risk wrong.
    StudyError
        When the index date lies outside the data, or nobody is eligible.
    UsageError
        When a study with calendar index dates is given none.
    """
    say = progress or (lambda stage: None)
    say("cohort")
    cohort = build_scoring_cohort(records, model.study, index_date)
    say("features, scores and reasons")
    with _feature_writer(feature_contributions, model) as keep:
        found = _joined(list(_score_chunks(model, records, cohort, keep)))
    return as_scores(model, records, index_date, found)


def as_scores(
    model: RiskModel, records: LinkedRecords, index_date: date | None, found: ScoredRows
) -> Scores:
    """Everyone's rows, by practice and rank, with what was scored."""
    order = _ranked(found.scores)
    scores = found.scores.iloc[order].reset_index(drop=True)
    rank = scores.groupby("practice_code", dropna=False, sort=False).cumcount() + 1
    scores["rank_in_practice"] = rank.to_numpy(dtype=np.int32)
    contributions = found.contributions.iloc[order].reset_index(drop=True)
    return Scores(
        scores=scores[list(SCORE_COLUMNS)],
        contributions=contributions,
        reasons=_in_order(found.reasons, scores),
        run=_run(model, records, scores, index_date),
        model=model,
    )


def score_rows(
    model: RiskModel, matrix: FeatureMatrix, cohort: Cohort, *, keep: Keep | None = None
) -> ScoredRows:
    """Scores, contributions and reasons of a matrix, block by block.

    Parameters
    ----------
    model : RiskModel
    matrix : FeatureMatrix
    cohort : Cohort
        The same rows in the same order.
    keep : callable, optional
        Given the explanations of each block.

    Returns
    -------
    ScoredRows
        Not yet ranked.

    Raises
    ------
    ArtefactError
        When the matrix was built by another catalogue.
    RecordsError
        When the records lack a kind of feed that the model was trained with.
    """
    model.require_matrix(matrix)
    require_feeds(model, cohort)
    feeds = _feeds(model, cohort)
    blocks = [
        _score_block(
            model,
            matrix.take(np.arange(start, min(start + BLOCK_ROWS, len(cohort.frame)))),
            cohort.frame.iloc[start : start + BLOCK_ROWS].reset_index(drop=True),
            feeds,
            keep,
        )
        for start in range(0, len(cohort.frame), BLOCK_ROWS)
    ]
    return _joined(blocks)


def _score_chunks(
    model: RiskModel, records: LinkedRecords, cohort: Cohort, keep: Keep | None
) -> Iterator[ScoredRows]:
    """Everyone of a cohort, a chunk of people at a time: no matrix of everybody is ever held."""
    people = cohort.frame.sort_values("patient_id", kind="stable", ignore_index=True)
    first = 0
    for matrix in feature_chunks(records, cohort.keys, model.study):
        chunk = people.iloc[first : first + len(matrix)].reset_index(drop=True)
        yield score_rows(model, matrix, replace(cohort, frame=chunk), keep=keep)
        first += len(matrix)


def _joined(blocks: Sequence[ScoredRows]) -> ScoredRows:
    return ScoredRows(
        scores=pd.concat([block.scores for block in blocks], ignore_index=True),
        contributions=pd.concat([block.contributions for block in blocks], ignore_index=True),
        reasons=pd.concat([block.reasons for block in blocks], ignore_index=True),
    )


@contextmanager
def _feature_writer(path: Path | None, model: RiskModel) -> Iterator[Keep | None]:
    """What writes the contributions of every feature to a file, or None without one."""
    if path is None:
        yield None
        return
    names = [feature.name for feature in model.features]
    keys = [pa.field("patient_id", pa.string()), pa.field("index_date", pa.date32())]
    schema = pa.schema([*keys, *(pa.field(name, pa.float64()) for name in names)])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:

        def keep(explanations: Explanations) -> None:
            columns = [explanations.keys[field.name] for field in keys]
            columns += list(np.asfortranarray(explanations.contributions).T)
            arrays = [
                pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

        yield keep


def _score_block(
    model: RiskModel,
    matrix: FeatureMatrix,
    people: pd.DataFrame,
    feeds: frozenset[str],
    keep: Keep | None,
) -> ScoredRows:
    predicted = model.predict(matrix)
    explanations = explain(model, matrix)
    if keep is not None:
        keep(explanations)
    scores = people[[*KEY_COLUMNS, "practice_code", "age", "sex", "in_hospital"]].assign(
        practice_code=people["practice_code"].astype("str"),
        raw_score=predicted["raw_score"].to_numpy(dtype=np.float64),
        risk=predicted["risk"].to_numpy(dtype=np.float64),
        risk_death=predicted["risk_death"].to_numpy(dtype=np.float64),
        baseline=explanations.baseline,
        model_version=pd.Series(model.version, index=people.index, dtype="str"),
        compared_with=compared_with(model, people).to_numpy(),
    )
    keys = people[list(KEY_COLUMNS)]
    return ScoredRows(
        scores=scores,
        contributions=pd.concat([keys, explanations.by_group()], axis=1),
        reasons=build_reasons(model, matrix, explanations, people, feeds=feeds),
    )


def _ranked(scores: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Row positions by practice (null last), highest risk first, then patient and index date."""
    keys = scores[["practice_code", "patient_id", "index_date"]].assign(descending=-scores["risk"])
    by = ["practice_code", "descending", "patient_id", "index_date"]
    return keys.sort_values(by, kind="stable", na_position="last").index.to_numpy(dtype=np.intp)


def _in_order(reasons: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Reasons in the order of the people of `scores`."""
    people = pd.MultiIndex.from_frame(scores[list(KEY_COLUMNS)])
    place = people.get_indexer(pd.MultiIndex.from_frame(reasons[list(KEY_COLUMNS)]))
    order = np.lexsort((reasons["position"].to_numpy(), place))
    return reasons.iloc[order].reset_index(drop=True)


def _run(
    model: RiskModel, records: LinkedRecords, scores: pd.DataFrame, index_date: date | None
) -> dict[str, Any]:
    """What was scored, for ``run.json``: names and counts only."""
    day = index_date or scores["index_date"].max().date()
    return {
        "study": model.study.name,
        "model_version": model.version,
        "index_date": day.isoformat(),
        "window_days": model.study.outcome.window_days,
        "outcome_kind": model.study.outcome.kind,
        "data_to": records.data_to.isoformat(),
        "synthetic": records.is_synthetic,
        "people": int(scores["patient_id"].nunique()),
        "practices": int(scores["practice_code"].nunique(dropna=False)),
        "rows": len(scores),
    }


def require_feeds(model: RiskModel, cohort: Cohort) -> None:
    """Refuse records that lack a kind of feed that the model was trained with."""
    trained, given = (_families(told) for told in (model.provenance, cohort.origin))
    if trained is None or given is None:
        return
    if missing := sorted(trained - given):
        raise RecordsError(
            f"the model was trained with feeds of the kinds {', '.join(sorted(trained))}, but the "
            f"records have none of: {', '.join(missing)}.",
            do="Link the missing feeds, or train a model without them ([features] sources).",
        )


def _feeds(model: RiskModel, cohort: Cohort) -> frozenset[str]:
    """Families of feeds that the study wants and, as far as the records say, that they hold."""
    wanted, linked = families_wanted(model.study.features.sources), _families(cohort.origin)
    return wanted if linked is None or "mixed" in linked else wanted & linked


def _families(told: Mapping[str, Any]) -> set[str] | None:
    """Kinds of feeds that a provenance or an origin tells of; None where it tells of none."""
    if "sources" not in told:
        return None
    return {family_of(source["name"]) or "mixed" for source in told["sources"]}
