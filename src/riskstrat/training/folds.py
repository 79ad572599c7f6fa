"""Folds grouped by patient: all rows of a person share a fold, and every fold has both classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MIN_PEOPLE_PER_CLASS", "patient_folds", "people_per_class"]

MIN_PEOPLE_PER_CLASS = 10
"""Fewest people with, and without, the event for cross-fitting: two and a half in each of four
folds, below which an out-of-fold log-loss says nothing (judgement)."""


def people_per_class(groups: NDArray[np.int64], outcome: NDArray[np.bool_]) -> tuple[int, int]:
    """How many people have at least one event, and how many have none."""
    _, with_event = _people(groups, outcome)
    return int(with_event.sum()), int((~with_event).sum())


def patient_folds(
    groups: NDArray[np.int64], outcome: NDArray[np.bool_], *, folds: int, seed: int
) -> NDArray[np.int64]:
    """The fold of every row.

    People with and without an event are dealt out separately, in a seeded order, so the folds have
    nearly the same number of both.

    Parameters
    ----------
    groups : ndarray of int, shape (n,)
        One number per person.
    outcome : ndarray of bool, shape (n,)
    folds : int
    seed : int

    Returns
    -------
    ndarray of int, shape (n,)
        0 to ``folds - 1``.

    Examples
    --------
    >>> groups = np.array([7, 7, 8, 9, 9, 5])
    >>> outcome = np.array([True, False, True, False, False, False])
    >>> fold = patient_folds(groups, outcome, folds=2, seed=1)
    >>> bool(fold[0] == fold[1] and fold[3] == fold[4] and fold[0] != fold[2])
    True
    """
    position, with_event = _people(groups, outcome)
    order = np.random.default_rng(seed).permutation(with_event.size)
    of_person = np.empty(with_event.size, dtype=np.int64)
    for stratum in (True, False):
        members = order[with_event[order] == stratum]
        of_person[members] = np.arange(members.size) % folds
    return of_person[position]


def _people(
    groups: NDArray[np.int64], outcome: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Position of each row's person among the sorted people, and who of them has an event."""
    people, position = np.unique(groups, return_inverse=True)
    events = np.bincount(position, weights=outcome, minlength=people.size)
    return position, events > 0
