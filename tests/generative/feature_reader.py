"""What a careful reader with a calendar would count for one person and index date, in loops."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, time
from typing import Any

from tests.unit.features.history import History

Row = dict[str, Any]
LONGEST_OPEN, READMITTED = 365, 30
OPENS, CLOSES = time(8), time(18, 30)
SATURDAY = 5
HOME_VISIT, TELEPHONE = "50357006", "185317003"
SYSTOLIC, BMI = "271649006", "60621009"
PLAUSIBLE = {SYSTOLIC: (50, 300), BMI: (10, 90)}
CONDITIONS = {
    "I500": "heart_failure",
    "E112": "diabetes",
    "F03": "dementia",
    "C509": "cancer",
    "C780": "cancer",
    "F329": "depression",
    "F419": "anxiety",
    "I10": "hypertension",
    "J439": "copd",
    "88805009": "heart_failure",
    "44054006": "diabetes",
    "370143000": "depression",
    "165232002": "urinary_incontinence",
    "90560007": "gout",
    "161898004": "fall",
    "2776000": "delirium",
}
NOT_LONG_TERM = {"fall", "delirium"}
MENTAL = {"depression", "anxiety"}
CLASSES = {
    "0205040": "alpha_blocker",
    "0401010": "hypnotic",
    "0407020": "opioid",
    "0407010F0": "opioid",
    "0601011": "insulin",
    "0212000": "statin",
}
FALLS_RISK = {"alpha_blocker", "hypnotic", "opioid"}
HIGH_RISK = {"insulin", "opioid"}
APPLIANCE = "2003"
FAMILIES = {
    "home_care": "social_care",
    "social_care_package": "social_care",
    "reablement": "reablement",
    "community_nursing": "community_nursing",
    "befriending": "voluntary_sector",
}
"""Kinds of support; a matron is none of them."""


class Reader:
    """The rows known of a person, and days counted back from the index date."""

    def __init__(
        self, history: History, person: str, index_date: date, index_stay_id: str | None = None
    ) -> None:
        self.index_date = index_date
        self.index_stay_id = index_stay_id
        self.born = next(
            row["birth_month"] for row in history.rows["patients"] if row["patient_id"] == person
        )
        self.stays = self._known(history.rows["stays"], person, "start_date")
        self.events = self._known(history.rows["events"], person, "event_date")
        self.services = self._known(history.rows["services"], person, "start_date")
        self.registrations = self._known(history.rows["registrations"], person, "start_date")
        self.homes = self._known(history.rows["residences"], person, "start_date")
        self.spells = self._spells()

    def _known(self, rows: list[Row], person: str, happened: str) -> list[Row]:
        return [
            row
            for row in rows
            if row["patient_id"] == person
            and row[happened] < self.index_date
            and self._is_told(row, "stay_id" in row and happened == "start_date")
        ]

    def _is_told(self, row: Row, is_stay: bool) -> bool:
        superseded = row.get("superseded_date")
        if is_stay and row["stay_id"] == self.index_stay_id:
            return superseded is None
        in_force = superseded is None or superseded >= self.index_date
        return bool(row["recorded_date"] < self.index_date and in_force)

    def ago(self, day: date) -> int:
        return (self.index_date - day).days

    def age(self) -> int:
        had_birthday = self.index_date.month >= self.born.month
        return self.index_date.year - self.born.year - (not had_birthday)

    def ended(self, row: Row) -> date | None:
        return row["end_date"] if row["end_date"] and row["end_date"] < self.index_date else None

    # ------------------------------------------------------------ hospital

    def _spells(self) -> list[Row]:
        inpatient = [stay for stay in self.stays if stay["kind"] == "inpatient"]
        inpatient.sort(
            key=lambda s: (s["start_date"], self.ended(s) or s["start_date"], s["stay_id"])
        )
        spells: list[Row] = []
        last_end = date.min
        for stay in inpatient:
            gap = (stay["start_date"] - last_end).days
            joins = gap < 0 or (gap <= 2 and stay["admission_method"] == "81")
            if not joins:
                spells.append({"emergency": stay["is_emergency"], "stays": []})
            spells[-1]["stays"].append(stay)
            last_end = max(last_end, self.ended(stay) or stay["start_date"])
        for position, spell in enumerate(spells):
            ends = [self.ended(stay) for stay in spell["stays"]]
            spell["start"] = min(stay["start_date"] for stay in spell["stays"])
            spell["end"] = None if None in ends else max(end for end in ends if end)
            following = spells[position + 1 :]
            next_start = min((s["start_date"] for f in following for s in f["stays"]), default=None)
            spell["left"] = spell["end"] or next_start
            left_before = [s["end"] for s in spells[:position] if s["end"]]
            spell["left_before"] = max(left_before, default=None)
        return spells

    def emergencies(self) -> list[Row]:
        return [spell for spell in self.spells if spell["emergency"]]

    def starts(self, spells: Iterable[Row]) -> list[int]:
        return [self.ago(spell["start"]) for spell in spells]

    def nights_of(self, spell: Row) -> range:
        """The nights of a spell, as days before the index date; none for an end never sent."""
        first = self.ago(spell["start"])
        if spell["left"] is None and first > LONGEST_OPEN:
            return range(0)
        return range((self.ago(spell["left"]) if spell["left"] else 0) + 1, first + 1)

    def longest_stay(self, spells: Iterable[Row], days: int) -> int:
        begun = [spell for spell in spells if self.ago(spell["start"]) <= days]
        return max((len(self.nights_of(spell)) for spell in begun), default=0)

    def readmissions(self) -> list[Row]:
        return [
            spell
            for spell in self.emergencies()
            if spell["left_before"]
            and 0 <= (spell["start"] - spell["left_before"]).days <= READMITTED
        ]

    def short_stays(self) -> list[Row]:
        return [
            spell
            for spell in self.emergencies()
            if spell["end"] and (spell["end"] - spell["start"]).days <= 1
        ]

    def attendances(self, kind: str, attendance: str | None = None) -> list[int]:
        return [
            self.ago(stay["start_date"])
            for stay in self.stays
            if stay["kind"] == kind and stay["attendance"] == attendance
        ]

    def out_of_hours(self) -> list[int]:
        found = []
        for stay in self.stays:
            if stay["kind"] == "emergency_department":
                at = stay.get("start_time")
                is_night = at is not None and not OPENS <= at < CLOSES
                if is_night or stay["start_date"].weekday() >= SATURDAY:
                    found.append(self.ago(stay["start_date"]))
        return found

    def coded_spells(self) -> list[tuple[int, list[Row]]]:
        """Start and diagnoses of emergency spells."""
        found = []
        for spell in self.emergencies():
            stays = {stay["stay_id"] for stay in spell["stays"]}
            coded = [e for e in self.events if e.get("stay_id") in stays]
            found.append((self.ago(spell["start"]), coded))
        return found

    # ------------------------------------------------------------ events

    def of_kind(self, *kinds: str, days: int) -> list[Row]:
        return [
            event
            for event in self.events
            if event["kind"] in kinds and self.ago(event["event_date"]) <= days
        ]

    def hospital_codes(self, days: int) -> set[str]:
        return {e["code"] for e in self.of_kind("diagnosis", days=days) if e["system"] == "icd10"}

    def conditions(self, days: int, source: str | None = None) -> dict[str, list[int]]:
        """Days on which each condition was recorded."""
        found: dict[str, list[int]] = {}
        for event in self.of_kind("diagnosis", days=days):
            name = CONDITIONS.get(event["code"])
            if name is not None and source in {None, event["source"]}:
                found.setdefault(name, []).append(self.ago(event["event_date"]))
        return found

    def contacts(
        self, source: str, code: str | None = None, *, missed: bool = False, days: int = 4000
    ) -> list[int]:
        outcomes = {"did_not_attend"} if missed else {None, "attended"}
        return [
            self.ago(event["event_date"])
            for event in self.of_kind("contact", "appointment", days=days)
            if event["source"] == source
            and event["attendance"] in outcomes
            and code in {None, event["code"]}
        ]

    def medicines(self, days: int) -> list[Row]:
        issued = self.of_kind("medication", days=days)
        return [event for event in issued if not event["code"].startswith(APPLIANCE)]

    def classes(self, days: int) -> list[str]:
        """The class of each item, as far as it is of a class."""
        codes = [item["code"] for item in self.medicines(days)]
        return [name for code in codes for start, name in CLASSES.items() if code.startswith(start)]

    def readings(self, code: str, days: int) -> list[tuple[int, float]]:
        """Days before the index date and plausible values, the latest last."""
        low, high = PLAUSIBLE[code]
        plausible = [
            event
            for event in self.of_kind("measurement", days=days)
            if event["code"] == code and low <= event["value"] <= high
        ]
        plausible.sort(
            key=lambda e: (e["event_date"], e["event_time"] or time.min, e["value"]),
        )
        return [(self.ago(event["event_date"]), event["value"]) for event in plausible]

    def own(self, how: str, codes: Iterable[str], kinds: Iterable[str], days: int) -> float:
        """A feature of one's own over events whose code begins with one of `codes`."""
        seen = days if how != "change" else 2 * days
        events = [
            event
            for event in self.of_kind(*kinds, days=seen)
            if event["code"].startswith(tuple(codes))
            and event.get("attendance") in {None, "attended"}
        ]
        ago = [self.ago(event["event_date"]) for event in events]
        whens = {
            "count": lambda: len(ago),
            "days": lambda: len(set(ago)),
            "any": lambda: bool(ago),
            "since": lambda: latest(ago, days),
            "first": lambda: earliest(ago, days),
            "change": lambda: change(ago, days),
        }
        if how in whens:
            return float(whens[how]())
        events = [event for event in events if event.get("value") is not None]
        events.sort(
            key=lambda e: (e["event_date"], e.get("event_time") or time.min, e["value"]),
        )
        readings = [(self.ago(event["event_date"]), event["value"]) for event in events]
        values = [value for _, value in readings]
        if how == "slope":
            return slope(readings)
        found = {
            "latest": values[-1:],
            "lowest": sorted(values)[:1],
            "highest": sorted(values)[-1:],
        }
        return float(found[how][0]) if values else math.nan

    # ------------------------------------------------------------ home and support

    def address(self) -> Row | None:
        """The latest address in force; of several the one recorded last, then the lowest decile."""
        here = [home for home in self.homes if self.ended(home) is None]
        here.sort(key=lambda h: h["imd_decile"])
        here.sort(key=lambda h: (h["start_date"], h["recorded_date"]), reverse=True)
        return here[0] if here else None

    def support(self, family: str) -> list[Row]:
        return [row for row in self.services if FAMILIES.get(row["service"]) == family]

    def started(self, family: str) -> list[int]:
        return [self.ago(row["start_date"]) for row in self.support(family)]

    def stopped(self, family: str) -> list[int]:
        ends = [self.ended(row) for row in self.support(family)]
        return [self.ago(end) for end in ends if end is not None]

    def in_force(self, family: str) -> list[Row]:
        return [row for row in self.support(family) if self.ended(row) is None]


def within(found: Iterable[int], days: int) -> int:
    return sum(day <= days for day in found)


def change(found: Iterable[int], days: int) -> int:
    """Number within `days` less the number in as long before."""
    return within(found, days) - (within(found, 2 * days) - within(found, days))


def latest(found: Iterable[int], days: int) -> float:
    """Days since the latest; NaN for none within `days`."""
    return min((day for day in found if day <= days), default=math.nan)


def earliest(found: Iterable[int], days: int) -> float:
    return max((day for day in found if day <= days), default=math.nan)


def slope(readings: list[tuple[int, float]]) -> float:
    """By least squares, per year; NaN on fewer than two days."""
    if len({day for day, _ in readings}) < 2:
        return math.nan
    mean_day = sum(day for day, _ in readings) / len(readings)
    mean = sum(value for _, value in readings) / len(readings)
    above = sum((mean_day - day) * (value - mean) for day, value in readings)
    return 365.25 * above / sum((day - mean_day) ** 2 for day, _ in readings)


def loss(readings: list[tuple[int, float]]) -> float:
    """Per cent that the latest is below the highest; NaN for a single reading."""
    highest = max((value for _, value in readings), default=0)
    return 100 * (highest - readings[-1][1]) / highest if len(readings) > 1 else math.nan
