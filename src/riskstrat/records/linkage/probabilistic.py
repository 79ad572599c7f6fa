"""Whom does a feed name when it gives no usable NHS number? By probability, and how sure.

A claim is one way in which a feed names a person. It is compared with the known people it shares a
key with (``link_model`` says on what), each pair is weighed (``link_weights``), and the best
candidate is accepted when it is probable enough among all candidates and nobody
(``link_decisions``).

Before any evidence each of `n` known people is as likely: with a share `s` of claims that mean one
of them, the odds of one against nobody are :math:`s / n / (1 - s)`. The share is learnt from the
claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from riskstrat.engine import Engine
from riskstrat.errors import UsageError
from riskstrat.records.linkage.link_chance import Shares, count_u
from riskstrat.records.linkage.link_decisions import (
    ACCEPTED,
    BELOW,
    TIED,
    Decisions,
    decide,
    prior_weight,
    share_known,
)
from riskstrat.records.linkage.link_model import BLOCKING_KEYS, COMPARISONS
from riskstrat.records.linkage.link_tables import as_facts, build_tables
from riskstrat.records.linkage.link_weights import learn_m, require_splink, weigh_pairs

__all__ = ["LINKS", "LinkResult", "LinkSettings", "link_claims"]

LINKS = pa.schema(
    [
        ("claim", pa.string()),
        ("person", pa.string()),
        ("weight", pa.float64()),
        ("probability", pa.float64()),
        ("accepted", pa.bool_()),
        ("reason", pa.string()),
    ]
)
"""Columns of :attr:`LinkResult.links`, which is sorted by claim."""

_LEAST_PRECISION = 0.5
_SAME_WEIGHT = 1e-6
"""Candidates whose weights differ by no more are equally good."""
_DIGITS = 9


@dataclass(frozen=True)
class LinkSettings:
    """What is asked of probabilistic links.

    Parameters
    ----------
    precision : float
        Share of the accepted links that should be right: 0.5 or more, and less than 1.

    Raises
    ------
    UsageError
        When the precision is out of range.
    """

    precision: float = 0.99

    def __post_init__(self) -> None:
        if not _LEAST_PRECISION <= self.precision < 1:
            raise UsageError(
                f"expected a precision of at least {_LEAST_PRECISION} and less than 1, "
                f"got {self.precision}."
            )


@dataclass(frozen=True)
class LinkResult:
    """Which known person each claim means.

    Parameters
    ----------
    links : pyarrow.Table
        One row per claim with a candidate, its best one: claim, person, weight (log2 of the odds
        that the claim means this person and not nobody), probability (of this person among all
        candidates and nobody), accepted, reason. The first person by name when several are as good.
    threshold : float
        Links of this probability and more are accepted; 1 when none can be.
    estimated_precision : float
        Mean probability of the accepted links; 0 when there are none.
    estimated_recall : float
        Expected right links among the accepted, over expected claims of known people; 0 when there
        are none. It does not know of people who share no key with their claim, so it is too high.
    parameters : mapping
        Plain data for the manifest: `m` and `u` of every level, where `m` is from, and the prior.
    counts : mapping
        Claims, people, pairs compared, claims with a key, claims with a candidate, links by reason.
    """

    links: pa.Table
    threshold: float
    estimated_precision: float
    estimated_recall: float
    parameters: Mapping[str, Any]
    counts: Mapping[str, int]


def link_claims(
    claims: pa.Table, people: pa.Table, *, precision: float = LinkSettings.precision
) -> LinkResult:
    """Find the person that each claim means, among the known people.

    Parameters
    ----------
    claims : pyarrow.Table
        ``claim`` (unique), ``birth_date`` (null unless the day is known), ``birth_month`` (its
        first day), ``sex``, ``postcode`` (no spaces, upper case), ``lsoa``, ``practice_code``;
        null where unknown. What stands for unknown (a day of birth or postcode that many are given)
        must be null too: it is no evidence, and everybody who has it would meet everybody else.
    people : pyarrow.Table
        ``person`` and the same facts: one row for each address and practice a person ever had.
    precision : float
        Share of the accepted links that should be right.

    Returns
    -------
    LinkResult
        The same for the same rows in any order.

    Raises
    ------
    MissingExtraError
        When splink is not installed.
    RecordsError
        When a column is missing or of another type, or a claim is told twice.
    UsageError
        When the precision is out of range.
    """
    settings = LinkSettings(precision)
    require_splink()
    engine = Engine(threads=1)
    build_tables(engine, as_facts("claims", claims), as_facts("people", people))
    u = count_u(engine)
    learnt = learn_m(engine, u)
    m = {c.name: learnt.get(c.name, [level.m for level in c.levels]) for c in COMPARISONS}
    pairs = weigh_pairs(engine, m, u)
    counts = _counts(engine) | {"pairs": pairs}
    best = engine.connection.execute(_BEST, {"same": _SAME_WEIGHT}).df()
    share = share_known(
        best["all_evidence"].to_numpy(np.float64), counts["claims_with_key"], counts["people"]
    )
    decisions = decide(best, prior_weight(share, counts["people"]), settings.precision)
    model = {"comparisons": _described(m, u, learnt), "share_known": round(share, _DIGITS)}
    return _result(decisions, model, counts)


_BEST = """
    with scored as (
        select *, max(weight) over (partition by claim) as best from weighed
    )
    select claim, min(person) filter (where weight >= best - $same) as person,
        max(best) as evidence,
        max(best) + log2(sum(pow(2, weight - best) order by person)) as all_evidence,
        count(*) filter (where weight >= best - $same) > 1 as tied
    from scored group by claim order by claim
"""


def _counts(engine: Engine) -> dict[str, int]:
    with_key = " or ".join(f"{key.name} is not null" for key in BLOCKING_KEYS)
    ((claims, keyed),) = engine.connection.execute(
        f"select count(*), count(*) filter (where {with_key}) from link_claims"
    ).fetchall()
    ((people,),) = engine.connection.execute(
        "select count(distinct name) from link_people"
    ).fetchall()
    return {"claims": claims, "claims_with_key": keyed, "people": people}


def _described(m: Shares, u: Shares, learnt: Shares) -> dict[str, Any]:
    return {
        comparison.name: {
            "m_from": "learnt" if comparison.name in learnt else "default",
            "levels": [
                {"level": level.name, "m": round(of_one, _DIGITS), "u": round(of_two, _DIGITS)}
                for level, of_one, of_two in zip(
                    comparison.levels, m[comparison.name], u[comparison.name], strict=True
                )
            ],
        }
        for comparison in COMPARISONS
    }


def _result(decisions: Decisions, model: dict[str, Any], counts: dict[str, int]) -> LinkResult:
    links = decisions.links
    reasons = links["reason"].value_counts()
    accepted = int(reasons.get(ACCEPTED, 0))
    unseen = counts["claims"] - counts["claims_with_key"]
    known = decisions.expected_known + model["share_known"] * unseen
    told = {
        **counts,
        "claims_with_candidate": len(links),
        **{reason: int(reasons.get(reason, 0)) for reason in (ACCEPTED, BELOW, TIED)},
    }
    return LinkResult(
        links=pa.Table.from_pandas(links, schema=LINKS, preserve_index=False),
        threshold=decisions.threshold,
        estimated_precision=_share(decisions.expected_right, accepted),
        estimated_recall=_share(decisions.expected_right, known),
        parameters=model,
        counts=told,
    )


def _share(part: float, whole: float) -> float:
    return round(part / whole, _DIGITS) if part else 0.0
