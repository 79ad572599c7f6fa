"""What was observed about each judged row, how much the row weighs, and whose row it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.errors import UsageError

__all__ = ["Floats", "Observed"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Observed:
    """Outcome, weight and person of each row; arrays of shape (n,).

    Parameters
    ----------
    event : ndarray of float64
        1 when the outcome was seen in the window, else 0.
    weight : ndarray of float64
        Inverse probability of still being followed; 0 for people who left before an event. With
        these weights a rate is the Aalen-Johansen cumulative incidence when leaving is independent
        of the outcome within the strata the weights were made in.
    patient : ndarray of int
        Code of the person, 0 to people - 1: rows of one person are not independent.
    """

    event: Floats
    weight: Floats
    patient: Ints

    @classmethod
    def of(
        cls,
        event: npt.ArrayLike,
        weight: npt.ArrayLike | None = None,
        patient: npt.ArrayLike | None = None,
    ) -> Observed:
        """Check and convert arrays; no weight means 1, no patient means one row per person.

        Parameters
        ----------
        event : array-like of bool or 0/1, shape (n,)
        weight : array-like of float, shape (n,), optional
        patient : array-like, shape (n,), optional
            Anything that names a person; only equality counts.

        Raises
        ------
        UsageError
            When lengths differ, an event is neither 0 nor 1, or a weight is negative or not finite.
        """
        seen = np.asarray(event, dtype=np.float64)
        rows = len(seen)
        heavy = np.ones(rows) if weight is None else np.asarray(weight, dtype=np.float64)
        whose = np.arange(rows) if patient is None else np.asarray(patient)
        if len(heavy) != rows or len(whose) != rows:
            raise UsageError(
                f"expected one weight and one patient per event, but there are {rows:,} events, "
                f"{len(heavy):,} weights and {len(whose):,} patients."
            )
        if not np.isin(seen, (0.0, 1.0)).all():
            raise UsageError("expected events that are 0 or 1.")
        if not (np.isfinite(heavy) & (heavy >= 0)).all():
            raise UsageError("expected weights that are finite and not negative.")
        return cls(seen, heavy, np.unique(whose, return_inverse=True)[1])

    def take(self, rows: npt.NDArray[np.bool_]) -> Observed:
        """The chosen rows (boolean mask), with people numbered anew."""
        patient = np.unique(self.patient[rows], return_inverse=True)[1]
        return Observed(self.event[rows], self.weight[rows], patient)

    def with_event(self, event: npt.NDArray[np.bool_]) -> Observed:
        """The same rows judged against another outcome."""
        return Observed(event.astype(np.float64), self.weight, self.patient)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.event)

    @property
    def people(self) -> int:
        """Number of different people."""
        return int(self.patient.max()) + 1 if len(self) else 0

    @property
    def followed(self) -> int:
        """Number of different people with a row that weighs anything."""
        return len(np.unique(self.patient[self.weight > 0]))

    @property
    def events(self) -> int:
        """Rows in which the outcome was seen, unweighted: what disclosure rules count."""
        return int(self.event[self.weight > 0].sum())

    @property
    def rate(self) -> float:
        """Weighted share of rows with the outcome; NaN without rows that weigh anything."""
        total = self.weight.sum()
        return float(self.weight @ self.event / total) if total > 0 else float("nan")
