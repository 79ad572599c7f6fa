"""The vault: sealed per practice, opened with a reason, told before it tells."""

from __future__ import annotations

import builtins
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from riskstrat.errors import DataError, MissingExtraError, RecordsError, UsageError
from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY, key_id, pseudonym
from riskstrat.records.vault.opening import Vault, rekeyed, reseal, seal

VAULT_KEY = b"vault key of these tests, 32 or more"
OTHER_KEY = b"another key, as it is after a change"
PSEUDONYM_KEY = b"pseudonym key of these tests, secret"
NUMBERS = ["9990000018", "9990000026", "9990000034", "9990000042", "9990000050"]
CODES = ["A81001", "A81001", "B82002", None, "../../etc"]
PATIENTS = [pseudonym(number, PSEUDONYM_KEY) for number in NUMBERS]

ASK = {"reason": "call for review", "who": "dr.example"}


def entries(**columns: list[Any]) -> pa.Table:
    told = {"practice_code": CODES, "patient_id": PATIENTS, "nhs_number": NUMBERS, **columns}
    return pa.table({name: pa.array(values, pa.string()) for name, values in told.items()})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    seal(tmp_path / "vault", entries(), key=VAULT_KEY, key_id=key_id(PSEUDONYM_KEY))
    return tmp_path / "vault"


def opened(folder: Path, audit: Callable[[Mapping[str, object]], None] | None = None) -> Vault:
    return Vault.open(folder, VAULT_KEY, audit=audit or [].append)


def refused(work: Callable[[], object]) -> RecordsError:
    """The error of some work, after checking that it shows no value of a row."""
    with pytest.raises(RecordsError) as caught:
        work()
    for value in (*NUMBERS, *PATIENTS):
        assert value not in str(caught.value)
    return caught.value


def test_every_practice_gets_its_numbers_back(folder: Path) -> None:
    vault = opened(folder)
    assert vault.numbers("A81001", PATIENTS, **ASK) == dict(
        zip(PATIENTS[:2], NUMBERS, strict=False)
    )
    assert vault.numbers("B82002", PATIENTS, **ASK) == {PATIENTS[2]: NUMBERS[2]}
    assert vault.numbers(None, PATIENTS, **ASK) == {PATIENTS[3]: NUMBERS[3]}
    assert vault.numbers("../../etc", PATIENTS, **ASK) == {PATIENTS[4]: NUMBERS[4]}
    assert vault.practices == ("../../etc", "A81001", "B82002", None)
    assert vault.pseudonym_key_id == key_id(PSEUDONYM_KEY)


def test_unknown_people_are_left_out(folder: Path) -> None:
    assert opened(folder).numbers("A81001", ["unknown", PATIENTS[1]], **ASK) == {
        PATIENTS[1]: NUMBERS[1]
    }


def test_the_manifest_counts(folder: Path) -> None:
    told = json.loads((folder / "vault.json").read_text())
    assert told == {
        "format_version": 1,
        "vault_key_id": key_id(VAULT_KEY),
        "pseudonym_key_id": key_id(PSEUDONYM_KEY),
        "practices": [
            {"practice_code": "../../etc", "people": 1},
            {"practice_code": "A81001", "people": 2},
            {"practice_code": "B82002", "people": 1},
            {"practice_code": None, "people": 1},
        ],
    }


def test_no_byte_of_the_folder_tells_a_number_or_a_key(folder: Path) -> None:
    content = b"\n".join(
        str(path.relative_to(folder)).encode() + path.read_bytes() for path in folder.rglob("*")
    )
    assert b"A81001" in content
    for secret in (*NUMBERS, *PATIENTS, VAULT_KEY.decode(), PSEUDONYM_KEY.decode()):
        for form in (secret.encode(), secret.encode("utf-16-le"), secret.encode().hex().encode()):
            assert form not in content
    for number in NUMBERS:
        for size in (5, 8):
            assert int(number).to_bytes(size, "little") not in content
            assert int(number).to_bytes(size, "big") not in content


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_only_the_owner_may_look(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_file_names_lead_nowhere(folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir())
    assert names[1:] == [
        "none.sealed",
        "practice-A81001.sealed",
        "practice-B82002.sealed",
        "vault.json",
    ]
    assert names[0].startswith("coded-")
    assert names[0].removeprefix("coded-").removesuffix(".sealed").isalnum()


def test_codes_that_look_alike_have_files_of_their_own(tmp_path: Path) -> None:
    codes = ["a81001", "A81001", "none", None, ""]
    told = seal(tmp_path / "v", entries(practice_code=codes), key=VAULT_KEY, key_id="0" * 8)
    assert [row["people"] for row in told["practices"]] == [1] * 5
    names = [path.name.lower() for path in (tmp_path / "v").iterdir()]
    assert len(set(names)) == 6


def test_sealing_draws_fresh_random_numbers(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.glob("*.sealed")}
    seal(folder, entries(), key=VAULT_KEY, key_id=key_id(PSEUDONYM_KEY))
    after = {path.name: path.read_bytes() for path in folder.glob("*.sealed")}
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before)
    nonces = [content[:12] for content in (*before.values(), *after.values())]
    assert len(set(nonces)) == len(nonces)


def test_the_sealed_file_is_as_the_standards_say(folder: Path) -> None:
    """Opened with the primitives alone: HKDF-SHA256 per practice, then AES-256-GCM."""
    info = b'{"format_version": 1, "practice_code": "B82002", "purpose": "riskstrat vault"}'
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(VAULT_KEY)
    bound = (
        b'{"format_version": 1, "practice_code": "B82002", "pseudonym_key_id": "%s"}'
        % key_id(PSEUDONYM_KEY).encode()
    )
    sealed = (folder / "practice-B82002.sealed").read_bytes()
    plain = AESGCM(key).decrypt(sealed[:12], sealed[12:], bound)
    assert json.loads(plain) == {PATIENTS[2]: NUMBERS[2]}


def test_a_look_is_told_before_numbers_are_given(folder: Path) -> None:
    told: list[Mapping[str, object]] = []
    opened(folder, told.append).numbers("A81001", [*PATIENTS, PATIENTS[0], "unknown"], **ASK)
    assert told == [
        {
            "event": "nhs_numbers",
            "who": "dr.example",
            "practice_code": "A81001",
            "reason": "call for review",
            "asked": 6,
            "found": 2,
        }
    ]


def test_no_record_no_numbers(folder: Path) -> None:
    def full(record: Mapping[str, object]) -> None:
        raise DataError("the audit log cannot be written")

    with pytest.raises(DataError, match="audit log"):
        opened(folder, full).numbers("A81001", PATIENTS, **ASK)


@pytest.mark.parametrize("audit", [None, "log"])
def test_without_an_audit_it_does_not_open(folder: Path, audit: Any) -> None:
    with pytest.raises(UsageError, match="a record of every look"):
        Vault.open(folder, VAULT_KEY, audit=audit)
    with pytest.raises(TypeError, match="audit"):
        Vault.open(folder, VAULT_KEY)


@pytest.mark.parametrize(
    "told",
    [
        {"reason": "", "who": "dr.example"},
        {"reason": "    x   ", "who": "dr.example"},
        {"reason": "call", "who": "dr.example"},
        {"reason": "call for review", "who": " "},
    ],
)
def test_a_reason_and_a_person_are_needed(folder: Path, told: dict[str, str]) -> None:
    looks: list[Mapping[str, object]] = []
    with pytest.raises(UsageError, match="a reason of at least 5 characters"):
        opened(folder, looks.append).numbers("A81001", PATIENTS, **told)
    assert looks == []


def test_only_the_practice_that_is_asked_for_is_opened(folder: Path) -> None:
    for name in ("practice-B82002.sealed", "none.sealed"):
        (folder / name).unlink()
    assert len(opened(folder).numbers("A81001", PATIENTS, **ASK)) == 2
    assert "missing" in refused(lambda: opened(folder).numbers("B82002", PATIENTS, **ASK)).message


def test_a_code_that_is_no_practice_is_not_repeated(folder: Path) -> None:
    error = refused(lambda: opened(folder).numbers(NUMBERS[0], PATIENTS, **ASK))
    assert "one of the 4 practices" in error.message


def test_another_key_does_not_open_it(folder: Path) -> None:
    error = refused(lambda: Vault.open(folder, OTHER_KEY, audit=[].append))
    assert key_id(VAULT_KEY) in error.message
    assert key_id(OTHER_KEY) in error.message
    assert OTHER_KEY.decode() not in str(error)


def test_another_key_with_a_forged_id_does_not_open_a_file(folder: Path) -> None:
    change_manifest(folder, vault_key_id=key_id(OTHER_KEY))
    vault = Vault.open(folder, OTHER_KEY, audit=[].append)
    refused(lambda: vault.numbers("A81001", PATIENTS, **ASK))


def test_a_changed_byte_is_noticed_wherever_it_stands(folder: Path) -> None:
    path = folder / "practice-B82002.sealed"
    sealed = path.read_bytes()
    for place in range(len(sealed)):
        path.write_bytes(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :])
        refused(lambda: opened(folder).numbers("B82002", PATIENTS, **ASK))
    path.write_bytes(sealed)
    assert opened(folder).numbers("B82002", PATIENTS, **ASK)


@pytest.mark.parametrize("kept", [0, 5, 12, 27, -1])
def test_a_file_that_breaks_off_is_noticed(folder: Path, kept: int) -> None:
    path = folder / "practice-B82002.sealed"
    path.write_bytes(path.read_bytes()[:kept])
    refused(lambda: opened(folder).numbers("B82002", PATIENTS, **ASK))


def test_the_file_of_another_practice_does_not_open(folder: Path) -> None:
    looks: list[Mapping[str, object]] = []
    shutil.copy(folder / "practice-A81001.sealed", folder / "practice-B82002.sealed")
    error = refused(lambda: opened(folder, looks.append).numbers("B82002", PATIENTS, **ASK))
    assert "belongs to another practice" in error.message
    assert looks == []


def test_a_practice_cannot_be_renamed(folder: Path) -> None:
    """The manifest is no secret and can be edited: what it names has to fit what was sealed."""
    shutil.copy(folder / "practice-A81001.sealed", folder / "practice-C83003.sealed")
    change_manifest(folder, practices=[{"practice_code": "C83003", "people": 2}])
    refused(lambda: opened(folder).numbers("C83003", PATIENTS, **ASK))


def test_files_are_bound_to_the_key_of_the_pseudonyms(folder: Path) -> None:
    change_manifest(folder, pseudonym_key_id="00000000")
    refused(lambda: opened(folder).numbers("A81001", PATIENTS, **ASK))


def change_manifest(folder: Path, **changes: object) -> None:
    path = folder / "vault.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"format_version": 2},
        {"vault_key_id": 7},
        {"practices": {"A81001": 1}},
        {"practices": [{"practice_code": ["A81001"], "people": 1}]},
        {"practices": [{"people": 1}]},
    ],
)
def test_a_manifest_that_is_something_else(folder: Path, changes: dict[str, object]) -> None:
    change_manifest(folder, **changes)
    assert "a vault of format 1" in refused(lambda: opened(folder)).message


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_a_manifest_that_cannot_be_read(folder: Path, text: str) -> None:
    (folder / "vault.json").write_text(text)
    assert "a vault of format 1" in refused(lambda: opened(folder)).message


def test_a_folder_that_is_no_vault(tmp_path: Path) -> None:
    assert "has no 'vault.json'" in refused(lambda: opened(tmp_path)).message


def test_a_folder_that_holds_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "work.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds other things"):
        seal(tmp_path, entries(), key=VAULT_KEY, key_id="0" * 8)
    assert [path.name for path in tmp_path.iterdir()] == ["work.txt"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"nhs_number": [*NUMBERS[:3], None, "99900000"]}, "of 5 entries 2 lack one or the other"),
        ({"patient_id": [None, *PATIENTS[1:]]}, "of 5 entries 1 lack"),
        ({"nhs_number": ["999 000 0018", *NUMBERS[1:]]}, "of 5 entries 1 lack"),
        ({"patient_id": [PATIENTS[0], *PATIENTS[:4]]}, "0 lack one or the other, and 1 are of"),
    ],
)
def test_entries_that_cannot_be_sealed(
    tmp_path: Path, columns: dict[str, list[Any]], message: str
) -> None:
    table = entries(**columns)
    work = lambda: seal(tmp_path / "v", table, key=VAULT_KEY, key_id="0" * 8)  # noqa: E731
    assert message in refused(work).message
    assert list(tmp_path.iterdir()) == []


def test_entries_without_a_column(tmp_path: Path) -> None:
    table = entries().drop_columns(["practice_code", "nhs_number"])
    with pytest.raises(RecordsError, match="lack the columns: practice_code, nhs_number"):
        seal(tmp_path / "v", table, key=VAULT_KEY, key_id="0" * 8)


def test_no_entries_make_an_empty_vault(tmp_path: Path) -> None:
    told = seal(tmp_path / "v", entries().slice(0, 0), key=VAULT_KEY, key_id="0" * 8)
    assert told["practices"] == []
    assert opened(tmp_path / "v").practices == ()


def test_the_key_of_the_pseudonyms_does_not_seal(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not that of the pseudonyms"):
        seal(tmp_path / "v", entries(), key=PSEUDONYM_KEY, key_id=key_id(PSEUDONYM_KEY))
    published = key_id(PUBLISHED_TEST_KEY)
    assert seal(tmp_path / "v", entries(), key=PUBLISHED_TEST_KEY, key_id=published)


def test_a_short_key_does_not_seal(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 16 bytes"):
        seal(tmp_path / "v", entries(), key=VAULT_KEY[:15], key_id="0" * 8)


def test_a_vault_shows_neither_key_nor_numbers(folder: Path) -> None:
    vault = opened(folder)
    assert repr(vault) == "Vault('vault', 4 practices)"
    assert VAULT_KEY.decode() not in repr(vault.folder)


def test_a_new_vault_key(folder: Path) -> None:
    told = reseal(folder, old_key=VAULT_KEY, new_key=OTHER_KEY)
    assert told["vault_key_id"] == key_id(OTHER_KEY)
    assert told["pseudonym_key_id"] == key_id(PSEUDONYM_KEY)
    refused(lambda: opened(folder))
    vault = Vault.open(folder, OTHER_KEY, audit=[].append)
    found = [vault.numbers(code, PATIENTS, **ASK) for code in vault.practices]
    assert {p: n for numbers in found for p, n in numbers.items()} == dict(
        zip(PATIENTS, NUMBERS, strict=True)
    )


def test_a_vault_that_cannot_be_resealed_stays_as_it_was(folder: Path) -> None:
    path = folder / "none.sealed"  # the last to be read
    path.write_bytes(path.read_bytes()[:-1])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    refused(lambda: reseal(folder, old_key=VAULT_KEY, new_key=OTHER_KEY))
    refused(lambda: reseal(folder, old_key=OTHER_KEY, new_key=VAULT_KEY))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["vault"]


def test_a_new_pseudonym_key(folder: Path) -> None:
    table = rekeyed(folder, VAULT_KEY, old_key=PSEUDONYM_KEY, new_key=OTHER_KEY)
    expected = sorted(
        (old, pseudonym(number, OTHER_KEY)) for old, number in zip(PATIENTS, NUMBERS, strict=True)
    )
    assert [tuple(row.values()) for row in table.to_pylist()] == expected
    assert table.column_names == ["old_patient_id", "new_patient_id"]


def test_a_pseudonym_not_made_from_the_number_has_no_new_one(tmp_path: Path) -> None:
    patients = ["f" * 32, *PATIENTS[1:]]
    seal(
        tmp_path / "v",
        entries(patient_id=patients),
        key=VAULT_KEY,
        key_id=key_id(PSEUDONYM_KEY),
    )
    table = rekeyed(tmp_path / "v", VAULT_KEY, old_key=PSEUDONYM_KEY, new_key=OTHER_KEY)
    assert dict(zip(*table.to_pydict().values(), strict=True))["f" * 32] is None
    assert table.column("new_patient_id").null_count == 1


def test_somebody_of_two_practices_is_one_row(tmp_path: Path) -> None:
    table = entries(
        patient_id=[PATIENTS[0], PATIENTS[1], PATIENTS[0], PATIENTS[3], PATIENTS[4]],
        nhs_number=[NUMBERS[0], NUMBERS[1], NUMBERS[0], NUMBERS[3], NUMBERS[4]],
    )
    seal(tmp_path / "v", table, key=VAULT_KEY, key_id=key_id(PSEUDONYM_KEY))
    pairs = rekeyed(tmp_path / "v", VAULT_KEY, old_key=PSEUDONYM_KEY, new_key=OTHER_KEY)
    assert pairs.num_rows == 4
    assert pairs.column("new_patient_id").null_count == 0


def test_pseudonyms_of_another_key_are_not_carried_over(folder: Path, tmp_path: Path) -> None:
    error = refused(lambda: rekeyed(folder, VAULT_KEY, old_key=OTHER_KEY, new_key=PSEUDONYM_KEY))
    assert f"with the id '{key_id(PSEUDONYM_KEY)}', got the one with the id" in error.message
    seal(tmp_path / "v", entries(), key=VAULT_KEY, key_id=key_id(PUBLISHED_TEST_KEY))
    error = refused(
        lambda: rekeyed(
            tmp_path / "v", VAULT_KEY, old_key=PUBLISHED_TEST_KEY, new_key=PSEUDONYM_KEY
        )
    )
    assert "none of 5" in error.message


def test_without_cryptography_the_extra_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def absent(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "cryptography":
            raise ModuleNotFoundError(name)
        return usual(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtraError, match=r"riskstrat\[link\]"):
        seal(tmp_path / "v", entries(), key=VAULT_KEY, key_id="0" * 8)
    assert not (tmp_path / "v").exists()
    with pytest.raises(MissingExtraError, match="sealed NHS numbers need the extra 'link'"):
        opened(folder).numbers("A81001", PATIENTS, **ASK)


def test_importing_riskstrat_imports_no_cryptography() -> None:
    code = (
        "import sys, riskstrat, riskstrat.records.vault.opening; "
        "sys.exit('cryptography' in {name.split('.')[0] for name in sys.modules})"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    finished = subprocess.run([sys.executable, "-c", code], check=False, env=environment)
    assert finished.returncode == 0
