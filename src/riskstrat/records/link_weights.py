"""Weigh pairs of a claim and a person with splink, on one thread and in one order.

The probability `u` that two different people agree is counted between two halves of the known
people that have nobody in common, dressed as claims: counted between claims and people, true pairs
would pass for chance, which matters where few people are known. The probability `m` that a claim
agrees with its own person is learnt by expectation maximisation among pairs that share a key.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from riskstrat.engine import Engine
from riskstrat.errors import MissingExtraError
from riskstrat.records.link_model import BLOCKING_KEYS, COMPARISONS, TRAINING, Comparison, Training

if TYPE_CHECKING:
    from splink import Linker

__all__ = ["FEWEST_CLAIMS", "Shares", "count_u", "learn_m", "require_splink", "weigh_pairs"]

FEWEST_CLAIMS = 50
"""Claims that must tell something about a comparison before its `m` is learnt; a judgement."""

_WORTH_OF_GIVEN_M = 10
"""Claims that the given `m` counts for beside what was learnt: no level ever becomes impossible."""
_WORTH_OF_GIVEN_U = 1000
"""Pairs that the given `u` counts for beside what was counted."""
_PEOPLE_PER_HALF = 1500
"""2.25 million pairs in each dress: about 75 of them share a day of birth by chance."""
_MOST_TRAINING_PAIRS = 2_000_000
_SAMPLED_TO_COUNT_PAIRS = 0.1
_MOST_ITERATIONS = 100
_EVEN = 0.5
"""Prior under which splink's match weight is the weight of the evidence alone."""
_STARTING_SHARE = 0.1
"""Share of pairs with a common key that are one person, where the learning starts."""

Shares = Mapping[str, Sequence[float]]
"""For each comparison by its name, a probability for each level."""


def require_splink() -> None:
    """Raise unless splink can be imported.

    Raises
    ------
    MissingExtraError
        When the extra ``link`` is not installed.
    """
    try:
        import splink  # noqa: F401, PLC0415
    except ImportError as error:
        raise MissingExtraError("link", "probabilistic linkage") from error


def count_u(engine: Engine) -> dict[str, list[float]]:
    """Share of pairs of two different people in each level of each comparison.

    Parameters
    ----------
    engine : Engine
        With the tables of :func:`~riskstrat.records.link_tables.build_tables`.
    """
    engine.connection.execute(_HALVES, {"most": _PEOPLE_PER_HALF})
    engine.connection.execute(_HALF_PEOPLE)
    engine.connection.execute(_HALF_CLAIMS)
    cases = ", ".join(f"{_case(comparison)} as {comparison.name}" for comparison in COMPARISONS)
    engine.connection.execute(f"""
        create temp table chance as
        with l as (select columns('(.*)') as '\\1_l' from half_claims),
            r as (select columns('(.*)') as '\\1_r' from half_people)
        select {", ".join(comparison.name for comparison in COMPARISONS)}, count(*) as pairs
        from (select {cases} from l cross join r) group by all
    """)
    return {comparison.name: _u_of(engine, comparison) for comparison in COMPARISONS}


def _case(comparison: Comparison) -> str:
    *levels, _ = comparison.levels
    whens = " ".join(f"when {level.condition} then {n}" for n, level in enumerate(levels))
    return f"case when {comparison.unknown} then null {whens} else {len(levels)} end"


def _u_of(engine: Engine, comparison: Comparison) -> list[float]:
    rows = engine.connection.execute(
        f"select {comparison.name}, sum(pairs) from chance group by all"
    ).fetchall()
    pairs = {level: float(count) for level, count in rows if level is not None}
    given = [level.u for level in comparison.levels]
    return _mixed([pairs.get(n, 0.0) for n in range(len(given))], given, _WORTH_OF_GIVEN_U)


def _mixed(counts: Sequence[float], given: Sequence[float], worth: float) -> list[float]:
    """Shares of `counts`, with `given` counted as if seen `worth` times."""
    total = sum(counts) + worth
    return [(count + worth * share) / total for count, share in zip(counts, given, strict=True)]


_HALVES = """
    create temp table halves as
    with ranked as (
        select *, dense_rank() over (order by name) as place,
            row_number() over (partition by name order by unique_id) as row_of_person
        from people_in_rows
    ), thinned as (
        select *, greatest(1, max(place) over () // (2 * $most)) as step from ranked
    )
    select *, place // step % 2 as half from thinned
    where place % step = 0 and row_of_person = 1
"""

_HALF_PEOPLE = """
    create temp table half_people as
    select p.* from halves h join link_people p using (unique_id) where h.half = 0
"""

_HALF_CLAIMS = """
    create temp table half_claims as
    select birth_date, birth_month, sex, postcode, sector, area, practice
    from halves where half = 1
    union all
    select null, birth_month, sex, null, null, area, practice from halves where half = 1
"""


def learn_m(engine: Engine, u: Shares) -> dict[str, list[float]]:
    """Share of pairs of one person in each level, for the comparisons that it can be learnt of.

    Parameters
    ----------
    engine : Engine
        With the tables of :func:`~riskstrat.records.link_tables.build_tables`.
    u : mapping
        As :func:`count_u` gives it.
    """
    learnt: dict[str, list[float]] = {}
    for training in TRAINING:
        claims = _claims_that_tell(engine, training)
        wanted = [
            comparison
            for comparison in COMPARISONS
            if comparison.name not in learnt and claims.get(comparison.name, 0) >= FEWEST_CLAIMS
        ]
        if wanted:
            found = _maximise(engine, training, wanted, u)
            learnt |= {
                comparison.name: _mixed(
                    [claims[comparison.name] * share for share in found[comparison.name]],
                    [level.m for level in comparison.levels],
                    _WORTH_OF_GIVEN_M,
                )
                for comparison in wanted
            }
    return learnt


def _claims_that_tell(engine: Engine, training: Training) -> dict[str, int]:
    """Claims that meet somebody through the key and can be compared with them."""
    told = [comparison for comparison in COMPARISONS if comparison.name in training.comparisons]
    counts = ", ".join(
        f"count(distinct unique_id_l) filter (not ({comparison.unknown}))" for comparison in told
    )
    key = training.key.name
    (row,) = engine.connection.execute(f"""
        with l as (select columns('(.*)') as '\\1_l' from link_claims),
            r as (select columns('(.*)') as '\\1_r' from link_people)
        select {counts} from l join r on {key}_l = {key}_r
    """).fetchall()
    return dict(zip((comparison.name for comparison in told), row, strict=True))


def _maximise(
    engine: Engine, training: Training, wanted: Sequence[Comparison], u: Shares
) -> dict[str, list[float]]:
    given = {comparison.name: [level.m for level in comparison.levels] for comparison in wanted}
    settings = _settings([_as_splink(c, given[c.name], u[c.name]) for c in wanted])
    settings |= {
        "probability_two_random_records_match": _STARTING_SHARE,
        "max_iterations": _MOST_ITERATIONS,
    }
    linker = _linker(engine, settings)
    with _silence():
        linker.training.estimate_parameters_using_expectation_maximisation(
            f"l.{training.key.name} = r.{training.key.name}",
            estimate_without_term_frequencies=True,
            max_pairs=_MOST_TRAINING_PAIRS,
            record_sample_proportion=_SAMPLED_TO_COUNT_PAIRS,
        )
    model = linker.misc.save_model_to_json()
    return {c["output_column_name"]: _learnt_m(c) for c in model["comparisons"]}


def _learnt_m(comparison: Mapping[str, Any]) -> list[float]:
    levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
    return [float(level["m_probability"]) for level in levels]


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
    from splink import DuckDBAPI, Linker  # noqa: PLC0415

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
