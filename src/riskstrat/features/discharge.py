"""LACE, HOSPITAL and PARR-30 of people who left hospital the day before the index date.

The functions of :mod:`riskstrat.features.indices` say what the scores are; here they are worked out
for all rows of a chunk from its facts. Dates, method, length and specialty of the stay that ends
come from the stay, which counts as known when the study says so. Its codes count only once they
were recorded: comorbidity is what was known by then, and whether there was a procedure is not known
until the stay is coded. A score without one of its inputs is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from riskstrat.features.catalogue import Feature
from riskstrat.features.indices.discharge import (
    HAEMOGLOBIN_G_PER_L,
    LACE_MILDER,
    SODIUM_MMOL_PER_L,
)
from riskstrat.features.ordering import SortedFacts
from riskstrat.features.packing import Values, unpack
from riskstrat.features.picking import places_of
from riskstrat.features.sets import LACE_CONDITIONS, PARR30_CONDITIONS, members_of
from riskstrat.reference import load_table

__all__ = ["IMD_SCORE_OF_DECILE", "discharge_columns", "write_discharge_scores"]

LEFT_DAY = 1
"""Days before the index date on which the stay ended: the index date is the day after."""

SIX_MONTHS_DAYS, YEAR_DAYS, MONTH_DAYS = 182, 365, 30
"""Look-backs of the papers before the admission: visits of LACE, admissions of HOSPITAL and
PARR-30, discharges of PARR-30."""

IMD_SCORE_OF_DECILE = (53.0, 39.0, 30.0, 24.0, 19.0, 15.5, 12.5, 9.6, 7.5, 4.5)
"""A typical score of each decile of the Index of Multiple Deprivation, most deprived first. The
records hold deciles, PARR-30 wants the score. A judgement without a source: the next step up or
down changes the log-odds by 0.042 at most."""

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_Found = tuple[npt.NDArray[np.int64], Numbers, Numbers]
"""Row, day and amount of facts."""


def discharge_columns(features: Sequence[Feature]) -> dict[int, Feature]:
    """The scores of this module among `features`, by column."""
    return {column: f for column, f in enumerate(features) if f.fact in _SCORES}


def write_discharge_scores(
    columns: Mapping[int, Feature],
    numbers: Mapping[str, int],
    facts: SortedFacts,
    values: Values,
    could_be_known: Flags,
) -> None:
    """Work the scores out and write them into their columns.

    Parameters
    ----------
    columns : mapping of int to Feature
        From :func:`discharge_columns`.
    numbers : mapping of str to int
        Number of each fact.
    facts : SortedFacts
    values : ndarray of float32, shape (n, p)
        Changed in place.
    could_be_known : ndarray of bool, shape (n, len(columns))
        Whether the feeds were there and the registration long enough.
    """
    if not columns:
        return
    names = {name for f in columns.values() for name in members_of(f.fact, numbers)}
    told = _Told.of(facts, {name: numbers[name] for name in names}, len(values))
    for place, (column, feature) in enumerate(columns.items()):
        score = _SCORES[feature.fact](told, feature.window_days or 0)
        values[:, column] = np.where(could_be_known[:, place], score, np.nan)


@dataclass(frozen=True)
class _Told:
    """Facts behind the scores, and the stay that ended: its first day and whether an emergency."""

    found: Mapping[str, _Found]
    admitted: Numbers
    is_emergency: Numbers

    @classmethod
    def of(cls, facts: SortedFacts, numbers: Mapping[str, int], rows: int) -> _Told:
        found = _by_name(facts, numbers)
        row, day, nights = found["discharge"]
        left = day == LEFT_DAY
        admitted = np.full(rows, np.nan)
        np.fmin.at(admitted, row[left], LEFT_DAY + nights[left])
        is_emergency = np.full(rows, np.nan)
        for name, value in (("elective_admission", 0), ("emergency_admission", 1)):
            row, day, nights = found[name]
            is_it = (day == admitted[row]) & (nights == day - LEFT_DAY)
            is_emergency[row[is_it]] = value
        return cls(found, admitted, is_emergency)

    def any(self, name: str, holds: Callable[[npt.NDArray[np.int64], Numbers], Flags]) -> Flags:
        """Rows with a fact of a name for which something holds."""
        row, day, _ = self.found[name]
        flags = np.zeros(len(self.admitted), bool)
        flags[row[holds(row, day)]] = True
        return flags

    def recorded(self, name: str, window: int) -> Flags:
        """Rows with a fact of a name within the window."""
        return self.any(name, lambda row, day: day <= window)

    def during(self, name: str) -> Flags:
        """Rows with a fact of a name on a day of the stay."""
        return self.any(name, lambda row, day: day <= self.admitted[row])

    def before(self, name: str, days: int) -> Numbers:
        """Number of facts of a name within so many days before the day of admission."""
        row, day, _ = self.found[name]
        ago = day - self.admitted[row]
        at = (ago > 0) & (ago <= days)
        return np.bincount(row[at], minlength=len(self.admitted)).astype(np.float64)

    def latest(self, name: str) -> Numbers:
        """Amount of the latest fact of a name; NaN without one, or when it is from before."""
        row, day, amount = self.found[name]
        rows, first = np.unique(row, return_index=True)
        latest = np.full(len(self.admitted), np.nan)
        latest[rows] = np.where(day[first] <= self.admitted[rows], amount[first], np.nan)
        return latest

    def in_force(self, name: str) -> Numbers:
        """Amount of a fact of which a row has one at most; NaN without one."""
        row, _, amount = self.found[name]
        value = np.full(len(self.admitted), np.nan)
        value[row] = amount
        return value

    def seen(self, days: int, window: int) -> Numbers:
        """0 where so many days before the admission are within the window, else NaN."""
        return np.where(self.admitted + days <= window, 0.0, np.nan)


def _by_name(facts: SortedFacts, numbers: Mapping[str, int]) -> dict[str, _Found]:
    plain, valued = (places_of(keys, numbers.values()) for keys in (facts.plain, facts.valued))
    row, fact, day = unpack(np.concatenate([facts.plain[plain], facts.valued[valued]]))
    amounts: Numbers = np.concatenate([np.zeros(len(plain)), facts.amounts[valued]])
    days = day.astype(np.float64)
    places = {name: np.flatnonzero(fact == number) for name, number in numbers.items()}
    return {name: (row[at], days[at], amounts[at]) for name, at in places.items()}


def _yes_no(flags: Flags, is_known: Flags) -> Numbers:
    return np.where(is_known, flags.astype(np.float64), np.nan)


def _points(table: str, component: str, values: Numbers, column: str = "points") -> Numbers:
    """As :func:`riskstrat.features.indices.condition_groups.points`, for many; NaN for NaN."""
    rows = [row for row in load_table(table) if row["component"] == component]
    lowers, points = (np.array([float(row[c]) for row in rows]) for c in ("lower", column))
    step = np.searchsorted(lowers, values, side="right") - 1
    return np.where(np.isnan(values), np.nan, points[step])


def _lace(told: _Told, window: int) -> Numbers:
    present = {name: np.zeros(len(told.admitted), bool) for name in LACE_CONDITIONS.values()}
    for group, name in LACE_CONDITIONS.items():
        present[name] |= told.recorded(f"charlson.{group}", window)
    weights = {row["condition"]: int(row["points"]) for row in load_table("lace_charlson")}
    comorbidity = sum(
        weights[name] * (flags & ~present[LACE_MILDER[name]] if name in LACE_MILDER else flags)
        for name, flags in present.items()
    )
    parts = {
        "length_of_stay_days": told.admitted - LEFT_DAY,
        "acute_admission": told.is_emergency,
        "charlson_points": np.asarray(comorbidity, np.float64),
        "ed_visits_6_months": told.before("ed_attendance", SIX_MONTHS_DAYS),
    }
    points = [_points("lace_points", name, value) for name, value in parts.items()]
    return np.asarray(np.sum([*points, told.seen(SIX_MONTHS_DAYS, window)], axis=0))


def _hospital(told: _Told, window: int) -> Numbers:
    haemoglobin, sodium = (told.latest(f"measure.{name}") for name in ("haemoglobin", "sodium"))
    operated = told.during("coded.procedure")
    row, day, is_oncology = told.found["discharge_specialty"]
    oncology = np.full(len(told.admitted), np.nan)
    np.fmax.at(oncology, row[day == LEFT_DAY], is_oncology[day == LEFT_DAY])
    parts = {
        "low_haemoglobin": _yes_no(haemoglobin < HAEMOGLOBIN_G_PER_L, ~np.isnan(haemoglobin)),
        "oncology_discharge": oncology,
        "low_sodium": _yes_no(sodium < SODIUM_MMOL_PER_L, ~np.isnan(sodium)),
        "procedure": _yes_no(operated, operated | told.during("coded.diagnosis")),
        "urgent_admission": told.is_emergency,
        "prior_admissions_12_months": told.before("inpatient_stay", YEAR_DAYS),
        "length_of_stay_days": told.admitted - LEFT_DAY,
    }
    points = [_points("hospital_points", name, v, "points_2016") for name, v in parts.items()]
    return np.asarray(np.sum([*points, told.seen(YEAR_DAYS, window)], axis=0))


def _parr30(told: _Told, window: int) -> Numbers:
    weight, lowers, steps = _parr30_coefficients()
    score = _imd_score(told.in_force("imd_decile"))
    area = steps[np.searchsorted(lowers, score, side="right") - 1]
    row, day, nights = told.found["emergency_admission"]
    gap = day - nights - told.admitted[row]
    is_recent = np.zeros(len(told.admitted), bool)
    is_recent[row[(day > told.admitted[row]) & (gap >= 0) & (gap <= MONTH_DAYS)]] = True
    total = (
        weight["constant"]
        + weight["age_squared"] * told.in_force("age") ** 2
        + weight["emergency_admissions_last_year"] * told.before("emergency_admission", YEAR_DAYS)
        + weight["discharged_last_30_days"] * is_recent
        + weight["current_admission_emergency"] * told.is_emergency
        + np.where(np.isnan(score), np.nan, area)
        + told.seen(YEAR_DAYS, window)
    )
    for group, name in PARR30_CONDITIONS.items():
        total = total + weight[name] * told.recorded(f"charlson.{group}", window)
    return np.asarray(1 / (1 + np.exp(-total)))


@cache
def _parr30_coefficients() -> tuple[Mapping[str, float], Numbers, Numbers]:
    rows = load_table("parr30_single_source")
    weight = {row["term"]: float(row["coefficient"]) for row in rows if not row["lower"]}
    steps = [(float(row["lower"]), float(row["coefficient"])) for row in rows if row["lower"]]
    lowers, coefficients = np.array(steps).T
    return weight, lowers, coefficients


def _imd_score(decile: Numbers) -> Numbers:
    is_one = (decile >= 1) & (decile <= len(IMD_SCORE_OF_DECILE))
    place = np.where(is_one, decile, 1).astype(np.int64) - 1
    return np.where(is_one, np.array(IMD_SCORE_OF_DECILE)[place], np.nan)


_SCORES: Mapping[str, Callable[[_Told, int], Numbers]] = {
    "lace": _lace,
    "hospital_score": _hospital,
    "parr30": _parr30,
}
