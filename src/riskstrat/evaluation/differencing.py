"""Groups that would give a small one away as the difference from another published group.

Within one division :func:`riskstrat.evaluation.disclosure.withheld` sees to it. Here the groups of
one division are held against groups published elsewhere: where one lies inside the other, what is
left of the larger is known to everybody who can subtract.

References
----------
Hundepool A et al. Statistical disclosure control. Wiley 2012 (linked tables).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from riskstrat.evaluation.disclosure import FEWEST_PEOPLE, is_small, withheld
from riskstrat.evaluation.observed import Observed

__all__ = ["gives_away", "withheld_beside"]

ENOUGH_ROWS = 1000
"""Rows among which ten people are nearly always found (a matter of speed alone)."""

Mask = npt.NDArray[np.bool_]


def gives_away(group: Mask, other: Mask, observed: Observed) -> bool:
    """Whether one group lies inside the other and few people, or few events, are between them.

    Parameters
    ----------
    group, other : ndarray of bool, shape (n,)
    observed : Observed
        n rows.

    Examples
    --------
    >>> observed = Observed.of([0] * 100)
    >>> old, older = np.arange(100) >= 65, np.arange(100) >= 70
    >>> gives_away(old, older, observed), gives_away(old, old, observed)
    (True, False)
    """
    both = np.count_nonzero(group & other)
    rows_of = np.count_nonzero(group), np.count_nonzero(other)
    if both != min(rows_of) or rows_of[0] == rows_of[1]:
        return False
    rows = np.flatnonzero((group ^ other) & (observed.weight > 0))
    return is_small(_people(observed.patient[rows]), int(observed.event[rows].sum()))


def _people(patient: npt.NDArray[np.intp]) -> int:
    """Different people, counted no further than is needed to know that they are not few."""
    few = len(np.unique(patient[:ENOUGH_ROWS]))
    return few if few >= FEWEST_PEOPLE else len(np.unique(patient))


def withheld_beside(
    masks: Sequence[Mask], published: Sequence[Mask], observed: Observed
) -> list[bool]:
    """Which groups of a division of everybody are withheld, given what stands elsewhere.

    Parameters
    ----------
    masks : sequence of ndarray of bool, shape (n,)
        The groups; together they are everybody.
    published : sequence of ndarray of bool, shape (n,)
        Groups whose figures are shown elsewhere.
    observed : Observed
        n rows.

    Returns
    -------
    list of bool
        Those of :func:`~riskstrat.evaluation.disclosure.withheld`, and those that would give a
        small group away; all, when those withheld together would.
    """
    taken = [observed.take(mask) for mask in masks]
    people, events = [g.followed for g in taken], [g.events for g in taken]
    elsewhere = [*published, *(~mask for mask in published)]
    hidden = withheld(people, events)
    while not all(hidden):
        rest = np.any([mask for mask, gone in zip(masks, hidden, strict=True) if gone], axis=0)
        if any(hidden) and _any_gives_away(rest, elsewhere, observed):
            return [True] * len(hidden)
        telling = [
            not gone and _any_gives_away(mask, elsewhere, observed)
            for mask, gone in zip(masks, hidden, strict=True)
        ]
        if not any(telling):
            break
        already = [gone or tells for gone, tells in zip(hidden, telling, strict=True)]
        hidden = withheld(people, events, already)
    return hidden


def _any_gives_away(group: Mask, others: Sequence[Mask], observed: Observed) -> bool:
    return any(gives_away(group, other, observed) for other in others)
