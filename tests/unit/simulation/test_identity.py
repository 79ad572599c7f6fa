"""NHS numbers that are never issued: valid, each given once, and what becomes of those left."""

from __future__ import annotations

import numpy as np
import pytest

from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY as LINKAGE_KEY
from riskstrat.records.linkage.pseudonyms import pseudonym
from riskstrat.simulation.keyed import Keyed
from riskstrat.simulation.people.identity import (
    NO_NUMBER,
    PUBLISHED_TEST_KEY,
    former_numbers,
    known_numbers,
    nhs_numbers,
    pseudonyms,
    synthetic_nhs_numbers,
)

RANGE = 909_091
KEYED = Keyed(3)


def is_valid(number: str) -> bool:
    """The check digit by the published rule, digit by digit."""
    check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(number[:9])) % 11
    return {11: "0", 10: "none"}.get(check, str(check)) == number[9]


def test_the_published_example_has_a_valid_check_digit() -> None:
    assert is_valid("9434765919")
    assert not is_valid("9434765918")


def test_synthetic_numbers_are_valid_and_in_the_range_that_is_never_issued() -> None:
    drawn = synthetic_nhs_numbers()
    sample = [str(number) for number in drawn[:: len(drawn) // 500]]
    assert all(number.startswith("999") and len(number) == 10 for number in sample)
    assert all(is_valid(number) for number in sample)
    stems = [str(stem) for stem in range(999_000_000, 999_000_200)]
    expected = {s + str(d) for s in stems for d in range(10) if is_valid(s + str(d))}
    assert {str(number) for number in drawn if number < 9_990_002_000} == expected
    assert len(drawn) == len(set(drawn.tolist())) == RANGE


def test_everybody_has_a_number_of_their_own_in_no_order() -> None:
    found = nhs_numbers(KEYED, 5000)
    assert len(set(found.tolist())) == 5000
    assert set(found.tolist()) <= set(synthetic_nhs_numbers().tolist())
    assert abs(np.corrcoef(np.arange(5000), found)[0, 1]) < 0.05
    assert (found == nhs_numbers(KEYED, 5000)).all()
    assert (found != nhs_numbers(Keyed(4), 5000)).mean() > 0.99
    assert (found == known_numbers(KEYED, 5000)).all()


def test_people_beyond_the_range_have_none_whoever_they_are() -> None:
    people = RANGE + 100_000
    found = nhs_numbers(KEYED, people)
    without = np.flatnonzero(found == NO_NUMBER)
    assert len(without) == 100_000
    assert len(np.unique(found)) == RANGE + 1
    assert without.mean() == pytest.approx(people / 2, rel=0.01)


def test_as_many_people_as_numbers_all_have_one() -> None:
    assert len(np.unique(nhs_numbers(KEYED, RANGE))) == RANGE
    assert (nhs_numbers(KEYED, RANGE) != NO_NUMBER).all()


def test_a_former_number_is_valid_and_nobody_elses() -> None:
    people = 50_000
    former = former_numbers(KEYED, people)
    had = former[former != NO_NUMBER]
    assert len(had) == pytest.approx(0.002 * people, rel=0.3)
    assert len(set(had.tolist())) == len(had)
    assert not set(had.tolist()) & set(nhs_numbers(KEYED, people).tolist())
    assert set(had.tolist()) <= set(synthetic_nhs_numbers().tolist())


def test_nobody_has_had_another_number_when_the_range_is_used_up() -> None:
    assert not former_numbers(KEYED, RANGE).any()
    assert np.count_nonzero(former_numbers(KEYED, RANGE - 7)) == 7
    assert len(former_numbers(KEYED, RANGE + 5)) == RANGE + 5


def test_what_is_kept_cannot_be_changed() -> None:
    for kept in (former_numbers(KEYED, 100), known_numbers(KEYED, 100)):
        with pytest.raises(ValueError, match="read-only"):
            kept[0] = 1


def test_pseudonyms_are_those_that_linkage_would_give() -> None:
    number = nhs_numbers(KEYED, 50)
    expected = [pseudonym(str(value), LINKAGE_KEY) for value in number]
    assert PUBLISHED_TEST_KEY == LINKAGE_KEY
    assert pseudonyms(number, np.arange(50)).tolist() == expected
    assert len(set(expected)) == 50


def test_people_without_a_number_have_pseudonyms_of_their_own() -> None:
    number = np.array([9_990_000_018, NO_NUMBER, NO_NUMBER])
    found = pseudonyms(number, np.array([0, 1, 2])).tolist()
    assert len(set(found)) == 3
    assert found[1:] == pseudonyms(number[1:], np.array([1, 2])).tolist()
    assert pseudonyms(number[:0], number[:0]).tolist() == []
