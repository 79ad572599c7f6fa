"""What a record says about the unrecorded multiplier: a posterior over a fixed grid of values.

Any number of recorded processes may depend on the multiplier. Each contributes the probability of
what was seen on each day: an event, ``1 - exp(-rate)``, or none, ``exp(-rate)``.
"""

from __future__ import annotations

import numpy as np

from riskstrat.compiled import compiled
from riskstrat.simulation.timeline import Floats

__all__ = ["posterior"]

_LEAST = 1e-300


@compiled
def posterior(
    prior: Floats, grid: Floats, exposure: float, rates_at_events: Floats, out: Floats
) -> None:
    """Multiply probabilities on a grid by the likelihood of one process, and make them sum to 1.

    Parameters
    ----------
    prior : ndarray of float, shape (values,)
        Probability of each value before this process was seen.
    grid : ndarray of float, shape (values,)
        What each value multiplies the rate of this process by.
    exposure : float
        Sum of the daily rates, with multiplier 1, over the days on which the process could have
        had an event and had none.
    rates_at_events : ndarray of float
        The daily rate, with multiplier 1, on the day of each event.
    out : ndarray of float, shape (values,)
        Receives the posterior; may be `prior`.

    Notes
    -----
    With a Gamma(a, b) prior, rates that are small, and only this process, the posterior is
    Gamma(a + events, b + exposure).
    """
    highest = -np.inf
    for value in range(len(grid)):
        found = np.log(max(prior[value], _LEAST)) - grid[value] * exposure
        for rate in rates_at_events:
            found += np.log(-np.expm1(-grid[value] * rate))
        out[value] = found
        highest = max(highest, found)
    total = 0.0
    for value in range(len(grid)):
        out[value] = np.exp(out[value] - highest)
        total += out[value]
    for value in range(len(grid)):
        out[value] /= total
