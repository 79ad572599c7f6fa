"""The same records in one part and in many, at any number of threads, in any order, in any run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.integration.linked_feeds import SimulatedFeeds, simulated_feeds
from tests.unit.records.governed_feeds import governed_feed

from riskstrat.engine import Engine
from riskstrat.records import check_records, link, linking, load_records, raw_rows
from riskstrat.records.gathering import Gathered
from riskstrat.schema import StoreWriter

__all__ = ["simulated_feeds"]

ROWS_PER_PART = 15_000
"""The shared district is some eight parts then."""


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda count: monkeypatch.setattr(linking, "Engine", partial(Engine, threads=count))


@pytest.mark.parametrize("count", [1, 4])
def test_one_part_has_the_same_bytes_at_any_number_of_threads(
    simulated_feeds: SimulatedFeeds, tmp_path: Path, threads: Callable[[int], None], count: int
) -> None:
    """The shared records were linked by another run, with a thread for every core."""
    threads(count)
    link(simulated_feeds.feeds, tmp_path / "records")
    assert contents(tmp_path / "records") == contents(simulated_feeds.linked)


@pytest.fixture(scope="module")
def in_parts(
    simulated_feeds: SimulatedFeeds, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """The district linked in several parts, by one thread."""
    out = tmp_path_factory.mktemp("parts") / "records"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(raw_rows, "_ROWS_PER_PART", ROWS_PER_PART)
        patched.setattr(linking, "Engine", partial(Engine, threads=1))
        return out, link(simulated_feeds.feeds, out)


def test_parts_hold_the_same_rows(
    simulated_feeds: SimulatedFeeds, in_parts: tuple[Path, dict[str, Any]]
) -> None:
    """As a whole, the manifest is the same: tables, sources, people left out, codes withheld."""
    _, manifest = in_parts
    assert manifest == simulated_feeds.manifest


def test_events_alone_are_kept_in_parts_which_together_are_in_order(
    simulated_feeds: SimulatedFeeds, in_parts: tuple[Path, dict[str, Any]]
) -> None:
    out, _ = in_parts
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == ["events"]
    parts = [pq.read_table(path) for path in sorted((out / "events").iterdir())]
    assert len(parts) == 8
    assert pa.concat_tables(parts) == pq.read_table(simulated_feeds.linked / "events.parquet")
    others = {name for name in contents(out) if "/" not in name}
    for name in others:
        assert (out / name).read_bytes() == (simulated_feeds.linked / name).read_bytes(), name


def test_parts_load_as_one_store(
    simulated_feeds: SimulatedFeeds, in_parts: tuple[Path, dict[str, Any]]
) -> None:
    out, manifest = in_parts
    records = load_records(out)
    ((events, people),) = records.engine.connection.execute(
        "select count(*), count(distinct patient_id) from events"
    ).fetchall()
    assert events == manifest["tables"]["events"]["rows"]
    assert people > 500
    assert [f for f in check_records(records) if f.level == "error"] == []


def test_parts_have_the_same_bytes_at_any_number_of_threads_and_in_any_run(
    simulated_feeds: SimulatedFeeds,
    in_parts: tuple[Path, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    threads: Callable[[int], None],
) -> None:
    monkeypatch.setattr(raw_rows, "_ROWS_PER_PART", ROWS_PER_PART)
    threads(4)
    link(simulated_feeds.feeds, tmp_path / "records")
    assert contents(tmp_path / "records") == contents(in_parts[0])


def test_the_order_of_the_rows_does_not_matter(
    simulated_feeds: SimulatedFeeds, tmp_path: Path
) -> None:
    """Every file shuffled: the same tables, and as many rows of each file for each reason."""
    draws = np.random.default_rng(1)
    rules = (simulated_feeds.feeds / "governance.toml").read_text()
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "governance.toml").write_text(rules)
    for path in simulated_feeds.feeds.glob("*.parquet"):
        table = pq.read_table(path)
        shuffled = table.take(pa.array(draws.permutation(table.num_rows)))
        pq.write_table(shuffled, tmp_path / "feeds" / path.name, row_group_size=2000)
    manifest = link(tmp_path / "feeds", tmp_path / "records")
    expected = simulated_feeds.manifest
    assert manifest["tables"] == expected["tables"]
    assert counts(manifest) == counts(expected)
    links = "links.parquet"
    assert (tmp_path / "records" / links).read_bytes() == (
        simulated_feeds.linked / links
    ).read_bytes()


def counts(manifest: dict[str, Any]) -> dict[str, Any]:
    return {
        file["name"]: (file["rows_in"], file["rows_kept"], file["rejected"])
        for source in manifest["sources"]
        for file in source["files"]
    }


PEOPLE = [f"P{number}" for number in range(12)]
PATIENTS = [
    {
        "person_id": name,
        "date_of_birth": "1950-03-04",
        "registered_practice_id": "A00001",
        "registration_start_date": "2010-01-01",
    }
    for name in PEOPLE
]
OBSERVATIONS = [
    {
        "id": f"{name}.{day}",
        "person_id": name,
        "clinical_effective_date": f"2021-01-0{day}",
        "mapped_concept_code": "44054006",
        "result_value": "",
        "result_unit_display": "",
        "date_recorded": f"2021-01-0{day}",
    }
    for name in PEOPLE
    for day in (1, 2)
]


def small_feed(folder: Path, *more: dict[str, str]) -> Path:
    rows = [*OBSERVATIONS, *more]
    return governed_feed(folder, "gp", {"gp_patient": PATIENTS, "gp_observation": rows})


AGAIN = [
    {**OBSERVATIONS[0], "date_recorded": "2021-02-01", "result_unit_display": "g"},
    {**OBSERVATIONS[0], "date_recorded": "2021-02-01"},
    OBSERVATIONS[0],
    {**OBSERVATIONS[0], "date_recorded": ""},
]


@pytest.mark.parametrize("first", range(len(AGAIN)))
def test_of_rows_that_tell_the_same_the_one_recorded_first_stands(
    tmp_path: Path, first: int
) -> None:
    """Whichever comes first: an identifier with the same content is one fact."""
    rows = [*AGAIN[first:], *AGAIN[:first]]
    feed = small_feed(tmp_path / "feed")
    manifest = link(feed, tmp_path / "once")
    again = governed_feed(
        feed, "gp", {"gp_patient": PATIENTS, "gp_observation": [*rows, *OBSERVATIONS[1:]]}
    )
    repeated = link(again, tmp_path / "again")
    assert repeated["tables"] == manifest["tables"]
    assert counts(repeated)["gp_observation.csv"][2] == {"duplicate": 3}


def test_people_without_a_list_are_followed_once_in_every_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attendances alone: registrations are made from first to last fact, part by part."""
    rows = [
        {
            "EPIKEY": f"{number}.{visit}",
            "NHS_NUMBER": number,
            "BIRTH_YEAR": "1950",
            "BIRTH_MONTH": "06",
            "DEPARTMENT_TYPE": "01",
            "ATTENDANCE_CATEGORY": "1",
            "ARRIVAL_DATE": f"2022-03-0{visit}",
            "ARRIVAL_TIME": "10:15",
            "DEPARTURE_DATE": f"2022-03-0{visit}",
        }
        for number in ("9990000018", "9990000026", "9990000042", "9990000050", "9990000069")
        for visit in (1, 3)
    ]
    feed = governed_feed(tmp_path / "feed", "ecds", {"ecds": rows})
    at_once = link(feed, tmp_path / "at_once")
    monkeypatch.setattr(raw_rows, "_ROWS_PER_PART", 3)
    in_parts = link(feed, tmp_path / "in_parts")
    assert in_parts["tables"] == at_once["tables"]
    assert at_once["tables"]["registrations"]["rows"] == 2 * 5


def test_what_was_spread_is_removed_part_by_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raw rows of people do not stay on the disk for longer than they are worked on."""
    monkeypatch.setattr(raw_rows, "_ROWS_PER_PART", 10)
    engines: list[Engine] = []
    left: list[int] = []

    def remembered(**options: Any) -> Engine:
        engines.append(Engine(**options))
        return engines[-1]

    def counted(gathered: Gathered, present: str) -> None:
        left.append(len(list(engines[0].scratch.rglob("*.parquet"))))
        add_people(gathered, present)

    add_people = Gathered.add_people
    monkeypatch.setattr(linking, "Engine", remembered)
    monkeypatch.setattr(Gathered, "add_people", counted)
    link(small_feed(tmp_path / "feed"), tmp_path / "records")
    assert len(left) == 4
    assert left == sorted(left, reverse=True)
    assert (left[0] > 0, left[-1]) == (True, 0)


def failing(place: int) -> Callable[..., None]:
    """Fails when it is called for the `place`-th time, and does nothing before."""
    calls = []

    def fail(*_: object, **__: object) -> None:
        calls.append(1)
        if len(calls) == place:
            raise RuntimeError("in the middle")

    return fail


@pytest.mark.parametrize(
    ("of", "name", "place"),
    [
        (Gathered, "add_people", 3),
        (StoreWriter, "write_part", 2),
        (StoreWriter, "write_beside", 1),
        (StoreWriter, "finish", 1),
    ],
)
def test_an_error_in_the_middle_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: type, name: str, place: int
) -> None:
    monkeypatch.setattr(raw_rows, "_ROWS_PER_PART", 10)
    records, history = tmp_path / "records", tmp_path / "history"
    link(small_feed(tmp_path / "first"), records, history=history)
    before = contents(records), contents(history)
    more = {**OBSERVATIONS[0], "id": "new", "date_recorded": "2022-01-01"}
    second = governed_feed(tmp_path / "second", "gp", {"gp_observation": [more]})
    with monkeypatch.context() as broken:
        broken.setattr(of, name, failing(place))
        with pytest.raises(RuntimeError, match="in the middle"):
            link(second, records, history=history, add=True)
    assert (contents(records), contents(history)) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("first", "history", "records", "second")
    ]
    assert link(second, records, history=history, add=True)["tables"]["events"]["rows"] == 25
