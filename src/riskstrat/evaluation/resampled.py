"""The compiled half of the bootstrap: one pass over sorted rows judges one draw of people.

With h(i) and o(i) the weights with and without the event of one distinct score, and O the weight
without the event ranked above it, AUROC = 1 - sum h (O + o / 2) / (sum h x sum o), and average
precision = sum h x precision / sum h, precision being that of the list down to and including the
score. Both are those of :class:`riskstrat.evaluation.discrimination.RankedScore`, ties included.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.evaluation.discrimination import RankedScore
from riskstrat.evaluation.observed import Floats

__all__ = ["Drawn", "drawn_people", "replicate_areas"]

PARTS = 64
"""Pieces in which threads take the replicates: enough for every core, few to hand out."""

Drawn = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Sorted:
    """A ranked score as the compiled loop reads it, in descending order of the score.

    Parameters
    ----------
    positive, negative : ndarray of float64, shape (m,)
        Weight with and without the event.
    is_last : ndarray of bool, shape (m,)
        Whether the row is the last of a run of equal scores.
    patient : ndarray of int32, shape (m,)
    """

    positive: Floats
    negative: Floats
    is_last: Flags
    patient: Places

    @classmethod
    def of(cls, ranked: RankedScore) -> _Sorted:
        rows = len(ranked.positive)
        is_last = np.ones(rows, dtype=np.bool_)
        if ranked.starts is not None:
            is_last[:] = False
            is_last[ranked.starts[1:] - 1] = True
            is_last[-1:] = True
        return cls(ranked.positive, ranked.negative, is_last, ranked.patient.astype(np.int32))


def drawn_people(people: int, seed: int, replicate: int) -> Drawn:
    """Who is drawn in one replicate: as many people as there are, with replacement.

    Each replicate has its own generator, named by the seed and its number, so that the draws do not
    depend on the order of work.

    Parameters
    ----------
    people, seed, replicate : int

    Returns
    -------
    ndarray of uint32, shape (people,)
    """
    rng = np.random.default_rng([seed, replicate])
    return rng.integers(0, people, people, dtype=np.uint32)


def replicate_areas(
    ranked: Sequence[RankedScore], people: int, *, resamples: int, seed: int
) -> list[Floats]:
    """AUROC and average precision of every score in every replicate.

    Parameters
    ----------
    ranked : sequence of RankedScore
        Of the same rows.
    people : int
    resamples, seed : int

    Returns
    -------
    list of ndarray, each of shape (resamples, 2)
        NaN where a draw holds no event, or for the AUROC nothing but events.
    """
    found = [np.full((resamples, 2), np.nan) for _ in ranked]
    scores = [_Sorted.of(score) for score in ranked]

    def judge(replicates: range) -> None:
        for replicate in replicates:
            counts = _counts(drawn_people(people, seed, replicate), people)
            for score, areas in zip(scores, found, strict=True):
                areas[replicate] = _areas(
                    score.positive, score.negative, score.is_last, score.patient, counts
                )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(judge, (range(first, resamples, PARTS) for first in range(PARTS))):
            pass
    return found


@compiled
def _counts(drawn: Drawn, people: int) -> npt.NDArray[np.uint16]:
    """How often each person was drawn (65,535 times is beyond any draw of as many as there are)."""
    counts = np.zeros(people, np.uint16)
    for person in drawn:
        counts[person] += np.uint16(1)
    return counts


@compiled
def _areas(
    positive: Floats,
    negative: Floats,
    is_last: Flags,
    patient: Places,
    counts: npt.NDArray[np.uint16],
) -> tuple[float, float]:
    found = others = hits = misses = above = area = 0.0
    for row in range(len(positive)):
        times = counts[patient[row]]
        hits += positive[row] * times
        misses += negative[row] * times
        if is_last[row]:
            if hits > 0:
                found += hits
                above += hits * (others + misses / 2)
                area += hits * found / (found + others + misses)
            others += misses
            hits = misses = 0.0
    if found == 0:
        return np.nan, np.nan
    if others == 0:
        return np.nan, area / found
    return 1 - above / (found * others), area / found
