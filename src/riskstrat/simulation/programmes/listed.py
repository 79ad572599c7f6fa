"""The enrolment file: who is to be taken into a programme, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.errors import DataError, UsageError
from riskstrat.simulation.people.identity import NO_NUMBER, pseudonyms
from riskstrat.simulation.programmes.rule import ProgrammeRule
from riskstrat.simulation.timeline import NEVER, Days, Period, day_number

__all__ = ["Listed", "read_list", "require_list"]

_IDENTIFIERS = ("patient_id", "nhs_number")
_DO = "Give a CSV or Parquet file with the columns patient_id or nhs_number, and date."


@dataclass(frozen=True)
class Listed:
    """People to be taken, the most important of a day first.

    Parameters
    ----------
    person : ndarray of int
        Numbers in the district.
    day : ndarray of day numbers
    programme : ndarray of int
        Position in the list of programmes.
    """

    person: Days
    day: Days
    programme: npt.NDArray[np.int64]

    @classmethod
    def nobody(cls) -> Listed:
        """No list."""
        none = np.empty(0, np.int64)
        return cls(none, none, none)

    def on(self, programme: int, day: int) -> Days:
        """Who is to be taken into a programme on a day."""
        found: Days = self.person[(self.programme == programme) & (self.day == day)]
        return found

    def days(self, programme: int) -> list[int]:
        """The days on which a programme takes people, ascending."""
        found: list[int] = np.unique(self.day[self.programme == programme]).tolist()
        return found


def require_list(source: object, rules: Sequence[ProgrammeRule]) -> None:
    """Refuse a list that no programme takes from, and a programme without its list.

    Parameters
    ----------
    source : path, DataFrame or None
        The enrolment file.
    rules : sequence of ProgrammeRule
    """
    from_list = [rule.name for rule in rules if rule.rule == "list"]
    if source is not None and not from_list:
        raise UsageError("expected a programme with the rule 'list' beside the enrolment file.")
    if source is None and from_list:
        raise UsageError(
            f"expected an enrolment file for {len(from_list)} programme(s) with the rule 'list'."
        )


def read_list(
    source: str | Path | pd.DataFrame,
    rules: Sequence[ProgrammeRule],
    nhs_number: Days,
    period: Period,
) -> Listed:
    """Read who is to be taken into the programmes with the rule 'list'.

    Parameters
    ----------
    source : str, Path or DataFrame
        CSV, Parquet or a table with ``patient_id`` or ``nhs_number``, ``date``, and ``programme``
        where several programmes have the rule 'list'. Other columns are not read.
    rules : sequence of ProgrammeRule
    nhs_number : ndarray of int
        Of everybody in the district.
    period : Period

    Raises
    ------
    DataError
        When the file cannot be read, lacks a column, or has rows with an unknown person, a day
        outside of the programme or the period, or an unknown programme: counted, never shown.
    """
    rows = _table(source)
    person = _persons(rows, nhs_number)
    day = _days(rows["date"])
    programme = _programmes(rows, rules)
    bounds = np.array([_days_of(rule, period) for rule in rules])[programme]
    in_time = (bounds[:, 0] <= day) & (day < bounds[:, 1])
    _refuse_rows(
        len(rows),
        {
            "with an unknown person": person < 0,
            "without a sound date": day == NEVER,
            "outside of the period or of the programme": ~in_time & (day != NEVER),
            "of an unknown programme": programme < 0,
        },
    )
    kept = ~pd.DataFrame({"p": person, "d": day, "g": programme}).duplicated().to_numpy()
    return Listed(person[kept], day[kept], programme[kept])


def _table(source: str | Path | pd.DataFrame) -> pd.DataFrame:
    if isinstance(source, pd.DataFrame):
        return _with_columns(source)
    path = Path(source)
    try:
        if path.suffix == ".parquet":
            return _with_columns(pd.read_parquet(path))
        return _with_columns(pd.read_csv(path, dtype=str, encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"expected a readable enrolment file, but '{path.name}' cannot be read "
            f"({type(error).__name__}).",
            do=_DO,
        ) from None


def _with_columns(rows: pd.DataFrame) -> pd.DataFrame:
    if "date" not in rows or not set(_IDENTIFIERS) & set(rows):
        raise DataError(
            "expected the columns 'patient_id' or 'nhs_number', and 'date', in the enrolment "
            f"file, but it has {len(rows.columns)} column(s) without them.",
            do=_DO,
        )
    if rows.empty:
        raise DataError("expected people in the enrolment file, but it has no rows.", do=_DO)
    return rows


def _persons(rows: pd.DataFrame, nhs_number: Days) -> npt.NDArray[np.int64]:
    """Number of each person in the district; -1 = unknown."""
    name = next(name for name in _IDENTIFIERS if name in rows)
    if name == "patient_id":
        known = pd.Index(pseudonyms(nhs_number, np.arange(len(nhs_number))))
        return known.get_indexer(pd.Index(rows[name].astype("str"))).astype(np.int64)
    has = np.flatnonzero(nhs_number != NO_NUMBER)
    text = rows[name].astype("str").str.replace(" ", "")
    asked = pd.to_numeric(text, errors="coerce").fillna(NO_NUMBER).to_numpy(np.int64)
    place = pd.Index(nhs_number[has]).get_indexer(pd.Index(asked))
    return np.where(place < 0, -1, has[place])


def _days(dates: pd.Series[Any]) -> Days:
    """Day numbers; NEVER where there is no sound date."""
    parsed = pd.to_datetime(dates, errors="coerce", format="ISO8601")
    days = parsed.to_numpy("datetime64[D]")
    return np.where(np.isnat(days), NEVER, days.astype(np.int64))


def _programmes(rows: pd.DataFrame, rules: Sequence[ProgrammeRule]) -> npt.NDArray[np.int64]:
    """Position of the programme of each row; -1 = unknown."""
    listing = [place for place, rule in enumerate(rules) if rule.rule == "list"]
    if "programme" in rows:
        places = {rules[place].name: place for place in listing}
        return rows["programme"].map(places).fillna(-1).to_numpy().astype(np.int64)
    if len(listing) > 1:
        raise DataError(
            f"expected a column 'programme': {len(listing)} programmes have the rule 'list'.",
            do=_DO,
        )
    return np.full(len(rows), listing[0])


def _days_of(rule: ProgrammeRule, period: Period) -> tuple[int, int]:
    """First day on which a programme may take people, and the day after the last one."""
    end = period.last + 1 if rule.until is None else day_number(rule.until)
    return max(day_number(rule.from_), period.first), min(end, period.last + 1)


def _refuse_rows(count: int, wrong: dict[str, npt.NDArray[np.bool_]]) -> None:
    found = [f"  - {int(rows.sum()):,} {what}" for what, rows in wrong.items() if rows.any()]
    if found:
        listed = "\n".join(found)
        raise DataError(f"of {count:,} rows of the enrolment file:\n{listed}", do=_DO)
