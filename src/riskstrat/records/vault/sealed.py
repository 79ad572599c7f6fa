"""Sealed files of a vault: one per practice, each with a key of its own and bound to its practice.

References
----------
NIST SP 800-38D, Galois/Counter Mode (AES-256-GCM, random 96-bit nonce); RFC 5869, HKDF (SHA-256).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskstrat.errors import MissingExtraError, RecordsError, UsageError
from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY
from riskstrat.records.linkage.pseudonyms import key_id as id_of
from riskstrat.records.vault.keys import KeyRing
from riskstrat.staging import staged_directory

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["VAULT_FILE", "About", "SealedFolder", "require_cryptography"]

VAULT_FILE = "vault.json"
"""What marks a folder as a vault, and tells what may be told of it."""

_FORMAT_VERSION = 1

_KEY_BYTES = 32
"""AES-256."""

_NONCE_BYTES = 12
"""96 bits (SP 800-38D): at random, for far fewer than 2**32 sealings under one key."""

_TAG_BYTES = 16

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600

_NAMED_CODE = r"[A-Z0-9]{1,12}"
"""Codes that may be part of a file name on every system, such as those of the NHS ODS."""


@dataclass(frozen=True)
class About:
    """What ``vault.json`` tells: which keys, and how many people of which practice.

    Parameters
    ----------
    vault_key_id, pseudonym_key_id : str
        Ids of the keys, which reveal nothing of them.
    counts : mapping of str or None to int
        People in the file of each practice; None is the file of people without one.
    """

    vault_key_id: str
    pseudonym_key_id: str
    counts: Mapping[str | None, int]

    def told(self) -> dict[str, Any]:
        """As it is written, practices in order of their codes."""
        ordered = sorted(self.counts.items(), key=lambda item: (item[0] is None, item[0] or ""))
        return {
            "format_version": _FORMAT_VERSION,
            "vault_key_id": self.vault_key_id,
            "pseudonym_key_id": self.pseudonym_key_id,
            "practices": [{"practice_code": code, "people": people} for code, people in ordered],
        }

    @classmethod
    def read(cls, told: Any) -> About:
        """As it was written.

        Raises
        ------
        ValueError
            When it is something else, or of another format.
        """
        match told:
            case {
                "format_version": version,
                "vault_key_id": str(vault_key_id),
                "pseudonym_key_id": str(pseudonym_key_id),
                "practices": list(practices),
            } if version == _FORMAT_VERSION:
                counts = dict(_practice_read(practice) for practice in practices)
                return cls(vault_key_id, pseudonym_key_id, counts)
        raise ValueError("not a vault of this format")


@dataclass(frozen=True, repr=False)
class SealedFolder:
    """The files of a vault and the key that opens them.

    Parameters
    ----------
    path : Path
    key : bytes
        Secret key of the vault.
    about : About
    """

    path: Path
    key: bytes
    about: About

    @classmethod
    def new(
        cls, path: Path, key: bytes, *, pseudonym_key_id: str, counts: Mapping[str | None, int]
    ) -> SealedFolder:
        """A folder to be written.

        Raises
        ------
        UsageError
            When the key is shorter than 16 bytes, or is also that of the pseudonyms.
        """
        key_id = id_of(KeyRing((key,)).current)
        if key_id == pseudonym_key_id and key != PUBLISHED_TEST_KEY:
            raise UsageError(
                "expected a key for the vault that is not that of the pseudonyms: who opens the "
                "vault must not be able to make pseudonyms.",
                do="Make another one with: openssl rand -hex 32",
            )
        return cls(path, key, About(key_id, pseudonym_key_id, counts))

    @classmethod
    def open(cls, path: Path, key: bytes) -> SealedFolder:
        """A folder that was written.

        Raises
        ------
        RecordsError
            When it is no vault of this format, or was sealed with another key.
        """
        try:
            about = About.read(json.loads((path / VAULT_FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            raise RecordsError(
                f"expected a vault of format {_FORMAT_VERSION}, but '{path.name}' has no "
                f"'{VAULT_FILE}' that can be read as one.",
                do="Check the path, or link the feeds again to make the vault anew.",
            ) from None
        if id_of(key) != about.vault_key_id:
            raise RecordsError(
                f"expected the vault key with the id '{about.vault_key_id}', got the one with the "
                f"id '{id_of(key)}'.",
                do="Use the key the vault was sealed with.",
            )
        return cls(path, key, about)

    def numbers(self, practice_code: str | None) -> dict[str, str]:
        """Open one practice's file: ``patient_id`` to number.

        Raises
        ------
        MissingExtraError
            When ``cryptography`` is not installed.
        RecordsError
            When there is no such practice, or its file is missing, was changed or is another's.
        """
        if practice_code not in self.about.counts:
            raise RecordsError(
                f"expected one of the {len(self.about.counts)} practices of the vault "
                f"'{self.path.name}', got a code that is none of them."
            )
        numbers: dict[str, str] = json.loads(_decrypt(self, practice_code))
        return numbers

    def write(self, practices: Iterable[tuple[str | None, dict[str, str]]]) -> dict[str, Any]:
        """Seal every practice into a new folder; give what ``vault.json`` holds."""
        told = self.about.told()
        with staged_directory(self.path, marker=VAULT_FILE) as staged:
            staged.chmod(_FOLDER_MODE)
            for code, numbers in practices:
                plain = json.dumps(numbers, separators=(",", ":"), sort_keys=True).encode()
                _write_private(staged / _file_name(code), _encrypt(self, code, plain))
            _write_private(staged / VAULT_FILE, (json.dumps(told, indent=2) + "\n").encode())
        return told

    def bound_to(self, practice_code: str | None) -> bytes:
        """What a file belongs to: a file that was moved does not open."""
        return _canonical(
            format_version=_FORMAT_VERSION,
            practice_code=practice_code,
            pseudonym_key_id=self.about.pseudonym_key_id,
        )


def _practice_read(told: Any) -> tuple[str | None, int]:
    match told:
        case {"practice_code": None | str() as code, "people": int(people)}:
            return code, people
    raise ValueError("not a practice of a vault")


def _file_name(practice_code: str | None) -> str:
    """A name that says no more than the code, and leads nowhere else whatever the code is."""
    if practice_code is None:
        return "none.sealed"
    if re.fullmatch(_NAMED_CODE, practice_code):
        return f"practice-{practice_code}.sealed"
    return f"coded-{hashlib.sha256(practice_code.encode()).hexdigest()}.sealed"


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=_FILE_MODE, exist_ok=False)
    path.write_bytes(content)


def _canonical(**told: object) -> bytes:
    return json.dumps(told, sort_keys=True).encode()


def _encrypt(folder: SealedFolder, practice_code: str | None, plain: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    cipher = _cipher(folder.key, practice_code)
    return nonce + cipher.encrypt(nonce, plain, folder.bound_to(practice_code))


def _decrypt(folder: SealedFolder, practice_code: str | None) -> bytes:
    cipher = _cipher(folder.key, practice_code)
    from cryptography.exceptions import InvalidTag

    try:
        sealed = (folder.path / _file_name(practice_code)).read_bytes()
        if len(sealed) >= _NONCE_BYTES + _TAG_BYTES:
            nonce, hidden = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return cipher.decrypt(nonce, hidden, folder.bound_to(practice_code))
    except (OSError, InvalidTag):
        pass
    raise RecordsError(
        "expected the sealed file of the practice as it was written, but it is missing, was "
        "changed, or belongs to another practice, key or vault.",
        do="Restore the folder from its copy, or link the feeds again to make it anew.",
    )


def require_cryptography() -> None:
    """Refuse to go on without the library that seals.

    Raises
    ------
    MissingExtraError
    """
    if find_spec("cryptography") is None:
        raise MissingExtraError("link", "sealed NHS numbers")


def _cipher(key: bytes, practice_code: str | None) -> AESGCM:
    """AES-256-GCM with the key of one practice."""
    try:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    except ImportError as error:
        raise MissingExtraError("link", "sealed NHS numbers") from error
    info = _canonical(
        purpose="riskstrat vault", format_version=_FORMAT_VERSION, practice_code=practice_code
    )
    derived = HKDF(algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=None, info=info)
    return AESGCM(derived.derive(key))
