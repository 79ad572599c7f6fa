"""Diagnoses and procedures of hospital stays, rule by rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from tests.unit.records.governed_feeds import linked_feed
from tests.unit.records.hospital_feeds import (
    EPISODE,
    FIRST,
    SECOND,
    TOLD_MONTHLY,
    linked_episodes,
    of_each_episode,
    reasons,
)
from tests.unit.records.small_feeds import rows_of

from riskstrat.records import LinkedRecords

MARCH, APRIL = date(2024, 4, 20), date(2024, 5, 20)
ADMITTED = date(2024, 3, 1)


def events(records: LinkedRecords, columns: str) -> list[tuple[Any, ...]]:
    return rows_of(records, "events", columns, "kind, position nulls last, code, recorded_date")


def without_codes(**given: str) -> dict[str, str]:
    return {name: value for name, value in EPISODE.items() if name != "DIAG_4_01"} | given


def linked_as(folder: Path, *rows: dict[str, str]) -> LinkedRecords:
    """Linked records of episodes written in full: columns that no row has are not in the file."""
    return linked_feed(folder, "hes_apc", {"hes_apc": rows}, **TOLD_MONTHLY)


def test_a_diagnosis_is_an_event_of_the_day_of_admission(tmp_path: Path) -> None:
    records = linked_episodes(tmp_path, {"DIAG_4_03": "I10X", "DIAG_4_20": "E119"})
    columns = "kind, event_date, source, system, code, position, recorded_date, superseded_date"
    same = ("diagnosis", ADMITTED, "hospital", "icd10")
    assert events(records, columns) == [
        (*same, "J189", 1, MARCH, None),
        (*same, "I10", 3, MARCH, None),
        (*same, "E119", 20, MARCH, None),
    ]
    ((joined,),) = rows_of(records, "events semi join stays using (stay_id)", "count(*)", "1")
    assert joined == 3


def test_a_code_counts_once_in_a_stay_at_its_best_position(tmp_path: Path) -> None:
    first = {**FIRST, "DIAG_4_01": "I10X", "DIAG_4_02": "J189", "DIAG_4_03": "J18.9"}
    second = {**SECOND, "DIAG_4_01": "J189", "DIAG_4_02": "E119", "DIAG_4_04": "I10-"}
    records = linked_episodes(tmp_path, first, second)
    assert events(records, "code, position") == [("I10", 1), ("J189", 1), ("E119", 2)]


WRITTEN = {
    "R54X": "R54",
    "R54": "R54",
    "E11.9": "E119",
    " e119 ": "E119",
    "E119D": "E119",
    "H360A": "H360",
    "I10XD": "I10",
    "E119-": "E119",
    "M4806": "M4806",
    "-": None,
    "&": None,
    "- ": None,
    "7999": None,
    "R69X": None,
    "R69": None,
    "R690": "R690",
    "NULL": None,
}


def test_how_diagnoses_are_written(tmp_path: Path) -> None:
    """'-' and '&' are none and not known; R69X stands where no diagnosis was submitted."""
    cases = [{"DIAG_4_01": written} for written in WRITTEN]
    found = of_each_episode(tmp_path, cases, "code", "events")
    assert found == [[(code,)] if code else [] for code in WRITTEN.values()]


def test_four_characters_before_three_and_numbered_columns_before_one(tmp_path: Path) -> None:
    four = without_codes(DIAG_4_01="J189", DIAG_3_01="J18", DIAG_4_CONCAT="J189,I10X")
    assert events(linked_as(tmp_path / "a", four), "code") == [("J189",)]
    older = without_codes(DIAG_01="J189D", DIAG_3_01="J18")
    assert events(linked_as(tmp_path / "b", older), "code") == [("J189",)]
    three = without_codes(DIAG_3_01="J18", DIAG_3_02="I10")
    assert events(linked_as(tmp_path / "c", three), "code, position") == [("J18", 1), ("I10", 2)]
    one = without_codes(DIAG_4_CONCAT="J189,-,I10X", OPERTN_4_CONCAT="W371,Z843")
    assert events(linked_as(tmp_path / "d", one), "code, position") == [
        ("J189", 1),
        ("I10", 3),
        ("W371", 1),
        ("Z843", 2),
    ]


def test_an_external_cause_counts_once(tmp_path: Path) -> None:
    """It is copied from a diagnosis; on its own its position is not known."""
    both = {"DIAG_4_02": "W19X", "CAUSE_4": "W190"}
    records = linked_episodes(tmp_path, both)
    assert events(records, "code, position") == [("J189", 1), ("W19", 2), ("W190", None)]
    records = linked_episodes(tmp_path, {"DIAG_4_02": "W190", "CAUSE_4": "W190"})
    assert events(records, "code, position") == [("J189", 1), ("W190", 2)]


def test_procedures_have_days_of_their_own(tmp_path: Path) -> None:
    """Without one they are dated to the admission."""
    given = {"OPERTN_4_01": "W371", "OPDATE_01": "2024-03-02", "OPERTN_4_02": "Z94.2"}
    given |= {"OPDATE_02": "1800-01-01", "OPERTN_4_03": "-   ", "OPDATE_03": "2024-03-03"}
    records = linked_episodes(tmp_path, {"DIAG_4_01": "", **given})
    assert events(records, "kind, system, code, position, event_date") == [
        ("procedure", "opcs4", "W371", 1, date(2024, 3, 2)),
        ("procedure", "opcs4", "Z942", 2, ADMITTED),
    ]


def test_a_procedure_counts_once_a_day(tmp_path: Path) -> None:
    operated = {"OPERTN_4_01": "X403", "OPDATE_01": "2024-03-02", "DIAG_4_01": ""}
    again = {"OPERTN_4_02": "X403", "OPDATE_02": "2024-03-04"}
    records = linked_episodes(tmp_path, FIRST | operated, SECOND | operated | again)
    assert events(records, "code, event_date") == [
        ("X403", date(2024, 3, 2)),
        ("X403", date(2024, 3, 4)),
    ]


def test_what_is_no_procedure(tmp_path: Path) -> None:
    nothing = ("-", "&", "&\t", "-  ", "A1", "1234", "none")
    cases = [{"DIAG_4_01": "", "OPERTN_4_01": written} for written in nothing]
    assert of_each_episode(tmp_path, cases, "code", "events") == [[] for _ in nothing]


def test_a_refresh_adds_moves_and_withdraws_codes(tmp_path: Path) -> None:
    """What it no longer has was known until then; what it adds is known from then."""
    first = {"DIAG_4_02": "I10X", "DIAG_4_03": "E119"}
    refresh = {"SUBDATE": "2024-05-20", "DIAG_4_02": "E119", "DIAG_4_03": "N179"}
    records = linked_episodes(tmp_path, first, refresh)
    columns = "code, position, recorded_date, superseded_date"
    assert rows_of(records, "events", columns, "code, recorded_date") == [
        ("E119", 3, MARCH, APRIL),
        ("E119", 2, APRIL, None),
        ("I10", 2, MARCH, APRIL),
        ("J189", 1, MARCH, None),
        ("N179", 3, APRIL, None),
    ]


def test_a_code_that_comes_back_was_not_known_in_between(tmp_path: Path) -> None:
    records = linked_episodes(
        tmp_path,
        {},
        {"SUBDATE": "2024-05-20", "DIAG_4_01": "-"},
        {"SUBDATE": "2024-06-20", "DIAG_4_01": "J189"},
    )
    assert events(records, "code, recorded_date, superseded_date") == [
        ("J189", MARCH, APRIL),
        ("J189", date(2024, 6, 20), None),
    ]


def test_a_refresh_of_one_episode_leaves_the_codes_of_the_other(tmp_path: Path) -> None:
    refresh = {**SECOND, "SUBDATE": "2024-05-20", "DIAG_4_01": "N179"}
    records = linked_episodes(tmp_path, FIRST, {**SECOND, "DIAG_4_01": "E119"}, refresh)
    columns = "code, recorded_date, superseded_date"
    assert rows_of(records, "events", columns, "code") == [
        ("E119", MARCH, APRIL),
        ("J189", MARCH, None),
        ("N179", APRIL, None),
    ]


def test_discharge_to_a_virtual_ward_is_a_referral(tmp_path: Path) -> None:
    """The feed says that it began, never how long it lasted: no stay that would not end."""
    home = "DISCHARGE_TO_HOSPITAL_AT_HOME_SERVICE_INDICATOR"
    records = linked_episodes(tmp_path, {"DIAG_4_01": "", home: "Y"})
    assert events(records, "kind, system, code, event_date, recorded_date") == [
        ("referral", "local", "HOSPITAL_AT_HOME", date(2024, 3, 5), MARCH)
    ]
    assert rows_of(records, "stays", "kind", "1") == [("inpatient",)]
    for given in ({home: "N"}, {home: ""}, {home: "Y", "DISMETH": "8"}):
        records = linked_episodes(tmp_path, {"DIAG_4_01": "", **given})
        assert events(records, "kind") == []


def test_sensitive_codes_are_withheld_and_the_stay_is_kept(tmp_path: Path) -> None:
    records = linked_episodes(tmp_path, {"DIAG_4_02": "B24X"})
    assert events(records, "code") == [("J189",)]
    assert records.manifest["codes_withheld"] == 1
    assert reasons(records) == {}
