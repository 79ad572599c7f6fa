"""How often a reason is given by group of people: which shares are shown, which withheld."""

from __future__ import annotations

import numpy as np
import pytest

from riskstrat.evaluation.explained import told_shares


def shares(*groups, rows_per_person=1):
    """Shares of groups, each given as (people, how many of them were told)."""
    people = [size for size, _ in groups for _ in range(rows_per_person)]
    group = np.repeat(np.arange(len(groups)), [size * rows_per_person for size, _ in groups])
    told = np.concatenate(
        [np.repeat(np.arange(size) < count, rows_per_person) for size, count in groups]
    )
    patient = np.repeat(np.arange(sum(size for size, _ in groups)), rows_per_person)
    assert len(people) == len(groups) * rows_per_person
    return told_shares([group == k for k in range(len(groups))], told, patient)


def test_shares_are_in_whole_percent():
    assert shares((300, 100), (200, 50)) == [0.33, 0.25]


@pytest.mark.parametrize(
    ("groups", "shown"),
    [
        # 1 to 7 told are withheld, and a second group with them
        ([(300, 100), (200, 7), (250, 60)], [0.33, None, None]),
        # nobody told is no secret; 8 may be told
        ([(300, 100), (200, 0), (250, 60)], [0.33, 0.0, 0.24]),
        ([(300, 100), (200, 8), (250, 60)], [0.33, 0.04, 0.24]),
        # 1 to 7 not told are as telling
        ([(300, 100), (200, 193), (250, 60)], [0.33, None, None]),
        ([(300, 100), (200, 200), (250, 60)], [0.33, 1.0, 0.24]),
        # fewer than 10 people
        ([(300, 100), (9, 0), (250, 60)], [0.33, None, None]),
        # two small ones hide each other only when together they are not small
        ([(300, 100), (200, 3), (250, 3), (400, 90)], [0.33, None, None, None]),
        ([(300, 100), (200, 4), (250, 5), (400, 90)], [0.33, None, None, 0.23]),
    ],
)
def test_what_could_be_counted_back_is_withheld(groups, shown):
    assert shares(*groups) == shown


def test_people_count_not_rows():
    """Four people told at two dates each are four people, however many rows."""
    assert shares((100, 4), (100, 50), (100, 50), rows_per_person=2)[0] is None
