"""Keys from a file or the environment: what is taken, what is refused, and that none is shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from riskstrat.errors import RecordsError, UsageError
from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY, key_id
from riskstrat.records.vault.keys import (
    KEY_VARIABLE,
    VAULT_KEY_VARIABLE,
    KeyRing,
    load_keys,
    require_keys,
)

NEW = "6b1f" * 16
OLD = "secret-from-before-the-change"


def key_file(folder: Path, content: str | bytes, *, mode: int = 0o600) -> Path:
    path = folder / "riskstrat.key"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def refused(path: Path | None, environment: dict[str, str] | None = None) -> UsageError:
    """The error of loading keys, after checking that it shows none."""
    with pytest.raises(UsageError) as caught:
        load_keys(path, environment or {})
    error: BaseException | None = caught.value
    while error is not None:
        assert not [word for word in (NEW, OLD, "CANARY") if word in f"{error!s}{error!r}"]
        error = error.__cause__ or error.__context__
    return caught.value


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        (f"{NEW}\n", [NEW]),
        (NEW, [NEW]),
        (f"  {NEW} \r\n\r\n{OLD}\r\n", [NEW, OLD]),
        (f"# key of 2026\n{NEW}\n  # former\n{OLD}\n", [NEW, OLD]),
        (f"\ufeff{NEW}\n", [NEW]),
        ("a key with spaces in it\n", ["a key with spaces in it"]),
    ],
)
def test_a_file_holds_one_key_per_line(tmp_path: Path, content: str, keys: list[str]) -> None:
    ring = load_keys(key_file(tmp_path, content), {KEY_VARIABLE: "not looked at, too short"})
    assert ring == KeyRing(tuple(key.encode() for key in keys))
    assert ring.current == keys[0].encode()


def test_hexadecimal_text_is_not_decoded(tmp_path: Path) -> None:
    ring = load_keys(key_file(tmp_path, NEW), {})
    assert ring is not None
    assert (len(ring.current), key_id(ring.current)) == (64, key_id(NEW.encode()))


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    error = refused(key_file(tmp_path, NEW, mode=mode))
    assert f"'riskstrat.key' has the mode {mode:o}" in error.message
    assert error.do == "Run: chmod 600 riskstrat.key"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_its_owner_is_read(tmp_path: Path, mode: int) -> None:
    assert load_keys(key_file(tmp_path, NEW, mode=mode), {}) == KeyRing((NEW.encode(),))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "got no line with one"),
        ("# CANARY only a comment\n\n", "got no line with one"),
        (f"{NEW}\nCANARY\n", "at least 16 bytes, but key 2 of 2 has 6 bytes"),
        (f"{NEW}\n{OLD}\n{NEW}\n", "key 3 of 3 stands twice"),
        (f"{NEW}\nCANARY-of-sixteen-\x00-bytes\n", "key 2 of 2 has others"),
        ("CANARY-of-sixteen-£-bytes\n", "printable ASCII characters in the key file"),
        (NEW.encode("utf-16"), "key 1 of 1 has others"),
        (b"\xff\xfeCANARY-and-bytes-that-are-no-text", "key 1 of 1 has others"),
    ],
)
def test_a_file_without_usable_keys(tmp_path: Path, content: str | bytes, message: str) -> None:
    assert message in refused(key_file(tmp_path, content)).message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert "'none.key': No such file" in refused(tmp_path / "none.key").message
    assert "Is a directory" in refused(tmp_path).message
    assert str(tmp_path) not in str(refused(tmp_path / "none.key"))


@pytest.mark.parametrize("between", [" ", "\n", "\r\n", "\t"])
def test_the_environment_holds_one_key_or_several(between: str) -> None:
    assert load_keys(None, {KEY_VARIABLE: f" {NEW}\n"}) == KeyRing((NEW.encode(),))
    several = load_keys(None, {KEY_VARIABLE: f"{NEW}{between}{OLD}"})
    assert several == KeyRing((NEW.encode(), OLD.encode()))


@pytest.mark.parametrize("environment", [{}, {KEY_VARIABLE: ""}, {KEY_VARIABLE: " \n"}])
def test_no_key_is_no_ring(environment: dict[str, str]) -> None:
    assert load_keys(None, environment) is None


def test_the_vault_has_a_variable_of_its_own() -> None:
    environment = {KEY_VARIABLE: NEW, VAULT_KEY_VARIABLE: OLD}
    ring = load_keys(None, environment, variable=VAULT_KEY_VARIABLE)
    assert ring == KeyRing((OLD.encode(),))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (f"{NEW} CANARY", "key 2 of 2 has 6 bytes"),
        (f"{NEW} {NEW}", "key 2 of 2 stands twice"),
        ("CANARY-not-utf-8-\udcff", "printable ASCII characters in RISKSTRAT_KEY"),
    ],
)
def test_an_environment_without_usable_keys(value: str, message: str) -> None:
    assert message in refused(None, {KEY_VARIABLE: value}).message


def test_a_ring_needs_a_key() -> None:
    with pytest.raises(UsageError, match="at least one key"):
        KeyRing(())


def test_a_key_is_found_by_its_id() -> None:
    ring = KeyRing((NEW.encode(), OLD.encode()))
    assert ring.by_id(key_id(OLD.encode())) == OLD.encode()
    with pytest.raises(RecordsError) as caught:
        ring.by_id("00000000")
    assert "id '00000000', got keys with the ids: " + ", ".join(ring.key_ids) in str(caught.value)
    assert NEW not in str(caught.value)


def test_a_ring_is_shown_by_its_ids() -> None:
    ring = KeyRing((NEW.encode(), OLD.encode()))
    assert repr(ring) == str(ring) == f"KeyRing({key_id(NEW.encode())}, {key_id(OLD.encode())})"


@pytest.mark.parametrize("synthetic", [True, False])
def test_keys_that_are_given_are_used(synthetic: bool) -> None:
    ring = KeyRing((NEW.encode(),))
    assert require_keys(ring, synthetic=synthetic) is ring


def test_synthetic_data_need_no_key() -> None:
    assert require_keys(None, synthetic=True).current == PUBLISHED_TEST_KEY
    published = KeyRing((PUBLISHED_TEST_KEY,))
    assert require_keys(published, synthetic=True) == published


def test_real_data_need_a_key() -> None:
    with pytest.raises(RecordsError) as caught:
        require_keys(None, synthetic=False)
    assert caught.value.exit_code == 3
    for word in ("RISKSTRAT_KEY", "--key-file", "openssl rand -hex 32"):
        assert word in str(caught.value)


@pytest.mark.parametrize("keys", [(PUBLISHED_TEST_KEY,), (NEW.encode(), PUBLISHED_TEST_KEY)])
def test_the_published_key_hides_nobody(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(RecordsError, match="published test key, with which anybody") as caught:
        require_keys(KeyRing(keys), synthetic=False)
    assert PUBLISHED_TEST_KEY.decode() not in str(caught.value)
