"""The practices' list of patients: a row on joining, further rows when something changes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import Choice, DaysOf, opaque, take_rows
from riskstrat.simulation.feeds.calendar import GP
from riskstrat.simulation.feeds.files import FeedRows, number_column
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.people.identity import NO_NUMBER
from riskstrat.simulation.people.people import ETHNIC_CATEGORIES
from riskstrat.simulation.people.places import practice_codes
from riskstrat.simulation.practice.identity import person_ids
from riskstrat.simulation.register.addresses import lsoa_on, postcode_on
from riskstrat.simulation.register.spells import Spells, registrations
from riskstrat.simulation.timeline import NEVER, Days, Mask, months

__all__ = ["spine_sensitive", "tell_practice_list"]

_GENDERS = ("1", "2")
"""Male, female (NHS Data Dictionary, person stated gender code)."""
_NUMBER_STATUS = ("01", "02", "07")
"""Verified, not traced, not present (NHS Data Dictionary, NHS number status indicator code)."""
_NOT_TRACED = 0.01
_NO_DAY_OF_BIRTH = 0.04
"""Share of registrations with month and year of birth only (assumption)."""
_ETHNICITY_MISSING = 0.07
"""Share of registrations without an ethnic category, besides people who have none anywhere: about
10 % in all (order of magnitude of general practice records)."""
_ETHNICITY_MISTAKEN = 0.02
"""Share of registrations with another category than other practices have (assumption)."""
_ANY_OTHER = tuple(ETHNIC_CATEGORIES.index(code) for code in ("C", "G", "L", "S"))
"""The "any other" categories, which are noted by mistake."""
_SENSITIVE = 0.001
"""Share of people whose address the national register withholds (assumption)."""
_INVENTED = 1 / 1000
"""Patients invented for training and testing, per real one (assumption)."""
_INVENTED_AGES_DAYS = (0, 36_500)
_INVENTED_BEFORE_DAYS = 400
"""They have any age, and were made within so many days before the period."""


class _Kind(IntEnum):
    """Why there is a row."""

    JOINED = 0
    INTO_CARE_HOME = 1
    ENDED = 2
    INVENTED = 3


@dataclass(frozen=True)
class _Rows:
    """Rows of the list.

    Parameters
    ----------
    kind : ndarray of int
        One of :class:`_Kind`.
    row : ndarray of int
        Position of the person in the block; of an invented patient, the person it stands beside.
    start, end : ndarray of day numbers
        Of the registration; NEVER = not ended, as far as the row says.
    changed : ndarray of day numbers
        The day that the row tells of.
    recorded : ndarray of day numbers
    """

    kind: Days
    row: Days
    start: Days
    end: Days
    changed: Days
    recorded: Days

    @property
    def invented(self) -> Mask:
        """Which rows are about nobody."""
        about_nobody: Mask = self.kind == _Kind.INVENTED
        return about_nobody

    def of_practice(self, block: Block) -> Draws:
        """What a practice notes once: the same in every row of a registration."""
        return block.draws("practice list", self.row, self.start, self.invented)


def spine_sensitive(block: Block) -> Mask:
    """People of a block whose address must not be shown: their records are withheld."""
    draws = block.draws("spine sensitive", np.arange(len(block.people)))
    return draws.chance("sensitive", _SENSITIVE)


def tell_practice_list(block: Block) -> FeedRows:
    """Rows of the practices' lists of patients.

    A registration is told on joining, again when the person moves into a care home, and when it
    ends; the row recorded last holds.
    """
    parts = (_joined(block), _into_care_home(block), _ended(block), _invented(block))
    names = [field.name for field in fields(_Rows)]
    rows = _Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    columns = {
        **_identity(block, rows),
        **_registration(block, rows),
        **_death(block, rows),
        **_address(block, rows),
        **_flags(block, rows),
        "date_recorded": DaysOf(rows.recorded),
    }
    number = block.people.number[rows.row]
    order = block.draws("practice list", rows.row, rows.start, rows.kind).bits("order")
    return FeedRows("gp_patient", columns, np.where(rows.invented, -1 - number, number), order)


def _rows(kind: _Kind, spells: Spells, end: Days, changed: Days, recorded: Days) -> _Rows:
    return _Rows(np.full(len(spells), kind), spells.row, spells.start, end, changed, recorded)


def _joined(block: Block) -> _Rows:
    spells = registrations(block)
    never = np.full(len(spells), NEVER)
    return _rows(_Kind.JOINED, spells, never, spells.start, spells.told.start)


def _into_care_home(block: Block) -> _Rows:
    spells = registrations(block)
    day = block.lives.care_home[spells.row]
    last = np.minimum(spells.end, block.stop[spells.row])
    spells = spells.take(np.flatnonzero((spells.start < day) & (day < last)))
    day = block.lives.care_home[spells.row]
    return _rows(_Kind.INTO_CARE_HOME, spells, np.full(len(spells), NEVER), day, GP.told(day))


def _ended(block: Block) -> _Rows:
    spells = registrations(block)
    spells = spells.take(np.flatnonzero(spells.end < NEVER))
    return _rows(_Kind.ENDED, spells, spells.end, spells.end - 1, spells.told.end)


def _invented(block: Block) -> _Rows:
    draws = block.draws("invented patient", np.arange(len(block.people)))
    row = np.flatnonzero(draws.chance("invented", _INVENTED))
    made = block.period.first - draws.integers("made", 0, _INVENTED_BEFORE_DAYS)[row]
    never = np.full(len(row), NEVER)
    return _Rows(np.full(len(row), _Kind.INVENTED), row, made, never, made, GP.told(made))


def _identity(block: Block, rows: _Rows) -> dict[str, Any]:
    people, practice = block.people, rows.of_practice(block)
    drawn = rows.start - practice.integers("age", *_INVENTED_AGES_DAYS)
    birth = np.where(rows.invented, drawn, people.birth[rows.row])
    female = np.where(rows.invented, practice.chance("female", 0.5), people.female[rows.row])
    number = np.where(rows.invented, NO_NUMBER, people.nhs_number[rows.row])
    status = practice.chance("not traced", _NOT_TRACED).astype(np.int64)
    no_day = practice.chance("no day", _NO_DAY_OF_BIRTH)
    return {
        "person_id": _identifiers(block, rows),
        "nhs_number": number_column(number),
        "nhs_number_status": Choice(_NUMBER_STATUS, np.where(number == NO_NUMBER, 2, status)),
        **_year_and_month("birth", birth),
        "date_of_birth": DaysOf(np.where(no_day, NEVER, birth)),
        "gender": Choice(_GENDERS, female.astype(np.int64)),
        "ethnic_category": Choice(ETHNIC_CATEGORIES, _ethnicity(block, rows, practice)),
    }


def _identifiers(block: Block, rows: _Rows) -> pa.Array:
    """Invented patients have identifiers like everybody's."""
    everybody = np.arange(len(block.people))
    invented = opaque("G", block.draws("invented patient", everybody).bits("id"))
    known = pa.concat_arrays([person_ids(block), invented])
    return take_rows(known, rows.row + len(everybody) * rows.invented)


def _ethnicity(block: Block, rows: _Rows, practice: Draws) -> Days:
    own = block.people.ethnicity[rows.row]
    other = np.array(_ANY_OTHER)[practice.integers("which", 0, len(_ANY_OTHER))]
    noted = np.where(practice.chance("mistaken", _ETHNICITY_MISTAKEN) & (own >= 0), other, own)
    missing = practice.chance("missing", _ETHNICITY_MISSING) | rows.invented
    return np.where(missing, -1, noted)


def _registration(block: Block, rows: _Rows) -> dict[str, Any]:
    codes = practice_codes(len(block.district.bounds))
    return {
        "registered_practice_id": Choice(codes, block.people.practice_on(rows.row, rows.start)),
        "registration_start_date": DaysOf(rows.start),
        "registration_end_date": DaysOf(rows.end),
    }


def _death(block: Block, rows: _Rows) -> dict[str, Any]:
    """Told with the end of the last registration, and not before."""
    died = block.died[rows.row]
    told = np.where((rows.end < NEVER) & (rows.end == died), died, NEVER)
    return {**_year_and_month("death", told), "date_of_death": DaysOf(told)}


def _address(block: Block, rows: _Rows) -> dict[str, Any]:
    return {
        "postcode": postcode_on(block, rows.row, rows.changed),
        "lsoa": lsoa_on(block, rows.row, rows.changed),
    }


def _flags(block: Block, rows: _Rows) -> dict[str, Any]:
    sensitive = spine_sensitive(block)[rows.row] & ~rows.invented
    return {
        "is_spine_sensitive": sensitive,
        "is_confidential": sensitive,
        "is_dummy_patient": rows.invented,
    }


def _year_and_month(what: str, day: Days) -> dict[str, pa.Array]:
    """Year and month of days; null where there is none."""
    nothing = day == NEVER
    number = months(np.where(nothing, 0, day))
    year, month = 1970 + number // 12, 1 + number % 12
    return {
        f"{what}_year": pa.array(year, mask=nothing),
        f"{what}_month": pa.array(month, mask=nothing),
    }
