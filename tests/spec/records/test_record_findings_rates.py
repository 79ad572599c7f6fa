"""Rates of the whole store against what is known of England."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from tests.small_store import Rows
from tests.spec.records.checked_records import Row, found, patients, people, registrations

PEOPLE = people(1200)
"""Two years of each: 2,400 person-years."""

EVENT = {"kind": "diagnosis", "source": "gp", "system": "icd10", "code": "E11"}


def district(**changed: Rows) -> dict[str, Rows]:
    """A district of which every figure is credible: rates a year and 1,000 people in brackets.

    Emergency admissions (100), attendances (400), contacts (5,000), deaths (10), half of the people
    women, aged 40, each with events, one in ten with diabetes.
    """
    women, men = PEOPLE[:600], PEOPLE[600:]
    died = {"death_date": date(2021, 6, 1)}
    tables: dict[str, Rows] = {
        "patients": [
            *patients(women[:12], **BORN, **died),
            *patients(women[12:], **BORN),
            *patients(men[:12], **BORN, sex="male", **died),
            *patients(men[12:], **BORN, sex="male"),
        ],
        "registrations": registrations(PEOPLE),
        "stays": [*stays(240), *stays(960, kind="emergency_department", is_emergency=False)],
        "events": [*contacts(10), *diagnoses(120)],
    }
    return {**tables, **changed}


BORN = {"birth_month": date(1981, 1, 1)}


def stays(count: int, **given: object) -> list[Row]:
    return [
        {"patient_id": PEOPLE[number], "start_date": date(2021, 3, 1), **given}
        for number in range(count)
    ]


def contacts(each: int, ids: Sequence[str] = PEOPLE) -> list[Row]:
    row = {**EVENT, "kind": "contact", "system": "snomed", "code": "22298006"}
    return [
        {**row, "patient_id": person, "event_date": date(2021, 1, 1 + number)}
        for person in ids
        for number in range(each)
    ]


def diagnoses(count: int, **given: object) -> list[Row]:
    return [
        {**EVENT, "patient_id": person, "event_date": date(2020, 2, 1), **given}
        for person in PEOPLE[:count]
    ]


def names(folder: Path, **tables: Rows) -> list[str]:
    return [finding.message.split(":")[0] for finding in found("R034", folder, **tables)]


def test_a_credible_district_has_no_finding(tmp_path: Path) -> None:
    assert names(tmp_path, **district()) == []


ATTENDANCES = stays(960, kind="emergency_department", is_emergency=False)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("emergency admissions", {"stays": [*stays(100), *ATTENDANCES]}),
        ("emergency admissions", {"stays": [*stays(600), *ATTENDANCES]}),
        (
            "emergency department attendances",
            {"stays": [*stays(240), *ATTENDANCES, *ATTENDANCES, *ATTENDANCES]},
        ),
        ("contacts with primary care", {"events": [*contacts(1), *diagnoses(120)]}),
        (
            "deaths",
            {
                "patients": [
                    *patients(PEOPLE[:600], **BORN),
                    *patients(PEOPLE[600:], **BORN, sex="male"),
                ]
            },
        ),
        ("people with diabetes", {"events": [*contacts(10), *diagnoses(12)]}),
        ("people with diabetes", {"events": [*contacts(10), *diagnoses(12, system="local")]}),
        (
            "people without any event or stay",
            {"events": [*contacts(10, PEOPLE[:500]) * 2, *diagnoses(120)]},
        ),
    ],
    ids=[
        "admissions missing",
        "admissions too many",
        "attendances twice",
        "contacts missing",
        "no deaths",
        "little diabetes",
        "diabetes in codes of no system",
        "people without events",
    ],
)
def test_a_rate_far_from_what_is_known(tmp_path: Path, name: str, changed: dict[str, Rows]) -> None:
    tables = district(**changed)
    if name == "people without any event or stay":
        tables["stays"] = [*stays(240), *stays(480, kind="emergency_department")]
    assert names(tmp_path, **tables) == [name]


def test_the_message_says_the_figure_and_what_is_credible(tmp_path: Path) -> None:
    """1,200 people for 730 days are 2,398 person-years: 600 admissions are 250 per 1,000."""
    (finding,) = found("R034", tmp_path, **district(stays=[*stays(600), *ATTENDANCES]))
    assert (finding.level, finding.table, finding.count) == ("warning", "stays", 600)
    assert finding.message == (
        "emergency admissions: 250 per 1,000 registered person-years; 50 to 200 is credible"
    )
    assert finding.detail["figure"] == pytest.approx(600 / (1200 * 730 / 365.25) * 1000, abs=1e-4)


def test_age_and_sex(tmp_path: Path) -> None:
    """Old women only: a feed chosen for an illness, or one ward."""
    died = patients(PEOPLE[:24], birth_month=date(1941, 1, 1), death_date=date(2021, 6, 1))
    others = patients(PEOPLE[24:], birth_month=date(1941, 1, 1))
    tables = district(patients=[*died, *others])
    assert names(tmp_path, **tables) == ["share of women", "mean age"]


def test_what_no_feed_can_say_is_no_finding(tmp_path: Path) -> None:
    """No practices' contacts, no attendances, stays without their kind of admission."""
    tables = district(
        stays=stays(240, is_emergency=None),
        events=[*contacts(1) * 0, *[{**row, "kind": "procedure"} for row in contacts(1)]],
    )
    assert names(tmp_path, **tables) == []


def test_records_of_few_people_are_not_judged(tmp_path: Path) -> None:
    """499 people, 998 person-years: every rate is nought, everybody is a woman."""
    few = PEOPLE[:499]
    assert names(tmp_path, patients=patients(few), registrations=registrations(few)) == []


def test_only_registered_days_of_the_last_three_years_count(tmp_path: Path) -> None:
    """Half of the people leave after a year: 1,800 person-years are too few to judge a rate by."""
    tables = district(
        registrations=[
            *registrations(PEOPLE[:600], end_date=date(2021, 1, 1)),
            *registrations(PEOPLE[600:]),
        ],
        stays=[*stays(600), *ATTENDANCES],
    )
    assert "emergency admissions" not in names(tmp_path, **tables)
