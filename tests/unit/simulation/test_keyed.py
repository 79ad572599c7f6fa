"""Keyed random numbers, against plain Python whole numbers and against what chance should do."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, chisquare, expon, kstest, norm

from riskstrat.simulation.keyed import Draws, Keyed, bits_of, stream_of, uniform_of

MASK = 2**64 - 1
MULTIPLIERS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
PERSON, DAY, NUMBER = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7
EVENTS = 40_000
LEAST_P = 1e-3
"""The keys are fixed: a test either passes always or fails always."""

words = st.integers(0, MASK)
people = st.integers(0, 2_000_000)
days = st.integers(-40_000, 80_000)
numbers = st.integers(0, 2**31)


def mixed(word: int) -> int:
    """SplitMix64's finaliser as it is published."""
    word = (word ^ (word >> 30)) * MULTIPLIERS[0] & MASK
    word = (word ^ (word >> 27)) * MULTIPLIERS[1] & MASK
    return word ^ (word >> 31)


def unmixed(word: int) -> int:
    """The word that becomes this one."""
    for shift, multiplier in ((31, MULTIPLIERS[1]), (27, MULTIPLIERS[0]), (30, 1)):
        found = word
        for _ in range(64 // shift + 1):
            found = word ^ (found >> shift)
        word = found * pow(multiplier, -1, 2**64) & MASK
    return word


def expected_bits(stream: int, person: int, day: int, number: int) -> int:
    word = mixed((stream + person * PERSON) & MASK)
    return mixed((word + day * DAY + number * NUMBER) & MASK)


def draws_of(purpose_process: str = "process", seed: int = 1, **parts) -> Draws:
    keys = {"person": 0, "day": 0, "number": 0} | parts
    return Keyed(seed).process(purpose_process).draws(*keys.values())


@settings(max_examples=300, deadline=None)
@given(words, people, days, numbers)
def test_bits_are_those_of_plain_whole_numbers(stream, person, day, number) -> None:
    bits = expected_bits(stream, person, day, number)
    assert int(bits_of(np.uint64(stream), person, day, number)) == bits
    assert uniform_of(np.uint64(stream), person, day, number) == ((bits >> 12) + 0.5) / 2**52


def test_arrays_are_drawn_like_single_numbers() -> None:
    person, day = np.arange(50) % 7, np.arange(50) - 20
    draws = Keyed(9).process("p").draws(person, day, 3)
    stream = stream_of(9, "p", "why")
    keys = zip(person.tolist(), day.tolist(), strict=True)
    bits = [expected_bits(int(stream), one, when, 3) for one, when in keys]
    assert draws.bits("why").tolist() == bits
    assert draws.uniform("why").tolist() == [((word >> 12) + 0.5) / 2**52 for word in bits]


@pytest.mark.parametrize("word", [0, MASK, 1, MASK - 1, 0xFFF, 0x1000])
def test_uniform_numbers_lie_strictly_between_0_and_1(word) -> None:
    """Also for the smallest and the largest word, found by going backwards."""
    stream = np.uint64(unmixed(unmixed(word)))
    assert int(bits_of(stream, 0, 0, 0)) == word
    assert 0.0 < uniform_of(stream, 0, 0, 0) < 1.0


def test_a_stream_is_the_digest_of_seed_process_and_purpose() -> None:
    digest = sha256(b"7/admission/day").digest()
    assert int(stream_of(7, "admission", "day")) == int.from_bytes(digest[:8], "little")
    assert Keyed(7).process("admission").stream("day") == stream_of(7, "admission", "day")


def test_neither_order_nor_company_changes_a_draw() -> None:
    person, day = np.arange(EVENTS) % 613, np.arange(EVENTS) // 613
    order = np.argsort(draws_of(person=np.arange(EVENTS)).bits("shuffle"))
    whole = draws_of(person=person, day=day)
    shuffled = draws_of(person=person[order], day=day[order])
    assert (shuffled.uniform("x") == whole.uniform("x")[order]).all()
    assert draws_of(person=5, day=2).uniform("x") == whole.uniform("x")[2 * 613 + 5]
    assert (whole.uniform("x") == whole.uniform("x")).all()


def test_scalars_stand_for_all_events() -> None:
    draws = draws_of(person=np.arange(3), number=4)
    assert (draws.day.tolist(), draws.number.tolist()) == ([0, 0, 0], [4, 4, 4])
    assert len(draws_of(person=np.arange(0)).uniform("x")) == 0
    assert len(draws_of(person=3).bits("x")) == 1


@pytest.mark.parametrize("part", ["person", "day", "number"])
def test_numbers_are_uniform_along_every_part_of_the_key(part) -> None:
    drawn = draws_of(**{part: np.arange(EVENTS)}).uniform("x")
    assert kstest(drawn, "uniform").pvalue > LEAST_P
    assert independent(drawn[:-1], drawn[1:])
    assert len(np.unique(draws_of(**{part: np.arange(EVENTS)}).bits("x"))) == EVENTS


@pytest.mark.parametrize(
    "other",
    [
        draws_of(person=np.arange(EVENTS)).uniform("another purpose"),
        draws_of("another process", person=np.arange(EVENTS)).uniform("x"),
        draws_of(seed=2, person=np.arange(EVENTS)).uniform("x"),
        draws_of(person=np.arange(EVENTS), day=1).uniform("x"),
        draws_of(person=np.arange(EVENTS), number=1).uniform("x"),
    ],
    ids=["purpose", "process", "seed", "day", "number"],
)
def test_other_streams_and_keys_give_independent_numbers(other) -> None:
    drawn = draws_of(person=np.arange(EVENTS)).uniform("x")
    assert independent(drawn, other)
    assert not independent(drawn, drawn)


def independent(first, second, cells: int = 10) -> bool:
    """Whether a table of both has no more pattern than chance gives."""
    counts, *_ = np.histogram2d(first, second, cells, [[0, 1], [0, 1]])
    expected = counts.sum(1)[:, None] * counts.sum(0) / counts.sum()
    statistic = ((counts - expected) ** 2 / expected).sum()
    return bool(chi2.sf(statistic, (cells - 1) ** 2) > LEAST_P)


def test_normal_and_exponential_numbers_have_their_distributions() -> None:
    draws = draws_of(person=np.arange(EVENTS))
    assert kstest(draws.normal("n"), norm.cdf).pvalue > LEAST_P
    assert kstest(draws.exponential("e", 3.0), expon(scale=3.0).cdf).pvalue > LEAST_P


def test_chance_happens_as_often_as_it_should_and_never_or_always_at_the_ends() -> None:
    draws = draws_of(person=np.arange(EVENTS))
    assert not draws.chance("c", 0.0).any()
    assert draws.chance("c", 1.0).all()
    assert draws.chance("c", 0.3).mean() == pytest.approx(0.3, abs=0.01)
    assert (draws.chance("c", 0.3) <= draws.chance("c", 0.4)).all()


def test_whole_numbers_are_as_likely_from_the_lowest_up_to_the_highest_but_one() -> None:
    drawn = draws_of(person=np.arange(EVENTS)).integers("i", -3, 4)
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert chisquare(counts).pvalue > LEAST_P
    low = np.arange(EVENTS)
    assert (draws_of(person=low).integers("i", low, low + 1) == low).all()


def test_positions_are_chosen_by_weight_and_those_without_weight_never() -> None:
    draws, weights = draws_of(person=np.arange(EVENTS)), np.array([0.0, 2.0, 0.0, 1.0, 5.0, 0.0])
    drawn = draws.choice("w", weights)
    counts = np.bincount(drawn, minlength=6)
    assert chisquare(counts[weights > 0], EVENTS * weights[weights > 0] / 8).pvalue > LEAST_P
    assert counts[weights == 0].sum() == 0
    per_event = np.broadcast_to(weights, (EVENTS, 6))
    assert (draws.choice("w", per_event) == drawn).all()
    own = np.eye(6)[np.arange(EVENTS) % 6]
    assert (draws.choice("w", own) == np.arange(EVENTS) % 6).all()
