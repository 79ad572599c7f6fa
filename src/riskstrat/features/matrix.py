"""The feature matrix: one row per person and index date, one column per feature."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.errors import ArtefactError, UsageError
from riskstrat.features.catalogue import Feature
from riskstrat.features.rules import starts_at_zero
from riskstrat.staging import staged_directory

__all__ = ["FeatureMatrix", "read_chunks", "write_catalogue"]

_KEYS = ("patient_id", "index_date")
_VALUES, _FACT_DAYS, _CATALOGUE = "features.parquet", "fact_days.parquet", "catalogue.json"


_ROWS_AT_ONCE = 65_536
"""Rows that are looked at together: bounds the memory beside the matrix."""


@dataclass(frozen=True, eq=False)
class FeatureMatrix:
    """What was known of each person on each index date.

    Parameters
    ----------
    keys : DataFrame
        ``patient_id`` and ``index_date``, one row per matrix row, numbered from 0.
    values : ndarray of float32, shape (n, p)
        NaN where a value is missing.
    features : tuple of Feature, length p
    catalogue_hash : str
        What fixes the values, see :func:`riskstrat.features.catalogue_hash`.
    fact_days : ndarray of int16, shape (n, p), optional
        Days from the latest fact behind a value to the index date, at least 1; -1 for none.
    """

    keys: pd.DataFrame = field(repr=False)
    values: npt.NDArray[np.float32] = field(repr=False)
    features: tuple[Feature, ...] = field(repr=False)
    catalogue_hash: str
    fact_days: npt.NDArray[np.int16] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        shape = (len(self.keys), len(self.features))
        shapes = {a.shape for a in (self.values, self.fact_days) if a is not None}
        if shapes != {shape}:
            raise UsageError(
                f"expected values of {shape[0]} rows and {shape[1]} features, but the shapes are "
                f"{', '.join(map(str, sorted(shapes)))}."
            )

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in column order."""
        return tuple(feature.name for feature in self.features)

    def column(self, name: str) -> npt.NDArray[np.float32]:
        """Values of one feature, shape (n,).

        Raises
        ------
        UsageError
            When the matrix has no such feature.
        """
        if name not in self.names:
            raise UsageError(f"expected a feature of this matrix, but it has no '{name}'.")
        column: npt.NDArray[np.float32] = self.values[:, self.names.index(name)]
        return column

    def constant(self) -> tuple[str, ...]:
        """Names of the features that have one value in every row, or are missing in every row.

        A matrix without rows tells nothing of its features: none is named.
        """
        if not len(self):
            return ()
        return self._where_every_row(lambda rows, _: _same(rows, self.values[0]))

    def default_only(self) -> tuple[str, ...]:
        """Names of the features without a fact behind any value: 0 or missing in every row.

        A count that no record adds to is one of them, also where it is missing for people who were
        not registered long enough; so is a feature whose feed, or whose codes, the records lack.
        """
        if not len(self):
            return ()
        may_be_zero = np.array([starts_at_zero(feature) for feature in self.features])
        return self._where_every_row(
            lambda rows, days: (days < 0) & (np.isnan(rows) | ((rows == 0) & may_be_zero))
        )

    def _where_every_row(
        self,
        holds: Callable[[npt.NDArray[np.float32], npt.NDArray[np.int16]], npt.NDArray[np.bool_]],
    ) -> tuple[str, ...]:
        """Names of the features for which `holds`, given values and days, is true in every row."""
        kept = np.ones(len(self.features), bool)
        none = np.array(-1, np.int16)
        for start in range(0, len(self), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            days = none if self.fact_days is None else self.fact_days[rows]
            kept &= holds(self.values[rows], days).all(axis=0)
        return tuple(name for name, is_kept in zip(self.names, kept, strict=True) if is_kept)

    def take(self, rows: npt.ArrayLike) -> FeatureMatrix:
        """The rows of a mask or of positions, in that order; no copy if they are consecutive."""
        chosen = np.asarray(rows)
        positions = np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(np.int64)
        taken: slice | npt.NDArray[np.int64] = positions
        if len(positions) and (np.diff(positions) == 1).all():
            taken = slice(positions[0], positions[-1] + 1)
        return dataclasses.replace(
            self,
            keys=self.keys.iloc[taken].reset_index(drop=True),
            values=self.values[taken],
            fact_days=None if self.fact_days is None else self.fact_days[taken],
        )

    def to_pandas(self) -> pd.DataFrame:
        """Keys and values as one frame."""
        values = pd.DataFrame(self.values, columns=list(self.names), copy=True)
        return pd.concat([self.keys.reset_index(drop=True), values], axis=1)

    def describe(self) -> str:
        """Counts only: rows, people, features, share of values missing."""
        missing = float(np.isnan(self.values).mean()) if self.values.size else 0.0
        return (
            f"{len(self)} rows, {self.keys['patient_id'].nunique()} people, "
            f"{len(self.features)} features, {missing:.1%} of values missing"
        )

    def save(self, directory: str | Path) -> None:
        """Write Parquet (keys and values, days of the facts) and the catalogue as JSON.

        Raises
        ------
        DataError
            When the folder cannot be written; what stood there is then unchanged.
        """
        with staged_directory(Path(directory), marker=_CATALOGUE) as staged:
            pq.write_table(self._table(self.values), staged / _VALUES)
            if self.fact_days is not None:
                pq.write_table(self._table(self.fact_days), staged / _FACT_DAYS)
            write_catalogue(staged, self.catalogue_hash, self.features)

    def write_chunk(self, folder: Path, first_row: int) -> None:
        """Write the rows as one of the files of a matrix of many, whole or not at all.

        Parameters
        ----------
        folder : Path
        first_row : int
            Place of the first row in the whole matrix, which names the file.
        """
        days, values = folder / _FACT_DAYS, folder / _VALUES
        if self.fact_days is not None:
            _write_aside(self._table(self.fact_days), days / _chunk_name(first_row))
        _write_aside(self._table(self.values), values / _chunk_name(first_row))

    def _table(self, values: npt.NDArray[Any]) -> pa.Table:
        columns = {
            "patient_id": pa.array(self.keys["patient_id"], pa.string()),
            "index_date": pa.array(self.keys["index_date"]).cast(pa.date32()),
        }
        return pa.table(columns | {name: values[:, i] for i, name in enumerate(self.names)})

    @classmethod
    def chunks(cls, directory: str | Path) -> Iterator[FeatureMatrix]:
        """Read what :func:`riskstrat.features.write_features` wrote, one chunk after the other.

        Raises
        ------
        ArtefactError
            As of :meth:`load`.
        """
        folder = Path(directory)
        starts = read_chunks(folder)
        if not starts:
            yield cls.load(folder)
        for start in starts:
            yield cls._load(folder, _chunk_name(start))

    @classmethod
    def load(cls, directory: str | Path) -> FeatureMatrix:
        """Read what :meth:`save` or :func:`riskstrat.features.write_features` wrote.

        Raises
        ------
        ArtefactError
            When a file is missing or damaged, or the files do not belong together.
        """
        return cls._load(Path(directory))

    @classmethod
    def _load(cls, folder: Path, part: str = "") -> FeatureMatrix:
        try:
            content = json.loads((folder / _CATALOGUE).read_text("utf-8"))
            features = tuple(_feature(entry) for entry in content["features"])
            keys, values = _read(folder / _VALUES / part, features, np.float32)
            days = folder / _FACT_DAYS / part
            fact_days = _read(days, features, np.int16)[1] if days.exists() else None
            return cls(keys, values, features, content["catalogue_hash"], fact_days)
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException, UsageError) as error:
            raise ArtefactError(
                f"expected a feature matrix in '{folder.name}' ({_VALUES}, {_CATALOGUE}), but it "
                f"cannot be read ({type(error).__name__}).",
                do="Build the features again.",
            ) from error


def write_catalogue(folder: Path, catalogue_hash: str, features: Sequence[Feature]) -> None:
    """Write what the columns of a matrix are."""
    content = {
        "catalogue_hash": catalogue_hash,
        "features": [dataclasses.asdict(feature) for feature in features],
    }
    (folder / _CATALOGUE).write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def read_chunks(folder: Path) -> list[int]:
    """First rows of the chunks that a folder holds, in order; none for a matrix in one file."""
    return sorted(int(file.stem) for file in (folder / _VALUES).glob("*.parquet"))


def _chunk_name(first_row: int) -> str:
    return f"{first_row:09d}.parquet"


def _write_aside(table: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".writing")
    pq.write_table(table, aside)
    aside.replace(path)


def _same(rows: npt.NDArray[np.float32], first: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    return np.asarray((rows == first) | (np.isnan(rows) & np.isnan(first)))


def _feature(entry: dict[str, Any]) -> Feature:
    return Feature(**{**entry, "sources": tuple(entry["sources"])})


def _read(
    path: Path, features: tuple[Feature, ...], kind: type[Any]
) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
    """Keys and values of one Parquet file, whose columns must be those of `features`."""
    table = pq.read_table(path)
    names = [feature.name for feature in features]
    if table.column_names != [*_KEYS, *names]:
        raise ArtefactError(f"'{path.name}' does not hold the features of '{_CATALOGUE}'.")
    keys = table.select(list(_KEYS)).to_pandas()
    values = np.empty((table.num_rows, len(names)), dtype=kind)
    for position, name in enumerate(names):
        values[:, position] = table[name].to_numpy()
    return keys.assign(index_date=keys["index_date"].astype("datetime64[s]")), values
