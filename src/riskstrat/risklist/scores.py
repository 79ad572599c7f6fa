"""The scores of one run: everyone's risk, contributions and reasons, in memory and as a folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.errors import ArtefactError
from riskstrat.explanation import RAISING, REASON_COLUMNS
from riskstrat.staging import staged_directory
from riskstrat.training import RiskModel

__all__ = ["FEATURE_CONTRIBUTIONS", "KEY_COLUMNS", "SCORE_COLUMNS", "Scores", "load_scores"]

KEY_COLUMNS = ("patient_id", "index_date")

REASONS_LISTED = 3
"""Raising reasons on a list (what practices asked for: the top three, in words)."""

SCORE_COLUMNS = (
    *KEY_COLUMNS,
    "practice_code",
    "raw_score",
    "risk",
    "risk_death",
    "baseline",
    "rank_in_practice",
    "model_version",
    "age",
    "sex",
    "in_hospital",
    "compared_with",
)

FEATURE_CONTRIBUTIONS = "feature_contributions.parquet"

RUN_KEYS = (
    "study",
    "model_version",
    "index_date",
    "window_days",
    "outcome_kind",
    "data_to",
    "synthetic",
    "people",
    "practices",
)

_TABLES = {
    "scores": SCORE_COLUMNS,
    "contributions": KEY_COLUMNS,
    "reasons": REASON_COLUMNS,
}


@dataclass(frozen=True)
class Scores:
    """Everyone scored at one index date.

    Parameters
    ----------
    scores : DataFrame
        One row per person and index date, by practice and rank: ``raw_score`` (log-odds before
        calibration), ``risk`` and ``risk_death`` (0 to 1; the latter NaN without a model of death),
        ``baseline`` (calibrated log-odds), ``rank_in_practice`` (1 = highest), ``model_version``,
        ``age`` (years), ``sex``, ``in_hospital``, ``compared_with`` (the peers, in words).
        ``practice_code`` is null for people without a recorded practice.
    contributions : DataFrame
        The same rows: one column of log-odds per clinical group; with the baseline they sum to the
        calibrated log-odds.
    reasons : DataFrame
        One row per reason, in the same order of people.
    run : dict
        What was scored: see ``run.json``. No patient value.
    model : RiskModel
    """

    scores: pd.DataFrame = field(repr=False)
    contributions: pd.DataFrame = field(repr=False)
    reasons: pd.DataFrame = field(repr=False)
    run: dict[str, Any]
    model: RiskModel = field(repr=False)

    @cached_property
    def listed_reasons(self) -> npt.NDArray[np.object_]:
        """What a list says of each row of `scores`, in one pass over all reasons.

        Returns
        -------
        ndarray of object, shape (n,)
            Tuples of up to three sentences: the strongest raising reasons that are not sensitive.
        """
        return self._by_person("text")

    @cached_property
    def listed_codes(self) -> npt.NDArray[np.object_]:
        """The codes of :attr:`listed_reasons`, for machines, shape (n,)."""
        return self._by_person("code")

    def _by_person(self, column: str) -> npt.NDArray[np.object_]:
        """What the listed reasons of each row of `scores` have in a column, shape (n,)."""
        rows, places = self._listed
        texts = self.reasons[column].iloc[places].tolist()
        ends = np.searchsorted(rows, np.arange(len(self.scores) + 1)).tolist()
        told = (tuple(texts[first:end]) for first, end in pairwise(ends))
        return np.fromiter(told, dtype=object, count=len(self.scores))

    @cached_property
    def _listed(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Row of `scores` and place in `reasons` of every reason on a list, in their order."""
        people = pd.MultiIndex.from_frame(self.scores[list(KEY_COLUMNS)])
        is_shown = (self.reasons["direction"] == RAISING) & ~self.reasons["sensitive"].astype(bool)
        places = np.flatnonzero(is_shown)
        keys, position = self.reasons[list(KEY_COLUMNS)], self.reasons["position"].to_numpy()
        rows = people.get_indexer(pd.MultiIndex.from_frame(keys.iloc[places]))
        if strangers := int((rows < 0).sum()):
            raise _damaged("reasons.parquet", f"has {strangers:,} reasons of people not scored")
        order = np.lexsort((position[places], rows))
        rows, places = rows[order], places[order]
        is_listed = np.arange(len(rows)) - np.searchsorted(rows, rows) < REASONS_LISTED
        return rows[is_listed], places[is_listed]

    def describe(self) -> str:
        """Counts; never a patient value."""
        return (
            f"{self.run['people']:,} people of {self.run['practices']:,} practices scored at "
            f"{self.run['index_date']} by model {self.run['model_version']}, "
            f"{len(self.reasons):,} reasons"
        )

    def save(self, path: str | Path, *, feature_contributions: Path | None = None) -> None:
        """Write the folder: three Parquet files, ``run.json`` and the model.

        Parameters
        ----------
        path : str or Path
            A folder; one of an earlier run is replaced once the new one is complete.
        feature_contributions : Path, optional
            The file that :func:`riskstrat.score` wrote on request; it is moved into the folder.

        Raises
        ------
        DataError
            When it cannot be written; an earlier folder is then as it was.
        """
        with staged_directory(Path(path), marker="run.json") as staged:
            for name in _TABLES:
                _write_table(getattr(self, name), staged / f"{name}.parquet")
            text = json.dumps(self.run, indent=2, sort_keys=True, allow_nan=False)
            (staged / "run.json").write_text(text + "\n", encoding="utf-8")
            self.model.save(staged / "model")
            if feature_contributions is not None:
                shutil.move(feature_contributions, staged / FEATURE_CONTRIBUTIONS)


def _write_table(frame: pd.DataFrame, path: Path) -> None:
    """One Parquet file; days as DATE, no metadata of the libraries that wrote it."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    fields = [
        pa.field(column.name, pa.date32()) if pa.types.is_timestamp(column.type) else column
        for column in table.schema
    ]
    pq.write_table(table.cast(pa.schema(fields)), path, compression="zstd")


def load_scores(path: str | Path) -> Scores:
    """Read a folder that :meth:`Scores.save` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Scores

    Raises
    ------
    ArtefactError
        When the folder, a file, a column or a key is missing or damaged.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise ArtefactError(
            f"expected a folder of scores, but '{folder.name}' is not a folder.",
            do="Make one with: riskstrat score ARTEFACT --records RECORDS --out SCORES",
        )
    run = _read_run(folder / "run.json")
    tables = {name: _read_table(folder / f"{name}.parquet") for name in _TABLES}
    if not len(tables["scores"]) == len(tables["contributions"]) == run["rows"]:
        raise ArtefactError(
            f"expected {run['rows']:,} rows of scores and contributions, but there are "
            f"{len(tables['scores']):,} and {len(tables['contributions']):,}.",
            do="Score again: the folder is damaged.",
        )
    keys = [tables[name][list(KEY_COLUMNS)] for name in ("scores", "contributions")]
    if not keys[0].equals(keys[1]):
        raise _damaged("contributions.parquet", "does not have the people of the scores in order")
    return Scores(**tables, run=run, model=RiskModel.load(folder / "model"))


def _read_run(path: Path) -> dict[str, Any]:
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path.name, f"cannot be read ({type(error).__name__})") from error
    if not isinstance(run, dict):
        raise _damaged(path.name, "is not a table of keys")
    missing = [key for key in (*RUN_KEYS, "rows") if key not in run]
    if missing:
        raise _damaged(path.name, f"lacks {', '.join(missing)}")
    return run


def _read_table(path: Path) -> pd.DataFrame:
    try:
        with pq.ParquetFile(path) as file:
            frame: pd.DataFrame = file.read().to_pandas(date_as_object=False)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path.name, f"cannot be read ({type(error).__name__})") from error
    missing = [name for name in _TABLES[path.stem] if name not in frame.columns]
    if missing:
        raise _damaged(path.name, f"lacks the columns {', '.join(missing)}")
    days = [name for name in ("index_date", "fact_date") if name in frame.columns]
    return frame.astype(dict.fromkeys(days, "datetime64[s]"))


def _damaged(name: str, what: str) -> ArtefactError:
    return ArtefactError(
        f"expected a complete folder of scores, but '{name}' {what}.",
        do="Score again with 'riskstrat score', or give the folder it wrote.",
    )
