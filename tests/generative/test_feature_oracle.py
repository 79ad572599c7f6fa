"""Random histories: a naive loop in Python gives the same features as the queries."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from tests.unit.features.history import INDEX_DATE, History, days_before

from riskstrat.features.indices import charlson, hfrs

INDEX_DATES = (days_before(200), INDEX_DATE)
WINDOWS = (90, 365)
HISTORY = 1095
CONDITION_CODES = {"heart_failure": "I500", "diabetes": "E112", "dementia": "F03"}
OTHER_CODES = ("Z922", "J181", "R296", "C509", "C780", "W190")
KINDS = ("inpatient", "inpatient", "day_case", "emergency_department", "outpatient")


def _random_history(seed: int) -> History:
    rng = np.random.default_rng(seed)
    people = [f"p{i}" for i in range(12)]
    history = History(*people)
    for person in people:
        for _ in range(rng.integers(0, 14)):
            _random_stay(rng, history, person)
        for _ in range(rng.integers(0, 25)):
            _random_event(rng, history, person)
    return history


def _random_stay(rng: np.random.Generator, history: History, person: str) -> None:
    edges = [1, 2, 40, 41, 43, 45, 89, 90, 91, 365, 366]
    start = int(rng.choice([*edges, *rng.integers(-30, 1300, 12)]))
    kind = str(rng.choice(KINDS))
    end = start - int(rng.choice([0, 0, 1, 3, 10])) if rng.random() < 0.9 else None
    recorded = days_before(start - int(rng.integers(0, 40)))
    is_transfer = rng.random() < 0.2
    attendance = str(rng.choice(["attended", "did_not_attend"])) if kind == "outpatient" else None
    stay = history.stay(
        start,
        end,
        person,
        kind=kind,
        attendance=attendance,
        is_emergency=bool(rng.random() < 0.6),
        admission_method="81" if is_transfer else "21",
        recorded_date=recorded,
        superseded_date=days_before(start - 60) if rng.random() < 0.1 else None,
    )
    for code in rng.choice([*CONDITION_CODES.values(), *OTHER_CODES], rng.integers(0, 4)):
        history.diagnosis(start, str(code), person, stay_id=stay, recorded_date=recorded)


def _random_event(rng: np.random.Generator, history: History, person: str) -> None:
    day = int(rng.choice([0, 1, 90, 91, 365, 366, 1095, 1096, *rng.integers(-50, 1400, 20)]))
    recorded = {"recorded_date": days_before(day - int(rng.integers(0, 20))), "source": "gp"}
    kind = str(rng.choice(["medication", "contact", "measurement"]))
    if kind == "medication":
        code = f"{rng.integers(1, 4):02d}0{rng.integers(1, 3)}{rng.integers(1, 9)}0AA"
        history.event(kind, day, code, person, system="bnf", **recorded)
    elif kind == "contact":
        history.event(kind, day, "1", person, system="snomed", **recorded)
    else:
        value = float(rng.integers(20, 320))
        columns = {"system": "snomed", "value": value} | recorded
        history.event(kind, day, "271649006", person, **columns)


class _Oracle:
    """What a careful reader with a calendar would count for one person and index date."""

    def __init__(self, history: History, person: str, index_date: date) -> None:
        self.index_date = index_date
        self.stays = self._known(history.rows["stays"], person, "start_date")
        self.events = self._known(history.rows["events"], person, "event_date")
        self.spells = self._spells()

    def _known(self, rows: list[dict], person: str, happened: str) -> list[dict]:
        return [
            row
            for row in rows
            if row["patient_id"] == person
            and row[happened] < self.index_date
            and row["recorded_date"] < self.index_date
            and (row.get("superseded_date") is None or row["superseded_date"] >= self.index_date)
        ]

    def ago(self, day: date) -> int:
        return (self.index_date - day).days

    def _end(self, stay: dict) -> date | None:
        return stay["end_date"] if stay["end_date"] and stay["end_date"] < self.index_date else None

    def _spells(self) -> list[dict]:
        inpatient = [stay for stay in self.stays if stay["kind"] == "inpatient"]
        inpatient.sort(
            key=lambda s: (s["start_date"], self._end(s) or s["start_date"], s["stay_id"])
        )
        spells: list[dict] = []
        last_end = date.min
        for stay in inpatient:
            gap = (stay["start_date"] - last_end).days
            joins = gap < 0 or (gap <= 2 and stay["admission_method"] == "81")
            if not joins:
                spells.append({"emergency": stay["is_emergency"], "stays": []})
            spells[-1]["stays"].append(stay)
            last_end = max(last_end, self._end(stay) or stay["start_date"])
        for position, spell in enumerate(spells):
            ends = [self._end(stay) for stay in spell["stays"]]
            spell["start"] = min(stay["start_date"] for stay in spell["stays"])
            spell["end"] = None if None in ends else max(end for end in ends if end)
            following = spells[position + 1 :]
            next_start = min((s["start_date"] for f in following for s in f["stays"]), default=None)
            spell["left"] = spell["end"] or next_start
        return spells

    def count_spells(self, days: int, emergency: bool) -> int:
        return sum(
            spell["emergency"] == emergency and 1 <= self.ago(spell["start"]) <= days
            for spell in self.spells
        )

    def nights(self, days: int) -> int:
        nights = 0
        for spell in self.spells:
            first = self.ago(spell["start"])
            last = self.ago(spell["left"]) if spell["left"] else 0
            if spell["emergency"] and (spell["left"] or first <= 365):
                nights += sum(1 for night in range(last + 1, first + 1) if night <= days)
        return min(nights, days)

    def attendances(self, kind: str, days: int, attendance: str | None = None) -> int:
        return sum(
            stay["kind"] == kind
            and stay["attendance"] == attendance
            and self.ago(stay["start_date"]) <= days
            for stay in self.stays
        )

    def codes(self, days: int) -> set[str]:
        return {
            event["code"]
            for event in self.events
            if event["kind"] == "diagnosis" and self.ago(event["event_date"]) <= days
        }

    def frailty(self) -> float:
        """In tenths; NaN without a coded emergency spell."""
        stays = {
            stay["stay_id"]
            for spell in self.spells
            if spell["emergency"]
            for stay in spell["stays"]
            if self.ago(stay["start_date"]) <= 730
        }
        codes = [e["code"] for e in self.events if e.get("stay_id") in stays]
        return hfrs(codes) if codes else math.nan

    def of_kind(self, kind: str, days: int) -> list[dict]:
        return [
            event
            for event in self.events
            if event["kind"] == kind and self.ago(event["event_date"]) <= days
        ]


def _expected(oracle: _Oracle) -> dict[str, float]:
    values: dict[str, float] = {}
    for days in WINDOWS:
        medicines = oracle.of_kind("medication", days)
        values |= {
            f"emergency_admissions_{days}": oracle.count_spells(days, True),
            f"elective_admissions_{days}": oracle.count_spells(days, False),
            f"emergency_bed_days_{days}": oracle.nights(days),
            f"ed_attendances_{days}": oracle.attendances("emergency_department", days),
            f"day_cases_{days}": oracle.attendances("day_case", days),
            f"outpatient_missed_{days}": oracle.attendances("outpatient", days, "did_not_attend"),
            f"outpatient_attended_{days}": oracle.attendances("outpatient", days, "attended"),
            f"medicine_items_{days}": len(medicines),
            f"medicine_kinds_{days}": len({m["code"][:4] for m in medicines}),
            f"gp_contacts_{days}": len({c["event_date"] for c in oracle.of_kind("contact", days)}),
        }
    codes = oracle.codes(HISTORY)
    values |= {name: float(code in codes) for name, code in CONDITION_CODES.items()}
    starts = [oracle.ago(s["start"]) for s in oracle.spells if s["emergency"]]
    values["days_since_emergency_admission"] = min(
        (day for day in starts if day <= HISTORY), default=math.nan
    )
    ends = [oracle.ago(s["end"]) for s in oracle.spells if s["end"]]
    values["days_since_discharge"] = min((d for d in ends if d <= HISTORY), default=math.nan)
    values["charlson"] = charlson(codes)
    values["hfrs"] = oracle.frailty() / 10
    values["systolic_bp"] = _pressure(oracle)
    return values


def _pressure(oracle: _Oracle) -> float:
    readings = [
        (event["event_date"], event["value"])
        for event in oracle.of_kind("measurement", 730)
        if 50 <= event["value"] <= 300
    ]
    return max(readings)[1] if readings else math.nan


@pytest.mark.parametrize("seed", range(6))
def test_queries_agree_with_a_naive_loop(seed):
    """Counts, nights, days since, conditions, indices, measurements; boundary days on purpose."""
    history = _random_history(seed)
    matrix = history.matrix(index_dates=INDEX_DATES)
    for row, key in enumerate(matrix.keys.itertuples()):
        oracle = _Oracle(history, key.patient_id, key.index_date.date())
        expected = _expected(oracle)
        found = {name: float(matrix.column(name)[row]) for name in expected}
        assert found == pytest.approx(expected, nan_ok=True, abs=1e-5)
