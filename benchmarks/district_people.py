"""A simulated district opened for judging: a row per person and index date, as it was known then.

What is known comes from the linked records, read through ``as_known``; what happened afterwards
comes from the truth, which follows people who moved away, so that nobody is censored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from benchmarks.district_facts import FACTS, register_codes
from riskstrat.engine import Engine, compose
from riskstrat.records.known import as_known
from riskstrat.schema import TABLES
from riskstrat.windows import DAYS_PER_YEAR, PredictionWindow, age_sql, days_sql, prediction_sql

__all__ = ["INDEX_DATES", "WINDOW_DAYS", "District", "open_district"]

INDEX_DATES = (date(2022, 1, 1), date(2023, 1, 1), date(2024, 1, 1))
"""Three years of records lie before the first; the year after the last is observed."""
WINDOW_DAYS = 365
_WINDOW = PredictionWindow(WINDOW_DAYS)
_TRUTH = ("persons", "admissions", "outcomes", "risks")


@dataclass(frozen=True)
class District:
    """A district's tables, and its people on the index dates.

    Parameters
    ----------
    engine : Engine
        Has every canonical table, and the tables of the truth as ``truth_<name>``.
    rows : DataFrame
        One row per person and index date: alive, registered and not objecting. ``weight`` is 1.
        Columns of what was known are those of :mod:`benchmarks.district_facts`; of what happened
        ``outcome``, ``days``, ``admissions``, ``died``, ``exposure`` (years followed in the
        district, at most one); true risks are null for people outside the sample that has them.
    programmes : list of dict
        What ``programmes.json`` says.
    """

    engine: Engine
    rows: pd.DataFrame
    programmes: list[dict[str, Any]]

    def frame(self, query: str) -> pd.DataFrame:
        """The rows of a query."""
        found: pd.DataFrame = self.engine.connection.sql(query).df()
        return found

    def count(self, query: str) -> int:
        """The one number of a query."""
        return int(self.engine.connection.sql(query).fetchall()[0][0])


def open_district(records: Path, truth: Path) -> District:
    """Open linked records and the truth beside them.

    Parameters
    ----------
    records, truth : Path
        Folders that ``riskstrat simulate --records --truth`` has written.
    """
    engine = Engine()
    for table in TABLES:
        engine.register_parquet(table, records / f"{table}.parquet")
    for name in _TRUTH:
        engine.register_parquet(f"truth_{name}", truth / f"{name}.parquet")
    programmes = truth / "programmes.json"
    told = json.loads(programmes.read_text("utf-8"))["programmes"] if programmes.exists() else []
    if told:
        engine.register_parquet("truth_enrolments", truth / "enrolments.parquet")
    return District(engine, _people(engine), told)


def _people(engine: Engine) -> pd.DataFrame:
    connection = engine.connection
    register_codes(engine)
    _keep(connection, "cohort_keys", _KEYS)
    for table in ("residences", "stays", "events"):
        connection.execute(f"create view known_{table} as {compose([as_known(table)])}")
    for name, query in (*FACTS.items(), ("what_happened", _WHAT_HAPPENED)):
        _keep(connection, name, query)
    joined = " ".join(f"left join {name} using (patient_id, index_date)" for name in FACTS)
    rows: pd.DataFrame = connection.sql(
        f"select * from cohort_keys {joined} join what_happened using (patient_id, index_date) "
        "order by index_date, person"
    ).df()
    rows["weight"] = 1.0
    rows["event"] = rows["outcome"] != "neither"
    rows["admitted"] = rows["outcome"] == "admission"
    counted = [name for name in rows.columns if name.endswith("_count") or name.startswith("has_")]
    rows[counted] = rows[counted].fillna(0)
    return rows


def _keep(connection: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    connection.execute(f"create or replace temp table {name} as {query}")


_DAYS = ", ".join(f"date '{day}'" for day in INDEX_DATES)

_KEYS = f"""
    select p.patient_id, o.index_date, cast(null as varchar) as index_stay_id, o.person,
        {age_sql("p.birth_month", "o.index_date")} as age, p.sex = 'female' as female
    from truth_outcomes o join truth_persons t using (person)
    join patients p on p.patient_id = t.patient_id
    where o.index_date in ({_DAYS})
"""
"""Who was alive and registered, and does not object to be in the records."""

_FOLLOWED = f"least({WINDOW_DAYS}, {days_sql('k.index_date', 't.leave_date')}, " + (
    f"{days_sql('k.index_date', 't.death_date')})"
)

_WHAT_HAPPENED = f"""
    select k.patient_id, k.index_date, cast(o.outcome as varchar) as outcome, o.days,
        coalesce(a.admissions, 0) as admissions,
        coalesce({prediction_sql("t.death_date", _WINDOW, "k.index_date")}, false) as died,
        {_FOLLOWED} / {DAYS_PER_YEAR} as exposure,
        r.best_risk, r.best_death_risk, r.oracle_risk, r.oracle_death_risk
    from cohort_keys k join truth_outcomes o using (person, index_date)
    join truth_persons t using (person) left join truth_risks r using (person, index_date)
    left join (
        select k.person, k.index_date, count(*) as admissions
        from cohort_keys k join truth_admissions a using (person)
        where {prediction_sql("a.start_date", _WINDOW, "k.index_date")} group by all
    ) a using (person, index_date)
"""
