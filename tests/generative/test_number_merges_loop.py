"""Chains of merged numbers, against a loop that walks from each number on its own."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from riskstrat.records.linkage.nhs_number import resolve_merges

NUMBERS = st.sampled_from([f"{number:02}" for number in range(12)])
DAYS = st.sampled_from([None, date(2020, 1, 1), date(2021, 1, 1), date(2022, 1, 1)])
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS, DAYS), max_size=25)


def walked(pairs: list[tuple[str, str, date | None]]) -> tuple[dict[str, str], int]:
    """Choose by sorting every candidate, then walk as many steps as there are numbers."""
    following: dict[str, str] = {}
    for number in {old for old, new, _ in pairs if old != new}:
        candidates = [(day or date.min, new) for old, new, day in pairs if old == number != new]
        latest = max(day for day, _ in candidates)
        following[number] = sorted(new for day, new in candidates if day == latest)[0]

    def returns(number: str) -> bool:
        at = number
        for _ in following:
            at = following.get(at, at)
            if at == number and number in following:
                return True
        return False

    circular = {number for number in following if returns(number)}
    ends = {}
    for number in following.keys() - circular:
        at = number
        while at in following and at not in circular:
            at = following[at]
        ends[number] = at
    return ends, len(circular) + len({old for old, new, _ in pairs if old == new})


@given(PAIRS)
def test_every_number_ends_where_walking_ends(pairs: list[tuple[str, str, date | None]]) -> None:
    assert resolve_merges(pairs) == walked(pairs)


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_matter(pairs: list, shuffle) -> None:
    other = list(pairs)
    shuffle.shuffle(other)
    first, second = resolve_merges(pairs), resolve_merges(other)
    assert first == second
    assert list(first[0]) == list(second[0])


@given(PAIRS)
def test_nothing_that_is_current_is_superseded(pairs: list) -> None:
    current, _ = resolve_merges(pairs)
    assert not set(current) & set(current.values())


def test_a_chain_of_a_hundred_thousand_is_followed() -> None:
    numbers = [f"{number:06}" for number in range(100_001)]
    current, circular = resolve_merges(pairwise(numbers))
    assert set(current.values()) == {"100000"}
    assert (len(current), circular) == (100_000, 0)
