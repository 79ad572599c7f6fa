"""Places and addresses: codes that cannot be real, and the same address in every feed."""

from __future__ import annotations

import re

import numpy as np
import pytest

from riskstrat.simulation.keyed import Keyed
from riskstrat.simulation.people.places import (
    District,
    area_codes,
    draw_care_home_postcode,
    draw_postcode,
    postcodes,
    practice_codes,
)
from riskstrat.simulation.register import lsoa_on, postcode_on
from riskstrat.simulation.timeline import NEVER

FIRST = 17_897


def test_no_code_can_be_that_of_a_real_practice_or_area() -> None:
    """Live practices: a letter and five digits. Areas begin with a letter of a country."""
    assert practice_codes(2) == ["ZZ0001", "ZZ0002"]
    assert not any(re.fullmatch(r"[A-Z][0-9]{5}", code) for code in practice_codes(300))
    assert area_codes(2) == ["X01000001", "X01000002"]
    assert not any(code[0] in "EWSNKJLM" for code in area_codes(3))


def test_postcodes_are_all_different_and_of_no_real_town() -> None:
    found = postcodes(1000)
    assert len(set(found)) == len(found) == 45_000
    pattern = re.compile(r"QQ[1-9]\d? [1-9][ABD-HJLNP-UW-Z]{2}")
    assert all(pattern.fullmatch(code) for code in found)
    assert found[:45] == postcodes(1)


def test_a_postcode_lies_in_the_area_and_is_the_same_whatever_the_event() -> None:
    keyed, person = Keyed(1), np.arange(5000)
    area = person % 30
    first = draw_postcode(keyed.process("hospital").draws(person, 4, 5), area)
    assert (first // 45 == area).all()
    assert (first == draw_postcode(keyed.process("council").draws(person), area)).all()
    assert (first != draw_postcode(Keyed(2).process("council").draws(person), area)).mean() > 0.9
    assert len(np.unique(first % 45)) == 45
    homes = draw_care_home_postcode(keyed.process("any").draws(person), area)
    assert (homes // 45 == area).all()
    assert len(np.unique(homes)) == 30 * 2


@pytest.fixture
def person(small_block, altered):
    def of(**days):
        usual = {"area": 3, "next_area": 4, "moves": NEVER, "care_home": NEVER}
        return altered(small_block, 1, **(usual | days))

    return of


def codes_on(block, day):
    row, days = np.zeros(1, np.int64), np.array([day])
    return [of(block, row, days).arrow()[0].as_py() for of in (postcode_on, lsoa_on)]


def test_an_address_holds_until_the_day_of_a_move(person) -> None:
    mover, stayer = person(moves=FIRST + 10), person()
    assert codes_on(mover, FIRST + 9) == codes_on(stayer, FIRST + 9)
    assert codes_on(mover, FIRST + 10) == codes_on(person(area=4), FIRST)
    assert codes_on(stayer, FIRST + 9)[1] == "X01000004"
    assert codes_on(mover, FIRST + 10)[1] == "X01000005"


def test_a_care_home_has_an_address_of_its_own_in_the_same_area(person) -> None:
    cared_for = person(care_home=FIRST + 10)
    assert codes_on(cared_for, FIRST + 9) == codes_on(person(), FIRST)
    postcode, area = codes_on(cared_for, FIRST + 10)
    assert area == "X01000004"
    assert postcode in postcodes(20)[3 * 45 : 3 * 45 + 2]


def test_a_district_has_practices_and_areas_by_its_size() -> None:
    small, large = District.of(Keyed(1), 1000), District.of(Keyed(1), 1_100_000)
    assert (len(small.deciles), len(small.bounds)) == (20, 3)
    assert (len(large.deciles), len(large.bounds)) == (733, 111)
    assert (small.people, large.people) == (1000, 1_100_000)
    for district in (small, large):
        assert (np.diff(district.deciles) >= 0).all()
        assert set(district.deciles) == set(range(1, 11))
        assert district.bounds[-1] == pytest.approx(1)
        assert district.usual.max() < len(district.bounds)


def test_most_people_go_to_the_usual_practice_of_their_area_and_sizes_vary() -> None:
    """The middle nine tenths have about 3,600 to 21,700 people (North Central London, 2026)."""
    district = District.of(Keyed(1), 1_100_000)
    draws = Keyed(1).process("person").draws(np.arange(1_100_000))
    area = district.draw_area(draws)
    practice = district.draw_practice(draws, area)
    assert 0.8 <= (practice == district.usual[area]).mean() < 0.85
    low, high = np.percentile(np.bincount(practice), (5, 95))
    assert low == pytest.approx(3_600, rel=0.25)
    assert high == pytest.approx(21_700, rel=0.25)


def test_people_who_move_stay_near_in_deprivation() -> None:
    district = District.of(Keyed(1), 200_000)
    draws = Keyed(1).process("move").draws(np.arange(20_000))
    area = district.draw_area(draws)
    other = district.draw_near(draws, area)
    assert ((other >= 0) & (other < len(district.deciles))).all()
    assert np.abs(district.deciles[other] - district.deciles[area]).max() <= 2
