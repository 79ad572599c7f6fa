"""Small named queries and the portable subset of SQL that they keep to.

A query is one rule. Larger ones are composed from named steps (CTEs), so that each step can be read
and tested by itself. Steps that users may run on Spark keep to :data:`PORTABLE_FUNCTIONS`: of 102
constructs tried on both engines, only these were seen to give identical rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.generators.spark import SparkGenerator

__all__ = ["PORTABLE_FUNCTIONS", "Step", "compose", "to_dialect"]

PORTABLE_FUNCTIONS = frozenset(
    {"and", "or", "case", "if", "coalesce", "nullif", "cast", "exists"}
    | {"abs", "floor", "round", "greatest", "least"}
    | {"count", "count_if", "sum", "min", "max", "avg", "arg_max", "arg_min"}
    | {"row_number", "lag", "lead"}
    | {"date_diff", "datediff", "year", "month", "day"}
    | {"concat", "length", "lower", "upper", "trim", "substring", "replace", "starts_with"}
    | {"regexp_like"}
)
"""sqlglot names (lower case) of the functions a portable query may use."""

_CONSTRUCTS_OFF_LIST = (exp.Interval, exp.Bracket, exp.Pivot)
"""Intervals, list elements and pivots: no functions, but they differ or fail on Spark too."""


@dataclass(frozen=True)
class Step:
    """One named query: one rule.

    Parameters
    ----------
    name : str
        Name under which later steps refer to the result.
    sql : str
        One ``SELECT`` in DuckDB's dialect; values come as ``$parameters``.
    portable : bool
        Whether the step must keep to :data:`PORTABLE_FUNCTIONS`. Reading raw feeds runs on DuckDB
        only and may say False.

    Raises
    ------
    ValueError
        When `sql` is not a single query or a portable step uses a function or construct off the
        list.
    """

    name: str
    sql: str
    portable: bool = True
    expression: exp.Query = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parsed = sqlglot.parse_one(self.sql, dialect="duckdb")
        if not isinstance(parsed, exp.Query) or parsed.find(exp.With) is not None:
            raise ValueError(f"step '{self.name}' must be one SELECT without its own WITH")
        object.__setattr__(self, "expression", parsed)
        if self.portable and (strange := _off_list(parsed)):
            raise ValueError(
                f"step '{self.name}' uses {', '.join(sorted(strange))}, which is not known to give "
                "the same rows on DuckDB and Spark"
            )


def _off_list(query: exp.Query) -> set[str]:
    functions = {
        (function.name if isinstance(function, exp.Anonymous) else function.sql_name()).lower()
        for function in query.find_all(exp.Func)
    }
    constructs = {type(found).__name__.lower() for found in query.find_all(*_CONSTRUCTS_OFF_LIST)}
    asof = {"asof join" for join in query.find_all(exp.Join) if join.method == "ASOF"}
    return (functions - PORTABLE_FUNCTIONS) | constructs | asof | _other_units(query)


def _other_units(query: exp.Query) -> set[str]:
    """Units of differences of dates but days: DuckDB counts where months begin, Spark full ones."""
    units = {found.text("unit").lower() for found in query.find_all(exp.DateDiff)}
    return {f"date_diff('{unit}')" for unit in units - {"day"}}


def compose(steps: Sequence[Step]) -> str:
    """One SQL text in which each step is a CTE and the last step is the result.

    Examples
    --------
    >>> compose([Step("old", "select 1 as a"), Step("new", "select a + 1 as b from old")])
    'WITH old AS (SELECT 1 AS a) SELECT a + 1 AS b FROM old'
    """
    return _written(tuple(steps), "duckdb")


def to_dialect(steps: Sequence[Step], dialect: str) -> str:
    """The composed steps in another dialect of SQL, such as ``"spark"``."""
    return _written(tuple(steps), dialect)


class _SparkWithTimes(Spark):
    """Spark from 4.1 on, which has times of day; sqlglot 30 writes them as moments (TIMESTAMP)."""

    class Generator(SparkGenerator):
        TYPE_MAPPING: ClassVar = {**SparkGenerator.TYPE_MAPPING, exp.DataType.Type.TIME: "TIME"}


_DIALECTS = {"spark": _SparkWithTimes}


@lru_cache(maxsize=512)
def _written(steps: tuple[Step, ...], dialect: str) -> str:
    """The text; kept, since writing it takes longer than many a query."""
    return _composed(steps).sql(dialect=_DIALECTS.get(dialect, dialect))


def _composed(steps: Sequence[Step]) -> exp.Query:
    *earlier, last = steps
    query = last.expression.copy()
    for step in earlier:
        query = query.with_(step.name, as_=step.expression.copy(), append=True, copy=False)
    return query
