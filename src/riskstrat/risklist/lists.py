"""A practice's risk list: who to talk about first, as many as the team can review."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from riskstrat.errors import DataError, UsageError
from riskstrat.explanation import risk_sentence
from riskstrat.risklist import export
from riskstrat.risklist.scores import Scores
from riskstrat.staging import write_file

__all__ = ["MODES", "NO_PRACTICE", "RiskList", "make_risk_list", "practices"]

NO_PRACTICE = "no-practice"
"""Stands for people without a recorded practice where a code is asked for; no ODS code has a
hyphen. In the tables their ``practice_code`` stays null."""

MODES = ("highest",)
"""Which people a list takes; 'highest' = by risk."""


@dataclass(frozen=True)
class RiskList:
    """People by rank, with their risk and main reasons in words.

    The risk of dying is never on it, nor a reason marked sensitive: a file is printed and passed on
    (binding statistical rule 18).

    Parameters
    ----------
    frame : DataFrame
        ``rank`` (in the practice), ``patient_id``, ``age`` (years), ``sex``, ``risk`` (0 to 1),
        ``risk_text``, ``reasons`` (tuple of up to three sentences), ``reason_codes`` (the same for
        machines), ``in_hospital``,
        ``practice_code``, ``index_date``, ``model_version``, ``synthetic``.
    run : dict
        What was scored; no patient value.
    practice : str or None
        Code of the practice; None for all.
    mode : str
    capacity : int or None
        Most people per practice.
    """

    frame: pd.DataFrame = field(repr=False)
    run: dict[str, Any]
    practice: str | None
    mode: str
    capacity: int | None

    def describe(self) -> str:
        """Counts; never a patient value."""
        return f"{len(self.frame):,} people listed ({self.mode}), scored {self.run['index_date']}"

    def to_csv(self, path: str | Path, *, for_excel: bool = False) -> None:
        """Write the list as CSV, one row per person; reasons stand in one cell, split by ' | '.

        Parameters
        ----------
        path : str or Path
            The file; an earlier one is replaced once the new one is complete.
        for_excel : bool
            Begin with a byte-order mark, by which Excel knows UTF-8.

        Raises
        ------
        DataError
            When the file cannot be written; an earlier one is then as it was.
        """
        encoding = "utf-8-sig" if for_excel else "utf-8"
        write_file(Path(path), export.csv_text(self.frame).encode(encoding))

    def to_json(self, path: str | Path) -> None:
        """Write the list as JSON: ``run``, ``practice``, ``mode``, ``capacity``, ``people``.

        Raises
        ------
        DataError
            When the file cannot be written; an earlier one is then as it was.
        """
        head = {
            "run": self.run,
            "practice": self.practice,
            "mode": self.mode,
            "capacity": self.capacity,
        }
        write_file(Path(path), export.json_text(head, self.frame).encode())


def practices(scores: Scores) -> list[str]:
    """Codes of the practices scored, sorted; :data:`NO_PRACTICE` last where people have none."""
    codes = scores.scores["practice_code"]
    known = sorted(codes.dropna().unique())
    return [*known, NO_PRACTICE] if codes.isna().any() else known


def make_risk_list(
    scores: Scores,
    practice: str | None = None,
    *,
    capacity: int | None = None,
    mode: str = "highest",
) -> RiskList:
    """The risk list of a practice, or of all practices one after the other.

    Parameters
    ----------
    scores : Scores
    practice : str, optional
        Code of one practice, or :data:`NO_PRACTICE`; all when not given.
    capacity : int, optional
        Most people per practice; everybody when not given.
    mode : str
        "highest": by risk.

    Returns
    -------
    RiskList

    Raises
    ------
    DataError
        When the scores hold no such practice.
    UsageError
        When the capacity is below 1 or there is no such mode.
    """
    if mode not in MODES:
        raise UsageError(f"expected a list mode of: {', '.join(MODES)}.")
    if capacity is not None and capacity < 1:
        raise UsageError(f"expected a capacity of at least 1 person, but it is {capacity}.")
    people = _of_practice(scores, practice)
    if capacity is not None:
        people = people[people["rank_in_practice"] <= capacity]
    frame = _frame(people, scores).reset_index(drop=True)
    return RiskList(frame, scores.run, practice, mode, capacity)


def _of_practice(scores: Scores, practice: str | None) -> pd.DataFrame:
    people = scores.scores
    if practice is None:
        return people
    if practice not in practices(scores):
        raise DataError(
            "the practice asked for is not in these scores: they hold "
            f"{len(practices(scores)):,} practices.",
            do="Check the code, or write every practice's list with --all.",
        )
    codes = people["practice_code"]
    return people[codes.isna() if practice == NO_PRACTICE else (codes == practice).fillna(False)]


def _frame(people: pd.DataFrame, scores: Scores) -> pd.DataFrame:
    window, kind = scores.run["window_days"], scores.run["outcome_kind"]
    texts = [risk_sentence(risk, window, outcome_kind=kind) for risk in people["risk"]]
    rows = people.index.to_numpy()
    told, codes = scores.listed_reasons[rows], scores.listed_codes[rows]
    return pd.DataFrame(
        {
            "rank": people["rank_in_practice"],
            "patient_id": people["patient_id"],
            "age": people["age"],
            "sex": people["sex"],
            "risk": people["risk"],
            "risk_text": pd.Series(texts, index=people.index, dtype="str"),
            "reasons": pd.Series(told, index=people.index, dtype=object),
            "reason_codes": pd.Series(codes, index=people.index, dtype=object),
            "in_hospital": people["in_hospital"],
            "practice_code": people["practice_code"],
            "index_date": people["index_date"],
            "model_version": people["model_version"],
            "synthetic": scores.run["synthetic"],
        }
    )
