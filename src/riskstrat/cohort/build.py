"""The cohort: who, at which index date, with what outcome, and how the numbers came about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.cohort.censoring import Censoring, censoring_weights
from riskstrat.cohort.eligibility import AttritionStep, apply_rules, candidates, count_rows
from riskstrat.cohort.outcome import add_outcomes
from riskstrat.errors import StudyError, UsageError
from riskstrat.records import LinkedRecords
from riskstrat.study import Study
from riskstrat.windows import add_days

__all__ = [
    "Cohort",
    "build_cohort",
    "build_matured_cohort",
    "build_scoring_cohort",
    "last_matured_date",
]

EVENT_DAYS = 365
"""Days of events that a matured cohort of an event study takes: every season once."""

_COLUMNS = ["patient_id", "index_date", "index_stay_id", "practice_code", "age", "sex"]
_REPORTING = ["imd_decile", "ethnic_category", "in_hospital", "part", "unseen"]
_OUTCOMES = ["outcome", "outcome_date", "follow_up_days", "weight"]


@dataclass(frozen=True, eq=False)
class Cohort:
    """Rows of person and index date, sorted by index date and patient.

    Parameters
    ----------
    frame : DataFrame
        ``patient_id``, ``index_date``, ``index_stay_id``, ``practice_code``, ``age`` (years),
        ``sex``, ``imd_decile`` and ``ethnic_category`` (reporting only), ``in_hospital`` (known at
        the index date), ``part`` ("development", "evaluation" or "scoring"), ``unseen`` (person
        never in development). A cohort with outcomes also has ``outcome`` (1 the outcome first,
        2 death first, 0 neither, -1 left before either), ``outcome_date``, ``follow_up_days`` and
        ``weight`` (inverse probability of not having left; 0 for those who left).
    attrition : tuple of AttritionStep
    study : Study
    censoring : Censoring or None
    origin : mapping
        Where the rows came from: ``synthetic``, and the feeds with the days they cover.
    """

    frame: pd.DataFrame = field(repr=False)
    attrition: tuple[AttritionStep, ...]
    study: Study
    censoring: Censoring | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)

    @property
    def keys(self) -> pd.DataFrame:
        """``patient_id``, ``index_date``, ``index_stay_id``: all that features may see."""
        return self.frame[["patient_id", "index_date", "index_stay_id"]]

    def rows(self, chosen: npt.NDArray[np.bool_] | pd.Series) -> Cohort:
        """The cohort of the chosen rows (boolean mask of shape (n,))."""
        mask = np.asarray(chosen, dtype=bool)
        return replace(self, frame=self.frame[mask].reset_index(drop=True))

    def part(self, name: str) -> Cohort:
        """The rows of one part: "development" or "evaluation"."""
        return self.rows(self.frame["part"] == name)

    def describe(self) -> str:
        """Counts after each rule; never a patient value."""
        lines = [f"{s.rule}: {s.rows:,} rows, {s.people:,} people" for s in self.attrition]
        if self.censoring is not None:
            lines.append(f"left the area before an event: {self.censoring.left:,} rows")
        return "\n".join(lines)


def build_cohort(records: LinkedRecords, study: Study) -> Cohort:
    """The development and evaluation rows of a study, with outcomes.

    Parameters
    ----------
    records : LinkedRecords
    study : Study

    Returns
    -------
    Cohort

    Raises
    ------
    StudyError
        When an index date's window passes the end of the data, its look-back starts before the
        data, or no row is left.
    """
    event_study = study.index.event is not None
    if not event_study:
        _require_dates_covered(records, study, study.index.all_dates())
    dates = None if event_study else sorted({*study.development_dates(), *study.evaluation_dates()})
    everyone = candidates(records, study, dates)
    _require_practices(everyone, study)
    rows, attrition = apply_rules(everyone, study, "development")
    if event_study:
        rows, attrition = _within_data(records, study, rows, attrition)
    rows = _split(rows, study)
    attrition = (*attrition, *_part_counts(rows))
    _require_both_parts(rows)
    rows = add_outcomes(records, study, rows)
    weights, censoring = censoring_weights(rows, study.outcome.censoring)
    frame = _tidy(rows.assign(weight=weights), [*_COLUMNS, *_REPORTING, *_OUTCOMES])
    return Cohort(frame, attrition, study, censoring, _origin(records))


def build_scoring_cohort(records: LinkedRecords, study: Study, index_date: date | None) -> Cohort:
    """Who is to be scored at an index date, by what was known then.

    Parameters
    ----------
    records : LinkedRecords
    study : Study
    index_date : date or None
        The index date. An event study scores the events with that index date, and every person's
        latest event when None.

    Raises
    ------
    UsageError
        When a study with calendar index dates is given none.
    StudyError
        When the index date lies outside the data, or nobody is eligible.
    """
    if index_date is None and study.index.event is None:
        raise UsageError("expected an index date: this study predicts at calendar dates.")
    if index_date is not None:
        _require_lookback(records, study, index_date)
        _require_reached(records, index_date)
    dates = None if index_date is None else [index_date]
    rows, attrition = apply_rules(candidates(records, study, dates), study, "scoring")
    if index_date is None:
        rows = rows.drop_duplicates("patient_id", keep="last").reset_index(drop=True)
        attrition = (*attrition, count_rows("latest event of each person", rows))
    if rows.empty:
        raise StudyError("nobody in the records is eligible at this index date.")
    dead = rows[rows["death_date"] < rows["index_date"]]
    attrition = (*attrition, count_rows("of these, dead but not yet notified", dead))
    rows = rows.assign(part="scoring", unseen=True)
    frame = _tidy(rows, [*_COLUMNS, *_REPORTING])
    return Cohort(frame, attrition, study, origin=_origin(records))


def last_matured_date(records: LinkedRecords, study: Study) -> date:
    """The last index date whose window, with its lag, has ended within the data."""
    outcome = study.outcome
    return add_days(records.data_to, 1 - outcome.gap_days - outcome.window_days - outcome.lag_days)


def build_matured_cohort(
    records: LinkedRecords, study: Study, index_date: date | None = None
) -> Cohort:
    """The rows of one index date with their outcomes, of any records: nothing is for development.

    Parameters
    ----------
    records : LinkedRecords
    study : Study
    index_date : date, optional
        The last matured one when not given. An event study takes the events of the year that ends
        with it.

    Returns
    -------
    Cohort
        All rows in the part "evaluation".

    Raises
    ------
    StudyError
        When the window passes the end of the data, the look-back starts before them, or nobody is
        eligible.
    """
    day = index_date or last_matured_date(records, study)
    _require_dates_covered(records, study, [day])
    dates = None if study.index.event is not None else [day]
    rows, attrition = apply_rules(candidates(records, study, dates), study, "development")
    if dates is None:
        first = np.datetime64(add_days(day, 1 - EVENT_DAYS), "s")
        rows = rows[rows["index_date"].between(first, _timestamp(day))].reset_index(drop=True)
        attrition = (*attrition, count_rows("in the last matured year", rows))
    if rows.empty:
        raise StudyError(f"nobody in the records is eligible at {day.isoformat()}.")
    rows = add_outcomes(records, study, rows.assign(part="evaluation", unseen=True))
    weights, censoring = censoring_weights(rows, study.outcome.censoring)
    frame = _tidy(rows.assign(weight=weights), [*_COLUMNS, *_REPORTING, *_OUTCOMES])
    return Cohort(frame, attrition, study, censoring, _origin(records))


def _origin(records: LinkedRecords) -> dict[str, Any]:
    told = ("name", "dialect", "data_from", "data_to")
    sources = [{key: source[key] for key in told} for source in records.manifest["sources"]]
    content = records.content
    fingerprint = hashlib.sha256(content.encode()).hexdigest() if content else None
    return {
        "synthetic": records.is_synthetic,
        "sources": sources,
        **({"data_fingerprint": fingerprint} if fingerprint else {}),
    }


def _require_dates_covered(records: LinkedRecords, study: Study, days: Iterable[date]) -> None:
    for day in days:
        _require_lookback(records, study, day)
        end = add_days(study.outcome.window.end(day), study.outcome.lag_days)
        if end > add_days(records.data_to, 1):
            raise StudyError(
                f"the window of index date {day.isoformat()} ends on "
                f"{add_days(end, -1).isoformat()}, after the data end on "
                f"{records.data_to.isoformat()}: outcomes after that are not known.",
                do="Remove the index date, or link newer data.",
            )


def _require_lookback(records: LinkedRecords, study: Study, day: date) -> None:
    if study.index.event is not None:
        return
    needed = add_days(day, -study.features.longest_days)
    if needed < records.data_from:
        raise StudyError(
            f"index date {day.isoformat()} looks back to {needed.isoformat()}, but the data start "
            f"on {records.data_from.isoformat()}: counts would be too low.",
            do="Use a later index date, or shorten features.history_days and windows_days.",
        )


def _require_reached(records: LinkedRecords, day: date) -> None:
    if day > add_days(records.data_to, 1):
        raise StudyError(
            f"index date {day.isoformat()} is after the data end on {records.data_to.isoformat()}.",
            do="Use an index date the data reach, or link newer data.",
        )


def _within_data(
    records: LinkedRecords, study: Study, rows: pd.DataFrame, attrition: tuple[AttritionStep, ...]
) -> tuple[pd.DataFrame, tuple[AttritionStep, ...]]:
    """Rows of events whose window the data reach and, where dates are real, whose look-back too."""
    last = last_matured_date(records, study)
    rows = rows[rows["index_date"] <= pd.Timestamp(last)].reset_index(drop=True)
    attrition = (*attrition, count_rows("window ends within the data", rows))
    if study.split.hold_out_share:
        return rows, attrition
    first = add_days(records.data_from, study.features.longest_days)
    rows = rows[rows["index_date"] >= pd.Timestamp(first)].reset_index(drop=True)
    return rows, (*attrition, count_rows("look-back begins within the data", rows))


def _split(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """`rows` with their part; rows of neither part are left out."""
    split = study.split
    if split.hold_out_share:
        held_out = rows["patient_id"].map(lambda p: _share(p, split.seed) < split.hold_out_share)
        part = np.where(held_out, "evaluation", "development")
    else:
        develop = rows["index_date"] <= _timestamp(split.develop_to)
        develop &= ~rows["practice_code"].isin(split.hold_out_practices)
        evaluate = rows["index_date"] >= _timestamp(split.evaluate_from)
        part = np.select([develop, evaluate], ["development", "evaluation"], "")
    seen = rows["patient_id"][part == "development"].unique()
    rows = rows.assign(part=part, unseen=~rows["patient_id"].isin(seen))
    return rows[rows["part"] != ""].reset_index(drop=True)


def _timestamp(day: date | None) -> np.datetime64:
    return np.datetime64(day, "s")


def _share(patient_id: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}:{patient_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _part_counts(rows: pd.DataFrame) -> list[AttritionStep]:
    parts = ("development", "evaluation")
    return [count_rows(f"in {name}", rows[rows["part"] == name]) for name in parts]


def _require_practices(rows: pd.DataFrame, study: Study) -> None:
    unknown = sorted(set(study.split.hold_out_practices) - set(rows["practice_code"].dropna()))
    if unknown:
        raise StudyError(
            f"'split.hold_out_practices' names {len(unknown)} with nobody registered at any index "
            f"date: {', '.join(unknown)}.",
            do="Check the practice codes against the records.",
        )


def _require_both_parts(rows: pd.DataFrame) -> None:
    for name in ("development", "evaluation"):
        if not (rows["part"] == name).any():
            raise StudyError(
                f"nobody is eligible for {name}: 0 rows are left after the rules of the study.",
                do="Check [eligibility] and [split] against the years the records cover.",
            )


def _tidy(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    frame = rows[columns].sort_values(["index_date", "patient_id"], ignore_index=True)
    return frame.astype({"index_date": "M8[s]", "age": "int64", "imd_decile": "float64"})
