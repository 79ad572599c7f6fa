"""The practice record: diagnoses and reviews, contacts, medicines, measurements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.catalogue import column, condition_index, rows
from riskstrat.simulation.district import District
from riskstrat.simulation.feeds import GP, GP_HISTORY_DAYS
from riskstrat.simulation.ledger import Choice, Ledger
from riskstrat.simulation.timeline import Days, Floats, Mask, ages, occurrences

__all__ = ["write_contacts", "write_diagnoses", "write_measurements", "write_medicines"]

_CODED_BY_GP = 0.93
_DAYS_TO_DIAGNOSIS = 60.0
_REVIEWS_A_YEAR = 1.4

_FALL = "1912002"
_FALL_AGES = (60, 70, 80, 95)
_FALLS_A_YEAR = (0.005, 0.03, 0.09, 0.20)
"""Falls told to the practice; most falls are not."""

_CONTACT_AGES = (2, 10, 30, 55, 70, 80, 90)
_CONTACT_RATE = (6.0, 2.5, 3.5, 5.5, 7.0, 9.5, 12.0)
"""Contacts and appointments a year by age (Hobbs et al. 2016, doi:10.1016/S0140-6736(16)00620-6),
of which people with conditions take more."""
_CONTACT_PER_CONDITION = 0.08
_CONTACTS = ("308335008", "185317003", "439708006")
_TELEPHONE = 0.25
_HOME_VISIT_AGES = (75, 95)
_HOME_VISIT = (0.0, 0.35)
_APPOINTMENT = 0.6
_MISSED = 0.04
_ATTENDANCE = ("attended", "did_not_attend")

_ANY_AGE_MEDICINE_AGES = (25, 65, 85)
_ANY_AGE_MEDICINE = (0.25, 1.8, 2.8)
"""Factor on the probability of a medicine that belongs to no listed condition, by age."""
_ISSUE_JITTER_DAYS = 4
_DAYS_TO_TREATMENT = 30
_ANTIBIOTIC = "0501013B0AAA1A1"
_ANTIBIOTIC_RATE = 0.35

_BLOOD_PRESSURE = (0.35, 0.7)
_BLOOD_TEST = (0.25, 0.55)
"""Measurements a year of an adult without conditions, and added per condition (at most four)."""
_MOST_COUNTED = 4
_ADULT = 18


def write_diagnoses(rng: np.random.Generator, ledger: Ledger, district: District) -> None:
    """Write each condition once at its diagnosis, and again at yearly reviews."""
    people = district.people
    earliest = np.maximum(people.birth, district.period.first - GP_HISTORY_DAYS)
    person, condition = np.nonzero(people.onset < district.stop[:, None])
    coded = rng.random(len(person)) < _CODED_BY_GP
    person, condition = person[coded], condition[coded]
    wait = rng.exponential(_DAYS_TO_DIAGNOSIS, len(person)).astype(np.int64)
    day = np.maximum(people.onset[person, condition], earliest[person]) + wait
    known = day < district.stop[person]
    person, condition, day = person[known], condition[known], day[known]
    _write_conditions(ledger, district, (person, condition, day), "diagnosis")
    start = np.maximum(day, people.entry[person])
    row, review = occurrences(rng, _REVIEWS_A_YEAR, start, district.stop[person])
    _write_conditions(ledger, district, (person[row], condition[row], review), "observation")
    _write_falls(rng, ledger, district)


def _write_falls(rng: np.random.Generator, ledger: Ledger, district: District) -> None:
    people = district.people
    unsteady = [condition_index(name) for name in ("dementia", "parkinsons", "stroke_tia")]
    begun = (people.onset[:, unsteady] <= district.halfway[:, None]).any(axis=1)
    rate = np.interp(district.age, _FALL_AGES, _FALLS_A_YEAR) * np.where(begun, 2.0, 1.0)
    person, day = occurrences(rng, rate, people.entry, district.stop)
    ledger.add(
        "events",
        person,
        kind="observation",
        event_date=day,
        source=GP.name,
        system="snomed",
        code=_FALL,
        text="Fall",
        recorded_date=day + GP.lag_days,
    )


def _write_conditions(
    ledger: Ledger, district: District, facts: tuple[Days, Days, Days], kind: str
) -> None:
    person, condition, day = facts
    ledger.add(
        "events",
        person,
        kind=kind,
        event_date=day,
        source=GP.name,
        system="snomed",
        code=Choice(column("conditions", "snomed"), condition),
        text=Choice(column("conditions", "term"), condition),
        recorded_date=np.maximum(day, district.people.registered[person]) + GP.lag_days,
    )


def write_contacts(rng: np.random.Generator, ledger: Ledger, district: District) -> None:
    """Write consultations, by telephone, at the practice or at home, and kept appointments."""
    people = district.people
    rate = np.interp(district.age, _CONTACT_AGES, _CONTACT_RATE) * people.contact_rate
    rate *= np.exp(_CONTACT_PER_CONDITION * np.minimum(district.condition_count, 6))
    person, day = occurrences(rng, rate, people.entry, district.stop)
    drawn = rng.random(len(person))
    home = np.interp(district.age[person], _HOME_VISIT_AGES, _HOME_VISIT)
    place = np.select([drawn < home, drawn < home + _TELEPHONE], [2, 1], 0)
    booked = (rng.random(len(person)) < _APPOINTMENT) & (place == 0)
    missed = rng.random(len(person)) < _MISSED
    for chosen, kind in ((booked, "appointment"), (~booked, "contact")):
        kept = missed[chosen].astype(np.int64) if kind == "appointment" else None
        ledger.add(
            "events",
            person[chosen],
            kind=kind,
            event_date=day[chosen],
            source=GP.name,
            system="snomed",
            code=Choice(_CONTACTS, place[chosen]),
            attendance=None if kept is None else Choice(_ATTENDANCE, kept),
            recorded_date=day[chosen] + GP.lag_days,
        )


def write_medicines(rng: np.random.Generator, ledger: Ledger, district: District) -> None:
    """Write every issue of repeat medicines, and short courses of an antibiotic."""
    people = district.people
    codes, words = column("medicines", "bnf"), column("medicines", "text")
    for number, medicine in enumerate(rows("medicines")):
        person, start = _treated(rng, district, medicine)
        row, issue = _issues(rng, start, district.stop[person], int(medicine["interval_days"]))
        _write_issues(ledger, person[row], issue, Choice(codes, np.full(len(row), number)), words)
    person, day = occurrences(rng, _ANTIBIOTIC_RATE, people.entry, district.stop)
    code = Choice((_ANTIBIOTIC,), np.zeros(len(person), np.int64))
    _write_issues(ledger, person, day, code, ("Amoxicillin 250mg tablets",))


def _treated(
    rng: np.random.Generator, district: District, medicine: dict[str, str]
) -> tuple[npt.NDArray[np.int64], Days]:
    people = district.people
    probability: float | Floats = float(medicine["probability"])
    drawn = rng.random(len(people))
    wait = rng.integers(0, _DAYS_TO_TREATMENT, len(people))
    if medicine["condition"]:
        onset = people.onset[:, condition_index(medicine["condition"])]
        start = np.maximum(onset, people.entry) + wait
    else:
        factor = np.interp(district.age, _ANY_AGE_MEDICINE_AGES, _ANY_AGE_MEDICINE)
        probability = probability * factor * (district.age >= _ADULT)
        start = people.entry + wait
    person = np.flatnonzero((drawn < probability) & (start < district.stop))
    return person, start[person]


def _issues(
    rng: np.random.Generator, start: Days, stop: Days, interval: int
) -> tuple[npt.NDArray[np.int64], Days]:
    counts = (stop - start + interval - 1) // interval
    row = np.repeat(np.arange(len(start)), counts)
    number = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    day = start[row] + number * interval + rng.integers(0, _ISSUE_JITTER_DAYS, len(row))
    kept = day < stop[row]
    return row[kept], day[kept]


def _write_issues(
    ledger: Ledger,
    person: npt.NDArray[np.int64],
    day: Days,
    code: Choice,
    words: tuple[str, ...],
) -> None:
    ledger.add(
        "events",
        person,
        kind="medication",
        event_date=day,
        source=GP.name,
        system="bnf",
        code=code,
        text=Choice(words, code.positions),
        recorded_date=day + GP.lag_days,
    )


@dataclass(frozen=True)
class _Result:
    code: str
    text: str
    unit: str
    values: Floats
    measured: Mask


def write_measurements(rng: np.random.Generator, ledger: Ledger, district: District) -> None:
    """Write blood pressure, body mass index and blood tests, related to age and conditions."""
    adult = district.age >= _ADULT
    for rates, results in ((_BLOOD_PRESSURE, _pressures), (_BLOOD_TEST, _bloods)):
        rate = rates[0] + rates[1] * np.minimum(district.condition_count, _MOST_COUNTED)
        person, day = occurrences(rng, rate * adult, district.people.entry, district.stop)
        for result in results(rng, district, person, day):
            rows_measured = np.flatnonzero(result.measured)
            ledger.add(
                "events",
                person[rows_measured],
                kind="measurement",
                event_date=day[rows_measured],
                source=GP.name,
                system="snomed",
                code=result.code,
                value=np.round(result.values[rows_measured], 1),
                unit=result.unit,
                text=result.text,
                recorded_date=day[rows_measured] + GP.lag_days,
            )


def _has(district: District, name: str, person: Days, day: Days) -> Mask:
    has: Mask = district.people.onset[person, condition_index(name)] <= day
    return has


def _usual(rng: np.random.Generator, district: District, person: Days) -> Floats:
    """A person's own level, the same at every measurement, in standard deviations."""
    return rng.standard_normal(len(district.people))[person]


def _pressures(
    rng: np.random.Generator, district: District, person: Days, day: Days
) -> Iterator[_Result]:
    age = ages(district.people.birth[person], day)
    noise = rng.standard_normal((4, len(person)))
    high = _has(district, "hypertension", person, day)
    systolic = 116 + 0.25 * age + 9 * high + 7 * _usual(rng, district, person) + 9 * noise[0]
    diastolic = 74 + 4 * high - 0.1 * np.maximum(age - 60, 0) + 7 * noise[1]
    mass = 27 + 3 * _has(district, "diabetes", person, day) - 0.12 * np.maximum(age - 75, 0)
    mass = mass + 4.5 * _usual(rng, district, person) + 0.6 * noise[2]
    every = np.ones(len(person), dtype=bool)
    yield _Result("271649006", "Systolic blood pressure", "mmHg", systolic, every)
    yield _Result("271650006", "Diastolic blood pressure", "mmHg", diastolic, every)
    yield _Result("60621009", "Body mass index", "kg/m2", np.maximum(mass, 13), noise[3] > 0)


def _bloods(
    rng: np.random.Generator, district: District, person: Days, day: Days
) -> Iterator[_Result]:
    age = ages(district.people.birth[person], day)
    old = np.maximum(age - 50, 0)
    noise = rng.standard_normal((6, len(person)))
    usual = [_usual(rng, district, person) for _ in range(4)]
    kidney, cancer, liver, diabetes, heart = (
        _has(district, name, person, day)
        for name in ("ckd", "cancer", "chronic_liver", "diabetes", "heart_failure")
    )
    haemoglobin = np.where(district.people.female[person], 133, 147) - 0.25 * old
    haemoglobin = haemoglobin - 9 * kidney - 10 * cancer + 8 * usual[0] + 5 * noise[0]
    filtration = 98 - 0.75 * old - 26 * kidney + 9 * usual[1] + 4 * noise[1]
    sugar = np.where(diabetes, 56 + 12 * usual[2], 38 + 2.5 * usual[2]) + 3 * noise[2]
    sodium = 140 - 1.5 * heart - 2 * liver + 1.2 * usual[3] + 1.8 * noise[3]
    albumin = 44 - 0.08 * old - 3 * cancer - 6 * liver + 2.5 * noise[4]
    every = np.ones(len(person), dtype=bool)
    asked = diabetes | (noise[5] > 1)
    yield _Result("1022431000000105", "Haemoglobin estimation", "g/L", haemoglobin, every)
    yield _Result(
        "1011481000000105",
        "Estimated GFR (CKD-EPI)",
        "mL/min/1.73m2",
        np.clip(filtration, 5, 120),
        every,
    )
    yield _Result("999791000000106", "HbA1c (IFCC)", "mmol/mol", np.maximum(sugar, 20), asked)
    yield _Result("1000661000000107", "Serum sodium", "mmol/L", sodium, every)
    yield _Result("1000821000000103", "Serum albumin", "g/L", np.maximum(albumin, 15), every)
