"""Programmes of early help, and who takes part in them from when."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.timeline import Days, Floats

__all__ = ["SERVICES", "Enrolments", "Programme", "Service"]

Service = Literal["virtual_ward", "case_management", "falls_service"]
SERVICES: tuple[str, ...] = get_args(Service)
"""Kinds of programme: what the community feed calls the support that people get."""


@dataclass(frozen=True)
class Programme:
    """A programme of early help.

    Parameters
    ----------
    name : str
    service : str
        One of :data:`SERVICES`.
    """

    name: str
    service: str


@dataclass(frozen=True)
class Enrolments:
    """Who takes part from when until when, and by what that multiplies the rate of admission.

    Parameters
    ----------
    person : ndarray of int
        Numbers of people in the district, ascending.
    start, stop : ndarray of day numbers
        First day, and the day after the last one, on which the effect acts.
    factor : ndarray of float
        1 = no effect, below 1 helps, above 1 harms.
    programme : ndarray of int
        Position of the programme in the district's list.
    """

    person: Days
    start: Days
    stop: Days
    factor: Floats
    programme: npt.NDArray[np.int64]

    @classmethod
    def nobody(cls) -> Enrolments:
        """No programme."""
        none = np.empty(0, np.int64)
        return cls(none, none, none, np.empty(0), none)

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: npt.NDArray[Any]) -> Enrolments:
        """Some of the enrolments: a mask, or positions in ascending order of person."""
        return Enrolments(*(getattr(self, field.name)[rows] for field in fields(self)))

    def among(self, number: Days) -> Enrolments:
        """The enrolments of some people (ascending numbers)."""
        low, high = np.searchsorted(self.person, [number[0], number[-1] + 1])
        near = self.take(np.arange(low, high))
        return near.take(np.isin(near.person, number))

    def of(self, number: Days) -> tuple[Days, Days, Days, Floats]:
        """The enrolments of some people (ascending numbers), as compiled loops take them.

        Returns
        -------
        first : ndarray of int, shape (people + 1,)
            Where each person's enrolments begin in the other arrays; the last is their number.
        start, stop, factor : ndarray
        """
        own = self.among(number)
        first = np.searchsorted(own.person, number)
        return np.append(first, len(own)), own.start, own.stop, own.factor
