"""Hospital records: emergency and planned stays, attendances, and their codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.catalogue import column, condition_index, numbers
from riskstrat.simulation.district import District
from riskstrat.simulation.feeds import HOSPITAL
from riskstrat.simulation.history import History
from riskstrat.simulation.ledger import Choice, Ledger
from riskstrat.simulation.people import People
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask, ages, winter

__all__ = ["PROVIDERS", "Coded", "EmergencyStays", "emergency_stays", "write_emergency_stays"]

PROVIDERS = ("ZZH01", "ZZH02", "ZZH03")
"""Five characters that begin with two Zs: no trust or site has such a code."""

_METHODS = ("21", "22", "23", "24", "2A", "2D")
_METHOD_SHARES = (0.72, 0.12, 0.03, 0.05, 0.05, 0.03)
_TRANSFERRED = 0.04
_TRANSFERRED_NIGHTS = 3
"""Stays of at least this many nights may continue in another hospital."""
_TRANSFERRED_AS_EMERGENCY = 0.35
_FROM_OUTSIDE = 0.006
"""Admitted as a transfer from a hospital outside the district, whose stay is not in the records."""
_CLEAR_DAYS = 4
"""Days since the last stay that make sure that such an admission continues none of ours."""
_HOSPITAL_WARD = "51"
_MINUTES_A_DAY = 24 * 60
_CODED_IN_HOSPITAL = 0.85
_AGEING = 65


@dataclass(frozen=True)
class EmergencyStays:
    """Emergency admissions as hospital stays; a transfer makes two of one admission.

    Parameters
    ----------
    admission : ndarray of int
        Position of the admission in the history.
    part : ndarray of int
        0 = the stay the person was admitted to, 1 = the stay after a transfer.
    transferred : ndarray of bool
        This stay ended in, or began with, a transfer.
    """

    admission: npt.NDArray[np.int64]
    person: npt.NDArray[np.int64]
    start: Days
    end: Days
    part: npt.NDArray[np.int64]
    transferred: Mask
    from_outside: Mask
    method: npt.NDArray[np.int64]
    recorded: Days
    finished: Mask
    time: npt.NDArray[np.int64]

    @property
    def through_emergency_department(self) -> Mask:
        """Stays that began in the hospital's own emergency department (method 21)."""
        chosen: Mask = (self.method == 0) & (self.part == 0) & ~self.from_outside
        return chosen


@dataclass(frozen=True)
class Coded:
    """Stays that carry coded facts, one position per stay."""

    person: npt.NDArray[np.int64]
    start: Days
    recorded: Days
    stay_id: list[str]

    @classmethod
    def of(cls, letter: str, person: npt.NDArray[np.int64], start: Days, recorded: Days) -> Coded:
        """Stays with identifiers: a letter for the kind of stay and a running number."""
        return cls(person, start, recorded, [f"{letter}{n:09d}" for n in range(len(person))])

    def write(self, ledger: Ledger, rows: npt.NDArray[np.int64], **columns: Any) -> None:
        """Write one coded fact for each of `rows`."""
        ledger.add(
            "events",
            self.person[rows],
            event_date=self.start[rows],
            source="hospital",
            stay_id=Choice(self.stay_id, rows),
            recorded_date=self.recorded[rows],
            **columns,
        )


def emergency_stays(rng: np.random.Generator, district: District) -> EmergencyStays:
    """Split admissions into stays and draw how people came in."""
    history, period = district.history, district.period
    found = history.admissions
    nights = found.end - found.start
    finished = found.end <= period.last
    splits = (nights >= _TRANSFERRED_NIGHTS) & finished & (rng.random(len(nights)) < _TRANSFERRED)
    admission = np.concatenate([np.arange(len(nights)), np.flatnonzero(splits)])
    part = np.repeat([0, 1], [len(nights), int(splits.sum())])
    middle = found.start + nights // 2
    first = part == 0
    moved = splits[admission]
    start = np.where(first, found.start[admission], middle[admission])
    end = np.where(first & moved, middle[admission], found.end[admission])
    known = np.where(finished[admission], end, period.last)
    outside = _clear_before(history) & (rng.random(len(nights)) < _FROM_OUTSIDE)
    return EmergencyStays(
        admission=admission,
        person=found.person[admission],
        start=start,
        end=np.where(finished[admission], end, NEVER),
        part=part,
        transferred=moved,
        from_outside=outside[admission] & first,
        method=rng.choice(len(_METHODS), len(admission), p=_METHOD_SHARES),
        recorded=HOSPITAL.recorded(rng, known),
        finished=finished[admission],
        time=rng.integers(0, _MINUTES_A_DAY, len(admission)),
    )


def _clear_before(history: History) -> Mask:
    """Admissions with no emergency stay of the same person in the days before."""
    found = history.admissions
    order = np.lexsort((found.start, found.person))
    person, start, end = found.person[order], found.start[order], found.end[order]
    clear = np.ones(len(order), dtype=bool)
    clear[1:] = (person[1:] != person[:-1]) | (start[1:] - end[:-1] >= _CLEAR_DAYS)
    result = np.empty_like(clear)
    result[order] = clear
    return result


def write_emergency_stays(
    rng: np.random.Generator, ledger: Ledger, district: District, stays: EmergencyStays
) -> None:
    """Write the stays with their codes."""
    people, history = district.people, district.history
    died = history.admissions.died[stays.admission] & stays.finished
    last = ~(stays.transferred & (stays.part == 0))
    in_care_home = history.care_home[stays.person]
    coded = Coded.of("E", stays.person, stays.start, stays.recorded)
    ledger.add(
        "stays",
        stays.person,
        stay_id=coded.stay_id,
        kind="inpatient",
        start_date=stays.start,
        start_time=stays.time,
        end_date=stays.end,
        patient_class="1",
        admission_source=_source(stays, in_care_home < stays.start),
        admission_method=_method(rng, stays),
        is_emergency=stays.part == 0,
        specialty=Choice(("300", "430"), (_age(people, stays) >= _AGEING).astype(np.int64)),
        discharge_method=Choice(("1", "4"), np.where(stays.finished, (died & last) * 1, -1)),
        discharge_destination=_destination(stays, died & last, in_care_home <= stays.end),
        provider=Choice(PROVIDERS, (stays.person + stays.part) % len(PROVIDERS)),
        recorded_date=stays.recorded,
    )
    _write_codes(rng, ledger, people, stays, coded)


def _age(people: People, stays: EmergencyStays) -> Floats:
    return ages(people.birth[stays.person], stays.start)


def _method(rng: np.random.Generator, stays: EmergencyStays) -> Choice:
    labels = (*_METHODS, "2B", "81")
    as_emergency = rng.random(len(stays.part)) < _TRANSFERRED_AS_EMERGENCY
    transfer = np.where(as_emergency | stays.from_outside, len(_METHODS), len(_METHODS) + 1)
    return Choice(labels, np.where((stays.part == 1) | stays.from_outside, transfer, stays.method))


def _source(stays: EmergencyStays, care_home: Mask) -> Choice:
    from_ward = (stays.part == 1) | stays.from_outside
    return Choice(("19", "85", _HOSPITAL_WARD), np.where(from_ward, 2, care_home * 1))


def _destination(stays: EmergencyStays, died: Mask, care_home: Mask) -> Choice:
    to_ward = stays.transferred & (stays.part == 0)
    place = np.select([~stays.finished, died, to_ward, care_home], [-1, 3, 2, 1], 0)
    return Choice(("19", "85", _HOSPITAL_WARD, "79"), place)


def _write_codes(
    rng: np.random.Generator, ledger: Ledger, people: People, stays: EmergencyStays, coded: Coded
) -> None:
    """ICD-10 codes of finished stays: the cause first, then conditions and signs of ageing."""
    primary = _causes(rng, people, stays)
    conditions = people.onset[stays.person] <= stays.start[:, None]
    recorded = conditions & (rng.random(conditions.shape) < _CODED_IN_HOSPITAL)
    signs = rng.random((len(stays.person), len(column("secondary_codes", "icd10"))))
    present = np.column_stack([recorded, signs < _sign_share(people, stays, conditions)])
    causes = column("admission_causes", "icd10")
    labels = (*column("conditions", "icd10"), *column("secondary_codes", "icd10"))
    present &= np.array(labels) != np.array(causes)[primary][:, None]
    present &= stays.finished[:, None]
    rows, code = np.nonzero(present)
    position = 1 + np.cumsum(present, axis=1)[rows, code]
    finished = np.flatnonzero(stays.finished)
    facts = {"kind": "diagnosis", "system": "icd10"}
    coded.write(ledger, finished, **facts, code=Choice(causes, primary[finished]), position=1)
    coded.write(ledger, rows, **facts, code=Choice(labels, code), position=position)


def _causes(
    rng: np.random.Generator, people: People, stays: EmergencyStays
) -> npt.NDArray[np.int64]:
    """One cause per stay; both parts of a transfer have the cause of the admission."""
    decades = (_age(people, stays) - _AGEING)[:, None] / 10
    weight = numbers("admission_causes", "weight") * np.exp(
        numbers("admission_causes", "change_per_decade") * decades
    )
    weight *= 1 + numbers("admission_causes", "winter") * winter(stays.start)[:, None]
    for number, condition in enumerate(column("admission_causes", "condition")):
        if condition:
            onset = people.onset[stays.person, condition_index(condition)]
            weight[:, number] *= onset <= stays.start
    chosen = rng.random(len(decades)) * weight.sum(axis=1)
    cause = (weight.cumsum(axis=1) < chosen[:, None]).sum(axis=1)
    first = np.empty(int(stays.admission.max(initial=-1)) + 1, dtype=np.int64)
    first[stays.admission[::-1]] = cause[::-1]
    return first[stays.admission]


def _sign_share(people: People, stays: EmergencyStays, conditions: Mask) -> Floats:
    decades = np.maximum(_age(people, stays) - _AGEING, -20)[:, None] / 10
    share = numbers("secondary_codes", "at_65") * np.exp(
        numbers("secondary_codes", "change_per_decade") * decades
    )
    dementia = conditions[:, [condition_index("dementia")]]
    result: Floats = np.minimum(
        share * np.where(dementia, numbers("secondary_codes", "dementia_factor"), 1.0), 0.6
    )
    return result
