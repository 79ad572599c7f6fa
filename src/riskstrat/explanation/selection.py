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
from riskstrat.explanation.shapley import group_columns, group_positions, group_sums
from riskstrat.features import Feature
from riskstrat.features.declared import normal_range

__all__ = [
    "Candidates",
    "Chosen",
    "Topics",
    "choose",
    "facts",
    "lowering",
    "raising",
    "reassuring",
    "topics_of",
]

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
"""Log-odds (odds changed by 1 %) below which nothing is told, and that the topic which tells a
group must reach itself [judgement]: otherwise a sentence would stand for noise."""

TOPIC_SHARE = 0.25
"""Share of its group's contribution that the topic must have which tells the group [judgement]:
otherwise a sentence would stand for something else."""

MEASUREMENT_MAXIMUM_DAYS = 730
"""24 months: an older measurement is never told (binding statistical rule 9)."""

_COUNTED = {"count", "flag", "score"}
"""Kinds of which 0 is the absence of a record, not a fact."""

NO_FEATURE = -1
"""Column of no feature."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Topics:
    """What is told together: features of a group about one kind of fact are a topic.

    A condition and the time since it was first recorded, a measurement with its age and slope, or
    the same count over several look-backs share what they contribute between them as the trees
    happen to choose, so that only together they say what the fact stands for.

    Parameters
    ----------
    groups : dict of str to ndarray
        Columns of each clinical group.
    topics : dict of (str, str) to ndarray
        Columns of each topic, by group and fact.
    """

    groups: dict[str, npt.NDArray[np.intp]]
    topics: dict[tuple[str, str], npt.NDArray[np.intp]]


@dataclass(frozen=True)
class Candidates:
    """What one group would say for each row, in one direction.

    Parameters
    ----------
    strength : ndarray of float64, shape (n, groups)
        Size of the group's peer contribution in this direction, log-odds; ``-inf`` where the group
        may not be told.
    member : ndarray of intp, shape (n, groups)
        Column of the feature that tells it, -1 for none.
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


def topics_of(features: Sequence[Feature]) -> Topics:
    """The groups of some features and, within them, the topics.

    Parameters
    ----------
    features : sequence of Feature
        The p features.

    Examples
    --------
    >>> from riskstrat.features import Feature
    >>> copd = Feature("copd", "COPD", "", "lungs", "flag", ("gp",), 1095, "any condition.copd")
    >>> since = Feature("since", "Days", "", "lungs", "days", ("gp",), 1095, "first condition.copd")
    >>> topics_of([copd, since]).topics
    {('lungs', 'condition.copd'): array([0, 1])}
    """
    groups, members = group_columns(features), dict[tuple[str, str], list[int]]()
    for column, feature in enumerate(features):
        members.setdefault((feature.group, feature.fact), []).append(column)
    return Topics(groups, {topic: np.array(of_one) for topic, of_one in members.items()})


def reassuring(
    features: Sequence[Feature], values: npt.NDArray[np.float32]
) -> npt.NDArray[np.bool_]:
    """Where a fact may be told as going with a lower risk.

    A condition is no good news, nor is lost weight, nor a value outside the normal range: whatever
    a model has learnt from people who had them, a reader would be misled.

    Parameters
    ----------
    features : sequence of Feature
    values : ndarray of float32, shape (n, p)

    Returns
    -------
    ndarray of bool, shape (n, p)
    """
    is_illness = [f.fact.startswith("condition.") or f.how == "fall" for f in features]
    told = np.tile(~np.array(is_illness, dtype=bool), (len(values), 1))
    for column, feature in enumerate(features):
        if feature.how == "latest":
            least, greatest = normal_range(feature.fact)
            told[:, column] &= (values[:, column] >= least) & (values[:, column] <= greatest)
    return told


def raising(contributions: Values, tellable: npt.NDArray[np.bool_], topics: Topics) -> Candidates:
    """Groups whose peer contribution raises the risk, with the fact that tells each.

    Parameters
    ----------
    contributions : ndarray of float64, shape (n, p)
        Peer contributions in log-odds.
    tellable : ndarray of bool, shape (n, p)
    topics : Topics
    """
    return _candidates(contributions, tellable, topics, FLOOR)


def lowering(
    contributions: Values,
    tellable: npt.NDArray[np.bool_],
    topics: Topics,
    *,
    death: Values | None,
) -> Candidates:
    """Groups whose peer contribution lowers the risk, with the fact that tells each.

    A group, topic or feature that raises the risk of death is never told as lowering: dying first
    is one way of not being admitted (binding statistical rule 14). The feature that tells it must
    itself lower the risk by :data:`FLOOR`: a value is not reassuring because it was taken lately.

    Parameters
    ----------
    contributions : ndarray of float64, shape (n, p)
        Peer contributions to the risk of admission in log-odds.
    tellable : ndarray of bool, shape (n, p)
    topics : Topics
    death : ndarray of float64, shape (n, p), or None
        Peer contributions to the risk of death in log-odds; None when the study has no such model.
    """
    tellable = tellable & (contributions <= -FLOOR)
    if death is None:
        return _candidates(-contributions, tellable, topics, THRESHOLD)
    of_feature = group_positions(topics.topics, death.shape[1])
    deadly_topics = (group_sums(death, topics.topics) > 0)[:, of_feature]
    harmless = tellable & (death <= 0) & ~deadly_topics
    found = _candidates(-contributions, harmless, topics, THRESHOLD)
    deadly = group_sums(death, topics.groups) > 0
    return Candidates(np.where(deadly, -np.inf, found.strength), found.member)


def _candidates(
    gains: Values, tellable: npt.NDArray[np.bool_], topics: Topics, minimum: float
) -> Candidates:
    strength = group_sums(gains, topics.groups)
    topic_gains = group_sums(gains, topics.topics)
    places = list(topics.groups)
    group = np.array([places.index(name) for name, _ in topics.topics], dtype=np.intp)
    topic_gains[topic_gains < np.maximum(FLOOR, TOPIC_SHARE * strength[:, group])] = -np.inf
    positions = (group_positions(topics.topics, gains.shape[1]), group)
    member = np.full(strength.shape, NO_FEATURE, dtype=np.intp)
    _find_members((gains, topic_gains), tellable, positions, member)
    strength[(member == NO_FEATURE) | (strength < minimum)] = -np.inf
    return Candidates(strength, member)


@compiled
def _find_members(
    gains: tuple[Values, Values],
    tellable: npt.NDArray[np.bool_],
    positions: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    member: npt.NDArray[np.intp],
) -> None:
    """For each group the feature that tells it: of the strongest topic the strongest feature."""
    of_features, of_topics = gains
    topic_of, group_of = positions
    for row in range(len(tellable)):
        for feature in range(len(topic_of)):
            topic, gain = topic_of[feature], of_features[row, feature]
            if not tellable[row, feature] or gain < 0 or of_topics[row, topic] == -np.inf:
                continue
            told = member[row, group_of[topic]]
            if told == NO_FEATURE:
                member[row, group_of[topic]] = feature
                continue
            best = of_topics[row, topic_of[told]]
            is_same = topic_of[told] == topic
            if of_topics[row, topic] > best or (is_same and gain > of_features[row, told]):
                member[row, group_of[topic]] = feature


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
