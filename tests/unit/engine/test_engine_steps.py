"""Steps keep to the portable subset of SQL and compose in order."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import pytest
import sqlglot

from riskstrat.engine import PORTABLE_FUNCTIONS, Engine, Step, compose, to_dialect
from riskstrat.errors import RecordsError, UsageError


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("select strptime(a, '%Y') from t", "str_to_time"),
        ("select quantile_cont(a, 0.5) from t", "percentile"),
        ("select list_sum(a) from t", "list_sum"),
        ("select hash(a) from t", "hash"),
        ("select mode(a) from t", "mode"),
        ("select first(a) from t", "first"),
        ("select isodow(a) from t", "isodow|dayofweek"),
        ("select * from generate_series(1, 3)", "generate"),
        ("select current_date", "current_date"),
        ("select random()", "rand"),
        ("select ln(a) from t", "ln"),
        ("select stddev(a) from t", "stddev"),
        ("select median(a) from t", "median"),
        ("select d + interval 1 month from t", "interval"),
        ("select a[1] from t", "bracket"),
        ("select date_diff('month', d, e) from t", r"date_diff\('month'\)"),
        ("select 1 from t asof join u on t.d >= u.d", "asof join"),
        ("select b from t where exists (select hash(a) from u)", "hash"),
    ],
)
def test_a_portable_step_names_the_function_it_may_not_use(sql: str, named: str) -> None:
    """Each of these was seen to fail or to differ on Spark; subqueries are searched too."""
    with pytest.raises(ValueError, match=f"(?s)step 'rule' uses .*({named}).*DuckDB and Spark"):
        Step("rule", sql)
    assert Step("rule", sql, portable=False).name == "rule"


@pytest.mark.parametrize(
    "sql",
    [
        "with a as (select 1) select * from a",
        "select * from (with a as (select 1) select * from a)",
        "select 1; select 2",
        "drop table t",
        "insert into t select 1",
        "create table t as select 1",
        "copy t to 'file'",
    ],
)
@pytest.mark.parametrize("portable", [True, False])
def test_a_step_is_one_select(sql: str, portable: bool) -> None:
    with pytest.raises(ValueError, match="must be one SELECT without its own WITH"):
        Step("rule", sql, portable=portable)


def test_every_allowed_function_has_a_name_that_sqlglot_gives() -> None:
    """A misspelt entry of the allow-list would allow nothing; each one is used here."""
    calls = {
        "and": "a and b", "or": "a or b", "case": "case when a then 1 end", "if": "if(a, 1, 2)",
        "exists": "exists (select 1)", "cast": "cast(a as date)", "count": "count(a)",
        "round": "round(a, 2)", "row_number": "row_number() over (order by a)",
        "date_diff": "date_diff('day', a, b)", "datediff": "datediff('day', a, b)",
        "nullif": "nullif(a, b)", "coalesce": "coalesce(a, b)", "replace": "replace(a, b, c)",
        "regexp_like": "regexp_matches(a, 'x')", "substring": "substring(a, 1, 2)",
        "starts_with": "starts_with(a, b)", "arg_max": "arg_max(a, b)", "arg_min": "arg_min(a, b)",
        "count_if": "count_if(a)", "concat": "concat(a, b)",
    }  # fmt: skip
    for function in sorted(PORTABLE_FUNCTIONS):
        call = calls.get(function, f"{function}(a)")
        assert Step("rule", f"select {call} as x from t").portable
        sqlglot.parse_one(
            to_dialect([Step("rule", f"select {call} as x from t")], "spark"), "spark"
        )


def test_steps_compose_in_the_order_given() -> None:
    """Each step is a CTE, earlier ones first, and the last one is the result."""
    first = Step("first", "select 1 as a")
    second = Step("second", "select a + 1 as a from first")
    third = Step("third", "select a * 10 as a from second")
    text = compose([first, second, third])
    assert text.index("first AS") < text.index("second AS") < text.index("a * 10")
    assert Engine(threads=1).fetch(first, second, third)["a"].to_pylist() == [20]
    assert compose([first]) == "SELECT 1 AS a"


def test_composing_leaves_the_steps_as_they_were() -> None:
    """A step belongs to many queries: composing one must not change the next."""
    first, second = Step("first", "select 1 as a"), Step("second", "select a from first")
    assert compose([first, second]) == compose([first, second])
    assert second.expression.sql("duckdb") == "SELECT a FROM first"


def test_spark_text_orders_nulls_as_duckdb_does() -> None:
    """DuckDB puts nulls last both ways; Spark does so by itself only when descending."""
    step = Step("rule", "select row_number() over (order by a desc, b) as n from t")
    assert "ORDER BY a DESC, b NULLS LAST" in to_dialect([step], "spark")


def test_spark_text_has_times_of_day() -> None:
    """sqlglot would write a moment, which no time of day can stand beside in one column."""
    assert to_dialect([Step("rule", "select cast(null as time) as at")], "spark") == (
        "SELECT CAST(NULL AS TIME) AS at"
    )


def test_values_are_bound_and_never_pasted() -> None:
    engine = Engine(threads=1)
    step = Step("rule", "select $word as word")
    sly = "'; drop table patients; --"
    assert engine.fetch(step, word=sly)["word"].to_pylist() == [sly]


def test_a_created_step_can_be_read_by_its_name() -> None:
    engine = Engine(threads=1)
    engine.create(Step("one", "select 1 as a"), Step("kept", "select a from one"))
    engine.create(Step("kept", "select a + 1 as a from (select 1 as a)"))
    assert engine.fetch_frame(Step("read", "select a from kept"))["a"].tolist() == [2]


def test_batches_hold_all_rows() -> None:
    engine = Engine(threads=1)
    step = Step("many", "select * from range(5000) r(n)", portable=False)
    sizes = [b.num_rows for b in engine.fetch_batches([step], rows_per_batch=2048)]
    assert sum(sizes) == 5000
    assert max(sizes) <= 2048


def test_a_value_that_does_not_fit_is_a_records_error_without_the_value() -> None:
    engine = Engine(threads=1)
    step = Step("rule", "select cast(a as date) as d from (select 'CANARY' as a)")
    with pytest.raises(RecordsError, match="does not fit its declared type") as caught:
        engine.fetch(step)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_what_does_not_fit_into_memory_goes_to_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not to the current folder, where others may read it; the folder goes with the engine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spill"))
    (tmp_path / "spill").mkdir()
    engine = Engine(threads=1, memory_limit="40MB")
    text = "select md5(n::varchar) as m, n from range(1000000) r(n) order by m"
    step = Step("sorted", text, portable=False)
    first = next(iter(engine.fetch_batches([step])))
    (folder,) = (tmp_path / "spill").iterdir()
    assert first.num_rows > 0
    assert list(folder.iterdir())
    assert folder.stat().st_mode & 0o077 == 0
    assert [p.name for p in tmp_path.iterdir()] == ["spill"]
    del engine, first
    gc.collect()
    assert list((tmp_path / "spill").iterdir()) == []


def test_a_mistake_in_a_query_is_a_defect_and_not_the_users() -> None:
    with pytest.raises(Exception, match="missing") as caught:
        Engine(threads=1).fetch(Step("rule", "select a from missing"))
    assert not isinstance(caught.value, RecordsError)


@pytest.mark.parametrize("memory", ["abc", "4", "-1", "4 bananas", ""])
def test_an_amount_of_memory_needs_a_unit(memory: str) -> None:
    with pytest.raises(UsageError, match="such as 4GB"):
        Engine(memory_limit=memory)


def test_an_engine_keeps_to_its_memory() -> None:
    engine = Engine(memory_limit="500MB")
    ((limit,),) = engine.connection.execute("select current_setting('memory_limit')").fetchall()
    assert limit == "476.8 MiB"
