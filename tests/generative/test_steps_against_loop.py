"""Steps of monthly rates against a loop over months, and check digits against their promises."""

from __future__ import annotations

import math
from statistics import median

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from riskstrat.records.checks.formats import has_luhn_digit, has_verhoeff_digit
from riskstrat.records.checks.steps import CLEAR_OF_CHANCE, WINDOW_MONTHS, find_steps

FEWEST = 20.0
MARGINS = (6, 12)


def change(before: list[float], after: list[float]) -> float:
    return math.log((median(after) + 1) / (median(before) + 1))


def clear_steps(
    own: list[float], others: list[float] | None, margin: int, *, slack: float
) -> dict[int, float]:
    """For each month at which a series steps, how clear that is: written out month by month.

    With slack above (below) nought the limits are a little stricter (looser), so that rounding in
    the last place decides nothing.
    """
    found = {}
    for month in range(margin, len(own) - margin + 1):
        near = slice(month - WINDOW_MONTHS, month), slice(month, month + WINDOW_MONTHS)
        far = slice(0, month), slice(month, None)
        changes, elsewhere = [], []
        for before, after in (near, far):
            mine = change(own[before], own[after])
            theirs = change(others[before], others[after]) if others else 0.0
            changes += [mine, mine - theirs]
            elsewhere.append(theirs)
        sign = math.copysign(1, changes[0])
        if min(sign * one for one in changes) <= math.log(2) * (1 + slack):
            continue
        if max(median(own[near[0]]), median(own[near[1]])) < FEWEST:
            continue
        earlier, later = sum(own[near[0]]) * math.exp(elsewhere[0]), sum(own[near[1]])
        apart = abs(later - earlier) / math.sqrt(max(later + earlier, 1))
        if apart >= CLEAR_OF_CHANCE * (1 + slack):
            found[month] = apart
    return found


COUNTS = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(5, 40)),
    elements=st.integers(0, 400).map(float),
)


@settings(max_examples=80, deadline=None)
@given(
    noise=COUNTS,
    at=st.integers(0, 40),
    factor=st.sampled_from([0.0, 0.3, 1.0, 3.0]),
    elsewhere=st.sampled_from([None, 0.5, 1.0, 3.0]),
    margin=st.sampled_from(MARGINS),
)
def test_steps_are_those_of_a_loop(noise, at, factor, elsewhere, margin) -> None:
    """The same series, at the month that is clearest, with the same medians."""
    months = noise.shape[1]
    later = np.arange(months) >= at
    counts = (noise + 60) * np.where(later, factor, 1.0)
    people = np.full(months, 1000.0)
    others = None
    if elsewhere is not None:
        others = (noise[::-1] / 4 + 60) * np.where(later, elsewhere, 1.0) / 1000
    steps = {
        s.series: s for s in find_steps(counts, people, others=others, fewest=FEWEST, margin=margin)
    }
    for series, own in enumerate(counts.tolist()):
        beside = None if others is None else (others[series] * 1000).tolist()
        clear = clear_steps(own, beside, margin, slack=1e-9)
        perhaps = clear_steps(own, beside, margin, slack=-1e-9)
        assert bool(clear) <= (series in steps) <= bool(perhaps)
        if series in steps:
            step = steps[series]
            assert perhaps[step.month] >= max(clear.values(), default=0) * (1 - 1e-9)
            assert step.before == median(own[step.month - WINDOW_MONTHS : step.month])
            assert step.after == median(own[step.month : step.month + WINDOW_MONTHS])


@settings(max_examples=50, deadline=None)
@given(scale=st.floats(0.5, 3), counts=COUNTS)
def test_as_many_more_people_as_rows_is_no_step(scale: float, counts: np.ndarray) -> None:
    """A rate is per person: what follows the list in size is the same series."""
    months = counts.shape[1]
    people = np.where(np.arange(months) < months // 2, 1000.0, 1000.0 * scale)
    level = np.full((1, months), 100.0) * people / 1000
    assert find_steps(level, people, fewest=FEWEST) == []


DIGITS = st.text("0123456789", min_size=5, max_size=17)


def with_digit(digits: str, is_right) -> str:
    (found,) = (digits + str(last) for last in range(10) if is_right(digits + str(last)))
    return found


@given(digits=DIGITS, place=st.integers(0, 17), other=st.integers(0, 9))
def test_one_wrong_digit_is_noticed(digits: str, place: int, other: int) -> None:
    """Both codes promise it for every place."""
    for is_right in (has_verhoeff_digit, has_luhn_digit):
        whole = with_digit(digits, is_right)
        at = place % len(whole)
        changed = whole[:at] + str(other) + whole[at + 1 :]
        assert is_right(changed) is (changed == whole)


@given(digits=DIGITS, place=st.integers(0, 16))
def test_two_swapped_neighbours_are_noticed(digits: str, place: int) -> None:
    """Verhoeff's code promises it for all; Luhn's for all but 0 and 9."""
    whole = with_digit(digits, has_verhoeff_digit)
    at = place % (len(whole) - 1)
    assume(whole[at] != whole[at + 1])
    assert not has_verhoeff_digit(whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :])
