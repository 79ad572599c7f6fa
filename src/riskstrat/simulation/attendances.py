"""Planned hospital care and attendances: elective stays, day cases, clinics, emergency care."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.catalogue import column, numbers, rows
from riskstrat.simulation.district import District
from riskstrat.simulation.feeds import EMERGENCY_CARE, HOSPITAL
from riskstrat.simulation.history import History
from riskstrat.simulation.hospital import PROVIDERS, Coded, EmergencyStays
from riskstrat.simulation.ledger import Choice, Ledger
from riskstrat.simulation.people import MIDDLE_DECILE
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask, occurrences

__all__ = ["write_clinics", "write_emergency_care", "write_planned_stays"]

_AGES = (10, 30, 50, 65, 75, 85, 95)
_PLANNED_RATE = (0.03, 0.05, 0.12, 0.26, 0.32, 0.26, 0.14)
"""Elective stays and day cases a year, by age; about a quarter stay a night."""
_PER_CONDITION = 0.10
"""Added to the log rate of planned care per condition."""
_PLANNED_METHODS = ("11", "12", "13")
_PLANNED_METHOD_SHARES = (0.55, 0.30, 0.15)
_PLANNED_NIGHTS = 2.6
_LONGEST_PLANNED = 20
_CLEAR_DAYS = 4
"""Days kept free between a planned stay and any other, so that no stay continues another."""

_CLINIC_RATE = (0.5, 0.7, 1.0, 1.6, 2.0, 1.8, 1.2)
_CLINIC_SPECIALTIES = ("130", "110", "320", "340", "300", "410", "101", "330", "430", "301")
_ATTENDANCE = ("attended", "did_not_attend", "cancelled")
_DID_NOT_ATTEND_AGES = (20, 40, 70)
_DID_NOT_ATTEND = (0.12, 0.09, 0.045)
_CANCELLED = 0.05

_EMERGENCY_CARE_RATE = (0.33, 0.30, 0.22, 0.22, 0.30, 0.45, 0.55)
"""Attendances a year that do not lead to admission, by age."""
_DEPRIVATION = 0.05
_EMERGENCY_CARE_SPECIALTY = "180"
_MINUTES_A_DAY = 24 * 60


def _rate(district: District, rates: tuple[float, ...]) -> Floats:
    by_age = np.interp(district.age, _AGES, rates)
    rate: Floats = by_age * np.exp(_PER_CONDITION * district.condition_count)
    return rate


@dataclass(frozen=True)
class _Planned:
    person: npt.NDArray[np.int64]
    start: Days
    end: Days
    cause: npt.NDArray[np.int64]

    def keep(self, kept: Mask) -> _Planned:
        return _Planned(self.person[kept], self.start[kept], self.end[kept], self.cause[kept])


def write_planned_stays(rng: np.random.Generator, ledger: Ledger, district: District) -> None:
    """Write elective stays and day cases, clear of every other stay."""
    planned = _planned(rng, district)
    planned = planned.keep(_is_clear(planned, district.history))
    recorded = HOSPITAL.recorded(rng, planned.end)
    coded = Coded.of("P", planned.person, planned.start, recorded)
    kinds = column("elective_causes", "kind")
    day_case = np.array([kind == "day_case" for kind in kinds])[planned.cause]
    count = len(planned.person)
    methods = rng.choice(len(_PLANNED_METHODS), count, p=_PLANNED_METHOD_SHARES)
    ledger.add(
        "stays",
        planned.person,
        stay_id=coded.stay_id,
        kind=Choice(kinds, planned.cause),
        start_date=planned.start,
        start_time=rng.integers(7 * 60, 14 * 60, count),
        end_date=planned.end,
        patient_class=Choice(("1", "2"), day_case.astype(np.int64)),
        admission_source="19",
        admission_method=Choice(_PLANNED_METHODS, methods),
        is_emergency=False,
        specialty=Choice(column("elective_causes", "specialty"), planned.cause),
        discharge_method="1",
        discharge_destination="19",
        provider=Choice(PROVIDERS, planned.person % len(PROVIDERS)),
        recorded_date=recorded,
    )
    for kind, system in (("diagnosis", "icd10"), ("procedure", "opcs4")):
        code = Choice(column("elective_causes", system), planned.cause)
        coded.write(ledger, np.arange(count), kind=kind, system=system, code=code, position=1)


def _planned(rng: np.random.Generator, district: District) -> _Planned:
    rate = _rate(district, _PLANNED_RATE)
    person, start = occurrences(rng, rate, district.people.entry, district.stop)
    weight = numbers("elective_causes", "weight")
    cause = rng.choice(len(weight), len(person), p=weight / weight.sum())
    overnight = np.array([row["kind"] == "inpatient" for row in rows("elective_causes")])[cause]
    nights = np.clip(rng.geometric(1 / _PLANNED_NIGHTS, len(person)), 1, _LONGEST_PLANNED)
    end = start + np.where(overnight, nights, 0)
    planned = _Planned(person, start, end, cause)
    return planned.keep(end < district.stop[person])


def _is_clear(planned: _Planned, history: History) -> Mask:
    """Planned stays with no other stay, planned or not, within the clear days."""
    found = history.admissions
    person = np.concatenate([planned.person, found.person])
    start = np.concatenate([planned.start, found.start])
    end = np.concatenate([planned.end, found.end])
    order = np.lexsort((start, person))
    person, start, end = person[order], start[order], end[order]
    offset = person * (2 * NEVER)
    latest = np.maximum.accumulate(end + offset)
    clear = np.ones(len(order), dtype=bool)
    clear[1:] &= latest[:-1] + _CLEAR_DAYS < start[1:] + offset[1:]
    clear[:-1] &= latest[:-1] + _CLEAR_DAYS < start[1:] + offset[1:]
    result = np.empty_like(clear)
    result[order] = clear
    return result[: len(planned.person)]


def write_clinics(rng: np.random.Generator, ledger: Ledger, district: District) -> None:
    """Write outpatient appointments, some of which were not kept."""
    rate = _rate(district, _CLINIC_RATE) * district.people.contact_rate
    person, day = occurrences(rng, rate, district.people.entry, district.stop)
    missed = np.interp(district.age[person], _DID_NOT_ATTEND_AGES, _DID_NOT_ATTEND)
    drawn = rng.random(len(person))
    kept = np.select([drawn < missed, drawn < missed + _CANCELLED], [1, 2], 0)
    recorded = HOSPITAL.recorded(rng, day)
    specialty = rng.integers(0, len(_CLINIC_SPECIALTIES), len(person))
    ledger.add(
        "stays",
        person,
        stay_id=Coded.of("O", person, day, recorded).stay_id,
        kind="outpatient",
        start_date=day,
        end_date=day,
        is_emergency=False,
        attendance=Choice(_ATTENDANCE, kept),
        specialty=Choice(_CLINIC_SPECIALTIES, specialty),
        provider=Choice(PROVIDERS, person % len(PROVIDERS)),
        recorded_date=recorded,
    )


def write_emergency_care(
    rng: np.random.Generator, ledger: Ledger, district: District, stays: EmergencyStays
) -> None:
    """Write emergency-department attendances: those that led to admission, and the others."""
    people = district.people
    rate = _rate(district, _EMERGENCY_CARE_RATE)
    rate *= np.exp(_DEPRIVATION * (MIDDLE_DECILE - people.decile))
    person, day = occurrences(rng, rate, people.entry, district.stop)
    time = rng.integers(0, _MINUTES_A_DAY, len(person))
    through = stays.through_emergency_department
    waited = np.minimum(rng.integers(30, 360, len(through)), stays.time)
    person = np.concatenate([person, stays.person[through]])
    day = np.concatenate([day, stays.start[through]])
    recorded = EMERGENCY_CARE.recorded(rng, day)
    ledger.add(
        "stays",
        person,
        stay_id=Coded.of("A", person, day, recorded).stay_id,
        kind="emergency_department",
        start_date=day,
        start_time=np.concatenate([time, (stays.time - waited)[through]]),
        end_date=day,
        is_emergency=False,
        attendance="attended",
        specialty=_EMERGENCY_CARE_SPECIALTY,
        provider=Choice(PROVIDERS, person % len(PROVIDERS)),
        recorded_date=recorded,
    )
