"""Every check has its code and its words; what a check leaves behind, and what it never tells."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from tests.small_store import small_records
from tests.spec.records.checked_records import monthly, patients, people, registrations

from riskstrat.engine import Engine
from riskstrat.records import check_records, load_records
from riskstrat.records.checks import CHECKS, FEWEST_SHOWN, LONG_ATTENDANCE_DAYS, Finding, volumes
from riskstrat.records.checks.evidence import PRACTICE_MONTHS, evidence_of
from riskstrat.records.checks.finding import few, listed
from riskstrat.records.checks.rates import REFERENCES
from riskstrat.schema import TABLES


def test_codes_are_stable_and_without_gaps() -> None:
    assert [check.code for check in CHECKS] == [f"R{n:03d}" for n in range(1, 38)]
    levels = {check.code: check.level for check in CHECKS}
    errors = [code for code, level in levels.items() if level == "error"]
    assert errors == ["R001", "R002", "R003", "R004", "R005", "R006", "R007", "R015"]


@pytest.mark.parametrize("check", CHECKS, ids=[check.code for check in CHECKS])
def test_every_check_says_what_why_and_what_to_do(check) -> None:
    """In whole sentences of its docstring."""
    for text in (check.what, check.why, check.do):
        assert re.fullmatch(r"[A-Z].*[a-z\d)]\.", text), text
        assert "Why:" not in text
        assert "Do:" not in text
    assert check.name


def test_a_finding_says_what_to_do(tmp_path: Path) -> None:
    findings = check_records(small_records(tmp_path, {}))
    (do,) = {finding.do for finding in findings if finding.code == "R014"}
    assert do.startswith("See whether the feed was left out")


def test_a_finding_can_be_made_of_its_first_five_fields() -> None:
    finding = Finding("R001", "error", "events", "holds 1 row", 1)
    assert (finding.do, finding.detail) == ("", {})
    assert LONG_ATTENDANCE_DAYS == 7


def test_findings_are_sorted_and_plain_data(tmp_path: Path) -> None:
    """Python's own numbers and words, so that they can be written as JSON."""
    ids = people(30)
    rows = monthly(ids, lambda n: None if n == 7 else "22298005")
    records = small_records(
        tmp_path, {"patients": patients(ids), "registrations": registrations(ids), "events": rows}
    )
    findings = check_records(records)
    keys = [(f.code, f.table, f.message) for f in findings]
    assert keys == sorted(keys)
    assert {"R014", "R021", "R022", "R029"} <= {f.code for f in findings}
    written = json.loads(json.dumps([vars(f) for f in findings]))
    assert written == [vars(f) for f in findings]


def test_checking_leaves_no_table_behind(tmp_path: Path) -> None:
    records = small_records(tmp_path, {"registrations": registrations(["P1-1"])})
    check_records(records)
    tables = records.engine.connection.execute("select table_name from duckdb_tables()").fetchall()
    assert (PRACTICE_MONTHS,) not in tables
    with evidence_of(records) as evidence:
        assert evidence.row(f"select count(*) as n from {evidence.practice_months}") == {"n": 0}


def test_no_bar_of_progress_gets_into_the_result(tmp_path: Path) -> None:
    """DuckDB prints one to standard output, where the JSON stands, when a query takes long."""
    records = small_records(tmp_path, {})
    check_records(records)
    setting = "select current_setting('enable_progress_bar')"
    assert records.engine.connection.execute(setting).fetchall() == [(False,)]


def test_the_same_findings_at_any_thread_count(tmp_path: Path) -> None:
    ids = people(40)
    rows = monthly(ids, lambda n: f"A{n:02d}") + monthly(ids[:15], lambda _: "LAB1", system="local")
    small_records(
        tmp_path, {"patients": patients(ids), "registrations": registrations(ids), "events": rows}
    )
    one, four = (
        load_records(tmp_path / "records", engine=Engine(threads=threads)) for threads in (1, 4)
    )
    assert check_records(one) == check_records(four)
    assert volumes(one).equals(volumes(four))


def test_codes_and_practices_of_few_people_are_in_no_finding(tmp_path: Path) -> None:
    """What nine people have is a value of theirs, what ten have is a code."""
    canary = "CANARY7731"
    few_people, many = people(FEWEST_SHOWN - 1), people(FEWEST_SHOWN)
    rows = [
        *monthly(few_people, lambda _: canary, system="local"),
        *monthly(few_people, lambda _: canary, system="icd10"),
        *monthly(many, lambda _: "SHOWN", system="local"),
        *monthly(many, lambda _: "SHOWN", system="icd10"),
    ]
    findings = check_records(small_records(tmp_path, {"events": rows}))
    told = json.dumps([vars(f) for f in findings])
    assert canary not in told
    assert told.count("SHOWN") == 2


@pytest.mark.parametrize("days", [(date(2020, 1, 5), date(2020, 1, 20)), (date(2020, 1, 1),) * 2])
def test_records_of_less_than_a_month_are_checked(tmp_path: Path, days: tuple[date, date]) -> None:
    """No whole month: nothing to say about months."""
    ids = people(3)
    first, last = days
    tables = {name: [] for name in TABLES}
    tables |= {"patients": patients(ids), "registrations": registrations(ids)}
    tables["events"] = [{**row, "event_date": first} for row in monthly(ids)]
    records = small_records(tmp_path, tables, data_from=first, data_to=last)
    codes = {finding.code for finding in check_records(records)}
    assert not codes & {"R021", "R022", "R023", "R024", "R025", "R034"}


def test_every_reference_has_limits_and_a_source() -> None:
    assert len({reference.name for reference in REFERENCES}) == len(REFERENCES)
    assert all(reference.low < reference.high and reference.source for reference in REFERENCES)
    assert all(reference.table in TABLES for reference in REFERENCES)


def test_counts_and_names_as_they_are_told() -> None:
    assert [few(n) for n in (0, 1, 9, 10, 12345)] == ["0", "<10", "<10", "10", "12,345"]
    assert listed(["a"]) == "a"
    assert listed(str(n) for n in range(8)) == "0, 1, 2, 3, 4, 5 and 2 more"


def test_a_clean_simulated_district_has_no_finding_about_feeds(district: Path) -> None:
    """Seasons, moves and small feeds of 4,000 people set off none of the checks of volumes."""
    findings = check_records(load_records(district))
    about_volumes = {"R021", "R022", "R023", "R024", "R025", "R031", "R032", "R033"}
    about_contents = {"R026", "R027", "R029", "R030", "R034", "R035", "R036", "R037"}
    assert [f for f in findings if f.code in about_volumes | about_contents] == []
