"""The register of people: patients, registrations, residences and objections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.district import District
from riskstrat.simulation.feeds import COUNCIL, REGISTER
from riskstrat.simulation.households import TENURES
from riskstrat.simulation.ledger import Choice, Ledger, Recorded, take_rows
from riskstrat.simulation.people import ETHNIC_CATEGORIES
from riskstrat.simulation.timeline import NEVER, Days, Mask, month_starts, months, occurrences

__all__ = [
    "Moves",
    "area_codes",
    "draw_moves",
    "practice_codes",
    "write_objections",
    "write_patients",
    "write_places",
]

_DEATH_KNOWN = (2, 30)
_DEATH_KNOWN_LATE = (60, 250)
_LATE_SHARE = 0.06
"""Deaths told within a month, a few much later (coroners' cases, deaths elsewhere)."""

_MOVES_A_YEAR = 0.03
_LEAVING_KNOWN = (20, 120)
"""A practice hears that somebody left when the next practice asks for the record."""
_TENURE_KNOWN = 0.75
_ACCOMMODATION = ("MA01", "MA05", "MA06", "MA09")
_CARE_HOME_ACCOMMODATION = "CH03"
"""Accommodation status codes of the mental health services data set, one per tenure."""
_CARE_HOME_BEFORE_ENTRY = 730
_OBJECTIONS = (("type1", 0.03), ("national", 0.05))
"""Share of people by kind of objection. Neither bars case finding for direct care, so these people
stand in the store; somebody who objects to risk stratification has no row at all."""


@dataclass(frozen=True)
class Moves:
    """One move within the district per person at most: day (else NEVER), practice and area."""

    day: Days
    practice: npt.NDArray[np.int64]
    area: npt.NDArray[np.int64]


def draw_moves(rng: np.random.Generator, district: District) -> Moves:
    """Who moves to another address and practice, and when."""
    people = district.people
    row, moved = occurrences(rng, _MOVES_A_YEAR, people.entry + 30, district.stop - 30)
    day = np.full(len(people), NEVER)
    np.minimum.at(day, row, moved)
    day = np.where(day < district.history.care_home, day, NEVER)
    practices, areas = int(people.practice.max()) + 1, int(people.area.max()) + 1
    step = rng.integers(1, max(practices, 2), len(people))
    practice = (people.practice + step) % practices
    return Moves(day, practice, rng.integers(0, areas, len(people)))


def write_patients(rng: np.random.Generator, ledger: Ledger, district: District) -> None:
    """Write one row per person."""
    people, death = district.people, district.history.death
    count = len(people)
    late = rng.random(count) < _LATE_SHARE
    known = np.where(
        late, rng.integers(*_DEATH_KNOWN_LATE, count), rng.integers(*_DEATH_KNOWN, count)
    )
    ledger.add(
        "patients",
        np.arange(count),
        birth_month=month_starts(months(people.birth)),
        sex=Choice(("female", "male"), np.where(people.female, 0, 1)),
        ethnic_category=Choice(ETHNIC_CATEGORIES, people.ethnicity),
        death_date=death,
        death_recorded_date=np.where(death == NEVER, NEVER, death + known),
    )


def write_places(
    rng: np.random.Generator, ledger: Ledger, district: District, moves: Moves
) -> None:
    """Write registrations and residences: before a move, after it, and in a care home."""
    people, history = district.people, district.history
    exits = np.where(history.exit <= district.period.last, history.exit, NEVER)
    stays_put = moves.day == NEVER
    ended = np.minimum(moves.day, exits)
    told = _leaving_told(rng, exits, history.leave)
    codes = practice_codes(int(people.practice.max()) + 1)
    spells = (
        (np.ones(len(people), dtype=bool), people.registered, ended, people.practice),
        (~stays_put, moves.day, exits, moves.practice),
    )
    for chosen, start, end, practice in spells:
        _write_spells(
            rng,
            ledger,
            "registrations",
            _Spell(chosen, start, end, np.where(end == exits, told, NEVER)),
            practice_code=Choice(codes, practice),
        )
    _write_residences(rng, ledger, district, _Addresses(moves, exits, told))


def practice_codes(count: int) -> list[str]:
    """Codes that no practice can have: two letters and four digits.

    A live code is one letter and five digits (NHS organisation data service, file epraccur).
    """
    return [f"ZZ{number:04d}" for number in range(1, count + 1)]


def area_codes(count: int) -> list[str]:
    """Codes that no area can have: no code of the government statistical service begins with X."""
    return [f"X01{number:06d}" for number in range(1, count + 1)]


def _leaving_told(rng: np.random.Generator, exits: Days, leave: Days) -> Days:
    known = rng.integers(*_LEAVING_KNOWN, len(exits))
    soon = rng.integers(*_DEATH_KNOWN, len(exits))
    return np.where(exits == NEVER, NEVER, exits + np.where(leave == exits, known, soon))


@dataclass(frozen=True)
class _Spell:
    """Spells of some people; `told` is when the end became known, NEVER = at the usual lag."""

    chosen: Mask
    start: Days
    end: Days
    told: Days


@dataclass(frozen=True)
class _Addresses:
    moves: Moves
    exits: Days
    told: Days


def _write_spells(
    rng: np.random.Generator, ledger: Ledger, table: str, spell: _Spell, **columns: Choice | object
) -> None:
    person = np.flatnonzero(spell.chosen)
    start, end, told = spell.start[person], spell.end[person], spell.told[person]
    usual = REGISTER.recorded(rng, end)
    recorded = Recorded(REGISTER.recorded(rng, start), np.where(told == NEVER, usual, told))
    kept = {name: take_rows(values, person) for name, values in columns.items()}
    ledger.add_spells(table, person, recorded, start_date=start, end_date=end, **kept)


def _write_residences(
    rng: np.random.Generator, ledger: Ledger, district: District, addresses: _Addresses
) -> None:
    people, homes = district.people, district.households
    moves, exits, told = addresses.moves, addresses.exits, addresses.told
    care_home = district.history.care_home
    at_home_until = np.minimum(care_home, exits)
    first_end = np.minimum(moves.day, at_home_until)
    known = rng.random(len(people)) < _TENURE_KNOWN
    tenure = Choice(TENURES, np.where(known, homes.tenure, -1))
    own = {
        "accommodation": Choice(_ACCOMMODATION, tenure.positions),
        "tenure": tenure,
        "care_home": False,
        "lives_alone": homes.alone,
        "has_carer": homes.carer,
    }
    lives_at_home = ~homes.care_home_at_entry
    spells = (
        (lives_at_home, people.registered, first_end, people.area),
        (lives_at_home & (moves.day < NEVER), moves.day, at_home_until, moves.area),
    )
    for chosen, start, end, area in spells:
        spell = _Spell(chosen, start, end, np.where(end == exits, told, NEVER))
        _write_spells(rng, ledger, "residences", spell, **_area(district, area), **own)
    _write_care_homes(rng, ledger, district, addresses)


def _write_care_homes(
    rng: np.random.Generator, ledger: Ledger, district: District, addresses: _Addresses
) -> None:
    people, care_home = district.people, district.history.care_home
    before = rng.integers(0, _CARE_HOME_BEFORE_ENTRY, len(people))
    earlier = np.maximum(people.registered, people.entry - before)
    start = np.where(district.households.care_home_at_entry, earlier, care_home)
    person = np.flatnonzero(care_home < NEVER)
    exits, told = addresses.exits[person], addresses.told[person]
    moved = addresses.moves.day < care_home
    area = np.where(moved, addresses.moves.area, people.area)
    ledger.add_spells(
        "residences",
        person,
        Recorded(COUNCIL.recorded(rng, start[person]), told),
        start_date=start[person],
        end_date=exits,
        accommodation=_CARE_HOME_ACCOMMODATION,
        tenure="other",
        care_home=True,
        lives_alone=False,
        has_carer=False,
        **{name: take_rows(values, person) for name, values in _area(district, area).items()},
    )


def _area(district: District, area: npt.NDArray[np.int64]) -> dict[str, object]:
    people = district.people
    decile = np.zeros(int(people.area.max()) + 1, dtype=np.int64)
    decile[people.area] = people.decile
    return {"lsoa": Choice(area_codes(len(decile)), area), "imd_decile": decile[area]}


def write_objections(rng: np.random.Generator, ledger: Ledger, district: District) -> None:
    """Write objections that do not bar case finding."""
    people = district.people
    for kind, share in _OBJECTIONS:
        person = np.flatnonzero(rng.random(len(people)) < share)
        start = people.registered[person] + rng.integers(0, 30, len(person))
        person, start = person[start < district.stop[person]], start[start < district.stop[person]]
        ledger.add(
            "opt_outs",
            person,
            kind=kind,
            start_date=start,
            recorded_date=REGISTER.recorded(rng, start),
        )
