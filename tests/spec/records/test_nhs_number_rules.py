"""What counts as an NHS number, and which number follows another."""

from __future__ import annotations

from datetime import date

import pytest

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.linkage.nhs_number import (
    digits_sql,
    display,
    is_valid_sql,
    real_numbers_sql,
    resolve_merges,
)

NUMBER = "9998832829"
SPRING, SUMMER = date(2024, 3, 1), date(2024, 7, 1)


def read(expression: str, value: object) -> object:
    """The value of an expression about the column `n`."""
    engine = Engine(threads=1)
    rows = engine.connection.execute(f"select {expression} from (select $1 as n)", [value])
    return rows.fetchall()[0][0]


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("9998832829", NUMBER),
        ("999 883 2829", NUMBER),
        ("999-883-2829", NUMBER),
        ("999\u00a0883\u00a02829", NUMBER),  # no-break space
        ("999\u2011883\u20132829", NUMBER),  # no-break hyphen, en dash
        ("\ufeff9998832829\t", NUMBER),  # byte-order mark, tab
        ("9998832829.0", NUMBER),
        ("999 883 2829.00 ", NUMBER),
        (9998832829, NUMBER),
        (9998832829.0, NUMBER),
        ("0123456789", "0123456789"),  # ten digits, though no such number is issued
        ("999883282", None),  # nine
        ("999883282.0", None),  # nine, written as a float
        ("99988328290", None),  # eleven
        ("9998832829.5", None),
        ("999883282X", None),
        ("٩٩٩٨٨٣٢٨٢٩", None),  # digits of another script
        ("NULL", None),
        ("unknown", None),
        ("", None),
        (None, None),
        ("0000000000", None),
        ("999 999 9999", None),
        ("4444444444", None),  # its check digit would be right
    ],
)
def test_ten_digits_however_they_are_written(written: object, digits: str | None) -> None:
    assert read(digits_sql("n"), written) == digits


@pytest.mark.parametrize(
    ("digits", "issued", "accepted_as_synthetic"),
    [
        ("4000000004", True, True),  # first of the first range
        ("4999999994", True, True),  # last
        ("6000000006", True, True),  # first of the second range
        ("7999999997", True, True),  # last
        ("9990000018", False, True),  # range kept for test patients
        ("9998832829", False, True),
        ("9998832828", False, False),  # wrong check digit
        ("9998832892", False, False),  # two digits swapped
        ("3999999993", False, False),  # last before the first range: Northern Ireland
        ("5000000005", False, False),  # first after it: not to be issued
        ("8000000008", False, False),  # first after the second range: Ireland
        ("9989999996", False, False),  # last before the range 999
        ("4000000110", False, False),  # check digit would be 10
        (None, False, False),
    ],
)
def test_check_digit_and_range(
    digits: str | None, issued: bool, accepted_as_synthetic: bool
) -> None:
    assert read(is_valid_sql("n", synthetic=False), digits) is issued
    assert read(is_valid_sql("n", synthetic=True), digits) is accepted_as_synthetic
    assert read(real_numbers_sql("n"), digits) is issued


def test_a_number_is_shown_in_three_groups() -> None:
    assert display(NUMBER) == "999 883 2829"


@pytest.mark.parametrize("text", ["", "999 883 2829", "99988328290", "999883282X"])
def test_what_is_not_ten_digits_is_not_shown(text: str) -> None:
    with pytest.raises(RecordsError, match=f"10 digits, got {len(text)} characters") as caught:
        display(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("pairs", "current", "circular"),
    [
        ([], {}, 0),
        ([("a", "b")], {"a": "b"}, 0),
        ([("a", "b"), ("b", "c"), ("c", "d")], {"a": "d", "b": "d", "c": "d"}, 0),
        ([("a", "c"), ("b", "c")], {"a": "c", "b": "c"}, 0),
        # said twice
        ([("a", "b"), ("a", "b", SPRING)], {"a": "b"}, 0),
        # circles are left as they are, and counted
        ([("a", "a")], {}, 1),
        ([("a", "b"), ("b", "a")], {}, 2),
        ([("a", "b"), ("b", "c"), ("c", "b")], {"a": "b"}, 2),
        ([("a", "b"), ("b", "a"), ("c", "d")], {"c": "d"}, 2),
        # one number superseded by two
        ([("a", "c"), ("a", "b")], {"a": "b"}, 0),
        ([("a", "b", SPRING), ("a", "c", SUMMER)], {"a": "c"}, 0),
        ([("a", "c", SUMMER), ("a", "b", SUMMER)], {"a": "b"}, 0),
        ([("a", "b"), ("a", "c", SPRING)], {"a": "c"}, 0),
        ([("a", "b", None), ("a", "c", SPRING)], {"a": "c"}, 0),
        ([("b", "a"), ("b", "b"), ("b", "c")], {"b": "a"}, 1),
    ],
)
def test_a_superseded_number_leads_to_the_current_one(
    pairs: list, current: dict[str, str], circular: int
) -> None:
    assert resolve_merges(pairs) == (current, circular)
    assert resolve_merges(reversed(pairs)) == (current, circular)
