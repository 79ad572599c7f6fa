"""NHS numbers as feeds give them: missing, mistyped, somebody else's, or since replaced."""

from __future__ import annotations

import numpy as np
import pytest

from riskstrat.simulation.feeds.mess import Mess, former_of, merge_days, told_numbers, twice
from riskstrat.simulation.people.identity import NO_NUMBER, synthetic_nhs_numbers
from riskstrat.simulation.register.merges import tell_merges
from riskstrat.simulation.timeline import NEVER

MANY = 40_000
LATER = 30_000
"""A day after every merge."""


@pytest.fixture(scope="module")
def crowd(small_block, altered):
    return altered(small_block, MANY)


def told(block, mess, day=LATER, record=0, feed="hospital"):
    row = np.arange(len(block.people))
    return told_numbers(block, feed, mess, row, np.full(len(row), day), np.full(len(row), record))


def test_without_mess_everybody_has_their_number(crowd) -> None:
    assert (told(crowd, Mess()) == crowd.people.nhs_number).all()


def test_numbers_are_missing_as_often_as_stated(crowd) -> None:
    given = told(crowd, Mess(missing=0.035))
    assert (given == NO_NUMBER).mean() == pytest.approx(0.035, abs=0.003)
    assert (given == crowd.people.nhs_number)[given != NO_NUMBER].all()
    assert (told(crowd, Mess(missing=1.0)) == NO_NUMBER).all()


def test_wrong_numbers_are_slips_or_somebody_elses(crowd) -> None:
    """Three quarters are slips: two neighbouring digits swapped, never with a valid check digit."""
    given, own = told(crowd, Mess(wrong=1.0)), crowd.people.nhs_number
    others = np.isin(given, own) & (given != own)
    assert others.mean() == pytest.approx(0.25, abs=0.01)
    assert len(np.unique(given[others])) > 0.8 * others.sum()
    slips = ~others & (given != own)
    assert slips.mean() == pytest.approx(0.75 * 0.9, abs=0.02)
    assert not np.isin(given[slips], synthetic_nhs_numbers()).any()
    assert (given // 10_000_000 == 999).all()
    for number, wrong in zip(own[slips][:200], given[slips][:200], strict=True):
        assert str(wrong) in swaps(str(number))


def swaps(number: str) -> set[str]:
    """The number with two neighbouring digits swapped, but for the first three and the last."""
    return {
        number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        for place in range(3, 8)
    }


def test_who_has_no_number_is_given_none(small_block, altered) -> None:
    nobody = altered(small_block, 500, nhs_number=NO_NUMBER)
    assert (told(nobody, Mess(wrong=1.0)) == NO_NUMBER).all()


def test_rows_of_one_record_agree_and_other_records_and_feeds_do_not(crowd) -> None:
    mess = Mess(missing=0.5)
    first = told(crowd, mess)
    assert (first == told(crowd, mess)).all()
    for other in (
        told(crowd, mess, record=1),
        told(crowd, mess, day=LATER + 1),
        told(crowd, mess, feed="council"),
    ):
        assert ((first == NO_NUMBER) == (other == NO_NUMBER)).mean() == pytest.approx(0.5, abs=0.02)


def test_before_the_merge_a_feed_gives_the_former_number_and_from_that_day_the_other(crowd) -> None:
    merged = np.flatnonzero(former_of(crowd) != NO_NUMBER)
    day = merge_days(crowd)[merged]
    kept = np.zeros(len(merged), np.int64)
    before = told_numbers(crowd, "hospital", Mess(), merged, day - 1, kept)
    on_the_day = told_numbers(crowd, "hospital", Mess(), merged, day, kept)
    assert 40 < len(merged) < 130
    assert (before == former_of(crowd)[merged]).all()
    assert (on_the_day == crowd.people.nhs_number[merged]).all()
    assert (before != on_the_day).all()


def test_the_file_of_merges_leads_from_every_former_number_to_the_present_one(crowd) -> None:
    early = told(crowd, Mess(), day=0)
    changed = np.flatnonzero(early != crowd.people.nhs_number)
    rows = tell_merges(crowd).table().to_pydict()
    now = dict(zip(rows["superseded_nhs_number"], rows["nhs_number"], strict=True))
    assert len(now) == len(changed)
    for row in changed:
        assert now[str(early[row])] == str(crowd.people.nhs_number[row])


def test_merges_fall_into_the_period_and_most_people_have_none(crowd) -> None:
    day = merge_days(crowd)
    merged = day != -NEVER
    assert merged.mean() == pytest.approx(0.002, abs=0.0008)
    inside = (crowd.period.first <= day) & (day <= crowd.period.last)
    assert (inside == merged).all()
    assert day[merged].max() - day[merged].min() > 0.8 * (crowd.period.last - crowd.period.first)


def test_rows_are_told_twice_as_often_as_stated(crowd) -> None:
    row = np.arange(MANY)
    again = twice(crowd, "csds", Mess(twice=0.015), row, row * 0 + 5, row * 0)
    assert again.mean() == pytest.approx(0.015, abs=0.002)
    assert not twice(crowd, "csds", Mess(), row, row * 0 + 5, row * 0).any()
