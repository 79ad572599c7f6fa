"""A group is withheld when a small one could be had by subtracting it from another one shown."""

import numpy as np
import pytest

from riskstrat.evaluation.differencing import gives_away, withheld_beside
from riskstrat.evaluation.disclosure import is_small
from riskstrat.evaluation.observed import Observed

PEOPLE = 400
FIFTHS = [np.arange(PEOPLE) // 80 == fifth for fifth in range(5)]
EVERY_FOURTH = Observed.of(np.arange(PEOPLE) % 4 == 0)


def below(number):
    return np.arange(PEOPLE) < number


@pytest.mark.parametrize(
    ("other", "tells"),
    [
        (below(80), False),  # the same people
        (below(75), True),  # five people between them
        (below(40), False),  # forty people, ten of them with an event
        (below(85), True),  # the other lies around it
        (below(75) | (np.arange(PEOPLE) == 399), False),  # neither lies inside the other
    ],
)
def test_one_group_inside_another_gives_away_what_is_between(other, tells):
    assert gives_away(below(80), other, EVERY_FOURTH) is tells


def test_few_events_between_are_as_bad_as_few_people():
    rare = Observed.of(np.isin(np.arange(PEOPLE), [3, 60, 61]))

    assert gives_away(below(80), below(50), rare)
    assert not gives_away(below(80), below(62), Observed.of(np.zeros(PEOPLE)))


def test_without_other_tables_only_small_groups_and_their_company_are_withheld():
    masks = [below(5), below(200) & ~below(5), ~below(200)]

    assert withheld_beside(FIFTHS, [], EVERY_FOURTH) == [False] * 5
    assert withheld_beside(masks, [], EVERY_FOURTH) == [True, True, False]


def test_a_telling_group_goes_and_takes_another_with_it():
    hidden = withheld_beside(FIFTHS, [below(76)], EVERY_FOURTH)

    assert hidden[0]
    assert sum(hidden) > 1


def test_the_others_of_a_published_group_count_too():
    assert withheld_beside(FIFTHS, [~below(76)], EVERY_FOURTH)[0]


def test_a_division_goes_whole_when_what_is_withheld_together_would_tell():
    masks = [below(5), below(100) & ~below(5), ~below(100)]  # the first two cover for each other

    assert withheld_beside(masks, [masks[1]], EVERY_FOURTH) == [True, True, True]


@pytest.mark.parametrize("seed", range(20))
def test_no_pair_of_tables_gives_a_small_group_away(seed):
    rng = np.random.default_rng(seed)
    observed = Observed.of(rng.random(PEOPLE) < 0.3)
    fine = np.sort(rng.integers(0, 8, PEOPLE))  # tenths, and their pairs: nested divisions
    tenths = [fine == group for group in range(8)]
    pairs = [np.isin(fine, [group, group + 1]) for group in range(0, 8, 2)]
    first = withheld_beside(tenths, [], observed)
    published = [mask for mask, gone in zip(tenths, first, strict=True) if not gone]

    second = withheld_beside(pairs, published, observed)

    for mask, gone in zip(pairs, second, strict=True):
        for other in published:
            between = observed.take(mask & ~other)
            if not gone and not (other & ~mask).any() and len(between):
                assert not is_small(between.followed, between.events)
