"""Every named query of the library keeps to the portable subset and reads as Spark SQL."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel

import riskstrat
from riskstrat.cohort.outcome import _first_outcome
from riskstrat.engine import Step, to_dialect
from riskstrat.features.rules import known
from riskstrat.records import as_known, spells
from riskstrat.records.without_lag import _known_at_once
from riskstrat.schema import TABLES
from riskstrat.study import Outcome

SOURCE = Path(riskstrat.__file__).parent

BUILT: dict[str, Callable[[], list[Step]]] = {
    "as_known": lambda: [as_known(table) for table in TABLES],
    "spells": lambda: [spells("known_stays"), spells("stays", partition=("patient_id",))],
    "known": lambda: [known(table) for table in TABLES],
    "_known_at_once": lambda: [_known_at_once(table) for table in ("stays", "services")],
    "_first_outcome": lambda: [
        _first_outcome(Outcome(kind="emergency_admission", gap_days=gap)) for gap in (0, 7)
    ],
}
"""Steps that depend on something: each function that returns one, and calls of it."""


def modules_with_steps() -> list[str]:
    files = [f for f in sorted(SOURCE.rglob("*.py")) if "Step(" in f.read_text(encoding="utf-8")]
    names = [".".join(f.relative_to(SOURCE.parent).with_suffix("").parts) for f in files]
    return [name for name in names if name != "riskstrat.engine.query"]


def found_in(value: object) -> Iterator[Step]:
    if isinstance(value, Step):
        yield value
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from found_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from found_in(item)


def all_steps() -> dict[str, Step]:
    """Steps of the library by module, name and text."""
    steps = {}
    for name in modules_with_steps():
        for value in vars(import_module(name)).values():
            for step in found_in(value):
                steps.setdefault(step.sql, step)
    for build in BUILT.values():
        for step in build():
            steps.setdefault(step.sql, step)
    return {f"{step.name}-{number}": step for number, step in enumerate(steps.values())}


STEPS = all_steps()


def test_the_queries_of_the_cohort_are_among_them() -> None:
    names = {step.name for step in STEPS.values()}
    assert {"candidates", "discharge_keys", "leaving", "known_events", "spells"} <= names


def test_every_function_that_builds_a_step_is_listed() -> None:
    """A new one needs an entry in BUILT, so that what it builds is tested too."""
    builders = {
        node.name
        for name in modules_with_steps()
        for node in ast.walk(ast.parse(inspect.getsource(import_module(name))))
        if isinstance(node, ast.FunctionDef)
        and node.returns is not None
        and ast.unparse(node.returns) == "Step"
    }
    assert builders == set(BUILT)


def test_every_query_reads_as_spark_sql() -> None:
    """Portable by declaration, transpiled without a construct that Spark lacks, parsed again."""
    assert [name for name, step in STEPS.items() if not step.portable] == []
    for step in STEPS.values():
        assert step.expression.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE)
        assert sqlglot.parse_one(to_dialect([step], "spark"), dialect="spark") is not None


def test_queries_divide_only_by_what_cannot_be_nought() -> None:
    """1/0 is null on DuckDB and an error on Spark: divide by a number or by nullif(..., 0)."""
    unsafe = [
        name
        for name, step in STEPS.items()
        for division in step.expression.find_all(exp.Div, exp.IntDiv, exp.Mod)
        if not isinstance(division.expression.unnest(), (exp.Literal, exp.Nullif))
    ]
    assert unsafe == []


def test_rows_are_numbered_and_compared_in_an_order() -> None:
    """A row number, or the row before, is another one on every run without an order."""
    unordered = [
        name
        for name, step in STEPS.items()
        for window in step.expression.find_all(exp.Window)
        if isinstance(window.this, (exp.RowNumber, exp.Lag, exp.Lead))
        and window.args.get("order") is None
    ]
    assert unordered == []
