"""What happened to some people of the district, whether or not anybody recorded it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.simulation.catalogue import column
from riskstrat.simulation.keyed import Keyed
from riskstrat.simulation.lives.kernels import Person, Streams, live_person
from riskstrat.simulation.lives.programme import Enrolments
from riskstrat.simulation.lives.rates import Rates
from riskstrat.simulation.people.people import GRID, People
from riskstrat.simulation.timeline import NEVER, Days, Mask

__all__ = ["Admissions", "Attendances", "Lives", "live", "streams_of", "whole_numbers"]

_MOST_PER_PERSON = 2000
_ROOM = 4
"""Admissions and attendances a person, for which room is made at first."""


@dataclass(frozen=True)
class Admissions:
    """Emergency admissions, ordered by person and day.

    Parameters
    ----------
    row : ndarray of int
        Position of the person in the block.
    start, end : ndarray of day numbers
        First and last day in hospital.
    died : ndarray of bool
        Died in hospital, on the last day.
    through_emergency_department : ndarray of bool
        Came in through the emergency department, whose record is told within days.
    """

    row: npt.NDArray[np.int64]
    start: Days
    end: Days
    died: Mask
    through_emergency_department: Mask


@dataclass(frozen=True)
class Attendances:
    """Attendances at an emergency department that did not lead to admission."""

    row: npt.NDArray[np.int64]
    day: Days


@dataclass(frozen=True)
class Lives:
    """What happened to the people of a block.

    Parameters
    ----------
    onset : ndarray of day numbers, shape (people, conditions)
        Day that each condition was diagnosed; :data:`NEVER` = not.
    admissions : Admissions
    attendances : Attendances
    death : ndarray of day numbers
    care_home : ndarray of day numbers
        Day of moving into a care home for good.
    """

    onset: Days
    admissions: Admissions
    attendances: Attendances
    death: Days
    care_home: Days


SHARE_THROUGH_EMERGENCY_DEPARTMENT = 0.72
"""Share of emergency admissions through the hospital's own emergency department."""


def streams_of(keyed: Keyed) -> Streams:
    """The random numbers of the compiled loops."""
    process = keyed.process("life")
    return Streams(*(process.stream(name) for name in Streams._fields))


def live(keyed: Keyed, people: People, rates: Rates, until: int, enrolments: Enrolments) -> Lives:
    """Let people live from entry to a day. Nobody stops at moving away: records do.

    Parameters
    ----------
    keyed : Keyed
    people : People
    rates : Rates
    until : int
        Last day; the tables of `rates` reach as far.
    enrolments : Enrolments
        Who takes part in which programme, and what that does.
    """
    room = _ROOM * len(people) + _MOST_PER_PERSON
    while True:
        onset = np.full((len(people), len(column("conditions", "condition"))), NEVER)
        found = _live_all(
            rates,
            streams_of(keyed),
            (whole_numbers(people), GRID[people.multiplier]),
            until,
            enrolments.of(people.number),
            onset,
            room,
        )
        death, care_home, admitted, attended, counts = found
        if counts.max() <= room:
            break
        room = int(counts.max())
    row, start, end, died = (part[: counts[0]] for part in admitted)
    draws = keyed.process("admission").draws(people.number[row], start)
    through = draws.chance("emergency department", SHARE_THROUGH_EMERGENCY_DEPARTMENT)
    return Lives(
        onset=onset,
        admissions=Admissions(row, start, end, died.astype(bool), through),
        attendances=Attendances(*(part[: counts[1]] for part in attended)),
        death=death,
        care_home=np.where(care_home < death, care_home, NEVER),
    )


def whole_numbers(people: People) -> npt.NDArray[np.int64]:
    """What compiled loops know of people, one row each.

    In the order of :class:`~riskstrat.simulation.lives.kernels.Person`, without the multiplier.
    """
    return np.stack(
        [
            people.number,
            people.birth,
            people.entry,
            people.female.astype(np.int64),
            people.decile,
            people.alone.astype(np.int64),
            people.moves,
            people.next_decile,
        ],
        axis=1,
    )


@compiled
def _live_all(
    rates: Rates, streams: Streams, columns: Any, until: int, enrolments: Any, onset: Days,
    room: int,
) -> Any:  # fmt: skip
    """Live everybody's life; how many rows there were of each kind comes last."""
    whole, multiplier = columns
    first, starts, stops, factors = enrolments
    death, care_home = np.full((2, len(whole)), NEVER)
    admitted, attended = np.empty((4, room), np.int64), np.empty((2, room), np.int64)
    counts = np.zeros(2, np.int64)
    own, own_days = np.empty((3, _MOST_PER_PERSON), np.int64), np.empty(_MOST_PER_PERSON, np.int64)
    weights = np.empty(onset.shape[1])
    for row in range(len(whole)):
        number, birth, entry, female, decile, alone, moves, next_decile = whole[row]
        person = Person(
            number, birth, entry, female, decile, alone, moves, next_decile, multiplier[row]
        )
        part = slice(first[row], first[row + 1])
        programmes = (starts[part], stops[part], factors[part])
        death[row], care_home[row], stays, visits = live_person(
            rates, streams, person, until, programmes, onset[row], weights, own, own_days
        )
        stay, visit = min(stays, room - counts[0]), min(visits, room - counts[1])
        if stay > 0:
            admitted[0, counts[0] : counts[0] + stay] = row
            admitted[1:, counts[0] : counts[0] + stay] = own[:, :stay]
        if visit > 0:
            attended[0, counts[1] : counts[1] + visit] = row
            attended[1, counts[1] : counts[1] + visit] = own_days[:visit]
        counts += np.array([stays, visits])
    return death, care_home, admitted, attended, counts
