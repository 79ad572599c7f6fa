"""Small numbers: what may be published, and what must be withheld with it.

A group of fewer than 10 people, or with 1 to 7 events, is not shown, and nothing computed from it
is. If only one group of a division were withheld, the total minus the others would give it away, so
the smallest others are withheld too until the withheld ones together may be known. Shown counts of
subgroups are rounded to the nearest 5 and their rates come from the rounded counts.

References
----------
NHS England. Hospital Episode Statistics analysis guide: counts from 1 to 7 are suppressed and other
sub-national counts are rounded to the nearest 5.
Office for National Statistics. Policy on protecting confidentiality in tables of birth and death
statistics: secondary suppression.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["FEWEST_EVENTS", "FEWEST_PEOPLE", "is_small", "merge_small", "rounded", "withheld"]

FEWEST_PEOPLE = 10
"""People a published group has at least."""

FEWEST_EVENTS = 8
"""Events a published group has at least, unless it has none (HES: 1 to 7 are suppressed)."""

ROUND_TO = 5
"""Counts of subgroups are rounded to this (HES)."""


def is_small(people: int, events: int) -> bool:
    """Whether a group must be withheld.

    Parameters
    ----------
    people : int
        Different people in the group.
    events : int
        Rows with the outcome, unweighted.

    Examples
    --------
    >>> [is_small(9, 0), is_small(10, 0), is_small(500, 1), is_small(500, 7), is_small(500, 8)]
    [True, False, True, True, False]
    """
    return people < FEWEST_PEOPLE or 0 < events < FEWEST_EVENTS


def rounded(count: float) -> int:
    """A count to the nearest 5, halves up.

    Examples
    --------
    >>> [rounded(count) for count in (12, 13, 102.5, 0)]
    [10, 15, 105, 0]
    """
    return int(np.floor(count / ROUND_TO + 0.5)) * ROUND_TO


def withheld(
    people: Sequence[int], events: Sequence[int], already: Sequence[bool] = ()
) -> list[bool]:
    """Which groups of one division of everybody are withheld.

    Parameters
    ----------
    people, events : sequence of int
        Per group; together the groups are everybody.
    already : sequence of bool, optional
        Groups that are withheld for another reason; none when not given.

    Returns
    -------
    list of bool
        Every small group, and the smallest others until the withheld ones are at least two and
        together not small (or nothing is left to show).

    Examples
    --------
    >>> withheld([500, 400, 6], [80, 60, 0])
    [False, True, True]
    """
    hidden = [is_small(p, e) for p, e in zip(people, events, strict=True)]
    hidden = [small or gone for small, gone in zip(hidden, already or hidden, strict=True)]
    if not any(hidden):
        return hidden
    by_size = sorted(range(len(hidden)), key=lambda group: (events[group], people[group], group))
    for group in by_size:
        together = [position for position, is_hidden in enumerate(hidden) if is_hidden]
        total_people = sum(people[position] for position in together)
        total_events = sum(events[position] for position in together)
        if len(together) > 1 and not is_small(total_people, total_events):
            break
        hidden[group] = True
    return hidden


def merge_small(
    people: npt.NDArray[np.int64], events: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Join neighbouring groups of an ordered scale until none is small.

    Parameters
    ----------
    people, events : ndarray of int, shape (groups,)
        From the lowest to the highest.

    Returns
    -------
    ndarray of int, shape (groups,)
        Number of the joined group each group belongs to; one group when all together are small.

    Examples
    --------
    >>> merge_small(np.array([50, 50, 50, 50]), np.array([2, 7, 20, 3]))
    array([0, 0, 1, 1])
    """
    joined = np.zeros(len(people), dtype=np.int64)
    number, inside_people, inside_events = 0, 0, 0
    for group in range(len(people)):
        joined[group] = number
        inside_people += int(people[group])
        inside_events += int(events[group])
        if not is_small(inside_people, inside_events):
            number, inside_people, inside_events = number + 1, 0, 0
    if (inside_people or inside_events) and number > 0:
        joined[joined == number] = number - 1
    return joined
