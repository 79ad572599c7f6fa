"""Random numbers that are keyed, not drawn in order: (seed, process, person, day, number).

What one person does on one day never shifts another draw. So a district has the same bytes whatever
the order of work, and a programme that enrols somebody changes nothing before the enrolment.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from riskstrat.compiled import compiled
from riskstrat.simulation.timeline import Days, Floats, Mask

__all__ = ["Draws", "Keyed", "Process", "bits_of", "stream_of", "uniform_of"]

_PERSON = np.uint64(0x9E3779B97F4A7C15)
_DAY = np.uint64(0xD1B54A32D192ED03)
_NUMBER = np.uint64(0x8CB92BA72F3D8DD7)
"""Odd constants that spread the parts of a key (Steele and Vigna 2022, doi:10.1002/spe.3030)."""
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
"""SplitMix64's finaliser (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195)."""
_SPARE_BITS = np.uint64(12)
_UNIT = 2.0**-52
"""A double holds 52 bits and a half exactly; with one bit more the largest would round to 1."""
_STREAM_BYTES = 8


@compiled
def _mixed(word: np.uint64) -> np.uint64:
    word = (word ^ (word >> _SHIFTS[0])) * _MULTIPLIERS[0]
    word = (word ^ (word >> _SHIFTS[1])) * _MULTIPLIERS[1]
    return word ^ (word >> _SHIFTS[2])


@compiled
def bits_of(stream: np.uint64, person: int, day: int, number: int) -> np.uint64:
    """64 random bits of one key."""
    word = _mixed(stream + np.uint64(person) * _PERSON)
    return _mixed(word + np.uint64(day) * _DAY + np.uint64(number) * _NUMBER)


@compiled
def uniform_of(stream: np.uint64, person: int, day: int, number: int) -> float:
    """A number strictly between 0 and 1 for one key."""
    return (float(bits_of(stream, person, day, number) >> _SPARE_BITS) + 0.5) * _UNIT


@compiled
def _all_bits(stream: np.uint64, person: Days, day: Days, number: Days) -> npt.NDArray[np.uint64]:
    found = np.empty(len(person), np.uint64)
    for row in range(len(person)):
        found[row] = bits_of(stream, person[row], day[row], number[row])
    return found


@compiled
def _all_uniforms(stream: np.uint64, person: Days, day: Days, number: Days) -> Floats:
    found = np.empty(len(person))
    for row in range(len(person)):
        found[row] = uniform_of(stream, person[row], day[row], number[row])
    return found


@cache
def stream_of(seed: int, process: str, purpose: str) -> np.uint64:
    """The stream of one purpose of one process, in a district of one seed."""
    digest = sha256(f"{seed}/{process}/{purpose}".encode()).digest()
    return np.uint64(int.from_bytes(digest[:_STREAM_BYTES], "little"))


@dataclass(frozen=True)
class Keyed:
    """Every random number of a district with one seed."""

    seed: int

    def process(self, name: str) -> Process:
        """The random numbers of one process, such as ``admission``."""
        return Process(self.seed, name)


@dataclass(frozen=True)
class Process:
    """The random numbers of one process."""

    seed: int
    name: str

    def stream(self, purpose: str) -> np.uint64:
        """The stream that compiled loops draw from with :func:`uniform_of`."""
        return stream_of(self.seed, self.name, purpose)

    def draws(self, person: Any, day: Any = 0, number: Any = 0) -> Draws:
        """Draws for some events, each named by its person, its day and a number.

        The number tells events of the same person and day apart. Scalars stand for all events.
        """
        rows = np.broadcast_arrays(*(np.asarray(part, np.int64) for part in (person, day, number)))
        return Draws(self, *(np.ascontiguousarray(np.atleast_1d(part)) for part in rows))


@dataclass(frozen=True)
class Draws:
    """Random numbers of some events: one per event and purpose, the same however often asked."""

    process: Process
    person: Days
    day: Days
    number: Days

    def bits(self, purpose: str) -> npt.NDArray[np.uint64]:
        """64 random bits per event: an opaque identifier."""
        found: npt.NDArray[np.uint64] = _all_bits(
            self.process.stream(purpose), self.person, self.day, self.number
        )
        return found

    def uniform(self, purpose: str) -> Floats:
        """Numbers strictly between 0 and 1."""
        found: Floats = _all_uniforms(
            self.process.stream(purpose), self.person, self.day, self.number
        )
        return found

    def chance(self, purpose: str, probability: Any) -> Mask:
        """True with a probability."""
        happens: Mask = self.uniform(purpose) < probability
        return happens

    def normal(self, purpose: str) -> Floats:
        """Standard normal numbers."""
        found: Floats = ndtri(self.uniform(purpose))
        return found

    def exponential(self, purpose: str, mean: Any) -> Floats:
        """Exponential numbers with a mean."""
        found: Floats = -np.log(self.uniform(purpose)) * mean
        return found

    def integers(self, purpose: str, low: Any, high: Any) -> Days:
        """Whole numbers of ``[low, high)``, each as likely."""
        found: Days = (low + np.floor(self.uniform(purpose) * (high - low))).astype(np.int64)
        return found

    def choice(self, purpose: str, weights: Any) -> Days:
        """Positions drawn by weight: one row of weights for all events, or a row per event."""
        bounds = np.cumsum(np.atleast_2d(weights), axis=1)
        drawn = self.uniform(purpose)
        found: Days
        if len(bounds) == 1:
            found = np.searchsorted(bounds[0, :-1], drawn * bounds[0, -1], side="right")
            return found
        found = (bounds[:, :-1] <= (drawn * bounds[:, -1])[:, None]).sum(axis=1)
        return found
