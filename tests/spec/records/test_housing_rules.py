"""The rules of council housing, each as a small feed and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.unit.records.governed_feeds import linked_feed, write_files
from tests.unit.records.small_feeds import rejected, rows_of, write_governance

from riskstrat.records import LinkedRecords, link, load_records

ANNE = "9998698162"
TENANT = {
    "person_ref": "H1",
    "nhs_number": ANNE,
    "date_of_birth": "1940-06-02",
    "postcode": "QQ1 1AA",
}
TENANCY = {
    **TENANT,
    "tenancy_ref": "T1",
    "tenancy_type": "secure",
    "tenancy_start": "2019-05-01",
    "tenancy_end": "",
    "arrears": "no",
    "support_start": "",
    "support_end": "",
    "status_date": "2024-01-15",
    "extract_date": "2024-02-28",
}
REPAIR = {
    **TENANT,
    "repair_ref": "J1",
    "tenancy_ref": "T1",
    "category": "damp and mould",
    "reported_date": "2024-01-20",
    "completed_date": "",
    "cost_gbp": "",
    "extract_date": "2024-02-28",
}
LATER = {"status_date": "2024-03-10", "extract_date": "2024-04-28"}


def linked(
    folder: Path,
    tenancies: tuple[Mapping[str, Any], ...] = (),
    repairs: tuple[Mapping[str, Any], ...] = (),
) -> LinkedRecords:
    files = {
        "tenancies": [{**TENANCY, **row} for row in tenancies],
        "repairs": [{**REPAIR, **row} for row in repairs],
    }
    return linked_feed(
        folder, "housing", {name: rows for name, rows in files.items() if rows},
        told="monthly", declared_lag_days=28,
    )  # fmt: skip


def facts(records: LinkedRecords, prefix: str = "") -> list[tuple[Any, ...]]:
    columns = "code, event_date, recorded_date, superseded_date"
    return [
        (code.removeprefix("housing:"), *days)
        for code, *days in rows_of(records, "events", columns, "recorded_date, code")
        if code.startswith(f"housing:{prefix}")
    ]


def support(records: LinkedRecords) -> list[tuple[Any, ...]]:
    columns = "start_date, end_date, recorded_date, superseded_date"
    return rows_of(records, "services", columns, "start_date, recorded_date")


def test_a_tenancy_is_one_fact_however_often_it_is_told(tmp_path: Path) -> None:
    records = linked(tmp_path, ({}, LATER))
    assert rows_of(records, "events", "kind, source, system", "all") == [
        ("observation", "housing", "local")
    ]
    assert facts(records) == [("tenancy:secure", date(2019, 5, 1), date(2024, 2, 28), None)]
    assert rejected(records, "tenancies.csv") == {}


def test_a_tenancy_of_another_type_supersedes_and_a_word_not_known_is_other(
    tmp_path: Path,
) -> None:
    records = linked(
        tmp_path, ({"tenancy_type": "Introductory"}, {**LATER, "tenancy_type": "let to Joan"})
    )
    start = date(2019, 5, 1)
    assert facts(records) == [
        ("tenancy:introductory", start, date(2024, 2, 28), date(2024, 4, 28)),
        ("tenancy:other", start, date(2024, 4, 28), None),
    ]


def test_the_end_of_a_tenancy_is_a_fact_of_its_own(tmp_path: Path) -> None:
    records = linked(tmp_path, ({}, {**LATER, "tenancy_end": "2024-03-10"}))
    assert facts(records, "tenancy_ended") == [
        ("tenancy_ended", date(2024, 3, 10), date(2024, 4, 28), None)
    ]


def test_an_end_that_is_taken_back_is_superseded(tmp_path: Path) -> None:
    corrected = {"status_date": "2024-05-01", "extract_date": "2024-06-28"}
    records = linked(tmp_path, ({**LATER, "tenancy_end": "2024-03-10"}, corrected))
    assert facts(records, "tenancy_ended") == [
        ("tenancy_ended", date(2024, 3, 10), date(2024, 4, 28), date(2024, 6, 28))
    ]


def test_rent_is_told_when_it_is_owed_and_when_it_no_longer_is(tmp_path: Path) -> None:
    status = [
        ("2024-01-15", "no"),
        ("2024-02-01", "yes"),
        ("2024-02-20", "yes"),
        ("2024-04-03", "no"),
        ("2024-05-03", "unknown"),
    ]
    rows = tuple(
        {"status_date": day, "extract_date": f"2024-{int(day[5:7]) + 1:02}-28", "arrears": owed}
        for day, owed in status
    )
    assert facts(linked(tmp_path, rows), "arrears") == [
        ("arrears:yes", date(2024, 2, 1), date(2024, 3, 28), None),
        ("arrears:no", date(2024, 4, 3), date(2024, 5, 28), None),
    ]


def test_support_is_a_spell_that_was_open_before_it_was_closed(tmp_path: Path) -> None:
    begun = {"support_start": "2024-01-15"}
    records = linked(tmp_path, (begun, {**begun, **LATER, "support_end": "2024-03-10"}))
    assert support(records) == [
        (date(2024, 1, 15), None, date(2024, 2, 28), date(2024, 4, 28)),
        (date(2024, 1, 15), date(2024, 3, 10), date(2024, 4, 28), None),
    ]
    what = rows_of(records, "services", "service, source, minutes_per_week", "all")
    assert set(what) == {("housing_support", "housing", None)}


def test_a_second_spell_of_support_leaves_the_first_as_it_was(tmp_path: Path) -> None:
    first = {"support_start": "2024-01-15", "support_end": "2024-01-20"}
    records = linked(tmp_path, (first, {**LATER, "support_start": "2024-03-10"}))
    assert support(records) == [
        (date(2024, 1, 15), date(2024, 1, 20), date(2024, 2, 28), None),
        (date(2024, 3, 10), None, date(2024, 4, 28), None),
    ]


def test_without_an_extract_date_the_declared_lag_says_when_it_was_known(tmp_path: Path) -> None:
    records = linked(tmp_path, ({"extract_date": ""},), ({"extract_date": ""},))
    assert {row[2] for row in facts(records)} == {date(2024, 2, 28)}


@pytest.mark.parametrize(
    ("category", "code"),
    [
        ("damp and mould", "repair:damp_and_mould"),
        ("Damp & mould", "repair:other"),
        ("HEATING and hot water", "repair:heating_and_hot_water"),
        ("adaptation: grab rails", "adaptation:grab_rails"),
        ("Adaptation - stairlift", "adaptation:stairlift"),
        ("key under Joan's mat", "repair:other"),
        ("", "repair:other"),
    ],
)
def test_a_repair_is_a_fact_of_the_day_it_was_reported(
    tmp_path: Path, category: str, code: str
) -> None:
    records = linked(tmp_path, (), ({"category": category},))
    assert facts(records) == [(code, date(2024, 1, 20), date(2024, 2, 28), None)]


def test_completion_tells_nothing_new_and_a_corrected_day_supersedes(tmp_path: Path) -> None:
    done = {"completed_date": "2024-02-05", "cost_gbp": "130", "extract_date": "2024-03-28"}
    moved = {**done, "reported_date": "2024-01-19", "extract_date": "2024-04-28"}
    records = linked(tmp_path, (), ({}, done, moved))
    assert facts(records) == [
        ("repair:damp_and_mould", date(2024, 1, 20), date(2024, 2, 28), date(2024, 4, 28)),
        ("repair:damp_and_mould", date(2024, 1, 19), date(2024, 4, 28), None),
    ]
    assert rejected(records, "repairs.csv") == {}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"tenancy_start": ""}, "no date"),
        ({"tenancy_ref": ""}, "no identifier"),
        ({"tenancy_end": "2019-04-30"}, "end before start"),
        ({"support_start": "2024-01-15", "support_end": "2024-01-14"}, "end before start"),
        ({"status_date": "2024-13-01"}, "unparsable date"),
    ],
)
def test_a_tenancy_that_cannot_stand(tmp_path: Path, row: dict[str, str], reason: str) -> None:
    records = linked(tmp_path, ({}, {**LATER, **row}))
    assert rejected(records, "tenancies.csv") == {reason: 1}
    assert len(facts(records)) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [({"reported_date": ""}, "no date"), ({"repair_ref": ""}, "no identifier")],
)
def test_a_repair_that_cannot_stand(tmp_path: Path, row: dict[str, str], reason: str) -> None:
    records = linked(tmp_path, (), ({}, {"repair_ref": "J2", **row}))
    assert rejected(records, "repairs.csv") == {reason: 1}


def test_repeats(tmp_path: Path) -> None:
    records = linked(tmp_path, ({}, {}), ({}, {}, {"category": "electrics"}))
    assert rejected(records, "tenancies.csv") == {"duplicate": 1}
    assert rejected(records, "repairs.csv") == {
        "duplicate": 1, "same identifier, different content": 1,
    }  # fmt: skip


def test_a_landlord_keeps_people_with_the_same_reference_apart(tmp_path: Path) -> None:
    other = {
        "landlord": "B", "nhs_number": "9993604372", "date_of_birth": "1950-01-01",
    }  # fmt: skip
    records = linked(tmp_path, ({"landlord": "A"}, other))
    assert len(rows_of(records, "patients", "patient_id", "all")) == 2


def test_one_identifier_of_two_landlords_is_two_people(tmp_path: Path) -> None:
    """Each landlord numbers its own tenants; the number beside it says who each is."""
    bob = {"person_ref": "H1", "nhs_number": "9998698170", "date_of_birth": "1951-03-04"}
    entries = ""
    for landlord, row in {"north": {}, "south": bob}.items():
        write_files(tmp_path, {landlord: [{**TENANCY, **row}]})
        text = write_governance(tmp_path, "housing", files=[landlord]).read_text()
        head, _, entry = text.partition("[sources.housing]")
        entries += f"[sources.{landlord}]" + entry.replace(
            "[sources.housing.", f"[sources.{landlord}."
        )
    (tmp_path / "governance.toml").write_text(head + entries)
    link(tmp_path, tmp_path.parent / f"{tmp_path.name}_records")
    records = load_records(tmp_path.parent / f"{tmp_path.name}_records")
    assert len(rows_of(records, "patients", "patient_id", "all")) == 2
    assert len({person for (person,) in rows_of(records, "events", "patient_id", "all")}) == 2
