"""Pseudonyms: a keyed hash takes the place of every source identifier before anything is written.

References
----------
RFC 2104, HMAC: Keyed-Hashing for Message Authentication; FIPS 180-4, Secure Hash Standard.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import pyarrow as pa

from riskstrat.engine import Engine
from riskstrat.errors import UsageError

__all__ = [
    "PSEUDONYM_LENGTH",
    "PUBLISHED_TEST_KEY",
    "key_id",
    "pseudonym",
    "register_pseudonyms",
    "require_key",
]

PSEUDONYM_LENGTH = 32
"""Hexadecimal characters kept of the HMAC: 128 bits, so that two people never meet by chance."""

PUBLISHED_TEST_KEY = b"riskstrat published test key: not a secret, for tests and trials only"
"""Used until the governance gate asks for a key. Anybody can undo pseudonyms made with it."""

_KEY_ID_LENGTH = 8
_SHORTEST_KEY_BYTES = 16


def key_id(key: bytes) -> str:
    """First 8 hexadecimal characters of the key's SHA-256: tells keys apart, reveals none.

    Examples
    --------
    >>> key_id(PUBLISHED_TEST_KEY)
    'de86341a'
    """
    return hashlib.sha256(key).hexdigest()[:_KEY_ID_LENGTH]


def require_key(key: bytes | None) -> bytes:
    """`key`, or the published test key when none is given.

    Raises
    ------
    UsageError
        When the key is shorter than 16 bytes.
    """
    if key is None:
        return PUBLISHED_TEST_KEY
    if len(key) < _SHORTEST_KEY_BYTES:
        raise UsageError(
            f"expected a key of at least {_SHORTEST_KEY_BYTES} bytes, got {len(key)} bytes.",
            do="Make one with: openssl rand -hex 32",
        )
    return key


def pseudonym(identifier: str, key: bytes) -> str:
    """Keyed HMAC-SHA256 of a source identifier, shortened to 32 hexadecimal characters.

    Examples
    --------
    >>> pseudonym("1", PUBLISHED_TEST_KEY) == pseudonym("1", b"another key of 16 bytes")
    False
    """
    digest = hmac.digest(key, identifier.encode(), "sha256").hex()
    return digest[:PSEUDONYM_LENGTH]


def register_pseudonyms(engine: Engine, name: str, identifiers: Iterable[str], key: bytes) -> None:
    """Make a relation `name` with ``identifier`` and ``pseudonym``, one row per identifier.

    Parameters
    ----------
    engine : Engine
    name : str
    identifiers : iterable of str
        Distinct source identifiers.
    key : bytes
    """
    known = list(identifiers)
    hidden = [pseudonym(identifier, key) for identifier in known]
    text = pa.string()
    engine.register(
        name,
        pa.table({"identifier": pa.array(known, text), "pseudonym": pa.array(hidden, text)}),
    )
