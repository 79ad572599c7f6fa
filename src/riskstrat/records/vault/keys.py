"""Secret keys: where they come from, which is current, and which are kept from before.

A key is used as the bytes in which it is written, without the white space around it. Hexadecimal
text is not decoded: the 64 characters of ``openssl rand -hex 32`` are 64 bytes that hold 256 random
bits, and a key reads the same whatever its author thought it was.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from riskstrat.errors import RecordsError, UsageError
from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY
from riskstrat.records.linkage.pseudonyms import key_id as id_of

__all__ = [
    "KEY_VARIABLE",
    "SHORTEST_KEY_BYTES",
    "VAULT_KEY_VARIABLE",
    "KeyRing",
    "load_keys",
    "require_keys",
]

KEY_VARIABLE = "RISKSTRAT_KEY"
"""Environment variable with the key of the pseudonyms."""

VAULT_KEY_VARIABLE = "RISKSTRAT_VAULT_KEY"
"""Environment variable with the key of the vault, which is another one."""

SHORTEST_KEY_BYTES = 16
"""128 bits where every bit is random, the strength asked for beyond 2030 (NIST SP 800-57 part 1).
A key that is written as text has to be longer to hold as much."""

_OTHERS = 0o077
"""Mode bits of a file that let its group or anybody read, write or run it."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_MAKE_ONE = "Make one with: openssl rand -hex 32"


@dataclass(frozen=True, repr=False)
class KeyRing:
    """Keys of one purpose. It is shown by the ids of its keys.

    Parameters
    ----------
    keys : tuple of bytes
        Newest first. The first is used for what is made now, the others for what was made before.

    Raises
    ------
    UsageError
        When there is no key, a key is shorter than 16 bytes, or one stands twice.
    """

    keys: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not self.keys:
            raise UsageError("expected at least one key, got none.", do=_MAKE_ONE)
        for place, key in enumerate(self.keys, start=1):
            if len(key) < SHORTEST_KEY_BYTES:
                raise UsageError(
                    f"expected a key of at least {SHORTEST_KEY_BYTES} bytes, but key {place} of "
                    f"{len(self.keys)} has {len(key)} bytes.",
                    do=_MAKE_ONE,
                )
            if key in self.keys[: place - 1]:
                raise UsageError(
                    f"expected different keys, but key {place} of {len(self.keys)} stands twice.",
                    do="Leave it in one place: the newest key first, former keys after it.",
                )

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self.key_ids)})"

    @property
    def current(self) -> bytes:
        """The key for what is made now."""
        return self.keys[0]

    @property
    def key_ids(self) -> tuple[str, ...]:
        """What may be told of the keys, in their order."""
        return tuple(id_of(key) for key in self.keys)

    def by_id(self, key_id: str) -> bytes:
        """The key that something was made with.

        Raises
        ------
        RecordsError
            When no key has that id.
        """
        for key in self.keys:
            if id_of(key) == key_id:
                return key
        raise RecordsError(
            f"expected the key with the id '{key_id}', got keys with the ids: "
            f"{', '.join(self.key_ids)}.",
            do="Add the former key below the current one in the key file.",
        )


def load_keys(
    key_file: Path | None,
    environment: Mapping[str, str],
    *,
    variable: str = KEY_VARIABLE,
) -> KeyRing | None:
    """Keys of a file, else of the environment, else None.

    Parameters
    ----------
    key_file : Path or None
        One key per line, the current one first; empty lines and lines that start with ``#`` are
        passed over. When it is given, the environment is not looked at.
    environment : mapping of str to str
        Such as ``os.environ``. One key, or several with white space between them; a key that holds
        spaces can only stand in a file.
    variable : str
        :data:`KEY_VARIABLE` or :data:`VAULT_KEY_VARIABLE`. Empty is the same as not set.

    Raises
    ------
    UsageError
        When the file cannot be read, can be read by other users, or holds no key; when a key has
        bytes that are not printable ASCII, is shorter than 16 bytes or stands twice. The message
        holds no part of a key.
    """
    if key_file is not None:
        return _ring(_keys_of_file(key_file), f"the key file '{key_file.name}'")
    words = environment.get(variable, "").encode("utf-8", "surrogateescape").split()
    return _ring(words, variable) if words else None


def require_keys(ring: KeyRing | None, *, synthetic: bool) -> KeyRing:
    """The keys to use, which for synthetic data may be the published test key.

    Parameters
    ----------
    ring : KeyRing or None
        As :func:`load_keys` gives it.
    synthetic : bool
        Whether governance declares the data synthetic.

    Raises
    ------
    RecordsError
        When the data may be real and there is no key, or the published test key is among the keys.
    """
    if ring is None and synthetic:
        return KeyRing((PUBLISHED_TEST_KEY,))
    if ring is None:
        raise RecordsError(
            "expected a secret key for the pseudonyms, got none. Only data that governance "
            "declares synthetic are linked without one.",
            do=f"Set {KEY_VARIABLE} or give --key-file. {_MAKE_ONE}",
        )
    if PUBLISHED_TEST_KEY in ring.keys and not synthetic:
        raise RecordsError(
            "expected a secret key, got the published test key, with which anybody can undo the "
            "pseudonyms.",
            do=f"Set {KEY_VARIABLE} or give --key-file with another key. {_MAKE_ONE}",
        )
    return ring


def _ring(keys: list[bytes], source: str) -> KeyRing:
    for place, key in enumerate(keys, start=1):
        if not (key.isascii() and key.decode("ascii").isprintable()):
            raise UsageError(
                f"expected keys of printable ASCII characters in {source}, but key {place} of "
                f"{len(keys)} has others.",
                do="Write the key as text. " + _MAKE_ONE,
            )
    return KeyRing(tuple(keys))


def _keys_of_file(key_file: Path) -> list[bytes]:
    lines = [
        line.strip() for line in _content(key_file).removeprefix(_BYTE_ORDER_MARK).split(b"\n")
    ]
    keys = [line for line in lines if line and not line.startswith(b"#")]
    if not keys:
        raise UsageError(
            f"expected a key in the key file '{key_file.name}', got no line with one.", do=_MAKE_ONE
        )
    return keys


def _content(key_file: Path) -> bytes:
    """What a file holds that only its owner may read: asked of the file that is open."""
    try:
        with key_file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            if os.name == "posix" and mode & _OTHERS:
                raise UsageError(
                    f"expected a key file that only its owner can read, but '{key_file.name}' has "
                    f"the mode {mode & 0o777:o}.",
                    do=f"Run: chmod 600 {key_file.name}",
                )
            return opened.read()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise UsageError(
            f"expected a key file that can be read, but '{key_file.name}': {reason}.",
            do="Check the path given with --key-file.",
        ) from None
