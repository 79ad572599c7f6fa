"""Weigh pairs of a claim and a person with splink, on one thread and in one order.

The probability `m` that a claim agrees with its own person is learnt by expectation maximisation
among pairs that share a key; the probability `u` that it agrees with anybody else is counted before
(:mod:`~riskstrat.records.linkage.link_chance`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from riskstrat.engine import Engine
from riskstrat.errors import MissingExtraError
from riskstrat.records.linkage.link_chance import Shares, mixed_shares
from riskstrat.records.linkage.link_model import (
    BLOCKING_KEYS,
    COMPARISONS,
    TRAINING,
    Comparison,
    Training,
)

if TYPE_CHECKING:
    from splink import Linker

__all__ = ["FEWEST_CLAIMS", "learn_m", "require_splink", "weigh_pairs"]

FEWEST_CLAIMS = 50
"""Claims that must tell something about a comparison before its `m` is learnt; a judgement."""

_WORTH_OF_GIVEN_M = 10
"""Claims that the given `m` counts for beside what was learnt: no level ever becomes impossible."""
_MOST_TRAINING_PAIRS = 2_000_000
_SAMPLED_TO_COUNT_PAIRS = 0.1
_EVEN = 0.5
"""Prior under which splink's match weight is the weight of the evidence alone."""
_MEET_THEIR_PERSON = 0.8
"""Share of claims that meet their person through a key, where the learning starts; a judgement."""


def require_splink() -> None:
    """Raise unless splink can be imported.

    Raises
    ------
    MissingExtraError
        When the extra ``link`` is not installed.
    """
    try:
        import splink  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("link", "probabilistic linkage") from error


def learn_m(engine: Engine, u: Shares) -> dict[str, list[float]]:
    """Share of pairs of one person in each level, for the comparisons that it can be learnt of.

    Parameters
    ----------
    engine : Engine
        With the tables of :func:`~riskstrat.records.linkage.link_tables.build_tables`.
    u : mapping
        As :func:`~riskstrat.records.linkage.link_chance.count_u` gives it.
    """
    learnt: dict[str, list[float]] = {}
    for training in TRAINING:
        block = _block(engine, training)
        wanted = [c for c in block.telling(training) if c.name not in learnt]
        found = _maximise(engine, block, wanted, u) if wanted else {}
        for comparison in wanted:
            if comparison.name in found:
                learnt[comparison.name] = mixed_shares(
                    [block.claims[comparison.name] * share for share in found[comparison.name]],
                    [level.m for level in comparison.levels],
                    _WORTH_OF_GIVEN_M,
                )
    return learnt


@dataclass(frozen=True)
class _Block:
    """Pairs that share a key: how many, of how many claims, and how many claims tell what."""

    key: str
    pairs: int
    named: int
    claims: Mapping[str, int]

    def telling(self, training: Training) -> list[Comparison]:
        return [
            comparison
            for comparison in COMPARISONS
            if comparison.name in training.comparisons
            and self.claims[comparison.name] >= FEWEST_CLAIMS
        ]

    @property
    def share(self) -> float:
        """Share of the pairs that are one person, if most claims meet theirs."""
        return min(_MEET_THEIR_PERSON * self.named / self.pairs, _MEET_THEIR_PERSON)


def _block(engine: Engine, training: Training) -> _Block:
    counts = ", ".join(
        f"count(distinct unique_id_l) filter (not ({comparison.unknown}))"
        for comparison in COMPARISONS
    )
    key = training.key.name
    ((pairs, named, *claims),) = engine.connection.execute(f"""
        with l as (select columns('(.*)') as '\\1_l' from link_claims),
            r as (select columns('(.*)') as '\\1_r' from link_people)
        select count(*), count(distinct unique_id_l), {counts} from l join r on {key}_l = {key}_r
    """).fetchall()
    names = (comparison.name for comparison in COMPARISONS)
    return _Block(key, pairs, named, dict(zip(names, claims, strict=True)))


def _maximise(
    engine: Engine, block: _Block, wanted: Sequence[Comparison], u: Shares
) -> dict[str, list[float]]:
    """`m` by expectation maximisation; of nothing where splink finds no answer."""
    given = {comparison.name: [level.m for level in comparison.levels] for comparison in wanted}
    settings = _settings([_as_splink(c, given[c.name], u[c.name]) for c in wanted])
    settings["probability_two_random_records_match"] = block.share
    linker = _linker(engine, settings)
    try:
        with _silence():
            linker.training.estimate_parameters_using_expectation_maximisation(
                f"l.{block.key} = r.{block.key}",
                estimate_without_term_frequencies=True,
                max_pairs=_MOST_TRAINING_PAIRS,
                record_sample_proportion=_SAMPLED_TO_COUNT_PAIRS,
            )
    except ValueError:  # a probability has become too small for splink
        return {}
    model = linker.misc.save_model_to_json()
    return {c["output_column_name"]: _learnt_m(c) for c in model["comparisons"]}


def _learnt_m(comparison: Mapping[str, Any]) -> list[float]:
    """Shares that sum to one: a level that no pair was in keeps what it had."""
    levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
    shares = [float(level["m_probability"]) for level in levels]
    return [share / sum(shares) for share in shares]


def weigh_pairs(engine: Engine, m: Shares, u: Shares) -> int:
    """Make ``weighed``: claim, person and the weight of the evidence for each pair that meets.

    The weight is the logarithm to base 2 of how much likelier the pair's agreements are for one
    person than for two; of several descriptions of a person the likeliest counts.

    Returns
    -------
    int
        How many pairs of rows were compared.
    """
    described = [_as_splink(c, m[c.name], u[c.name], rare=c.rare) for c in COMPARISONS]
    settings = _settings(described)
    settings["blocking_rules_to_generate_predictions"] = [
        {"blocking_rule": f"l.{key.name} = r.{key.name}"} for key in BLOCKING_KEYS
    ]
    linker = _linker(engine, settings)
    with _silence():
        pairs = linker.inference.predict(warning_mode="never")
    engine.connection.execute(f"""
        create temp table weighed as
        select c.name as claim, p.name as person, max(w.match_weight) as weight
        from {pairs.physical_name} w
        join link_claims c on c.unique_id = w.unique_id_l
        join link_people p on p.unique_id = w.unique_id_r
        group by c.name, p.name
    """)
    ((compared,),) = engine.connection.execute(
        f"select count(*) from {pairs.physical_name}"
    ).fetchall()
    return int(compared)


def _settings(comparisons: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "link_type": "link_only",
        "comparisons": list(comparisons),
        "probability_two_random_records_match": _EVEN,
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
        "linker_uid": "riskstrat",
    }


def _as_splink(
    comparison: Comparison, m: Sequence[float], u: Sequence[float], *, rare: str | None = None
) -> dict[str, Any]:
    unknown = {"sql_condition": comparison.unknown, "is_null_level": True}
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": level.condition,
            "label_for_charts": level.name,
            "m_probability": m[number],
            "u_probability": u[number],
        }
        for number, level in enumerate(comparison.levels)
    ]
    if rare is not None:
        levels[0] |= {"tf_adjustment_column": rare, "disable_tf_exact_match_detection": True}
    return {"output_column_name": comparison.name, "comparison_levels": [unknown, *levels]}


def _linker(engine: Engine, settings: dict[str, Any]) -> Linker:
    from splink import DuckDBAPI, Linker

    with _silence():
        database = DuckDBAPI(engine.connection)
        tables = [
            database.register("link_claims", dataset_display_name="claims"),
            database.register("link_people", dataset_display_name="people"),
        ]
        linker = Linker(tables, settings, log_level=None, validate_settings=False)
        for comparison in settings["comparisons"]:
            for level in comparison["comparison_levels"]:
                if column := level.get("tf_adjustment_column"):
                    table = database.register(f"frequency_{column}")
                    linker.table_management.register_term_frequency_lookup(table, column)
    return linker


@contextmanager
def _silence() -> Iterator[None]:
    """No word of splink's: it logs conditions and counts, and warns of what is meant here."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
