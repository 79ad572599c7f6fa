"""The call itself: same bytes for the same seed, what is refused before any work, truth apart."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from riskstrat.errors import DataError, UsageError
from riskstrat.records import check_records, load_records
from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY, key_id
from riskstrat.schema import TABLES
from riskstrat.simulation import ProgrammeRule, Setting, blocks, shock_of, simulate

PEOPLE, YEARS = 700, 2


def simulated(seed: int, out: Path | None = None, people: int = PEOPLE, **more: Any) -> dict:
    return simulate(people, seed, out, **{"years": YEARS, **more})


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def parquet_files(folder: Path) -> dict[str, Any]:
    return {path.stem: pq.read_table(path) for path in sorted(folder.glob("*.parquet"))}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """Feeds with the truth inside, and linked records, of one district."""
    folder = tmp_path_factory.mktemp("both")
    return folder, simulated(3, folder / "feeds", records=folder / "records")


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(both, tmp_path) -> None:
    folder, made = both
    again = simulated(3, tmp_path / "feeds", records=tmp_path / "records")
    assert again == made
    assert contents(tmp_path) == contents(folder)
    other = simulated(4, records=tmp_path / "other")
    for table in ("patients", "registrations", "residences", "events", "stays", "services"):
        hashes = {run["records"]["tables"][table]["content_hash"] for run in (made, other)}
        assert len(hashes) == 2


def test_the_number_of_threads_changes_no_byte(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(blocks.Blocks, "numbers", lambda self: _in_blocks(self, 200))
    ward = programme(capacity=40, rule="random")
    for workers in (1, 3):
        out, records = tmp_path / f"feeds{workers}", tmp_path / f"records{workers}"
        simulated(5, out, records=records, workers=workers, programmes=[ward])
    for kind in ("feeds", "records"):
        assert contents(tmp_path / f"{kind}1") == contents(tmp_path / f"{kind}3")


def _in_blocks(whole: blocks.Blocks, size: int) -> list[np.ndarray]:
    return [np.arange(first, min(first + size, len(whole))) for first in range(0, len(whole), size)]


def test_the_size_of_a_block_changes_no_row(tmp_path, monkeypatch, both) -> None:
    """Nor the order of rows in the feeds: they are shuffled among a fixed number of people.

    True risks stand block by block and date by date.
    """
    folder, made = both
    monkeypatch.setattr(blocks.Blocks, "numbers", lambda self: _in_blocks(self, 128))
    assert simulated(3, tmp_path / "feeds", records=tmp_path / "records") == made
    small, large = (contents(place / "feeds") for place in (tmp_path, folder))
    risks = [
        sorted(map(repr, pq.read_table(place / "feeds/truth/risks.parquet").to_pylist()))
        for place in (tmp_path, folder)
    ]
    assert risks[0] == risks[1]
    assert {**small, "truth/risks.parquet": b""} == {**large, "truth/risks.parquet": b""}


def test_the_folder_of_feeds_says_what_it_holds(both) -> None:
    folder, made = both
    feeds = folder / "feeds"
    said = json.loads((feeds / "feeds.json").read_text("utf-8"))
    assert said["synthetic"] is True
    assert (said["data_from"], said["data_to"]) == ("2023-01-01", "2024-12-31")
    assert (
        said["rows"]
        == made["feeds"]
        == {name: table.num_rows for name, table in parquet_files(feeds).items()}
    )
    governed = tomllib.loads((feeds / "governance.toml").read_text("utf-8"))["sources"]
    files = {file for source in governed.values() for file in source["files"]}
    assert files == set(said["rows"])
    for table in parquet_files(feeds).values():
        assert table.schema.metadata[b"synthetic"] == b"true"


def test_nothing_beside_the_truth_tells_the_seed_or_the_clock(tmp_path) -> None:
    simulated(987654321, tmp_path / "feeds", records=tmp_path / "records", truth=tmp_path / "truth")
    year = str(date.today().year)  # noqa: DTZ011 - any day will do
    for name in ("feeds/feeds.json", "feeds/governance.toml", "records/manifest.json"):
        text = (tmp_path / name).read_text("utf-8")
        assert "987654321" not in text
        assert not [word for word in (f"{year}-", "T0", "Z") if f'{word}"' in text]
    assert json.loads((tmp_path / "truth" / "truth.json").read_text("utf-8"))["seed"] == 987654321


def test_the_truth_stands_apart_when_asked_and_changes_nothing(both, tmp_path) -> None:
    folder, made = both
    apart = simulated(3, tmp_path / "feeds", truth=tmp_path / "truth")
    assert apart["feeds"] == made["feeds"]
    assert not (tmp_path / "feeds" / "truth").exists()
    assert contents(tmp_path / "truth") == contents(folder / "feeds" / "truth")
    own = {name: b for name, b in contents(folder / "feeds").items() if "truth" not in name}
    assert contents(tmp_path / "feeds") == own


def test_records_alone_have_no_truth_unless_asked(both, tmp_path) -> None:
    _, made = both
    alone = simulated(3, records=tmp_path / "records")
    assert (alone["feeds"], alone["truth"]) == (None, None)
    assert alone["records"] == made["records"]
    assert {path.name for path in tmp_path.iterdir()} == {"records"}
    asked = simulated(3, records=tmp_path / "others", truth=tmp_path / "truth")
    assert not (tmp_path / "truth" / "rows").exists()
    assert asked["truth"] == made["truth"]


def test_every_row_of_every_feed_has_its_true_person(both) -> None:
    folder, made = both
    persons = pq.read_table(folder / "feeds" / "truth" / "persons.parquet")
    numbers = persons["nhs_number"].to_pylist()
    truth = parquet_files(folder / "feeds" / "truth" / "rows")
    assert {name: table.num_rows for name, table in truth.items()} == made["feeds"]
    people = pq.read_table(folder / "feeds" / "gp_patient.parquet")
    told = people.column(people.column_names.index("nhs_number"))
    behind = truth["gp_patient"]["person"].to_pylist()
    pairs = [
        (number, who) for number, who in zip(told.to_pylist(), behind, strict=True) if who >= 0
    ]
    right = [numbers[who] == number for number, who in pairs]
    assert np.mean(right) > 0.98
    assert len({who for _, who in pairs}) == PEOPLE


def test_csv_holds_the_same_rows_as_parquet(both, tmp_path) -> None:
    folder, made = both
    told = simulated(3, tmp_path / "feeds", file_format="csv")
    assert told["feeds"] == made["feeds"]
    for name, table in parquet_files(folder / "feeds").items():
        text = pc.ConvertOptions(column_types=dict.fromkeys(table.column_names, "string"))
        read = pc.read_csv(tmp_path / "feeds" / f"{name}.csv", convert_options=text)
        assert read.column_names == table.column_names
        assert read.num_rows == table.num_rows


def test_the_records_pass_the_checks_of_linked_records(both) -> None:
    folder, made = both
    records = load_records(folder / "records")
    assert records.is_synthetic
    assert made["records"]["key_id"] == key_id(PUBLISHED_TEST_KEY)
    assert [found.code for found in check_records(records) if found.level == "error"] == []
    for name, table in TABLES.items():
        stored = pq.read_schema(folder / "records" / f"{name}.parquet").names
        assert tuple(stored) == table.column_names


def test_who_objects_or_must_not_be_shown_has_no_row_in_the_records(tmp_path) -> None:
    made = simulated(3, people=3000, records=tmp_path / "records", truth=tmp_path / "truth")
    excluded = made["records"]["people_excluded"]
    assert excluded.keys() == {"risk_stratification", "spine_sensitive"}
    names = pq.read_table(tmp_path / "truth" / "persons.parquet")["patient_id"].to_pylist()
    kept = set(pq.read_table(tmp_path / "records" / "patients.parquet")["patient_id"].to_pylist())
    out = set(names) - kept
    assert sum(excluded.values()) == len(out) > 0
    for table in TABLES:
        stored = pq.read_table(tmp_path / "records" / f"{table}.parquet")["patient_id"]
        assert not out & set(stored.to_pylist())


def test_progress_counts_people(tmp_path) -> None:
    told: list[tuple[str, int, int]] = []
    simulated(1, records=tmp_path / "store", progress=lambda *said: told.append(said))
    assert told[0][0] == "services"
    assert told[-1] == ("store", PEOPLE, PEOPLE)
    assert [done for stage, done, _ in told if stage == "services"][-1] == PEOPLE


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"people": -5}, "expected 100 to 1,200,000 people, got -5"),
        ({"people": 99}, "expected 100 to 1,200,000 people, got 99"),
        ({"people": 1_200_001}, "got 1,200,001"),
        ({"people": 3.5}, "got float"),
        ({"years": 0}, "expected 1 to 20 years, got 0"),
        ({"years": 21}, "expected 1 to 20 years, got 21"),
        ({"years": -1, "people": 0}, "people, got 0; 1 to 20 years, got -1"),
        ({"file_format": "xlsx"}, "a file format, one of: parquet, csv"),
        ({"workers": 0}, "workers"),
        ({"truth_people": -1}, "people with true risks, got -1"),
        ({"truth_dates": [date(2022, 12, 31)]}, "got 2022-12-31"),
        ({"truth_dates": [date(2025, 1, 2)]}, "got 2025-01-02"),
        ({"setting": Setting(interactions=float("nan"))}, "'interactions'"),
        ({"setting": Setting(shock=date(2020, 3, 1))}, "got 2020-03-01"),
    ],
)
def test_impossible_settings_are_refused_before_any_work(tmp_path, wrong, said) -> None:
    with pytest.raises(UsageError, match="expected") as caught:
        simulated(1, tmp_path / "feeds", **wrong)
    assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_smallest_district_and_the_edges_of_the_truth_dates(tmp_path) -> None:
    days = [date(2024, 1, 1), date(2025, 1, 1)]
    made = simulated(1, tmp_path / "feeds", people=100, years=1, truth_dates=days)
    assert made["people"] == 100
    said = json.loads((tmp_path / "feeds" / "truth" / "truth.json").read_text("utf-8"))
    assert said["truth_dates"] == ["2024-01-01", "2025-01-01"]
    assert said["truth_people"] == 100


def test_somewhere_to_write_is_needed() -> None:
    with pytest.raises(UsageError, match="expected a folder"):
        simulated(1)


def test_an_earlier_output_is_replaced_only_if_asked(tmp_path) -> None:
    def write(seed: int, **more: Any) -> None:
        simulated(seed, tmp_path / "feeds", people=100, records=tmp_path / "records", **more)

    write(1)
    before = contents(tmp_path)
    with pytest.raises(UsageError, match="holds an earlier output"):
        write(2)
    assert contents(tmp_path) == before
    write(2, overwrite=True)
    assert contents(tmp_path) != before
    assert contents(tmp_path).keys() == before.keys()


@pytest.mark.parametrize("place", ["out", "records", "truth"])
def test_somebodys_work_is_never_replaced(tmp_path, place) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "thesis.txt").write_text("mine", "utf-8")
    places = {"records": tmp_path / "records", place: work}
    with pytest.raises(UsageError, match="other things"):
        simulated(1, people=100, overwrite=True, **places)
    assert contents(tmp_path) == {"work/thesis.txt": b"mine"}


def test_an_empty_folder_may_be_filled(tmp_path) -> None:
    (tmp_path / "records").mkdir()
    assert simulated(1, people=100, records=tmp_path / "records")["people"] == 100


@pytest.mark.parametrize("place", ["out", "records", "truth"])
def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path, place) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    told: list[str] = []
    with pytest.raises(DataError, match="expected to write the folder 'below'"):
        simulated(1, progress=lambda *s: told.append(s), **{place: tmp_path / "file" / "below"})
    assert told == []


@pytest.mark.parametrize(
    ("out", "records", "truth"),
    [("a", "a", None), ("a", "a/b", None), ("a/b", "a", None), (None, "a", "a/b")],
)
def test_one_place_inside_another_is_refused(tmp_path, out, records, truth) -> None:
    named = {"out": out, "records": records, "truth": truth}
    places = {key: tmp_path / name for key, name in named.items() if name is not None}
    with pytest.raises(UsageError, match="one is inside another"):
        simulated(1, **places)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_breaks_leaves_everything_as_it_was(tmp_path) -> None:
    simulated(1, tmp_path / "feeds", people=100, records=tmp_path / "records")
    before = contents(tmp_path)

    def stop(stage: str, _done: int, _total: int) -> None:
        if stage == "services":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulated(
            2,
            tmp_path / "feeds",
            people=100,
            records=tmp_path / "records",
            overwrite=True,
            progress=stop,
        )
    assert contents(tmp_path) == before
    assert {path.name for path in tmp_path.iterdir()} == {"feeds", "records"}


def test_a_shock_begins_in_march_of_the_third_year() -> None:
    assert shock_of(6) == date(2021, 3, 1)
    assert shock_of(3) == date(2024, 3, 1)
    with pytest.raises(UsageError, match="at least 3 years"):
        shock_of(2)


def programme(**keys: Any) -> ProgrammeRule:
    given = {"capacity": 40, "rule": "score", "min_age": 60}
    return ProgrammeRule("ward", "virtual_ward", date(2024, 2, 1), 0.3, **{**given, **keys})


def test_programmes_that_the_district_cannot_have_are_refused(tmp_path) -> None:
    with pytest.raises(DataError, match="unknown practices ZZ9999"):
        simulated(1, tmp_path / "feeds", programmes=[programme(practices=("ZZ9999",))])
    rows = pd.DataFrame({"patient_id": ["canary"], "date": ["2024-03-01"]})
    listing = programme(rule="list", capacity=None)
    with pytest.raises(DataError, match="1 with an unknown person") as caught:
        simulated(1, tmp_path / "feeds", programmes=[listing], enrol=rows)
    assert "canary" not in str(caught.value)
    with pytest.raises(UsageError, match="expected an enrolment file"):
        simulated(1, tmp_path / "feeds", programmes=[listing])
    assert list(tmp_path.iterdir()) == []


def days_of(row: dict[str, Any]) -> list[date]:
    """The dates in a row, as dates or as text in any of the ways of the feeds."""
    found = [value for value in row.values() if isinstance(value, date)]
    text = " ".join(value for value in row.values() if isinstance(value, str))
    found += [date.fromisoformat(day) for day in re.findall(r"\b\d{4}-\d\d-\d\d", text)]
    for day, month, year in re.findall(r"\b(\d\d)/(\d\d)/(\d{4})\b", text):
        found.append(date(int(year), int(month), int(day)))
    return found


def rows_told_before(folder: Path, day: date) -> dict[str, list[str]]:
    """Rows of every file without a date on or after a day, as sorted text."""
    return {
        name: sorted(repr(row) for row in table.to_pylist() if max(days_of(row)) < day)
        for name, table in parquet_files(folder).items()
    }


def test_a_programme_changes_no_row_told_before_it(both, tmp_path) -> None:
    """And it does change what is told afterwards: admissions, and the help itself."""
    folder, made = both
    simulated(3, tmp_path / "feeds", programmes=[programme(capacity=150, min_age=18)])
    start = date(2024, 2, 1)
    before, helped = (
        rows_told_before(place, start) for place in (folder / "feeds", tmp_path / "feeds")
    )
    assert before == helped
    assert sum(map(len, before.values())) > 0.2 * sum(made["feeds"].values())
    truth = tmp_path / "feeds" / "truth"
    stays, without = (
        pd.read_parquet(place / "admissions.parquet")
        for place in (truth, folder / "feeds" / "truth")
    )
    early, others = (found[found["start_date"] < start] for found in (stays, without))
    assert early.to_numpy().tolist() == others.to_numpy().tolist()
    assert len(stays) < len(without)
    enrolled = pd.read_parquet(truth / "enrolments.parquet")
    assert len(enrolled) == 150
    effect = json.loads((truth / "programmes.json").read_text("utf-8"))["programmes"][0]
    arm = effect["arms"]["enrolled"]
    assert effect["planted"]["effect"] == 0.3
    assert arm["with"]["admissions"] < arm["without"]["admissions"]


def known_before(folder: Path, day: date) -> dict[str, list[str]]:
    """Rows of the linked records that were known before a day, as they were known then."""
    found: dict[str, list[str]] = {}
    for name, table in parquet_files(folder).items():
        for row in table.to_pylist():
            known = row.get("recorded_date") or row.get("death_recorded_date")
            if known is not None and known < day:
                superseded = row.get("superseded_date")
                later = {"superseded_date": None} if superseded and superseded >= day else {}
                found.setdefault(name, []).append(repr({**row, **later}))
    return found


def test_a_programme_changes_nothing_known_before_it(both, tmp_path) -> None:
    folder, _ = both
    simulated(3, records=tmp_path / "records", programmes=[programme(capacity=150, min_age=18)])
    start = date(2024, 2, 1)
    before = known_before(folder / "records", start)
    assert known_before(tmp_path / "records", start) == before
    assert set(before) == set(TABLES)


def test_a_list_of_people_is_taken(both, tmp_path) -> None:
    folder, _ = both
    persons = pd.read_parquet(folder / "feeds" / "truth" / "persons.parquet")
    alive = persons[
        (persons["entry_date"] < date(2023, 6, 1))
        & (persons["leave_date"].isna() | (persons["leave_date"] > date(2025, 1, 1)))
        & (persons["death_date"].isna())
        & (persons["birth_date"] < date(1960, 1, 1))
    ].head(20)
    listed = pd.DataFrame({"nhs_number": alive["nhs_number"], "date": "2024-03-01"})
    listed.to_csv(tmp_path / "list.csv", index=False)
    rules = [programme(rule="list", capacity=None)]
    simulated(3, tmp_path / "feeds", programmes=rules, enrol=tmp_path / "list.csv")
    taken = pd.read_parquet(tmp_path / "feeds" / "truth" / "enrolments.parquet")
    assert set(taken["patient_id"]) <= set(alive["patient_id"])
    assert len(taken) >= 17
    assert (tmp_path / "feeds" / "truth" / "truth.json").is_file()
