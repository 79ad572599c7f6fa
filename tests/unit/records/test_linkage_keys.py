from __future__ import annotations

import hashlib
import hmac

import pytest

from riskstrat.engine import Engine
from riskstrat.errors import UsageError
from riskstrat.records.linkage.pseudonyms import (
    PUBLISHED_TEST_KEY,
    key_id,
    pseudonym,
    register_pseudonyms,
    require_key,
)

KEY = bytes(range(32))


def test_a_pseudonym_is_the_first_half_of_an_hmac_sha256() -> None:
    expected = hmac.new(KEY, b"9990000018", hashlib.sha256).hexdigest()[:32]
    assert pseudonym("9990000018", KEY) == expected


def test_hmac_agrees_with_rfc_4231() -> None:
    """Test case 2 of RFC 4231, whose key is shorter than ours may be."""
    found = pseudonym("what do ya want for nothing?", b"Jefe")
    assert found == "5bdcc146bf60754e6a042426089575c7"


def test_another_key_gives_another_pseudonym() -> None:
    assert pseudonym("1", KEY) != pseudonym("1", PUBLISHED_TEST_KEY)
    assert key_id(KEY) != key_id(PUBLISHED_TEST_KEY)


def test_the_key_id_reveals_eight_characters_of_a_hash() -> None:
    assert key_id(KEY) == hashlib.sha256(KEY).hexdigest()[:8]


def test_the_test_key_says_that_it_is_no_secret() -> None:
    assert b"not a secret" in PUBLISHED_TEST_KEY
    assert require_key(None) == PUBLISHED_TEST_KEY


def test_a_short_key_is_refused() -> None:
    assert require_key(KEY[:16]) == KEY[:16]
    with pytest.raises(UsageError, match="at least 16 bytes, got 15"):
        require_key(KEY[:15])


def test_identifiers_are_mapped_in_a_relation() -> None:
    engine = Engine(threads=1)
    register_pseudonyms(engine, "hidden", ["a", "b"], KEY)
    rows = engine.connection.execute("select * from hidden order by identifier").fetchall()
    assert rows == [("a", pseudonym("a", KEY)), ("b", pseudonym("b", KEY))]
