"""The feed ``ecds``: one row per attendance at an emergency department, two days later."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import Choice, DaysOf, clock, take_rows
from riskstrat.simulation.feeds.calendar import EMERGENCY_CARE
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.feeds.mess import Mess
from riskstrat.simulation.hospital.attendances import (
    Attendances,
    complaint_labels,
    diagnosis_labels,
    mechanisms,
)
from riskstrat.simulation.hospital.spells import MINUTES_A_DAY, PROVIDERS, SITES
from riskstrat.simulation.hospital.whose import Whose
from riskstrat.simulation.timeline import NEVER, Floats, Mask, ages, months

__all__ = ["tell_attendances", "told_diagnoses"]

_FEED = "ecds"
_MESS = Mess(missing=0.03, wrong=0.002, twice=0.005)

_MODES = ("1048031000000100", "1048071000000103", "1048061000000105", "1048001000000106")
"""SNOMED CT, as in ECDS: emergency ambulance, own transport, public transport, police."""
_AMBULANCE_AGES = (20, 50, 75, 90)
_BY_AMBULANCE = (0.10, 0.16, 0.38, 0.62)
"""Share brought by ambulance, by age; the odds are higher for people who are admitted (CLAHRC
Yorkshire and Humber, urgent care in older people, orders of magnitude)."""
_ADMITTED_ODDS = 4.0
_OTHER_MODES = np.array((0.90, 0.08, 0.02))

_ACUITIES = (
    "1064891000000107",
    "1064911000000105",
    "1064901000000108",
    "1077241000000103",
    "1077251000000100",
)
"""From immediate care to low acuity."""
_ACUITY_ADMITTED = (0.06, 0.34, 0.49, 0.10, 0.01)
_ACUITY_OTHER = (0.01, 0.13, 0.43, 0.38, 0.05)
_ACUITY_MINOR = (0.0, 0.02, 0.18, 0.60, 0.20)

_SOURCES = (
    "1065391000000104",
    "1991000124105",
    "879591000000102",
    "276491000",
    "198261000000104",
    "1082331000000106",
)
"""Referred by a carer, by themselves, NHS 111, primary care, ambulance service, out-of-hours."""
_SOURCE_SHARES = np.array((0.04, 0.58, 0.12, 0.10, 0.12, 0.04))

_WARD, _DEPENDENCY, _CORONARY, _INTENSIVE = (
    *("306706006", "1066361000000104"),
    *("1066371000000106", "1066391000000105"),
)
_HOME, _RESIDENTIAL, _NURSING, _AMBULATORY = (
    *("306689006", "306691003"),
    *("306694006", "1066341000000100"),
)
_DESTINATIONS = (
    *(_WARD, _DEPENDENCY, _CORONARY, _INTENSIVE),
    *(_HOME, _RESIDENTIAL, _NURSING, _AMBULATORY),
)
_ADMITTED_TO = np.array((0.93, 0.03, 0.02, 0.02))
_IN_NURSING_HOME = 0.5
"""Share of care-home residents whose home has nurses."""
_TO_AMBULATORY = 0.05
_STATUSES = (
    "182992009",
    "1066311000000101",
    "1066301000000103",
    "1066321000000107",
)
"""Treatment completed; left after and before initial assessment, and before treatment ended."""
_STATUS_SHARES = np.array((0.93, 0.02, 0.03, 0.02))
_NURSING_HOME_STATUS = "160734000"
"""SNOMED CT: lives in a nursing home; other accommodation is not recorded."""
_INVESTIGATIONS = ("1088291000000101", "27171005", "105000003", "77477000")
"""None, urinalysis, troponin, computed tomography."""
_INVESTIGATED_ADMITTED = (0.10, 0.30, 0.35, 0.25)
_INVESTIGATED = (0.55, 0.20, 0.17, 0.08)
_CATEGORIES = np.array((0.95, 0.04, 0.01))
"""First attendances, and unplanned further ones at the same and at another department."""
_DIAGNOSIS_CODED = 0.92
_COMPLAINT_CODED = 0.97
_DECISION = 0.6
"""Part of the time in the department after which it is decided to admit."""
_EPOCH_YEAR = 1970
_MONTHS = 12
_YEARS = tuple(str(year) for year in range(1850, 2101))
_MONTH_NUMBERS = tuple(f"{month:02d}" for month in range(1, _MONTHS + 1))


def tell_attendances(block: Block, found: Attendances) -> FeedRows:
    """The rows of the feed."""
    draws = found.draws(block)
    columns = {
        **_record_columns(block, found),
        **_person_columns(block, found),
        **_arrival_columns(block, found),
        **_clinical_columns(block, found),
        **_departure_columns(block, found),
    }
    again = np.flatnonzero(draws.chance("told twice", _MESS.twice))
    rows = np.concatenate([np.arange(len(found)), again])
    key = draws.bits("order")
    key = np.concatenate([key, ~key[again]])
    taken = {name: take_rows(values, rows) for name, values in columns.items()}
    return FeedRows(_FEED, taken, block.people.number[found.row[rows]], key)


def _whose(block: Block, found: Attendances) -> Whose:
    record = np.zeros(len(found), np.int64)
    return Whose(block, _FEED, _MESS, found.row, found.day, record, found.provider)


def _record_columns(block: Block, found: Attendances) -> dict[str, Any]:
    return {
        "EPIKEY": found.identifiers(block),
        "SUBMISSION_DATE": DaysOf(EMERGENCY_CARE.told(found.day)),
        "PROVIDER_CODE": Choice(PROVIDERS, found.provider),
        "SITE": Choice(SITES, found.provider),
        "DEPARTMENT_TYPE": Choice(("01", "03"), found.minor.astype(np.int64)),
    }


def _person_columns(block: Block, found: Attendances) -> dict[str, Any]:
    whose = _whose(block, found)
    born = months(block.people.birth[found.row])
    resident = block.lives.care_home[found.row] < found.day
    nursing = resident & _nursing(block, found)
    return {
        "NHS_NUMBER": whose.nhs_number(),
        "NHS_NUMBER_STATUS_INDICATOR_CODE": whose.number_status(),
        "LOCAL_PATIENT_IDENTIFIER": whose.local_number(),
        "BIRTH_YEAR": Choice(_YEARS, born // _MONTHS + _EPOCH_YEAR - int(_YEARS[0])),
        "BIRTH_MONTH": Choice(_MONTH_NUMBERS, born % _MONTHS),
        "AGE_AT_ARRIVAL": ages(block.people.birth[found.row], found.day).astype(np.int64),
        "STATED_GENDER": whose.sex(),
        "ETHNIC_CATEGORY": whose.ethnicity(),
        "PATIENT_POSTCODE": whose.postcode(),
        "LSOA_2011": whose.lsoa(),
        "PRACTICE_CODE_PATIENT_REGISTRATION": whose.practice(),
        "ACCOMMODATION_STATUS": Choice((_NURSING_HOME_STATUS,), np.where(nursing, 0, -1)),
    }


def _nursing(block: Block, found: Attendances) -> Mask:
    return block.draws("care home", found.row).chance("nurses", _IN_NURSING_HOME)


def _arrival_columns(block: Block, found: Attendances) -> dict[str, Any]:
    draws = found.draws(block)
    ambulance = draws.chance("ambulance", _by_ambulance(block, found))
    other = 1 + draws.choice("own way", _OTHER_MODES)
    return {
        "ARRIVAL_DATE": DaysOf(found.day),
        "ARRIVAL_TIME": clock(found.minute),
        "ARRIVAL_MODE": Choice(_MODES, np.where(ambulance, 0, other)),
        "ATTENDANCE_CATEGORY": Choice(("1", "2", "3"), draws.choice("category", _CATEGORIES)),
        "ATTENDANCE_SOURCE": Choice(_SOURCES, draws.choice("source", _SOURCE_SHARES)),
    }


def _by_ambulance(block: Block, found: Attendances) -> Floats:
    age = ages(block.people.birth[found.row], found.day)
    share = np.interp(age, _AMBULANCE_AGES, _BY_AMBULANCE)
    odds = share / (1 - share) * np.where(found.admitted, _ADMITTED_ODDS, 1.0)
    return np.where(found.minor, 0.0, odds / (1 + odds))


def _clinical_columns(block: Block, found: Attendances) -> dict[str, Any]:
    draws = found.draws(block)
    busy = np.where(found.admitted, 0, np.where(found.minor, 2, 1))
    acuity = np.array((_ACUITY_ADMITTED, _ACUITY_OTHER, _ACUITY_MINOR))[busy]
    done = np.where(found.admitted[:, None], _INVESTIGATED_ADMITTED, _INVESTIGATED)
    complaint = draws.chance("complaint coded", _COMPLAINT_CODED)
    return {
        "ACUITY": Choice(_ACUITIES, draws.choice("acuity", acuity)),
        "CHIEF_COMPLAINT": Choice(complaint_labels(), np.where(complaint, found.complaint, -1)),
        "DIAGNOSIS_CODE_1": Choice(diagnosis_labels(), told_diagnoses(block, found)),
        "INJURY_MECHANISM": Choice(mechanisms(), found.mechanism),
        "INVESTIGATION_CODE_1": Choice(_INVESTIGATIONS, draws.choice("investigation", done)),
        "TREATMENT_FUNCTION_CODE": "180",
    }


def told_diagnoses(block: Block, found: Attendances) -> npt.NDArray[np.int64]:
    """The diagnoses that were coded: positions in the labels; -1 = none."""
    coded = found.draws(block).chance("diagnosis coded", _DIAGNOSIS_CODED)
    return np.where(coded, found.diagnosis, -1)


def _departure_columns(block: Block, found: Attendances) -> dict[str, Any]:
    day, minute = found.departed(block)
    stayed = (day - found.day) * MINUTES_A_DAY + minute - found.minute
    decided = found.minute + (_DECISION * stayed).astype(np.int64)
    status = found.draws(block).choice("status", _STATUS_SHARES)
    return {
        "DECIDED_TO_ADMIT_DATE": DaysOf(np.where(found.admitted, found.day, NEVER)),
        "DECIDED_TO_ADMIT_TIME": clock(np.where(found.admitted, decided, -1)),
        "DEPARTURE_DATE": DaysOf(day),
        "DEPARTURE_TIME": clock(minute),
        "DEPARTURE_TIME_SINCE_ARRIVAL": stayed,
        "DISCHARGE_DESTINATION": Choice(_DESTINATIONS, _destinations(block, found)),
        "DISCHARGE_STATUS": Choice(_STATUSES, np.where(found.admitted, 0, status)),
    }


def _destinations(block: Block, found: Attendances) -> npt.NDArray[np.int64]:
    draws = found.draws(block)
    home, residential, nursing, ambulatory = (
        _DESTINATIONS.index(code) for code in (_HOME, _RESIDENTIAL, _NURSING, _AMBULATORY)
    )
    resident = block.lives.care_home[found.row] < found.day
    care_home = np.where(_nursing(block, found), nursing, residential)
    onwards = draws.chance("to ambulatory care", _TO_AMBULATORY)
    left = np.select([onwards, resident], [ambulatory, care_home], home)
    return np.where(found.admitted, draws.choice("admitted to", _ADMITTED_TO), left)
