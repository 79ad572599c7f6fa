"""Linking month by month gives what linking everything at once gives, and keeps no NHS number."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.integration.linked_feeds import SimulatedFeeds, simulated_feeds
from tests.unit.records.governed_feeds import joint_feed
from tests.unit.records.small_feeds import Rows, omop_feed

from riskstrat.errors import RecordsError, UsageError
from riskstrat.records import link, load_records, raw_rows

__all__ = ["simulated_feeds"]

SUBMITTED = {
    "gp": '"date_recorded"',
    "nhs": '"date_recorded"',
    "hes": '"SUBDATE"',
    "ecds": '"SUBMISSION_DATE"',
    "csds": '"EFFECTIVE FROM"',
    "mhsds": '"EFFECTIVE_FROM"',
    "housing": '"extract_date"',
    "adult": "strptime(\"ImportDate\", '%d/%m/%Y')",
    "voluntary": "strptime(\"Sent on\", '%d/%m/%Y')",
}
"""First word of a file's name to the day on which a row was sent."""

SECOND_FROM = "2022-07-01"
KEY, OTHER_KEY = b"a key of these tests alone", b"another key of these tests"
TEN_DIGITS = re.compile(r"(?=([0-9]{10}))")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@dataclass(frozen=True)
class Months:
    """The shared district in one go and in two, linked.

    Parameters
    ----------
    folder : Path
        Holds the feeds ``all``, ``first`` and ``second``, the records and the history.
    """

    folder: Path
    manifests: dict[str, dict[str, Any]] = field(default_factory=dict)


def split(feeds: Path, folder: Path) -> None:
    """The files of a district by the day they were sent; all of them again in one folder."""
    rules = (feeds / "governance.toml").read_text()
    for name in ("all", "first", "second"):
        (folder / name).mkdir(parents=True)
        rules_of_parts = re.sub(
            r"^files = .*$", lambda m: re.sub(r'"(\w+)"', r'"\1_*"', m[0]), rules, flags=re.M
        )
        (folder / name / "governance.toml").write_text(rules_of_parts)
    for path in feeds.glob("*.parquet"):
        day = f"{SUBMITTED[path.stem.split('_')[0]]}::date"
        for name, condition in (("first", "<"), ("second", ">=")):
            part = folder / name / f"{path.stem}_{name}.parquet"
            duckdb.execute(
                f"copy (from '{path}' where {day} {condition} date '{SECOND_FROM}') to '{part}'"
            )
            shutil.copy(part, folder / "all" / part.name)


@pytest.fixture(scope="module")
def months(simulated_feeds: SimulatedFeeds, tmp_path_factory: pytest.TempPathFactory) -> Months:
    folder = tmp_path_factory.mktemp("months")
    split(simulated_feeds.feeds, folder)
    history = {"key": KEY, "history": folder / "history"}
    made = Months(folder)
    made.manifests["all"] = link(folder / "all", folder / "at_once", key=KEY)
    made.manifests["first"] = link(folder / "first", folder / "records", **history)
    made.manifests["second"] = link(folder / "second", folder / "records", add=True, **history)
    return made


def test_both_months_hold_rows_of_every_feed(months: Months) -> None:
    for name in ("first", "second"):
        rows = {
            path.stem: pq.read_metadata(path).num_rows
            for path in (months.folder / name).glob("*.parquet")
        }
        assert len(rows) == 23
        assert [file for file, count in rows.items() if not count and "nhs" not in file] == []


def test_the_second_month_completes_the_records(months: Months) -> None:
    """Every table, what became of every row of every file, and how people were linked."""
    at_once, second = months.manifests["all"], months.manifests["second"]
    first = months.manifests["first"]
    for name, table in at_once["tables"].items():
        assert second["tables"][name] == table, name
        assert first["tables"][name]["rows"] < table["rows"], name
    assert second == at_once


def test_the_files_are_those_of_linking_at_once(months: Months) -> None:
    assert contents(months.folder / "records") == contents(months.folder / "at_once")


def test_the_same_files_again_change_nothing(months: Months) -> None:
    records, history = months.folder / "records", months.folder / "history"
    before = contents(records), contents(history)
    link(months.folder / "second", records, key=KEY, history=history, add=True)
    assert (contents(records), contents(history)) == before


def test_only_the_owner_may_look_into_the_history(months: Months) -> None:
    assert (months.folder / "history").stat().st_mode & 0o777 == 0o700


def numbers_of(feeds: Path) -> set[str]:
    """Every NHS number that any row of any file gives, right or wrong."""
    found: set[str] = set()
    for path in feeds.glob("*.parquet"):
        for name in pq.read_schema(path).names:
            if "nhs" in name.lower():
                found |= set(digits_in(pq.read_table(path, columns=[name])[name]))
    return found


def digits_in(column: pa.ChunkedArray) -> Iterator[str]:
    """Ten digits in a row, wherever they stand, whatever separates them."""
    for value in pc.unique(column.cast(pa.string())).to_pylist():
        yield from TEN_DIGITS.findall(re.sub(r"[\s-]", "", value or ""))


@pytest.mark.parametrize("place", ["history", "records"])
def test_no_nhs_number_is_kept(months: Months, simulated_feeds: SimulatedFeeds, place: str) -> None:
    numbers = numbers_of(simulated_feeds.feeds)
    assert len(numbers) > 500
    seen = 0
    for path in (months.folder / place).rglob("*"):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            for column in filter(lambda c: not pa.types.is_boolean(c.type), table.columns):
                assert not numbers & set(digits_in(column)), path.name
                seen += 1
        elif path.is_file():
            assert not numbers & set(TEN_DIGITS.findall(path.read_text())), path.name
    assert seen > 50


ANNE, BERT, CARA = "9990000018", "9990000026", "9990000042"
BORN = {ANNE: "1950-03-04", BERT: "1960-05-06", CARA: "1970-07-08"}


def patient(name: str, number: str, **more: Any) -> dict[str, Any]:
    return {
        "person_id": name,
        "nhs_number": number,
        "date_of_birth": BORN.get(number, "1950-03-04"),
        "gender": "F",
        "registered_practice_id": "A00001",
        "registration_start_date": "2010-01-01",
        "registration_end_date": "",
        "is_confidential": "",
        "date_recorded": "2010-01-02",
        **more,
    }


def observation(name: str, identifier: str) -> dict[str, Any]:
    return {
        "id": identifier,
        "person_id": name,
        "clinical_effective_date": "2021-01-01",
        "mapped_concept_code": "44054006",
    }


def objection(name: str, end: str, recorded: str) -> dict[str, Any]:
    return {
        "person_id": name,
        "kind": "risk_stratification",
        "start_date": "2020-01-01",
        "end_date": end,
        "date_recorded": recorded,
    }


MERGE = {"superseded_nhs_number": ANNE, "nhs_number": CARA, "date_merged": "2022-01-01"}
FIRST: dict[str, Rows] = {
    "nhs_number_merges_1": [{**MERGE, "superseded_nhs_number": "9990000050"}],
    "gp_patient_1": [patient("a", ANNE), patient("b", BERT), patient("c", CARA), patient("n", "")],
    "gp_observation_1": [observation(name, f"{name}1") for name in "abcn"],
}
SECOND: dict[str, dict[str, Rows]] = {
    "an objection": {"gp_opt_out_2": [objection("a", "", "2022-01-01")]},
    "a confidential record": {"gp_patient_2": [patient("b", BERT, is_confidential="true")]},
    "merged numbers": {"nhs_number_merges_2": [MERGE]},
    "another number for a record": {"gp_patient_2": [patient("a", BERT, date_of_birth="")] * 2},
    "a number for who had none": {"gp_patient_2": [patient("n", ANNE)]},
    "facts alone": {"gp_observation_2": [observation("a", "a2"), observation("x", "x2")]},
    "repeated facts": {"gp_observation_2": [observation("a", "a1"), observation("b", "b1")]},
    "an identifier again": {"gp_observation_2": [observation("a", "b1")]},
    "a table that nobody reads": {"gp_notes_2": [{"note": "no header of any table"}] * 3},
    "a file like the first": {"gp_observation_2": FIRST["gp_observation_1"]},
    "no row": {"gp_observation_2": []},
}


def small_feed(folder: Path, *parts: Mapping[str, Rows], **entry: object) -> Path:
    files: dict[str, Rows] = {name: rows for part in parts for name, rows in part.items()}
    merges = {name: rows for name, rows in files.items() if name.startswith("nhs")}
    gp = {name: rows for name, rows in files.items() if name not in merges}
    rules = {"case_finding": ["risk_stratification"], "commissioning": [], "research": []}
    made = joint_feed(
        folder,
        {"gp": gp, "nhs_number_merges": merges},
        {
            "gp": {"files": ["gp_*"], "opt_outs": rules, **entry},
            "nhs_number_merges": {"files": ["nhs_*"]},
        },
    )
    for name, rows in files.items():
        if not rows:
            (made / f"{name}.csv").write_text(",".join(observation("", "")) + "\n")
    return made


@pytest.fixture(scope="module")
def first_month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first month of a small feed linked: records and history."""
    folder = tmp_path_factory.mktemp("first_month")
    feed = small_feed(folder / "first", FIRST)
    link(feed, folder / "records", key=KEY, history=folder / "history")
    return folder


@pytest.fixture
def kept(first_month: Path, tmp_path: Path) -> Path:
    """A copy of that, with a feed of the second month."""
    shutil.copytree(first_month, tmp_path, dirs_exist_ok=True)
    small_feed(tmp_path / "second", SECOND["facts alone"])
    return tmp_path


@pytest.mark.parametrize("what", SECOND)
def test_what_a_later_month_tells_of_earlier_rows(kept: Path, what: str) -> None:
    shutil.rmtree(kept / "second")
    one = json.loads((kept / "records" / "manifest.json").read_text())
    second = small_feed(kept / "second", SECOND[what])
    two = link(second, kept / "records", key=KEY, history=kept / "history", add=True)
    at_once = link(small_feed(kept / "both", FIRST, SECOND[what]), kept / "at_once", key=KEY)
    assert two == at_once
    assert (two["tables"] == one["tables"]) == (what in UNSEEN)
    assert load_records(kept / "records").manifest == json.loads(json.dumps(at_once))


UNSEEN = {"repeated facts", "a table that nobody reads", "a file like the first", "no row"}
"""What a second month may tell without a change of the records; it is counted."""


def test_a_withdrawn_objection_brings_the_earlier_rows_back(tmp_path: Path) -> None:
    objects = {"gp_opt_out_1": [objection("a", "", "2020-01-02")]}
    ends = {"gp_opt_out_2": [objection("a", "2022-01-01", "2022-01-02")]}
    history = {"history": tmp_path / "history"}
    out = tmp_path / "records"
    one = link(small_feed(tmp_path / "first", FIRST, objects), out, **history)
    two = link(small_feed(tmp_path / "second", ends), out, add=True, **history)
    assert (one["tables"]["patients"]["rows"], two["tables"]["patients"]["rows"]) == (3, 4)
    assert (one["people_excluded"], two["people_excluded"]) == ({"risk_stratification": 1}, {})


def test_three_months_and_two_files_that_are_alike(tmp_path: Path) -> None:
    """Header lines alone: the kept files of both are one."""
    empty: dict[str, Rows] = {"gp_observation_e": [], "gp_observation_f": []}
    months = [{**FIRST, **empty}, SECOND["facts alone"], SECOND["an objection"]]
    history = {"history": tmp_path / "history"}
    for place, files in enumerate(months):
        feed = small_feed(tmp_path / f"month_{place}", files)
        told_last = link(feed, tmp_path / "records", add=place > 0, **history)
    at_once = link(small_feed(tmp_path / "all", *months), tmp_path / "at_once")
    assert told_last["sources"] == at_once["sources"]
    assert told_last["tables"] == at_once["tables"]


def test_months_of_several_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = SECOND["repeated facts"]
    at_once = link(small_feed(tmp_path / "all", FIRST, second), tmp_path / "at_once")
    monkeypatch.setattr(raw_rows, "_ROWS_PER_PART", 2)
    history = {"history": tmp_path / "history"}
    link(small_feed(tmp_path / "first", FIRST), tmp_path / "records", **history)
    two = link(small_feed(tmp_path / "second", second), tmp_path / "records", add=True, **history)
    assert two["tables"] == at_once["tables"]
    assert two["sources"] == at_once["sources"]
    assert len(list((tmp_path / "records" / "events").glob("*.parquet"))) > 1


def test_characters_of_a_pattern_in_the_path_of_a_history(tmp_path: Path) -> None:
    history = {"history": tmp_path / "kept [2022] *"}
    link(small_feed(tmp_path / "first", FIRST), tmp_path / "records", **history)
    second = small_feed(tmp_path / "second", SECOND["facts alone"])
    manifest = link(second, tmp_path / "records", add=True, **history)
    assert manifest["tables"]["events"]["rows"] == 5


def refused(folder: Path, error: type[Exception], match: str, **changes: Any) -> str:
    """The message of a refusal to add, after which records and history are as they were."""
    before = contents(folder / "records"), contents(folder / "history")
    options = {"key": KEY, "history": folder / "history", "add": True, **changes}
    feed = options.pop("feed", folder / "second")
    with pytest.raises(error, match=match) as caught:
        link(feed, folder / "records", **options)
    assert (contents(folder / "records"), contents(folder / "history")) == before
    leftovers = [path.name for path in folder.iterdir() if path.name.startswith(".")]
    assert leftovers == []
    return str(caught.value)


def test_another_key_is_refused(kept: Path) -> None:
    said = refused(kept, RecordsError, "made with the key", key=OTHER_KEY)
    assert "another" not in said


def test_to_add_needs_a_history(kept: Path) -> None:
    refused(kept, UsageError, "expected the history to add to, got none", history=None)
    refused(kept, RecordsError, "there is none", history=kept / "nothing")
    assert not (kept / "nothing").exists()


def test_a_history_is_not_begun_again_by_mistake(kept: Path) -> None:
    """Months of feeds would be lost to a command without --add."""
    said = refused(kept, UsageError, "expected a new folder for the history", add=False)
    assert "--add" in said


def test_a_folder_that_is_no_history_is_left_alone(kept: Path) -> None:
    refused(kept, UsageError, "holds other things", history=kept / "first")
    assert (kept / "first" / "gp_patient_1.csv").is_file()


def test_whole_records_keep_no_history(kept: Path) -> None:
    feed = omop_feed(kept / "omop")
    refused(kept, RecordsError, "omop are whole records", feed=feed)
    with pytest.raises(RecordsError, match="omop are whole records"):
        link(feed, kept / "other", key=KEY, history=kept / "new")
    assert not (kept / "new").exists()


def test_a_source_in_the_history_is_not_left_out_afterwards(kept: Path) -> None:
    refused(kept, RecordsError, "nhs_number_merges are to be left out, but the history", **{
        "leave_out": ("nhs_number_merges",)
    })  # fmt: skip


def test_an_entry_that_has_another_name_now_is_refused(kept: Path) -> None:
    path = kept / "second" / "governance.toml"
    path.write_text(path.read_text().replace("[sources.gp", "[sources.practices"))
    refused(kept, RecordsError, "read as the source 'gp' now belong to another entry")


def test_a_purpose_that_is_no_longer_allowed_for_earlier_files(kept: Path) -> None:
    small_feed(kept / "second", SECOND["facts alone"], purposes=["research"], opt_outs={
        "research": []
    })  # fmt: skip
    refused(kept, RecordsError, "does not allow the purpose case_finding for: gp")


def test_a_file_that_cannot_be_linked_leaves_everything_as_it_was(kept: Path) -> None:
    path = kept / "second" / "gp_observation_2.csv"
    path.write_text(f"{path.read_text()}one,column,too,many,here\n")
    refused(kept, RecordsError, "'gp_observation_2.csv', line 4: expected 4 columns")


def changed_manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def damage(history: Path) -> None:
        path = history / "history.json"
        manifest = json.loads(path.read_text())
        change(manifest)
        path.write_text(json.dumps(manifest))

    return damage


def first_rows(history: Path) -> Path:
    return sorted(history.rglob("rows/gp/gp_observation/*.parquet"))[0]


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut off": (lambda h: (h / "history.json").write_text('{"version": 1'), "cannot be read"),
    "no JSON object": (lambda h: (h / "history.json").write_text("[]"), "cannot be read"),
    "not text": (lambda h: (h / "history.json").write_bytes(b"\xff\xfe"), "cannot be read"),
    "no merges": (changed_manifest(lambda m: m.pop("merges")), "cannot be read"),
    "no key": (changed_manifest(lambda m: m.pop("key_id")), "cannot be read"),
    "a merge cut off": (changed_manifest(lambda m: m["merges"][0].pop()), "cannot be read"),
    "a day that is none": (
        changed_manifest(lambda m: m["merges"][0].__setitem__(2, "once")),
        "cannot be read",
    ),
    "a file without a hash": (changed_manifest(lambda m: m["files"][0].pop("sha256")), "incompl"),
    "files that are none": (changed_manifest(lambda m: m.update(files=["gp"])), "incomplete"),
    "later version": (changed_manifest(lambda m: m.update(version=99)), "later version"),
    "version in words": (changed_manifest(lambda m: m.update(version="new")), "cannot be read"),
    "no dialect of that name": (
        changed_manifest(lambda m: m["files"][0].update(dialect="none")),
        "a dialect that is not known",
    ),
    "claims missing": (lambda h: (h / "claims.parquet").unlink(), "'claims.parquet' cannot"),
    "claims cut off": (lambda h: (h / "claims.parquet").write_bytes(b"PAR1"), "'claims.parquet'"),
    "marks of something else": (
        lambda h: pq.write_table(pa.table({"x": [1]}), h / "marked.parquet"),
        "'marked.parquet' cannot",
    ),
    "rows missing": (lambda h: first_rows(h).unlink(), "parquet' is missing"),
    "rows cut off": (
        lambda h: first_rows(h).write_bytes(first_rows(h).read_bytes()[:-20]),
        "history keeps of the file 'gp_observation_1.csv' cannot be read",
    ),
    "rows of something else": (
        lambda h: pq.write_table(pa.table({"x": [1]}), first_rows(h)),
        "history keeps of the file 'gp_observation_1.csv' cannot be read",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_history_is_refused(kept: Path, damage: str) -> None:
    make, message = DAMAGES[damage]
    make(kept / "history")
    said = refused(kept, RecordsError, message)
    assert "history" in said
