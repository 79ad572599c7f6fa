"""Small groups are withheld, and with them whatever would give them away."""

import numpy as np
import pytest

from riskstrat.evaluation.disclosure import is_small, merge_small, rounded, withheld


@pytest.mark.parametrize(
    ("people", "events", "small"),
    [(9, 0, True), (10, 0, False), (9, 9, True), (100, 1, True), (100, 7, True), (100, 8, False)],
)
def test_fewer_than_ten_people_or_one_to_seven_events(people, events, small):
    assert is_small(people, events) is small


@pytest.mark.parametrize(
    ("people", "events", "hidden"),
    [
        # Nothing small, nothing hidden.
        ([100, 200, 50], [20, 40, 10], "---"),
        # One small group alone would be the total minus the others: the next smallest goes too.
        ([100, 200, 50], [20, 40, 3], "x-x"),
        # Two small groups that together are not small need nobody else.
        ([100, 200, 50, 60], [20, 40, 3, 6], "--xx"),
        # Two small groups that together are still small: the sum would show 5 events.
        ([100, 200, 50, 60], [20, 40, 3, 2], "x-xx"),
        # A division in two is shown whole or not at all.
        ([500, 4], [80, 0], "xx"),
        ([4], [1], "x"),
    ],
)
def test_one_hidden_group_hides_another(people, events, hidden):
    assert "".join("x" if h else "-" for h in withheld(people, events)) == hidden


@pytest.mark.parametrize(
    ("already", "hidden"), [("--x", "x-x"), ("-xx", "-xx"), ("---", "---"), ("xxx", "xxx")]
)
def test_a_group_hidden_for_another_reason_needs_company_too(already, hidden):
    found = withheld([100, 200, 150], [20, 40, 30], [mark == "x" for mark in already])

    assert "".join("x" if h else "-" for h in found) == hidden


@pytest.mark.parametrize("seed", range(20))
def test_what_is_hidden_cannot_be_had_by_subtraction(seed):
    rng = np.random.default_rng(seed)
    people = rng.integers(1, 60, rng.integers(2, 8)).tolist()
    events = [int(rng.integers(0, size + 1)) for size in people]

    hidden = withheld(people, events)

    kept = list(zip(people, events, hidden, strict=True))
    assert not any(is_small(p, e) for p, e, h in kept if not h)
    if any(hidden) and not all(hidden):
        assert sum(hidden) > 1
        assert not is_small(sum(p for p, _, h in kept if h), sum(e for _, e, h in kept if h))


@pytest.mark.parametrize(
    ("events", "joined"),
    [
        ([9, 9, 9], [0, 1, 2]),
        ([2, 7, 20], [0, 0, 1]),
        # What is left over at the top joins the group below it.
        ([20, 9, 3], [0, 1, 1]),
        ([1, 2, 3], [0, 0, 0]),
        ([0, 9, 0], [0, 1, 2]),
    ],
)
def test_neighbouring_groups_are_joined_until_none_is_small(events, joined):
    people = np.full(len(events), 50)

    assert merge_small(people, np.array(events)).tolist() == joined


def test_counts_are_rounded_to_the_nearest_five():
    assert [rounded(n) for n in (0, 2, 3, 7, 8, 1002)] == [0, 0, 5, 5, 10, 1000]
