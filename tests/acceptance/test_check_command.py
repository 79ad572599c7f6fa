"""`riskstrat check` as a user runs it: a table, JSON, a plot, and an exit status."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from tests.command_line import riskstrat, riskstrat_alone
from tests.small_store import small_records
from tests.spec.records.checked_records import monthly, patients, people, registrations

IDS = people(30)
TABLES = {
    "patients": patients(IDS),
    "registrations": registrations(IDS),
    "events": monthly(IDS, lambda number: None if number == 7 else "22298006"),
    "stays": [{"patient_id": IDS[0], "start_date": date(2020, 3, 1)}],
}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checked")
    small_records(folder, TABLES, data_from=date(2020, 1, 1), data_to=date(2021, 12, 31))
    return folder / "records"


@pytest.mark.parametrize("columns", [80, 100, 140])
def test_findings_and_volumes_fit_the_terminal(records: Path, columns: int) -> None:
    """Codes, levels in words, what to do, and a line of bars a feed; nothing is cut off."""
    done = riskstrat_alone("check", records, COLUMNS=str(columns), PYTHONIOENCODING="utf-8")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    for word in ("R021", "warning", "2020-08", "R014", "info", "1 warning"):
        assert word in said
    assert "observation 30 ███████ ████" in said.replace("  ", " ")
    assert "…" not in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= columns


def test_json_has_findings_worst_first_and_volumes(records: Path) -> None:
    """Counts of one to nine rows are null, none is nought; months follow on each other."""
    done = riskstrat("check", records, "--json")
    told = json.loads(done.stdout)
    assert [f["code"] for f in told["findings"]] == ["R021", "R014", "R014", "R014"]
    finding = told["findings"][0]
    assert set(finding) == {"code", "level", "table", "message", "count", "do", "detail"}
    assert finding["detail"]["months"] == ["2020-08"]
    assert finding["do"].startswith("Ask the supplier")
    events, stays = told["volumes"]
    assert events["feed"] == "gp"
    assert events["first_month"] == "2020-01"
    assert events["rows"] == [30] * 7 + [0] + [30] * 16
    assert stays["rows"] == [None]
    assert told["fewest_shown"] == 10


def test_a_plot_is_written_beside_the_table(records: Path, tmp_path: Path) -> None:
    done = riskstrat("check", records, "--plot", tmp_path / "volumes.svg")
    assert done.returncode == 0, done.stderr
    assert ">gp: observation<" in (tmp_path / "volumes.svg").read_text("utf-8")


def test_a_plot_of_another_kind_is_refused_before_anything_is_checked(
    records: Path, tmp_path: Path
) -> None:
    done = riskstrat("check", records, "--plot", tmp_path / "volumes.pdf")
    assert done.returncode == 2
    assert ".svg or .png" in done.stderr
    assert done.stdout == ""


def test_an_error_ends_with_status_three(tmp_path: Path) -> None:
    """The finding is in the table, first, and in the JSON."""
    wrong = {**TABLES, "events": [{**TABLES["events"][0], "patient_id": "canary-7731"}]}
    small_records(tmp_path, wrong)
    done = riskstrat("check", tmp_path / "records")
    assert done.returncode == 3
    assert done.stdout.index("R005") < done.stdout.index("R014")
    assert "1 error" in done.stdout
    told = riskstrat("check", tmp_path / "records", "--json")
    assert told.returncode == 3
    assert json.loads(told.stdout)["findings"][0]["level"] == "error"
    assert "canary" not in done.stdout + done.stderr + told.stdout + told.stderr
