"""NHS numbers of the range that is never issued, and the pseudonyms that linkage makes of them."""

from __future__ import annotations

import hmac
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.keyed import Keyed
from riskstrat.simulation.timeline import Days

__all__ = [
    "NO_NUMBER",
    "PUBLISHED_TEST_KEY",
    "former_numbers",
    "known_numbers",
    "nhs_numbers",
    "pseudonyms",
    "synthetic_nhs_numbers",
]

PUBLISHED_TEST_KEY = b"riskstrat published test key: not a secret, for tests and trials only"
"""The key that linkage uses when none is given: linked or simulated, a person has one pseudonym."""
_PSEUDONYM_LENGTH = 32

NO_NUMBER = 0
"""Stands for no NHS number. The range 999 has 909,091 valid numbers: in a district with more people
the others have none, and can be linked by date of birth, sex, postcode and practice only."""

_MERGED = 0.002
"""Share of people who had a second number once (assumption: duplicates on the national register are
rare and corrected)."""


def synthetic_nhs_numbers() -> Days:
    """The valid numbers of 999 000 0000 to 999 999 9999, a range that is never issued.

    The tenth digit checks the others modulo 11 (NHS Data Dictionary, NHS number).
    """
    stems = 999_000_000 + np.arange(1_000_000)
    weighted = sum(stems // 10 ** (9 - place) % 10 * (11 - place) for place in range(1, 10))
    check = (11 - weighted % 11) % 11
    valid = check < 10  # noqa: PLR2004 - a check digit of 10 is never issued
    found: Days = (stems * 10 + check)[valid]
    return found


def nhs_numbers(keyed: Keyed, people: int) -> Days:
    """NHS number of every person; :data:`NO_NUMBER` when the range has no more."""
    numbers = _shuffled_numbers(keyed)
    found = np.full(people, NO_NUMBER)
    found[: len(numbers)] = numbers[:people]
    shuffled = np.argsort(keyed.process("nhs_number").draws(np.arange(people)).bits("person"))
    return found[shuffled] if people > len(numbers) else found


@lru_cache(maxsize=1)
def known_numbers(keyed: Keyed, people: int) -> Days:
    """As :func:`nhs_numbers`, kept: for feeds that give somebody the number of somebody else."""
    found = nhs_numbers(keyed, people)
    found.flags.writeable = False
    return found


@lru_cache(maxsize=1)
def former_numbers(keyed: Keyed, people: int) -> Days:
    """The number that some people had before two records of them were merged.

    Returns
    -------
    ndarray of int
        One per person of the district: a number that is nobody's; :data:`NO_NUMBER` for most
        people, and for everybody when all the range is in use.
    """
    draws = keyed.process("nhs_number").draws(np.arange(people))
    spare = _shuffled_numbers(keyed)[people:]
    merged = np.flatnonzero(draws.chance("merged", _MERGED))[: len(spare)]
    found = np.full(people, NO_NUMBER)
    found[merged] = spare[: len(merged)]
    found.flags.writeable = False
    return found


@lru_cache(maxsize=1)
def _shuffled_numbers(keyed: Keyed) -> Days:
    numbers = synthetic_nhs_numbers()
    draws = keyed.process("nhs_number").draws(np.arange(len(numbers)))
    return numbers[np.argsort(draws.bits("order"))]


def pseudonyms(nhs_number: Days, person: Days) -> npt.NDArray[np.str_]:
    """Keyed hash of each NHS number; of the person's position where there is no number."""
    told = np.where(nhs_number == NO_NUMBER, -1 - person, nhs_number)
    hashes = [
        hmac.digest(PUBLISHED_TEST_KEY, str(number).encode(), "sha256").hex()
        for number in told.tolist()
    ]
    return np.array(hashes).astype(f"<U{_PSEUDONYM_LENGTH}")
