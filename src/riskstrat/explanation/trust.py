"""What the explanations of a model say about many people: sizes, reasons given, what they cover.

Arrays in, numbers out; nothing is suppressed or rounded here
(:mod:`riskstrat.evaluation.explained` does it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.explanation.dependence import (
    OWN_CUTS,
    PARTNER_CUTS,
    Partner,
    cells,
    explained_share,
    find_partner,
)
from riskstrat.explanation.peers import PeerTable
from riskstrat.explanation.shapley import Explanations, group_columns, group_sums
from riskstrat.explanation.wording import LOWERING, RAISING

if TYPE_CHECKING:
    from riskstrat.training import RiskModel

__all__ = [
    "Interaction",
    "covered_share",
    "interactions",
    "peer_group_contributions",
    "strongest",
    "told_groups",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Interaction:
    """How much of a feature's contribution does not go with its own value, and with what else.

    Parameters
    ----------
    column : int
        Of the feature.
    own_share : float
        Share of the variance of its contributions that goes with its own value.
    rest : float
        Standard deviation of what does not, log-odds.
    partner : Partner or None
        The feature that goes most with the rest.
    """

    column: int
    own_share: float
    rest: float
    partner: Partner | None


def strongest(amounts: Floats, most: int) -> npt.NDArray[np.intp]:
    """Columns with the largest mean size, largest first; none that is 0 everywhere.

    Examples
    --------
    >>> strongest(np.array([[0.1, -0.5, 0.0], [0.2, 0.4, 0.0]]), 5)
    array([1, 0])
    """
    sizes = np.abs(amounts).mean(axis=0)
    order = np.argsort(-sizes, kind="stable")[:most]
    return np.asarray(order[sizes[order] > 0], dtype=np.intp)


def peer_group_contributions(
    model: RiskModel, explanations: Explanations, people: pd.DataFrame
) -> Floats:
    """Contributions of clinical groups against people of the same age band and sex.

    Parameters
    ----------
    model : RiskModel
        With the reference values of peers.
    explanations : Explanations
    people : DataFrame
        ``age`` and ``sex`` of the same rows.

    Returns
    -------
    ndarray of float64, shape (n, groups)
        Log-odds; groups as in :meth:`Explanations.by_group`.
    """
    table = PeerTable(model.peers, model.features)
    means = group_sums(table.means, group_columns(model.features))
    own = group_sums(explanations.contributions, group_columns(model.features))
    return own - means[table.rows_of(people["age"], people["sex"])]


def told_groups(reasons: pd.DataFrame, keys: pd.DataFrame, groups: list[str]) -> dict[str, Bools]:
    """Which groups each row was told as reasons, by direction.

    Parameters
    ----------
    reasons : DataFrame
        As :func:`riskstrat.explanation.build_reasons` gives it.
    keys : DataFrame
        ``patient_id`` and ``index_date`` of n rows.
    groups : list of str

    Returns
    -------
    dict of str to ndarray of bool, shape (n, groups)
        For ``raising`` and ``lowering``.
    """
    columns = ["patient_id", "index_date"]
    rows = pd.MultiIndex.from_frame(keys[columns])
    row = rows.get_indexer(pd.MultiIndex.from_frame(reasons[columns]))
    group = pd.Index(groups).get_indexer(pd.Index(reasons["group"]))
    found = {}
    for direction in (RAISING, LOWERING):
        told = np.zeros((len(keys), len(groups)), dtype=bool)
        is_so = (reasons["direction"] == direction).to_numpy()
        told[row[is_so], group[is_so]] = True
        found[direction] = told
    return found


def covered_share(peer_groups: Floats, told: Bools) -> Floats:
    """How much of what raises a person's risk above their peers' the told reasons stand for.

    The contributions of the raising groups that are told, over all contributions above 0.

    Parameters
    ----------
    peer_groups : ndarray of float64, shape (n, groups)
        See :func:`peer_group_contributions`.
    told : ndarray of bool, shape (n, groups)
        Groups told as raising.

    Returns
    -------
    ndarray of float64, shape (n,)
        0 to 1; NaN where no group is above 0.

    Examples
    --------
    >>> covered_share(np.array([[0.3, 0.1, -0.2]]), np.array([[True, False, False]])).round(2)
    array([0.75])
    """
    raising = np.maximum(peer_groups, 0.0)
    total = raising.sum(axis=1)
    covered = np.where(told, raising, 0.0).sum(axis=1)
    share = np.full(len(total), np.nan)
    np.divide(covered, total, out=share, where=total > 0)
    return share


def interactions(explanations: Explanations, columns: npt.NDArray[np.intp]) -> list[Interaction]:
    """What the contributions of some features have beside their own values; largest rest first.

    Parameters
    ----------
    explanations : Explanations
        With the values explained.
    columns : ndarray of intp
        Features to look at; partners are sought among all that contribute.

    Raises
    ------
    ValueError
        When the explanations hold no values.
    """
    if explanations.values is None:
        raise ValueError("expected explanations that hold the values explained")
    used = strongest(explanations.contributions, explanations.contributions.shape[1])
    groups = {int(k): cells(explanations.values[:, k], PARTNER_CUTS) for k in used}
    found = []
    for column in columns:
        amounts = explanations.contributions[:, column]
        share, rest = explained_share(amounts, cells(explanations.values[:, column], OWN_CUTS))
        others = [int(k) for k in used if k != column]
        partner = find_partner(rest, groups[int(column)], [groups[k] for k in others])
        named = partner and Partner(others[partner.column], partner.share)
        size = float(np.sqrt(np.square(rest).mean()))
        found.append(Interaction(int(column), share, size, named))
    return sorted(found, key=lambda one: -one.rest)
