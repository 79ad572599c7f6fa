"""Feeds that cannot be linked: one clear error, exit status 3, and nothing written."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.records.small_feeds import meds_feed, omop_feed, write_governance

from riskstrat.errors import RecordsError, UsageError
from riskstrat.records import link
from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY

CANARY = "CANARY7731"


def refused(feed: Path, out: Path, **options: str) -> RecordsError:
    """The error of linking a feed, after checking that nothing was written."""
    with pytest.raises(RecordsError) as caught:
        link(feed, out, **options)
    assert caught.value.exit_code == 3
    assert not out.exists()
    assert [path for path in out.parent.iterdir() if path.name.endswith(".partial")] == []
    return caught.value


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return omop_feed(tmp_path / "feed")


@pytest.mark.parametrize("table", ["PERSON", "VISIT_OCCURRENCE", "MEASUREMENT"])
def test_a_missing_table(feed: Path, tmp_path: Path, table: str) -> None:
    (feed / f"{table}.csv").unlink()
    error = refused(feed, tmp_path / "out")
    assert f"needs the tables {table.lower()}, which no file holds" in error.message


def test_every_missing_table_is_named_at_once(feed: Path, tmp_path: Path) -> None:
    (feed / "DRUG_EXPOSURE.csv").unlink()
    (feed / "OBSERVATION.csv").unlink()
    assert "drug_exposure, observation" in refused(feed, tmp_path / "out").message


def test_missing_columns(feed: Path, tmp_path: Path) -> None:
    (feed / "PERSON.csv").write_text("person_id,month_of_birth\n1,2\n")
    error = refused(feed, tmp_path / "out")
    assert "'PERSON.csv', read as person, lacks the columns gender_concept_id, year_of_birth" in (
        error.message
    )


@pytest.mark.parametrize("table", ["PERSON", "OBSERVATION_PERIOD", "VISIT_OCCURRENCE"])
def test_an_empty_table(feed: Path, tmp_path: Path, table: str) -> None:
    file = feed / f"{table}.csv"
    file.write_text(file.read_text().splitlines()[0] + "\n")
    assert f"table {table.lower()} has no rows" in refused(feed, tmp_path / "out").message


def test_a_file_without_even_a_header(feed: Path, tmp_path: Path) -> None:
    (feed / "PERSON.csv").write_text("")
    assert "lacks the columns person_id" in refused(feed, tmp_path / "out").message


def test_another_encoding(feed: Path, tmp_path: Path) -> None:
    (feed / "OBSERVATION.csv").write_bytes("person_id\nCafé\n".encode("cp1252"))
    assert "'OBSERVATION.csv': expected text in UTF-8" in refused(feed, tmp_path / "out").message


def test_truncated_parquet(tmp_path: Path) -> None:
    file = meds_feed(tmp_path / "feed" / "a.parquet", [(1, "1950-01-01", "MEDS_BIRTH")])
    file.write_bytes(file.read_bytes()[:-20])
    assert "'a.parquet' cannot be read" in refused(tmp_path / "feed", tmp_path / "out").message


def test_an_event_stream_without_rows(tmp_path: Path) -> None:
    meds_feed(tmp_path / "feed" / "a.parquet", [])
    assert "table events has no rows" in refused(tmp_path / "feed", tmp_path / "out").message


def test_a_feed_in_which_no_person_can_stand(tmp_path: Path) -> None:
    feed = omop_feed(tmp_path / "feed", person=[{"year_of_birth": "?"}])
    message = refused(feed, tmp_path / "out").message
    assert "no fact of a known person is left" in message
    assert "unknown patient: 2, unparsable date: 1" in message


def test_an_unknown_kind_of_feed(tmp_path: Path) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "a.csv").write_text(f"{CANARY},b\n1,2\n")
    write_governance(tmp_path / "feed", "omop", files=["b"])
    error = refused(tmp_path / "feed", tmp_path / "out")
    assert "fit none of the known dialects" in error.message
    assert all(name in error.message for name in ("gp", "meds", "omop"))
    assert CANARY not in str(error)


def test_a_file_that_nobody_answers_for(feed: Path, tmp_path: Path) -> None:
    meds_feed(feed / "deep" / "er" / "stream.parquet", [(1, "1950-01-01", "MEDS_BIRTH")])
    error = refused(feed, tmp_path / "out")
    assert "no entry for 1 file of the dialect meds: deep/er/stream.parquet" in error.message
    assert "[sources.meds]" in str(error)


def test_a_feed_without_a_governance_file(feed: Path, tmp_path: Path) -> None:
    (feed / "governance.toml").unlink()
    assert "expected a governance file" in refused(feed, tmp_path / "out").message


def test_real_people_need_a_key_that_is_secret(feed: Path, tmp_path: Path) -> None:
    rules = feed / "governance.toml"
    rules.write_text(rules.read_text().replace("synthetic = true", "synthetic = false"))
    for key in (None, PUBLISHED_TEST_KEY):
        with pytest.raises(RecordsError, match="expected a secret key"):
            link(feed, tmp_path / "out", key=key)
    assert link(feed, tmp_path / "out", key=bytes(range(32)))["synthetic"] is False


def test_a_dialect_that_is_named_but_does_not_fit(tmp_path: Path) -> None:
    write_governance(tmp_path, "omop")
    meds_feed(tmp_path / "feed" / "a.parquet", [(1, "1950-01-01", "MEDS_BIRTH")])
    rules = str(tmp_path / "governance.toml")
    error = refused(tmp_path / "feed", tmp_path / "out", dialect="omop", governance=rules)
    assert "the omop feed needs the tables person" in error.message


def test_a_dialect_that_does_not_exist(feed: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"one of: .*gp.*meds.*omop") as caught:
        link(feed, tmp_path / "out", dialect="hl7")
    assert caught.value.exit_code == 2


def test_a_purpose_that_does_not_exist(feed: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one of: case_finding, commissioning, research"):
        link(feed, tmp_path / "out", purpose="curiosity")


def run_alone(script: str, *arguments: Path) -> str:
    """Run a script in a process of its own; what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


AS_NOBODY = """
import os, sys
from riskstrat.errors import DataError
from riskstrat.records import link, load_records
feed, out, trial = sys.argv[1:]
link(feed, trial)  # as root, so that nothing needs to be imported later
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for work in (lambda: link(feed, out), lambda: load_records(feed)):
    try:
        work()
    except DataError as error:
        print(error.exit_code, error.message)
"""


@pytest.fixture
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that every user can reach."""
    folder = tmp_path_factory.mktemp("open")
    closed = [
        p for p in (folder, *folder.parents) if p.stat().st_uid == os.getuid() and p.parts[2:]
    ]
    modes = {path: path.stat().st_mode for path in closed}
    for path in closed:
        path.chmod(0o755)
    yield folder
    for path, mode in modes.items():
        path.chmod(mode)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("closed", ["feed", "feed/deeper", "feed/PERSON.csv"])
def test_without_permission_to_read(open_folder: Path, tmp_path: Path, closed: str) -> None:
    feed = omop_feed(open_folder / "feed")
    (feed / "deeper").mkdir()
    (open_folder / closed).chmod(0)
    told = run_alone(AS_NOBODY, feed, open_folder / "out", tmp_path / "trial").splitlines()
    assert "cannot be read: Permission denied" in told[0]
    assert told[0].startswith("3 ")
    if closed == "feed":
        assert "linked records in 'feed' cannot be read" in told[1]
    assert not (open_folder / "out").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_without_permission_to_write(open_folder: Path, tmp_path: Path) -> None:
    feed = omop_feed(open_folder / "feed")
    told = run_alone(AS_NOBODY, feed, open_folder / "out", tmp_path / "trial").splitlines()
    assert told[0].startswith("3 expected to write the folder 'out', but: Permission denied")
    assert not (open_folder / "out").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_an_output_folder_that_may_not_be_read(open_folder: Path, tmp_path: Path) -> None:
    feed = omop_feed(open_folder / "feed")
    (open_folder / "out").mkdir(mode=0o700)
    told = run_alone(AS_NOBODY, feed, open_folder / "out", tmp_path / "trial").splitlines()
    assert told[0].startswith("3 the folder for the output, 'out', cannot be read")


ON_A_FULL_DISK = """
import resource, signal, sys
from riskstrat.errors import DataError
from riskstrat.records import link
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (800, 800))
try:
    link(*sys.argv[1:])
except DataError as error:
    print(error.exit_code, error.message)
"""


def test_a_full_disk_leaves_the_earlier_store_as_it_was(feed: Path, tmp_path: Path) -> None:
    """No file may grow past 800 bytes, which stops the engine in its first table."""
    out = tmp_path / "out"
    link(feed, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    told = run_alone(ON_A_FULL_DISK, feed, out)
    assert told.startswith("3 table 'patients' could not be written")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feed", "out"]


def test_a_disk_that_is_full_at_the_manifest(
    feed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(Exception, match="No space left on device") as caught:
        link(feed, tmp_path / "out")
    assert getattr(caught.value, "exit_code", None) == 3
    assert not (tmp_path / "out").exists()


WITH_CANARIES = {
    "row of another length": (
        "PERSON.csv",
        f"person_id,gender_concept_id,year_of_birth\n{CANARY}\n",
    ),
    "open quotation mark": (
        "PERSON.csv",
        f'person_id,gender_concept_id,year_of_birth\n"{CANARY},8507,1950\n',
    ),
    "header missing": ("PERSON.csv", f"{CANARY},8507,1950\n{CANARY},8507,1951\n"),
    "year is text": (
        "PERSON.csv",
        f"person_id,gender_concept_id,year_of_birth\n1,8507,{CANARY}\n",
    ),
    "column twice": (
        "PERSON.csv",
        f"{CANARY},{CANARY},person_id,gender_concept_id,year_of_birth\n1,2,3,4,5\n",
    ),
}


@pytest.mark.parametrize(("name", "text"), WITH_CANARIES.values(), ids=WITH_CANARIES)
def test_no_patient_value_in_an_error_or_a_log(
    feed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, text: str
) -> None:
    """A value planted in broken input appears in no message and in no log."""
    (feed / name).write_text(text)
    with caplog.at_level(logging.DEBUG):
        error = refused(feed, tmp_path / "out")
    assert CANARY not in str(error)
    assert CANARY not in caplog.text


def test_no_patient_value_of_a_parquet_feed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = pa.table({"subject_id": [CANARY], "time": [CANARY], "code": [CANARY]})
    (tmp_path / "feed").mkdir()
    pq.write_table(table, tmp_path / "feed" / "a.parquet")
    with caplog.at_level(logging.DEBUG):
        error = refused(tmp_path / "feed", tmp_path / "out")
    assert CANARY not in str(error) + caplog.text
