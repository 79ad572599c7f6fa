from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from tests.unit.records.small_feeds import meds_feed, omop_feed, rejected, rows_of, write_governance

from riskstrat.engine import Engine
from riskstrat.errors import UsageError
from riskstrat.records import check_records, linking, load_records
from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY, key_id, pseudonym
from riskstrat.records.linking import link
from riskstrat.schema import TABLES

ADMISSIONS = [
    (person, f"20{10 + year}-0{1 + person % 9}-1{year} 0{hour}:30:00", code)
    for person in range(1, 60)
    for year in range(1, 8)
    for hour, code in (
        (1, "HOSPITAL_ADMISSION//URGENT//TRANSFER FROM HOSPITAL"),
        (2, "LAB//50912//mg/dL"),
        (3, "DIAGNOSIS//ICD//10//I50"),
        (3, "HOSPITAL_DISCHARGE//HOME"),
    )
]
STREAM = [(person, "1950-01-01", "MEDS_BIRTH") for person in range(1, 60)] + ADMISSIONS


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_manifest_says_what_was_linked(tmp_path: Path) -> None:
    manifest = link(omop_feed(tmp_path / "feed"), tmp_path / "out", purpose="research")
    written = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert json.loads(json.dumps(manifest)) == written
    assert manifest["purpose"] == "research"
    assert manifest["synthetic"] is True
    assert list(manifest["governance"]["sources"]) == ["omop"]
    assert manifest["key_id"] == key_id(PUBLISHED_TEST_KEY)
    (source,) = manifest["sources"]
    assert (source["name"], source["dialect"]) == ("omop", "omop")
    assert [file["name"] for file in source["files"]] == sorted(
        path.name for path in (tmp_path / "feed").glob("*.csv")
    )


def test_no_path_clock_or_host_is_written(tmp_path: Path) -> None:
    """The same feed in another folder gives the same bytes."""
    link(omop_feed(tmp_path / "here" / "feed"), tmp_path / "here" / "out")
    link(omop_feed(tmp_path / "there" / "elsewhere"), tmp_path / "there" / "other")
    assert contents(tmp_path / "here" / "out") == contents(tmp_path / "there" / "other")


def test_same_bytes_at_any_thread_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = meds_feed(tmp_path / "feed" / "a.parquet", STREAM)
    written = []
    for threads in (1, 4):
        monkeypatch.setattr(linking, "Engine", partial(Engine, threads=threads))
        link(feed, tmp_path / f"out{threads}")
        written.append(contents(tmp_path / f"out{threads}"))
    assert written[0] == written[1]


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    """Also where rows of one identifier contradict each other."""
    people = [{"year_of_birth": year} for year in (1930, 1940, 1950)]
    for name, rows in (("a", people), ("b", people[::-1])):
        link(omop_feed(tmp_path / name, person=rows), tmp_path / f"out_{name}")
    tables = [contents(tmp_path / f"out_{name}") for name in "ab"]
    assert tables[0]["patients.parquet"] == tables[1]["patients.parquet"]


def test_another_key_gives_other_pseudonyms(tmp_path: Path) -> None:
    key = bytes(range(32))
    manifest = link(omop_feed(tmp_path / "feed"), tmp_path / "out", key=key)
    assert manifest["key_id"] == key_id(key)
    rows = rows_of(load_records(tmp_path / "out"), "patients", "patient_id", "1")
    assert rows == [(pseudonym("1", key),)]


def test_a_file_may_be_a_feed(tmp_path: Path) -> None:
    feed = meds_feed(tmp_path / "a.parquet", STREAM)
    manifest = link(str(feed), str(tmp_path / "out"))
    assert manifest["sources"][0]["files"][0]["name"] == "a.parquet"


def test_casing_of_files_and_columns_does_not_matter(tmp_path: Path) -> None:
    feed = omop_feed(tmp_path / "feed")
    for path in list(feed.glob("*.csv")):
        header, _, rest = path.read_text().partition("\n")
        (feed / f"new {path.name.lower()}").write_text(f"{header.upper()}\n{rest}")
        path.unlink()
        (feed / f"new {path.name.lower()}").rename(feed / path.name.lower())
    assert link(feed, tmp_path / "out")["tables"]["patients"]["rows"] == 1


def test_parquet_gives_the_same_tables_as_csv(tmp_path: Path) -> None:
    """Typed columns, and integers that became floats because one of them is missing."""
    conditions = [
        {
            "condition_occurrence_id": number,
            "person_id": 1,
            "condition_concept_id": 0,
            "condition_start_date": "2015-03-01",
            "condition_source_value": "44054006",
            "visit_occurrence_id": visit,
        }
        for number, visit in ((1, 1), (2, None))
    ]
    feed = omop_feed(tmp_path / "csv", condition_occurrence=conditions)
    text = {"condition_source_value": "str"}
    (tmp_path / "parquet").mkdir()
    write_governance(tmp_path / "parquet", "omop")
    for path in feed.glob("*.csv"):
        days = [column for column in pd.read_csv(path, nrows=0) if column.endswith("_date")]
        frame = pd.read_csv(path, dtype=text, parse_dates=days)
        frame.to_parquet(tmp_path / "parquet" / f"{path.stem}.parquet")
    typed = pd.read_parquet(tmp_path / "parquet" / "CONDITION_OCCURRENCE.parquet")
    assert typed["visit_occurrence_id"].dtype == float
    link(feed, tmp_path / "a")
    link(tmp_path / "parquet", tmp_path / "b")
    for name in TABLES:
        file = f"{name}.parquet"
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_table_may_be_a_folder_of_parts(tmp_path: Path) -> None:
    feed = omop_feed(tmp_path / "feed", person=[{"person_id": 1}])
    text = (feed / "PERSON.csv").read_text()
    (feed / "PERSON.csv").unlink()
    (feed / "person").mkdir()
    (feed / "person" / "part-0.csv").write_text(text)
    (feed / "person" / "part-1.csv").write_text(text.replace("\n1,", "\n2,"))
    assert link(feed, tmp_path / "out")["tables"]["patients"]["rows"] == 2
    assert rejected(load_records(tmp_path / "out"), "person/part-1.csv") == {}


def test_derived_and_other_tables_are_accounted_for(tmp_path: Path) -> None:
    feed = omop_feed(tmp_path / "feed")
    (feed / "DRUG_ERA.csv").write_text("drug_era_id,person_id\n1,1\n2,1\n")
    (feed / "PROVIDER.csv").write_text("provider_id\n1\n")
    (feed / "EMPTY.csv").write_text("")
    link(feed, tmp_path / "out")
    records = load_records(tmp_path / "out")
    assert rejected(records, "DRUG_ERA.csv") == {"derived table": 2}
    assert rejected(records, "PROVIDER.csv") == {"table not used": 1}
    assert rejected(records, "EMPTY.csv") == {}


def test_a_file_is_recognised_by_its_columns(tmp_path: Path) -> None:
    feed = omop_feed(tmp_path / "feed")
    (feed / "PERSON.csv").rename(feed / "extract 7.csv")
    assert link(feed, tmp_path / "out")["tables"]["patients"]["rows"] == 1


def test_what_was_linked_passes_its_own_checks(tmp_path: Path) -> None:
    link(meds_feed(tmp_path / "feed" / "a.parquet", STREAM), tmp_path / "out")
    findings = check_records(load_records(tmp_path / "out"))
    assert {finding.level for finding in findings} == {"info"}


def test_an_earlier_store_is_replaced(tmp_path: Path) -> None:
    feed = omop_feed(tmp_path / "feed")
    link(feed, tmp_path / "out")
    (tmp_path / "out" / "stale.txt").write_text("old")
    link(feed, tmp_path / "out")
    assert not (tmp_path / "out" / "stale.txt").exists()


def test_a_store_inside_the_feed_is_not_read_again(tmp_path: Path) -> None:
    feed = omop_feed(tmp_path / "feed")
    first = link(feed, feed / "out")
    assert link(feed, feed / "out") == first


def test_a_folder_that_holds_other_things_is_never_replaced(tmp_path: Path) -> None:
    feed = omop_feed(tmp_path / "feed")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("years of work")
    for out in (tmp_path / "work", tmp_path, feed):
        with pytest.raises(UsageError, match="holds other things"):
            link(feed, out)
    assert (tmp_path / "work" / "thesis.txt").read_text() == "years of work"


def test_an_empty_folder_may_be_the_output(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    link(omop_feed(tmp_path / "feed"), tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").is_file()
