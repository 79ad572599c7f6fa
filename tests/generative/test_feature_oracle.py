"""Random histories: a naive loop in Python gives the same features as the queries."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from tests.generative.feature_reader import (
    BMI,
    CLASSES,
    CONDITIONS,
    FALLS_RISK,
    FAMILIES,
    HIGH_RISK,
    HOME_VISIT,
    MENTAL,
    NOT_LONG_TERM,
    SYSTOLIC,
    TELEPHONE,
    Reader,
    change,
    earliest,
    latest,
    loss,
    slope,
    within,
)
from tests.unit.features.history import INDEX_DATE, History, days_before, study

from riskstrat.features.indices import (
    acsc,
    cambridge_multimorbidity,
    charlson,
    efi,
    efi_deficits_of,
    elixhauser,
    hfrs,
    imperial_frailty,
)
from riskstrat.study import VALUE_RULES, AddedFeature, Study
from riskstrat.study.added import AddedRule

INDEX_DATES = (days_before(200), INDEX_DATE)
WINDOWS = (90, 365)
HISTORY = 1095
BEFORE_EVERYTHING = 4000
"""One person has a row of every feed so long ago, so that no feature waits for its feed."""

HOSPITAL_CODES = [code for code in CONDITIONS if code[0].isalpha()]
GP_CODES = [code for code in CONDITIONS if code[0].isdigit()]
SICKLE_CELL = "D570"
OTHER_CODES = ("Z922", "J181", "J209", SICKLE_CELL, "R296", "W190", "K359")
KINDS = ("inpatient", "inpatient", "day_case", "emergency_department", "outpatient")
MEDICINES = (*(f"{begin}A0AA" for begin in CLASSES), "0103050P0AA", "0202010B0AA", "20030100001")
EDGES = [0, 1, 2, 89, 90, 91, 180, 181, 365, 366, 730, 731, 1095, 1096]

# ---------------------------------------------------------------- random histories


def _random_history(seed: int) -> History:
    rng = np.random.default_rng(seed)
    people = [f"p{i}" for i in range(12)]
    history = History(*people, "early")
    for row in history.rows["patients"]:
        row["birth_month"] = date(int(rng.integers(1930, 1975)), int(rng.integers(1, 13)), 1)
    _early_rows(history, "early")
    for person in people:
        for _ in range(rng.integers(0, 14)):
            _random_stay(rng, history, person)
        for _ in range(rng.integers(0, 50)):
            _random_event(rng, history, person)
        for _ in range(rng.integers(0, 6)):
            _random_support(rng, history, person)
    return history


def _early_rows(history: History, person: str) -> None:
    day = BEFORE_EVERYTHING
    for kind in set(KINDS):
        history.stay(day, day, person, kind=kind, attendance=None)
    history.stay(day, day, person, kind="outpatient", attendance="attended")
    history.diagnosis(day, "Z000", person)
    gp = {"system": "snomed", "source": "gp", "attendance": None}
    for kind in ("diagnosis", "contact", "measurement"):
        history.event(kind, day, "1", person, **gp)
    history.event("contact", day, "1", person, **gp | {"source": "csds"})
    history.event("medication", day, "0101010A0AA", person, system="bnf", source="gp")
    old = {"start_date": days_before(day), "end_date": days_before(day - 1)}
    for service in FAMILIES:
        history.add("services", person, service=service, source="council", **old)
    history.add("residences", person, imd_decile=1, **old)


def _day(rng: np.random.Generator) -> int:
    return int(rng.choice([*EDGES, *rng.integers(-50, 1400, 20)]))


def _random_stay(rng: np.random.Generator, history: History, person: str) -> None:
    edges = [1, 2, 40, 41, 43, 45, 89, 90, 91, 365, 366]
    start = int(rng.choice([*edges, *rng.integers(-30, 1300, 12)]))
    kind = str(rng.choice(KINDS))
    end = start - int(rng.choice([0, 0, 1, 3, 10])) if rng.random() < 0.9 else None
    recorded = days_before(start - int(rng.integers(0, 40)))
    is_transfer = rng.random() < 0.2
    attendance = str(rng.choice(["attended", "did_not_attend"])) if kind == "outpatient" else None
    times = [time(7, 59), time(8), time(18, 29), time(18, 30), None]
    stay = history.stay(
        start,
        end,
        person,
        kind=kind,
        attendance=attendance,
        start_time=times[rng.integers(0, 5)] if kind == "emergency_department" else None,
        is_emergency=bool(rng.random() < 0.6),
        admission_method="81" if is_transfer else "21",
        recorded_date=recorded,
        superseded_date=days_before(start - 60) if rng.random() < 0.1 else None,
    )
    codes = rng.choice([*HOSPITAL_CODES, *OTHER_CODES], rng.integers(0, 4), replace=False)
    for position, code in enumerate(codes, start=1):
        given = {"stay_id": stay, "position": position, "recorded_date": recorded}
        history.diagnosis(start, str(code), person, **given)


def _random_event(rng: np.random.Generator, history: History, person: str) -> None:
    day = _day(rng)
    late = {"recorded_date": days_before(day - int(rng.integers(0, 20))), "source": "gp"}
    kind = str(rng.choice(["medication", "contact", "appointment", "measurement", "diagnosis"]))
    if kind == "medication":
        history.event(kind, day, str(rng.choice(MEDICINES)), person, system="bnf", **late)
    elif kind == "diagnosis":
        history.event(kind, day, str(rng.choice(GP_CODES)), person, system="snomed", **late)
    elif kind == "measurement":
        code = str(rng.choice([SYSTOLIC, BMI]))
        low, high = (20, 320) if code == SYSTOLIC else (5, 100)
        at = time(int(rng.integers(0, 24))) if rng.random() < 0.5 else None
        columns = {"system": "snomed", "value": float(rng.integers(low, high)), "event_time": at}
        history.event(kind, day, code, person, **columns | late)
    else:
        outcomes = [None, "attended", "did_not_attend", "cancelled"]
        columns = {"system": "snomed", "attendance": outcomes[rng.integers(0, 4)]} | late
        columns["source"] = str(rng.choice(["gp", "csds"]))
        history.event(kind, day, str(rng.choice(["1", HOME_VISIT, TELEPHONE])), person, **columns)


def _random_support(rng: np.random.Generator, history: History, person: str) -> None:
    start = _day(rng)
    ends = days_before(start - int(rng.integers(1, 300))) if rng.random() < 0.6 else None
    spell = {
        "start_date": days_before(start),
        "end_date": ends,
        "recorded_date": days_before(start - int(rng.integers(0, 20))),
        "superseded_date": days_before(start - 60) if rng.random() < 0.1 else None,
    }
    minutes = None if rng.random() < 0.3 else int(rng.integers(0, 500))
    service = str(rng.choice([*FAMILIES, "community_matron"]))
    given = {"service": service, "source": "council", "minutes_per_week": minutes}
    history.add("services", person, **given, **spell)
    history.add("residences", person, imd_decile=int(rng.integers(1, 11)), **spell)


# ---------------------------------------------------------------- what the reader expects


def _admissions(reader: Reader, days: int) -> Iterator[tuple[str, float]]:
    emergencies = reader.emergencies()
    planned = [spell for spell in reader.spells if not spell["emergency"]]
    nights = [night for spell in emergencies for night in reader.nights_of(spell)]
    yield "emergency_admissions", within(reader.starts(emergencies), days)
    yield "elective_admissions", within(reader.starts(planned), days)
    yield "inpatient_stays", within(reader.starts(reader.spells), days)
    yield "emergency_bed_days", min(within(nights, days), days)
    yield "readmissions", within(reader.starts(reader.readmissions()), days)
    yield "short_emergency_stays", within(reader.starts(reader.short_stays()), days)
    yield "longest_emergency_stay", reader.longest_stay(emergencies, days)
    yield "longest_stay", reader.longest_stay(reader.spells, days)
    yield "acsc_admissions", len({day for day in _avoidable(reader) if day <= days})


def _avoidable(reader: Reader) -> Iterator[int]:
    """Starts of emergency spells with a stay whose first diagnosis care could often manage.

    The other diagnoses of the spell stand beside it, any of which will do for some conditions.
    """
    for start, coded in reader.coded_spells():
        codes = {event["code"] for event in coded}
        first = {event["code"] for event in coded if event["position"] == 1}
        further = codes - (first & {SICKLE_CELL})
        if any(acsc(code, further - {code}) for code in first):
            yield start


def _attendances(reader: Reader, days: int) -> Iterator[tuple[str, float]]:
    yield "ed_attendances", within(reader.attendances("emergency_department"), days)
    yield "ed_out_of_hours", within(reader.out_of_hours(), days)
    yield "day_cases", within(reader.attendances("day_case"), days)
    for attendance, name in (("attended", "attended"), ("did_not_attend", "missed")):
        yield f"outpatient_{name}", within(reader.attendances("outpatient", attendance), days)


def _contacts(reader: Reader, days: int) -> Iterator[tuple[str, float]]:
    yield "gp_contacts", len(set(reader.contacts("gp", days=days)))
    yield "gp_home_visits", len(set(reader.contacts("gp", HOME_VISIT, days=days)))
    yield "gp_telephone", len(set(reader.contacts("gp", TELEPHONE, days=days)))
    yield "gp_missed", len(reader.contacts("gp", missed=True, days=days))
    yield "community_contacts", len(set(reader.contacts("csds", days=days)))
    yield "community_missed", len(reader.contacts("csds", missed=True, days=days))


def _medicines(reader: Reader, days: int) -> Iterator[tuple[str, float]]:
    classes = reader.classes(days)
    yield "medicine_items", len(reader.medicines(days))
    yield "medicine_kinds", len({item["code"][:4] for item in reader.medicines(days)})
    yield "medicine_substances", len({item["code"][:9] for item in reader.medicines(days)})
    yield "falls_risk_medicines", len(FALLS_RISK & set(classes))
    yield "high_risk_medicines", len(HIGH_RISK & set(classes))
    for name in CLASSES.values():
        yield name, float(name in classes) if days == WINDOWS[0] else classes.count(name)


def _changes(reader: Reader, days: int) -> Iterator[tuple[str, float]]:
    issued = [reader.ago(item["event_date"]) for item in reader.medicines(2 * days)]
    yield "emergency_admissions_change", change(reader.starts(reader.emergencies()), days)
    yield "ed_attendances_change", change(reader.attendances("emergency_department"), days)
    yield "outpatient_change", change(reader.attendances("outpatient", "attended"), days)
    yield "gp_contacts_change", change(reader.contacts("gp"), days)
    yield "medicine_items_change", change(issued, days)


def _support_within(reader: Reader, days: int) -> Iterator[tuple[str, float]]:
    families = set(FAMILIES.values())
    yield "services_started", sum(within(reader.started(name), days) > 0 for name in families)
    yield "services_stopped", sum(within(reader.stopped(name), days) > 0 for name in families)


def _support_now(reader: Reader) -> Iterator[tuple[str, float]]:
    for name in set(FAMILIES.values()):
        current = reader.in_force(name)
        yield f"service_{name}", float(len(current) > 0)
        yield f"started_{name}_90", float(within(reader.started(name), 90) > 0)
        yield f"stopped_{name}_90", float(within(reader.stopped(name), 90) > 0)
        if name != "voluntary_sector":
            minutes = sum(service["minutes_per_week"] or 0 for service in current)
            yield f"minutes_{name}", minutes
    in_place = [name for name in set(FAMILIES.values()) if reader.in_force(name)]
    yield "services_current", len(in_place)
    address = reader.address()
    yield "imd_decile", address["imd_decile"] if address else math.nan
    days = min(reader.ago(address["start_date"]), HISTORY) if address else math.nan
    yield "address_days", days
    starts = {reader.ago(home["start_date"]) for home in reader.homes}
    moves = starts - {max(starts, default=0)}
    yield "home_moves_365", within(moves, 365)
    yield "home_moves_1095", within(moves, 1095)


def _since(reader: Reader) -> Iterator[tuple[str, float]]:
    admitted = reader.starts(reader.emergencies())
    left = [reader.ago(spell["end"]) for spell in reader.spells if spell["end"]]
    seen = reader.attendances("outpatient", "attended")
    yield "days_since_emergency_admission", latest(admitted, HISTORY)
    yield "first_emergency_admission", earliest(admitted, HISTORY)
    yield "days_since_discharge", latest(left, HISTORY)
    yield "days_since_outpatient", latest(seen, HISTORY)
    yield "days_since_gp_contact", latest(reader.contacts("gp"), HISTORY)


def _measurements(reader: Reader) -> Iterator[tuple[str, float]]:
    by_name = {"systolic_bp": SYSTOLIC, "bmi": BMI}
    for name, code in by_name.items():
        readings = reader.readings(code, 730)
        yield name, readings[-1][1] if readings else math.nan
        yield f"{name}_slope", slope(readings)
        yield f"{name}_readings_365", within([day for day, _ in readings], 365)
        yield f"{name}_days", latest([day for day, _ in readings], 730)
    yield "bmi_loss", loss(reader.readings(BMI, 730))
    for days in (365, 730):
        yield f"tests_done_{days}", sum(bool(reader.readings(c, days)) for c in by_name.values())
    tested = [day for code in by_name.values() for day, _ in reader.readings(code, 730)]
    yield "days_since_test", latest(tested, 730)


def _conditions(reader: Reader) -> Iterator[tuple[str, float]]:
    found = reader.conditions(HISTORY)
    long_term = found.keys() - NOT_LONG_TERM
    for name in {*CONDITIONS.values()} - NOT_LONG_TERM:
        yield name, float(name in found)
        yield f"{name}_first_days", earliest(found.get(name, []), HISTORY)
    yield "delirium", float("delirium" in found)
    yield "conditions_count", len(long_term)
    yield "mental_conditions", len(long_term & MENTAL)
    yield "physical_conditions", len(long_term - MENTAL)
    yield "days_since_condition", latest([d for name in long_term for d in found[name]], HISTORY)


def _scores(reader: Reader) -> Iterator[tuple[str, float]]:
    yield "charlson", charlson(reader.hospital_codes(HISTORY))
    yield "elixhauser", elixhauser(reader.hospital_codes(HISTORY))
    yield "imperial_frailty", len(imperial_frailty(reader.hospital_codes(730)))
    yield "cambridge_multimorbidity", cambridge_multimorbidity(_long_term(reader)) / 100
    coded = [e["code"] for start, events in reader.coded_spells() if start <= 730 for e in events]
    yield "hfrs", hfrs(coded) / 10 if coded else math.nan
    substances = len({item["code"][:9] for item in reader.medicines(365)})
    deficits = efi_deficits_of(reader.conditions(HISTORY, "gp"))
    yield "efi", efi(deficits, substances) / 36 if reader.age() >= 65 else math.nan


def _long_term(reader: Reader) -> set[str]:
    return reader.conditions(HISTORY).keys() - NOT_LONG_TERM


def _expected(reader: Reader) -> dict[str, float]:
    values: dict[str, float] = {}
    for days in WINDOWS:
        for family in (_admissions, _attendances, _contacts, _medicines, _changes, _support_within):
            values |= {f"{name}_{days}": value for name, value in family(reader, days)}
    for family in (_support_now, _since, _measurements, _conditions, _scores):
        values |= dict(family(reader))
    return values


@pytest.mark.parametrize("seed", range(6))
def test_queries_agree_with_a_naive_loop(seed):
    """Counts, nights, days since, conditions, indices, measurements; boundary days on purpose."""
    history = _random_history(seed)
    matrix = history.matrix(index_dates=INDEX_DATES)
    for row, key in enumerate(matrix.keys.itertuples()):
        expected = _expected(Reader(history, key.patient_id, key.index_date.date()))
        found = {name: float(matrix.column(name)[row]) for name in expected}
        assert found == pytest.approx(expected, nan_ok=True, abs=1e-5, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_changes_are_missing_for_people_registered_for_less_than_both_windows(seed):
    """Whether there are facts or not; somebody without a known registration is left as is."""
    history = _random_history(100 + seed)
    rng = np.random.default_rng(seed)
    edges = [90, 179, 180, 181, 200 + 179, 200 + 180, 365, 729, 730, 731, 929, 930, 2000]
    for row in history.rows["patients"]:
        for start in rng.choice(edges, rng.integers(0, 3)):
            late = days_before(int(start) - int(rng.integers(0, 200)))
            dates = {"start_date": days_before(int(start)), "recorded_date": late}
            history.add("registrations", row["patient_id"], **dates)
    matrix = history.matrix(index_dates=INDEX_DATES)
    for row, key in enumerate(matrix.keys.itertuples()):
        reader = Reader(history, key.patient_id, key.index_date.date())
        known = [reader.ago(entry["start_date"]) for entry in reader.registrations]
        for days in WINDOWS:
            is_short = bool(known) and max(known) < 2 * days
            for name, value in _changes(reader, days):
                found = float(matrix.column(f"{name}_{days}")[row])
                assert found == pytest.approx(math.nan if is_short else value, nan_ok=True)


# ---------------------------------------------------------------- features of one's own

OWN_DIAGNOSES = (("icd10", ("I50", "E112", "W19")), ("snomed", ("88805009", "44054006")))
READINGS = ("measurement", "observation")


def _own_features(folder: Path) -> list[tuple[AddedFeature, tuple[str, ...], tuple[str, ...]]]:
    """One of each rule, with its codes and the kinds of event that count."""
    found = []
    for how in get_args(AddedRule):
        lists = (("snomed", (SYSTOLIC, BMI)),) if how in VALUE_RULES else OWN_DIAGNOSES
        for system, codes in lists:
            file = f"{how}_{system}.csv"
            (folder / file).write_text("\n".join(["code", *codes]), "utf-8")
            feature = AddedFeature(f"own_{how}_{system}", how, "other", file, system, how=how)
            kinds = READINGS if how in VALUE_RULES else ("diagnosis", "observation")
            found.append((feature, codes, kinds))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_features_of_ones_own_agree_with_a_naive_loop(seed, tmp_path):
    """Every rule, over codes that count by their beginning and codes that count as a whole."""
    history = _random_history(200 + seed)
    own = _own_features(tmp_path)

    def with_own(settings: str) -> Study:
        made = replace(study(settings), folder=tmp_path)
        return made.with_features(*(feature for feature, *_ in own))

    matrix = history.matrix(index_dates=INDEX_DATES, of=with_own)
    for row, key in enumerate(matrix.keys.itertuples()):
        reader = Reader(history, key.patient_id, key.index_date.date())
        for feature, codes, kinds in own:
            for days in WINDOWS:
                found = float(matrix.column(f"{feature.name}_{days}")[row])
                expected = reader.own(feature.how, codes, kinds, days)
                assert found == pytest.approx(expected, nan_ok=True, abs=1e-3, rel=1e-5)
