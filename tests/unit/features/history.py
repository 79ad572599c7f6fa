"""Small histories of people for feature tests: canonical tables from a few rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from riskstrat.engine import Engine, QueryEngine
from riskstrat.features import FeatureMatrix, build_features
from riskstrat.schema import LISTED_CODES, TABLES
from riskstrat.study import Study, parse_study

INDEX_DATE = date(2021, 1, 1)

_TYPES = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
}


def days_before(days: int, index_date: date = INDEX_DATE) -> date:
    """The day that lies `days` before the index date; negative: after."""
    return date.fromordinal(index_date.toordinal() - days)


def discharge_study(features: str = "") -> Study:
    """A study of discharges, whose stays count as known, with these lines in ``[features]``."""
    return parse_study(
        f"""
        name = "test"
        [index]
        event = "discharge"
        index_stay = "known"
        [outcome]
        kind = "emergency_admission"
        window_days = 30
        [split]
        hold_out_share = 0.5
        [features]
        {features}
        """
    )


def study(features: str = "") -> Study:
    """A study with these lines in ``[features]``."""
    return parse_study(
        f"""
        name = "test"
        [index]
        dates = [2021-01-01, 2022-06-01]
        [outcome]
        kind = "emergency_admission"
        [split]
        develop_to = 2021-01-01
        evaluate_from = 2022-06-01
        [features]
        {features}
        """
    )


class History:
    """Canonical tables in memory; rows become known on the day they happen unless said otherwise.

    It is also the stand-in for linked records: ``engine`` and ``register_keys``.
    """

    def __init__(self, *patients: str) -> None:
        self.engine: QueryEngine = Engine(threads=1)
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        for patient in patients or ("a",):
            self.add("patients", patient, birth_month=date(1940, 6, 1), sex="female")

    def add(self, table: str, patient: str = "a", **columns: Any) -> None:
        """Add one row of a table."""
        row = {"patient_id": patient, **columns}
        happened = TABLES[table].event_date
        if happened is not None:
            row.setdefault("recorded_date", row[happened])
        self.rows[table].append(row)

    def stay(self, start: int, end: int | None, patient: str = "a", **columns: Any) -> str:
        """An inpatient stay from and to so many days before the index date."""
        defaults = {"kind": "inpatient", "is_emergency": True, "admission_method": "21"}
        row = defaults | columns
        row.setdefault("stay_id", f"{patient}{len(self.rows['stays'])}")
        ends = None if end is None else days_before(end)
        self.add("stays", patient, start_date=days_before(start), end_date=ends, **row)
        return str(row["stay_id"])

    def event(self, kind: str, day: int, code: str, patient: str = "a", **columns: Any) -> None:
        """A coded event so many days before the index date."""
        row = {"source": "hospital", "system": "icd10"} | columns
        self.add("events", patient, kind=kind, event_date=days_before(day), code=code, **row)

    def diagnosis(self, day: int, code: str, patient: str = "a", **columns: Any) -> None:
        """A hospital diagnosis."""
        self.event("diagnosis", day, code, patient, **columns)

    def register(self) -> None:
        """Make the tables readable in the engine."""
        for name, table in TABLES.items():
            schema = pa.schema([(column.name, _TYPES[column.type]) for column in table.columns])
            self.engine.register(name, pa.Table.from_pylist(self.rows[name], schema=schema))

    @property
    def content(self) -> str:
        """As linked records do: another text for other rows."""
        return str(self.rows)

    def listed_codes(self) -> pa.Table:
        """As linked records do."""
        return self.engine.fetch(LISTED_CODES)

    def register_keys(self, keys: pd.DataFrame) -> None:
        """As linked records do."""
        columns = {
            "patient_id": pa.array(keys["patient_id"], pa.string()),
            "index_date": pa.array(keys["index_date"]).cast(pa.date32()),
            "index_stay_id": pa.array(keys["index_stay_id"], pa.string()),
        }
        self.engine.register("cohort_keys", pa.table(columns))

    def matrix(
        self,
        settings: str = "",
        *,
        index_dates: tuple[date, ...] = (INDEX_DATE,),
        index_stay_id: str | None = None,
        of: Callable[[str], Study] = study,
    ) -> FeatureMatrix:
        """Features of everybody at the index dates."""
        self.register()
        people = [row["patient_id"] for row in self.rows["patients"]]
        keys = pd.DataFrame(
            [(person, day, index_stay_id) for day in index_dates for person in people],
            columns=["patient_id", "index_date", "index_stay_id"],
        )
        return build_features(self, keys, of(settings))

    def value(self, name: str, settings: str = "", **options: Any) -> float:
        """One feature of the first person; NaN when missing."""
        return float(self.matrix(settings, **options).column(name)[0])

    def fact_day(self, name: str) -> int:
        """Days since the latest fact behind a feature of the first person."""
        matrix = self.matrix()
        assert matrix.fact_days is not None
        return int(matrix.fact_days[0, matrix.names.index(name)])
