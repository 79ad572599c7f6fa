"""Registrations and residences: which days bound them, and when each is told."""

from __future__ import annotations

import numpy as np
import pytest

from riskstrat.simulation.register.spells import end_told, ends, registrations, residences
from riskstrat.simulation.timeline import NEVER

FIRST, LAST = 17_897, 20_088
"""1 January 2019 and 31 December 2024."""
JOINED = FIRST - 400


@pytest.fixture
def person(small_block, altered):
    """One person who joined before the period; days are given by name."""

    def of(**days):
        usual = {"birth": FIRST - 30_000, "registered": JOINED, "entry": FIRST, "moves": NEVER}
        usual |= {"leave": NEVER, "death": NEVER, "care_home": NEVER}
        return altered(small_block, 1, **(usual | days))

    return of


def spells_of(found):
    order = np.lexsort([found.start, found.row])
    return list(zip(found.start[order].tolist(), found.end[order].tolist(), strict=True))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({}, [(JOINED, NEVER)]),
        ({"moves": FIRST + 90}, [(JOINED, FIRST + 90), (FIRST + 90, NEVER)]),
        ({"moves": FIRST + 90, "death": FIRST + 90}, [(JOINED, FIRST + 90)]),
        (
            {"moves": FIRST + 90, "death": FIRST + 91},
            [(JOINED, FIRST + 90), (FIRST + 90, FIRST + 91)],
        ),
        ({"moves": FIRST + 90, "leave": FIRST + 80}, [(JOINED, FIRST + 80)]),
        ({"leave": FIRST + 80, "death": FIRST + 70}, [(JOINED, FIRST + 70)]),
        ({"leave": FIRST + 80, "death": FIRST + 81}, [(JOINED, FIRST + 80)]),
        ({"moves": LAST}, [(JOINED, LAST), (LAST, NEVER)]),
        ({"moves": LAST + 1}, [(JOINED, NEVER)]),
        ({"death": LAST}, [(JOINED, LAST)]),
        ({"death": LAST + 1}, [(JOINED, NEVER)]),
        ({"leave": LAST}, [(JOINED, LAST)]),
        ({"leave": LAST + 1}, [(JOINED, NEVER)]),
        ({"registered": FIRST + 5, "entry": FIRST + 5}, [(FIRST + 5, NEVER)]),
        ({"registered": FIRST, "death": FIRST}, [(FIRST, FIRST)]),
    ],
)
def test_a_registration_lasts_until_a_move_or_the_end(person, days, expected) -> None:
    assert spells_of(registrations(person(**days))) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({}, [(JOINED, NEVER)]),
        ({"care_home": FIRST + 50}, [(JOINED, FIRST + 50), (FIRST + 50, NEVER)]),
        ({"care_home": JOINED - 9}, [(JOINED, NEVER)]),
        ({"care_home": JOINED}, [(JOINED, NEVER)]),
        ({"care_home": FIRST - 9}, [(JOINED, FIRST - 9), (FIRST - 9, NEVER)]),
        (
            {"care_home": FIRST + 50, "moves": FIRST + 90},
            [(JOINED, FIRST + 50), (FIRST + 50, FIRST + 90), (FIRST + 90, NEVER)],
        ),
        (
            {"care_home": FIRST + 90, "moves": FIRST + 50, "death": FIRST + 200},
            [(JOINED, FIRST + 50), (FIRST + 50, FIRST + 90), (FIRST + 90, FIRST + 200)],
        ),
        (
            {"care_home": FIRST + 50, "moves": FIRST + 50},
            [(JOINED, FIRST + 50), (FIRST + 50, NEVER)],
        ),
        ({"care_home": FIRST + 50, "death": FIRST + 50}, [(JOINED, FIRST + 50)]),
        ({"care_home": LAST + 1, "moves": LAST + 1}, [(JOINED, NEVER)]),
    ],
)
def test_a_residence_lasts_until_the_next_address_or_the_end(person, days, expected) -> None:
    assert spells_of(residences(person(**days))) == expected


@pytest.mark.parametrize("spells", [registrations, residences])
def test_beginnings_and_moves_are_told_the_next_day_and_what_has_not_ended_never(
    person, spells
) -> None:
    found = spells(person(moves=FIRST + 90))
    assert found.told.start.tolist() == [JOINED + 1, FIRST + 91]
    assert found.told.end.tolist() == [FIRST + 91, NEVER]


@pytest.mark.parametrize("spells", [registrations, residences])
def test_the_end_is_told_with_the_death_or_the_move_away(block, spells) -> None:
    found, end = spells(block), ends(block)
    last = found.end == end[found.row]
    assert 100 < (last & (found.end < NEVER)).sum() < len(found)
    assert (found.told.end[last] == end_told(block)[found.row][last]).all()
    assert (found.told.end[~last] == found.end[~last] + 1).all()


@pytest.mark.parametrize("spells", [registrations, residences])
def test_spells_of_a_person_follow_one_another_without_gap_to_the_end(block, spells) -> None:
    found, people, end = spells(block), block.people, ends(block)
    order = np.lexsort([found.start, found.row])
    row, start, stop = found.row[order], found.start[order], found.end[order]
    same = row[1:] == row[:-1]
    assert same.sum() > 100
    assert (start[1:][same] == stop[:-1][same]).all()
    assert (start < stop).all()
    assert (start[np.append(True, ~same)] == people.registered).all()
    assert (stop[np.append(~same, True)] == end).all()


def test_a_move_away_is_told_20_to_120_days_later(small_block, altered) -> None:
    many = altered(small_block, 20_000, leave=FIRST + 400, death=NEVER)
    lag = end_told(many) - (FIRST + 400)
    assert (lag.min(), lag.max()) == (20, 120)
    assert lag.mean() == pytest.approx(70, abs=1)


def test_a_death_is_told_2_to_30_days_later_and_a_few_long_after(small_block, altered) -> None:
    """6 % are told after 60 to 250 days."""
    many = altered(small_block, 20_000, leave=NEVER, death=FIRST + 400)
    lag = end_told(many) - (FIRST + 400)
    late = lag > 30
    assert (lag[~late].min(), lag[~late].max()) == (2, 30)
    assert (lag[late].min(), lag[late].max()) == (60, 250)
    assert late.mean() == pytest.approx(0.06, abs=0.006)


def test_who_stays_has_no_end_to_be_told(person) -> None:
    stays = person()
    assert ends(stays).tolist() == end_told(stays).tolist() == [NEVER]


def test_some_spells_can_be_taken(person) -> None:
    found = registrations(person(moves=FIRST + 90)).take(np.array([1]))
    assert (len(found), found.start.tolist(), found.told.end.tolist()) == (1, [FIRST + 90], [NEVER])
