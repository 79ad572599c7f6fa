"""Random small stores: the cohort agrees with loops over rows that follow the rules by word."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.small_store import small_records, study_of

from riskstrat.cohort import build_cohort, build_scoring_cohort
from riskstrat.study import Study
from riskstrat.windows import add_days, age_years, days_between

Row = dict[str, Any]
Tables = dict[str, list[Row]]

INDEX_DATES = (date(2020, 1, 1), date(2022, 1, 1))
PEOPLE = 60
WINDOW, GAP = 365, 3
REGISTERED = 200
ELIGIBILITY = (
    f'min_age = 40\nmax_age = 90\nmin_registered_days = {REGISTERED}\nexclude = ["care_home"]'
)


def study_for(kind: str) -> Study:
    outcome = f'kind = "{kind}"\nwindow_days = {WINDOW}\ngap_days = {GAP}'
    if kind != "readmission":
        return study_of(outcome=outcome, eligibility=ELIGIBILITY)
    event = 'event = "discharge"\nindex_stay = "known"'
    split = "hold_out_share = 0.5\nseed = 1"
    return study_of(index=event, outcome=outcome, eligibility=ELIGIBILITY, split=split)


STUDY = study_for("emergency_admission")

OFFSETS = (-700, -400, -366, -200, -60, -3, -2, -1, 0, 1, 2, 3, 4, 29, 30, 31, 200, 364, 367, 368)
"""Days around an index date: every boundary of the rules is drawn often."""


class Draw:
    """Random rows whose days crowd around the boundaries of the rules."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def one_of(self, values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def day(self) -> date:
        return add_days(self.one_of(INDEX_DATES), int(self.one_of(OFFSETS)))

    def later(self, day: date, spread: int = 500) -> date:
        step = self.one_of((0, 1, 2, 3, 5, 29, 30, 31, int(self.rng.integers(spread))))
        return add_days(day, int(step))

    def versions(self, row: Row) -> list[Row]:
        """A spell as it became known: open from its beginning, closed later, or told at the end."""
        start, end = row["start_date"], row["end_date"]
        recorded = start if self.chance(0.6) else self.later(start, 60)
        if end is None:
            return [{**row, "recorded_date": recorded}]
        told = max(self.later(end, 60), recorded)
        if self.chance(0.3):
            return [{**row, "recorded_date": told}]
        closed = [{**row, "recorded_date": told}] if self.chance(0.9) else []
        opened = {**row, "end_date": None, "recorded_date": recorded, "superseded_date": told}
        return [opened, *closed]

    def spell(self, patient_id: str, share_open: float, **columns: Any) -> list[Row]:
        start = self.day()
        end = None if self.chance(share_open) else self.later(start)
        return self.versions(
            {"patient_id": patient_id, "start_date": start, "end_date": end, **columns}
        )

    def patient(self, patient_id: str) -> Row:
        row: Row = {
            "patient_id": patient_id,
            "birth_month": date(int(self.rng.integers(1929, 1985)), self.one_of((1, 2, 7)), 1),
        }
        if self.chance(0.25):
            row["death_date"] = self.day()
            row["death_recorded_date"] = self.later(row["death_date"], 60)
        return row

    def registrations(self, patient_id: str) -> list[Row]:
        start, rows = date(2010, 1, 1), []
        for _ in range(int(self.rng.integers(1, 4))):
            end = None if self.chance(0.5) else max(self.day(), start)
            spell = {"patient_id": patient_id, "start_date": start, "end_date": end}
            rows += self.versions({**spell, "practice_code": self.one_of(("P1", "P2", None))})
            if end is None:
                break
            start = add_days(end, int(self.one_of((0, 1, 29, 30, 31, 90))))
        return rows

    def stays(self, patient_id: str, first_number: int) -> list[Row]:
        rows: list[Row] = []
        start = self.day()
        for number in range(int(self.rng.integers(0, 6))):
            columns = {
                "stay_id": f"s{first_number + number:04d}",
                "kind": self.one_of(("inpatient",) * 5 + ("day_case", "emergency_department")),
                "is_emergency": self.one_of((True, True, False, None)),
                "admission_method": self.one_of(("11", "21", "21", "21", "2B", "81")),
                "admission_source": self.one_of(("19", "19", "19", "51")),
                "discharge_destination": self.one_of(("19", "19", "19", "51")),
            }
            end = None if self.chance(0.1) else self.later(start, 20)
            spell = {"patient_id": patient_id, "start_date": start, "end_date": end, **columns}
            rows += self.versions(spell)
            start = self.later(end or start, 300) if self.chance(0.7) else self.day()
        return rows

    def tables(self) -> Tables:
        names = [f"p{n:02d}" for n in range(PEOPLE)]
        return {
            "patients": [self.patient(n) for n in names],
            "registrations": [row for n in names for row in self.registrations(n)],
            "residences": [
                row
                for n in names
                if self.chance(0.4)
                for row in self.spell(n, 0.6, care_home=self.one_of((True, False, None)))
            ],
            "stays": [row for i, n in enumerate(names) for row in self.stays(n, i * 10)],
        }


def current(rows: list[Row], patient_id: str) -> list[Row]:
    return [
        row for row in rows if row["patient_id"] == patient_id and not row.get("superseded_date")
    ]


def known(rows: list[Row], patient_id: str, index: date) -> list[Row]:
    """Begun and recorded before the index date, not superseded before it; later ends are open."""
    result = []
    for row in rows:
        if row["patient_id"] != patient_id:
            continue
        replaced = row.get("superseded_date")
        if row["start_date"] < index and row["recorded_date"] < index:
            if replaced is not None and replaced < index:
                continue
            end = row["end_date"] if row["end_date"] and row["end_date"] < index else None
            result.append({**row, "end_date": end})
    return result


def unbroken_since(registrations: list[Row], day: date) -> date | None:
    """First day of the chain of registrations that are open on `day`: walk back, break by break."""
    starts = [row["start_date"] for row in registrations if row["end_date"] is None]
    if not starts:
        return None
    since = max(starts)
    moved = True
    while moved:
        moved = False
        for row in registrations:
            end = row["end_date"] or day
            if row["start_date"] < since and days_between(end, since) <= 30:
                since, moved = row["start_date"], True
    return since


def leaving_day(registrations: list[Row], index: date) -> date | None:
    """The day on which nobody of the area looks after the person any more; None is never."""
    reach = index
    here = [
        row for row in registrations
        if row["start_date"] <= index and (row["end_date"] is None or row["end_date"] >= index)
    ]  # fmt: skip
    if not here:
        earlier = [r["end_date"] for r in registrations if r["start_date"] <= index]
        back = [r["start_date"] for r in registrations if r["start_date"] > index]
        bridged = earlier and back and days_between(max(earlier), min(back)) <= 30
        if not bridged:
            return index
        here = [row for row in registrations if row["start_date"] == min(back)]
    moved = True
    while moved:
        moved = False
        for row in [*here, *registrations]:
            if days_between(reach, row["start_date"]) > 30 and row not in here:
                continue
            if row["end_date"] is None:
                return None
            if row["end_date"] > reach:
                reach, moved = row["end_date"], True
    return reach


def continues(stay: Row, stays: list[Row]) -> bool:
    """Overlaps an earlier stay, or begins within 2 days of its end with evidence of transfer."""

    def ended(row: Row) -> date:
        return row["end_date"] or row["start_date"]

    order = sorted(stays, key=lambda s: (s["start_date"], ended(s), s["stay_id"]))
    before = order[: order.index(stay)]
    if not before:
        return False
    start = stay["start_date"]
    gap = days_between(max(map(ended, before)), start)
    evidence = (
        stay["admission_method"] in {"81", "2B"}
        or stay["admission_source"] == "51"
        or any(
            s["discharge_destination"] == "51" and days_between(ended(s), start) <= 2
            for s in before
        )
    )
    return gap < 0 or (gap <= 2 and evidence)


def expected_row(tables: Tables, person: Row, index: date, purpose: str) -> Row | None:
    """What the cohort should say of a person at an index date; None when not eligible."""
    name = person["patient_id"]
    registrations = known(tables["registrations"], name, index)
    since = unbroken_since(registrations, index)
    if since is None or days_between(since, index) < REGISTERED:
        return None
    death, told = person.get("death_date"), person.get("death_recorded_date")
    if purpose == "scoring":
        if death is not None and told is not None and told < index:
            return None
    elif death is not None and death < index:
        return None
    age = age_years(person["birth_month"], index)
    if not 40 <= age <= 90:
        return None
    homes = [r for r in known(tables["residences"], name, index) if r["end_date"] is None]
    if homes and max(homes, key=lambda r: r["start_date"])["care_home"]:
        return None
    stays = known(tables["stays"], name, index)
    inside = any(s["kind"] == "inpatient" and s["end_date"] is None for s in stays)
    return {"age": age, "in_hospital": inside}


def outcome_days(tables: Tables, person: Row, kind: str) -> set[date]:
    """Every day on which somebody has the outcome, whatever the window."""
    stays = current(tables["stays"], person["patient_id"])
    inpatient = [s for s in stays if s["kind"] == "inpatient"]
    visits = {s["start_date"] for s in stays if s["kind"] == "emergency_department"}
    own = [s for s in inpatient if not continues(s, inpatient)]
    emergencies = {s["start_date"] for s in own if s["is_emergency"]}
    return {
        "emergency_admission": emergencies,
        "readmission": emergencies,
        "emergency_admission_or_death": emergencies | {person.get("death_date") or date.min},
        "emergency_department_attendance": visits,
        "emergency_or_inpatient_visit": visits | {s["start_date"] for s in own},
    }[kind]


def expected_outcome(
    tables: Tables, person: Row, index: date, kind: str = "emergency_admission"
) -> tuple[int, date | None, int]:
    """The first event day by day: the outcome, then death, then leaving."""
    name = person["patient_id"]
    admissions = outcome_days(tables, person, kind)
    leaving = leaving_day(current(tables["registrations"], name), index)
    for number in range(GAP + WINDOW):
        day = add_days(index, number)
        if number >= GAP and day in admissions:
            return 1, day, number
        if day == person.get("death_date"):
            return 2, day, number
        if day == leaving:
            return -1, None, number
    return 0, None, GAP + WINDOW


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Tables, Path]]:
    return [(Draw(seed).tables(), tmp_path_factory.mktemp(f"seed{seed}")) for seed in (1, 2, 3, 4)]


def discharges(tables: Tables, person: Row) -> list[date]:
    """The day after each live discharge after which the person was out of hospital."""
    stays = [s for s in current(tables["stays"], person["patient_id"]) if s["kind"] == "inpatient"]
    stays.sort(key=lambda s: (s["start_date"], s["end_date"] or s["start_date"], s["stay_id"]))
    spell = np.cumsum([not continues(stay, stays) for stay in stays])
    days = set()
    for number, stay in enumerate(stays):
        end = stay["end_date"]
        if end is None or stay["discharge_destination"] == "51":
            continue
        is_in_hospital = any(
            (
                (spell[n] == spell[number] and other["start_date"] <= end)
                or other["start_date"] == end
            )
            and (other["end_date"] is None or other["end_date"] > end)
            for n, other in enumerate(stays)
        )
        if not is_in_hospital:
            days.add(add_days(end, 1))
    return sorted(days)


KINDS = (
    "emergency_admission",
    "emergency_or_inpatient_visit",
    "emergency_admission_or_death",
    "emergency_department_attendance",
)


@pytest.mark.parametrize("number", range(4))
def test_discharges_and_readmissions_agree_with_loops(
    stores: list[tuple[Tables, Path]], number: int
) -> None:
    tables, folder = stores[number]
    records = small_records(folder / "readmission", tables)
    frame = build_cohort(records, study_for("readmission")).frame
    keys = zip(frame["patient_id"], frame["index_date"].dt.date, strict=True)
    got = dict(zip(keys, zip(frame["outcome"], frame["follow_up_days"], strict=True), strict=True))
    expected = {}
    for person in tables["patients"]:
        for index in discharges(tables, person):
            if expected_row(tables, person, index, "development") is not None:
                outcome, _, days = expected_outcome(tables, person, index, "readmission")
                expected[person["patient_id"], index] = (outcome, days)
    assert got == expected
    assert len({outcome for outcome, _ in got.values()}) > 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(4))
def test_eligibility_and_outcome_agree_with_loops(
    stores: list[tuple[Tables, Path]], number: int, kind: str
) -> None:
    tables, folder = stores[number]
    frame = build_cohort(small_records(folder / kind, tables), study_for(kind)).frame
    days = frame["outcome_date"].dt.date.where(frame["outcome_date"].notna(), None)
    got = {
        (row.patient_id, row.index_date.date()): (
            row.age, row.in_hospital, row.outcome, day if isinstance(day, date) else None,
            row.follow_up_days,
        )
        for row, day in zip(frame.itertuples(), days, strict=True)
    }  # fmt: skip
    expected = {}
    for person in tables["patients"]:
        for index in INDEX_DATES:
            row = expected_row(tables, person, index, "development")
            with_death = kind == "emergency_admission_or_death"
            death = person.get("death_date")
            if with_death and death is not None and death < add_days(index, GAP):
                continue
            if row is not None:
                outcome = expected_outcome(tables, person, index, kind)
                expected[person["patient_id"], index] = (row["age"], row["in_hospital"], *outcome)
    assert set(got) == set(expected)
    assert got == expected
    kinds = 3 if with_death else 4
    assert len({outcome for _, _, outcome, _, _ in got.values()}) == kinds


@pytest.mark.parametrize("number", range(4))
def test_the_scoring_cohort_agrees_with_loops(
    stores: list[tuple[Tables, Path]], number: int
) -> None:
    tables, folder = stores[number]
    index = INDEX_DATES[0]
    cohort = build_scoring_cohort(small_records(folder / "scoring", tables), STUDY, index)
    expected = {
        person["patient_id"]: (row["age"], row["in_hospital"])
        for person in tables["patients"]
        if (row := expected_row(tables, person, index, "scoring")) is not None
    }
    frame = cohort.frame
    pairs = zip(frame["age"], frame["in_hospital"], strict=True)
    assert dict(zip(frame["patient_id"], pairs, strict=True)) == expected
    dead = {p["patient_id"] for p in tables["patients"] if (p.get("death_date") or index) < index}
    assert cohort.attrition[-1].rows == len(dead & set(expected))


def after(tables: Tables, index: date, draw: Draw) -> Tables:
    """Another world that is the same up to the index date: everything later is drawn anew.

    Rows recorded on or after the date go or change, planned ends on or after it move, rows that
    were superseded on or after it stay current, deaths told on or after it never happen.
    """
    changed: Tables = {"patients": []}
    for person in tables["patients"]:
        told = person.get("death_recorded_date")
        if told is not None and told >= index:
            person = {k: v for k, v in person.items() if not k.startswith("death")}
        elif told is None and draw.chance(0.3):
            day = draw.later(index)
            person = {**person, "death_date": day, "death_recorded_date": draw.later(day)}
        changed["patients"].append(person)
    for name in ("registrations", "residences", "stays"):
        changed[name] = [
            row for old in tables[name] if (row := _after_row(old, index, draw)) is not None
        ]
        names = [p["patient_id"] for p in tables["patients"]]
        columns = {"kind": "inpatient", "is_emergency": True} if name == "stays" else {}
        for number in range(20):
            start = draw.later(index)
            row = {"patient_id": draw.one_of(names), "start_date": start, "end_date": None}
            if name == "stays":
                row["stay_id"] = f"new{number}"
            if name == "residences":
                row["care_home"] = True
            changed[name].append({**row, **columns, "recorded_date": draw.later(start)})
    return changed


def _after_row(row: Row, index: date, draw: Draw) -> Row | None:
    row = dict(row)
    if row["recorded_date"] >= index:
        return None
    if row.get("superseded_date") is not None and row["superseded_date"] >= index:
        row["superseded_date"] = None if draw.chance(0.5) else draw.later(index)
    if row["end_date"] is not None and row["end_date"] >= index:
        row["end_date"] = None if draw.chance(0.5) else draw.later(index)
    return row


@pytest.mark.parametrize("number", range(4))
def test_what_happens_or_becomes_known_later_changes_no_eligibility(
    stores: list[tuple[Tables, Path]], number: int
) -> None:
    """Same people, same attributes, whatever the records come to say from the index date on."""
    tables, folder = stores[number]
    index = INDEX_DATES[1]
    other = after(tables, index, Draw(100 + number))
    assert other != tables
    frames = [
        build_scoring_cohort(small_records(folder / name, rows), STUDY, index).frame
        for name, rows in (("as_it_was", tables), ("otherwise", other))
    ]
    pd.testing.assert_frame_equal(*frames)
    assert len(frames[0]) > 5
