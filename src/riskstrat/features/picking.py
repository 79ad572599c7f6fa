"""Facts of some kinds out of many, in one pass."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.features.packing import DAY_BITS, FACT_MASK, Keys

__all__ = ["places_of"]


def places_of(keys: Keys, facts: Iterable[int]) -> Keys:
    """Places of the packed facts that are of some kinds, in their order.

    Parameters
    ----------
    keys : ndarray of int64
        See :func:`riskstrat.features.packing.pack`.
    facts : iterable of int
        Numbers of the kinds; at least one.

    Examples
    --------
    >>> from riskstrat.features.packing import pack
    >>> places_of(pack([0, 0, 1], [7, 8, 7], [30, 20, 10]), [7])
    array([0, 2])
    """
    numbers = sorted(facts)
    wanted = np.zeros(numbers[-1] + 1, np.bool_)
    wanted[numbers] = True
    return _places(keys, wanted)


@compiled
def _places(keys: Keys, wanted: npt.NDArray[np.bool_]) -> Keys:
    found = 0
    for key in keys:
        fact = (key >> DAY_BITS) & FACT_MASK
        found += fact < len(wanted) and wanted[fact]
    places, at = np.empty(found, np.int64), 0
    for place in range(len(keys)):
        fact = (keys[place] >> DAY_BITS) & FACT_MASK
        if fact < len(wanted) and wanted[fact]:
            places[at] = place
            at += 1
    return places
