"""Facts of some kinds out of many, in one pass."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.features.kernel import Keys, pack

__all__ = ["places_of"]

_DAY_BITS = int(pack(0, 1, 0)).bit_length() - 1
_FACT_MASK = (int(pack(1, 0, 0)) >> _DAY_BITS) - 1


def places_of(keys: Keys, facts: Iterable[int]) -> Keys:
    """Places of the packed facts that are of some kinds, in their order.

    Parameters
    ----------
    keys : ndarray of int64
        See :func:`riskstrat.features.kernel.pack`.
    facts : iterable of int
        Numbers of the kinds; at least one.

    Examples
    --------
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
        fact = (key >> _DAY_BITS) & _FACT_MASK
        found += fact < len(wanted) and wanted[fact]
    places, at = np.empty(found, np.int64), 0
    for place in range(len(keys)):
        fact = (keys[place] >> _DAY_BITS) & _FACT_MASK
        if fact < len(wanted) and wanted[fact]:
            places[at] = place
            at += 1
    return places
