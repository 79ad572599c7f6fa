"""One simulated district, read back from its store by plain SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from riskstrat.engine import Engine
from riskstrat.schema import TABLES
from riskstrat.simulation import simulate

PEOPLE = 6000


@dataclass(frozen=True)
class Simulated:
    """The store of a district, its manifest, and its truth."""

    path: Path
    truth: Path
    manifest: dict[str, Any]
    engine: Engine

    def frame(self, query: str) -> pd.DataFrame:
        """The rows of a query."""
        return self.engine.connection.sql(query).df()

    def count(self, query: str) -> int:
        """The one number of a query."""
        return int(self.engine.connection.sql(query).fetchall()[0][0])


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    folder = tmp_path_factory.mktemp("district")
    store, truth = folder / "records", folder / "truth"
    manifest = simulate(PEOPLE, 7, store, truth=truth)
    engine = Engine()
    for table in TABLES:
        engine.register_parquet(table, store / f"{table}.parquet")
    for name in ("people", "rates"):
        engine.register_parquet(f"truth_{name}", truth / f"{name}.parquet")
    return Simulated(store, truth, manifest, engine)


@pytest.fixture(scope="session")
def rates(district: Simulated) -> Callable[[str], pd.DataFrame]:
    """Per 1 January: who lives in the district, and what happens to them within the year."""
    district.engine.connection.execute(
        """
        create temp table person_years as
        with years as (select make_date(y, 1, 1) as day from range(2019, 2025) t(y)),
        residents as (
            select p.*, y.day, date_diff('month', p.birth_month, y.day) // 12 as age
            from patients p cross join years y
            where p.birth_month < y.day and (p.death_date is null or p.death_date >= y.day)
                and exists (
                    select 1 from registrations r
                    where r.patient_id = p.patient_id and r.superseded_date is null
                        and r.start_date <= y.day and (r.end_date is null or r.end_date > y.day)
                )
        )
        select r.patient_id, r.day, r.age, r.sex,
            coalesce(date_diff('day', r.day, r.death_date) < 365, false) as dies,
            count(s.stay_id) as admissions
        from residents r left join stays s
            on s.patient_id = r.patient_id and s.is_emergency
            and date_diff('day', r.day, s.start_date) between 0 and 364
        group by all
        """
    )
    return lambda where: district.frame(f"select * from person_years where {where}")
