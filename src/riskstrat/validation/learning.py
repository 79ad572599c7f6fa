"""Whether more people would help: the model on an eighth, a quarter and a half of them.

References
----------
Figueroa RL, Zeng-Treitler Q, Kandula S, Ngo LH. Predicting sample size required for classification
performance. BMC Medical Informatics and Decision Making 2012;12:8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.errors import StudyError
from riskstrat.evaluation.disclosure import is_small, rounded
from riskstrat.validation.measured import is_too_few, paired, risk_figures
from riskstrat.validation.prepared import Prepared, people_of

__all__ = ["FRACTIONS", "learning_curve", "nested_sample"]

FRACTIONS = (0.125, 0.25, 0.5, 1.0)
"""Shares of the people in development."""


def nested_sample(
    people: npt.NDArray[np.int64], fraction: float, *, seed: int
) -> npt.NDArray[np.bool_]:
    """Rows of a share of the people; a larger share holds a smaller one.

    Parameters
    ----------
    people : ndarray of int, shape (n,)
        Person of each row, 0 to people - 1.
    fraction : float
    seed : int

    Examples
    --------
    >>> people = np.repeat(np.arange(8), 2)
    >>> few, more = (nested_sample(people, share, seed=1) for share in (0.25, 0.5))
    >>> int(few.sum()), int(more.sum()), bool((few <= more).all())
    (4, 8, True)
    """
    count = int(people.max()) + 1
    order = np.random.default_rng(seed).permutation(count)
    taken = np.zeros(count, dtype=bool)
    taken[order[: max(1, round(count * fraction))]] = True
    return taken[people]


def learning_curve(prepared: Prepared) -> dict[str, Any]:
    """The model fitted on shares of the people, each judged on the same evaluation rows.

    Returns
    -------
    dict
        ``fractions``: a row per share with the people and events it was fitted on (rounded),
        figures, and ``against_all``: the paired difference to the model of everybody; or
        ``not_possible``, the reason.
    """
    frame = prepared.developed[1].frame
    people = people_of(frame)
    counts = frame["weight"].to_numpy() > 0
    events = counts & (frame["outcome"] == 1).to_numpy()
    rows = []
    for fraction in FRACTIONS:
        taken = nested_sample(people, fraction, seed=prepared.resampling.seed)
        held = len(np.unique(people[taken & counts])), int((taken & events).sum())
        row: dict[str, Any] = {"fraction": fraction}
        if is_small(*held):
            row["not_possible"] = "too few people with the outcome"
        else:
            row |= {"developed_on": rounded(held[0]), "events_developed_on": rounded(held[1])}
            row |= _figures(prepared, taken, fraction)
        rows.append(row)
    return {"fractions": rows}


def _figures(prepared: Prepared, taken: npt.NDArray[np.bool_], fraction: float) -> dict[str, Any]:
    if fraction == 1:
        return risk_figures(prepared.observed, prepared.risk, prepared.resampling)
    try:
        trees = prepared.fitted(taken)
    except StudyError:
        return {"not_possible": "too few people with the outcome"}
    risk = trees.risk(prepared.judged[0].values)
    found = risk_figures(prepared.observed, risk, prepared.resampling)
    if is_too_few(prepared.observed):
        return found
    against = paired(prepared.observed, risk, prepared.risk, prepared.resampling)
    return {**found, "against_all": against}
