"""Which groups are told as reasons, and by which feature: arrays in, positions out.

Two things are required of everything told: a recorded fact with a date, and a share in the
contribution that is large enough to be worth a sentence. All rules hold for every row at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskstrat.compiled import compiled
from riskstrat.explanation.shapley import group_positions, group_sums
from riskstrat.features import Feature

__all__ = ["Candidates", "Chosen", "choose", "facts", "lowering", "raising"]

MINIMUM_RAISING = 3
"""The strongest raising groups that are told even when their contribution is small."""

MAXIMUM_RAISING = 5
"""Most raising groups told (design: 3 to 5 sentences are read, more are not)."""

MAXIMUM_LOWERING = 2
"""Most lowering groups told (design)."""

THRESHOLD = 0.05
"""Log-odds (odds changed by 5 %) that a lowering group, and a fourth or fifth raising group, must
reach [judgement]: smaller ones would not change anybody's mind."""

FLOOR = 0.01
"""Log-odds (odds changed by 1 %) below which nothing is told, and that the feature which tells a
group must reach itself [judgement]: otherwise a sentence would stand for noise."""

MEASUREMENT_MAXIMUM_DAYS = 730
"""24 months: an older measurement is never told (binding statistical rule 9)."""

_COUNTED = {"count", "flag", "score"}
"""Kinds of which 0 is the absence of a record, not a fact."""

Groups = dict[str, npt.NDArray[np.intp]]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Candidates:
    """What one group would say for each row, in one direction.

    Parameters
    ----------
    strength : ndarray of float64, shape (n, groups)
        Size of the group's peer contribution in this direction, log-odds; ``-inf`` where the group
        may not be told.
    member : ndarray of intp, shape (n, groups)
        Column of the feature that tells it.
    """

    strength: Values
    member: npt.NDArray[np.intp]


@dataclass(frozen=True)
class Chosen:
    """The groups told, row by row and in order of strength; all arrays have shape (reasons,)."""

    row: npt.NDArray[np.intp]
    group: npt.NDArray[np.intp]
    member: npt.NDArray[np.intp]
    order: npt.NDArray[np.intp]


def facts(
    features: Sequence[Feature],
    values: npt.NDArray[np.float32],
    fact_days: npt.NDArray[np.int16],
) -> npt.NDArray[np.bool_]:
    """Where a feature rests on a recorded fact that may be told.

    Parameters
    ----------
    features : sequence of Feature
    values : ndarray of float32, shape (n, p)
    fact_days : ndarray of int16, shape (n, p)
        Days from the latest fact to the index date; -1 for none.

    Returns
    -------
    ndarray of bool, shape (n, p)
        False without a dated fact or a sentence, for a count, flag, score or fall of 0, and for
        a measurement older than 24 months.
    """
    has_sentence = np.array([bool(feature.sentence) for feature in features])
    is_counted = np.array([f.kind in _COUNTED or f.how == "fall" for f in features])
    is_measured = np.array([feature.kind == "measurement" for feature in features])
    told = (fact_days >= 1) & ~np.isnan(values) & has_sentence
    told &= ~is_counted | (values > 0)
    return np.asarray(told & (~is_measured | (fact_days <= MEASUREMENT_MAXIMUM_DAYS)))


def raising(contributions: Values, tellable: npt.NDArray[np.bool_], groups: Groups) -> Candidates:
    """Groups whose peer contribution raises the risk, with the fact that tells each.

    Parameters
    ----------
    contributions : ndarray of float64, shape (n, p)
        Peer contributions in log-odds.
    tellable : ndarray of bool, shape (n, p)
    groups : dict of str to ndarray
        Column positions of each group.
    """
    return _candidates(contributions, tellable, groups, FLOOR)


def lowering(
    contributions: Values,
    tellable: npt.NDArray[np.bool_],
    groups: Groups,
    *,
    death: Values | None,
) -> Candidates:
    """Groups whose peer contribution lowers the risk, with the fact that tells each.

    A group, or a feature, that raises the risk of death is never told as lowering: dying first is
    one way of not being admitted (binding statistical rule 14).

    Parameters
    ----------
    contributions : ndarray of float64, shape (n, p)
        Peer contributions to the risk of admission in log-odds.
    tellable : ndarray of bool, shape (n, p)
    groups : dict of str to ndarray
    death : ndarray of float64, shape (n, p), or None
        Peer contributions to the risk of death in log-odds; None when the study has no such model.
    """
    if death is None:
        return _candidates(-contributions, tellable, groups, THRESHOLD)
    found = _candidates(-contributions, tellable & (death <= 0), groups, THRESHOLD)
    deadly = group_sums(death, groups) > 0
    return Candidates(np.where(deadly, -np.inf, found.strength), found.member)


def _candidates(
    gains: Values, tellable: npt.NDArray[np.bool_], groups: Groups, minimum: float
) -> Candidates:
    shape = (len(gains), len(groups))
    strength, strongest = np.zeros(shape), np.full(shape, -np.inf)
    member = np.zeros(shape, dtype=np.intp)
    positions = group_positions(groups, gains.shape[1])
    _find_strongest(gains, tellable, positions, strength, (strongest, member))
    strength[np.isneginf(strongest) | (strength < minimum)] = -np.inf
    return Candidates(strength, member)


@compiled
def _find_strongest(
    gains: Values,
    tellable: npt.NDArray[np.bool_],
    positions: npt.NDArray[np.intp],
    strength: Values,
    told: tuple[Values, npt.NDArray[np.intp]],
) -> None:
    """Sum each group, and find which of its features that may be told gains most."""
    strongest, member = told
    rows, features = gains.shape
    for row in range(rows):
        for feature in range(features):
            group, gain = positions[feature], gains[row, feature]
            if group < 0:
                continue
            strength[row, group] += gain
            is_told = tellable[row, feature] and gain >= FLOOR
            if is_told and gain > strongest[row, group]:
                strongest[row, group], member[row, group] = gain, feature


def choose(candidates: Candidates, *, most: int, always: int = 0) -> Chosen:
    """The strongest groups of each row.

    Parameters
    ----------
    candidates : Candidates
    most : int
        Most groups per row.
    always : int
        How many of them need not reach :data:`THRESHOLD`.

    Returns
    -------
    Chosen
        Ordered by row, then by strength; equal strengths by the order of the groups.
    """
    ranked = np.argsort(-candidates.strength, axis=1, kind="stable")[:, :most]
    strength = np.take_along_axis(candidates.strength, ranked, axis=1)
    needed = np.where(np.arange(ranked.shape[1]) < always, FLOOR, THRESHOLD)
    row, order = np.nonzero(strength >= needed)
    group = ranked[row, order]
    return Chosen(row, group, candidates.member[row, group], order)
