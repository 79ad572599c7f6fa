"""The scores of a run, put in order once so that a page reads one practice and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.errors import ArtefactError
from riskstrat.risklist import NO_PRACTICE, Scores

if TYPE_CHECKING:
    from riskstrat.features import Feature

__all__ = ["PracticeCount", "ScoredPeople"]

KEYS = ["patient_id", "index_date"]

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class PracticeCount:
    """A practice, and how many of its people were scored."""

    code: str
    people: int


class ScoredPeople:
    """One run's people by practice and rank, with their reasons and contributions beside them.

    Nothing is copied per person: three frames and a few arrays of row numbers, whatever the number
    of practices.

    Parameters
    ----------
    scores : Scores
        As :func:`riskstrat.risklist.load_scores` gives it.

    Raises
    ------
    ArtefactError
        When the contributions are not those of the people scored, in the same order.
    """

    def __init__(self, scores: Scores) -> None:
        if not scores.scores[KEYS].equals(scores.contributions[KEYS]):
            raise ArtefactError(
                "expected contributions of the people scored, in their order, but they differ.",
                do="Score again with 'riskstrat score'.",
            )
        self.run: dict[str, Any] = dict(scores.run)
        self.features: tuple[Feature, ...] = scores.model.features
        self._order = _by_practice(scores.scores)
        self._people = scores.scores.iloc[self._order].reset_index(drop=True)
        self._contributions = scores.contributions.drop(columns=KEYS)
        self._reasons, self._reason_rows = _by_person(scores.reasons, self._people)
        codes = _codes(self._people)
        self._codes, starts = np.unique(codes, return_index=True)
        self._bounds = np.append(starts, len(codes))

    def practices(self) -> list[PracticeCount]:
        """Each practice of the run, by code."""
        sizes = np.diff(self._bounds)
        return [
            PracticeCount(str(code), int(people))
            for code, people in zip(self._codes, sizes, strict=True)
        ]

    def of_practice(self, code: str) -> pd.DataFrame | None:
        """One practice's people by rank, or None when the run has no such practice."""
        place = int(np.searchsorted(self._codes, code)) if len(self._codes) else 0
        if place == len(self._codes) or self._codes[place] != code:
            return None
        return self._people.iloc[self._bounds[place] : self._bounds[place + 1]]

    def count(self, code: str) -> int:
        """How many people of a practice were scored."""
        people = self.of_practice(code)
        return 0 if people is None else len(people)

    def person(self, code: str, patient_id: str) -> tuple[int, dict[str, Any]] | None:
        """Row and columns of one person of one practice; a patient of another practice is None."""
        people = self.of_practice(code)
        rows = [] if people is None else people.index[people["patient_id"] == patient_id].tolist()
        return (rows[0], self._people.loc[rows[0]].to_dict()) if rows else None

    def reasons(self, rows: Sequence[int]) -> dict[int, pd.DataFrame]:
        """Reasons of the people in the given rows (the labels of :meth:`of_practice`)."""
        first = np.searchsorted(self._reason_rows, rows, side="left")
        last = np.searchsorted(self._reason_rows, rows, side="right")
        return {
            row: self._reasons.iloc[start:stop]
            for row, start, stop in zip(rows, first, last, strict=True)
        }

    def contributions(self, row: int) -> pd.Series:
        """Contributions by clinical group of the person in one row, in log-odds."""
        return self._contributions.iloc[int(self._order[row])].astype(float)


def _codes(people: pd.DataFrame) -> npt.NDArray[np.object_]:
    return people["practice_code"].fillna(NO_PRACTICE).to_numpy(dtype=object)


def _by_practice(scores: pd.DataFrame) -> Rows:
    """Row numbers by practice and rank."""
    keys = scores[["rank_in_practice", "patient_id"]].assign(code=_codes(scores))
    by = ["code", "rank_in_practice", "patient_id"]
    return keys.sort_values(by, kind="stable").index.to_numpy(dtype=np.intp)


def _by_person(reasons: pd.DataFrame, people: pd.DataFrame) -> tuple[pd.DataFrame, Rows]:
    """Reasons in the order of the people, and the row of the person each belongs to."""
    keys = pd.MultiIndex.from_frame(people[KEYS])
    rows = keys.get_indexer(pd.MultiIndex.from_frame(reasons[KEYS]))
    order = np.lexsort((reasons["position"].to_numpy(), rows))
    return reasons.iloc[order], rows[order]
