"""``riskstrat link`` as a user runs it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.command_line import riskstrat, riskstrat_alone

from riskstrat.records.linkage.pseudonyms import pseudonym
from riskstrat.records.vault.opening import Vault
from riskstrat.simulation import simulate

KEY = b"0123456789abcdef of these tests"
VAULT_KEY = b"fedcba9876543210 of these tests"


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The feeds of a small district over one year."""
    out = tmp_path_factory.mktemp("linked_by_command") / "feeds"
    simulate(300, 4, out=out, years=1)
    return out


@pytest.fixture
def copied(feeds: Path, tmp_path: Path) -> Path:
    """A copy of the feeds to be changed."""
    shutil.copytree(feeds, tmp_path / "feeds", ignore=shutil.ignore_patterns("truth"))
    return tmp_path / "feeds"


def key_file(folder: Path, key: bytes, name: str = "key.txt", mode: int = 0o600) -> Path:
    path = folder / name
    path.write_bytes(key)
    path.chmod(mode)
    return path


def said(done: Any) -> str:
    return " ".join((done.stdout + done.stderr).split())


def manifest_of(records: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((records / "manifest.json").read_text())
    return manifest


def test_the_help_says_what_every_option_is_for() -> None:
    done = riskstrat("link", "--help")
    assert done.returncode == 0
    options = ("--out", "--dialect", "--governance", "--purpose", "--leave-out", "--key-file")
    for option in (*options, "--vault", "--vault-key-file", "--history", "--add", "--memory"):
        assert option in done.stdout
    assert said(done).count("Example: riskstrat link") == 3


def test_feeds_become_records_and_every_row_is_accounted_for(feeds: Path, tmp_path: Path) -> None:
    done = riskstrat_alone("link", feeds, "--out", tmp_path / "records")
    assert done.returncode == 0, done.stderr
    assert "for case finding" in said(done)
    assert "Rows that name a person" in said(done)
    manifest = manifest_of(tmp_path / "records")
    for source in manifest["sources"]:
        for file in source["files"]:
            assert file["rows_in"] == pq.read_metadata(feeds / file["name"]).num_rows
            assert file["rows_in"] == file["rows_kept"] + sum(file["rejected"].values())
            line = f"{file['name']}: {file['rows_in']:,} rows, {file['rows_kept']:,} kept"
            assert line in said(done)
    checked = riskstrat("check", tmp_path / "records")
    assert checked.returncode == 0, checked.stdout


def test_machines_get_the_manifest(feeds: Path, tmp_path: Path) -> None:
    """A file is a feed too; its governance file stands beside it."""
    done = riskstrat("link", feeds / "ecds.parquet", "--out", tmp_path / "records", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == manifest_of(tmp_path / "records")


def test_without_governance_nothing_is_linked(copied: Path, tmp_path: Path) -> None:
    (copied / "governance.toml").unlink()
    done = riskstrat("link", copied, "--out", tmp_path / "records")
    assert done.returncode == 3
    assert "governance.toml" in done.stderr
    assert not (tmp_path / "records").exists()


def test_a_source_without_an_entry_is_refused_with_an_entry_to_fill_in(
    copied: Path, tmp_path: Path
) -> None:
    path = copied / "governance.toml"
    entries = re.split(r"(?m)^(?=\[sources\.\w+\]$)", path.read_text())
    path.write_text("".join(part for part in entries if not part.startswith("[sources.cld]")))
    done = riskstrat("link", copied, "--out", tmp_path / "records")
    assert done.returncode == 3
    assert "no entry for 1 file of the dialect cld: adult_social_care_cld.parquet" in said(done)
    for line in ("[sources.cld]", 'files = ["adult_social_care_cld"]', "[sources.cld.opt_outs]"):
        assert line in said(done)
    assert not (tmp_path / "records").exists()


def test_a_purpose_that_a_source_does_not_allow(feeds: Path, tmp_path: Path) -> None:
    ask = ("link", feeds, "--out", tmp_path / "records", "--purpose", "commissioning")
    refused = riskstrat(*ask)
    assert refused.returncode == 3
    assert "does not allow the purpose commissioning for: voluntary" in said(refused)
    done = riskstrat(*ask, "--leave-out", "voluntary")
    assert done.returncode == 0, done.stderr
    manifest = manifest_of(tmp_path / "records")
    assert manifest["purpose"] == "commissioning"
    assert "voluntary" not in {source["name"] for source in manifest["sources"]}
    (left_out,) = manifest["left_out"]
    rows = pq.read_metadata(feeds / "voluntary_contact.parquet").num_rows
    assert rows > 0
    assert (left_out["name"], left_out["rows_in"]) == ("voluntary_contact.parquet", rows)
    assert left_out["rejected"] == {"table not used": rows}
    assert f"left out: voluntary_contact.parquet, {rows:,} rows" in said(done)


@pytest.mark.parametrize("asked", ["purpose", "dialect", "leave-out"])
def test_words_that_are_not_known(feeds: Path, tmp_path: Path, asked: str) -> None:
    done = riskstrat("link", feeds, "--out", tmp_path / "records", f"--{asked}", "canary")
    assert done.returncode == 2
    assert "canary" not in said(done)


def test_a_key_that_others_may_read_is_refused(feeds: Path, tmp_path: Path) -> None:
    path = key_file(tmp_path, KEY, mode=0o644)
    done = riskstrat("link", feeds, "--out", tmp_path / "records", "--key-file", path)
    assert done.returncode == 2
    assert "chmod 600" in done.stderr
    assert KEY.decode() not in done.stderr
    assert not (tmp_path / "records").exists()


def test_real_people_need_a_key(copied: Path, tmp_path: Path) -> None:
    path = copied / "governance.toml"
    path.write_text(path.read_text().replace("synthetic = true", "synthetic = false"))
    done = riskstrat("link", copied, "--out", tmp_path / "records")
    assert done.returncode == 3
    assert "secret key" in said(done)
    assert not (tmp_path / "records").exists()


def test_to_add_needs_a_history(feeds: Path, tmp_path: Path) -> None:
    done = riskstrat("link", feeds, "--out", tmp_path / "records", "--add")
    assert done.returncode == 2
    assert "--history" in done.stderr


def test_a_vault_that_cannot_be_sealed_leaves_no_records(feeds: Path, tmp_path: Path) -> None:
    """The two keys must differ: who opens the vault must not be able to make pseudonyms."""
    key = key_file(tmp_path, KEY)
    places = [f"--{name}={tmp_path / name}" for name in ("out", "vault", "history")]
    done = riskstrat("link", feeds, *places, "--key-file", key, "--vault-key-file", key)
    assert done.returncode == 2
    assert "not that of the pseudonyms" in said(done)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key.txt"]


class Opened:
    """A vault, and the people of the records who are in it.

    Parameters
    ----------
    folder : Path
    records : Path
    """

    def __init__(self, folder: Path, records: Path) -> None:
        self.looks: list[object] = []
        self.vault = Vault.open(folder, VAULT_KEY, audit=self.looks.append)
        self.people = pq.read_table(records / "patients.parquet")["patient_id"].to_pylist()

    def numbers(self) -> dict[str, str]:
        asked = {"reason": "test of linkage", "who": "tests"}
        return {
            patient: number
            for practice in self.vault.practices
            for patient, number in self.vault.numbers(practice, self.people, **asked).items()
        }


def numbers_in(feeds: Path) -> set[str]:
    """Digits of the practice list's NHS numbers."""
    column = pq.read_table(feeds / "gp_patient.parquet")["nhs_number"].to_pylist()
    return {re.sub(r"\D", "", number) for number in column if number}


def test_the_vault_leads_back_to_the_numbers_of_the_feed(feeds: Path, tmp_path: Path) -> None:
    keys = (
        *("--key-file", key_file(tmp_path, KEY)),
        *("--vault-key-file", key_file(tmp_path, VAULT_KEY, "vault.txt")),
    )
    vault, records = tmp_path / "vault", tmp_path / "records"
    done = riskstrat("link", feeds, "--out", records, "--vault", vault, *keys)
    assert done.returncode == 0, done.stderr
    opened = Opened(vault, records)
    numbers = opened.numbers()
    assert numbers
    assert {pseudonym(number, KEY): number for number in numbers.values()} == numbers
    listed = numbers_in(feeds)
    known = {pseudonym(number, KEY) for number in listed}
    assert {patient for patient in opened.people if patient in known} <= set(numbers)
    assert len(set(opened.people) - set(numbers)) <= 3
    assert len(opened.looks) == len(opened.vault.practices)
    assert stat_modes(vault) == {0o600, 0o700}
    registered = practices_of(records)
    for practice in opened.vault.practices:
        found = opened.vault.numbers(practice, opened.people, reason="a test", who="tests")
        assert {registered.get(patient) for patient in found} == {practice}


def stat_modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}


def practices_of(records: Path) -> dict[str, str]:
    rows = pq.read_table(records / "registrations.parquet").to_pylist()
    current = [row for row in rows if row["superseded_date"] is None]
    ordered = sorted(current, key=lambda row: (row["start_date"], row["recorded_date"]))
    return {row["patient_id"]: row["practice_code"] for row in ordered}


def test_adding_a_month_keeps_the_numbers_of_people_who_are_not_in_it(
    feeds: Path, copied: Path, tmp_path: Path
) -> None:
    november = tmp_path / "november"
    november.mkdir()
    shutil.copy(copied / "governance.toml", november)
    (copied / "ecds.parquet").rename(november / "ecds.parquet")
    ask = (
        *("--out", tmp_path / "records", "--vault", tmp_path / "vault"),
        *("--history", tmp_path / "history", "--key-file", key_file(tmp_path, KEY)),
        *("--vault-key-file", key_file(tmp_path, VAULT_KEY, "vault.txt")),
    )
    first = riskstrat("link", copied, *ask)
    assert first.returncode == 0, first.stderr
    before = Opened(tmp_path / "vault", tmp_path / "records").numbers()
    second = riskstrat("link", november, *ask, "--add")
    assert second.returncode == 0, second.stderr
    after = Opened(tmp_path / "vault", tmp_path / "records").numbers()
    assert len(before) > 250
    assert before.items() <= after.items()
    seen = {
        pseudonym(re.sub(r"\D", "", number), KEY)
        for number in pq.read_table(november / "ecds.parquet")["NHS_NUMBER"].to_pylist()
        if number
    }
    assert set(before) - seen
    at_once = riskstrat("link", feeds, "--out", tmp_path / "at_once", *ask[6:8])
    assert at_once.returncode == 0, at_once.stderr
    assert manifest_of(tmp_path / "records") == manifest_of(tmp_path / "at_once")
