"""Practices: steps in volume and coding, practices that are missing, small or stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from tests.small_store import Rows
from tests.spec.records.checked_records import (
    MONTHS,
    Row,
    found,
    monthly,
    patients,
    people,
    registrations,
)

ONE, TWO, THREE = (people(120, practice) for practice in ("P1", "P2", "P3"))
EVERYBODY = [*ONE, *TWO, *THREE]
BASE: dict[str, Rows] = {
    "patients": patients(EVERYBODY),
    "registrations": registrations(EVERYBODY),
}
CODE = "22298006"
CHANGES = 12
"""Number of the month in which a practice changes: January 2021."""


def sent(times_of: Callable[[int], int], ids: list[str]) -> list[Row]:
    """Each event of a month so many times."""
    return [row for row in monthly(ids) for _ in range(times_of(MONTHS.index(row["event_date"])))]


def usual(ids: list[str]) -> list[Row]:
    return monthly(ids)


def test_a_practice_whose_rate_more_than_doubles_and_stays(tmp_path: Path) -> None:
    """The practice and the month are named; the practices beside it are not."""
    rows = sent(lambda number: 3 if number >= CHANGES else 1, ONE) + usual(TWO) + usual(THREE)
    (step,) = found("R024", tmp_path, **BASE, events=rows)
    assert (step.level, step.table) == ("warning", "events")
    assert step.message == (
        "practice P1: about 120 rows a month of gp, observation, before 2021-01, about 360 since"
    )
    assert step.detail == {
        "practice": "P1",
        "feed": "gp",
        "kind": "observation",
        "month": "2021-01",
    }


def test_a_practice_that_falls_silent_has_stepped(tmp_path: Path) -> None:
    rows = sent(lambda number: int(number < CHANGES), ONE) + usual(TWO) + usual(THREE)
    (step,) = found("R024", tmp_path, **BASE, events=rows)
    assert step.message.endswith(
        "about 120 rows a month of gp, observation, before 2021-01, about 0 since"
    )


@pytest.mark.parametrize(
    "times_of",
    [
        lambda number: 2 if number >= CHANGES else 1,
        lambda number: 4 if number in (12, 13) else 1,
        lambda number: 4 if number in range(10, 16) else 1,
    ],
    ids=["twice is not more than twice", "two odd months", "half a year, then as before"],
)
def test_what_is_no_step(tmp_path: Path, times_of: Callable[[int], int]) -> None:
    rows = sent(times_of, ONE) + usual(TWO) + usual(THREE)
    assert found("R024", tmp_path, **BASE, events=rows) == []


def test_what_every_practice_does_is_no_step_of_one(tmp_path: Path) -> None:
    """It is a step of the feed."""
    rows = sent(lambda number: 3 if number >= CHANGES else 1, EVERYBODY)
    assert found("R024", tmp_path, **BASE, events=rows) == []
    assert len(found("R023", tmp_path, **BASE, events=rows)) == 1


def test_a_practice_that_grows_has_not_stepped(tmp_path: Path) -> None:
    """Rates are per registered person: three times the people, three times the rows."""
    newcomers = people(360, "P1")[120:]
    tables: dict[str, Rows] = {
        "patients": patients([*EVERYBODY, *newcomers]),
        "registrations": [
            *registrations(EVERYBODY),
            *registrations(newcomers, start_date=date(2020, 12, 31)),
        ],
    }
    later = monthly(newcomers, lambda number: CODE if number >= CHANGES else None)
    assert found("R024", tmp_path, **tables, events=usual(EVERYBODY) + later) == []


def test_the_only_practice_is_compared_with_itself(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {"patients": patients(ONE), "registrations": registrations(ONE)}
    rows = sent(lambda number: 3 if number >= CHANGES else 1, ONE)
    assert len(found("R024", tmp_path, **tables, events=rows)) == 1


def test_a_small_practice_is_not_judged(tmp_path: Path) -> None:
    """Ninety-nine registered people."""
    few = people(99, "P9")
    tables: dict[str, Rows] = {
        "patients": patients([*TWO, *few]),
        "registrations": registrations([*TWO, *few]),
    }
    rows = sent(lambda number: 3 if number >= CHANGES else 1, few) + usual(TWO)
    assert found("R024", tmp_path, **tables, events=rows) == []


def recoded(ids: list[str], codes: int) -> list[Row]:
    """So many codes of which each becomes another."""
    old = [f"A{number:02d}" for number in range(codes)]
    new = [f"B{number:02d}" for number in range(codes)]
    return [
        row
        for before, after in zip(old, new, strict=True)
        for row in monthly(
            ids, lambda n, a=after, b=before: a if n >= CHANGES else b, system="icd10"
        )
    ]


def unchanged(ids: list[str], codes: int) -> list[Row]:
    return [
        row
        for number in range(codes)
        for row in monthly(ids, lambda _, n=number: f"A{n:02d}", system="icd10")
    ]


def test_a_practice_that_codes_in_another_way(tmp_path: Path) -> None:
    """The volume is as before: three codes stop, three begin."""
    rows = recoded(ONE, 3) + unchanged([*TWO, *THREE], 3)
    assert found("R024", tmp_path, **BASE, events=rows) == []
    (step,) = found("R025", tmp_path, **BASE, events=rows)
    assert (step.level, step.count) == ("warning", 120 * 24 * 3)
    assert step.message == (
        "practice P1: 6 codes are used more than twice, or less than half, as often as before, 6 "
        "of them since 2021-01"
    )
    assert step.detail["codes"][:2] == [
        "icd10 A00 (gp, observation)",
        "icd10 A01 (gp, observation)",
    ]


def test_fewer_than_five_codes_are_for_information(tmp_path: Path) -> None:
    rows = recoded(ONE, 2) + unchanged([*TWO, *THREE], 2)
    assert [step.level for step in found("R025", tmp_path, **BASE, events=rows)] == ["info"]


def test_codes_of_few_people_are_not_judged_or_told(tmp_path: Path) -> None:
    """Nineteen people a month."""
    rows = recoded(ONE[:19], 5) + unchanged([*TWO, *THREE], 5)
    assert found("R025", tmp_path, **BASE, events=rows) == []


def test_codes_that_change_everywhere_are_no_change_of_one_practice(tmp_path: Path) -> None:
    assert found("R025", tmp_path, **BASE, events=recoded(EVERYBODY, 3)) == []


def test_a_practice_without_events_while_others_have_some(tmp_path: Path) -> None:
    """Events of the hospital do not count."""
    hospital = monthly(THREE, source="hospital")
    (finding,) = found("R031", tmp_path, **BASE, events=usual(ONE) + usual(TWO) + hospital)
    assert (finding.level, finding.count) == ("warning", 120)
    assert finding.message == "no events of primary care for people of P3"


def test_no_practice_is_missing_where_none_or_all_send_events(tmp_path: Path) -> None:
    assert found("R031", tmp_path, **BASE, events=monthly(ONE, source="hospital")) == []
    assert found("R031", tmp_path, **BASE, events=usual(EVERYBODY)) == []


@pytest.mark.parametrize(("large", "is_small"), [(60, True), (50, False)])
def test_a_practice_with_few_people(tmp_path: Path, large: int, is_small: bool) -> None:
    """Five people beside lists of sixty are less than a tenth, beside lists of fifty not."""
    ids = [*people(5, "X9"), *people(large, "P1"), *people(large, "P2")]
    tables: dict[str, Rows] = {"patients": patients(ids), "registrations": registrations(ids)}
    findings = found("R032", tmp_path, **tables)
    assert [f.message for f in findings] == [
        "fewer than 100 people are registered with X9"
    ] * is_small
    assert all(f.count == 1 for f in findings)


def only_first(number: int) -> str | None:
    return CODE if number == 0 else None


def stopped(ids: list[str]) -> list[Row]:
    return monthly(ids, lambda number: CODE if number < 20 else None)


@pytest.mark.parametrize(("last", "stops"), [(date(2021, 10, 1), True), (date(2021, 10, 2), False)])
def test_a_practice_that_stops(tmp_path: Path, last: date, stops: bool) -> None:
    """The others go on until 1 December: sixty-one days are too many, sixty are not."""
    final = {**monthly(ONE[:1], only_first)[0], "event_date": last}
    rows = [*stopped(ONE), final, *usual(TWO), *usual(THREE)]
    findings = found("R033", tmp_path, **BASE, events=rows)
    assert [f.message for f in findings] == [
        "primary care stops early at P1 (last on 2021-10-01); others go on until 2021-12-01"
    ] * stops
    assert all((f.level, f.count) == ("warning", 120) for f in findings)
