"""What a reader may ask of a list."""

from __future__ import annotations

import pandas as pd
import pytest

from riskstrat_serving.review.query import ListQuery

PEOPLE = pd.DataFrame({"rank_in_practice": [1, 2, 3, 4], "age": [70, 80, 60, 80]})


def ranks(**asked: str) -> list[int]:
    return ListQuery.read(asked).select(PEOPLE)["rank_in_practice"].tolist()


def test_without_a_wish_everybody_is_listed_by_rank():
    assert ranks() == [1, 2, 3, 4]


def test_a_capacity_takes_the_highest_ranks():
    assert ranks(top="2") == [1, 2]
    assert ranks(top="4") == ranks(top="5") == [1, 2, 3, 4]


def test_a_youngest_age_includes_that_age():
    assert ranks(min_age="70") == [1, 2, 4]
    assert ranks(min_age="81") == []


def test_a_capacity_counts_ranks_before_ages_are_chosen():
    assert ranks(top="3", min_age="75") == [2]


def test_people_of_one_age_stay_in_rank_order():
    assert ranks(sort="oldest") == [2, 4, 1, 3]
    assert ranks(sort="youngest") == [3, 1, 2, 4]


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "abc", "1e3", "٣", "9" * 40])
def test_what_is_not_a_whole_number_is_told_and_not_applied(given):
    query = ListQuery.read({"top": given})
    assert query.top is None
    assert query.mistakes == {"top": "Enter a whole number from 1 to 100,000"}


def test_an_unknown_order_or_page_falls_back_to_the_first():
    query = ListQuery.read({"sort": "; drop table", "page": "x"})
    assert (query.sort, query.page, query.mistakes) == ("rank", 1, {})


def test_an_address_keeps_what_was_asked_and_leaves_out_the_usual():
    query = ListQuery.read({"top": "40", "sort": "oldest", "page": "2"})
    assert query.href(page=3) == "?top=40&sort=oldest&page=3"
    assert query.href(page=1) == "?top=40&sort=oldest"
    assert ListQuery().href() == "?"
