"""Validity of NHS numbers agrees with the package ``nhs-number``."""

from __future__ import annotations

import nhs_number
import numpy as np
import pytest

from riskstrat.engine import Engine
from riskstrat.records.linkage.nhs_number import digits_sql, is_valid_sql, real_numbers_sql

SAMPLE = 50_000

EDGES = (4_000_000_000, 5_000_000_000, 6_000_000_000, 8_000_000_000, 9_990_000_000, 10**10)
"""First numbers of the ranges in use, and of what comes after them."""


@pytest.fixture(scope="module")
def numbers() -> list[int]:
    """Random ten-digit numbers; those with a right check digit are one in eleven, so add some."""
    rng = np.random.default_rng(20_261_127)
    anywhere = rng.integers(0, 10**10, SAMPLE // 2)
    stems = rng.integers(0, 10**9, SAMPLE // 2)
    stems[: SAMPLE // 20] = 999_000_000 + stems[: SAMPLE // 20] % 10**6
    checked = stems * 10 + [nhs_number.calculate_checksum(f"{stem:09}") for stem in stems]
    around = np.concatenate([np.arange(edge - 60, edge + 60) for edge in EDGES])
    same = np.arange(10) * 1_111_111_111
    found = np.concatenate([anywhere, checked, around, same])
    return [int(number) for number in np.unique(found) if number < 10**10]


def judged(condition: str, numbers: list[int]) -> list[bool]:
    """A condition on the column `digits`, for every number in order."""
    rows = Engine(threads=1).connection.execute(
        f"select {condition} from "
        "(select unnest($numbers) as number) , lateral (select printf('%010d', number) as digits) "
        "order by number",
        {"numbers": numbers},
    )
    return [row[0] for row in rows.fetchall()]


def test_numbers_in_issue(numbers: list[int]) -> None:
    expected = [
        nhs_number.is_valid(f"{number:010}", nhs_number.REGION_ENGLAND_WALES_IOM)
        for number in numbers
    ]
    assert judged(is_valid_sql("digits", synthetic=False), numbers) == expected
    assert judged(real_numbers_sql("digits"), numbers) == expected
    assert 1_000 < sum(expected) < len(numbers) - 1_000


def test_numbers_of_synthetic_records(numbers: list[int]) -> None:
    """The package knows the whole range 900 to 999; only 999 is kept for test patients."""
    regions = (nhs_number.REGION_ENGLAND_WALES_IOM, nhs_number.REGION_SYNTHETIC)
    expected = [
        any(nhs_number.is_valid(f"{number:010}", region) for region in regions)
        and not 9_000_000_000 <= number < 9_990_000_000
        for number in numbers
    ]
    assert judged(is_valid_sql("digits", synthetic=True), numbers) == expected
    assert sum(n >= 9_990_000_000 and e for n, e in zip(numbers, expected, strict=True)) > 1_000


@pytest.mark.parametrize("written", ["{0}{1}{2}", "{0} {1} {2}", "{0}-{1}-{2}", " {0}{1}{2} "])
def test_the_package_reads_the_same_digits(written: str) -> None:
    text = written.format("999", "883", "2829")
    row = Engine(threads=1).connection.execute(f"select {digits_sql('$1')}", [text]).fetchall()
    assert row == [(nhs_number.standardise_format(text),)]
