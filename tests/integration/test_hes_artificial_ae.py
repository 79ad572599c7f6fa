"""The artificial accident and emergency file of hospital statistics: every row accounted for.

Expectations are counted from the file by plain Python, with the rules written out again.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from tests.unit.records.small_feeds import alias, rejected, rows_of, write_governance

from riskstrat.records import LinkedRecords, check_records, link, load_records

NAME = "artificial_hes_ae_0708_truncated.csv"
PLANNED = "2"
MIDNIGHT = 24 * 60


@pytest.fixture(scope="module")
def file(shared_data: Path) -> Path:
    path = shared_data / "hes_artificial" / NAME
    if not path.is_file():
        pytest.skip("the artificial file is not in the shared data")
    return path


@pytest.fixture(scope="module")
def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def records(file: Path, tmp_path_factory: pytest.TempPathFactory) -> LinkedRecords:
    folder = tmp_path_factory.mktemp("artificial")
    (folder / "feed").mkdir()
    shutil.copyfile(file, folder / "feed" / NAME)
    write_governance(folder / "feed", "ae", feed="hospital", declared_lag_days=2)
    link(folder / "feed", folder / "records")
    return load_records(folder / "records")


def unplanned(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Rows that are attendances: not planned, of somebody whose age some row tells."""
    told = {row["PSEUDO_HESID"] for row in rows if row["ARRIVALAGE"]}
    return [r for r in rows if r["AEATTENDCAT"] != PLANNED and r["PSEUDO_HESID"] in told]


def leaves_on_the_next_day(row: dict[str, str]) -> bool:
    clock = row["ARRIVALTIME"]
    return int(clock[:2]) * 60 + int(clock[2:]) + int(row["DEPDUR"]) >= MIDNIGHT


def test_the_file_is_recognised_by_its_header(records: LinkedRecords) -> None:
    (source,) = records.manifest["sources"]
    assert source["dialect"] == "ae"


def test_every_row_is_an_attendance_or_has_a_reason(
    records: LinkedRecords, rows: list[dict[str, str]]
) -> None:
    told = {row["PSEUDO_HESID"] for row in rows if row["ARRIVALAGE"]}
    unborn = sum(row["PSEUDO_HESID"] not in told for row in rows)
    assert unborn > 0
    assert rejected(records, NAME) == {
        "patient without a date of birth": unborn,
        "planned follow-up, not an emergency": len(rows) - unborn - len(unplanned(rows)),
    }


def test_each_attendance_is_one_stay(records: LinkedRecords, rows: list[dict[str, str]]) -> None:
    expected = Counter((r["ARRIVALDATE"], r["ARRIVALTIME"], r["PROCODET"]) for r in unplanned(rows))
    columns = "start_date::varchar, replace((start_time::varchar)[1:5], ':', ''), provider"
    assert Counter(rows_of(records, "stays", columns, "all")) == expected


def test_an_attendance_ends_so_many_minutes_after_it_began(
    records: LinkedRecords, rows: list[dict[str, str]]
) -> None:
    ((same_day, next_day),) = rows_of(
        records,
        "stays",
        "count(*) filter (where end_date = start_date), "
        "count(*) filter (where end_date = start_date + 1)",
        "all",
    )
    late = sum(map(leaves_on_the_next_day, unplanned(rows)))
    assert (same_day, next_day) == (len(unplanned(rows)) - late, late)
    assert late > 0


def test_each_condition_of_the_list_is_a_diagnosis(
    records: LinkedRecords, rows: list[dict[str, str]]
) -> None:
    """Others are codes that the data set's own list does not have; Read codes are not read."""
    expected = Counter(
        ("local", f"ae:{code[:2]}", position)
        for row in unplanned(rows)
        if row["DIAGSCHEME"] in {"", "01", "02"}
        for position in range(1, 13)
        if re.match("0[1-9]|[12][0-9]|3[0-9]", code := row[f"DIAG3_{position:02d}"])
    )
    found = Counter(rows_of(records, "events", "system, code, position", "all"))
    assert found == expected
    assert found.total() > 500


MONTHS_OF_BABIES = {7001: 0, 7002: 0, 7003: 0, 7004: 2, 7005: 4, 7006: 7, 7007: 10}


def born(row: dict[str, str]) -> date:
    """Half a year before the last birthday; babies by the code of their age."""
    age = int(float(row["ARRIVALAGE"]))
    months = MONTHS_OF_BABIES.get(age, age * 12 + 6)
    year, month = (int(part) for part in row["ARRIVALDATE"].split("-")[:2])
    number = year * 12 + month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def test_people_are_the_pseudonyms_and_born_about_when_their_age_says(
    records: LinkedRecords, rows: list[dict[str, str]]
) -> None:
    of_person = Counter(row["PSEUDO_HESID"] for row in rows)
    once = [r for r in rows if of_person[r["PSEUDO_HESID"]] == 1 and r["ARRIVALAGE"]]
    people = dict(rows_of(records, "patients", "patient_id, birth_month", "all"))
    assert len(people) == len({row["PSEUDO_HESID"] for row in rows if row["ARRIVALAGE"]})
    expected = {alias(f"token {row['PSEUDO_HESID']}"): born(row) for row in once}
    assert expected.items() <= people.items()
    assert len(once) > 300


def test_the_records_have_no_error(records: LinkedRecords) -> None:
    assert [finding.code for finding in check_records(records) if finding.level == "error"] == []
