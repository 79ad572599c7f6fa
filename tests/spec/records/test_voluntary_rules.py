"""The rules of charities' lists, each as a few lines and what they give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.unit.records.governed_feeds import linked_feed
from tests.unit.records.small_feeds import rejected, rows_of

from riskstrat.records import LinkedRecords

ANNE, BILL = "9998698162", "9993604372"
LINE = {
    "Date of contact": "10/01/2024",
    "NHS No": ANNE,
    "DOB": "02/06/1940",
    "Postcode": "QQ1 1AA",
    "Service": "Befriending",
    "Minutes": "60",
    "Outcome": "Ongoing",
    "Sent on": "28/02/2024",
}
FEBRUARY, MARCH = date(2024, 2, 28), date(2024, 3, 28)


def linked(folder: Path, *rows: Mapping[str, Any], **governance: object) -> LinkedRecords:
    files = {"contacts": [{**LINE, **row} for row in rows]}
    return linked_feed(
        folder, "voluntary", files, told="monthly", declared_lag_days=28, **governance
    )


def line(day: str, outcome: str, **more: str) -> dict[str, str]:
    """A line of January, sent at the end of February, or of February, sent at the end of March."""
    sent = f"28/0{int(day[3:]) + 1}/2024"
    return {"Date of contact": f"{day}/2024", "Outcome": outcome, "Sent on": sent, **more}


def spells(records: LinkedRecords) -> list[tuple[Any, ...]]:
    columns = "service, start_date, end_date, recorded_date, superseded_date"
    return rows_of(records, "services", columns, "service, start_date, recorded_date")


def contacts(records: LinkedRecords, columns: str) -> list[tuple[Any, ...]]:
    return rows_of(records, "events", columns, "event_date, code, value")


def test_support_lasts_from_the_first_contact_to_the_line_that_ends_it(tmp_path: Path) -> None:
    records = linked(
        tmp_path,
        line("10/01", "Started"),
        line("24/01", "Ongoing"),
        line("20/02", "Ended", Minutes="0"),
    )
    assert spells(records) == [
        ("befriending", date(2024, 1, 10), None, FEBRUARY, MARCH),
        ("befriending", date(2024, 1, 10), date(2024, 2, 20), MARCH, None),
    ]
    assert contacts(records, "kind, code, event_date, value, unit, recorded_date") == [
        ("contact", "voluntary:befriending", date(2024, 1, 10), 60, "min", FEBRUARY),
        ("contact", "voluntary:befriending", date(2024, 1, 24), 60, "min", FEBRUARY),
        ("observation", "voluntary:befriending:ended", date(2024, 2, 20), None, None, MARCH),
    ]
    assert rejected(records, "contacts.csv") == {}


JANUARY_10, JANUARY_24 = date(2024, 1, 10), date(2024, 1, 24)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([("10/01", "Ongoing")], [(JANUARY_10, None)]),
        ([("10/01", "Started"), ("10/01", "Ended")], [(JANUARY_10, JANUARY_10)]),
        ([("10/01", "Ongoing"), ("10/01", "Ended")], [(JANUARY_10, JANUARY_10)]),
        ([("10/01", "Ended")], []),
        ([("10/01", "Cancelled"), ("24/01", "Ongoing")], [(JANUARY_24, None)]),
        ([("10/01", "Started"), ("24/01", "Started")], [(JANUARY_10, None)]),
        (
            [("10/01", "Started"), ("12/01", "Ended"), ("24/01", "Started")],
            [(JANUARY_10, date(2024, 1, 12)), (JANUARY_24, None)],
        ),
        (
            [("10/01", "Started"), ("12/01", "Ended"), ("24/01", "Ongoing")],
            [(JANUARY_10, date(2024, 1, 12)), (JANUARY_24, None)],
        ),
        (
            [("10/01", "Started"), ("24/01", "Ended"), ("24/01", "Started")],
            [(JANUARY_10, JANUARY_24), (JANUARY_24, None)],
        ),
        (
            [
                ("10/01", "Started"),
                ("24/01", "Ended"),
                ("24/01", "Started"),
                ("30/01", "Ended"),
            ],
            [(JANUARY_10, JANUARY_24), (JANUARY_24, date(2024, 1, 30))],
        ),
        (
            [("10/01", "Started"), ("24/01", "Ended"), ("30/01", "Ended")],
            [(JANUARY_10, JANUARY_24)],
        ),
        (
            [("10/01", "Started"), ("24/01", "Ongoing"), ("24/01", "Ended")],
            [(JANUARY_10, JANUARY_24)],
        ),
    ],
)
def test_where_spells_begin_and_end(
    tmp_path: Path,
    lines: list[tuple[str, str]],
    expected: list[tuple[date, date | None]],
) -> None:
    records = linked(tmp_path, *(line(*words) for words in reversed(lines)))
    current = "select start_date, end_date from services where superseded_date is null order by all"
    assert records.engine.connection.execute(current).fetchall() == expected
    assert rejected(records, "contacts.csv") == {}


def test_an_end_is_not_known_before_the_beginning_is(tmp_path: Path) -> None:
    late = line("10/01", "Started") | {"Sent on": "28/04/2024"}
    records = linked(tmp_path, late, line("20/01", "Ended"))
    assert spells(records) == [
        ("befriending", JANUARY_10, date(2024, 1, 20), date(2024, 4, 28), None)
    ]


def test_a_spell_that_only_an_end_sets_apart_is_known_no_sooner_than_that_end(
    tmp_path: Path,
) -> None:
    late = line("20/01", "Ended") | {"Sent on": "28/06/2024"}
    records = linked(tmp_path, line("10/01", "Started"), late, line("05/02", "Ongoing"))
    assert spells(records)[-1] == (
        "befriending", date(2024, 2, 5), None, date(2024, 6, 28), None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "service", "code"),
    [
        ("Befriending", "befriending", "befriending"),
        ("telephone  BEFRIENDING", "befriending", "befriending"),
        ("Social Prescribing", "social_prescribing", "social_prescribing"),
        ("Food bank", "voluntary_sector", "food_support"),
        ("Welfare advice", "voluntary_sector", "welfare_advice"),
        ("tea with Joan", "voluntary_sector", "other"),
        ("", "voluntary_sector", "other"),
    ],
)
def test_words_for_services(tmp_path: Path, words: str, service: str, code: str) -> None:
    records = linked(tmp_path, {"Service": words})
    assert [spell[0] for spell in spells(records)] == [service]
    assert contacts(records, "code") == [(f"voluntary:{code}",)]


def test_each_service_has_spells_of_its_own(tmp_path: Path) -> None:
    records = linked(
        tmp_path,
        line("10/01", "Started", Service="Food support"),
        line("12/01", "Started", Service="Welfare advice"),
        line("24/01", "Ended", Service="Welfare advice"),
    )
    assert [spell[:3] for spell in spells(records)] == [
        ("voluntary_sector", JANUARY_10, None),
        ("voluntary_sector", date(2024, 1, 12), JANUARY_24),
    ]


def test_lines_that_name_a_person_differently_make_one_spell(tmp_path: Path) -> None:
    records = linked(
        tmp_path,
        line("10/01", "Started", **{"NHS No": "999 869 8162"}),
        line("20/02", "Ended", Postcode=""),
    )
    assert [spell[:3] for spell in spells(records)] == [
        ("befriending", JANUARY_10, None),
        ("befriending", JANUARY_10, date(2024, 2, 20)),
    ]


def test_people_do_not_share_spells(tmp_path: Path) -> None:
    bill = {"NHS No": BILL, "DOB": "01/01/1950"}
    records = linked(tmp_path, line("10/01", "Started"), line("24/01", "Ended", **bill))
    assert [spell[:3] for spell in spells(records)] == [("befriending", JANUARY_10, None)]


def test_a_contact_that_did_not_take_place_is_told_as_such(tmp_path: Path) -> None:
    records = linked(tmp_path, line("10/01", "Started"), line("24/01", "DNA", Minutes="0"))
    assert contacts(records, "kind, attendance") == [
        ("contact", None), ("contact", "did_not_attend"),
    ]  # fmt: skip


def test_a_growing_list_tells_each_contact_once(tmp_path: Path) -> None:
    again = {"Sent on": "28/03/2024"}
    records = linked(tmp_path, LINE, {**LINE, **again}, {**LINE, **again})
    assert contacts(records, "recorded_date") == [(FEBRUARY,)]
    assert rejected(records, "contacts.csv") == {"duplicate": 1}


def test_without_a_day_of_sending_the_declared_lag_counts(tmp_path: Path) -> None:
    records = linked(tmp_path, {"Sent on": ""})
    assert contacts(records, "recorded_date") == [(FEBRUARY,)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"Date of contact": ""}, "no date"),
        ({"Date of contact": "2024-02-30"}, "unparsable date"),
        ({"Minutes": "-5"}, "negative length or count"),
        ({"Minutes": "an hour"}, "value is not a number"),
        ({"NHS No": "", "DOB": ""}, "no identifier"),
    ],
)
def test_a_line_that_cannot_stand(tmp_path: Path, row: dict[str, str], reason: str) -> None:
    records = linked(tmp_path, LINE, {**LINE, **row})
    assert rejected(records, "contacts.csv") == {reason: 1}
    assert len(contacts(records, "code")) == 1
