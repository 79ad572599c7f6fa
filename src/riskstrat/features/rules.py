"""How facts become values, and the rules of a catalogue as arrays.

A fact is (row, fact, day): something that was known of the person of a matrix row, that many days
before the index date; some facts have an amount. The rules of the catalogue say what becomes of
the facts of a kind, or of a set of kinds (:mod:`riskstrat.features.sets`):

=========  =======================================================================
how        value
=========  =======================================================================
count      number of facts within the window
days       number of days with a fact within the window
any        1 when there is a fact within the window
since      days since the latest fact within the window; missing without one
first      days since the earliest fact within the window; missing without one
longest    days since the earliest fact, cut at the window
points     sum of the weights of the facts of a set that are there within the window
change     number within the window less the number in as long a time before it; missing where
           the earlier one could not be seen
value      the amount
latest     amount of the latest fact within the window; missing without one
lowest     least amount within the window
highest    greatest amount within the window
total      sum of the amounts within the window
slope      change of the amount in a year, by least squares; missing with one day only
fall       percent by which the latest amount is below the highest within the window; missing
           with one amount only
nights     nights of spells that fall within the window (the amount: the day they ended)
=========  =======================================================================

Queries read these relations, which :func:`riskstrat.features.build_features` registers:
``cohort_keys`` with a ``row_number``, ``feature_facts`` (fact, fact_number), ``feature_codes`` and
``service_families``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from riskstrat.engine import Step
from riskstrat.features.catalogue import Feature
from riskstrat.features.kernel import How, Rules
from riskstrat.features.packing import LONGEST_DAY
from riskstrat.features.sets import fact_set, members_of
from riskstrat.records.known import as_known

__all__ = ["compile_rules", "known", "looks_back", "starts_at_zero"]

_ZERO = {"count", "days", "any", "points", "change", "nights"}


def known(table: str) -> Step:
    """As :func:`riskstrat.records.as_known`, with the ``row_number`` of the key.

    A key's number stands for its person and index date in every later join: joining the keys a
    second time would let an engine pair all people of one index date before it looks at the facts.
    """
    step = as_known(table)
    numbered = step.expression.copy().select("k.row_number", dialect="duckdb")
    return Step(step.name, numbered.sql(dialect="duckdb"))


def starts_at_zero(feature: Feature) -> bool:
    """Whether no fact means none, rather than not known."""
    found = fact_set(feature.fact)
    if found is not None and found.is_missing_without:
        return False
    is_amount = feature.how in {"highest", "total"} and feature.kind == "count"
    return feature.how in _ZERO or is_amount


def looks_back(feature: Feature) -> int:
    """How many days back facts count for a feature."""
    if feature.window_days is None or feature.how == "longest":
        return LONGEST_DAY
    return feature.window_days * (2 if feature.how == "change" else 1)


def compile_rules(features: Sequence[Feature], numbers: Mapping[str, int]) -> Rules:
    """The rules of `features` by the number of the fact.

    Parameters
    ----------
    features : sequence of Feature
    numbers : mapping of str to int
        Number of each fact that occurs, from 0.
    """
    by_fact: list[list[tuple[int, int, int, int]]] = [[] for _ in numbers]
    drops = []
    for column, feature in enumerate(features):
        how, window = How[feature.how.upper()], looks_back(feature)
        if feature.how == "longest" and feature.window_days is not None:
            window = feature.window_days
        for fact, weight in members_of(feature.fact, numbers).items():
            if fact in numbers and (weight or feature.how == "points"):
                by_fact[numbers[fact]].append((column, how, window, weight))
        drops += [(column, *drop, window) for drop in _drops(feature, numbers)]
    starts = np.cumsum([0, *map(len, by_fact)], dtype=np.int32)
    flat = [rule for rules in by_fact for rule in rules]
    columns, hows, windows, weights = np.array(flat, np.int32).reshape(-1, 4).T.copy()
    taken = np.array(drops, np.int32).reshape(-1, 5)
    return Rules(starts, columns, hows, windows, weights, taken)


def _drops(feature: Feature, numbers: Mapping[str, int]) -> list[tuple[int, int, int]]:
    found = fact_set(feature.fact)
    if found is None or feature.how != "points":
        return []
    return [
        (numbers[milder], numbers[severe], found.weights[milder])
        for milder, severe in found.drops
        if milder in numbers and severe in numbers
    ]
