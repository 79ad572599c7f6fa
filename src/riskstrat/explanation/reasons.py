"""Reasons in words: which recorded facts go with a person's rank, compared with their peers.

A reason says why the model ranks, never why something will happen. Binding statistical rules 9, 14
and 18 stand behind it: contributions are taken against people of the same age band and sex; every
reason rests on a dated fact; the absence of a record is never a reason; what lowers admission by
raising death is not told; sensitive facts carry their flag.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.errors import UsageError
from riskstrat.explanation import selection, wording
from riskstrat.explanation.codes import reason_code
from riskstrat.explanation.peers import PeerTable
from riskstrat.explanation.selection import Chosen
from riskstrat.explanation.shapley import (
    Explanations,
    group_sums,
    tree_contributions,
)
from riskstrat.features import Feature, FeatureMatrix
from riskstrat.features.feeds import FAMILIES
from riskstrat.windows import add_days

if TYPE_CHECKING:
    from riskstrat.training import RiskModel

__all__ = ["REASON_COLUMNS", "build_reasons"]

_KEYS = ("patient_id", "index_date")

REASON_COLUMNS = (
    *_KEYS,
    "position",
    "direction",
    "group",
    "feature",
    "code",
    "text",
    "value",
    "fact_date",
    "source",
    "workable",
    "sensitive",
    "peer_contribution",
)
"""``position`` counts from 1 within a person: raising reasons first, then lowering ones."""

Values = npt.NDArray[np.float64]
_FactKey = tuple[int, float, date, int]


@dataclass(frozen=True)
class _People:
    """Everything the rules need about n people, row by row."""

    features: tuple[Feature, ...]
    values: npt.NDArray[np.float32]
    fact_days: npt.NDArray[np.int16]
    peer_row: npt.NDArray[np.intp]
    contributions: Values


def build_reasons(
    model: RiskModel,
    matrix: FeatureMatrix,
    explanations: Explanations,
    people: pd.DataFrame,
    *,
    feeds: Collection[str] = FAMILIES,
) -> pd.DataFrame:
    """Up to five raising and two lowering reasons for each person.

    Parameters
    ----------
    model : RiskModel
        With the reference values of peers.
    matrix : FeatureMatrix
        With the days since each fact.
    explanations : Explanations
        Of the same rows.
    people : DataFrame
        ``patient_id``, ``index_date``, ``age`` and ``sex`` of the same rows.
    feeds : collection of str
        Families of feeds that were linked and that the study wants. A fact is said to come from
        those of them that can tell it.

    Returns
    -------
    DataFrame
        One row per reason, in the order of the people and then of ``position``: the columns of
        :data:`REASON_COLUMNS`. ``peer_contribution`` is the group's, in log-odds.

    Raises
    ------
    ArtefactError
        When the model has no reference values of peers.
    UsageError
        When the rows differ or the matrix has no fact days.
    """
    _require_same_rows(matrix, explanations, people)
    table = PeerTable(model.peers, matrix.features)
    peer_row = table.rows_of(people["age"], people["sex"])
    contributions = explanations.contributions - table.means[peer_row]
    fact_days = matrix.fact_days
    if fact_days is None:
        raise UsageError("expected a feature matrix with the days since each fact.")
    features = tuple(_from_feeds(feature, feeds) for feature in matrix.features)
    known = _People(features, matrix.values, fact_days, peer_row, contributions)
    topics = selection.topics_of(matrix.features)
    told = _choose(model, table, known, topics)
    return _in_words(told, known, table, people, list(topics.groups))


def _from_feeds(feature: Feature, feeds: Collection[str]) -> Feature:
    """The feature with those of its sources that are at hand; all of them when none is."""
    sources = tuple(s for s in feature.sources if s in feeds or s not in FAMILIES)
    return replace(feature, sources=sources or feature.sources)


def _require_same_rows(
    matrix: FeatureMatrix, explanations: Explanations, people: pd.DataFrame
) -> None:
    rows = (len(matrix.values), len(explanations.contributions), len(people))
    same = len(set(rows)) == 1 and all(
        np.array_equal(matrix.keys[name].to_numpy(), people[name].to_numpy()) for name in _KEYS
    )
    if not same:
        raise UsageError(
            "expected the same people in the same order in the matrix, the explanations and the "
            f"table of people, but they have {rows[0]:,}, {rows[1]:,} and {rows[2]:,} rows "
            "or differ in order."
        )


def _choose(
    model: RiskModel, table: PeerTable, known: _People, topics: selection.Topics
) -> pd.DataFrame:
    """Row, group and feature of each reason, with direction and the group's contribution."""
    tellable = selection.facts(known.features, known.values, known.fact_days)
    up = selection.choose(
        selection.raising(known.contributions, tellable, topics),
        most=selection.MAXIMUM_RAISING,
        always=selection.MINIMUM_RAISING,
    )
    down = _choose_lowering(model, table, known, topics, tellable)
    told = pd.concat(
        [_chosen_frame(up, wording.RAISING), _chosen_frame(down, wording.LOWERING)],
        ignore_index=True,
    )
    told["is_lowering"] = told["direction"] == wording.LOWERING
    told = told.sort_values(["row", "is_lowering", "order"], kind="stable", ignore_index=True)
    told["position"] = told.groupby("row").cumcount() + 1
    sums = group_sums(known.contributions, topics.groups)
    told["peer_contribution"] = sums[told["row"].to_numpy(), told["group"].to_numpy()]
    return told


def _choose_lowering(
    model: RiskModel,
    table: PeerTable,
    known: _People,
    topics: selection.Topics,
    tellable: npt.NDArray[np.bool_],
) -> Chosen:
    """Lowering groups; the model of death is explained only for rows that have a candidate."""
    tellable = tellable & selection.reassuring(known.features, known.values)
    first = selection.lowering(known.contributions, tellable, topics, death=None)
    if model.death is None:
        return selection.choose(first, most=selection.MAXIMUM_LOWERING)
    rows = np.flatnonzero(np.isfinite(first.strength).any(axis=1))
    death, _ = tree_contributions(model.death, known.values[rows])
    found = selection.lowering(
        known.contributions[rows],
        tellable[rows],
        topics,
        death=death - table.death_means[known.peer_row[rows]],
    )
    chosen = selection.choose(found, most=selection.MAXIMUM_LOWERING)
    return Chosen(rows[chosen.row], chosen.group, chosen.member, chosen.order)


def _chosen_frame(chosen: Chosen, direction: str) -> pd.DataFrame:
    columns = {name: getattr(chosen, name) for name in ("row", "group", "member", "order")}
    return pd.DataFrame(
        {**columns, "direction": pd.Series(direction, index=range(len(chosen.row)))}
    )


def _in_words(
    told: pd.DataFrame,
    known: _People,
    table: PeerTable,
    people: pd.DataFrame,
    groups: list[str],
) -> pd.DataFrame:
    """The reasons table from the positions of what is told."""
    rows, members = told["row"].to_numpy(), told["member"].to_numpy()
    days = known.fact_days[rows, members]
    values = known.values[rows, members].astype(np.float64)
    index_dates = people["index_date"].to_numpy()[rows].astype("datetime64[D]")
    fact_dates = _fact_dates(index_dates, days)
    speaker = _Speaker(known.features, table)
    facts = zip(members.tolist(), values.tolist(), fact_dates.tolist(), days.tolist(), strict=True)
    peers, directions = known.peer_row[rows].tolist(), told["direction"].tolist()
    texts = [speaker.text(*one) for one in zip(directions, facts, peers, strict=True)]
    kept = people[list(_KEYS)].iloc[rows].reset_index(drop=True)
    frame = kept.assign(
        position=told["position"].to_numpy(dtype=np.int32),
        direction=told["direction"].astype("str"),
        group=_named(groups, told["group"].to_numpy()),
        feature=_named([f.name for f in known.features], members),
        code=_codes(known.features, members, told["is_lowering"].to_numpy(dtype=np.intp)),
        text=pd.Series(texts, dtype="str"),
        value=values,
        fact_date=fact_dates.astype("datetime64[s]"),
        source=_named([", ".join(f.sources) for f in known.features], members),
        workable=np.array([f.workable for f in known.features], dtype=bool)[members],
        sensitive=np.array([f.sensitive for f in known.features], dtype=bool)[members],
        peer_contribution=told["peer_contribution"].to_numpy(dtype=np.float64),
    )
    return frame[list(REASON_COLUMNS)]


def _named(names: list[str], positions: npt.NDArray[np.intp]) -> pd.Series:
    return pd.Series(np.array(names, dtype=object)[positions], dtype="str")


def _codes(
    features: tuple[Feature, ...], members: npt.NDArray[np.intp], is_lowering: npt.NDArray[np.intp]
) -> pd.Series:
    codes = [reason_code(f, way) for way in (wording.RAISING, wording.LOWERING) for f in features]
    return _named(codes, members + len(features) * is_lowering)


def _fact_dates(
    index_dates: npt.NDArray[np.datetime64], days: npt.NDArray[np.int32]
) -> npt.NDArray[np.datetime64]:
    """The day of each fact; every distinct pair is worked out once."""
    pairs = pd.DataFrame({"index_date": index_dates, "days": days})
    places = pairs.groupby(["index_date", "days"], sort=False).ngroup().to_numpy()
    firsts = np.unique(places, return_index=True)[1]
    distinct = [
        add_days(day, -since)
        for day, since in zip(index_dates[firsts].tolist(), days[firsts].tolist(), strict=True)
    ]
    return np.array(distinct, dtype="datetime64[D]")[places]


class _Speaker:
    """Texts of reasons; each distinct fact and each distinct comparison is worded once."""

    def __init__(self, features: tuple[Feature, ...], table: PeerTable) -> None:
        self._features = features
        self._table = table
        self._facts: dict[_FactKey, str] = {}
        self._comparisons: dict[tuple[str, int, float, int], str | None] = {}

    def text(self, direction: str, fact: _FactKey, peer: int) -> str:
        """The sentence for one fact, told against one row of the peers."""
        member, value, day, since = fact
        if fact not in self._facts:
            feature = self._features[member]
            self._facts[fact] = wording.tell_fact(feature, value, day, days=since)
        place = (direction, member, value, peer)
        if place not in self._comparisons:
            kind, usual = self._features[member].kind, self._table.usual(peer, member)
            self._comparisons[place] = wording.compare(kind, direction, value, usual=usual)
        return wording.tell(self._facts[fact], self._comparisons[place])
